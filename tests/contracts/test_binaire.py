"""Binary mode of CloudEvents over HTTP: headers and a body are the same message as one JSON object."""

from typing import Any
from urllib.parse import quote

import pytest

from relais_contrats.binaire import attributs
from relais_contrats.exemples import exemples
from relais_contrats.lecture import MessageIllisible, lire_objet

JSON = "application/json; charset=UTF-8"


def test_headers_and_body_are_the_message() -> None:
    exemple: dict[str, Any] = dict(exemples("usager.signale")[0].message)
    data = exemple.pop("data")
    en_tetes = [(f"ce-{nom}", quote(str(valeur))) for nom, valeur in exemple.items() if nom != "datacontenttype"]

    depot, donnees = lire_objet({**attributs([*en_tetes, ("host", "x")], JSON), "data": data})
    attendu, attendues = lire_objet({**exemple, "data": data, "datacontenttype": JSON})

    assert (depot, donnees) == (attendu, attendues)


@pytest.mark.parametrize(
    ("ecrit", "lu"),
    [
        ("Elise", "Elise"),
        ("Durand %C3%89lise a1", "Durand Élise a1"),
        ('"Durand Elise"', "Durand Elise"),
        ('"Du \\"rand\\" %22"', 'Du "rand" "'),
        ("100%2525", "100%25"),
        ("50%", "50%"),
        ("a+b", "a+b"),
    ],
)
def test_a_value_is_unquoted_then_decoded_once(ecrit: str, lu: str) -> None:
    assert attributs([("ce-agent", ecrit)], JSON)["agent"] == lu


def test_a_number_is_one() -> None:
    lus = attributs([("ce-versionattendue", "12"), ("ce-id", "12")], JSON)

    assert (lus["versionattendue"], lus["id"]) == (12, "12")


@pytest.mark.parametrize(
    "en_tetes",
    [
        [("ce-id", "a"), ("ce-id", "b")],
        [("ce-data", "{}")],
        [("ce-datacontenttype", "application/json")],
        [("ce-agent", "Ã‰lise")],
        [("ce-agent", "%C3%28")],
    ],
)
def test_headers_that_nobody_reads_alike_are_refused(en_tetes: list[tuple[str, str]]) -> None:
    with pytest.raises(MessageIllisible):
        attributs(en_tetes, JSON)
