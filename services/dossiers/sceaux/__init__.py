"""Seals and opens the personal data of a service, each row under the key of its parcours.

A value that is no cell is JSON, as older releases wrote it: it reads as it did.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.database import Connection
from coffre.keys import SANS_PARCOURS, Keyring, Vault, archived, key_of

Cellule = tuple[UUID | None, UUID, bytes]
"""Its key (None: of no parcours, or to outlive it), the row that it belongs to, its content."""


class CleAbsente(Exception):
    """A cell has no key, and no erasure has destroyed it: the keys are those of another backup."""


class Sceaux:
    """The cells of one schema. A process gives its vault before it reads or writes: `lier`.

    Who holds a connection takes no other: two replicas would wait for each other's. Keys are made before (`preparer`).
    All raise `coffre.keys.Archived` for a parcours that is in the archive, which is asked back; a read asks for none.
    """

    _vault: Vault

    def __init__(self, schema: str) -> None:
        self.schema = schema

    def lier(self, vault: Vault) -> None:
        self._vault = vault

    async def preparer(self, parcours: Iterable[UUID]) -> None:
        """Make their keys where they are missing. No connection is held meanwhile."""
        await self._vault.ensure({*parcours, SANS_PARCOURS})

    async def effaces(self, conn: Connection, parcours: Iterable[UUID]) -> frozenset[UUID]:
        """Return the parcours whose key an erasure destroyed, also before this service reads of it."""
        return (await self._vault.of(conn, parcours)).destroyed

    async def archives(self, conn: Connection, parcours: Iterable[UUID]) -> frozenset[UUID]:
        """Those whose key is in the archive, where it stays."""
        return await archived(conn, parcours)

    async def sceller(self, conn: Connection, table: str, valeurs: Sequence[Cellule]) -> list[bytes]:
        """The cells, in order. The key of a parcours that this transaction opens is made in it."""
        cles = [cle or SANS_PARCOURS for cle, _, _ in valeurs]
        trousseau = await self._vault.within(conn, cles)
        return [
            trousseau.seal(cle, f"{self.schema}.{table}", ligne, clair)
            for cle, (_, ligne, clair) in zip(cles, valeurs, strict=True)
        ]

    async def ouvrir(
        self, conn: Connection, table: str, valeurs: Sequence[tuple[UUID, bytes | None]], *, est_lecture: bool = False
    ) -> list[bytes | None]:
        """Return the contents of these cells, given with their rows, in order; None for no cell, for an erased one and,
        in a read, for an archived one.

        Raises CleAbsente, and `cryptography.exceptions.InvalidTag` for a damaged cell.
        """
        cellules = [valeur for _, valeur in valeurs if valeur and key_of(valeur)]
        trousseau = await self._vault.of_cells(conn, cellules, asks=not est_lecture) if cellules else Keyring({})
        return [self._ouverte(trousseau, table, ligne, valeur) for ligne, valeur in valeurs]

    def _ouverte(self, trousseau: Keyring, table: str, ligne: UUID, valeur: bytes | None) -> bytes | None:
        if valeur is None or (cle := key_of(valeur)) is None:
            return valeur
        clair = trousseau.open(f"{self.schema}.{table}", ligne, valeur)
        if clair is None and cle not in trousseau.destroyed | trousseau.archived:
            raise CleAbsente(str(cle))
        return clair
