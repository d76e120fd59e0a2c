"""No call takes a query parameter that the published API does not name; nothing of it comes back."""

from urllib.parse import urlencode

import pytest

from relais_contrats.api import OPERATIONS
from relais_contrats.consultation import est_un_agent
from relais_contrats.operations import Operation
from tests.passerelle.entrance import Entrance

pytestmark = pytest.mark.anyio
SECRET = "zz-a-ne-pas-redire"
# Standards ask to ignore what they do not know, and a link in a mail may come back with what a mailer added.
STRICT = [
    one
    for one in OPERATIONS
    if not one.chemin.startswith(("/oauth", "/.well-known", "/sante", "/problemes", "/reponses"))
]


def address(operation: Operation) -> str:
    place = {"{prc}": "prc_" + "a" * 26, "{id}": "x", "{type}": "usager.signale", "{code}": "inconnu", "{jeton}": "x"}
    path = operation.chemin
    for name, value in place.items():
        path = path.replace(name, value)
    return f"{path}?{SECRET}={SECRET}"


async def test_an_unknown_parameter_is_refused_on_every_call(entree: Entrance) -> None:
    by_scope = {
        portee: await entree.partner("asso-mobilite" if portee == "offres:publier" else "cd-59")
        for portee in {one.portee for one in STRICT}
        if portee
    }
    answers = {}
    for one in STRICT:
        if one.portee:
            answers[one.methode, one.chemin] = await by_scope[one.portee]._send(one.methode, address(one))
        else:
            answers[one.methode, one.chemin] = await entree.bare(one.methode, address(one))

    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 422} == {}
    assert all(SECRET not in answer.text for answer in answers.values())


async def test_a_parameter_is_given_once(entree: Entrance) -> None:
    answer = await (await entree.partner("cd-59"))._send("GET", "/v1/messages?etat=accepte&etat=refuse")

    assert (answer.status_code, answer.json()["code"]) == (422, "schema-invalide")


FORMED = [(one, parametre) for one in STRICT for parametre in one.parametres if "pattern" in parametre.schema]


async def test_a_parameter_of_another_form_than_the_published_one_is_refused_where_it_stands(entree: Entrance) -> None:
    partner, required = await entree.partner("cd-59"), {"du": "2026-01-01", "au": "2026-01-02", "departement": "59"}
    told = {}
    for one, parametre in FORMED:
        path = address(one).partition("?")[0]
        query = {p.nom: required.get(p.nom, "recu") for p in one.parametres if p.requis} | {parametre.nom: "\x01é"}
        answer = await partner._send(one.methode, f"{path}?{urlencode(query)}")
        told[one.chemin, parametre.nom] = (answer.status_code, answer.json()["erreurs"][0]["pointeur"])

    expected = {place: (422, place[1]) for place in told} | {
        ("/v1/reconciliation", "du"): (422, "du"),
        ("/v1/reconciliation", "au"): (422, "du"),
    }
    assert told == expected


@pytest.mark.parametrize(
    "depuis", ["2026-W01-1T00:00:00Z", "20260101T000000Z", "2026-01-01T00:00:00", "2026-01-01", "2026-01-01 00:00:00Z"]
)
async def test_an_instant_is_one_of_rfc_3339(entree: Entrance, depuis: str) -> None:
    answer = await (await entree.partner("cd-59"))._send("GET", f"/v1/messages?depuis={depuis}")

    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, "depuis")


@pytest.mark.parametrize("depuis", ["2026-01-01T00:00:00 01:00", "2026-01-01t00:00:00z", "2016-12-31T23:59:60Z"])
async def test_every_writing_of_rfc_3339_is_an_instant(entree: Entrance, depuis: str) -> None:
    answer = await (await entree.partner("cd-59"))._send("GET", f"/v1/messages?{urlencode({'depuis': depuis})}")

    assert answer.status_code == 200


@pytest.mark.parametrize("jour", ["2026-W01-1", "20260101", "2026-02-30", "2026-1-1"])
async def test_a_day_is_written_in_one_way(entree: Entrance, jour: str) -> None:
    answer = await (await entree.partner("cd-59"))._send("GET", f"/v1/parcours?echeance_avant={jour}")

    assert (answer.status_code, answer.json()["erreurs"][0]["pointeur"]) == (422, "echeance_avant")


@pytest.mark.parametrize(
    ("code", "nommes"), [("69", ("69D", "69M")), ("20", ("2A", "2B")), ("6AE", ("67", "68")), ("99", ("69M", "974"))]
)
@pytest.mark.parametrize(
    "chemin",
    [
        "/v1/parcours?departement={}",
        "/v1/statistiques/delais?departement={}",
        "/v1/departements/{}/regles",
        "/v1/departements/{}/delegations",
    ],
)
async def test_a_code_that_is_no_territory_is_told_which_ones_are(
    entree: Entrance, chemin: str, code: str, nommes: tuple[str, ...]
) -> None:
    partner = await entree.partner("cd-59")

    told = await partner._send("GET", chemin.format(code))

    [erreur] = told.json()["erreurs"]
    assert (told.status_code, erreur["code"]) == (422, "schema-invalide")
    assert all(nom in erreur["message"] for nom in nommes)


@pytest.mark.parametrize(
    ("agent", "admis"),
    [
        ("Durand Paul AG-1", True),
        ("batch", True),
        ("a|b", False),
        ("x" * 201, False),
        ("Durand 1 90 07 59 999 001", False),
    ],
)
def test_who_reads_is_named_without_a_nir(agent: str, admis: bool) -> None:
    assert est_un_agent(agent) is admis
