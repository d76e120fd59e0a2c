"""A merge that is undone: names lead where they led, each parcours has its participants, all are told."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from gateway import fusions, participations
from relais_contrats.droits import Role
from tests.passerelle.outgoing import DECISION, Sortant, until
from tests.passerelle.test_outbound_fanout import deposited, position_is

pytestmark = pytest.mark.anyio
CD = "/partenaires/cd-59"
CLOSE = {"date_fin": "2026-03-20", "motif": "Parcours fusionné."}
PRESCRITE = {
    "service_id": "dora--1",
    "motif": "Mobilité.",
    "contact_prefere": "structure",
    "engagement_protection_donnees": True,
    "structure": {"systeme": "local", "valeur": "asso", "nom": "Association"},
}


class Cas:
    """Two parcours, the second oriented to the mission locale, and the deposit that merges them."""

    def __init__(self, sortant: Sortant) -> None:
        self.sortant = sortant
        self.survivant, self.absorbe, self.depot = uuid4(), uuid4(), uuid4()

    async def ouvrir(self) -> None:
        await deposited(self.sortant, self.depot, "cd-59", "fusion-1")
        self.sortant.distribute()
        await self.sortant.signale(self.survivant)
        await self.sortant.signale(self.absorbe)
        await self.sortant.tell("orientation.decidee", self.absorbe, DECISION, source=CD)
        await until(lambda: position_is(self.sortant, self.absorbe, "orientation", 1))

    async def fusionner(self) -> UUID:
        """Told, and what `orientation` tells because of it."""
        data = {"conserve": str(self.survivant), "absorbes": [str(self.absorbe)]}
        dite = await self.sortant.tell("usager.fusionne", self.survivant, data, source=CD, cause=self.depot)
        fusion = UUID(dite["id"])
        await self.sortant.tell("orientation.close", self.absorbe, CLOSE, source="/services/orientation", cause=fusion)
        await self.sortant.tell("orientation.decidee", self.survivant, DECISION, source=CD, cause=fusion)
        await until(lambda: position_is(self.sortant, self.survivant, "orientation", 1))
        await until(lambda: position_is(self.sortant, self.absorbe, "orientation", 2))
        return fusion

    async def defaire(self) -> None:
        async with self.sortant.process.pool.acquire() as conn, conn.transaction():
            await fusions.undo(conn, self.depot, self.survivant, [self.absorbe], datetime.now(UTC))

    async def roles(self, parcours: UUID) -> dict[str, set[str]]:
        rows = await self.sortant.process.pool.fetch(
            "SELECT partenaire, array_agg(role) AS roles FROM participations WHERE parcours = $1 AND fin IS NULL "
            "GROUP BY 1",
            parcours,
        )
        return {row["partenaire"]: set(row["roles"]) for row in rows}

    async def deux(self) -> list[dict[str, set[str]]]:
        return [await self.roles(self.survivant), await self.roles(self.absorbe)]

    async def mene_a(self, nom: UUID) -> UUID:
        async with self.sortant.process.pool.acquire() as conn:
            return (await participations.survivors(conn, [nom])).get(nom, nom)


@pytest.fixture
async def cas(sortant: Sortant) -> Cas:
    cas = Cas(sortant)
    await cas.ouvrir()
    return cas


async def test_each_parcours_has_its_own_participants_back(cas: Cas) -> None:
    avant = await cas.deux()
    await cas.fusionner()
    reunis = await cas.deux()

    await cas.defaire()

    assert await cas.deux() == avant
    assert reunis != avant
    assert await cas.mene_a(cas.absorbe) == cas.absorbe


async def test_who_entered_the_survivor_since_for_a_reason_of_its_own_stays(cas: Cas) -> None:
    await cas.fusionner()
    await cas.sortant.tell("orientation.decidee", cas.survivant, DECISION | {"rang": 2}, source=CD)
    await until(lambda: position_is(cas.sortant, cas.survivant, "orientation", 2))

    await cas.defaire()

    assert Role.ORIENTATION.value in (await cas.roles(cas.survivant))["ml-lille"]


async def test_what_the_fan_out_reaches_late_lets_nobody_in(cas: Cas) -> None:
    avant = await cas.deux()
    await cas.defaire()

    await cas.fusionner()

    assert await cas.deux() == avant
    assert await cas.mene_a(cas.absorbe) == cas.absorbe
    assert "usager.fusionne" in await cas.sortant.types_of("ft-hdf", cas.survivant)


async def test_a_name_of_the_absorbed_one_leads_to_it_again(cas: Cas) -> None:
    alias = uuid4()
    async with cas.sortant.process.pool.acquire() as conn:
        await participations.absorb(conn, [(cas.absorbe, [alias])], sont_des_noms=True)
        await participations.absorb(conn, [(cas.survivant, [cas.absorbe])])
    reuni = await cas.mene_a(alias)

    await cas.defaire()

    assert (reuni, await cas.mene_a(alias)) == (cas.survivant, cas.absorbe)


async def test_an_objection_that_came_by_the_merge_goes_with_it(cas: Cas) -> None:
    await cas.sortant.tell("usager.oppose", cas.absorbe, {"motif": "Demande."}, source=CD)
    await cas.fusionner()
    async with cas.sortant.process.pool.acquire() as conn:
        reunis = (await participations.standing(conn, [cas.survivant, cas.absorbe])).opposed

    await cas.defaire()

    async with cas.sortant.process.pool.acquire() as conn:
        assert (await participations.standing(conn, [cas.survivant, cas.absorbe])).opposed == {cas.absorbe}
    assert reunis == {cas.survivant, cas.absorbe}


async def test_a_prescription_given_since_under_the_name_of_the_absorbed_one_lets_its_structure_in(cas: Cas) -> None:
    await cas.fusionner()
    prescrite = PRESCRITE | {"prescription_id": f"cd-59/p@{cas.absorbe.hex}"}
    await cas.sortant.tell("prescription.emise", cas.survivant, prescrite, source=CD, brique="offres")
    await until(lambda: position_is(cas.sortant, cas.survivant, "offres", 1))

    await cas.defaire()

    assert Role.PRESCRIPTION.value in (await cas.roles(cas.absorbe))["asso-mobilite"]


async def test_who_received_the_merge_receives_the_correction_by_its_own_name_of_it(cas: Cas) -> None:
    fusion = await cas.fusionner()
    await cas.defaire()
    annulee = {"annule": str(cas.depot), "motif": "Erreur.", "causes": [str(fusion)], "rendus": [str(cas.absorbe)]}

    await cas.sortant.tell("usager.defusionne", cas.survivant, annulee, source=CD)
    await until(lambda: position_is(cas.sortant, cas.survivant, "usagers", 3))

    for code in ("ml-lille", "ft-hdf"):
        assert "usager.defusionne" in await cas.sortant.types_of(code, cas.survivant), code
    corps = await cas.sortant.body("SELECT * FROM evenements WHERE type = 'usager.defusionne'")
    assert corps["annule"] == {"depot": "cd-59:fusion-1", "evenement": str(fusion)}


async def test_nothing_of_a_merge_outlives_the_person(cas: Cas) -> None:
    await cas.fusionner()

    await cas.sortant.tell("usager.efface", cas.survivant, {"motif": "Demande."}, source=CD)
    await until(lambda: position_is(cas.sortant, cas.survivant, "usagers", 3))

    assert await cas.sortant.field("SELECT count(*) FROM fusions") == 0


async def test_a_merge_that_the_fan_out_tells_after_the_next_one_was_accepted_leads_no_name_back(cas: Cas) -> None:
    dernier = uuid4()
    await cas.sortant.signale(dernier)
    async with cas.sortant.process.pool.acquire() as conn:
        await participations.absorb(conn, [(cas.survivant, [cas.absorbe])])
        await participations.absorb(conn, [(dernier, [cas.survivant])])

    await cas.fusionner()

    assert await cas.mene_a(cas.absorbe) == dernier
