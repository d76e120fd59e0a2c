"""What the mock reads of a parcours as a roadmap: its objectives, actions and prescriptions, and what falls due."""

from collections.abc import Mapping
from typing import Final

from relais_kit.bouchon.echeances import prochaines
from relais_kit.bouchon.vues import Dit, Recit, Vue, avec_heures, contrats, orientations, rdv, referent, signature


def feuille(recit: Recit) -> Vue:
    est_clos = recit.dernier("parcours.clos") is not None
    dites, suivi = orientations(recit), referent(recit)
    tous = list(contrats(recit).values())
    passees = [une for une in dites["orientations"] if une is not dites["ouverte"]]
    qui, objectifs = suivi["referent"] or suivi["propose"], _objectifs(recit)
    return {
        **recit.entete(),
        "etat": "close" if est_clos else "ouverte",
        "demande": dites["demande"] if dites["etat"] == "en-attente" else None,
        "orientation": dites["ouverte"],
        "orientations_passees": passees,
        "referent": qui,
        "anciens_referents": [_ancien(une) for une in suivi["historique"] if une["etat"] in ("termine", "decline")],
        "accompagnants": suivi["accompagnants"],
        "contrat": _de_la_feuille(tous[-1], signature(recit)) if tous else None,
        "rendez_vous": list(reversed(rdv(recit)["rendez_vous"])),
        "objectifs": objectifs,
        "prescriptions": _prescriptions(recit),
        "observations": [{**dit.data, **_ajout(dit)} for dit in recit.de("observation.ajoutee")],
        "echeances": prochaines(recit, objectifs),
    }


def _ancien(designation: Vue) -> Vue:
    return {**designation, "motif": designation.get("motif_fin")}


def _de_la_feuille(un: Vue, signature: Vue | None) -> Vue:
    avec = avec_heures(un, signature)
    return {
        **avec,
        "hors_delai": avec["est_hors_delai"],
        "date_limite_signature": (signature or {}).get("date_echeance"),
    }


def _ajout(dit: Dit) -> Vue:
    return {"auteur": dit.source, "ajoute_a": dit.recu_a.isoformat()}


def _objectifs(recit: Recit) -> list[Vue]:
    """In the order in which they were added, each with its actions; every message restates its object whole."""
    tous: dict[str, Vue] = {}
    for dit in recit.de(*(f"objectif.{quoi}" for quoi in ("ajoute", "modifie", "clos"))):
        _redire(tous, "objectif_id", dit)
    actions: dict[str, Vue] = {}
    for dit in recit.de(*(f"action.{quoi}" for quoi in ("ajoutee", "modifiee", "realisee", "abandonnee"))):
        _redire(actions, "action_id", dit)
    siennes = {cle: [une for une in actions.values() if une["objectif_id"] == cle] for cle in tous}
    return [{**un, "actions": siennes[cle]} for cle, un in tous.items()]


def _redire(connus: dict[str, Vue], cle: str, dit: Dit) -> None:
    connu = connus.get(dit.data[cle])
    quand = {**connu, "modifie_a": dit.recu_a.isoformat()} if connu else _ajout(dit)
    connus[dit.data[cle]] = {**quand, **dit.data}


_ETAT_DE_LA_PRESCRIPTION: Final[Mapping[str, str]] = {
    "prescription.acceptee": "acceptee",
    "prescription.mise-a-l-etude": "a-l-etude",
    "prescription.refusee": "refusee",
    "prescription.annulee": "annulee",
    "participation.commencee": "commencee",
    "participation.terminee": "terminee",
}
_DE_LA_SUITE = ("date", "motifs", "message", "issue")


def _prescriptions(recit: Recit) -> list[Vue]:
    toutes = {
        dit.data["prescription_id"]: {**dit.data, "etat": "emise", "prescripteur": dit.source}
        for dit in recit.de("prescription.emise")
    }
    for dit in recit.de(*_ETAT_DE_LA_PRESCRIPTION):
        if suivie := toutes.get(dit.data["prescription_id"]):
            suite = {champ: dit.data[champ] for champ in _DE_LA_SUITE if champ in dit.data}
            suivie |= {"etat": _ETAT_DE_LA_PRESCRIPTION[dit.nom], **suite}
    return list(toutes.values())


def est_repondue(recit: Recit, prescription: str) -> bool:
    """To be studied is no answer."""
    reponses = _ETAT_DE_LA_PRESCRIPTION.keys() - {"prescription.mise-a-l-etude"}
    return any(dit.data["prescription_id"] == prescription for dit in recit.de(*reponses))
