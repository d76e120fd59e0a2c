"""Domain → contract: facts in the form of the catalogue, split in published and protected data."""

from collections.abc import Mapping
from functools import cache
from typing import Any, assert_never
from uuid import UUID

from chassis import facts
from relais_contrats import champs
from relais_contrats.modele import Donnees
from relais_contrats.v1 import usagers as contrat
from services.usagers.domain import Fait
from services.usagers.domain.faits import (
    DroitsConserves,
    DroitsModifies,
    Motif,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursRendu,
    ParcoursTransfere,
    Regle,
    SignalementConserve,
    TransfertEffectif,
    TransfertEnAttente,
    TransfertSignale,
    UsagerAmbigu,
    UsagerCorrige,
    UsagerDefusionne,
    UsagerEfface,
    UsagerFusionne,
    UsagerOppose,
    UsagerRapproche,
    UsagerSignale,
)
from services.usagers.domain.identite import Coordonnees, Identifiant, connus
from services.usagers.domain.parcours import FusionConnue

TRANSFERT_EFFECTIF = "transfert.effectif"
"""For the siblings and the gateway only: it is not in the catalogue, so that no partner receives it."""
PARCOURS_RENDU = "parcours.rendu"
"""The same: a merge is undone, told under the name of the parcours that was absorbed."""
_MOTIFS: Mapping[Motif, str] = {
    Motif.NIR_DIFFERENT: "Un identifiant concorde, mais le NIR diffère.",
    Motif.NUMERO_FT_DIFFERENT: "Un identifiant concorde, mais le numéro France Travail diffère.",
    Motif.ETAT_CIVIL_DIFFERENT: "Un identifiant est déjà tenu par une personne dont l'état civil est différent.",
    Motif.ETAT_CIVIL_SEUL: "Seuls les noms et la date de naissance concordent.",
    Motif.PLUSIEURS_PARCOURS: "Ces informations désignent plusieurs parcours.",
    Motif.IDENTIFIANT_DESORMAIS_TENU: "Un identifiant de cette personne est désormais tenu par un autre parcours.",
}
_RECONNU_PAR: Mapping[Regle, str] = {
    Regle.NIR: "Une personne déjà connue a le même NIR.",
    Regle.NUMERO_FRANCE_TRAVAIL: "Une personne déjà connue a le même numéro France Travail et est née le même jour.",
    Regle.MATRICULE: "Une personne déjà connue a le même matricule, le même rôle et la même date de naissance.",
    Regle.NUMERO_DEMANDE_RSA: "Une personne déjà connue a le même numéro de demande de RSA et le même rôle.",
    Regle.LOCAL: "Ce partenaire a déjà signalé une personne sous cet identifiant.",
    Regle.IMILO: "Une personne déjà connue a le même dossier i-milo.",
    Regle.DECISION: "Un agent habilité a reconnu la personne.",
}
_OUVERT_APRES: Mapping[Regle, str] = {
    Regle.AUCUNE: "Aucun parcours connu ne correspond à cette personne.",
    Regle.DECISION: "Un agent habilité a décidé que la personne est nouvelle.",
}
DROITS_CONSERVES = "droits.conserves"
"""Told to the gateway alone: what a payer of elsewhere said was taken, and has no effect."""
SIGNALEMENT_CONSERVE = "signalement.conserve"
"""Told to the gateway alone, in the answer to a deposit: its emitter's own name of a parcours. In no catalogue."""
_Autre = (
    UsagerAmbigu
    | UsagerCorrige
    | UsagerRapproche
    | UsagerFusionne
    | DroitsModifies
    | ParcoursTransfere
    | TransfertSignale
    | ParcoursClos
    | UsagerOppose
    | UsagerEfface
)


def traduire(fait: Fait) -> facts.Fait | None:
    """Return the fact in the form of the catalogue, split in published and protected data."""
    if isinstance(fait, UsagerSignale):
        return _signale(fait)
    if isinstance(fait, SignalementConserve):
        return _conserve(fait)
    if isinstance(fait, ParcoursOuvert | ParcoursRattache):
        return _reconnaissance(fait)
    if isinstance(fait, DroitsConserves):
        return facts.Fait(DROITS_CONSERVES, fait.parcours, fait.departement, {})
    if isinstance(fait, TransfertEnAttente):
        return None
    if isinstance(fait, TransfertEffectif):
        deplacement = {"departement_nouveau": fait.departement_nouveau, "date_effet": fait.date_effet.isoformat()}
        return facts.Fait(TRANSFERT_EFFECTIF, fait.parcours, fait.departement, deplacement)
    if isinstance(fait, ParcoursRendu):
        return facts.Fait(PARCOURS_RENDU, fait.parcours, fait.departement, _defait(fait.fusion))
    if isinstance(fait, UsagerDefusionne):
        return _defusionne(fait)
    type_, modele, donnees = _dire(fait)
    effet = fait.effet if isinstance(fait, ParcoursTransfere) else None
    publiques, protegees = champs.separer(type_, modele.model_validate(donnees).en_json())
    jour = effet.isoformat() if effet else None
    return facts.Fait(type_, fait.parcours, fait.departement, publiques, protegees or None, effet=jour)


def _signale(fait: UsagerSignale) -> facts.Fait:
    """The most frequent fact: written and split without the contract's model, which its deposit has passed already."""
    message = fait.signalement
    publiques: dict[str, Any] = {"brsa": message.brsa, "origine": message.origine}
    if message.date_reception_droit:
        publiques["date_reception_droit"] = message.date_reception_droit.isoformat()
    protegees: dict[str, Any] = {
        "identite": connus(message.identite),
        "identifiants": [_identifiant(identifiant) for identifiant in message.identifiants],
    }
    if message.coordonnees:
        protegees["coordonnees"] = _contacts(message.coordonnees)
    return facts.Fait("usager.signale", fait.parcours, fait.departement, publiques, protegees)


def _conserve(fait: SignalementConserve) -> facts.Fait | None:
    """Nothing is published when the emitter's name of the parcours is its own id."""
    if fait.alias == fait.parcours:
        return None
    donnees = {"parcours": str(fait.parcours), "est_neuf": fait.est_neuf}
    return facts.Fait(SIGNALEMENT_CONSERVE, fait.alias, fait.departement, donnees)


def _defusionne(fait: UsagerDefusionne) -> facts.Fait:
    """Add the data for siblings and gateway, which is not in the contract: partners do not receive it."""
    dit = contrat.UsagerDefusionne.model_validate({"annule": str(fait.fusion.acte.depot), "motif": fait.motif})
    donnees = {**dit.en_json(), **_defait(fait.fusion), "rendus": [str(rendu.id) for rendu in fait.rendus]}
    return facts.Fait("usager.defusionne", fait.parcours, fait.departement, donnees)


def _defait(fusion: FusionConnue) -> dict[str, Any]:
    return {"annule": str(fusion.acte.depot), "causes": [str(fusion.fait)]}


def _reconnaissance(fait: ParcoursOuvert | ParcoursRattache) -> facts.Fait:
    type_, donnees = _gabarit(isinstance(fait, ParcoursOuvert), fait.regle)
    return facts.Fait(type_, fait.parcours, fait.departement, {**donnees, "parcours": str(fait.parcours)})


@cache
def _gabarit(est_ouvert: bool, regle: Regle) -> tuple[str, dict[str, Any]]:
    """The data of the two facts that follow almost every `usager.signale`: only the parcours changes."""
    modele = contrat.ParcoursOuvert if est_ouvert else contrat.ParcoursRattache
    motif = _OUVERT_APRES[regle] if est_ouvert else _RECONNU_PAR[regle]
    rapproche = {"regle": regle.value, "confiance": "certaine"}
    dit = modele.model_validate({"parcours": str(UUID(int=0)), "motif": motif, "rapprochement": rapproche})
    return "parcours.ouvert" if est_ouvert else "parcours.rattache", dit.en_json()


def _dire(fait: _Autre) -> tuple[str, type[Donnees], dict[str, Any]]:
    match fait:
        case UsagerAmbigu():
            candidats = [str(id_) for id_ in fait.candidats if id_ not in fait.ailleurs]
            motifs = [_MOTIFS[motif] for motif in fait.motifs]
            return "usager.ambigu", contrat.UsagerAmbigu, {"candidats": candidats, "motifs": motifs}
        case UsagerCorrige():
            return "usager.corrige", contrat.UsagerCorrige, _correction(fait)
        case UsagerRapproche():
            reconnu = {"parcours": str(fait.reconnu)} if fait.reconnu else {}
            return "usager.rapproche", contrat.UsagerRapproche, {"decision": fait.decision, **reconnu}
        case UsagerFusionne():
            absorbes = [str(id_) for id_ in fait.absorbes]
            return "usager.fusionne", contrat.UsagerFusionne, {"conserve": str(fait.parcours), "absorbes": absorbes}
        case DroitsModifies():
            return "droits.modifies", contrat.DroitsModifies, _sauf(connus(fait.droits), "dit_a")
        case ParcoursTransfere():
            donnees = {"departement_nouveau": fait.departement_nouveau, "date_effet": fait.date_effet}
            return "parcours.transfere", contrat.ParcoursTransfere, donnees
        case TransfertSignale():
            signale = {"departement_nouveau": fait.departement_nouveau, "origine": fait.origine}
            return "transfert.signale", contrat.TransfertSignale, signale
        case ParcoursClos():
            return "parcours.clos", contrat.ParcoursClos, {"date_fin": fait.date_fin, "motif": fait.motif}
        case UsagerOppose():
            return "usager.oppose", contrat.UsagerOppose, {"motif": fait.motif}
        case UsagerEfface():
            return "usager.efface", contrat.UsagerEfface, {"motif": fait.motif}
        case _:
            assert_never(fait)


def _correction(fait: UsagerCorrige) -> dict[str, Any]:
    return {
        "identite": connus(fait.identite) if fait.identite else None,
        "identifiants": [_identifiant(i) for i in fait.identifiants] or None,
        "coordonnees": _contacts(fait.coordonnees),
    }


def _identifiant(identifiant: Identifiant) -> dict[str, Any]:
    dit = {"type": identifiant.nature, "valeur": identifiant.ecrit}
    return {**dit, "role": identifiant.role} if identifiant.role else dit


def _contacts(coordonnees: Coordonnees | None) -> dict[str, Any] | None:
    if coordonnees is None:
        return None
    dites = coordonnees.connues
    return {**dites, "adresse": connus(coordonnees.adresse)} if coordonnees.adresse else dites


def _sauf(brut: dict[str, Any], nom: str) -> dict[str, Any]:
    return {autre: valeur for autre, valeur in brut.items() if autre != nom}
