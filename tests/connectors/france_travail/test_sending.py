"""France Travail keeps its system: what the hub tells it is sent to its API, which is here our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.france_travail import SYSTEM
from connectors.france_travail.api import FranceTravail
from connectors.france_travail.poller import follow, loops
from connectors.hub import HubUnreachable, RequestRefused
from connectors.systems import Context
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.france_travail.client import SCOPES
from tests.connectors.france_travail.place import ADA, SECRET, UTAS, WAITING, Hub, Place
from tests.connectors.france_travail.test_engagements import WAITING as CONTRACT
from tests.connectors.france_travail.test_engagements import view
from tests.connectors.france_travail.test_rendez_vous import Agenda
from tests.connectors.serving import served

pytestmark = pytest.mark.anyio
ZOE = pseudonym("zoe")
DECIDED = {
    "decision": "acceptee",
    "parcours_type": "social",
    "organisme": "departement",
    "structure": UTAS,
    "date_decision": "2026-11-30",
    "date_debut": "2026-11-30",
    "rang": 1,
}
RDV = {
    "rdv_id": "obj_1",
    "motif": "accompagnement",
    "debut": "2026-12-14T10:30:00+00:00",
    "duree_min": 45,
    "modalite": "physique",
    "forme": "individuel",
    "lieu": "Place de la République, Lille",
    "statut": "planifie",
}
SANCTION = {
    "sanction_id": "obj_s",
    "nature": "n65",
    "rang": "r2",
    "type": "susp-rsa",
    "modalite": "pourcentage",
    "montant": 50,
    "duree_mois": 4,
    "date_notification": "2026-12-01",
}


class Here(FakeHub):
    """The hub of the partner France Travail: what it is told, and who the persons are."""

    source = "/partenaires/ft-hdf"

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.numbers = [{"type": "numero-france-travail", "valeur": "59000000017"}]

    def tell(self, fait: str, data: Mapping[str, Any], source: str = "/partenaires/cd-59", subject: str = ZOE) -> None:
        envelope = {"id": f"evt-{len(self.events)}", "type": f"fr.insertion.{fait}.v1", "source": source}
        self.events.append({**envelope, "subject": subject, "agent": "MODELE Zoé AG-1", "data": dict(data)})

    async def get(self, path: str, **asked: Any) -> Any:
        start = int(asked.get("apres", 0))
        found = self.events[start : start + 2]
        return {"evenements": found, "curseur": str(start + len(found))}

    async def call(self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        return {"identifiants": self.numbers, "identite": {"date_naissance": "1985-02-01"}}


@pytest.fixture
def there(tmp_path: Path, hub: Hub) -> Iterator[tuple[str, Place]]:
    """Our own answer to that API, in place of France Travail's."""
    place = Place(tmp_path / "chez-ft", hub)
    with served(place.app) as url:
        yield url, place


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def sender(tmp_path: Path, there: tuple[str, Place], here: Here) -> Context:
    url, place = there
    where = {"jeton": f"{url}/connexion/oauth2/access_token?realm=/agent", "base": f"{url}/partenaire"}
    known = {"client_id": place.context.mandate.code, "client_secret": SECRET, "scopes": SCOPES, "toutes_les_s": 1}
    return context(SYSTEM, {"sortie": where | known}, tmp_path / "ici", here)


async def sent(sender: Context) -> float:
    async with FranceTravail(sender.configuration.sortie) as api:
        return await follow(sender, api)


async def lines(sender: Context) -> list[tuple[str, str, str | None]]:
    return [(one.nature.partition(".")[2], one.etat, one.motif) for one in reversed(await sender.journal.last())]


@pytest.mark.parametrize("parcours", ["emploi", "socio-professionnel", "social"])
@pytest.mark.parametrize("waits", [True, False])
async def test_a_decision_is_there_as_it_was_told_whatever_they_recommend(
    sender: Context, here: Here, hub: Hub, parcours: str, waits: bool
) -> None:
    hub.views["orientations"] = WAITING if waits else WAITING | {"preconisation": None, "demande": None}
    here.tell("orientation.decidee", DECIDED | {"parcours_type": parcours})

    await sent(sender)

    [(fait, data)] = hub.told()
    is_followed = not waits or parcours == "social"
    assert (fait, data["parcours_type"], data["organisme"]) == ("orientation.decidee", parcours, "departement")
    assert (data["decision"], data.get("motif_refus")) == (
        ("acceptee", None) if is_followed else ("refusee", "appreciation-differente")
    )
    assert data["structure"] == UTAS
    [message] = hub.taken.values()
    assert message["agent"] == "MODELE Zoé AG-1"


async def test_a_reorientation_that_is_accepted_is_the_new_decision(sender: Context, here: Here, hub: Hub) -> None:
    hub.views["orientations"] = WAITING | {"preconisation": None, "demande": None}
    here.tell("reorientation.decidee", {"decision": "maintenue", "motif": "…"})
    here.tell("reorientation.decidee", {"decision": "acceptee", "nouvelle_decision": DECIDED | {"rang": 2}})

    await sent(sender)

    [(fait, data)] = hub.told()
    assert (fait, data["parcours_type"]) == ("orientation.decidee", "social")
    assert [etat for _, etat, _ in await lines(sender)] == ["fait", "fait"]


async def test_an_appointment_lives_there_as_here(sender: Context, here: Here, hub: Hub) -> None:
    agenda = Agenda(hub)
    for fait, changed in (
        ("rdv.planifie", {}),
        ("rdv.modifie", {"debut": "2026-12-15T08:00:00+00:00"}),
        ("rdv.annule", {"statut": "annule", "annule_par": "structure", "debut": "2026-12-15T08:00:00+00:00"}),
    ):
        here.tell(fait, RDV | changed)
        await sent(sender)
        agenda.refresh()

    told = hub.told()
    assert [fait for fait, _ in told] == ["rdv.planifie", "rdv.modifie", "rdv.annule"]
    kept = ("motif", "debut", "duree_min", "modalite", "forme", "lieu", "statut")
    assert {name: told[0][1][name] for name in kept} == {name: RDV[name] for name in kept}
    assert told[1][1]["debut"] == "2026-12-15T08:00:00+00:00"
    assert len(agenda.rows) == 1


async def test_one_that_they_have_lost_is_taken_again_and_its_cancellation_is_done(
    sender: Context, here: Here, hub: Hub
) -> None:
    agenda = Agenda(hub)
    here.tell("rdv.planifie", RDV)
    await sent(sender)
    here.tell("rdv.modifie", RDV | {"duree_min": 60})
    await sent(sender)  # the view there never showed the first one
    again = [(fait, data["duree_min"]) for fait, data in hub.told()]
    agenda.rows.clear()
    hub.taken.clear()
    hub.views["rdv"] = {"parcours": ADA, "departement": "59", "rendez_vous": []}
    here.tell("rdv.annule", RDV | {"statut": "annule", "annule_par": "usager"})
    await sent(sender)

    assert again == [("rdv.planifie", 45), ("rdv.planifie", 60)]
    assert [etat for _, etat, _ in await lines(sender)] == ["fait"] * 3
    assert hub.told() == []


async def test_contracts_and_sanctions_are_told(sender: Context, here: Here, hub: Hub) -> None:
    hub.views["contrat"] = view(en_attente=CONTRACT)
    here.tell("contrat.signe", {"contrat_id": "obj_c", "date_signature": "2026-12-01", "signataires": ["usager"]})
    here.tell("contrat.refuse", {"contrat_id": "obj_c", "date_refus": "2026-12-02"})
    here.tell("sanction.decidee", SANCTION)

    await sent(sender)

    told = dict(hub.told())
    assert told["contrat.signe"]["date_signature"] == "2026-12-01"
    assert told["contrat.refuse"]["date_refus"] == "2026-12-02"
    assert {name: told["sanction.decidee"][name] for name in SANCTION if name != "sanction_id"} == {
        name: value for name, value in SANCTION.items() if name != "sanction_id"
    }


async def test_what_france_travail_said_itself_is_not_sent_back(sender: Context, here: Here, hub: Hub) -> None:
    here.tell("orientation.decidee", DECIDED, source="/partenaires/ft-hdf")

    await sent(sender)

    assert (hub.told(), await lines(sender)) == ([], [])


async def test_a_refusal_is_noted_by_its_code_and_does_not_stop_the_others(
    sender: Context, here: Here, hub: Hub
) -> None:
    hub.said = "aucun"
    here.tell("orientation.decidee", DECIDED)
    await sent(sender)
    hub.said = "trouve"
    here.tell("contrat.refuse", {"contrat_id": "obj_c", "date_refus": "2026-12-02"}, subject=pseudonym("ada"))
    hub.views["contrat"] = view()
    await sent(sender)
    await sent(sender)

    assert await lines(sender) == [
        ("orientation.decidee", "refuse", "France Travail a refusé : S002."),
        ("contrat.refuse", "refuse", "France Travail a refusé : CONTRAT_ABSENT."),
    ]


async def test_nobody_without_a_number_is_searched(sender: Context, here: Here, hub: Hub) -> None:
    here.numbers = [{"type": "local", "valeur": "A7"}]
    here.tell("orientation.decidee", DECIDED)

    await sent(sender)

    assert (await lines(sender))[0][2] == "France Travail a refusé : ni NIR ni numéro France Travail."
    assert hub.asked == []


async def test_a_pause_that_is_asked_for_is_kept_and_nothing_is_lost(
    sender: Context, here: Here, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.answers = [HubUnreachable("…")]
    here.tell("orientation.decidee", DECIDED)

    pause_s = await sent(sender)
    before = [etat for _, etat, _ in await lines(sender)]
    here.failures = [HubUnreachable("…")]
    unreachable_s = await sent(sender)
    after_s = await sent(sender)

    assert (pause_s, unreachable_s, after_s) == (10, 30, 0)  # theirs is that of `Retry-After`
    assert before == ["echec"]
    assert len(hub.told()) == 1
    assert await sent(sender) == 0
    assert len(hub.taken) == 1


async def test_a_token_that_ended_early_is_asked_for_again(
    sender: Context, here: Here, hub: Hub, there: tuple[str, Place]
) -> None:
    here.tell("orientation.decidee", DECIDED)
    async with FranceTravail(sender.configuration.sortie) as api:
        await follow(sender, api)
        there[1].passes(hours=1)
        here.tell("sanction.decidee", SANCTION)
        hub.views["contrat"] = view()
        assert await follow(sender, api) == 0

    assert [fait for fait, _ in hub.told()] == ["orientation.decidee", "sanction.decidee"]


async def test_a_wrong_secret_loses_nothing(sender: Context, here: Here, hub: Hub, there: tuple[str, Place]) -> None:
    here.tell("orientation.decidee", DECIDED)
    wrong = sender.configuration.sortie.model_copy(update={"client_secret": "autre"})
    async with FranceTravail(wrong) as api:
        assert await follow(sender, api) == 60

    await sent(sender)
    assert len(hub.told()) == 1


async def test_a_parcours_that_is_not_shown_any_more_is_not_sent(sender: Context, here: Here, hub: Hub) -> None:
    here.failures = [RequestRefused(404, {})]
    here.tell("orientation.decidee", DECIDED)

    assert await sent(sender) == 0
    assert (await lines(sender))[0][1:] == ("refuse", "Le relais ne montre plus ce parcours.")


def test_without_the_section_nothing_runs(tmp_path: Path, here: Here) -> None:
    assert loops(context(SYSTEM, {}, tmp_path / "sans", here)) == {}
