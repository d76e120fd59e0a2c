"""Telephone numbers as the field writes them: of persons, of services, of overseas."""

import re

import pytest

from relais_contrats import telephones as tel


@pytest.mark.parametrize(
    "numero",
    [
        "0612345678",
        "0690123456",
        "0800949949",
        "+33612345678",
        "+33970123456",
        "+590690123456",
        "+590590123456",
        "+594694123456",
        "+596696123456",
        "+262692123456",
        "+262639123456",
        "+508412345",
        "+508708123456",
        "+32470123456",
        "+390612345678",
        "+213551234567",
        "+447911123456",
    ],
)
def test_a_person_can_be_called_at(numero: str) -> None:
    assert re.fullmatch(tel.MOTIF_PERSONNE, numero)
    assert re.fullmatch(tel.MOTIF_SERVICE, numero)
    assert tel.expliquer(numero) is None


@pytest.mark.parametrize("numero", ["3949", "3646", "3960", "115", "119", "15", "112", "1044", "116117", "118712"])
def test_a_service_also_has_short_numbers(numero: str) -> None:
    assert re.fullmatch(tel.MOTIF_SERVICE, numero)
    assert not re.fullmatch(tel.MOTIF_PERSONNE, numero)


@pytest.mark.parametrize(
    ("numero", "dit"),
    [
        ("+330612345678", "+33"),
        ("+33062345678", "+33"),
        ("+5900690123456", "+590"),
        ("+2620692123456", "+262"),
        ("+33690123456", "+590"),
        ("+33691123456", "+590"),
        ("+33590123456", "+590"),
        ("+33694123456", "+594"),
        ("+33594123456", "+594"),
        ("+33696123456", "+596"),
        ("+33697123456", "+596"),
        ("+33639123456", "+262"),
        ("+33692123456", "+262"),
        ("+33693123456", "+262"),
        ("+33262123456", "+262"),
        ("+33269123456", "+262"),
        ("+33508123456", "+508"),
    ],
)
def test_a_wrong_number_for_abroad_is_refused_and_explained(numero: str, dit: str) -> None:
    phrase = tel.expliquer(numero)

    assert phrase is not None
    assert dit in phrase
    assert numero not in phrase
    assert not re.fullmatch(tel.MOTIF_SERVICE, numero)


@pytest.mark.parametrize(
    "numero",
    ["", "0", "06", "061234567", "06123456789", "+33", "+3361234567", "+336123456789", "4949", "06 12 34 56 78"],
)
def test_what_nobody_can_call_is_refused(numero: str) -> None:
    assert not re.fullmatch(tel.MOTIF_SERVICE, numero)


def test_every_overseas_beginning_is_refused_under_33_and_no_other() -> None:
    debuts = {f"{n:03d}" for n in range(100, 1000)}

    refuses = {d for d in debuts if not re.fullmatch(tel.MOTIF_PERSONNE, f"+33{d}123456")}

    assert refuses == {d for d in debuts if tel.expliquer(f"+33{d}123456")}
    assert len(refuses) == 15
