"""A search of everything that a hub keeps: each table of each schema, the streams, the logs, every other file.

The files of PostgreSQL apart: what was deleted stays in them, out of reach of any query, until it is overwritten.

Encrypted columns are opened with the hub's own keys: that something cannot be read does not mean that it is gone.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from chassis.settings import Settings
from deploy.postgres import connect_admin
from gateway.inbound.deposit.journal import Cabinet
from services.usagers.store import Coffre
from tests.hub import Hub

_TABLES = """
SELECT schemaname AS schema, tablename AS table FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
_POSTGRES = "postgres"
Ouvrir = Callable[[Mapping[str, Any]], Iterable[object]]


class Fouille:
    """Looks for words in whatever case, in texts and in bytes; and in hexadecimal, as a row shows bytes in a list."""

    def __init__(self, hub: Hub, mots: Iterable[str]) -> None:
        self._data = hub.data
        self._mots = [mot.casefold().encode() for mot in mots]
        self._cles = [*self._mots, *(mot.hex().encode() for mot in self._mots)]
        self._coffre = Coffre(self._cle("usagers", "coffre"), self._cle("usagers", "index"))
        self._journal = Cabinet(self._cle("passerelle", "journal"))
        self._ouvertures: dict[tuple[str, str], Ouvrir] = {
            ("usagers", "coffre"): self._coffre_ouvert,
            ("usagers", "champs_proteges"): self._champs_ouverts,
            ("usagers", "dires"): self._scelle("alias", "dire"),
            ("usagers", "fusions"): self._scelle("conserve", "fusion"),
            ("passerelle", "depots"): self._depot_ouvert,
        }

    def empreinte(self, *cle: str) -> str:
        """What a row of `usagers.cles` shows of an identifier."""
        return self._coffre.empreinte(cle).hex()

    async def lieux(self) -> set[str]:
        """Where something was found: `schema.table`, or the name of a file."""
        return {lieu async for lieu in self._tables()} | set(self._fichiers())

    async def _tables(self) -> AsyncIterator[str]:
        conn = await connect_admin(self._data, self._data.known_ports().postgres)
        try:
            for schema, table in await conn.fetch(_TABLES):
                for row in await conn.fetch(f'SELECT t::text AS texte, t.* FROM "{schema}"."{table}" t'):
                    ouvrir = self._ouvertures.get((schema, table), _rien)
                    octets = [valeur for valeur in row.values() if isinstance(valeur, bytes)]
                    if self._trouve(row["texte"].encode(), *octets, *map(orjson.dumps, ouvrir(dict(row)))):
                        yield f"{schema}.{table}"
        finally:
            await conn.close()

    def _fichiers(self) -> Iterator[str]:
        for path in self._data.path.rglob("*"):
            name = path.relative_to(self._data.path)
            if name.parts[0] != _POSTGRES and path.is_file() and self._trouve(_octets(path)):
                yield str(name)

    def _trouve(self, *textes: bytes) -> bool:
        plies = [texte.decode("utf-8", "replace").casefold().encode() for texte in textes]
        return any(cle in texte for texte in plies for cle in self._cles)

    def _coffre_ouvert(self, row: Mapping[str, Any]) -> Iterator[object]:
        for champ in ("identite", "identifiants", "coordonnees"):
            if row[champ] is not None:
                yield self._coffre.dechiffrer(row["parcours"], champ, row[champ])

    def _champs_ouverts(self, row: Mapping[str, Any]) -> Iterator[object]:
        yield self._coffre.dechiffrer(row["parcours"], str(row["fait"]), row["chiffre"])

    def _scelle(self, cle: str, sceau: str) -> Ouvrir:
        """What was sealed like the vault, in one column, under the key that this one names."""

        def ouvrir(row: Mapping[str, Any]) -> Iterator[object]:
            yield self._coffre.dechiffrer(row[cle], sceau, row["chiffre"])

        return ouvrir

    def _depot_ouvert(self, row: Mapping[str, Any]) -> Iterator[object]:
        if row["corps"] is not None:
            yield orjson.loads(self._journal.open(row["id"], row["corps"]))

    def _cle(self, composant: str, nom: str) -> bytes:
        secrets: Path = self._data.secrets / composant
        return Settings.model_construct(secrets=secrets).key(nom)


def _octets(path: Path) -> bytes:
    """Of a file that may go meanwhile: nothing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _rien(_: Mapping[str, Any]) -> Iterable[object]:
    return ()
