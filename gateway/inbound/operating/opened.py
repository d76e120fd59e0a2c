"""The content of something set aside, for an operator who says why: the access is on disk before anything is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from coffre.keys import Vault
from gateway.accesses import Access
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.operating.aside import OWN, SERVICES, Aside
from gateway.inbound.reading.contents import OPERATORS, masked


class Opened:
    def __init__(self, aside: Aside, journal: Journal, vault: Vault) -> None:
        self._aside = aside
        self._journal = journal
        self._vault = vault

    async def open(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """`{id, composant, agent, motif, reference, masque}` → `{contenu}`; None when it is unknown."""
        if asked["composant"] not in (OWN, *SERVICES):
            return None
        found = await self._aside.content(asked["composant"], UUID(asked["id"]), self._vault)
        if found is None:
            return None
        how = "masqué" if asked["masque"] else "clair"
        told = f"rebut {how} {asked['composant']} {asked['id']} {asked['reference']}".rstrip()
        named = [UUID(str(found["agregat"]))] if found["agregat"] else []
        status = 200 if found["contenu"] is not None else 410
        access = Access(OPERATORS, asked["agent"], named, asked["motif"], told, status, None, None)
        await self._journal.record_access(access)
        return {"contenu": masked(found["contenu"]) if asked["masque"] else found["contenu"]}
