"""Where is this message, and why? Asked of one hub, for each cause that an operator meets."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from deploy import postgres
from deploy.operators import bearer
from relais_contrats.client import Partner
from tests.hub import Hub
from tests.parcours.reorientation import day, eventually, opened
from tests.persons import signalement
from tests.receiver import Endpoint, listening

FT = "ft-hauts-de-france"
pytestmark = [pytest.mark.anyio, pytest.mark.lent]
Json = Mapping[str, Any]


async def chemin(hub: Hub, id_: str) -> Json:
    """The one message that this names."""
    found = await found_by(hub, id_)
    assert len(found["chemins"]) == 1, found
    way: Json = found["chemins"][0]
    return way


async def found_by(hub: Hub, id_: str) -> Json:
    url = f"http://127.0.0.1:{hub.data.known_ports().console}/api/messages/{id_.replace('/', '%2F')}.json"
    async with httpx.AsyncClient(headers=bearer(hub.data), timeout=30) as client:
        found: Json = (await client.get(url)).raise_for_status().json()
    return found


@asynccontextmanager
async def books(hub: Hub) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The rows of the gateway, as accidents and operators change them."""
    conn = await postgres.connect_admin(hub.data, hub.data.known_ports().postgres)
    try:
        await conn.execute("SET search_path = passerelle")
        yield conn
    finally:
        await conn.close()


def causes(way: Json) -> str:
    return " ".join(one["phrase"] for one in way["causes"])


def received(way: Json, partenaire: str, type_: str) -> list[Json]:
    """The lines of this receiver, of the events of that type."""
    return [d for d in way["destinataires"] if (d["partenaire"], d["type"]) == (partenaire, type_)]


def told_to(way: Json, partenaire: str, type_: str) -> Json:
    return received(way, partenaire, type_)[0]


async def signalled(hub: Hub, **changes: Any) -> str:
    async with hub.partner("caf-59") as caf:
        message = caf.message("usager.signale", signalement(**changes), departement="59")
        await caf.post(message)
    return str(message["id"])


def deposit(partner: Partner, prc: str | None, fait: str, data: Json, finalite: str = "orientation") -> dict[str, Any]:
    return partner.message(fait, data, departement="59", subject=prc, finalite=finalite)


async def test_refused_at_the_door_by_the_contract_or_by_a_right(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        wrong = deposit(caf, None, "usager.signale", signalement(brsa="oui"))
        elsewhere = deposit(caf, None, "usager.signale", signalement()) | {"departement": "75"}
        answers = [await caf.post(one) for one in (wrong, elsewhere)]

    by_contract, by_right = await chemin(hub, wrong["id"]), await chemin(hub, elsewhere["id"])
    by_trace = await chemin(hub, str(answers[1].corps["instance"]))
    printed = " ".join(hub.relais(f"trace {wrong['id']}").stdout.split())

    assert [answer.code for answer in answers] == ["schema-invalide", "hors-territoire"]
    assert by_contract["etapes"][0]["motif"]["lignes"] == ["/data/brsa"]
    assert "Refusé à l'entrée : contenu non conforme au contrat" in causes(by_contract)
    assert "Refusé à l'entrée : département hors de votre territoire" in causes(by_right)
    assert by_trace == by_right
    for cause in by_contract["causes"]:
        assert cause["suite"] and f"→ {cause['phrase']} À faire : {cause['suite']}" in printed
    assert by_right["situation"] == "Refusé à l'entrée : il n'est jamais entré dans le relais."


async def test_refused_by_a_service_then_its_person_erased(hub: Hub) -> None:
    signature = {"contrat_id": "c-0", "date_signature": day(-1), "signataires": ["usager"]}
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        message = deposit(cd, prc, "contrat.signe", signature, "engagement")
        answer = await cd.post(message, wait_s=20)
        refused = await chemin(hub, message["id"])
        erasure = deposit(cd, prc, "usager.efface", {"motif": "Demande de la personne."}, "accompagnement")
        await cd.post(erasure, wait_s=20)

        async def told() -> Json:
            return await chemin(hub, message["id"])

        erased = await eventually(told, lambda w: w if w["personne"]["efface_a"] else None)

    assert answer.code == "etat-interdit", answer
    assert refused["situation"] == "Refusé par engagements : il n'a eu aucun effet et n'est livré à personne."
    [step] = [one for one in refused["etapes"] if one["nature"] == "decision"]
    assert (step["motif"]["code"], step["motif"]["precision"]) == ("etat-interdit", "Attendu : contrat.propose.")
    assert refused["est_recu_verifie"]
    assert "Personne effacée. Ce qui parlait d'elle n'existe plus" in causes(erased)
    assert [one["motif"] for one in erased["etapes"] if one["nature"] == "decision"] == [None]


async def test_it_waits_behind_another_one_that_is_set_aside_then_discarded(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, books(hub) as conn:
        prc = await opened(hub, cd)
        first, second = (deposit(cd, prc, "orientation.notifiee", {"date_notification": day(-9)}) for _ in range(2))
        with hub.stopped("orientation"):
            for message in (first, second):
                await cd.post(message, wait_s=0)
            waiting, behind = await chemin(hub, first["id"]), await chemin(hub, second["id"])
            of_person = await found_by(hub, prc)
            await conn.execute("UPDATE depots SET etat = 'rebut', regle_a = now() WHERE message = $1", first["id"])
            aside, parked = await chemin(hub, first["id"]), await chemin(hub, second["id"])
            [depot] = await conn.fetch("UPDATE depots SET etat = 'ecarte' WHERE message = $1 RETURNING id", first["id"])
            gesture = "INSERT INTO gestes (rebut, geste, par, motif) VALUES ($1, 'ecarte', 'essai', 'Doublon.')"
            await conn.execute(gesture, depot["id"])
            discarded = await chemin(hub, first["id"])

    assert waiting["situation"] == "Enregistré, pas encore décidé : il n'y a rien à renvoyer."
    assert "service orientation" in causes(waiting)
    assert f"Il attend derrière le message {first['id']} (orientation.notifiee) de cd-59" in causes(behind)
    assert (of_person["parcours_de"], of_person["parcours"][0]["message"]) == ("cd-59", second["id"])
    assert aside["situation"] == "Mis au rebut par orientation : un opérateur doit le reprendre ou l'écarter."
    assert "qui est au rebut" in causes(parked)
    assert discarded["etat"] == "ecarte"
    assert "Écarté par l'opérateur essai. Doublon." in causes(discarded)


@asynccontextmanager
async def subscribed(hub: Hub, code: str, *types: str) -> AsyncIterator[tuple[Endpoint, str]]:
    """An endpoint that refuses all that is delivered, and its verified subscription."""
    async with hub.partner(code) as partner, listening() as endpoint:
        endpoint.answer = lambda one: 500 if "subject" in one.event else 204
        made = await partner.call("POST", "/v1/abonnements", {"url": endpoint.url, "types": list(types)})
        await endpoint.wait_for(lambda e: e.received)
        try:
            yield endpoint, made["id"]
        finally:
            await partner.call("DELETE", f"/v1/abonnements/{made['id']}")


def by(way: Json, partenaire: str, type_: str, abonnement: str | None) -> Json:
    """How this event goes to this partner by that subscription, or by its feed."""
    line: Json = next(v for v in told_to(way, partenaire, type_)["voies"] if v["abonnement"] == abonnement)
    return line


def has_failed(way: Json, id_: str) -> bool:
    """Whether the first attempt is in the books, and the next event behind it."""
    is_there = received(way, "cd-59", "usager.signale") and received(way, "cd-59", "orientation.demandee")
    return bool(is_there and by(way, "cd-59", "usager.signale", id_)["essais"])


async def test_its_receiver_s_endpoint_is_down_and_its_parcours_parked_then_suspended(hub: Hub) -> None:
    async with subscribed(hub, "cd-59", "usager.signale", "orientation.demandee") as (e, id_):
        message = await signalled(hub)
        await e.wait_for(lambda e: e.of_type("usager.signale"))

        async def tried() -> Json:
            return await chemin(hub, message)

        way = await eventually(tried, lambda w: w if has_failed(w, id_) else None)
        async with books(hub) as conn:
            await conn.execute("UPDATE abonnements SET etat = 'suspendu', suspendu_a = now() WHERE id = $1", id_)
            suspended = await chemin(hub, message)

    down = by(way, "cd-59", "usager.signale", id_)
    assert (down["etat"], down["phrase"]) == ("en-echec", "1 tentative sans succès (HTTP 500).")
    attempt = next(one for one in way["etapes"] if one["nature"] == "tentative" and one["ton"] == "echec")
    assert attempt["duree_ms"] is not None and "HTTP 500" in attempt["detail"]
    assert f"cd-59, usager.signale : {down['phrase']}" in causes(way)
    assert by(way, "cd-59", "orientation.demandee", id_)["phrase"].startswith("File de ce parcours arrêtée")
    assert by(suspended, "cd-59", "usager.signale", id_)["phrase"].startswith("Abonnement suspendu")


async def test_its_receiver_s_filter_excludes_it_and_the_feed_is_not_read_yet(hub: Hub) -> None:
    async with (
        hub.partner(FT) as ft,
        subscribed(hub, FT, "contrat.clos") as (_, id_),
    ):
        while (page := await ft.events()).evenements:
            await ft.acknowledge(page.curseur)
        message = await signalled(hub)

        async def told() -> Json:
            return await chemin(hub, message)

        way = await eventually(told, lambda w: w if received(w, FT, "usager.signale") else None)
        event = told_to(way, FT, "usager.signale")["nom"]
        page = await ft.events()
        shown = await chemin(hub, event)
        await ft.acknowledge(page.curseur)
        read = await chemin(hub, f"caf-59/{message}")

    assert (
        by(way, FT, "usager.signale", id_)["phrase"]
        == "Le filtre de l'abonnement exclut ce type (il prend : contrat.clos)."
    )
    assert by(way, FT, "usager.signale", None)["etat"] == "a-lire"
    assert "il ne l'a pas encore relevé" in causes(way)
    assert by(shown, FT, "usager.signale", None)["etat"] == "lu"
    assert "acquitté" in by(read, FT, "usager.signale", None)["phrase"]
    assert told_to(way, "asso-mobilite", "usager.signale")["pourquoi"].startswith("Ne prend pas part à ce parcours")
    assert told_to(way, "caf-59", "usager.signale")["pourquoi"] == "C'est lui qui l'a émis."
