"""What the hub decides, told to rdv-insertion: invited once, kept up to date, refused by name, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.hub import HubUnreachable, RequestRefused
from connectors.rdv_insertion import SYSTEM
from connectors.rdv_insertion.api import RdvInsertion
from connectors.rdv_insertion.poller import poll
from connectors.rdv_insertion.trying import try_out
from connectors.systems import Context
from tests.connectors.fakes import NOW, FakeHub, context, pseudonym
from tests.connectors.rdv_insertion.site import Site
from tests.connectors.rdv_insertion.webhooks import SECRET, hmac_signed, rdv, user, webhook
from tests.connectors.serving import served

pytestmark = pytest.mark.anyio
ZOE, ADA = pseudonym("zoe"), pseudonym("ada")
REFERENT = {"nom": "MODELE", "prenom": "Dominique", "courriel": "dominique.modele@exemple.fr"}


class Hub(FakeHub):
    """The persons whom `decide` oriented, the partner's own deposits and the events of the others."""

    def __init__(self) -> None:
        super().__init__()
        self.views: dict[str, dict[str, Any]] = {}
        self.deposits: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.read: list[str] = []

    def decide(self, parcours: str, rang: int = 1, **fiche: Any) -> None:
        """By another partner: the feed tells it."""
        orientation = {
            "parcours_type": "social",
            "organisme": "departement",
            "structure": {"systeme": "local", "valeur": "UTAS-03"},
            "rang": rang,
        }
        self.views[parcours] = whole(parcours) | fiche
        self.views[f"{parcours}/orientations"] = {"ouverte": orientation, "demande": {"date_reception": "2026-11-20"}}
        self.hint(parcours, "orientation.decidee")

    def designate(self, parcours: str, **referent: Any) -> None:
        self.views[f"{parcours}/referent"] = {"actif": {"referent": REFERENT | referent}}
        self.hint(parcours, "referent.accepte")

    def hint(self, parcours: str, fait: str) -> None:
        self.events.append({"type": f"fr.insertion.{fait}.v1", "subject": parcours})

    def deposit(self, parcours: str, fait: str) -> None:
        """By the partner itself."""
        recu_a = (NOW + timedelta(minutes=len(self.deposits))).isoformat()
        self.deposits.append({"id": f"d{len(self.deposits)}", "type": fait, "parcours": parcours, "recu_a": recu_a})

    async def get(self, path: str, **asked: Any) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        self.asked += [asked] if asked else []
        if path == "/v1/messages":
            return {"messages": [one for one in self.deposits if one["recu_a"] >= asked["depuis"]], "suite": None}
        if path == "/v1/evenements":
            found = self.events[int(asked.get("apres", 0)) :]
            return {"evenements": found, "curseur": str(len(self.events))}
        self.read.append(path)
        view = self.views.get(path.removeprefix("/v1/parcours/"))
        if view is None:
            raise RequestRefused(404, {})
        return view


def whole(parcours: str) -> dict[str, Any]:
    local = {"type": "local", "valeur": f"IODAS-{parcours[4:9]}", "emetteur": "/partenaires/cd-59"}
    return {
        "etat": "actif",
        "oppose": False,
        "identite": {
            "nom_naissance": "FICTIVE",
            "nom_usage": "EXEMPLE",
            "prenoms": "Zoé",
            "date_naissance": "1985-02-01",
            "sexe": "feminin",
        },
        "identifiants": [
            local,
            {"type": "local", "valeur": "ailleurs", "emetteur": "/partenaires/ml-lille"},
            {"type": "matricule-caf", "valeur": "1234567", "role": "demandeur"},
        ],
        "coordonnees": {"courriel": "zoe@exemple.fr", "telephone": "+33639980001"},
    }


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Site]]:
    site = Site()
    with served(site.app()) as url:
        yield url, site


@pytest.fixture
def site(server: tuple[str, Site]) -> Site:
    _, site = server
    Site.__init__(site)
    return site


@pytest.fixture
def hub() -> Hub:
    return Hub()


def settings(url: str) -> dict[str, Any]:
    social = {"parcours": "social", "organisme": "departement", "organisation": 422, "categorie": "rsa_orientation"}
    agent = {"courriel": "agent@exemple.fr", "mot_de_passe": "mot de passe"}
    where = {"base": url, "connexion": f"{url}/sign_in", "invitations": [social]}
    return {"departement": "59", "secret": SECRET, "caisse": "caf", "sortie": agent | where}


@pytest.fixture
async def place(server: tuple[str, Site], site: Site, hub: Hub, tmp_path: Path) -> Context:
    return context(SYSTEM, settings(server[0]), tmp_path, hub, ("identite:resoudre",))


async def polled(place: Context) -> float:
    async with RdvInsertion(place) as rdvi:
        return await poll(place, rdvi)


async def outcomes(place: Context) -> list[tuple[str, str, str, str | None]]:
    """The exchanges, the oldest first."""
    return [(one.sens, one.nature, one.etat, one.motif) for one in reversed(await place.journal.last())]


async def test_a_decided_orientation_becomes_an_invitation_of_the_whole_person(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)

    await polled(place)

    assert site.invited == [(422, {"motif_category": {"short_name": "rsa_orientation"}})]
    assert site.users == [
        {
            "id": 900,
            "first_name": "Zoé",
            "last_name": "EXEMPLE",
            "birth_name": "FICTIVE",
            "birth_date": "01/02/1985",
            "title": "madame",
            "department_internal_id": f"IODAS-{ZOE[4:9]}",
            "affiliation_number": "1234567",
            "role": "demandeur",
            "email": "zoe@exemple.fr",
            "phone_number": "+33639980001",
            "rights_opening_date": "20/11/2026",
        }
    ]
    [line] = await place.journal.last()
    assert (line.sens, line.nature, line.reference, dict(line.compte)) == (
        "sortant",
        "rdv-insertion.invitation",
        ZOE,
        {"invite": 1},
    )


async def test_the_partners_own_decision_invites_too_and_once(place: Context, hub: Hub, site: Site) -> None:
    hub.decide(ZOE)
    hub.events.clear()
    hub.deposit(ZOE, "orientation.decidee")

    for _ in range(3):
        await polled(place)

    assert len(site.invited) == 1


async def test_the_same_decision_told_again_invites_once_and_another_one_again(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)
    await polled(place)
    hub.hint(ZOE, "orientation.decidee")
    await polled(place)
    hub.decide(ZOE, rang=2)
    await polled(place)

    assert len(site.invited) == 2


async def test_a_referent_and_new_coordinates_follow_without_another_invitation(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)
    await polled(place)
    hub.designate(ZOE)
    await polled(place)
    hub.views[ZOE]["coordonnees"] = {"courriel": "zoe@exemple.fr", "telephone": "+33639980002"}
    hub.deposit(ZOE, "usager.corrige")
    await polled(place)

    [told] = site.users
    assert (told["referents_to_add"], told["phone_number"]) == ([{"email": REFERENT["courriel"]}], "+33639980002")
    assert [nature for _, nature, _, _ in await outcomes(place)] == [
        "rdv-insertion.invitation",
        "rdv-insertion.usager",
        "rdv-insertion.usager",
    ]
    assert len(site.invited) == 1


@pytest.mark.parametrize(
    "change",
    [{"oppose": True}, {"etat": "clos"}, {"identite": None}],
    ids=["opposed", "closed", "not seen"],
)
async def test_nothing_is_told_of_whom_it_may_not(place: Context, hub: Hub, site: Site, change: dict[str, Any]) -> None:
    hub.decide(ZOE, **change)

    await polled(place)

    assert (site.users, await outcomes(place)) == ([], [])


async def test_an_orientation_of_no_line_and_a_parcours_out_of_sight_are_left_alone(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)
    hub.views[f"{ZOE}/orientations"]["ouverte"]["organisme"] = "france-travail"
    hub.hint(ADA, "orientation.decidee")

    await polled(place)

    assert site.users == []


async def test_a_refusal_is_named_in_its_words_without_naming_anybody_and_goes_again_once_she_changed(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)
    del hub.views[ZOE]["identite"]["sexe"]
    hub.designate(ZOE, courriel="ailleurs@exemple.fr")
    for _ in range(2):
        await polled(place)
        hub.hint(ZOE, "usager.corrige")
    refused = await outcomes(place)

    hub.views[ZOE]["identite"]["sexe"] = "feminin"
    hub.designate(ZOE)
    await polled(place)

    motif = "rdv-insertion refuse la personne (422) : title doit être rempli(e)"
    assert refused == [("sortant", "rdv-insertion.invitation", "refuse", motif)]
    assert len(site.invited) == 1


@pytest.mark.parametrize(("status", "wait_s"), [(503, 90.0), (429, 90.0), (403, 90.0), (404, 90.0)])
async def test_what_rdv_insertion_cannot_take_now_is_told_later(
    place: Context, hub: Hub, site: Site, status: int, wait_s: float
) -> None:
    hub.decide(ZOE)
    hub.deposit(ADA, "orientation.decidee")
    hub.decide(ADA)
    site.failures = [status]

    left_alone_s = await polled(place)
    await polled(place)

    assert left_alone_s == wait_s
    assert len(site.invited) == 2
    assert [etat for _, _, etat, _ in await outcomes(place)] == ["echec", "fait", "fait"]


@pytest.mark.parametrize("is_ours", [True, False], ids=["in a deposit", "in an event"])
async def test_who_was_oriented_before_the_connector_is_neither_invited_nor_even_read(
    place: Context, hub: Hub, site: Site, is_ours: bool
) -> None:
    hub.decide(ZOE)
    hub.events.clear()
    hub.deposit(ZOE, "usager.signale") if is_ours else hub.hint(ZOE, "referent.accepte")

    await polled(place)

    assert (site.users, hub.read) == ([], [])


async def test_a_deposit_that_could_not_be_told_is_told_at_the_next_look(place: Context, hub: Hub, site: Site) -> None:
    hub.decide(ZOE)
    hub.events.clear()
    hub.deposit(ZOE, "orientation.decidee")
    site.failures = [503]

    await polled(place)
    await polled(place)

    assert len(site.invited) == 1


async def test_each_look_begins_where_the_former_ended_some_minutes_back_for_deposits(place: Context, hub: Hub) -> None:
    hub.decide(ZOE)
    hub.deposit(ZOE, "droits.modifies")
    await polled(place)
    hub.asked.clear()

    await polled(place)

    assert [one.get("apres") for one in hub.asked] == [None, "1"]
    assert hub.asked[0]["depuis"] == (NOW - timedelta(minutes=10)).isoformat()


async def test_a_hub_that_does_not_answer_is_asked_again(place: Context, hub: Hub, site: Site) -> None:
    hub.decide(ZOE)
    hub.failures = [HubUnreachable("…")]

    await polled(place)
    await polled(place)

    assert len(site.invited) == 1


async def test_one_session_lasts_a_day_over_restarts_and_is_renewed_when_it_was_ended(
    place: Context, hub: Hub, site: Site
) -> None:
    for one in (ZOE, ADA):
        hub.decide(one)
        await polled(place)
    alone = site.sessions
    site.sessions += 1  # the agent signed in elsewhere
    hub.decide(ZOE, rang=2)
    await polled(place)
    renewed = site.sessions
    hub.decide(ZOE, rang=3)
    await polled(replace(place, clock=lambda: NOW + timedelta(hours=24)))

    assert (alone, renewed, site.sessions, len(site.invited)) == (1, 3, 4, 4)


async def test_a_password_in_the_wrong_stops_everything_and_loses_nothing(
    server: tuple[str, Site], site: Site, hub: Hub, tmp_path: Path
) -> None:
    wrong = settings(server[0])
    wrong["sortie"] |= {"mot_de_passe": "un autre"}
    hub.decide(ZOE)
    await polled(context(SYSTEM, wrong, tmp_path, hub))
    refused = site.users.copy()
    await polled(context(SYSTEM, settings(server[0]), tmp_path, hub))

    assert (refused, len(site.invited)) == ([], 1)


async def test_a_person_who_was_invited_is_known_when_her_appointment_comes_back(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)
    await polled(place)
    assert SYSTEM.facade is not None
    async with httpx.AsyncClient(transport=httpx.ASGITransport(SYSTEM.facade(place)), base_url="http://c") as client:
        body = webhook(rdv(user(900, france_travail_id=None, affiliation_number=None)), "05:00", "created")
        answer = await client.post("/webhooks", content=body, headers=hmac_signed(body))

    [planned] = hub.of("rdv.planifie")
    assert (answer.status_code, planned["subject"]) == (200, ZOE)


async def test_a_dry_run_says_whom_it_would_invite_and_calls_nobody(place: Context, hub: Hub, site: Site) -> None:
    hub.decide(ZOE)

    said = [line async for line in try_out(place, None)]

    assert said[-1] == f"{ZOE} : organisation 422, invitation, rsa_orientation"
    assert (site.sessions, site.users, await outcomes(place)) == (0, [], [])


async def test_neither_the_state_nor_the_journal_holds_a_name_a_number_or_the_session(
    place: Context, hub: Hub, site: Site
) -> None:
    hub.decide(ZOE)

    await polled(place)

    kept = b"".join(path.read_bytes() for path in place.folder.glob("etat.sqlite*"))
    secrets = ("EXEMPLE", "zoe@exemple.fr", "1234567", "jeton-1", "mot de passe")
    assert [one for one in secrets if one.encode() in kept] == []
    assert ZOE.encode() in kept
