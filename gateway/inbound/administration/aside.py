"""What was set aside is tried again or discarded: by its own component, and in the journal where it was a deposit.

A service settles its row before this transaction commits. When that answer, or the commit, is lost, the same act asked
again finds the row settled alike, and does what was left to do.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Connection
from gateway.inbound.administration.office import AUTEUR, Fait, Geste, Refusee
from gateway.inbound.operating.aside import OWN, SERVICES
from relais_contrats.administration.livraisons import UnElement

_PATIENCE_S = 5.0
_REFUSALS = {
    "inconnu": "Rien au rebut ne porte cet identifiant dans ce composant.",
    "deja-regle": "Cet élément est déjà réglé.",
    "illisible": "Illisible : il n'y a rien à reprendre. Écartez-le une fois la cause trouvée.",
}
_LOCK = "SELECT id, nature, etat, brique, agregat, sequence FROM rebut WHERE id = $1 FOR UPDATE"
_REDRIVE = "UPDATE rebut SET etat = 'a-reprendre' WHERE id = $1"
_DISCARD = "UPDATE rebut SET etat = 'ecarte', entree = '{}', scelle = NULL, regle_a = $2 WHERE id = $1"
_NOTE = "INSERT INTO gestes (rebut, geste, par, motif) VALUES ($1, $2, $3, $4)"
# What follows a discarded event is read from its place on.
_GO_PAST = """
INSERT INTO positions (brique, agregat, sequence) VALUES ($1, $2, $3)
ON CONFLICT (brique, agregat) DO UPDATE SET sequence = greatest(positions.sequence, EXCLUDED.sequence)
"""
_OFFER_AGAIN = """
UPDATE depots SET etat = 'en-attente', prochain_essai = $2
WHERE id = $1 AND etat IN ('rebut', 'en-attente') AND corps IS NOT NULL RETURNING id
"""
_SETTLE_DEPOSIT = """
UPDATE depots SET etat = 'ecarte', corps = NULL, regle_a = $2 WHERE id = $1 AND etat IN ('rebut', 'en-attente')
RETURNING id
"""


async def _settle(bus: NatsBus, geste: str, conn: Connection, corps: UnElement, now: datetime) -> Fait:
    if corps.composant == OWN:
        nature, before = await _own(conn, corps, geste, now)
    elif corps.composant in SERVICES:
        nature, before = await _of_service(bus, corps, geste)
    else:
        raise Refusee("inconnu", "Ce composant n'existe pas.", "/composant")
    if nature == "depot":
        await _deposit(conn, corps, geste, now)
    told = {"composant": corps.composant, "nature": nature}
    return Fait(str(corps.element), {**told, "etat": before}, {**told, "geste": geste, "motif": corps.motif})


async def _own(conn: Connection, corps: UnElement, geste: str, now: datetime) -> tuple[str, str]:
    row = await conn.fetchrow(_LOCK, corps.element)
    if row is None or row["etat"] not in ("parque", "a-reprendre"):
        code = "inconnu" if row is None else "deja-regle"
        raise Refusee(code, _REFUSALS[code], "/element")
    if geste == "repris" and row["nature"] == "illisible":
        raise Refusee("illisible", _REFUSALS["illisible"], "/element")
    await (conn.execute(_REDRIVE, row["id"]) if geste == "repris" else conn.execute(_DISCARD, row["id"], now))
    await _note(conn, corps, geste)
    place = (row["brique"], row["agregat"], row["sequence"])
    if geste == "ecarte" and row["nature"] == "evenement" and all(place):
        await conn.execute(_GO_PAST, *place)
    return row["nature"], row["etat"]


async def _of_service(bus: NatsBus, corps: UnElement, geste: str) -> tuple[str, str]:
    asked = {"id": str(corps.element), "geste": geste, "par": AUTEUR.get(), "motif": corps.motif}
    try:
        subject = f"reglage.{corps.composant}.rebut"
        told: Any = orjson.loads(await bus.request(subject, orjson.dumps(asked), timeout_s=_PATIENCE_S))
    except Unavailable as error:
        raise Refusee("indisponible", "Ce composant ne répond pas : recommencez dans un instant.") from error
    if refus := told.get("refus"):
        raise Refusee(refus, _REFUSALS[refus], "/element")
    return told["nature"], told["etat"]


async def _deposit(conn: Connection, corps: UnElement, geste: str, now: datetime) -> None:
    """The door has the data of a deposit, and offers it again; one that is discarded is settled without a decision."""
    if geste == "repris":
        if not await conn.fetchval(_OFFER_AGAIN, corps.element, now):
            raise Refusee("retire", "Le corps de ce dépôt n'est plus au journal : il ne peut qu'être écarté.")
    elif await conn.fetchval(_SETTLE_DEPOSIT, corps.element, now):
        await _note(conn, corps, geste)


async def _note(conn: Connection, corps: UnElement, geste: str) -> None:
    await conn.execute(_NOTE, corps.element, geste, AUTEUR.get(), corps.motif)


def gestes(bus: NatsBus) -> Mapping[str, Geste]:
    return {"rebut-reprendre": partial(_settle, bus, "repris"), "rebut-ecarter": partial(_settle, bus, "ecarte")}
