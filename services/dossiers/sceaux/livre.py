"""Facts and entries set aside that an older release wrote in the clear: sealed once, beside a service that decides."""

import asyncio

import orjson
import structlog

from chassis.database import Pool, write
from chassis.waiting import wait
from services.dossiers.sceaux import Sceaux

_log = structlog.get_logger()
_ENSEMBLE = 500
_ENTRE_S = 0.05
EST_FAIT = "SELECT EXISTS (SELECT FROM scellements WHERE nom = $1)"
FAIT = "INSERT INTO scellements (nom, acheve_a) VALUES ($1, now()) ON CONFLICT DO NOTHING"
# As `FaitEnregistre.cle`.
_FAITS = """
SELECT numero, id, donnees, agent, CASE WHEN flux = 'PARCOURS' AND type NOT LIKE '%.efface' THEN agregat END AS cle
FROM faits WHERE scelle IS NULL AND numero > $1 ORDER BY numero LIMIT $2
"""
_SCELLER_FAITS = """
UPDATE faits f SET donnees = '{}', agent = NULL, scelle = n.cellule
FROM unnest($1::bigint[], $2::bytea[]) AS n(numero, cellule) WHERE f.numero = n.numero
"""
_REBUT = "SELECT id, agregat AS cle, entree FROM rebut WHERE scelle IS NULL AND entree ? 'donnees'"
_SCELLER_REBUT = """
UPDATE rebut r SET entree = jsonb_build_object('brique', entree -> 'brique', 'sequence', entree -> 'sequence'),
    scelle = n.cellule
FROM unnest($1::uuid[], $2::bytea[]) AS n(id, cellule) WHERE r.id = n.id AND r.scelle IS NULL AND r.entree ? 'donnees'
"""


class Livre:
    """Rows change here only: nothing is locked, and readers take both."""

    def __init__(self, pool: Pool, sceaux: Sceaux) -> None:
        self._pool = pool
        self._sceaux = sceaux

    async def run(self, stop: asyncio.Event) -> None:
        apres: int | None = 0
        while apres is not None and not stop.is_set():
            apres = await self.tour(apres)
            await wait(stop, _ENTRE_S)

    async def tour(self, apres: int) -> int | None:
        """Seal the next facts. Return the number of the last, or None when all is done."""
        if await self._pool.fetchval(EST_FAIT, "faits"):
            return None
        rows = await self._pool.fetch(_FAITS, apres, _ENSEMBLE)
        await self._sceaux.preparer({row["cle"] for row in rows if row["cle"]})
        async with self._pool.acquire() as conn:
            if not rows:
                aside = await conn.fetch(_REBUT)
                clairs = [(row["cle"], row["id"], orjson.dumps(row["entree"])) for row in aside]
                cellules = await self._sceaux.sceller(conn, "rebut", clairs)
                await write(conn, _SCELLER_REBUT, [(row["id"], une) for row, une in zip(aside, cellules, strict=True)])
                await conn.execute(FAIT, "faits")
                return None
            dits = [orjson.dumps({"donnees": row["donnees"], "agent": row["agent"]}) for row in rows]
            clairs = [(row["cle"], row["id"], dit) for row, dit in zip(rows, dits, strict=True)]
            cellules = await self._sceaux.sceller(conn, "faits", clairs)
            await write(conn, _SCELLER_FAITS, [(row["numero"], une) for row, une in zip(rows, cellules, strict=True)])
        _log.info("scellement.faits", faits=len(rows))
        return int(rows[-1]["numero"])
