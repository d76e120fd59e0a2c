"""How the kit cuts an input into messages: recognised by its beginning, never held whole."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais_kit import flux
from relais_kit.flux import Format, Morceau, decouper

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[],é\n', max_size=12),
    lambda feuille: st.lists(feuille, max_size=4) | st.dictionaries(st.text('k"\\{', max_size=4), feuille, max_size=4),
    max_leaves=12,
)


def morceaux(octets: bytes, format_: Format = Format.AUTO) -> list[Morceau]:
    return list(decouper(io.BytesIO(octets), format_))


def corps(octets: bytes, format_: Format = Format.AUTO) -> list[bytes]:
    return [morceau.corps.strip() for morceau in morceaux(octets, format_)]


@given(elements=st.lists(JSON, min_size=1, max_size=6), indent=st.sampled_from([None, 2]), bloc=st.integers(1, 9))
def test_a_batch_is_cut_into_its_elements_wherever_the_reads_fall(
    elements: list[Any], indent: int | None, bloc: int
) -> None:
    octets = json.dumps(elements, indent=indent).encode()
    with pytest.MonkeyPatch.context() as remplacer:
        remplacer.setattr(flux, "_BLOC_OCTETS", bloc)

        lus = [json.loads(morceau.corps) for morceau in morceaux(octets)]

    assert lus == elements


@given(elements=st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), min_size=2, max_size=6))
def test_objects_one_a_line_are_ndjson(elements: list[Any]) -> None:
    octets = "\n".join(json.dumps(element) for element in elements).encode()

    lus = [(morceau.ligne, json.loads(morceau.corps)) for morceau in morceaux(octets)]

    assert lus == list(enumerate(elements, 1))


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_one_message_is_one_message_however_it_is_laid_out(indent: int | None) -> None:
    octets = json.dumps({"data": {"a": {}}, "b": [{"c": 1}]}, indent=indent).encode()

    assert corps(b"\n\n" + octets + b"\n") == [octets]


def test_ndjson_counts_blank_lines_and_a_faulty_line_hides_no_other() -> None:
    lus = morceaux(b'\n{"a": 1}\r\n\n{"a": \n{"a": 3}')

    assert [(m.ligne, m.corps) for m in lus] == [(2, b'{"a": 1}'), (4, b'{"a": '), (5, b'{"a": 3}')]


def test_ndjson_whose_first_line_is_faulty_is_still_ndjson() -> None:
    assert corps(b'{"a": 1,}\n{"a": 2}\n') == [b'{"a": 1,}', b'{"a": 2}']


def test_nothing_is_no_message() -> None:
    assert morceaux(b"") == morceaux(b" \n\n") == morceaux(b"[]") == morceaux(b" [ ] \n") == []


@pytest.mark.parametrize(
    ("octets", "avant"),
    [(b'[{"a": 1}', 1), (b'[{"a": 1}, ', 1), (b"[", 0), (b'[{"a": 1}] {}', 1), (b"\xef\xbb\xbf[]", 0)],
    ids=["unfinished", "unfinished after a comma", "only opened", "something after", "byte order mark"],
)
def test_a_malformed_batch_says_so_after_its_elements(octets: bytes, avant: int) -> None:
    lus = morceaux(octets)

    assert [m.defaut is None for m in lus] == [True] * avant + [False]


def test_what_is_not_a_list_is_no_batch() -> None:
    assert [m.defaut is not None for m in morceaux(b'{"a": 1}', Format.LOT)] == [True]


def test_an_empty_element_of_a_batch_is_not_passed_over() -> None:
    assert corps(b"[1,,2]") == [b"1", b"", b"2"]
    assert corps(b"[1,]") == [b"1", b""]


@pytest.mark.parametrize("format_", [Format.NDJSON, Format.LOT])
def test_a_message_too_big_is_told_and_the_next_one_is_read(format_: Format) -> None:
    grand = json.dumps({"a": "x" * flux.MESSAGE_MAX_OCTETS}).encode()
    octets = b"[%b,{}]" % grand if format_ is Format.LOT else grand + b"\n{}\n"

    lus = morceaux(octets, format_)

    assert [m.est_trop_grand for m in lus] == [True, False]
    assert lus[1].corps == b"{}"


class _SansFin(io.RawIOBase):
    """A stream that never ends: reading it whole would never return."""

    def __init__(self, debut: bytes, morceau: bytes) -> None:
        self._suite = self._produire(debut, morceau)

    def _produire(self, debut: bytes, morceau: bytes) -> Iterator[bytes]:
        yield debut
        while True:
            yield morceau

    def readable(self) -> bool:
        return True

    def readinto(self, tampon: Any) -> int:
        octets = next(self._suite)
        tampon[: len(octets)] = octets
        return len(octets)


@pytest.mark.parametrize(("debut", "morceau"), [(b"[{}", b",{}"), (b"{}\n", b"{}\n")], ids=["batch", "ndjson"])
def test_messages_come_out_before_the_input_ends(debut: bytes, morceau: bytes) -> None:
    lus = decouper(io.BufferedReader(_SansFin(debut, morceau)))

    premiers = [next(lus) for _ in range(1000)]

    assert {m.corps for m in premiers} == {b"{}"}
