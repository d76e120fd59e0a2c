"""An act, from the page or the API to the row it changes: one table, one desk, one line of the register."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from chassis.bus_nats import NatsBus
from chassis.database import Pool
from console.access.rights import Role
from console.administration.desk import administering
from console.hub import asking_hub
from gateway import partners
from gateway.inbound.administration import credentials, machines
from gateway.inbound.administration import partners as acts
from gateway.inbound.administration.office import Office
from relais_contrats.administration.actes import ACTES
from relais_contrats.client import Client, Partner, RequestRefused
from relais_contrats.oauth.keys import cle_a_inscrire
from tests.console.serving import COOKIE, FORM, TOOLS, Served, enter, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Administered:
    """A console, and a gateway of which it may ask what its NATS permissions let it."""

    console: Served
    gateway: Pool
    bus: NatsBus

    async def headers(self, role: Role, name: str = "essai") -> dict[str, str]:
        return {"Cookie": f"{COOKIE.nom}={await enter(self.console.pool, role, name)}"}

    async def submit(self, acte: str, role: Role = Role.ADMINISTRATION, **fields: str) -> httpx.Response:
        return await self.post(f"/actes/{acte}", role, retour="/droits", **fields)

    async def post(self, path: str, role: Role, name: str = "essai", **fields: str) -> httpx.Response:
        data = {"jeton": FORM} | fields
        return await self.console.client.post(path, data=data, headers=await self.headers(role, name))

    async def register(self) -> list[dict[str, Any]]:
        rows = await self.gateway.fetch("SELECT acte, par, objet, avant, apres FROM administration ORDER BY numero")
        return [dict(row) for row in rows]


def tool(role: Role) -> str:
    """The bearer of a command of this machine."""
    now = int(time.time())
    claims = {"aud": "relais-console", "sub": "essai", "role": role, "iat": now, "exp": now + 60}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(TOOLS))


@pytest.fixture
async def administered(banc: Bench, request: pytest.FixtureRequest) -> AsyncIterator[Administered]:
    entrant, own = await banc.process("entrant", "passerelle"), await banc.process("console", "console")
    await entrant.bus.respond(machines.SUBJECT, "entrant", machines.answering(entrant.pool))
    four_eyes = getattr(request, "param", False)
    gestes = acts.GESTES | credentials.GESTES | machines.GESTES
    await Office(entrant.pool, gestes, quatre_yeux=four_eyes).open(entrant.bus, "entrant")
    async with entrant.pool.acquire() as conn:
        await partners.creer(
            conn,
            code="ml-essai",
            type_organisme="mission-locale",
            nom="Mission locale d'essai",
            departements=["59"],
            structures=[],
            conventions=[],
            scopes=["evenements:lire"],
        )
    await banc.reach("administration.passerelle.partenaire-suspendre")
    ask, do = asking_hub(own.bus), administering(own.bus)
    async with served(banc, hub=ask, administer=do, role=None, quatre_yeux=four_eyes) as console:
        yield Administered(console, entrant.pool, own.bus)


async def test_the_api_does_the_same_and_its_document_is_of_what_runs(administered: Administered) -> None:
    client = administered.console.client
    client.headers["Authorization"] = f"Bearer {tool(Role.ADMINISTRATION)}"
    address = "/administration/v1/actes/partenaire-suspendre"

    done = await client.post(address, json={"partenaire": "ml-essai"})
    refused = [
        (await client.post(address, content=content)).status_code
        for content in (b"{", b"[]", b'{"partenaire": "ml-essai", "autre": 1}', b'{"partenaire": "personne"}')
    ]
    document = (await client.get("/administration/openapi.json")).json()

    assert done.json() | {"numero": 0} == {
        "numero": 0,
        "objet": "ml-essai",
        "avant": {"etat": "actif"},
        "apres": {"etat": "suspendu"},
        "resultat": {},
    }
    assert refused == [400, 422, 422, 409]
    assert document["paths"].keys() >= {acte.chemin for acte in ACTES.values()}
    told = document["paths"][address]["post"]
    assert told["security"] == [{"oauth": ["administration:exploiter"]}]
    assert (await administered.register())[0]["par"] == "outil/essai"


async def test_a_machine_acts_with_a_token_of_its_scope_until_it_is_withdrawn(administered: Administered) -> None:
    key, url = ECKey.generate_key("P-256"), administered.console.url
    pem = key.as_pem(private=False).decode()
    suspend = ("POST", "/administration/v1/actes/partenaire-suspendre", {"partenaire": "ml-essai"})
    await administered.submit("machine-declarer", nom="robot", cle=pem, portee="administration:exploiter")
    kid = cle_a_inscrire(pem)["kid"]
    robot = Client(url, f"{url}/oauth/token", url, "op:robot", kid, "ES256", ["administration:exploiter"])

    async with Partner(robot, key, patience_s=1) as machine:
        done = await machine.call(*suspend)
        with pytest.raises(RequestRefused) as not_allowed:
            await machine.call("POST", "/administration/v1/actes/machine-retirer", {"nom": "robot"})
        page = await machine._once("GET", "/operateurs", {"headers": {}})
        proof = await machine.headers("POST", suspend[1])
        twice = [
            (await administered.console.client.post(suspend[1], json={}, headers=proof)).status_code for _ in range(2)
        ]
        await administered.submit("machine-retirer", nom="robot")
        with pytest.raises(RequestRefused) as withdrawn:
            await machine.call(*suspend)

    assert done["apres"] == {"etat": "suspendu"}
    assert (not_allowed.value.status, withdrawn.value.status) == (403, 401)
    assert page.headers["location"].startswith("/connexion")
    assert twice == [422, 401], "a proof is good once"
    assert [row["par"] for row in await administered.register()] == ["oidc/essai", "oauth/robot", "oidc/essai"]


async def test_a_page_does_an_act_and_the_register_tells_who_when_what(administered: Administered) -> None:
    done = await administered.submit("partenaire-suspendre", Role.EXPLOITATION, partenaire="ml-essai")
    again = await administered.submit("partenaire-suspendre", partenaire="ml-essai")
    unknown = await administered.submit("partenaire-suspendre", partenaire="personne")
    unreadable = await administered.submit("partenaire-suspendre", partenaire="Pas Un Code")
    not_allowed = await administered.submit("partenaire-reprendre", Role.EXPLOITATION, partenaire="ml-essai")
    etat = await administered.gateway.fetchval("SELECT etat FROM partenaires WHERE code = 'ml-essai'")

    assert (done.status_code, done.headers["location"]) == (303, "/droits")
    assert [one.status_code for one in (again, unknown, unreadable, not_allowed)] == [303, 409, 422, 403]
    assert "Partenaire inconnu : personne." in unknown.text
    assert etat == "suspendu"
    assert (await administered.register())[0] == {
        "acte": "partenaire-suspendre",
        "par": "oidc/essai",
        "objet": "ml-essai",
        "avant": {"etat": "actif"},
        "apres": {"etat": "suspendu"},
    }


async def waiting(administered: Administered) -> tuple[str, str]:
    """Id and state of what was asked for last."""
    row = await administered.console.pool.fetchrow("SELECT id, etat FROM actes_a_confirmer ORDER BY a DESC LIMIT 1")
    assert row is not None
    return str(row["id"]), row["etat"]


@pytest.mark.parametrize("administered", [True], indirect=True)
async def test_a_sensitive_act_waits_for_another_person_whoever_pretends_to_be_one(administered: Administered) -> None:
    """The first of these may not: the same person in another session, or after a change of its name at the provider;
    one whose role is too low; a command of this machine; and the bus itself, without a second name."""
    asker, second = "Dominique (sub-1)", "Camille (sub-2)"
    await administered.post("/actes/partenaire-suspendre", Role.EXPLOITATION, partenaire="ml-essai")
    asked = await administered.post("/actes/partenaire-reprendre", Role.ADMINISTRATION, asker, partenaire="ml-essai")
    id_, _ = await waiting(administered)
    path = f"/a-confirmer/{id_}/confirmer"
    shown = await administered.console.client.get(
        "/a-confirmer", headers=await administered.headers(Role.ADMINISTRATION)
    )

    refused = [
        await administered.post(path, Role.ADMINISTRATION, asker),
        await administered.post(path, Role.ADMINISTRATION, "Autre nom (sub-1)"),
        await administered.post(path, Role.EXPLOITATION, second),
        await administered.post("/a-confirmer/pas-un-id/confirmer", Role.ADMINISTRATION, second),
        await administered.console.client.post(
            f"/administration/v1{path}", json={}, headers={"Authorization": f"Bearer {tool(Role.ADMINISTRATION)}"}
        ),
    ]
    alone = await administering(administered.bus)(
        "partenaire-reprendre",
        {"id": str(uuid4()), "par": "oidc/x", "confirme_par": "oidc/x", "corps": {"partenaire": "ml-essai"}},
    )
    still = await administered.gateway.fetchval("SELECT etat FROM partenaires WHERE code = 'ml-essai'")
    both = await asyncio.gather(*(administered.post(path, Role.ADMINISTRATION, second) for _ in range(2)))
    register = await administered.gateway.fetch(
        "SELECT par, confirme_par FROM administration WHERE acte = 'partenaire-reprendre'"
    )

    assert asked.headers["location"] == "/a-confirmer"
    assert "Lever la coupure" in shown.text
    assert [one.status_code for one in refused] == [403, 403, 403, 404, 403]
    assert (alone["refus"]["code"], still) == ("second-operateur", "suspendu")
    assert 303 in {one.status_code for one in both}
    assert [tuple(row) for row in register] == [(f"oidc/{asker}", f"oidc/{second}")], "done once"
    assert (await waiting(administered))[1] == "fait"


@pytest.mark.parametrize("administered", [True], indirect=True)
async def test_what_nobody_confirmed_within_a_day_or_was_put_aside_is_not_done(administered: Administered) -> None:
    statuses = []
    for end in ("put aside", "too old"):
        await administered.post("/actes/partenaire-reprendre", Role.ADMINISTRATION, partenaire="ml-essai")
        id_, _ = await waiting(administered)
        if end == "put aside":
            await administered.post(f"/a-confirmer/{id_}/ecarter", Role.ADMINISTRATION)
        else:
            await administered.console.pool.execute("UPDATE actes_a_confirmer SET expire_le = now()")
        answer = await administered.post(f"/a-confirmer/{id_}/confirmer", Role.ADMINISTRATION, "autre")
        statuses.append(answer.status_code)
    shown = await administered.console.client.get("/a-confirmer", headers=await administered.headers(Role.EXPLOITATION))

    assert statuses == [404, 404]
    assert all(said in shown.text for said in ("écarté", "expiré après 24 heures"))
    assert await administered.register() == []


async def test_a_partner_goes_from_its_request_to_production_and_in_the_sandbox_nothing_is_open(
    administered: Administered,
) -> None:
    """A request has no token, the sandbox no open convention; production asks for a proof and a purpose."""
    key = ECKey.generate_key("P-256").as_pem(private=False).decode()
    form = {"partenaire": "cd-62", "type_organisme": "departement", "nom": "Essai", "departements": "62"}
    convention = {"conventions.finalite": "orientation", "conventions.date_fin": "2099-12-31"}

    async def act(acte: str, **fields: str) -> int:
        return (await administered.submit(acte, Role.ADMINISTRATION, **{"partenaire": "cd-62"} | fields)).status_code

    async def now() -> tuple[bool, int]:
        async with administered.gateway.acquire() as conn:
            known, clients = await partners.lire(conn)
        return clients["si:cd-62"].actif, len(known["cd-62"].conventions)

    steps = [await act("partenaire-creer", **form, scopes="evenements:lire", etape="demande")]
    asked = await now()
    steps += [await act("partenaire-produire"), await act("partenaire-approuver"), await act("partenaire-produire")]
    steps += [await act("partenaire-cle", cle=key), await act("partenaire-produire")]
    steps += [await act("partenaire-modifier", **convention)]
    sandbox = await now()
    steps += [await act("partenaire-produire")]
    produced = await now()
    steps += [await act("partenaire-essayer")]

    assert steps == [303, 409, 303, 409, 303, 409, 303, 303, 303]
    assert (asked, sandbox, produced, await now()) == ((False, 0), (True, 0), (True, 1), (True, 0))
