"""The merges of a service: its dossiers before and after each, until it is undone or the person erased."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from chassis.database import Connection, Record
from services.dossiers.fusions.retour import Plan, repose_dessus
from services.dossiers.sceaux import Sceaux

_CONNUES = "SELECT * FROM fusions WHERE depot = ANY($1) OR suites && $2::uuid[] ORDER BY fusion FOR UPDATE"
_SUIVANTS = """
WITH RECURSIVE suivants AS (
    SELECT absorbe_par, parcours FROM dossiers WHERE absorbe_par = ANY($1)
    UNION SELECT s.absorbe_par, d.parcours FROM suivants s JOIN dossiers d ON d.absorbe_par = s.parcours)
SELECT absorbe_par, array_agg(parcours) AS noms FROM suivants GROUP BY 1
"""
_RETENIR = """
INSERT INTO fusions (fusion, depot, parcours, suites, garde, suivaient, defaite) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (fusion) DO UPDATE SET suites = EXCLUDED.suites, garde = EXCLUDED.garde, defaite = EXCLUDED.defaite
"""

A = TypeVar("A", bound=Any)
Nommer = Callable[[UUID, tuple[UUID, ...]], Any]
"""A message of the service that names a survivor and those that it absorbed, so that all are loaded."""


@dataclass(slots=True)
class Fusion(Generic[A]):
    """A merge: its event, its deposit, its parcours (the survivor first), its consequences (`suites`), its aggregates
    before and after, and the aliases of each absorbed one."""

    fusion: UUID
    depot: UUID
    noms: tuple[UUID, ...]
    suites: set[UUID]
    avant: dict[UUID, A] = field(default_factory=dict)
    apres: dict[UUID, A] = field(default_factory=dict)
    suivaient: dict[str, list[str]] = field(default_factory=dict)
    est_defaite: bool = False
    est_nouvelle: bool = False

    @property
    def conserve(self) -> UUID:
        return self.noms[0]


class Journal(Generic[A]):
    """Stores the merges of a service: the class of its aggregates, the keys of their parts, `nommer`.

    `sceaux`: the seals of the dossiers. `ensemble` compares the survivor as the merge left it and as it is, and returns
    the message that stands on the merge outside of the parts.
    """

    def __init__(
        self,
        dossier: type[A],
        plan: Plan,
        nommer: Nommer,
        sceaux: Sceaux,
        ensemble: Callable[[A, A], str | None] | None = None,
    ) -> None:
        self._sceaux = sceaux
        self.plan = plan
        self.nommer = nommer
        self._ensemble = ensemble
        self._adapter: TypeAdapter[A] = TypeAdapter(dossier)

    def depend(self, avant: A, apres: A, maintenant: A) -> str | None:
        """Return the type of a message that stands on the changes of the merge; None when none does."""
        return repose_dessus(avant, apres, maintenant, self.plan) or (
            self._ensemble(apres, maintenant) if self._ensemble else None
        )

    async def connues(
        self, conn: Connection, depots: Sequence[UUID], evenements: Sequence[UUID] = ()
    ) -> list[Fusion[A]]:
        """Return the stored merges, but those of an erased survivor."""
        if not depots and not evenements:
            return []
        rows = await conn.fetch(_CONNUES, list(depots), list(evenements))
        gardes = await self._sceaux.ouvrir(conn, "fusions", [(row["fusion"], row["garde"]) for row in rows])
        return [self._lue(row, orjson.loads(garde)) for row, garde in zip(rows, gardes, strict=True) if garde]

    async def retenir(self, conn: Connection, fusions: Sequence[Fusion[A]]) -> None:
        """Before the aggregates are saved: their aliases move with them."""
        for fusion in (f for f in fusions if f.est_nouvelle):
            rows = await conn.fetch(_SUIVANTS, list(fusion.noms[1:]))
            fusion.suivaient = {str(row["absorbe_par"]): list(map(str, row["noms"])) for row in rows}
        clairs = [(fusion.conserve, fusion.fusion, self._garde(fusion)) for fusion in fusions]
        cellules = await self._sceaux.sceller(conn, "fusions", clairs)
        for fusion, garde in zip(fusions, cellules, strict=True):
            await conn.execute(
                _RETENIR,
                fusion.fusion,
                fusion.depot,
                list(fusion.noms),
                sorted(fusion.suites),
                garde,
                fusion.suivaient,
                fusion.est_defaite,
            )

    def _garde(self, fusion: Fusion[A]) -> bytes:
        """Nothing, once it is undone."""
        garde = {} if fusion.est_defaite else {"avant": self._dit(fusion.avant), "apres": self._dit(fusion.apres)}
        return orjson.dumps(garde)

    def _dit(self, dossiers: Mapping[UUID, A]) -> dict[str, Any]:
        return {str(id_): self._adapter.dump_python(dossier, mode="json") for id_, dossier in dossiers.items()}

    def _lue(self, row: Record, garde: Mapping[str, Any]) -> Fusion[A]:
        avant, apres = (
            {UUID(id_): self._adapter.validate_python(brut) for id_, brut in garde.get(nom, {}).items()}
            for nom in ("avant", "apres")
        )
        noms, suites = tuple(row["parcours"]), set(row["suites"])
        return Fusion(row["fusion"], row["depot"], noms, suites, avant, apres, row["suivaient"], row["defaite"])
