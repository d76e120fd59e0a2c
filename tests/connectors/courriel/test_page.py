"""The page of a structure: who may open it, what it answers, and what reaches the hub."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from connectors.courriel.answers import Answers
from connectors.courriel.links import Links, recipients
from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.courriel.structure import (
    DEMANDE,
    DESIGNATION,
    ORIGIN,
    PRESCRIPTION,
    RDV,
    ZOE,
    Hub,
    Structure,
    code_in,
    fields,
    structure,
)
from tests.connectors.fakes import pseudonym
from tests.deploy.cnaf_flows import nir

pytestmark = pytest.mark.anyio
PERSON = f"/parcours/{ZOE}"


def told(hub: Hub) -> list[tuple[str, str]]:
    return [(one["type"][13:-3], one["finalite"]) for one in hub.taken.values()]


async def answered(one: Structure, browser: Any, form: int, **said: Any) -> Any:
    """One form of the person's page, filled and sent; 0 is the one that closes the page."""
    page = (await browser.get(f"{one.base}{PERSON}")).text
    return await browser.post(f"{one.base}{PERSON}", data={**fields(page, form), **said})


async def test_a_recorded_story_from_the_mail_to_the_hub(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    await one.notices.look()
    [link] = re.findall(r"https://\S+", mails.received[0].get_content())
    browser = one.browser()

    asked = await browser.get(link)
    code = await browser.post(link, data={"x": ""})
    listed = await browser.post(f"{one.base}/code", data={"code": code_in(mails)})
    person = (await browser.get(f"{one.base}{PERSON}")).text
    accepted = await answered(one, browser, 1, reponse="accepter", message="Mardi à 9 h.")

    assert "Recevoir un code" in asked.text
    assert str(code.url) == f"{ORIGIN}{one.base}/code"
    assert "Zoé FICTIVE" in listed.text
    assert "Demande : attend votre réponse" in listed.text
    assert "06\u00a012\u00a034\u00a056\u00a078" in person
    assert "Louer un scooter" in person
    assert "29\u00a0novembre\u00a02026" in person  # of the territory's day, not of UTC's
    assert "Demande faite ailleurs." not in person
    assert "Votre réponse est enregistrée et transmise." in accepted.text
    [message] = one.hub.of("prescription.acceptee")
    assert message["data"] == {"prescription_id": DEMANDE, "date": "2026-11-30", "message": "Mardi à 9 h."}
    assert (message["subject"], message["departement"], message["finalite"]) == (ZOE, "59", "offre")
    assert message["agent"] == "courriel destinataire cd-59-essai-1"
    assert await one.lines() == [
        ("courriel.avis", "destinataire 1", "fait", None),
        ("courriel.code", "destinataire 1", "fait", None),
        ("courriel.prescription.acceptee", ZOE, "fait", None),
    ]
    [trace] = [line.trace for line in await one.place.journal.last(1)]
    assert trace in (one.hub.traceparents[0] or "")


async def test_opening_an_address_changes_nothing(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    scanner, link = one.browser(), one.link()
    for path in (link, link, f"{one.base}/", f"{one.base}/code", f"{one.base}{PERSON}", f"{one.base}/fermer"):
        seen = await scanner.get(path)
        assert "FICTIVE" not in seen.text
        assert not seen.cookies
    await scanner.head(link)

    assert (mails.received, one.hub.taken, await one.lines()) == ([], {}, [])
    assert (await scanner.get(link)).status_code == 200  # not spent


async def test_no_page_is_kept_by_anything_and_nothing_runs_in_it(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    for path in (f"{one.base}/", f"{one.base}{PERSON}", f"{one.base}/lien/x", f"{one.base}/code"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"


async def test_cookies_are_for_this_page_over_tls_only(one: Structure, mails: Mailbox) -> None:
    browser, link = one.browser(), one.link()
    browser.follow_redirects = False
    code = (await browser.post(link, data={"x": ""})).headers["set-cookie"]
    page = (await browser.post(f"{one.base}/code", data={"code": code_in(mails)})).headers.get_list("set-cookie")[0]

    for cookie, same_site in ((code, "strict"), (page, "lax")):
        assert cookie.startswith("__Secure-relais-")
        assert {"Secure", "HttpOnly", f"Path={one.base}", f"SameSite={same_site}"} <= set(cookie.split("; "))


def tampered(one: Structure, **change: Any) -> str:
    """The token of a link, made with another claim, key, type or end."""
    to = recipients(one.place)[0]
    claims = {"aud": one.place.mandate.code, "sub": to.empreinte, "exp": int(one.clock.now.timestamp()) + 60}
    key = change.pop("key", Links(one.place)._key)
    header = {"alg": "HS256", "typ": change.pop("typ", "relais-courriel+jwt")}
    claims |= change
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, key)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "ml-lille-courriel"},
        {"sub": "0" * 32},
        {"sub": None},
        {"exp": 1},
        {"exp": None},
        {"typ": "JWT"},
        {"key": OctKey.import_key("autre cle de trente-deux octets !")},
    ],
    ids=["another mandate", "nobody", "no address", "ended", "endless", "another type", "another key"],
)
async def test_a_link_that_is_not_this_one_asks_for_no_code(
    one: Structure, mails: Mailbox, change: dict[str, Any]
) -> None:
    browser = one.browser()
    assert (await browser.get(f"{one.base}/lien/{tampered(one)}")).status_code == 200

    address = f"{one.base}/lien/{tampered(one, **change)}"
    answers = [await browser.get(address), await browser.post(address, data={"x": ""})]

    assert [each.status_code for each in answers] == [410, 410]
    assert mails.received == []


@pytest.mark.parametrize("place", [5, 60, -3], ids=["header", "claims", "signature"])
async def test_a_letter_of_a_link_that_is_changed_ends_it(one: Structure, place: int) -> None:
    token = one.link().rpartition("/")[2]
    letters = list(token)
    letters[place] = "A" if letters[place] != "A" else "B"

    assert Links(one.place).read(token) is not None
    assert Links(one.place).read("".join(letters)) is None
    assert Links(one.place).read(token * 9) is None


async def test_a_link_ends_with_its_days_with_the_key_of_the_mandate_and_with_its_address(one: Structure) -> None:
    token = one.link().rpartition("/")[2]
    settings = one.place.configuration
    gone = dataclasses.replace(
        one.place, configuration=settings.model_copy(update={"destinataires": ["autre@asso.exemple.fr"]})
    )
    resumed = dataclasses.replace(
        one.place, mandate=dataclasses.replace(one.place.mandate, client={"scopes": [], "kid": "k2"})
    )
    read = [Links(place).read(token) is not None for place in (one.place, gone, resumed)]
    one.clock.now += timedelta(days=15, seconds=1)

    assert read == [True, False, False]
    assert Links(one.place).read(token) is None


async def test_a_code_opens_in_the_browser_that_asked_once_and_for_a_while(one: Structure, mails: Mailbox) -> None:
    browser, other = one.browser(), one.browser()
    await browser.post(one.link(), data={"x": ""})
    code = code_in(mails)

    elsewhere = await other.post(f"{one.base}/code", data={"code": code})
    here = await browser.post(f"{one.base}/code", data={"code": code.replace(" ", "")})
    again = await browser.post(f"{one.base}/code", data={"code": code})
    await other.post(one.link(), data={"x": ""})
    one.clock.now += timedelta(minutes=10)
    late = await other.post(f"{one.base}/code", data={"code": code_in(mails)})

    assert [one.status_code for one in (elsewhere, here, again, late)] == [403, 200, 403, 403]


async def test_a_code_is_not_guessed(one: Structure, mails: Mailbox) -> None:
    browser = one.browser()
    await browser.post(one.link(), data={"x": ""})
    code = code_in(mails)
    wrong = "0000 0000" if code != "0000 0000" else "1111 1111"
    tried = [(await browser.post(f"{one.base}/code", data={"code": wrong})).status_code for _ in range(5)]

    assert tried == [422, 422, 422, 422, 403]
    assert (await browser.post(f"{one.base}/code", data={"code": code})).status_code == 403


async def test_codes_are_not_a_way_to_fill_a_mailbox(one: Structure, mails: Mailbox) -> None:
    browser = one.browser()
    asked = [(await browser.post(one.link(), data={"x": ""})).status_code for _ in range(6)]
    one.clock.now += timedelta(hours=1, seconds=1)
    asked.append((await browser.post(one.link(), data={"x": ""})).status_code)

    assert asked == [200] * 5 + [429, 200]
    assert len(mails.received) == 6


async def test_a_page_closes_by_its_button_and_by_itself(one: Structure, mails: Mailbox) -> None:
    first, second = await one.opened(), await one.opened()
    page = (await first.get(f"{one.base}/")).text
    cookies = dict(first.cookies)
    await first.post(f"{one.base}/fermer", data=fields(page))
    stolen = one.browser()
    stolen.cookies.update(cookies)
    closed, opened = [(await each.get(f"{one.base}/")).status_code for each in (stolen, second)]
    one.clock.now += timedelta(hours=8)

    assert closed == 403
    assert (opened, (await second.get(f"{one.base}/")).status_code) == (200, 403)


@pytest.mark.parametrize(
    ("change", "headers", "status"),
    [
        ({"jeton": "autre"}, {}, 403),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, {"Content-Type": "text/plain"}, 415),
        ({"objet": "autre"}, {}, 403),
        ({"message": "x" * 20_000}, {}, 413),
    ],
    ids=["no token", "another site", "no form", "about something else", "too long"],
)
async def test_only_a_form_of_this_page_acts(
    one: Structure, mails: Mailbox, change: dict[str, str], headers: dict[str, str], status: int
) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    sent = {**fields(page, 1), "reponse": "accepter", **change}

    refused = await browser.post(f"{one.base}{PERSON}", data=sent, headers=headers)

    assert refused.status_code == status
    assert one.hub.taken == {}


async def test_a_form_of_another_session_is_about_nothing_here(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    first, second = await one.opened(), await one.opened()
    theirs = fields((await first.get(f"{one.base}{PERSON}")).text, 1)
    ours = fields((await second.get(f"{one.base}{PERSON}")).text, 1)

    mixed = await second.post(f"{one.base}{PERSON}", data={**ours, "objet": theirs["objet"], "reponse": "accepter"})

    assert mixed.status_code == 403
    assert one.hub.taken == {}


async def test_the_same_form_sent_twice_is_one_answer(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    sent = {**fields(page, 1), "reponse": "accepter"}
    answers = []
    for _ in range(2):
        one.clock.now += timedelta(seconds=3)
        answers.append((await browser.post(f"{one.base}{PERSON}", data=sent)).status_code)

    assert answers == [200, 200]
    assert [one["id"] for one in one.hub.of("prescription.acceptee")] == list(one.hub.taken)
    assert len(one.hub.traceparents) == 1


REFUSAL = {"reponse": "refuser", "motif": ["capacite-atteinte", "autre"], "message": "Complet jusqu'à janvier."}


async def test_a_refusal_says_why_in_the_reasons_of_the_catalogue(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    await answered(one, browser, 1, **REFUSAL)

    [message] = one.hub.of("prescription.refusee")
    assert message["data"]["motifs"] == ["capacite-atteinte", "autre"]


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ({}, "Choisissez une réponse."),
        ({"reponse": "refuser"}, "Cochez au moins un motif de refus."),
        ({"reponse": "refuser", "motif": "autre", "message": ""}, "Précisez l&#39;autre motif dans le message."),
        ({"reponse": "accepter", "message": f"Son NIR : {nir(9)}"}, "NIR"),
    ],
)
async def test_what_is_wrong_is_said_beside_what_was_typed_and_nothing_leaves(
    one: Structure, mails: Mailbox, said: dict[str, Any], phrase: str
) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    shown = await answered(one, browser, 1, **{"message": "Ce que j'ai tapé.", **said})

    assert shown.status_code == 422
    assert phrase in shown.text
    assert said.get("message", "Ce que j&#39;ai tapé.") in shown.text
    assert one.hub.taken == {}


async def test_attendance_is_recorded_step_by_step(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes(etat="acceptee")
    browser = await one.opened()
    await answered(one, browser, 1, date="2026-11-30")
    one.hub.prescribes(etat="commencee")
    await answered(one, browser, 1, date="2026-11-30", issue="accomplie")

    assert told(one.hub) == [("participation.commencee", "offre"), ("participation.terminee", "offre")]
    [ended] = one.hub.of("participation.terminee")
    assert ended["data"] == {"prescription_id": DEMANDE, "date": "2026-11-30", "issue": "accomplie"}


NEW = {
    "objet": "accompagnement",
    "modalite": "physique",
    "forme": "individuel",
    "duree": "45",
    "lieu": "12 rue Fictive",
}


async def test_an_appointment_is_made_at_the_hour_of_the_territory(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes(etat="terminee")
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    sent = {**fields(page, 1), "type": NEW["objet"], **{k: v for k, v in NEW.items() if k != "objet"}}
    answers = [
        (await browser.post(f"{one.base}{PERSON}", data={**sent, "jour": jour, "heure": "09:30"})).status_code
        for jour in ("2026-12-14", "2026-12-14", "2027-06-14")
    ]

    assert answers == [200, 200, 200]
    winter, summer = one.hub.of("rdv.planifie")
    assert (winter["data"]["debut"], summer["data"]["debut"]) == (
        "2026-12-14T09:30:00+01:00",
        "2027-06-14T09:30:00+02:00",
    )
    assert winter["data"]["rdv_id"] != summer["data"]["rdv_id"]


async def test_an_hour_that_the_clocks_skip_is_refused(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes(etat="terminee")
    browser = await one.opened()
    typed = {"type": "autre", "modalite": "telephone", "forme": "individuel", "duree": "30"}
    shown = await answered(one, browser, 1, jour="2027-03-28", heure="02:30", **typed)

    assert shown.status_code == 422
    assert "existe pas ce jour-là" in shown.text
    assert 'value="02:30"' in shown.text


@pytest.mark.parametrize(
    ("debut", "form", "said", "fait", "statut"),
    [
        ("2026-11-27T09:30:00+01:00", 1, {"suite": "honore"}, "rdv.constate", "honore"),
        ("2026-11-27T09:30:00+01:00", 1, {"suite": "non-honore"}, "rdv.constate", "non-honore"),
        ("2026-12-14T09:30:00+01:00", 1, {"annule_par": "usager"}, "rdv.annule", "annule"),
        (
            "2026-12-14T09:30:00+01:00",
            2,
            {
                "type": "autre",
                "jour": "2026-12-15",
                "heure": "10:00",
                "duree": "30",
                "modalite": "visio",
                "forme": "collectif",
            },
            "rdv.modifie",
            "planifie",
        ),
    ],
    ids=["came", "did not come", "cancelled", "moved"],
)
async def test_an_appointment_goes_on(
    one: Structure, mails: Mailbox, debut: str, form: int, said: dict[str, str], fait: str, statut: str
) -> None:
    one.hub.prescribes()
    one.hub.shows(rendez_vous=[RDV | {"debut": debut}])
    browser = await one.opened()
    await answered(one, browser, form, **said)

    [message] = one.hub.of(fait)
    assert (message["data"]["rdv_id"], message["data"]["statut"]) == ("page-1", statut)
    assert message["finalite"] == "accompagnement"


async def test_the_appointment_of_another_is_shown_and_not_changed(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    one.hub.shows(rendez_vous=[RDV | {"rdv_id": "obj_ailleurs", "debut": "2026-11-27T09:30:00+01:00"}])
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text

    assert "vendredi 27\u00a0novembre\u00a02026 à 9\u00a0h\u00a030" in page
    assert "La personne est-elle venue" not in page


@pytest.mark.parametrize(
    ("said", "fait", "data"),
    [
        ({"reponse": "accepter"}, "referent.accepte", {}),
        ({"reponse": "decliner", "motif": "Plus de place."}, "referent.decline", {"motif": "Plus de place."}),
    ],
)
async def test_a_designation_of_this_structure_is_accepted_or_declined(
    one: Structure, mails: Mailbox, said: dict[str, str], fait: str, data: dict[str, str]
) -> None:
    one.hub.tells("referent.designe", DESIGNATION)
    one.hub.shows(referent=DESIGNATION)
    browser = await one.opened()
    without = await answered(one, browser, 1, reponse="decliner")
    await answered(one, browser, 1, **said)

    assert without.status_code == 422
    assert [(one["type"][13:-3], one["data"]) for one in one.hub.taken.values()] == [(fait, data)]


async def test_the_designation_of_another_structure_is_not_asked_here(one: Structure, mails: Mailbox) -> None:
    elsewhere = DESIGNATION | {"structure": {"systeme": "siret", "valeur": "90000075300013", "nom": "Ailleurs"}}
    one.hub.tells("referent.designe", elsewhere)
    one.hub.shows(referent=elsewhere)
    browser = await one.opened()

    assert "Référent unique" not in (await browser.get(f"{one.base}{PERSON}")).text


async def test_an_answer_given_while_the_hub_is_away_is_kept_and_sent_once(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    sent = {**fields(page, 1), "reponse": "accepter"}
    one.hub.is_away = True
    kept = []
    for _ in range(2):
        kept.append(await browser.post(f"{one.base}{PERSON}", data=sent))
        one.clock.now += timedelta(seconds=3)
    listed = await browser.get(f"{one.base}/")
    again = Answers(one.place)  # as after a restart
    await again.send_pending()
    one.hub.is_away = False
    shown = (await browser.get(f"{one.base}{PERSON}")).text
    await again.send_pending()
    await again.send_pending()

    assert [one.status_code for one in kept] == [202, 202]
    assert "Votre réponse est gardée" in kept[0].text
    assert listed.status_code == 503
    assert "Rien de ce que vous avez envoyé" in listed.text
    assert "Une réponse gardée ici attend" in shown
    [message] = one.hub.of("prescription.acceptee")
    assert message["data"]["date"] == "2026-11-30"
    assert await again.pending() == []
    last = (await one.lines())[-1]
    assert last == ("courriel.prescription.acceptee", ZOE, "fait", None)


async def test_what_is_kept_lies_sealed(one: Structure, mails: Mailbox, tmp_path: Path) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    one.hub.is_away = True
    await browser.post(f"{one.base}{PERSON}", data={**fields(page, 1), **REFUSAL})
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert b"Complet jusqu" not in stored
    assert b"FICTIVE" not in stored
    assert len(await Answers(one.place).pending(ZOE)) == 1


async def test_a_refusal_by_the_hub_is_shown_at_once_or_after_it_came_back(
    mail_server: tuple[Mailbox, int], mails: Mailbox, tmp_path: Path
) -> None:
    refusing = Hub(lambda message: "deja-traite" if "prescription" in message["type"] else None)
    one = structure(mails, mail_server[1], tmp_path, refusing)
    one.hub.prescribes()
    browser = await one.opened()
    at_once = await answered(one, browser, 1, reponse="accepter")
    page = (await browser.get(f"{one.base}{PERSON}")).text
    one.hub.is_away = True
    await browser.post(f"{one.base}{PERSON}", data={**fields(page, 1), **REFUSAL})
    one.hub.is_away = False
    await Answers(one.place).send_pending()
    afterwards = (await browser.get(f"{one.base}{PERSON}")).text

    assert at_once.status_code == 422
    assert "deja-traite" in at_once.text
    assert "Une réponse gardée n'a pas pu être enregistrée" in afterwards
    assert "2026-11-30 : deja-traite" in afterwards
    assert [line[2] for line in await one.lines() if "prescription" in line[0]] == ["refuse", "echec", "refuse"]


async def test_two_structures_see_each_other_in_nothing(
    mail_server: tuple[Mailbox, int], mails: Mailbox, tmp_path: Path
) -> None:
    one, two = (structure(mails, mail_server[1], tmp_path / name) for name in ("une", "deux"))
    two.place = dataclasses.replace(two.place, mandate=dataclasses.replace(two.place.mandate, code="ml-lille-courriel"))
    two.__post_init__()
    one.hub.prescribes()
    two.hub.shows()  # the hub would show her to the second one, to whom nobody was sent
    browser, stranger = await one.opened(), await two.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text
    stolen = two.browser()
    stolen.cookies.update({name: value for name, value in browser.cookies.items()})

    assert (await stranger.get(f"{two.base}{PERSON}")).status_code == 403
    assert (await stolen.get(f"{two.base}/")).status_code == 403
    assert (await stranger.get(f"{two.base}/lien/{one.link().rpartition('/')[2]}")).status_code in (200, 410)
    assert Links(two.place).read(one.link().rpartition("/")[2]) is None
    theirs = await stranger.post(f"{two.base}{PERSON}", data={**fields(page, 1), "reponse": "accepter"})
    assert theirs.status_code == 403
    assert (one.hub.taken, two.hub.taken) == ({}, {})


async def test_whom_the_hub_shows_no_more_is_shown_no_more(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes()
    browser = await one.opened()
    one.hub.views.pop(f"/v1/parcours/{ZOE}")

    assert (await browser.get(f"{one.base}{PERSON}")).status_code == 403
    assert "Rien n'attend votre structure" in (await browser.get(f"{one.base}/")).text


@pytest.mark.parametrize(
    "path", ["/parcours/..%2F..", "/parcours/prc_x", "/parcours/<script>", "/rien", "/parcours/%00"]
)
async def test_invented_addresses_lead_nowhere(one: Structure, mails: Mailbox, path: str) -> None:
    browser = await one.opened()

    assert (await browser.get(f"{one.base}{path}")).status_code in (403, 404, 410)


async def test_what_a_prescriber_wrote_is_text_in_the_page(one: Structure, mails: Mailbox) -> None:
    one.hub.prescribes(motif="<script>alert(1)</script> & « guillemets »")
    browser = await one.opened()
    page = (await browser.get(f"{one.base}{PERSON}")).text

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; « guillemets »" in page


async def test_a_partner_of_many_is_asked_about_each_person_who_is_followed(one: Structure, mails: Mailbox) -> None:
    for place in range(20):
        parcours = pseudonym(str(place))
        one.hub.tells("prescription.emise", {"prescription_id": f"obj_{place}"}, parcours)
        one.hub.shows(parcours, prescriptions=[PRESCRIPTION | {"prescription_id": f"obj_{place}"}])
    await one.notices.look()
    browser = await one.opened()

    assert (await browser.get(f"{one.base}/")).text.count("<h2>") == 20
    assert "- 20 demandes attendent une réponse" in mails.received[0].get_content()
