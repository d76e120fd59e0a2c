"""What operators read: the list and its filters, a trace, a message; in French, escaped, under known names only."""

import re
from datetime import UTC, datetime

import pytest

from console.risks import Risque
from console.spans import SERVEUR, Lien
from tests.console.made import DEPOT, TRACE, accepted, refused, span
from tests.console.serving import Served, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
OTHER, THIRD = "b" * 32, "c" * 32
HOSTILE = "<script>alert(1)</script>"


def traces(page: str) -> list[str]:
    return re.findall(r'href="/traces/([0-9a-f]{32})"', page)


async def test_an_empty_console_says_what_to_do(console: Served) -> None:
    page = await console.page("/traces")

    assert "Aucun message pour l'instant." in page
    assert "./relais demo" in page


async def test_the_list_tells_type_partners_duration_and_state(console: Served) -> None:
    await console.keep(*accepted())

    page = await console.page("/traces")

    assert traces(page) == [TRACE]
    assert all(text in page for text in ("usager.signale", "caf-59", "cd-59", "5,11\u202fs"))
    assert "livré en partie ou après échec" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [OTHER, TRACE]),
        ("type=usager.signale", [TRACE]),
        ("partenaire=cd-59", [TRACE]),
        ("partenaire=caf-59&type=droits.modifies", [OTHER]),
        ("partenaire=inconnu", []),
        ("anomalies=1", [OTHER, TRACE]),
        ("tout=1", [OTHER, TRACE, THIRD]),
    ],
)
async def test_filters(console: Served, query: str, found: list[str]) -> None:
    read = span(21, "GET /v1/evenements", trace=THIRD, at_ms=-500, genre=SERVEUR, reponse=200)
    await console.keep(*accepted(at_ms=-100), *refused("m-2", "hors-territoire", trace=OTHER), read)

    page = await console.page(f"/traces?{query}")

    assert traces(page) == found


async def test_pages_follow_one_another_without_gap_or_repetition(console: Served) -> None:
    ids = [f"{number:032x}" for number in range(1, 121)]
    await console.keep(*(span(1, "deposer droits.modifies", n // 3, trace=id_) for n, id_ in enumerate(ids)))

    seen, path = [], "/traces"
    while path:
        page = await console.page(path)
        seen += traces(page)
        following = re.search(r'href="(/traces\?[^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""

    assert seen == ids[::-1]


@pytest.mark.parametrize("searched", ["m-1", TRACE, DEPOT, "e-1"])
async def test_what_the_gateway_does_not_know_is_looked_for_among_traces(console: Served, searched: str) -> None:
    await console.keep(*accepted())

    response = await console.client.get("/traces", params={"q": searched})

    assert (response.status_code, response.headers["location"]) == (303, f"/traces/{TRACE}")


async def test_a_trace_shows_the_message_its_deliveries_and_every_step(console: Served) -> None:
    await console.keep(*accepted())

    page = await console.page(f"/traces/{TRACE}")

    assert 'href="/messages/caf-59/m-1"' in page
    assert page.count("<summary>") == 5
    assert "HTTP 503" in page
    assert "HTTP 204" in page


async def test_what_continues_in_another_trace_is_linked(console: Served) -> None:
    later = span(7, "livrer usager.corrige", 900, trace=OTHER, service="sortant", liens=(Lien(TRACE, f"{3:016x}"),))
    await console.keep(*accepted(), later)

    assert OTHER in traces(await console.page(f"/traces/{TRACE}"))
    assert TRACE in traces(await console.page(f"/traces/{OTHER}"))


async def test_foreign_text_is_never_markup(console: Served) -> None:
    sent = {"relais_partenaire": HOSTILE, "relais_message": HOSTILE, "relais_etat": "refuse", "relais_code": HOSTILE}
    await console.keep(span(1, f"deposer {HOSTILE}", service=HOSTILE, **sent))  # type: ignore[arg-type]

    pages = [await console.page(path) for path in ("/traces", f"/traces/{TRACE}", f"/traces?partenaire={HOSTILE}")]

    assert all("<script" not in page for page in pages)
    assert "&lt;script&gt;" in pages[1]


async def test_every_page_forbids_scripts_and_frames(console: Served) -> None:
    answers = [await console.client.get(path) for path in ("/traces", "/traces/absente", "/static/console.css")]

    assert [answer.status_code for answer in answers] == [200, 404, 200]
    assert all("default-src 'none'" in answer.headers["content-security-policy"] for answer in answers)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/traces/zz", 404),
        ("/traces/%00", 400),
        ("/messages/caf-59/absent", 404),
        ("/messages/caf-59/%00", 400),
        ("/traces?q=%00", 400),
        ("/traces?avant=hier_00", 400),
        ("/traces?avant=0001-01-01T00:00:00%2B00:00_00", 400),
        ("/traces?type=" + "x" * 200, 400),
        ("/api/traces/absente.json", 404),
        ("/api/messages/%00.json", 400),
        ("/nulle-part", 404),
    ],
)
async def test_what_cannot_be_answered_is_said_in_french(console: Served, path: str, status: int) -> None:
    response = await console.client.get(path)

    assert response.status_code == status
    assert "Introuvable" in response.text or "Demande illisible" in response.text


async def test_another_name_for_this_address_reads_nothing(console: Served) -> None:
    await console.keep(*accepted())

    response = await console.client.get("/traces", headers={"Host": "pirate.example"})

    assert response.status_code == 400
    assert TRACE not in response.text


async def test_what_deserves_a_look_is_told_with_what_to_do(banc: Bench) -> None:
    expire = datetime(2026, 12, 24, 11, tzinfo=UTC)

    async def ask() -> list[Risque] | None:
        return [
            Risque("profil-herite", "caf-62", None, expire, 1),
            Risque("livraisons-arretees", "cd-59", "ab", None, 3),
            Risque("rebut", "orientation", None, None, 2),
            Risque("certificat-bientot-expire-emetteur", "ft-hauts-de-france", None, expire, 1),
        ]

    async with served(banc, ask) as console:
        page = await console.page("/attention")

    assert all(
        text in page
        for text in (
            "Profil hérité",
            "caf-62",
            "2026-12-24",
            "en échec (3)",
            "partenaire cle",
            "rebut lister",
            "moins de trente jours",
        )
    )


@pytest.mark.parametrize(("told", "said"), [([], "Rien à signaler."), (None, "La passerelle ne répond pas.")])
async def test_nothing_to_tell_and_nobody_to_ask_are_told_apart(
    banc: Bench, told: list[Risque] | None, said: str
) -> None:
    async def ask() -> list[Risque] | None:
        return told

    async with served(banc, ask) as console:
        assert said in await console.page("/attention")
