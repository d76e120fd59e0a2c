"""Rows as one message leaves them, made by hand: what the timeline is told from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from gateway.inbound.timeline.lookup import Cle, Personne
from gateway.inbound.timeline.receivers import Destinataire, receivers
from gateway.inbound.timeline.rows import Lignes
from gateway.pseudonyms import Pseudonyms
from relais_contrats.partenaires import Convention, Partenaire

DEBUT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
EVENEMENT, ABONNEMENT, DEPOT, AVANT = (UUID(int=(7 << 76) | (2 << 62) | rang) for rang in range(1, 5))
PSEUDONYMES = Pseudonyms(bytes(32))
FINALITES = ("orientation", "accompagnement", "engagement")


def at(seconds: float) -> datetime:
    return DEBUT + timedelta(seconds=seconds)


def partenaire(code: str, genre: str, *finalites: str, departement: str = "59", **options: Any) -> Partenaire:
    conventions = tuple(Convention(finalite, options.get("fin")) for finalite in finalites)
    est_actif = bool(options.get("est_actif", True))
    return Partenaire(code, genre, code, frozenset({departement}), (), conventions, frozenset(), est_actif)


class Annuaire:
    def __init__(self, *partenaires: Partenaire) -> None:
        self._par_code = {one.code: one for one in partenaires}

    def partenaire(self, code: str) -> Partenaire | None:
        return self._par_code.get(code)

    def de_ce_departement(self, departement: str) -> list[Partenaire]:
        return [one for one in self._par_code.values() if departement in one.departements and one.est_actif]


ANNUAIRE = Annuaire(
    partenaire("cd-59", "departement", *FINALITES),
    partenaire("caf-59", "caf", *FINALITES),
    partenaire("asso", "association", *FINALITES),
)


def lignes(**rows: Any) -> Lignes:
    """An accepted signalement of the CAF, told and delivered to the département; each argument replaces some rows."""
    depot = {
        "id": DEPOT,
        "numero": 7,
        "partenaire": "caf-59",
        "message": "m-1",
        "type": "usager.signale",
        "brique": "usagers",
        "finalite": "orientation",
        "recu_a": at(0),
        "trace": None,
        "etat": "accepte",
        "essais": 1,
        "prochain_essai": at(3),
        "regle_a": at(0.042),
        "reponse": {"etat": "accepte"},
        "est_close": False,
        "attend": None,
    }
    event = {"id": EVENEMENT, "type": "usager.signale", "recu_a": at(0.1), "source": "/partenaires/caf-59"}
    delivery = {
        "numero": 12,
        "partenaire": "cd-59",
        "evenement": EVENEMENT,
        "type": "usager.signale",
        "roles": ["territoire", "sur-place"],
        "a": at(0.1),
        "retenue": False,
        "relaisnumero": 3,
    }
    role = {"depuis": at(0.05), "fin": None}
    known: dict[str, Any] = {
        "depot": depot,
        "personne": Personne("59", None, None, None),
        "evenements": [event | {"departement": "59", "cause": "caf-59:m-1"}],
        "livraisons": [delivery],
        "participants": [
            role | {"partenaire": "cd-59", "role": "territoire"},
            role | {"partenaire": "caf-59", "role": "emetteur"},
        ],
    }
    return Lignes(Cle("caf-59", "m-1"), **(known | rows))


def abonnement(**changes: Any) -> dict[str, Any]:
    of = {"id": ABONNEMENT, "partenaire": "cd-59", "types": [], "etat": "actif", "cree_a": at(-99)}
    return of | {"suspendu_a": None, "echecs": 0, "rouvre_a": None} | changes


def envoi(**changes: Any) -> dict[str, Any]:
    """Pushed, and at the head of its queue."""
    sent = {"livraison": 12, "abonnement": ABONNEMENT, "etat": "a-livrer", "essais": 0, "code": None, "erreur": None}
    queue = {"echecs_de_file": 0, "prochain_a": at(1), "tete": 12}
    return sent | {"essaye_a": None, "tentatives": []} | queue | changes


def pushed(sent: Mapping[str, Any], subscription: Mapping[str, Any] | None = None) -> Lignes:
    return lignes(envois=[sent], abonnements=[subscription or abonnement()])


def told_by(rows: Lignes, annuaire: Annuaire = ANNUAIRE) -> Sequence[Destinataire]:
    return receivers(rows, annuaire, PSEUDONYMES, at(60))


def line(rows: Lignes, code: str, annuaire: Annuaire = ANNUAIRE) -> Destinataire:
    return next(one for one in told_by(rows, annuaire) if one.partenaire == code)
