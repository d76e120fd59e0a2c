"""Two parcours that are one person: by a fusion that partners declare, or by the decision on an ambiguous one."""

from collections.abc import Sequence
from functools import reduce

from chassis.decision import Refus
from services.usagers.domain.evolution import en_vigueur
from services.usagers.domain.faits import Reprise, UsagerFusionne
from services.usagers.domain.identite import Coordonnees, Identifiant
from services.usagers.domain.messages import Fusion
from services.usagers.domain.parcours import Acte, Droits, Etat, EtatParcours, Parcours


def fusionner(etat: Etat, message: Fusion) -> Sequence[UsagerFusionne] | Refus:
    """`conserve` must be active; an ambiguous parcours is settled by `usager.rapproche`, never by a fusion.

    A number that a closed parcours had, and that another active one holds since, stays where it is.
    """
    if message.parcours not in (message.conserve, *message.absorbes):
        return Refus("schema-invalide", "/subject", {"motif": "sujet-hors-fusion"})
    conserve = etat.nommes.get(message.conserve)
    refus = _refus(conserve, "/data/conserve", frozenset({EtatParcours.ACTIF}))
    if conserve is None or refus:
        return refus or Refus("parcours-inconnu", "/data/conserve")
    absorbes: dict[object, Parcours] = {}
    for place, id_ in enumerate(message.absorbes):
        absorbe = etat.nommes.get(id_)
        refus = _refus(absorbe, f"/data/absorbes/{place}", frozenset({EtatParcours.ACTIF, EtatParcours.CLOS}))
        if absorbe is None or refus:
            return refus or Refus("parcours-inconnu", f"/data/absorbes/{place}")
        if absorbe.id == conserve.id:
            return Refus("deja-traite", f"/data/absorbes/{place}")
        absorbes[absorbe.id] = absorbe
    personnes = (conserve, *absorbes.values())
    if len(frozenset[Identifiant]().union(*(p.nirs_definitifs for p in personnes))) > 1:
        return Refus("etat-interdit", "/data/absorbes", {"motif": "nir-differents"})
    ids = [p.id for p in personnes]
    libres = frozenset(i for p in absorbes.values() for i in p.identifiants if not etat.tenu_ailleurs(i, *ids))
    return [_fusion(conserve, tuple(absorbes.values()), libres, message.acte)]


def reconnaitre(etat: Etat, reconnu: Parcours, en_attente: Parcours, acte: Acte) -> UsagerFusionne:
    """An ambiguous parcours turns out to be `reconnu`, which takes the identifiers that are free and not its rivals.

    Its own NIR and France Travail number stand: if they are wrong, `usager.corrige` says so.
    """
    genres = {i.genre for i in reconnu.identifiants if i.nature == "numero-france-travail"}
    libres = frozenset(
        i
        for i in en_attente.identifiants
        if not etat.tenu_ailleurs(i, reconnu.id) and not (i.nature == "nir" and reconnu.nirs) and i.genre not in genres
    )
    return _fusion(reconnu, (en_attente,), libres, acte)


def _refus(parcours: Parcours | None, pointeur: str, admis: frozenset[EtatParcours]) -> Refus | None:
    if parcours is None or parcours.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", pointeur)
    if parcours.etat in admis:
        return None
    if parcours.etat is EtatParcours.AMBIGU:
        return Refus("usager-ambigu", pointeur)
    return Refus("etat-interdit", pointeur, {"etat": str(parcours.etat)})


def _fusion(
    conserve: Parcours, absorbes: Sequence[Parcours], identifiants: frozenset[Identifiant], acte: Acte
) -> UsagerFusionne:
    droits = [p.droits for p in (*absorbes, conserve) if p.droits]
    personnes = (conserve, *absorbes)
    oppositions = [p.oppose_a for p in personnes if p.oppose_a]
    variantes = frozenset(identite for p in absorbes for identite in p.identites)
    reprise = Reprise(
        variantes=variantes - {conserve.identite},
        identifiants=identifiants,
        coordonnees=_coordonnees(conserve, absorbes),
        droits=reduce(_plus_recents, droits) if droits else None,
        oppose_a=min(oppositions, default=None),
        distincts=frozenset().union(*(p.distincts for p in personnes)) - {p.id for p in personnes},
    )
    return UsagerFusionne(conserve.id, conserve.departement, tuple(p.seul for p in absorbes), reprise, acte)


def _plus_recents(connus: Droits, autres: Droits) -> Droits:
    return en_vigueur(connus, autres)


def _coordonnees(conserve: Parcours, absorbes: Sequence[Parcours]) -> Coordonnees | None:
    """Fill the survivor's missing contacts from the others, in their order."""
    connues = [p.coordonnees for p in (conserve, *absorbes) if p.coordonnees]
    return reduce(Coordonnees.completees, connues) if connues else None
