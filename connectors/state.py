"""What one connector remembers between two exchanges: what it took, which key is which, how far it read."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from connectors.database import Database
from connectors.sealing import Vault

# Taken by nobody yet, or by a worker that has been silent for longer than it said.
_TAKE = """
INSERT INTO prises (mandat, objet, etat, par, jusqu_a) VALUES ($1, $2, 'en-cours', $3, $4)
ON CONFLICT (mandat, objet) DO UPDATE SET par = excluded.par, jusqu_a = excluded.jusqu_a
WHERE prises.etat = 'en-cours' AND prises.jusqu_a < $5
RETURNING par
"""
_EXTEND = (
    "UPDATE prises SET jusqu_a = $4 WHERE mandat = $1 AND objet = $2 AND par = $3 AND etat = 'en-cours' RETURNING par"
)
_SETTLE = "UPDATE prises SET etat = $4 WHERE mandat = $1 AND objet = $2 AND par = $3 RETURNING etat"
_RELEASE = "DELETE FROM prises WHERE mandat = $1 AND objet = $2 AND par = $3 AND etat = 'en-cours'"
_OUTCOME = "SELECT etat FROM prises WHERE mandat = $1 AND objet = $2"
_LINK = """
INSERT INTO correspondances (mandat, espace, empreinte, scelle, la_notre) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (mandat, espace, empreinte) DO UPDATE SET la_notre = excluded.la_notre
"""
_OURS = "SELECT la_notre FROM correspondances WHERE mandat = $1 AND espace = $2 AND empreinte = $3"
_OURS_OF = "SELECT empreinte, la_notre FROM correspondances WHERE mandat = $1 AND espace = $2 AND empreinte IN ({})"
_THEIRS = "SELECT scelle FROM correspondances WHERE mandat = $1 AND espace = $2 AND la_notre = $3"
_PAIRS = "SELECT scelle, la_notre FROM correspondances WHERE mandat = $1 AND espace = $2"
_UNLINK = "DELETE FROM correspondances WHERE mandat = $1 AND espace = $2 AND empreinte = $3"
_FORGET_OURS = "DELETE FROM correspondances WHERE mandat = $1 AND la_notre = $2 RETURNING espace, empreinte"
_FORGET_SPACE = "DELETE FROM correspondances WHERE mandat = $1 AND espace = $2"
_SPACES = "SELECT DISTINCT espace FROM correspondances WHERE mandat = $1 AND espace NOT LIKE 'archive %'"
_MOVE = """
INSERT INTO positions (mandat, nom, valeur) VALUES ($1, $2, $3)
ON CONFLICT (mandat, nom) DO UPDATE SET valeur = excluded.valeur
"""
_POSITION = "SELECT valeur FROM positions WHERE mandat = $1 AND nom = $2"

Outcome = Literal["fait", "refuse"]


class Held:
    """Something that this worker alone handles, until it settles it, lets it go, or is silent for too long.

    `async with held:` lets it go when its block raises, a cancellation included: the next worker finds it free.
    """

    def __init__(self, state: "State", objet: str, par: str, lease: timedelta) -> None:
        self._state = state
        self._objet = objet
        self._par = par
        self._lease = lease

    async def __aenter__(self) -> "Held":
        return self

    async def __aexit__(self, raised: type[BaseException] | None, *_: object) -> None:
        if raised is not None:
            await self.release()

    async def extend(self) -> bool:
        """Go on holding it; False when another worker took it meanwhile."""
        return bool(await self._state.run(_EXTEND, self._objet, self._par, self._state.clock() + self._lease))

    async def settle(self, outcome: Outcome) -> None:
        """Never to be handled again."""
        await self._state.run(_SETTLE, self._objet, self._par, outcome)

    async def release(self) -> None:
        """Anybody may take it at once."""
        await self._state.run(_RELEASE, self._objet, self._par)


class State:
    """The rows of one mandate."""

    def __init__(self, database: Database, vault: Vault, mandate: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self._mandate = mandate
        self.clock = clock

    async def run(self, statement: str, *values: object) -> Sequence[object]:
        return await self._database.fetch(statement, self._mandate, *values)

    async def take(self, objet: str, lease: timedelta) -> Held | None:
        """Hold something by its id (a case, the hash of a file); None while another holds it, or once it is settled."""
        par, now = secrets.token_hex(8), self.clock()
        taken = await self.run(_TAKE, objet, par, now + lease, now)
        return Held(self, objet, par, lease) if taken else None

    async def outcome(self, objet: str) -> str | None:
        """en-cours, fait, refuse; None when it was never taken."""
        rows = await self._database.fetch(_OUTCOME, self._mandate, objet)
        return str(rows[0]["etat"]) if rows else None

    async def link(self, space: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Store pairs (their key, our key) of things of one kind (`space`)."""
        purpose = self._purpose(space)
        rows = [
            (
                self._mandate,
                space,
                self._vault.digest(purpose, theirs),
                self._vault.seal(purpose, theirs.encode()),
                ours,
            )
            for theirs, ours in pairs
        ]
        if rows:
            await self._database.many(_LINK, rows)

    async def ours(self, space: str, theirs: str) -> str | None:
        digest = self._vault.digest(self._purpose(space), theirs)
        rows = await self._database.fetch(_OURS, self._mandate, space, digest)
        return str(rows[0]["la_notre"]) if rows else None

    async def ours_of(self, space: str, theirs: Sequence[str]) -> dict[str, str]:
        """Return our keys of many at once; an unknown key is left out."""
        if not theirs:
            return {}
        purpose = self._purpose(space)
        by_digest = {self._vault.digest(purpose, one): one for one in theirs}
        places = ", ".join(f"${place}" for place in range(3, 3 + len(by_digest)))
        rows = await self._database.fetch(_OURS_OF.format(places), self._mandate, space, *by_digest)
        return {by_digest[row["empreinte"]]: str(row["la_notre"]) for row in rows}

    async def theirs(self, space: str, ours: str) -> str | None:
        rows = await self._database.fetch(_THEIRS, self._mandate, space, ours)
        return self._vault.open(self._purpose(space), rows[0]["scelle"]).decode() if rows else None

    async def pairs(self, space: str) -> list[tuple[str, str]]:
        """Return all pairs (their key, our key) of a kind, unsealed: for a space that holds few."""
        purpose = self._purpose(space)
        rows = await self._database.fetch(_PAIRS, self._mandate, space)
        return [(self._vault.open(purpose, row["scelle"]).decode(), str(row["la_notre"])) for row in rows]

    async def unlink(self, space: str, theirs: str) -> None:
        """Delete the pair of their key; one that is not there is no fault."""
        await self.run(_UNLINK, space, self._vault.digest(self._purpose(space), theirs))

    def name(self, space: str, theirs: str) -> str:
        """A keyed digest of their key: it names the same thing wherever it is stored, and tells nothing."""
        return self._vault.digest(self._purpose(space), theirs)

    async def forget(self, ours: str) -> list[tuple[str, str]]:
        """Delete every pair of this key of ours, on either side; return the space and the name of their key of each."""
        rows = await self._database.fetch(_FORGET_OURS, self._mandate, ours)
        gone = [(str(row["espace"]), str(row["empreinte"])) for row in rows]
        for row in await self._database.fetch(_SPACES, self._mandate):
            await self.unlink(row["espace"], ours)
        return gone

    async def forget_space(self, space: str) -> None:
        await self.run(_FORGET_SPACE, space)

    async def move(self, name: str, position: str) -> None:
        await self.run(_MOVE, name, position)

    async def position(self, name: str) -> str | None:
        rows = await self._database.fetch(_POSITION, self._mandate, name)
        return str(rows[0]["valeur"]) if rows else None

    def _purpose(self, space: str) -> str:
        return f"correspondance {self._mandate} {space}"
