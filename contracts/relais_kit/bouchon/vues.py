"""What the mock reads of a parcours: the last thing said of each of its objects, in the words of the published views.

It decides nothing: it counts the days that the contract counts, and no right follows from a date. Each view goes out
through the gate of the contract, as a hub's does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias

from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import delais
from relais_contrats.v1.echeances import fin_du_contrat
from relais_contrats.v1.orientation import criteres_manquants

Vue = dict[str, Any]
Dire: TypeAlias = Callable[["Recit"], Vue]
SEUIL_HEBDO: Final = 15
REFERENCE: Final = "parcours"
"""Stands for the name of the parcours, until its reader is known."""


@dataclass(frozen=True, slots=True)
class Dit:
    """One accepted message about a parcours. `nom` is its short type."""

    nom: str
    data: Mapping[str, Any]
    source: str
    agent: str | None
    genre: str
    """The kind of organisation that said it."""
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class Recit:
    """All that was said of one parcours, in order."""

    departement: str
    dits: tuple[Dit, ...]

    def de(self, *noms: str) -> list[Dit]:
        return [dit for dit in self.dits if dit.nom in noms]

    def dernier(self, *noms: str) -> Dit | None:
        return next(reversed(self.de(*noms)), None)

    @property
    def depuis_la_decision(self) -> "Recit":
        """What was said since the last decision on an orientation; all of it, if there is none."""
        rangs = [rang for rang, dit in enumerate(self.dits, 1) if decision(dit)]
        return Recit(self.departement, self.dits[rangs[-1] if rangs else 0 :])

    def le(self, dit: Dit) -> str:
        """The legal day on which it was received."""
        return str(jour_legal(self.departement, dit.recu_a))

    def entete(self) -> Vue:
        return {"parcours": REFERENCE, "departement": self.departement}


def personne(recit: Recit) -> Vue:
    vue: Vue = {"etat": "clos" if recit.dernier("parcours.clos") else "actif", "oppose": False, **recit.entete()}
    for dit in recit.de("usager.signale", "usager.corrige"):
        vue |= {champ: dit.data[champ] for champ in ("identite", "coordonnees") if dit.data.get(champ)}
        for identifiant in dit.data.get("identifiants", ()):
            qui = {"emetteur": dit.source} if identifiant["type"] == "local" else {}
            siens = vue.setdefault("identifiants", [])
            siens += [] if {**identifiant, **qui} in siens else [{**identifiant, **qui}]
    vue["identifiants"] = sorted(vue.get("identifiants", ()), key=lambda un: (un["type"], un["valeur"]))
    vue["oppose"] = recit.dernier("usager.oppose") is not None
    if clos := recit.dernier("parcours.clos"):
        vue["date_fin"] = clos.data["date_fin"]
    if droits := recit.dernier("droits.modifies"):
        vue["droits"] = dict(droits.data)
    return vue


def orientations(recit: Recit) -> Vue:
    toutes: list[Vue] = []
    for dit in recit.de("orientation.decidee", "reorientation.decidee", "orientation.notifiee", "orientation.close"):
        if dit.nom == "orientation.notifiee" and toutes:
            toutes[-1]["date_notification"] = dit.data["date_notification"]
        elif dit.nom == "orientation.close" and toutes:
            toutes[-1] |= {"etat": "close", "date_fin": dit.data["date_fin"], "motif_fin": dit.data["motif"]}
        elif decidee := decision(dit):
            if toutes:
                toutes[-1]["etat"] = "close"
            toutes.append({"decision": "acceptee", **decidee, "etat": "ouverte", "decideur": dit.source})
    ouverte = toutes[-1] if toutes and toutes[-1]["etat"] == "ouverte" else None
    vue = {**recit.entete(), "etat": "ouverte" if ouverte else "close" if toutes else "brouillon"}
    vue |= {"ouverte": ouverte, "orientations": toutes, "demande": _demande(recit, bool(toutes))}
    if vue["demande"] and not toutes:
        vue["etat"] = "en-attente"
    if preconisee := recit.dernier("orientation.preconisee"):
        vue["preconisation"] = {**preconisee.data, "est_calculee": False}
    if (reorientation := recit.dernier("reorientation.demandee", "reorientation.decidee")) and (
        reorientation.nom == "reorientation.demandee"
    ):
        auteur = {"partenaire": reorientation.source, "role": reorientation.genre}
        vue["reorientation"] = {**reorientation.data, "demandeur": auteur}
    return vue


def decision(dit: Dit) -> Mapping[str, Any] | None:
    """The orientation that a message decides, if it does."""
    if dit.nom == "orientation.decidee":
        return dit.data
    nouvelle: Mapping[str, Any] | None = (
        dit.data.get("nouvelle_decision") if dit.nom == "reorientation.decidee" else None
    )
    return nouvelle


def _demande(recit: Recit, est_decidee: bool) -> Vue | None:
    """The request, or the right to the RSA that a signalement tells: both ask for an orientation."""
    demandes = [(dit.data["date_reception"], dit.data.get("motif")) for dit in recit.de("orientation.demandee")]
    demandes += [
        (dit.data["date_reception_droit"], None)
        for dit in recit.de("usager.signale")
        if dit.data.get("date_reception_droit")
    ]
    if not demandes:
        return None
    reception, motif = demandes[-1]
    echeance = date.fromisoformat(reception) + timedelta(days=delais.ORIENTATION.jours)
    decidee = recit.dernier("orientation.decidee") if est_decidee else None
    return {
        "departement": recit.departement,
        "date_reception": reception,
        "date_echeance": str(echeance),
        "etat": "decidee" if est_decidee else "en-attente",
        "decidee_le": decidee.data["date_decision"] if decidee else None,
        "motif": motif,
    }


def diagnostic(recit: Recit) -> Vue:
    vue: Vue = {"parcours": REFERENCE, "criteres": {}, "contraintes_diagnostic": []}
    for dit in recit.de("diagnostic.realise"):
        vue["criteres"] = {**vue["criteres"], **dit.data["criteres"]}
        vue["contraintes_diagnostic"] = dit.data.get("contraintes_diagnostic") or vue["contraintes_diagnostic"]
    vue["criteres_manquants"] = list(criteres_manquants(vue["criteres"]))
    return vue


def referent(recit: Recit) -> Vue:
    toutes: list[Vue] = []
    for dit in recit.de(*(f"referent.{quoi}" for quoi in ("designe", "accepte", "decline", "remplace", "termine"))):
        fin = {"date_fin": dit.data.get("date_fin"), "motif_fin": dit.data.get("motif")}
        match dit.nom:
            case "referent.accepte" if toutes:
                toutes[-1] |= {"etat": "actif", "accepte_le": recit.le(dit)}
            case "referent.decline" if toutes:
                toutes[-1] |= {"etat": "decline", "issue": "declinee", "motif_fin": dit.data["motif"]}
            case "referent.termine" if toutes:
                toutes[-1] |= {"etat": "termine", "issue": "terminee", **fin}
            case "referent.remplace" if toutes:
                toutes[-1] |= {"etat": "termine", "issue": "remplacee", **fin}
                toutes.append(_designe(recit, dit, dit.data["nouveau"], len(toutes) + 1))
            case "referent.designe":
                toutes.append(_designe(recit, dit, dit.data, len(toutes) + 1))
    par_etat = {une["etat"]: une for une in toutes}
    ajoutes = [dict(dit.data) for dit in recit.de("accompagnant.ajoute")]
    retires = {dit.data["identifiant_agent"]: dit.data for dit in recit.de("accompagnant.retire")}
    partis = [
        {**un, "date_fin": retrait["date_fin"], "motif_fin": retrait.get("motif")}
        for un in ajoutes
        if (retrait := retires.get(un["accompagnant"].get("identifiant_agent")))
    ]
    restent = [un for un in ajoutes if un["accompagnant"].get("identifiant_agent") not in retires]
    return {
        **recit.entete(),
        "referent": par_etat.get("actif"),
        "propose": par_etat.get("propose"),
        "historique": toutes,
        "accompagnants": restent,
        "anciens_accompagnants": partis,
    }


def _designe(recit: Recit, dit: Dit, qui: Mapping[str, Any], rang: int) -> Vue:
    return {**qui, "etat": "propose", "designe_le": recit.le(dit), "rang": rang}


def rdv(recit: Recit) -> Vue:
    tous: dict[str, Vue] = {}
    for dit in recit.de("rdv.planifie", "rdv.modifie", "rdv.constate", "rdv.annule"):
        precedent = tous.get(dit.data["rdv_id"], {"organisateur": dit.source})
        tous[dit.data["rdv_id"]] = {**precedent, **dit.data, "agent": dit.agent}
        if dit.nom == "rdv.constate":
            tous[dit.data["rdv_id"]]["constate_a"] = dit.recu_a.isoformat()
    return {**recit.entete(), "rendez_vous": [_rdv(un) for un in _par_debut(tous.values())]}


def _par_debut(tous: Iterable[Vue]) -> list[Vue]:
    return sorted(tous, key=lambda un: str(un["debut"]), reverse=True)


def _rdv(un: Vue) -> Vue:
    est_planifie, est_passe = un["statut"] == "planifie", datetime.fromisoformat(un["debut"]) <= datetime.now(UTC)
    est_a_venir = est_planifie and not est_passe
    return un | {
        "est_a_venir": est_a_venir,
        "est_a_renseigner": est_planifie and est_passe,
        "est_a_confirmer": False,
    }


_ETAT_DU_CONTRAT: Final[Mapping[str, str]] = {
    "contrat.signe": "signe",
    "contrat.refuse": "refuse",
    "contrat.suspendu": "suspendu",
    "contrat.repris": "signe",
    "contrat.clos": "clos",
}


def contrats(recit: Recit) -> dict[str, Vue]:
    """By key, in the order of the proposals."""
    tous: dict[str, Vue] = {}
    for dit in recit.de("contrat.propose", *_ETAT_DU_CONTRAT):
        cle, data = dit.data["contrat_id"], dit.data
        if dit.nom == "contrat.propose":
            tous[cle] = {**data, "etat": "a-signer", "proposeur": dit.source}
        if cle not in tous:
            continue
        tous[cle] |= {"agent": dit.agent, "etat": _ETAT_DU_CONTRAT.get(dit.nom, tous[cle]["etat"])}
        match dit.nom:
            case "contrat.signe":
                tous[cle] |= {"date_signature": data["date_signature"], "signataires": data["signataires"]}
            case "contrat.refuse":
                tous[cle] |= {"date_refus": data["date_refus"], "motif_refus": data.get("motif")}
            case "contrat.clos":
                tous[cle] |= {"date_cloture": data["date"], "motif_cloture": data["motif"]}
    return tous


def contrat(recit: Recit) -> Vue:
    mois = signature(recit)
    tous = [avec_heures(un, mois) for un in contrats(recit).values()]
    en_cours = [un for un in tous if un["etat"] in ("signe", "suspendu")]
    a_signer = [un for un in tous if un["etat"] == "a-signer"]
    return {
        **recit.entete(),
        "en_vigueur": en_cours[-1] if en_cours else None,
        "en_attente": a_signer[-1] if a_signer else None,
        "etat": (en_cours or a_signer or [{"etat": None}])[-1]["etat"],
        "contrats": tous,
        "signature": mois,
        "manquements": [dict(dit.data) for dit in recit.de("manquement.signale")],
    }


def signature(recit: Recit) -> Vue | None:
    """The month that the last notification opened, and the first signature since."""
    notifiee, signe = recit.dernier("orientation.notifiee"), recit.dernier("contrat.signe")
    if notifiee is None:
        return None
    notification = notifiee.data["date_notification"]
    signee_le = signe.data["date_signature"] if signe else None
    echeance = delais.SIGNATURE.fin(date.fromisoformat(notification))
    est_en_retard = signe is None and jour_legal(recit.departement, datetime.now(UTC)) > echeance
    return {
        "date_notification": notification,
        "date_echeance": str(echeance),
        "etat": "signee" if signe else "en-retard" if est_en_retard else "en-cours",
        "est_en_retard": est_en_retard,
        "date_signature": signee_le,
    }


def avec_heures(un: Vue, signature: Vue | None) -> Vue:
    dites = [float(e["heures_hebdo"]) for e in un["engagements_usager"] if e.get("heures_hebdo") is not None]
    total = sum(dites) if dites else None
    lecture = "non-renseigne" if total is None else "atteint" if total >= SEUIL_HEBDO else "inferieur"
    lecture = "dispense" if un.get("dispense_heures") else lecture
    heures = {"total_hebdo": total, "seuil_hebdo": SEUIL_HEBDO, "lecture": lecture}
    est_hors_delai = un["date_signature"] > signature["date_echeance"] if signature and "date_signature" in un else None
    return {**un, "date_fin": str(fin_du_contrat(un)), "heures": heures, "est_hors_delai": est_hors_delai}


VUES: Final[Mapping[str, Dire]] = {
    "diagnostic": diagnostic,
    "orientations": orientations,
    "referent": referent,
    "rdv": rdv,
    "contrat": contrat,
}
"""By the name of the published view."""
