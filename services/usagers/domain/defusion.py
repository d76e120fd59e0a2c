"""Undo a merge: each parcours has its own back, and the two are never taken for one person again without an agent."""

from collections.abc import Sequence
from dataclasses import replace

from chassis.decision import Refus
from services.usagers.domain.faits import Fait, ParcoursRendu, UsagerDefusionne
from services.usagers.domain.identite import Coordonnees
from services.usagers.domain.messages import Defusion
from services.usagers.domain.parcours import Etat, EtatParcours, FusionConnue, Parcours

_DEPARTEMENT = "departement"


def defusionner(etat: Etat, message: Defusion) -> Sequence[Fait] | Refus:
    """By who decided it, or by the département; refused when something stands on the merge, which is named."""
    actuel = etat.nommes.get(message.parcours)
    if actuel is None or actuel.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/subject")
    connue = next((f for f in etat.fusions if f.acte.depot == message.annule), None)
    if connue is None:
        return _impossible({"motif": "fusion-inconnue"})
    if message.acte.auteur != connue.acte.auteur and message.role != _DEPARTEMENT:
        return Refus("non-autorise", "/source")
    if dependance := _dependance(etat, connue, actuel) or message.repose:
        return _impossible({"depend": dependance})
    conserve = _sans_la_fusion(actuel, connue)
    rendus = tuple(_rendu(etat, absorbe, connue, conserve) for absorbe in connue.absorbes)
    return [
        UsagerDefusionne(conserve.id, conserve.departement, message.motif, connue, conserve, rendus),
        *(ParcoursRendu(rendu.id, rendu.departement, connue) for rendu in rendus),
    ]


def _dependance(etat: Etat, connue: FusionConnue, actuel: Parcours) -> str | None:
    """Return the latest message that stands on the merge: a later merge of the same persons, or an objection."""
    if actuel.id != connue.conserve.id or etat.fusions[-1] is not connue:
        return "usager.fusionne"
    return "usager.oppose" if actuel.oppose_a != connue.apres.oppose_a else None


def _sans_la_fusion(actuel: Parcours, connue: FusionConnue) -> Parcours:
    """Take back the changes of the merge; later ones stay."""
    avant, apres = connue.conserve, connue.apres
    des_absorbes = frozenset(i for absorbe in connue.absorbes for i in absorbe.identifiants)
    return replace(
        actuel,
        variantes=actuel.variantes - (apres.variantes - avant.variantes),
        identifiants=actuel.identifiants - (des_absorbes - avant.identifiants),
        coordonnees=_contacts(avant.coordonnees, apres.coordonnees, actuel.coordonnees),
        droits=avant.droits if actuel.droits == apres.droits else actuel.droits,
        oppose_a=avant.oppose_a,
        fusions=tuple(f for f in actuel.fusions if f.acte != connue.acte),
        distincts=(actuel.distincts - (apres.distincts - avant.distincts))
        | avant.distincts
        | {absorbe.id for absorbe in connue.absorbes},
    )


def _rendu(etat: Etat, absorbe: Parcours, connue: FusionConnue, conserve: Parcours) -> Parcours:
    """An ambiguous one whose last candidate was the survivor is ambiguous no more: it is somebody else."""
    candidats = tuple(c for c in absorbe.candidats if c != conserve.id)
    est_quelqu_un = absorbe.etat is EtatParcours.AMBIGU and not candidats
    tenus = frozenset(
        i
        for i in absorbe.identifiants
        if etat.tenu_ailleurs(i, *connue.noms)
        or (est_quelqu_un and i.est_exclusif and conserve.etat is EtatParcours.ACTIF and i in conserve.identifiants)
    )
    return replace(
        absorbe,
        etat=EtatParcours.ACTIF if est_quelqu_un else absorbe.etat,
        identifiants=absorbe.identifiants - tenus,
        candidats=candidats,
        distincts=absorbe.distincts | {conserve.id},
    )


def _contacts(avant: Coordonnees | None, apres: Coordonnees | None, actuels: Coordonnees | None) -> Coordonnees | None:
    """Field by field, as they came."""
    if actuels is None or apres is None:
        return actuels
    venues_depuis = {
        nom: valeur
        for nom, valeur in actuels.connues.items()
        if (valeur, actuels.dites_a.get(nom)) != (getattr(apres, nom), apres.dites_a.get(nom))
    }
    depuis = Coordonnees(**venues_depuis, dites_a=actuels.dites_a)
    restants = depuis.completees(avant)
    return restants if restants.connues else None


def _impossible(details: dict[str, str | int]) -> Refus:
    return Refus("annulation-impossible", "/data/annule", details)
