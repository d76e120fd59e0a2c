"""Contract ⇄ domain, the only file that speaks both. What a deposit holds was validated at the door."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, assert_never
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import facts
from relais_contrats import champs, identifiants
from relais_contrats.modele import Donnees
from relais_contrats.v1 import usagers as contrat
from services.usagers.domain import Fait
from services.usagers.domain import messages as m
from services.usagers.domain.faits import (
    DroitsModifies,
    Motif,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursTransfere,
    Regle,
    UsagerAmbigu,
    UsagerCorrige,
    UsagerEfface,
    UsagerFusionne,
    UsagerOppose,
    UsagerRapproche,
    UsagerSignale,
)
from services.usagers.domain.identite import (
    DU_FOYER,
    Adresse,
    Coordonnees,
    CorrectionIdentite,
    Identifiant,
    Identite,
    connus,
)
from services.usagers.domain.parcours import Droits

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


_Autre = (
    UsagerAmbigu
    | UsagerCorrige
    | UsagerRapproche
    | UsagerFusionne
    | DroitsModifies
    | ParcoursTransfere
    | ParcoursClos
    | UsagerOppose
    | UsagerEfface
)


def signalement(entree: facts.Entree) -> m.Signalement:
    donnees = entree.donnees
    recu = donnees.get("date_reception_droit")
    return m.Signalement(
        nouveau=uuid7(),
        emetteur=entree.emetteur,
        departement=entree.partition,
        identite=identite(donnees["identite"]),
        identifiants=liste_identifiants(donnees["identifiants"], entree.emetteur),
        coordonnees=_coordonnees(donnees.get("coordonnees")),
        brsa=donnees["brsa"],
        date_reception_droit=date.fromisoformat(recu) if recu else None,
        origine=donnees["origine"],
    )


def correction(entree: facts.Entree, parcours: UUID) -> m.Correction:
    donnees = entree.donnees
    corrigee = donnees.get("identite")
    return m.Correction(
        parcours=parcours,
        identite=CorrectionIdentite(**_avec_date(corrigee)) if corrigee else None,
        identifiants=liste_identifiants(donnees.get("identifiants") or [], entree.emetteur),
        coordonnees=_coordonnees(donnees.get("coordonnees")),
    )


def rapprochement(entree: facts.Entree, parcours: UUID) -> m.DecisionRapprochement:
    reconnu = entree.donnees.get("parcours")
    return m.DecisionRapprochement(parcours, entree.donnees["decision"], UUID(reconnu) if reconnu else None)


def fusion(entree: facts.Entree, parcours: UUID) -> m.Fusion:
    donnees = entree.donnees
    return m.Fusion(parcours, UUID(donnees["conserve"]), tuple(map(UUID, donnees["absorbes"])))


def droits(entree: facts.Entree, parcours: UUID) -> m.ChangementDroits:
    donnees = entree.donnees
    nouveaux = Droits(
        dit_a=min(entree.survenu_a, entree.recu_a),  # a clock that runs ahead has not the last word for ever
        etat_dossier=donnees["etat_dossier"],
        soumis_droits_devoirs=donnees["soumis_droits_devoirs"],
        date_effet=date.fromisoformat(donnees["date_effet"]),
        motif_suspension=donnees.get("motif_suspension"),
        motif_cloture=donnees.get("motif_cloture"),
    )
    return m.ChangementDroits(parcours, nouveaux)


def transfert(entree: facts.Entree, parcours: UUID) -> m.Transfert:
    donnees = entree.donnees
    return m.Transfert(parcours, donnees["departement_nouveau"], date.fromisoformat(donnees["date_effet"]))


def cloture(entree: facts.Entree, parcours: UUID) -> m.Cloture:
    donnees = entree.donnees
    return m.Cloture(parcours, date.fromisoformat(donnees["date_fin"]), donnees["motif"])


def opposition(entree: facts.Entree, parcours: UUID) -> m.Opposition:
    return m.Opposition(parcours, entree.donnees["motif"])


def effacement(entree: facts.Entree, parcours: UUID) -> m.Effacement:
    return m.Effacement(parcours, entree.donnees["motif"])


def conservation_echue(entree: facts.Entree, parcours: UUID) -> m.ConservationEchue:
    return m.ConservationEchue(parcours)


def identite(brut: Mapping[str, Any]) -> Identite:
    return Identite(**_avec_date(brut))


def liste_identifiants(bruts: list[Mapping[str, Any]], emetteur: str | None) -> tuple[Identifiant, ...]:
    """In canonical form; `emetteur` is the partner whose local identifiers these are."""
    return tuple(
        Identifiant(
            nature=brut["type"],
            valeur=identifiants.normaliser(brut["type"], brut["valeur"]),
            role=brut.get("role") if brut["type"] in DU_FOYER else None,
            emetteur=emetteur if brut["type"] == "local" else None,
            ecrit=brut["valeur"],
        )
        for brut in bruts
    )


def traduire(fait: Fait) -> facts.Fait:
    """The fact as the catalogue says it, split in what travels and what stays in the vault."""
    if isinstance(fait, UsagerSignale):
        return _signale(fait)
    if isinstance(fait, ParcoursOuvert | ParcoursRattache):
        return _reconnaissance(fait)
    type_, modele, donnees = _dire(fait)
    publiques, protegees = champs.separer(type_, modele.model_validate(donnees).en_json())
    return facts.Fait(type_, fait.parcours, fait.departement, publiques, protegees or None)


def _signale(fait: UsagerSignale) -> facts.Fait:
    """The fact that comes in mass: said and split without asking the contract, which its deposit has passed already."""
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
            candidats = [str(id_) for id_ in fait.candidats]
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
    dites = connus(coordonnees)
    return {**dites, "adresse": connus(coordonnees.adresse)} if coordonnees.adresse else dites


def _coordonnees(brut: Mapping[str, Any] | None) -> Coordonnees | None:
    if brut is None:
        return None
    adresse = brut.get("adresse")
    return Coordonnees(Adresse(**adresse) if adresse else None, brut.get("telephone"), brut.get("courriel"))


def _sauf(brut: dict[str, Any], nom: str) -> dict[str, Any]:
    return {autre: valeur for autre, valeur in brut.items() if autre != nom}


def _avec_date(brut: Mapping[str, Any]) -> dict[str, Any]:
    naissance = brut.get("date_naissance")
    return {**brut, "date_naissance": date.fromisoformat(naissance) if naissance else None}


Lecteur = Callable[[facts.Entree, UUID], m.Message]
