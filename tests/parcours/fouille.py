"""A search of everything that a hub keeps: each table of each schema, the streams, the logs, every other file.

The files of PostgreSQL apart: what was deleted stays in them, out of reach of any query, until it is overwritten.

Encrypted columns are opened with the hub's own keys: that something cannot be read does not mean that it is gone.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nats
import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nats.js.errors import NotFoundError

from chassis.settings import Settings
from coffre.keys import Keyring, unwrap
from coffre.masters import Masters
from deploy.components import SERVICES, STREAMS
from deploy.datadir import HOST, DataDir
from deploy.keys import ADMIN
from deploy.postgres import connect_admin
from gateway import sealing
from services.usagers.store.index import Index
from tests.hub import Hub

_TABLES = """
SELECT schemaname AS schema, tablename AS table FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""
_POSTGRES = "postgres"
# Of the tables of a service, the row of a cell and its column.
_DOSSIERS = {
    "dossiers": ("parcours", "etat"),
    "histoire": ("dossier", "fait"),
    "fusions": ("fusion", "garde"),
    "feuilles": ("parcours", "vue"),
}
Ouvrir = Callable[[Mapping[str, Any]], Iterable[object]]


async def keyring(conn: Any, data: DataDir) -> Keyring:
    """Every key that is left."""
    masters = Masters(data.masters)
    rows = await conn.fetch("SELECT id, maitre, enveloppe FROM coffre.cles WHERE enveloppe IS NOT NULL")
    return Keyring(
        {
            row["id"]: AESGCM(unwrap(masters.of(row["maitre"]), row["maitre"], row["id"], row["enveloppe"]))
            for row in rows
        }
    )


class Fouille:
    """Looks for words in whatever case, in texts and in bytes; and in hexadecimal, as a row shows bytes in a list."""

    _trousseau: Keyring

    def __init__(self, hub: Hub, mots: Iterable[str]) -> None:
        self._data = hub.data
        self._tels = [mot.encode() for mot in mots]
        self._mots = [mot.lower() for mot in self._tels]
        self._cles = [*self._mots, *(mot.hex().encode() for mot in self._mots)]
        self._index = Index()
        self._index.lier(self._cle("usagers", "index"))
        self._ouvertures: dict[tuple[str, str], Ouvrir] = {
            ("usagers", "champs_proteges"): self._cellules("fait", chiffre="usagers.champs_proteges"),
            ("passerelle", "depots"): self._cellules(corps=sealing.BODIES, reponse_scellee=sealing.ANSWERS),
            ("passerelle", "evenements"): self._cellules(scelle=sealing.EVENTS),
            ("passerelle", "retenus"): self._cellules(scelle=sealing.HELD),
            ("passerelle", "rebut"): self._cellules(scelle=sealing.ASIDE),
        }
        for service in SERVICES:
            for table in ("faits", "entrees", "rebut"):
                self._ouvertures[service, table] = self._cellules(scelle=f"{service}.{table}")
            for table, (ligne, colonne) in _DOSSIERS.items():
                self._ouvertures[service, table] = self._cellules(ligne, **{colonne: f"{service}.{table}"})

    def empreinte(self, *cle: str) -> str:
        """What a row of `usagers.cles` shows of an identifier."""
        return self._index.empreinte(cle).hex()

    async def lieux(self) -> set[str]:
        """Where something was found: `schema.table`, or the name of a file."""
        tables = {lieu async for lieu in self._tables()}
        return tables | {lieu async for lieu in self._flux()} | set(self._fichiers())

    async def en_clair(self) -> set[str]:
        """Where a word can be read without any key: in rows, and in every file, those of PostgreSQL and its log
        included, once statistics were made and all that is in memory was written down."""
        conn = await connect_admin(self._data, self._data.known_ports().postgres)
        try:
            found = {
                f"{schema}.{table}"
                for schema, table in await conn.fetch(_TABLES)
                for row in await conn.fetch(f'SELECT t::text AS texte, t.* FROM "{schema}"."{table}" t')
                if self._trouve(row["texte"].encode(), *(v for v in row.values() if isinstance(v, bytes)))
            }
            await conn.execute("ANALYZE")
            await conn.execute("CHECKPOINT")
        finally:
            await conn.close()
        files = [path for path in self._data.path.rglob("*") if path.is_file()]
        assert any("pg_wal" in path.parts for path in files) and any(path.suffix == ".blk" for path in files)
        lus = ((path, _octets(path)) for path in files)
        return found | {str(path.relative_to(self._data.path)) for path, octets in lus if self._lisible(octets)}

    def _lisible(self, octets: bytes) -> bool:
        return any(mot in octets for mot in self._tels)

    async def _tables(self) -> AsyncIterator[str]:
        conn = await connect_admin(self._data, self._data.known_ports().postgres)
        try:
            self._trousseau = await keyring(conn, self._data)
            for schema, table in await conn.fetch(_TABLES):
                for row in await conn.fetch(f'SELECT t::text AS texte, t.* FROM "{schema}"."{table}" t'):
                    ouvrir = self._ouvertures.get((schema, table), _rien)
                    octets = [valeur for valeur in row.values() if isinstance(valeur, bytes)]
                    if self._trouve(row["texte"].encode(), *octets, *map(orjson.dumps, ouvrir(dict(row)))):
                        yield f"{schema}.{table}"
        finally:
            await conn.close()

    async def _flux(self) -> AsyncIterator[str]:
        """The streams, read through the broker: on disk they are sealed."""
        client = await nats.connect(
            f"nats://{HOST}:{self._data.known_ports().nats}", nkeys_seed=str(self._data.nkey_file(ADMIN))
        )
        try:
            streams = client.jetstream()
            for stream in STREAMS:
                state = (await streams.stream_info(stream)).state
                for place in range(max(state.first_seq, 1), state.last_seq + 1):
                    with contextlib.suppress(NotFoundError):  # deleted
                        message = await streams.get_msg(stream, place)
                        if self._trouve(message.data or b""):
                            yield f"nats/{stream}"
        finally:
            await client.close()

    def _fichiers(self) -> Iterator[str]:
        for path in self._data.path.rglob("*"):
            name = path.relative_to(self._data.path)
            if name.parts[0] != _POSTGRES and path.is_file() and self._trouve(_octets(path)):
                yield str(name)

    def _trouve(self, *textes: bytes) -> bool:
        plies = [texte.decode("utf-8", "replace").casefold().encode() for texte in textes]
        return any(cle in texte for texte in plies for cle in self._cles)

    def _cellules(self, ligne: str = "id", **tables: str) -> Ouvrir:
        """What was sealed under a key of the vault of all, in these columns; where the key is destroyed, nothing."""

        def ouvrir(row: Mapping[str, Any]) -> Iterator[object]:
            for colonne, table in tables.items():
                if row.get(colonne) is not None and (clair := self._trousseau.open(table, row[ligne], row[colonne])):
                    yield orjson.loads(clair)

        return ouvrir

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
