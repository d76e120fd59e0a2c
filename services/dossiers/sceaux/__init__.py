"""What a service keeps of persons is sealed here and opened here, each row under the key of its parcours.

A value that is no cell is JSON, as older releases wrote it: it reads as it did.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.database import Connection
from coffre.keys import Keyring, Vault, key_of

Cellule = tuple[UUID, UUID, bytes]
"""Its key, the row that it belongs to, its content."""


class CleAbsente(Exception):
    """A cell has no key, and no erasure has destroyed it: the keys are those of another backup."""


class CleAFaire(LookupError):
    """What a transaction seals has no key yet: rolled back, and done again after `preparer`, which makes it."""


class Sceaux:
    """The cells of one schema. A process gives its vault before it reads or writes: `lier`.

    Who holds a connection takes no other: two replicas would wait for each other's. Keys are made before.
    """

    _vault: Vault

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self._a_faire: set[UUID] = set()

    def lier(self, vault: Vault) -> None:
        self._vault = vault

    async def preparer(self, parcours: Iterable[UUID]) -> None:
        """Make their keys where they are missing, and those that lacked last time. No connection is held meanwhile."""
        a_faire = set(self._a_faire)
        await self._vault.ensure(a_faire.union(parcours))
        self._a_faire -= a_faire

    async def effaces(self, conn: Connection, parcours: Iterable[UUID]) -> frozenset[UUID]:
        """Those whose key an erasure has destroyed, whether this service has heard of it or not."""
        return (await self._vault.of(conn, parcours)).destroyed

    async def sceller(self, conn: Connection, table: str, valeurs: Sequence[Cellule]) -> list[bytes]:
        """The cells, in order. Raises CleAFaire for what `preparer` was not told of: a dossier of an older release."""
        trousseau = await self._vault.of(conn, [cle for cle, _, _ in valeurs])
        if manquent := {cle for cle, _, _ in valeurs if cle not in trousseau}:
            self._a_faire |= manquent
            raise CleAFaire
        return [trousseau.seal(cle, f"{self.schema}.{table}", ligne, clair) for cle, ligne, clair in valeurs]

    async def ouvrir(self, conn: Connection, table: str, valeurs: Sequence[tuple[UUID, bytes]]) -> list[bytes | None]:
        """The contents of these cells, with the row of each, in order; None for one that an erasure has closed.

        Raises CleAbsente, and `cryptography.exceptions.InvalidTag` for a damaged cell.
        """
        cellules = [valeur for _, valeur in valeurs if key_of(valeur)]
        trousseau = await self._vault.of_cells(conn, cellules) if cellules else Keyring({})
        return [self._ouverte(trousseau, table, ligne, valeur) for ligne, valeur in valeurs]

    def _ouverte(self, trousseau: Keyring, table: str, ligne: UUID, valeur: bytes) -> bytes | None:
        cle = key_of(valeur)
        if cle is None:
            return valeur
        clair = trousseau.open(f"{self.schema}.{table}", ligne, valeur)
        if clair is None and cle not in trousseau.destroyed:
            raise CleAbsente(str(cle))
        return clair
