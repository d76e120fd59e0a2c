"""Replays of every partner, for operators: the same rows and accounts as `GET /v1/rejeux/{id}` tells one of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Pool, Record
from gateway.inbound.events import replays_store as store
from gateway.inbound.events.replays import accounts_of, order
from relais_contrats.abonnements import NouveauRejeu
from relais_contrats.problemes import Problem

_PAGE = 30
_LIST = """
SELECT id, partenaire, abonnement, du, au, types, renvoyer, selectionnes, demande_a, demande_par, en_pause FROM rejeux
WHERE ($1::text IS NULL OR partenaire = $1) AND ($2::uuid IS NULL OR id = $2) ORDER BY demande_a DESC, id LIMIT $3
"""
_OWNER = "SELECT partenaire FROM abonnements WHERE id = $1"
_SUBSCRIPTIONS = "SELECT id, partenaire, url, etat, types FROM abonnements ORDER BY partenaire, cree_a LIMIT 1000"


class Replayed:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`{partenaire}` → `{rejeux, abonnements}`: the newest first; the subscriptions that one may be asked for."""
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(_LIST, asked.get("partenaire") or None, None, _PAGE)
            told = [await _told(conn, row) for row in rows]
            subscriptions = await conn.fetch(_SUBSCRIPTIONS)
        named = [{name: row[name] for name in ("id", "partenaire", "etat")} for row in subscriptions]
        return {"rejeux": told, "abonnements": named}

    async def dry(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """A dry run of what the act `rejeu-demander` would do: `{comptes}`, or `{refus}` with its sentence."""
        async with self._pool.acquire() as conn:
            try:
                owner = await conn.fetchval(_OWNER, UUID(asked["abonnement"]))
                _, comptes = await order(
                    conn, owner or "", NouveauRejeu(**{**asked, "a_blanc": True}), datetime.now(UTC)
                )
            except Problem as refused:
                return {"refus": refused.erreurs[0].message if refused.erreurs else "Cet abonnement n'existe pas."}
            except ValueError:
                return {"refus": "Choisissez un abonnement, et une période qui commence avant de finir."}
        return {"partenaire": owner, "comptes": comptes}

    async def one(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(_LIST, None, UUID(asked["id"]), 1)
            return await _told(conn, row) if row else None


async def _told(conn: Connection, row: Record) -> dict[str, Any]:
    accounts = accounts_of(row, await store.accounts(conn, row["id"], row["abonnement"]))
    etat = "termine" if not accounts["en_attente"] else "en-pause" if row["en_pause"] else "en-cours"
    return dict(row) | {"etat": etat, "comptes": accounts}
