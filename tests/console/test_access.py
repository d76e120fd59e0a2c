"""Who comes in, and what each role may: every route of the running application, for every role and for nobody."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from console.access import passwords
from console.access.guard import Guarded, Public, closed
from console.access.rights import TABLE, Acte, Role, may
from console.access.sessions import IDLE, LONGEST
from console.access.signin import local_target
from console.access.throttle import Throttle
from console.administration.routes import ApiRoute
from console.app import Settings
from deploy.keys import new_symmetric_key
from relais_contrats.administration.actes import ACTES
from tests.console.serving import COOKIE, FORM, TOOLS, Served, enter, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
OPEN_TO_ALL = {
    "POST /v1/traces",
    "GET /sante/vivant",
    "GET /connexion",
    "POST /connexion",
    "GET /connexion/oidc",
    "GET /connexion/oidc/retour",
    "GET /administration/openapi.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/oauth-protected-resource",
    "GET /oauth/jwks",
    "POST /oauth/token",
}
FOREIGN: list[dict[str, str]] = [{}, {"jeton": ""}, {"jeton": "devine"}]
PASSWORD = "abcd-efgh-jkmn-pqrs-tuvw"


def routes(inside: Sequence[BaseRoute]) -> Iterator[Route]:
    """Every one that the application has; what is neither a route nor shipped files is a fault."""
    for one in inside:
        if isinstance(one, Mount) and not isinstance(one.app, StaticFiles):
            yield from routes(one.routes)
        elif not isinstance(one, Mount):
            assert isinstance(one, Route), one
            yield one


def asked(route: Route) -> Iterator[tuple[str, str]]:
    for method in sorted((route.methods or set()) - {"HEAD"}):
        yield method, re.sub(r"\{[^}]+\}", "x", route.path)


async def passes(console: Served, method: str, path: str, cookie: str | None) -> bool:
    """Whether the door lets it through, whatever it then finds."""
    headers = {"Cookie": f"{COOKIE.nom}={cookie}"} if cookie else {}
    data = {"jeton": FORM} if method == "POST" else None
    # Its head is enough: one of them goes on for a minute.
    async with console.client.stream(method, path, data=data, headers=headers) as answer:
        pass
    turned_away = answer.headers.get("location", "").startswith("/connexion?") or (
        cookie is None and answer.headers.get("location") == "/connexion"
    )
    return not turned_away and answer.status_code not in (401, 403)


async def test_every_route_asks_for_its_role_and_no_other_is_open(banc: Bench) -> None:
    async with served(banc, role=None) as console:
        found = list(routes(console.app.routes))
        public = [route for route in found if isinstance(route, Public)]
        opened = {f"{method} {route.path}" for route in public for method, _ in asked(route)}
        guarded = [route for route in found if isinstance(route, Guarded | ApiRoute)]
        held: dict[Role | None, str | None] = {role: await enter(console.pool, role) for role in Role} | {None: None}
        # Leaving closes a session: asked last.
        guarded.sort(key=lambda route: route.path == "/deconnexion")
        wrong = [
            (method, path, role)
            for route in guarded
            for method, path in asked(route)
            for role in (None, *Role)
            if await passes(console, method, path, held[role]) is not (role is not None and may(role, route.acte))
        ]

    assert opened == OPEN_TO_ALL
    assert len(guarded) + len(public) == len(found)
    assert {route.acte for route in guarded} == set(TABLE)
    assert wrong == []


def test_a_route_without_an_act_is_not_served() -> None:
    async def page(_: object) -> Response:
        return Response()

    with pytest.raises(TypeError, match="without an act"):
        closed([Route("/oubliee", page)])


def test_the_table_of_who_may_do_what() -> None:
    printed = [f"{acte} {' '.join(role for role in Role if may(role, acte))}" for acte in TABLE]

    print("\n".join(printed))  # noqa: T201
    assert printed == [
        "administration-lire lecture exploitation administration",
        "voir-accueil lecture exploitation administration",
        "voir-messages lecture exploitation administration",
        "exporter-messages exploitation administration",
        "voir-traces lecture exploitation administration",
        "voir-attention lecture exploitation administration",
        "voir-delais lecture exploitation administration",
        "voir-livraisons lecture exploitation administration",
        "voir-alertes lecture exploitation administration",
        "voir-partenaires lecture exploitation administration",
        "voir-droits lecture exploitation administration",
        "voir-registre lecture exploitation administration",
        "voir-audit exploitation administration",
        "chercher-personne administration",
        "voir-exercices lecture exploitation administration",
        "lire-masque lecture exploitation administration",
        "confirmer exploitation administration",
        "ouvrir-contenu exploitation administration",
        "sortir lecture exploitation administration",
        "voir-operateurs administration",
        "partenaire-suspendre exploitation administration",
        "partenaire-reprendre administration",
        "partenaire-creer administration",
        "partenaire-modifier administration",
        "partenaire-approuver administration",
        "partenaire-produire administration",
        "partenaire-essayer administration",
        "partenaire-cle administration",
        "partenaire-certificat administration",
        "partenaire-herite administration",
        "partenaire-sortir-herite administration",
        "partenaire-essai exploitation administration",
        "partenaire-quotas administration",
        "machine-declarer administration",
        "machine-retirer administration",
        "preuve-verifier exploitation administration",
        "personne-ouvrir administration",
        "exercice-demarrer exploitation administration",
        "exercice-arreter exploitation administration",
        "abonnement-suspendre exploitation administration",
        "abonnement-reprendre exploitation administration",
        "rejeu-demander exploitation administration",
        "rejeu-suspendre exploitation administration",
        "rejeu-poursuivre exploitation administration",
        "rebut-reprendre exploitation administration",
        "rebut-ecarter exploitation administration",
        "panne-prendre exploitation administration",
        "panne-rendre exploitation administration",
        "panne-regler exploitation administration",
        "alerte-acquitter exploitation administration",
        "alerte-essayer exploitation administration",
        "alerte-seuil administration",
        "alerte-destinataire-ajouter administration",
        "alerte-destinataire-retirer administration",
    ]
    assert set(TABLE) == {*Acte, *ACTES}


async def declared(console: Served, name: str = "dominique", role: str = "exploitation") -> None:
    await console.pool.execute(
        "INSERT INTO operateurs (nom, role, condensat) VALUES ($1, $2, $3)", name, role, passwords.digest(PASSWORD)
    )


async def typed(console: Served, password: str, name: str = "dominique", **fields: str) -> httpx.Response:
    """As a browser does: the page, then its form."""
    page = await console.page("/connexion")
    token = re.search(r'name="jeton" value="([^"]+)"', page)
    assert token
    given = {"jeton": token[1], "nom": name, "mot_de_passe": password} | fields
    return await console.client.post("/connexion", data=given)


async def test_a_password_opens_a_session_that_leaving_closes(banc: Bench) -> None:
    async with served(banc, role=None) as console:
        await declared(console)
        first = await console.client.get("/traces?type=x")
        entered = await typed(console, PASSWORD, suite="/traces?type=x")
        cookie = entered.headers["set-cookie"].lower()
        shown = await console.page("/traces")
        before = dict(console.client.cookies)
        token = re.search(r'action="/deconnexion">\s*<input type="hidden" name="jeton" value="([^"]+)"', shown)
        assert token
        left = await console.client.post("/deconnexion", data={"jeton": token[1]})
        console.client.cookies.update(before)
        again = await console.client.get("/traces")
        acts = [row["geste"] for row in await console.pool.fetch("SELECT geste FROM gestes ORDER BY numero")]

    assert (first.status_code, first.headers["location"]) == (303, "/connexion?suite=%2Ftraces%3Ftype%3Dx")
    assert (entered.status_code, entered.headers["location"]) == (303, "/traces?type=x")
    assert all(said in cookie for said in ("httponly", "samesite=lax", "max-age=36000"))
    assert "dominique" in shown
    assert (left.status_code, again.status_code) == (303, 303), "a cookie of before opens nothing after leaving"
    assert acts == ["entree", "sortie"]


async def test_a_wrong_password_is_told_like_a_wrong_name_and_written_down_without_it(banc: Bench) -> None:
    async with served(banc, role=None) as console:
        await declared(console)
        wrong, unknown = await typed(console, "x"), await typed(console, "x", name=PASSWORD)
        rows = await console.pool.fetch("SELECT geste, operateur FROM gestes ORDER BY numero")

    said = [re.search(r'role="alert">([^<]+)', one.text) for one in (wrong, unknown)]
    assert [one.status_code for one in (wrong, unknown)] == [401, 401]
    assert {one and one[1] for one in said} == {"Nom ou mot de passe inconnu."}
    assert [tuple(row) for row in rows] == [("entree-refusee", "dominique"), ("entree-refusee", "inconnu")]


async def test_the_sixth_try_of_a_name_waits_even_with_its_password(banc: Bench) -> None:
    async with served(banc, role=None) as console:
        await declared(console)
        tries = [(await typed(console, "x")).status_code for _ in range(5)]
        sixth = await typed(console, PASSWORD)

    assert tries == [401] * 5
    assert sixth.status_code == 429
    assert 0 < int(sixth.headers["retry-after"]) <= 900


def test_failures_are_forgotten_after_a_while_and_counted_by_address() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for number in range(20):
        throttle.failed(f"nom-{number}", "a")

    assert throttle.wait_s("autre", "a") == 900
    assert throttle.wait_s("autre", "b") == 0
    now[0] = 901
    assert throttle.wait_s("autre", "a") == 0


def test_who_comes_in_twenty_times_is_not_kept_out() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(25):
        throttle.failed("dominique", "a")
        throttle.succeeded("dominique", "a")

    assert throttle.wait_s("dominique", "a") == 0


async def test_a_form_of_another_site_does_nothing(banc: Bench) -> None:
    async with served(banc) as console:
        await declared(console)
        known = {"nom": "dominique", "mot_de_passe": PASSWORD}
        left = [await console.client.post("/deconnexion", data=given) for given in FOREIGN]
        entered = [await console.client.post("/connexion", data=given | known) for given in FOREIGN]
        other_site = await console.client.post(
            "/deconnexion", data={"jeton": FORM}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        still = await console.client.get("/traces")

    assert {answer.status_code for answer in (*left, *entered, other_site)} == {403}
    assert still.status_code == 200


async def test_sessions_end_by_age_by_idleness_and_when_they_are_forged(banc: Bench) -> None:
    now = datetime.now(UTC)
    async with served(banc, role=None, clock=lambda: now) as console:
        fresh = await enter(console.pool, Role.LECTURE, at=now - IDLE + timedelta(minutes=1))
        idle = await enter(console.pool, Role.LECTURE, at=now - IDLE - timedelta(minutes=1))
        old = await enter(console.pool, Role.LECTURE, at=now - LONGEST - timedelta(minutes=1))
        await console.pool.execute("UPDATE sessions SET vue_a = $1 WHERE ouverte_a < $2", now, now - LONGEST)
        head, _, signature = fresh.rpartition(".")
        status = {}
        for name, cookie in (("fresh", fresh), ("idle", idle), ("old", old), ("forged", f"{head}.{signature[::-1]}")):
            answer = await console.client.get("/traces", headers={"Cookie": f"{COOKIE.nom}={cookie}"})
            status[name] = answer.status_code

    assert status == {"fresh": 200, "idle": 303, "old": 303, "forged": 303}


async def test_a_role_that_is_changed_is_so_at_once_and_who_is_removed_is_out(banc: Bench) -> None:
    async with served(banc, role=None) as console:
        await declared(console, role="administration")
        await typed(console, PASSWORD)
        status = [(await console.client.get("/operateurs")).status_code]
        await console.pool.execute("UPDATE operateurs SET role = 'lecture'")
        status.append((await console.client.get("/operateurs")).status_code)
        await console.pool.execute("DELETE FROM operateurs")
        status.append((await console.client.get("/operateurs")).status_code)

    assert status == [200, 403, 303]


async def test_a_tool_is_known_by_a_bearer_of_a_minute(banc: Bench) -> None:
    now = int(datetime.now(UTC).timestamp())
    good = {"aud": "relais-console", "sub": "essai", "role": "exploitation", "iat": now, "exp": now + 60}
    changes: list[dict[str, object]] = [
        {},
        {"role": "tout"},
        {"aud": "autre"},
        {"exp": now - 1},
        {"exp": now + 600},
        {"sub": None},
    ]
    bearers = [jwt.encode({"alg": "HS256"}, good | change, OctKey.import_key(TOOLS)) for change in changes]
    bearers.append(jwt.encode({"alg": "HS256"}, good, OctKey.import_key(b"x" * 32)))
    async with served(banc, role=None) as console:
        answers = [
            await console.client.get("/api/traces/absente.json", headers={"Authorization": f"Bearer {bearer}"})
            for bearer in bearers
        ]

    assert [answer.status_code for answer in answers] == [404, *[401] * 6]


@pytest.mark.parametrize(
    "asked", ["https://pirate.example", "//pirate.example", "/\\pirate.example", "pirate", "/connexion", "/a\nb", ""]
)
def test_nobody_is_sent_elsewhere_after_signing_in(asked: str) -> None:
    assert local_target(asked) == "/"


def test_behind_tls_the_cookie_is_of_this_host_and_of_tls_only(tmp_path: Path) -> None:
    (tmp_path / "session.cle").write_text(new_symmetric_key())
    behind, here = (
        Settings.model_construct(port=8421, secrets=tmp_path, console_url=url).cookie
        for url in ("https://console.exemple.fr/", None)
    )

    assert (behind.nom, behind.est_sur) == ("__Host-relais_console_8421", True)
    assert (here.nom, here.est_sur) == ("relais_console_8421", False)
