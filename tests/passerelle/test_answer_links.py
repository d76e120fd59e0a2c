"""Links by which a structure without any system answers: who is given one, and when one leads nowhere any more."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from joserfc.jwk import ECKey
from joserfc.jws import serialize_compact
from uuid_utils.compat import uuid7

from chassis.settings import Settings
from deploy.keys import new_es256_key
from gateway import objets, participations, prescriptions
from gateway.inbound.links import answer_links
from gateway.inbound.links.answer_links import Contact, Lien, Signe, Signer
from gateway.objets import Objet
from gateway.participations import Participation
from gateway.prescriptions import Suivie
from relais_contrats.droits import Role
from tests.engines import Bench
from tests.passerelle.entrance import Entrance

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).replace(microsecond=0)
PARCOURS = UUID(int=2 << 64 | 1)
KEY = Objet("cd-59", "p-1", PARCOURS).interne
ASSO, NOBODY = "90000083700014", "90000099300015"
Ask = Callable[[str], Awaitable[None]]


def day(days: int) -> str:
    return (NOW + timedelta(days=days)).date().isoformat()


def asked(siret: str = NOBODY, **changes: Any) -> dict[str, Any]:
    """What `offres` says of a prescription that waits for an answer."""
    return {
        "prescription_id": KEY,
        "service_id": "dora--1",
        "structure_id": "dora--s1",
        "structure_nom": "Une association",
        "siret": siret,
        "service_nom": "Un service",
        "courriel": "accueil@exemple.test",
        "prescripteur": "/partenaires/cd-59",
        "departement": "59",
        "etat": "emise",
        "emise_le": day(-1),
        "expire_le": day(20),
        "expire_au_plus_tard": day(50),
        "attend_une_reponse": True,
        "motifs": [],
        "message": None,
        **changes,
    }


@pytest.fixture
async def offres(banc: Bench) -> dict[str, Any]:
    """Stands for the service: change it, and it answers otherwise."""
    told = asked()
    service = await banc.process("offres", "offres")

    async def answer(_: bytes) -> bytes:
        return orjson.dumps(told)

    await service.bus.respond("lecture.offres.prescription", "offres", answer)
    return told


def lien(days: int = 20) -> Lien:
    return Lien(uuid7(), PARCOURS, KEY, NOW + timedelta(days=days))


async def address(entree: Entrance, signed: Lien, kept: Lien | None = None) -> str:
    """The address of a link; `kept` is its row, when that says something else than the link itself."""
    one = kept or signed
    async with entree.process.pool.acquire() as conn:
        await answer_links.insert(conn, one, "cd-59", NOW - timedelta(days=40), Contact("S", None, "V"))
    pem = Settings.model_construct(secrets=entree.banc.engines.data.secrets / "passerelle").pem("recu")
    return f"/reponses/{Signer(pem).sign(signed)}"


async def status(entree: Entrance, path: str) -> int:
    return (await entree.bare("GET", path)).status_code


def test_a_link_says_when_it_ends_and_is_read_by_its_hub_alone() -> None:
    pem = new_es256_key().encode()
    signer, one = Signer(pem), lien()
    token = signer.sign(one)

    assert signer.read(token, one.expire_a - timedelta(seconds=1)) == Signe(one.id, est_expire=False)
    assert signer.read(token, one.expire_a) == Signe(one.id, est_expire=True)
    assert Signer(new_es256_key().encode()).read(token, NOW) is None
    assert signer.read(token[:-4] + "AAAA", NOW) is None


@pytest.mark.parametrize("typ", ["JWT", "relais-recu+jws", None])
def test_what_the_same_key_signed_for_something_else_is_no_link(typ: str | None) -> None:
    pem, one = new_es256_key().encode(), lien()
    header: Mapping[str, Any] = {"alg": "ES256"} | ({"typ": typ} if typ else {})
    claims = orjson.dumps({"jti": str(one.id), "exp": int(one.expire_a.timestamp())})

    token = serialize_compact(dict(header), claims, ECKey.import_key(pem), algorithms=["ES256"])

    assert Signer(pem).read(token, NOW) is None


async def test_a_link_asks_until_it_ends(entree: Entrance, offres: dict[str, Any]) -> None:
    alive, over = lien(), lien(days=-1)

    assert await status(entree, await address(entree, alive)) == 200
    assert await status(entree, await address(entree, over)) == 410


async def test_a_row_that_ended_leads_nowhere_whatever_the_link_says(entree: Entrance, offres: dict[str, Any]) -> None:
    signed = lien()
    kept = Lien(signed.id, PARCOURS, KEY, NOW - timedelta(hours=1))

    assert await status(entree, await address(entree, signed, kept)) == 404


async def test_a_link_about_an_erased_person_leads_nowhere(entree: Entrance, offres: dict[str, Any]) -> None:
    path = await address(entree, lien())
    before = await status(entree, path)

    await entree.process.pool.execute("INSERT INTO effaces (parcours, a) VALUES ($1, now())", PARCOURS)

    assert (before, await status(entree, path)) == (200, 404)


async def test_a_link_ends_when_its_structure_has_a_system(entree: Entrance, offres: dict[str, Any]) -> None:
    """A form that was open in the meantime is not taken either."""
    path = await address(entree, lien())
    before = await status(entree, path)

    offres["siret"] = ASSO
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = await entree.bare("POST", path, content=b"reponse=acceptee", headers=form)

    assert (before, await status(entree, path), sent.status_code) == (200, 410, 410)
    assert await entree.fetch("SELECT id FROM depots") == []


async def test_a_link_that_is_opened_too_often_waits_and_stays_good(entree: Entrance, offres: dict[str, Any]) -> None:
    path = await address(entree, lien())

    answers = [await entree.bare("GET", path) for _ in range(22)]

    codes = [answer.status_code for answer in answers]
    assert codes[:20] == [200] * 20
    assert codes[-1] == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_links_that_do_not_exist_are_not_tried_without_end(entree: Entrance) -> None:
    codes = [await status(entree, f"/reponses/{rank}") for rank in range(22)]

    assert (codes[0], codes[-1]) == (404, 429)


async def emitted(entree: Entrance, *partenaires: str) -> None:
    """cd-59 and the mission locale take part; the département prescribed, to the structure of these partners."""
    async with entree.process.pool.acquire() as conn:
        held = [("cd-59", Role.TERRITOIRE), ("ml-lille", Role.ACCOMPAGNANT)]
        await participations.enter(conn, [Participation(PARCOURS, code, role) for code, role in held], NOW)
        await participations.place(conn, [participations.Lieu(PARCOURS, "59", 1)])
        await objets.noter(conn, [("prescription", KEY)])
        await prescriptions.noter(conn, [Suivie(PARCOURS, KEY, "cd-59", frozenset(partenaires))])


async def wanted(entree: Entrance, code: str, key: str = "p-1") -> tuple[int, Any]:
    partner = await entree.partner(code)
    body = orjson.dumps({"parcours": entree.pseudonyms.of(code, PARCOURS)})
    answer = await partner._send(
        "POST", f"/v1/prescriptions/{key}/lien", content=body, headers={"Content-Type": "application/json"}
    )
    told = answer.json()
    return answer.status_code, told.get("code", told.get("etat"))


async def test_who_emitted_the_prescription_asks_for_its_link_and_nobody_else(
    entree: Entrance, offres: dict[str, Any]
) -> None:
    await emitted(entree)
    of_another = entree.pseudonyms.object_of("ml-lille", Objet("cd-59", "p-1", PARCOURS).id)

    answers = [await wanted(entree, "cd-59"), await wanted(entree, "ml-lille", of_another)]

    assert answers == [(202, "a-remettre"), (403, "non-autorise")]


async def test_no_link_is_made_for_a_structure_that_has_a_system(entree: Entrance, offres: dict[str, Any]) -> None:
    """By its SIRET in the offer, or because a partner received the prescription."""
    await emitted(entree)
    offres["siret"] = ASSO

    assert await wanted(entree, "cd-59") == (409, "etat-interdit")


async def test_no_link_is_made_for_a_prescription_that_a_partner_received(
    entree: Entrance, offres: dict[str, Any]
) -> None:
    await emitted(entree, "asso-mobilite")

    assert await wanted(entree, "cd-59") == (409, "etat-interdit")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"attend_une_reponse": False}, "deja-traite"), ({"expire_le": day(-1)}, "delai-depasse")],
)
async def test_no_link_is_made_when_no_answer_is_awaited(
    entree: Entrance, offres: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    await emitted(entree)
    offres |= changes

    assert (await wanted(entree, "cd-59"))[1] == code
    assert await entree.fetch("SELECT id FROM liens_de_reponse") == []
