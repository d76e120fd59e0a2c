"""What components set aside: found in every schema, tried again or discarded by an operator, who is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from deploy import postgres
from deploy.components import schemas
from deploy.datadir import DataDir, LaunchError

# The gateway keeps the place of an event in columns of its own, the services in the entry.
_FIND = """
SELECT '{schema}' AS schema, r.id, r.nature, r.type, r.agregat, r.raison, r.parque_a, r.etat, r.echecs, r.regle_a,
       r.entree,
       coalesce(to_jsonb(r) ->> 'brique', r.entree ->> 'brique') AS brique,
       coalesce(to_jsonb(r) ->> 'sequence', r.entree ->> 'sequence')::int AS sequence
FROM {schema}.rebut r WHERE ($1::uuid IS NULL OR r.id = $1) AND ($2 OR r.etat IN ('parque', 'a-reprendre'))
"""
_DONE = "SELECT '{schema}' AS schema, rebut, geste, par, motif, a FROM {schema}.gestes WHERE rebut = $1"
_HOLDS = "SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL"
_NOTE = "INSERT INTO {schema}.gestes (rebut, geste, par, motif) VALUES ($1, $2, $3, $4)"
_REDRIVE = "UPDATE {schema}.rebut SET etat = 'a-reprendre' WHERE id = $1"
_DISCARD = """
UPDATE {schema}.rebut SET etat = 'ecarte', entree = '{{}}', scelle = NULL, regle_a = now() WHERE id = $1
"""
# What follows a discarded event is read from its place on.
_GO_PAST = """
INSERT INTO {schema}.positions (brique, agregat, sequence) VALUES ($1, $2, $3)
ON CONFLICT (brique, agregat) DO UPDATE SET sequence = greatest(positions.sequence, EXCLUDED.sequence)
"""
_OFFER_AGAIN = """
UPDATE passerelle.depots SET etat = 'en-attente', prochain_essai = now()
WHERE id = $1 AND etat IN ('rebut', 'en-attente') AND corps IS NOT NULL RETURNING id
"""
_SETTLE_DEPOSIT = """
UPDATE passerelle.depots SET etat = 'ecarte', corps = NULL, regle_a = now()
WHERE id = $1 AND etat IN ('rebut', 'en-attente')
"""
_COMPONENTS = {"passerelle": "sortant"}


@dataclass(frozen=True, slots=True)
class Parked:
    """Something set aside by a component. `nature`: depot, evenement, echeance, livraison (it was told, and no
    body can be made of it), or illisible (it belongs to nobody)."""

    composant: str
    id: UUID
    nature: str
    type: str
    parcours: UUID | None
    raison: str
    parque_a: datetime
    etat: str
    echecs: int
    regle_a: datetime | None
    contenu: dict[str, Any]
    brique: str | None
    sequence: int | None

    @property
    def schema(self) -> str:
        return next((s for s, component in _COMPONENTS.items() if component == self.composant), self.composant)


@dataclass(frozen=True, slots=True)
class Geste:
    composant: str
    geste: str
    par: str
    motif: str
    a: datetime


async def lister(conn: Any, id_: UUID | None = None, *, regles: bool = False) -> list[Parked]:
    """All that is set aside, the oldest first; with `regles`, also what was settled since."""
    found: list[Parked] = []
    for schema in await _holding(conn):
        rows = await conn.fetch(_FIND.format(schema=schema), id_, regles)
        found += [_parked(row) for row in rows]
    return sorted(found, key=lambda parked: parked.parque_a)


async def trouver(conn: Any, id_: UUID, composant: str | None) -> list[Parked]:
    """What bears this id (several components may have set the same event aside); LaunchError when nothing does."""
    found = [p for p in await lister(conn, id_, regles=True) if composant in (None, p.composant)]
    if not found:
        raise LaunchError(f"Rien au rebut ne porte l'identifiant {id_}. Voyez : ./relais rebut lister")
    return found


async def gestes(conn: Any, id_: UUID) -> list[Geste]:
    """What operators decided about it, the oldest first."""
    rows = [row for schema in await _holding(conn) for row in await conn.fetch(_DONE.format(schema=schema), id_)]
    told = [Geste(_component(row["schema"]), row["geste"], row["par"], row["motif"], row["a"]) for row in rows]
    return sorted(told, key=lambda geste: geste.a)


async def reprendre(conn: Any, parked: Parked, par: str, motif: str) -> None:
    """Have its component try it again, in its place. A deposit is offered again by the door, which has its data."""
    if parked.etat not in ("parque", "a-reprendre"):
        raise LaunchError(f"{parked.id} est déjà réglé ({parked.etat}) dans {parked.composant}.")
    if parked.nature == "illisible":
        raise LaunchError(f"{parked.id} est illisible : il n'y a rien à rejouer. Écartez-le une fois la cause trouvée.")
    async with conn.transaction():
        if parked.nature == "depot" and not await conn.fetchval(_OFFER_AGAIN, parked.id):
            raise LaunchError(f"Le corps du dépôt {parked.id} n'est plus au journal : il ne peut qu'être écarté.")
        await conn.execute(_REDRIVE.format(schema=parked.schema), parked.id)
        await conn.execute(_NOTE.format(schema=parked.schema), parked.id, "repris", par, motif)


async def ecarter(conn: Any, parked: Parked, par: str, motif: str) -> None:
    """Give it up for good: what it held goes on. A deposit is settled without a decision, and its emitter is told."""
    if parked.etat not in ("parque", "a-reprendre"):
        raise LaunchError(f"{parked.id} est déjà réglé ({parked.etat}) dans {parked.composant}.")
    async with conn.transaction():
        await conn.execute(_DISCARD.format(schema=parked.schema), parked.id)
        await conn.execute(_NOTE.format(schema=parked.schema), parked.id, "ecarte", par, motif)
        if parked.nature == "depot":
            await conn.execute(_SETTLE_DEPOSIT, parked.id)
            await conn.execute(_NOTE.format(schema="passerelle"), parked.id, "ecarte", par, motif)
        if parked.nature == "evenement" and parked.brique and parked.parcours and parked.sequence:
            place = (parked.brique, parked.parcours, parked.sequence)
            await conn.execute(_GO_PAST.format(schema=parked.schema), *place)


async def connect(data: DataDir) -> Any:
    """A connection under the provisioning role; the hub must be running."""
    try:
        conn = await postgres.connect_admin(data, data.known_ports().postgres)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise LaunchError("PostgreSQL ne répond pas : le relais est-il en marche ? (./relais up)") from error
    await conn.set_type_codec("jsonb", encoder=_encode, decoder=orjson.loads, schema="pg_catalog")
    return conn


def _encode(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _holding(conn: Any) -> list[str]:
    """Schemas that keep what they set aside."""
    found = []
    for schema in schemas():
        if await conn.fetchval(_HOLDS, f"{schema}.rebut", f"{schema}.gestes"):
            found.append(schema)
    return found


def _component(schema: str) -> str:
    return _COMPONENTS.get(schema, schema)


def _parked(row: Any) -> Parked:
    facts = dict(row)
    composant = _component(facts.pop("schema"))
    return Parked(composant=composant, parcours=facts.pop("agregat"), contenu=facts.pop("entree"), **facts)
