"""What a structure types in the form of its link: read as it was typed, told what to put right, never lost."""

from urllib.parse import urlencode

import pytest

from gateway.inbound.links import answer_form
from gateway.inbound.links.answer_form import FORM_BYTES, MESSAGE_MAX, Lue


def lue(*champs: tuple[str, str]) -> Lue:
    return answer_form.lire(urlencode(champs).encode())


@pytest.mark.parametrize(
    ("champs", "donnees"),
    [
        ([("reponse", "acceptee")], {}),
        ([("reponse", "acceptee"), ("message", " Dès lundi.\r\nVenez. ")], {"message": "Dès lundi.\nVenez."}),
        ([("reponse", "mise-a-l-etude"), ("message", "  ")], {}),
        ([("reponse", "refusee"), ("motif", "hors-zone"), ("motif", "hors-zone")], {"motifs": ["hors-zone"]}),
        (
            [("reponse", "refusee"), ("motif", "autre"), ("message", "Travaux 🚧")],
            {"motifs": ["autre"], "message": "Travaux 🚧"},
        ),
        ([("reponse", "acceptee"), ("message", "é" * MESSAGE_MAX)], {"message": "é" * MESSAGE_MAX}),
    ],
)
def test_a_good_answer_is_the_data_of_a_deposit(champs: list[tuple[str, str]], donnees: dict[str, object]) -> None:
    assert (dict(lue(*champs).erreurs), lue(*champs).saisie.donnees()) == ({}, donnees)


@pytest.mark.parametrize(
    ("champs", "champ", "phrase"),
    [
        ([], "reponse", "Choisissez une réponse."),
        ([("reponse", "peut-etre")], "reponse", "Choisissez une réponse."),
        ([("reponse", "refusee")], "motif", "Cochez au moins un motif"),
        ([("reponse", "refusee"), ("motif", "x")], "motif", "Cochez au moins un motif"),
        ([("reponse", "refusee"), ("motif", "autre")], "message", "Autre motif"),
        ([("reponse", "refusee"), ("motif", "autre"), ("message", " \r\n")], "message", "Autre motif"),
        ([("reponse", "acceptee"), ("motif", "hors-zone")], "motif", "ne va qu'avec un refus"),
        ([("reponse", "mise-a-l-etude"), ("motif", "autre")], "motif", "ne va qu'avec un refus"),
        ([("reponse", "acceptee"), ("message", "a" * (MESSAGE_MAX + 3))], "message", "3 signes de trop"),
        ([("reponse", "acceptee"), ("message", "a\0b")], "message", "ne peut être transmis"),
    ],
)
def test_what_is_to_be_put_right_is_said_at_its_field(champs: list[tuple[str, str]], champ: str, phrase: str) -> None:
    assert [*lue(*champs).erreurs] == [champ]
    assert phrase in lue(*champs).erreurs[champ]


def test_what_was_typed_is_kept() -> None:
    saisie = lue(("reponse", "refusee"), ("message", "Gardez ceci")).saisie

    assert (saisie.reponse, saisie.message) == ("refusee", "Gardez ceci")


def test_the_longest_message_of_the_largest_signs_fits_in_a_form() -> None:
    form = [("reponse", "refusee"), *(("motif", f"motif-{n}") for n in range(8)), ("message", "🚧" * MESSAGE_MAX)]

    assert len(urlencode(form)) < FORM_BYTES
