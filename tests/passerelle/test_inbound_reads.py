"""Reads on a whole hub: what each partner sees of a parcours, what it does not, and lists that go on without a gap."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from relais_contrats.client import Answer, Partner, RequestRefused
from relais_contrats.lecture import empreinte
from tests.hub import Hub, free_port
from tests.jour import aujourdhui
from tests.persons import nir, signalement

pytestmark = pytest.mark.anyio
STRUCTURE = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}
OWN_STRUCTURE = {"systeme": "siret", "valeur": "90000059700014", "nom": "Maison Nord Solidarités de Lille"}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-lectures-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


async def signalled(hub: Hub, **changes: Any) -> tuple[str, str]:
    """Somebody new, signalled by caf-59: her pseudonyms for caf-59 and for cd-59."""
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        person = signalement(**changes)
        answer = await caf.post(caf.message("usager.signale", person, departement="59"))
        assert answer.parcours, answer
        return answer.parcours, await found(departement, person)


async def found(partner: Partner, person: dict[str, Any]) -> str:
    """The partner's own pseudonym, once it takes part."""
    search = {"identifiants": person["identifiants"], "identite": person["identite"]}
    for _ in range(50):
        answer = await partner.call("POST", "/v1/usagers/recherche", search)
        pseudonyme = str(answer.get("parcours"))
        response = await partner._send("GET", f"/v1/parcours/{pseudonyme}")
        if response.status_code == 200:
            return pseudonyme
    raise AssertionError(answer)


async def decided(
    hub: Hub, pseudonyme: str, structure: dict[str, str] = STRUCTURE, organisme: str = "mission-locale"
) -> None:
    """The département orients her, to the mission locale unless told otherwise."""
    today = aujourdhui().isoformat()
    decision = {
        "decision": "acceptee",
        "parcours_type": "emploi",
        "organisme": organisme,
        "structure": structure,
        "date_decision": today,
        "date_debut": today,
        "rang": 1,
    }
    async with hub.partner("cd-59") as departement:
        answer = await departement.post(
            departement.message("orientation.decidee", decision, departement="59", subject=pseudonyme)
        )
        assert answer.etat == "accepte", answer


async def followed(hub: Hub, pseudonyme: str) -> dict[str, Any]:
    """The département follows her itself: its own référent, designated then accepted in one breath."""
    await decided(hub, pseudonyme, OWN_STRUCTURE, "departement")
    referent = {"nom": "Delattre", "prenom": "Inès", "courriel": "ines@nord.example", "identifiant_agent": "n-1"}
    designation = {"referent": referent, "structure": OWN_STRUCTURE, "date_debut": aujourdhui().isoformat()}
    async with hub.partner("cd-59") as departement:
        for fait, data in (("referent.designe", designation), ("referent.accepte", {})):
            message = departement.message(fait, data, departement="59", subject=pseudonyme, finalite="accompagnement")
            answer = await until_accepted(departement, message)
            assert answer.etat == "accepte", answer
    return referent


async def until_accepted(partner: Partner, message: dict[str, Any]) -> Answer:
    """The service of the follow-up may not have heard of the decision yet: then it says what it lacks."""
    for attempt in range(100):
        answer = await partner.post(message | {"id": f"{message['id']}-{attempt}"})
        if answer.code != "orientation-prealable-obligatoire":
            break
        await asyncio.sleep(0.1)
    return answer


async def shared_with(partner: Partner, count: int = 1) -> list[str]:
    """Pseudonyms that `parcours.partage` brought to this partner."""
    page = await partner.events(wait_s=10)
    brought = [e["subject"] for e in page.evenements if e["type"] == "fr.insertion.parcours.partage.v1"]
    await partner.acknowledge(page.curseur)
    assert len(brought) >= count, page
    return brought


async def test_a_parcours_is_projected_by_the_rights_of_who_reads_it(hub: Hub) -> None:
    person = signalement()
    person["identifiants"] = [*person["identifiants"], {"type": "nir", "valeur": nir(7)}]
    for_caf, for_cd = await signalled(hub, **person)

    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        seen_by_caf = await caf.get(f"/v1/parcours/{for_caf}")
        seen_by_cd = await departement.get(f"/v1/parcours/{for_cd}")

    assert seen_by_cd["identite"]["nom_naissance"] == person["identite"]["nom_naissance"]
    assert {i["type"] for i in seen_by_cd["identifiants"]} == {"nir", "matricule-caf"}
    assert (seen_by_cd["parcours"], seen_by_cd["etat"], seen_by_cd["departement"]) == (for_cd, "actif", "59")
    assert (seen_by_caf["parcours"], seen_by_caf["etat"]) == (for_caf, "signale")
    assert seen_by_caf["identite"] == person["identite"]
    assert {i["type"] for i in seen_by_caf["identifiants"]} == {"nir", "matricule-caf"}


async def test_a_reader_that_holds_the_current_state_gets_a_304_until_it_changes(hub: Hub) -> None:
    _, pseudonyme = await signalled(hub)
    path = f"/v1/parcours/{pseudonyme}"
    async with hub.partner("cd-59") as departement:
        first = await departement._send("GET", path)
        etag = first.headers["etag"]

        again = await departement._send("GET", path, headers={"If-None-Match": f'"other", {etag}'})
        closing = {"date_fin": aujourdhui().isoformat(), "motif": "Essai."}
        closed = departement.message("parcours.clos", closing, departement="59", subject=pseudonyme)
        await departement.post(closed)
        changed = await departement._send("GET", path, headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (changed.status_code, changed.json()["etat"]) == (200, "clos")


@pytest.mark.parametrize("path", ["", "/orientations", "/historique"])
async def test_what_a_partner_may_not_see_reads_like_what_does_not_exist(hub: Hub, path: str) -> None:
    for_caf, for_cd = await signalled(hub)
    guesses = [for_caf, for_cd, "prc_" + "a" * 26, "prc_x", "0198c0de-0000-7000-8000-000000000000"]
    async with hub.partner("ml-lille") as lille:
        answers = [await lille._send("GET", f"/v1/parcours/{guess}{path}") for guess in guesses]

    assert {answer.status_code for answer in answers} == {404}
    bodies = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert all(body == bodies[0] for body in bodies)


async def test_the_orientation_is_read_by_those_it_concerns(hub: Hub) -> None:
    for_caf, for_cd = await signalled(hub)
    await decided(hub, for_cd)
    async with hub.partner("ml-lille") as lille, hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        brought = await shared_with(lille)
        seen_by_lille = await lille.get(f"/v1/parcours/{brought[-1]}/orientations")
        seen_by_cd = await departement.get(f"/v1/parcours/{for_cd}/orientations")
        seen_by_caf = await caf._send("GET", f"/v1/parcours/{for_caf}/orientations")

    assert seen_by_cd["ouverte"]["structure"] == STRUCTURE
    assert seen_by_cd["ouverte"]["decideur"] == "/partenaires/cd-59"
    assert seen_by_lille["ouverte"] == seen_by_cd["ouverte"]
    assert seen_by_lille["parcours"] == brought[-1] != for_cd
    assert seen_by_caf.status_code == 404


async def test_the_history_tells_each_event_once_page_after_page(hub: Hub) -> None:
    _, pseudonyme = await signalled(hub)
    await decided(hub, pseudonyme)
    path = f"/v1/parcours/{pseudonyme}/historique"
    async with hub.partner("cd-59") as departement:
        for _ in range(50):
            whole = await departement.get(path)
            if any(e["type"] == "fr.insertion.orientation.decidee.v1" for e in whole["evenements"]):
                break
        pages: list[dict[str, Any]] = []
        suite: str | None = None
        while True:
            page = await departement.get(path, limite=2, **({"apres": suite} if suite else {}))
            pages += page["evenements"]
            suite = page["suite"]
            if suite is None:
                break

    assert pages == whole["evenements"]
    assert len({event["id"] for event in pages}) == len(pages) >= 4
    assert {event["subject"] for event in pages} == {pseudonyme}


async def test_an_absorbed_pseudonym_answers_for_the_survivor(hub: Hub) -> None:
    _, kept = await signalled(hub)
    _, absorbed = await signalled(hub)
    async with hub.partner("cd-59") as departement:
        merged = await departement.post(
            departement.message(
                "usager.fusionne", {"conserve": kept, "absorbes": [absorbed]}, departement="59", subject=kept
            )
        )
        assert merged.etat == "accepte", merged

        seen = await departement.get(f"/v1/parcours/{absorbed}")

    assert seen["parcours"] == kept


async def test_the_list_of_what_is_due_goes_on_without_gap_or_repetition(hub: Hub) -> None:
    people = [await signalled(hub, date_reception_droit="2026-01-05") for _ in range(5)]
    expected = {for_cd for _, for_cd in people}
    async with hub.partner("cd-59") as departement, asyncio.timeout(5):
        # The roadmap, which keeps what is due, hears of the parcours after the answer to the deposit.
        while len(listed := await due_in_pages_of_two(departement)) < len(people):
            await asyncio.sleep(0.1)

    assert expected == {one["parcours"] for one in listed}
    assert len(listed) == 5
    assert {one["date_echeance"] for one in listed} == {"2026-02-16"}


async def due_in_pages_of_two(departement: Partner) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    suite: dict[str, str] = {}
    while True:
        page = await departement.get("/v1/parcours", departement="59", echeance_avant="2026-02-16", limite=2, **suite)
        listed += page["parcours"]
        if page["suite"] is None:
            return listed
        suite = {"apres": page["suite"]}


async def test_the_active_file_of_a_structure_is_listed_to_who_may_see_it(hub: Hub) -> None:
    for_caf, for_cd = await signalled(hub)
    referent = await followed(hub, for_cd)
    structure = f"{OWN_STRUCTURE['systeme']}:{OWN_STRUCTURE['valeur']}"
    async with hub.partner("cd-59") as departement, hub.partner("caf-59") as caf:
        file = (await departement.get("/v1/parcours", structure=structure))["parcours"]
        alone = (await departement.get("/v1/parcours", structure=OWN_STRUCTURE["valeur"]))["parcours"]
        elsewhere = await everything(departement, structure="siret:90000083700014")
        closed = await everything(departement, etat="clos", structure=structure)
        hidden = await everything(caf, structure=structure)
        own = await everything(caf)

    assert [(one["parcours"], one["referent"]) for one in file if one["parcours"] == for_cd] == [(for_cd, referent)]
    assert alone == file
    assert for_cd not in elsewhere
    assert closed == hidden == []
    assert for_caf in own


async def test_the_basket_of_a_structure_holds_what_is_due_for_those_it_follows(hub: Hub) -> None:
    _, for_cd = await signalled(hub)
    _, not_oriented = await signalled(hub, date_reception_droit="2026-01-06")
    await followed(hub, for_cd)
    async with hub.partner("cd-59") as departement:
        due: list[dict[str, Any]] = []
        for _ in range(100):
            page = await departement.get(
                "/v1/parcours", departement="59", echeance_avant="2999-01-01", structure=OWN_STRUCTURE["valeur"]
            )
            due = [one for one in page["parcours"] if one["parcours"] == for_cd]
            if due:
                break
            await asyncio.sleep(0.1)

    assert [one["nature"] for one in due] == ["premier-rendez-vous"]
    assert not_oriented not in {one["parcours"] for one in page["parcours"]}


async def test_who_follows_this_person_is_one_read(hub: Hub) -> None:
    for_caf, for_cd = await signalled(hub)
    referent = await followed(hub, for_cd)
    async with hub.partner("cd-59") as departement, hub.partner("caf-59") as caf:
        seen = await departement.get(f"/v1/parcours/{for_cd}/referent")
        by_caf = await caf._send("GET", f"/v1/parcours/{for_caf}/referent")

    assert seen["referent"]["referent"] == referent
    assert seen["referent"]["structure"] == OWN_STRUCTURE
    assert by_caf.status_code == 404


async def test_the_roadmap_is_json_or_a_page_that_loads_nothing(hub: Hub) -> None:
    _, for_cd = await signalled(hub, date_reception_droit="2026-01-05")
    path = f"/v1/parcours/{for_cd}/feuille-de-route"
    async with hub.partner("cd-59") as departement:
        async with asyncio.timeout(5):
            while not (await departement.get(path)).get("echeances"):
                await asyncio.sleep(0.1)
        plain = await departement._send("GET", path, headers={"Accept": "application/json, text/html;q=0.5"})
        page = await departement._send("GET", path, headers={"Accept": "text/html,*/*;q=0.8"})
        again = await departement._send(
            "GET", path, headers={"Accept": "text/html", "If-None-Match": page.headers["etag"]}
        )

    assert plain.json()["parcours"] == for_cd
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert '<html lang="fr"' in page.text
    assert (again.status_code, again.content) == (304, b"")


async def everything(partner: Partner, **filters: str) -> list[str]:
    listed: list[str] = []
    query: dict[str, str] = dict(filters)
    while True:
        page = await partner.get("/v1/parcours", **query)
        listed += [one["parcours"] for one in page["parcours"]]
        if page["suite"] is None:
            return listed
        query["apres"] = page["suite"]


async def test_a_cursor_of_another_partner_or_of_another_list_is_refused(hub: Hub) -> None:
    for _ in range(2):
        await signalled(hub)
    async with hub.partner("cd-59") as departement, hub.partner("ft-hauts-de-france") as france_travail:
        page = await departement.get("/v1/parcours", limite=1)
        foreign = await france_travail._send("GET", f"/v1/parcours?limite=1&apres={page['suite']}")
        other = await departement._send("GET", f"/v1/parcours?etat=actif&apres={page['suite']}")
        altered = await departement._send("GET", f"/v1/parcours?apres={page['suite'][:-4]}AAAA")

    assert {r.status_code for r in (foreign, other, altered)} == {422}


async def test_a_search_finds_by_identifier_and_never_by_name_alone(hub: Hub) -> None:
    person = signalement()
    _, pseudonyme = await signalled(hub, **person)
    stranger = [{"type": "matricule-caf", "valeur": "ZZ999", "role": "demandeur"}]
    async with hub.partner("ft-hauts-de-france") as france_travail:
        ft = await found(france_travail, person)
        nobody = await france_travail.call(
            "POST", "/v1/usagers/recherche", {"identifiants": stranger, "identite": person["identite"]}
        )

    assert ft.startswith("prc_")
    assert ft != pseudonyme
    assert nobody["resultat"] != "trouve"
    assert "parcours" not in nobody


async def test_a_search_that_breaks_the_contract_names_the_field_and_repeats_nothing(hub: Hub) -> None:
    async with hub.partner("cd-59") as departement:
        with pytest.raises(RequestRefused) as refused:
            await departement.call(
                "POST", "/v1/usagers/recherche", {"identifiants": [{"type": "nir", "valeur": "SECRET"}], "x": 1}
            )

    assert refused.value.status == 422
    assert {e["pointeur"] for e in refused.value.problem["erreurs"]} >= {"/x"}
    assert "SECRET" not in json.dumps(refused.value.problem)


async def test_deposits_are_listed_by_state_and_type_with_a_cursor(hub: Hub) -> None:
    start = datetime.now(UTC)
    await signalled(hub)
    await signalled(hub)
    async with hub.partner("caf-59") as caf:
        elsewhere = caf.message("usager.signale", signalement(), departement="59") | {"departement": "75"}
        refused = await caf.post(elsewhere)
        first = await caf.get("/v1/messages", depuis=start.isoformat(), type="usager.signale", limite=1)
        second = await caf.get(
            "/v1/messages", depuis=start.isoformat(), type="usager.signale", limite=1, apres=first["suite"]
        )
        none = await caf.get("/v1/messages", depuis=start.isoformat(), etat="refuse")

    assert refused.etat == "refuse"
    assert first["messages"][0]["id"] != second["messages"][0]["id"]
    assert {m["etat"] for m in (*first["messages"], *second["messages"])} == {"accepte"}
    assert [(m["id"], m["probleme"]["code"]) for m in none["messages"]] == [(elsewhere["id"], "hors-territoire")]


async def test_both_sides_can_reconcile_what_was_deposited_and_received(hub: Hub) -> None:
    start = datetime.now(UTC)
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        message = caf.message("usager.signale", signalement(), departement="59")
        await caf.post(message)
        period = f"du={start.isoformat()}&au={(start + timedelta(minutes=5)).isoformat()}".replace("+", "%2B")

        deposited = lines(await caf._send("GET", f"/v1/reconciliation?{period}&sens=depose"))
        mine: dict[str, str] = {}
        async with asyncio.timeout(20):
            while not mine:  # what earlier tests left in the feed is not of the period
                page = await departement.events(wait_s=1)
                received = lines(await departement._send("GET", f"/v1/reconciliation?{period}&sens=recu"))
                told = {line["id"] for line in received}
                mine = {event["id"]: empreinte(event) for event in page.evenements if event["id"] in told}

    assert {line["id"]: line["empreinte"] for line in deposited}[message["id"]] == empreinte(message)
    assert {line["id"]: line["empreinte"] for line in received}.items() >= mine.items()


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


async def test_delays_are_told_for_the_partner_s_own_territory(hub: Hub) -> None:
    async with hub.partner("cd-59") as departement, hub.partner("caf-59") as caf:
        own = await departement.get("/v1/statistiques/delais", departement="59")
        outside = await departement._send("GET", "/v1/statistiques/delais?departement=62")
        unscoped = await caf._send("GET", "/v1/statistiques/delais")

    assert {row["departement"] for row in own["orientation"]} <= {"59"}
    assert all(row["demandes"] >= 11 for row in own["orientation"])
    assert (outside.status_code, outside.json()["code"]) == (403, "hors-territoire")
    assert unscoped.status_code == 403


async def test_who_reads_and_for_what_is_checked_against_the_conventions(hub: Hub) -> None:
    for_caf, _ = await signalled(hub)
    async with hub.partner("caf-59") as caf:
        path = f"/v1/parcours/{for_caf}"
        agreed = await caf._send(
            "GET", path, headers={"Relais-Agent": "Durand Anne a-12", "Relais-Finalite": "accompagnement"}
        )
        not_agreed = await caf._send("GET", path, headers={"Relais-Finalite": "offre"})
        statistics = await caf._send("GET", path, headers={"Relais-Finalite": "pilotage"})
        invented = await caf._send("GET", path, headers={"Relais-Finalite": "curiosite"})

    assert agreed.status_code == 200
    assert [r.json()["code"] for r in (not_agreed, statistics)] == ["finalite-interdite"] * 2
    assert invented.json()["code"] == "code-inconnu"
