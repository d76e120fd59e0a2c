"""A merge and its undoing as the services hear of them, and all that the database of one of them holds of parcours."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from chassis.database import Pool
from chassis.facts import Entree
from services.dossiers.sceaux import Sceaux
from tests.services.ouvert import textes

DEPOT = UUID("01890000-0000-7000-8000-00000000d001")
_TABLES = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND udt_name = 'uuid' AND table_name NOT IN ('faits', 'fusions', 'positions')
    AND (column_name = 'parcours' OR table_name = 'echeances' AND column_name = 'agregat')
ORDER BY table_name
"""


def fusion(evenement: Entree) -> Entree:
    """`evenement` as the one that the merging deposit led to."""
    return replace(evenement, cause=DEPOT)


def defusion(la_fusion: Entree, id_: UUID) -> Entree:
    donnees = {"annule": str(DEPOT), "motif": "Erreur.", "causes": [str(la_fusion.id)]}
    return replace(la_fusion, id=id_, type="usager.defusionne", donnees=donnees, cause=None)


def suite(cause: UUID, evenement: Entree) -> Entree:
    """`evenement` of a sibling, told because of that one."""
    return replace(evenement, cause=cause)


async def etat(pool: Pool, sceaux: Sceaux, parcours: Sequence[UUID]) -> dict[str, list[str]]:
    """The rows of these parcours, table by table, as they are inside, and what falls due for them."""
    siennes = {table: f"{colonne} = ANY($1)" for table, colonne in await pool.fetch(_TABLES)}
    return {table: await textes(pool, sceaux, [table], ou, list(parcours)) for table, ou in siennes.items()}


def de(entree: Entree, parcours: UUID) -> Entree:
    """The same entry about another parcours."""
    return replace(entree, agregat=parcours, id=uuid5(parcours, str(entree.id)))
