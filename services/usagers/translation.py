"""Contract ⇄ domain. The door validated the content of deposits."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any, assert_never
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import facts
from relais_contrats import champs, identifiants, ordre
from relais_contrats.modele import Donnees
from relais_contrats.v1 import usagers as contrat
from services.usagers.domain import Fait
from services.usagers.domain import messages as m
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
from services.usagers.domain.identite import (
    DU_FOYER,
    Adresse,
    Coordonnees,
    CorrectionIdentite,
    Identifiant,
    Identite,
    connus,
)
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Acte, Droits, FusionConnue

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


_FONT_FOI = frozenset({"departement", "france-travail", "caf", "msa"})
"""The organisations whose word on a person's contacts replaces what another one said."""
_SANS_CLE = 13
"""Any number of so many figures could be a NIR without its key."""
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


def signalement(entree: facts.Entree) -> m.Signalement:
    donnees = entree.donnees
    recu = donnees.get("date_reception_droit")
    return m.Signalement(
        nouveau=uuid7(),
        emetteur=entree.emetteur,
        departement=entree.partition,
        identite=identite(donnees["identite"]),
        identifiants=liste_identifiants(donnees["identifiants"], entree.emetteur, donnees["identite"]),
        coordonnees=_coordonnees(entree),
        brsa=donnees["brsa"],
        date_reception_droit=date.fromisoformat(recu) if recu else None,
        origine=donnees["origine"],
        role=entree.role,
        reconnait_dans=frozenset(entree.partitions_ouvertes),
        fait_foi=entree.role in _FONT_FOI,
    )


def correction(entree: facts.Entree, parcours: UUID) -> m.Correction:
    donnees = entree.donnees
    corrigee = donnees.get("identite")
    return m.Correction(
        parcours=parcours,
        identite=CorrectionIdentite(**_avec_date(corrigee)) if corrigee else None,
        identifiants=liste_identifiants(donnees.get("identifiants") or [], entree.emetteur),
        coordonnees=_coordonnees(entree),
        reconnait_dans=frozenset(entree.partitions_ouvertes),
    )


def rapprochement(entree: facts.Entree, parcours: UUID) -> m.DecisionRapprochement:
    reconnu = entree.donnees.get("parcours")
    return m.DecisionRapprochement(
        parcours, entree.donnees["decision"], UUID(reconnu) if reconnu else None, _acte(entree)
    )


def fusion(entree: facts.Entree, parcours: UUID) -> m.Fusion:
    donnees = entree.donnees
    return m.Fusion(parcours, UUID(donnees["conserve"]), tuple(map(UUID, donnees["absorbes"])), _acte(entree))


def defusion(entree: facts.Entree, parcours: UUID) -> m.Defusion:
    donnees = entree.donnees
    annule, repose = UUID(donnees["annule"]), donnees.get("repose")
    return m.Defusion(parcours, annule, donnees["motif"], _acte(entree), entree.role, repose)


def _acte(entree: facts.Entree) -> Acte:
    return Acte(entree.id, entree.emetteur)


def droits(entree: facts.Entree, parcours: UUID) -> m.ChangementDroits:
    donnees = entree.donnees
    nouveaux = Droits(
        dit_a=ordre.dit_a(entree.survenu_a, entree.recu_a),
        etat_dossier=donnees["etat_dossier"],
        soumis_droits_devoirs=donnees["soumis_droits_devoirs"],
        date_effet=date.fromisoformat(donnees["date_effet"]),
        motif_suspension=donnees.get("motif_suspension"),
        motif_cloture=donnees.get("motif_cloture"),
    )
    return m.ChangementDroits(parcours, nouveaux, frozenset({entree.partition, *entree.partitions_ouvertes}))


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


def transfert_echu(entree: facts.Entree, parcours: UUID) -> m.TransfertEchu:
    return m.TransfertEchu(parcours)


def identite(brut: Mapping[str, Any]) -> Identite:
    return Identite(**_avec_date(brut))


def cherchee(brut: Mapping[str, Any] | None) -> Identite | Naissance | None:
    """The description in a search: civil status, or the date of birth alone."""
    if brut is None:
        return None
    return identite(brut) if "nom_naissance" in brut else Naissance(brut["date_naissance"])


def liste_identifiants(
    bruts: list[Mapping[str, Any]], emetteur: str | None, personne: Mapping[str, Any] | None = None
) -> tuple[Identifiant, ...]:
    """Read identifiers in canonical form, each once; `emetteur` is the partner that gave the local ones.

    A number that is the NIR of the `personne` is read as one, under any type. In a household it is the NIR of the
    claimant, and also goes on naming the household.
    """
    lus: dict[Identifiant, None] = {}
    for brut in bruts:
        type_, valeur, role = brut["type"], brut["valeur"], brut.get("role")
        nir = _nir_de(personne, brut) if type_ != "nir" else None
        if nir is None or type_ in DU_FOYER:
            lus.setdefault(
                Identifiant(
                    nature=type_,
                    valeur=identifiants.normaliser(type_, valeur),
                    role=role if type_ in DU_FOYER else None,
                    emetteur=emetteur if type_ == "local" else None,
                    ecrit=valeur,
                )
            )
        if nir:
            lus.setdefault(Identifiant(nature="nir", valeur=nir, ecrit=nir))
    return tuple(lus)


def _nir_de(personne: Mapping[str, Any] | None, brut: Mapping[str, Any]) -> str | None:
    """The NIR that a number of another type is; None when it is not one, or that of somebody else of the household."""
    nir = identifiants.nir_porte(brut["valeur"])
    if nir is None or brut.get("role", "demandeur") != "demandeur":
        return None
    if personne is None:
        return nir if len(brut["valeur"]) > _SANS_CLE or brut["type"] in DU_FOYER else None
    contredit = identifiants.nir_contredit(nir, personne.get("sexe"), personne.get("date_naissance"))
    return None if contredit else nir


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


def _coordonnees(entree: facts.Entree) -> Coordonnees | None:
    brut = entree.donnees.get("coordonnees")
    if brut is None:
        return None
    adresse = brut.get("adresse")
    dites_a = dict.fromkeys(brut, ordre.dit_a(entree.survenu_a, entree.recu_a))
    return Coordonnees(Adresse(**adresse) if adresse else None, brut.get("telephone"), brut.get("courriel"), dites_a)


def _sauf(brut: dict[str, Any], nom: str) -> dict[str, Any]:
    return {autre: valeur for autre, valeur in brut.items() if autre != nom}


def _avec_date(brut: Mapping[str, Any]) -> dict[str, Any]:
    naissance = brut.get("date_naissance")
    return {**brut, "date_naissance": Naissance(naissance) if naissance else None}


Lecteur = Callable[[facts.Entree, UUID], m.Message]
