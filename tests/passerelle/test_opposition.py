"""What an objection closes (docs/decisions/0019): who still takes part, what these still see, from when on."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from gateway import participations
from gateway.participations import Lieu, Participation
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Demandeur, Role, groupes_visibles, recoit, roles_ouverts, visible
from relais_contrats.groupes import Groupe
from relais_contrats.partenaires import Convention, Partenaire
from tests.passerelle.outgoing import DECISION, Sortant, until

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_OPPOSE = frozenset({Role.OPPOSITION})
_SANTE = frozenset({"sante:lire"})


def demandeur(type_organisme: str) -> Demandeur:
    agreed = tuple(Convention(finalite, None) for finalite in ("orientation", "accompagnement"))
    partenaire = Partenaire("essai-59", type_organisme, "Essai", frozenset({"59"}), (), agreed, _SANTE, est_actif=True)
    return Demandeur(partenaire, _SANTE, date(2026, 3, 2))


@pytest.mark.parametrize("type_organisme", ["departement", "france-travail", "caf", "msa"])
@pytest.mark.parametrize("role", [Role.TERRITOIRE, Role.EMETTEUR])
def test_a_mission_that_the_law_gives_goes_on(type_organisme: str, role: Role) -> None:
    assert role in roles_ouverts(type_organisme, frozenset({role}) | _OPPOSE)


@pytest.mark.parametrize("type_organisme", ["mission-locale", "cap-emploi", "delegataire", "association", "siae"])
@pytest.mark.parametrize("role", [Role.ORIENTATION, Role.REFERENT])
def test_whom_the_person_was_entrusted_to_goes_on(type_organisme: str, role: Role) -> None:
    assert role in roles_ouverts(type_organisme, frozenset({role, Role.ACCOMPAGNANT}) | _OPPOSE)


@pytest.mark.parametrize("type_organisme", ["mission-locale", "cap-emploi", "delegataire", "association", "siae"])
@pytest.mark.parametrize("role", [Role.EMETTEUR, Role.ACCOMPAGNANT, Role.PRESCRIPTION, Role.ABONNE])
def test_everybody_else_is_left_out(type_organisme: str, role: Role) -> None:
    assert roles_ouverts(type_organisme, frozenset({role}) | _OPPOSE) == frozenset()
    assert roles_ouverts(type_organisme, frozenset({role})) == {role}


def test_what_ends_the_sharing_is_told_to_all_who_shared() -> None:
    asso, roles = demandeur("association"), frozenset({Role.PRESCRIPTION}) | _OPPOSE

    told = {nom for nom in CATALOGUE if recoit(CATALOGUE[nom], "association", roles, est_la_cause=True)}

    assert told == {"usager.oppose", "usager.efface"}
    assert visible(asso, roles, "usager.oppose", {"motif": "Demande de la personne."})
    assert visible(asso, roles, "orientation.decidee", DECISION) is None


def test_health_stays_with_the_departement() -> None:
    roles, message = frozenset({Role.TERRITOIRE, Role.SUR_PLACE}) | _OPPOSE, CATALOGUE["diagnostic.realise"]

    assert Groupe.SANTE in groupes_visibles(demandeur("departement"), roles, message)
    assert Groupe.SANTE not in groupes_visibles(demandeur("france-travail"), roles, message)
    assert Groupe.IDENTITE in groupes_visibles(demandeur("france-travail"), roles, message)


async def _takes_part(sortant: Sortant, parcours: UUID, **roles: Role) -> None:
    entered = [Participation(parcours, code.replace("_", "-"), role) for code, role in roles.items()]
    async with sortant.process.pool.acquire() as conn:
        await participations.enter(conn, entered, NOW)
        await participations.place(conn, [Lieu(parcours, "59", 1)])


async def _open_to(sortant: Sortant, parcours: UUID, *codes: str) -> set[str]:
    async with sortant.process.pool.acquire() as conn:
        return {code for _, code in await participations.of_pairs(conn, [(parcours, code) for code in codes])}


@pytest.mark.anyio
async def test_an_objection_closes_the_reads_of_those_without_a_mission(sortant: Sortant) -> None:
    parcours = uuid4()
    await _takes_part(sortant, parcours, cd_59=Role.TERRITOIRE, ml_lille=Role.EMETTEUR, asso_mobilite=Role.PRESCRIPTION)
    before = await _open_to(sortant, parcours, "cd-59", "ml-lille", "asso-mobilite")

    async with sortant.process.pool.acquire() as conn:
        await participations.oppose(conn, [parcours], NOW)

    assert before == {"cd-59", "ml-lille", "asso-mobilite"}
    assert await _open_to(sortant, parcours, "cd-59", "ml-lille", "asso-mobilite") == {"cd-59"}


@pytest.mark.anyio
async def test_an_objection_goes_with_the_person_into_a_merge(sortant: Sortant) -> None:
    conserve, absorbe = uuid4(), uuid4()
    await _takes_part(sortant, conserve, cd_59=Role.TERRITOIRE, ml_lille=Role.EMETTEUR)

    async with sortant.process.pool.acquire() as conn:
        await participations.oppose(conn, [absorbe], NOW)
        await participations.absorb(conn, [(conserve, [absorbe])])

    assert await _open_to(sortant, conserve, "cd-59", "ml-lille") == {"cd-59"}


@pytest.mark.anyio
async def test_what_waits_to_be_fetched_is_seen_with_the_narrower_roles(sortant: Sortant) -> None:
    parcours, other = uuid4(), uuid4()
    sortant.distribute()
    for told in (parcours, other):
        await sortant.signale(told, "/partenaires/ml-lille")
        await sortant.tell("orientation.decidee", told, DECISION, source="/partenaires/cd-59")
    await until(lambda: _has(sortant, 2))

    async with sortant.process.pool.acquire() as conn:
        await participations.oppose(conn, [parcours], NOW)

    rows = [row for row in await sortant.deliveries("ml-lille") if row["type"] == "orientation.decidee"]
    assert {row["parcours"]: "opposition" in row["roles"] for row in rows} == {parcours: True, other: False}


@pytest.mark.anyio
async def test_after_an_objection_events_go_to_missions_only_and_the_objection_to_all(sortant: Sortant) -> None:
    parcours, motif = uuid4(), {"motif": "Demande de la personne."}
    sortant.distribute()
    await sortant.signale(parcours, "/partenaires/ml-lille")
    await _takes_part(sortant, parcours, ml_lille=Role.SIGNALANT, asso_mobilite=Role.PRESCRIPTION)

    await sortant.tell("usager.oppose", parcours, motif, source="/partenaires/cd-59")
    await sortant.tell("parcours.clos", parcours, {"date_fin": "2026-03-01", **motif}, source="/partenaires/cd-59")
    await until(lambda: _position(sortant, parcours, 3))

    told = {code: await sortant.types_of(code, parcours) for code in ("ft-hdf", "ml-lille", "asso-mobilite")}
    assert told["ft-hdf"][-2:] == ["usager.oppose", "parcours.clos"]
    assert told["ml-lille"] == told["asso-mobilite"] == ["usager.oppose"]


@pytest.mark.anyio
async def test_who_enters_after_an_objection_without_a_mission_is_told_nothing(sortant: Sortant) -> None:
    parcours, absorbe = uuid4(), uuid4()
    sortant.distribute()
    await sortant.signale(parcours, "/partenaires/cd-59")
    await sortant.signale(absorbe, "/partenaires/ml-lille")
    await sortant.tell("usager.oppose", parcours, {"motif": "Demande."}, source="/partenaires/cd-59")

    fusion = {"conserve": str(parcours), "absorbes": [str(absorbe)]}
    await sortant.tell("usager.fusionne", parcours, fusion, source="/partenaires/cd-59")
    await until(lambda: _position(sortant, parcours, 3))

    assert await sortant.types_of("ml-lille", parcours) == []


@pytest.mark.anyio
async def test_what_is_told_late_of_an_erased_person_reaches_nobody(sortant: Sortant) -> None:
    parcours = uuid4()
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("usager.efface", parcours, {"motif": "Demande."}, source="/partenaires/cd-59")

    await sortant.tell("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59")
    await until(lambda: _position(sortant, parcours, 1, "orientation"))

    assert await sortant.types_of("ml-lille", parcours) == []
    assert await sortant.field("SELECT count(*) FROM evenements WHERE parcours = $1", parcours) == 1


async def _position(sortant: Sortant, parcours: UUID, sequence: int, brique: str = "usagers") -> bool:
    query = "SELECT sequence FROM positions WHERE brique = $1 AND agregat = $2"
    return bool(await sortant.field(query, brique, parcours) == sequence)


async def _has(sortant: Sortant, count: int) -> bool:
    decided = [row for row in await sortant.deliveries("ml-lille") if row["type"] == "orientation.decidee"]
    return len(decided) == count
