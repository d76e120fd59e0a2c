"""What an auditor asks of the door: the access journal, filtered, page by page, never a person in the clear."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from gateway import accesses, participations
from gateway.accesses import Access, AccessChain
from gateway.inbound.audit import acts, journal, persons, proof, usages
from gateway.inbound.audit.proof import Verifications
from gateway.participations import Participation
from relais_contrats.droits import Role
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.passerelle.outgoing import in_a_day

pytestmark = pytest.mark.anyio


def access(partenaire: str, agent: str | None = None, *parcours: UUID, resultat: int = 200, **more: Any) -> Access:
    return Access(partenaire, agent, parcours, "orientation", "GET /v1/parcours", resultat, None, None, **more)


async def write(entree: Entrance, *several: Access) -> None:
    chain = AccessChain((entree.banc.engines.data.secrets / "passerelle" / "recu.pem").read_bytes())
    async with entree.process.pool.acquire() as conn, conn.transaction():
        for one in several:
            await accesses.insert(conn, chain.chained([one], datetime.now(UTC)))


async def asked(banc: Bench, subject: str = journal.SUBJECT, **demande: Any) -> Any:
    return orjson.loads(await banc.bus.request(subject, orjson.dumps(demande), timeout_s=5))


async def test_accesses_are_told_by_who_whom_and_kind(entree: Entrance, banc: Bench) -> None:
    seen, other = uuid4(), uuid4()
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(seen, "cd-59", Role.TERRITOIRE)], in_a_day())
    await write(
        entree,
        access("cd-59", "Durand Anne a-12", seen),
        access("caf-59", None, other, seen),
        access("_console", "local/camille", seen),
        access("", None, resultat=401, code="401", provenance="192.0.2.1"),
    )
    of_the_person = entree.pseudonyms.of("cd-59", seen)

    told = {
        name: [(row["partenaire"], row["agent"]) for row in (await asked(banc, **demande))["lignes"]]
        for name, demande in {
            "tout": {},
            "personne": {"parcours": of_the_person},
            "agent": {"agent": "Durand Anne a-12"},
            "operateurs": {"genre": "operateurs"},
            "refus": {"genre": "refus"},
            "avant": {"jusqua": "2026-01-01T00:00:00Z"},
        }.items()
    }
    unknown = await asked(banc, parcours="prc_" + "a" * 26)
    [first] = (await asked(banc, partenaire="cd-59"))["lignes"]

    assert told["tout"] == [("", None), ("_console", "local/camille"), ("caf-59", None), ("cd-59", "Durand Anne a-12")]
    assert told["personne"] == told["tout"][1:]
    assert (told["agent"], told["operateurs"]) == (told["tout"][3:], told["tout"][1:2])
    assert (told["refus"], told["avant"]) == (told["tout"][:1], [])
    assert unknown == {"lignes": [], "suite": None, "inconnu": True}
    assert (first["parcours"], first["personnes"]) == ([of_the_person], 1)


async def test_pages_follow_one_another_without_a_row_twice(entree: Entrance, banc: Bench) -> None:
    chain = AccessChain((banc.engines.data.secrets / "passerelle" / "recu.pem").read_bytes())
    async with entree.process.pool.acquire() as conn, conn.transaction():
        await accesses.insert(conn, chain.chained([access("cd-59")] * 120, datetime.now(UTC)))

    ranks, suite = [], None
    for _ in range(3):
        page = await asked(banc, apres=suite)
        ranks += [row["rang"] for row in page["lignes"]]
        suite = page["suite"]

    assert ranks == list(range(120, 0, -1))
    assert suite is None


async def test_a_verification_is_asked_once_and_its_result_is_kept(entree: Entrance, banc: Bench) -> None:
    await write(entree, access("cd-59"), access("caf-59"))
    admin = await banc.admin()
    async with entree.process.pool.acquire() as conn:
        asked_twice = [await proof.ask(conn, uuid4(), datetime.now(UTC)) for _ in range(2)]
    verifications = Verifications(entree.process.pool, (banc.engines.data.secrets / "passerelle/recu.pem").read_bytes())

    while not (told := (await asked(banc, proof.SUBJECT)))[0]["finie_a"]:
        await verifications.do_next()
    await admin.execute("UPDATE passerelle.acces SET partenaire = 'msa-59' WHERE rang = 1")
    async with entree.process.pool.acquire() as conn:
        await proof.ask(conn, uuid4(), datetime.now(UTC))
    while not (after := (await asked(banc, proof.SUBJECT)))[0]["finie_a"]:
        await verifications.do_next()

    assert asked_twice == [True, False]
    assert [told[0]["est_intact"], told[0]["verdicts"]["acces"]["lus"]] == [True, 2]
    assert [after[0]["est_intact"], after[0]["verdicts"]["acces"]["nombre_ruptures"]] == [False, 1]
    assert "contenu" in after[0]["verdicts"]["acces"]["ruptures"][0]


async def opened_by(banc: Bench, agent: str, parcours: str) -> Any:
    asked_with = {"parcours": parcours, "motif": "demande-personne", "reference": "T-12"}
    body = orjson.dumps({"id": str(uuid4()), "par": agent, "corps": asked_with})
    return orjson.loads(await banc.bus.request("administration.passerelle.personne-ouvrir", body, timeout_s=5))


async def test_a_person_is_found_opened_to_one_operator_and_told_with_who_saw_her(
    entree: Entrance, banc: Bench
) -> None:
    seen = uuid4()
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(seen, "cd-59", Role.TERRITOIRE)], in_a_day())
    service = await banc.process("usagers", "usagers")

    async def found(_: bytes) -> bytes:
        return orjson.dumps([str(seen)])

    await service.bus.respond("lecture.usagers.retrouver", "usagers", found)
    await banc.reach("lecture.usagers.retrouver")
    await write(entree, access("cd-59", "Durand Anne a-12", seen))
    who = {"agent": "local/camille", "motif": "demande-personne", "reference": "T-12"}
    nir = {"identifiants": [{"type": "nir", "valeur": "1900159350123"}]}

    [parcours] = await asked(banc, persons.SEARCH, **who, **nir)
    [same] = await asked(banc, persons.SEARCH, **who, parcours=entree.pseudonyms.of("cd-59", seen))
    closed = await asked(banc, persons.FILE, parcours=parcours, agent="local/camille", contenu=True)
    done = await opened_by(banc, "local/camille", parcours)
    of_another = await asked(banc, persons.FILE, parcours=parcours, agent="local/autre", contenu=True)
    told = await asked(banc, persons.FILE, parcours=parcours, agent="local/camille", contenu=True)
    done_by = await asked(banc, acts.SUBJECT, par="local/camille")
    unknown = await opened_by(banc, "local/camille", "prc_" + "a" * 26)

    assert same == parcours != entree.pseudonyms.of("cd-59", seen)
    assert closed == of_another == {"jusqua": None, "contenu": None}
    assert (done["objet"], unknown["refus"]["code"]) == (parcours, "parcours-inconnu")
    assert [(one["acte"], one["objet"]) for one in done_by["actes"]] == [("personne-ouvrir", parcours)]
    assert [row["partenaire"] for row in told["contenu"]["participations"]] == ["cd-59"]
    assert [row["quoi"] for row in told["contenu"]["acces"]] == [
        "GET /v1/parcours",
        *["recherche d'une personne T-12"] * 2,
        "dossier d'une personne T-12",
    ]
    assert "1900159350123" not in str(await entree.fetch("SELECT * FROM acces")) + str(
        await entree.fetch("SELECT * FROM administration")
    )


@pytest.mark.parametrize(
    ("instant", "departements", "late"),
    [
        ("2026-03-02T06:30:00+00:00", ["59"], False),
        ("2026-03-02T05:30:00+00:00", ["59"], True),
        ("2026-03-02T05:30:00+00:00", ["59", "974"], False),
        ("2026-03-07T10:00:00+00:00", ["59"], True),
        ("2026-03-02T19:00:00+00:00", ["59"], True),
    ],
)
def test_hours_are_those_of_the_territory(instant: str, departements: list[str], late: bool) -> None:
    assert usages.is_out_of_hours(datetime.fromisoformat(instant), departements) is late


async def test_a_month_of_a_partner_beside_its_kind(entree: Entrance, banc: Bench) -> None:
    service = await banc.process("usagers", "usagers")

    async def nobody(_: bytes) -> bytes:
        return b'{"resultat":"aucun","ailleurs":false}'

    await service.bus.respond("lecture.usagers.resoudre", "usagers", nobody)
    await banc.reach("lecture.usagers.resoudre")
    partner = await entree.partner("cd-59")
    for type_, valeur in (("nir", "190015935012309"), ("numero-france-travail", "12345678901")):
        body = orjson.dumps({"identifiants": [{"type": type_, "valeur": valeur}]})
        headers = {"Content-Type": "application/json", "Relais-Agent": "Durand Anne a-12"}
        await partner._send("POST", "/v1/usagers/recherche", content=body, headers=headers)

    [line] = await asked(banc, usages.SUBJECT, mois=datetime.now(UTC).strftime("%Y-%m-01"))

    assert (line["partenaire"], line["recherches"], line["sans_nir"], line["agents"]) == ("cd-59", 2, 1, 1)
    assert (line["parts"]["sans_nir"], line["medianes"]["sans_nir"], line["du_genre"]) == (0.5, 0.5, 1)
    assert "Durand" not in str(line)
