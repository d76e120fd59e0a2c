"""Reading a deposit: what is unreadable, what is invalid, what is said about it, how long it takes."""

import json
import sys
import time
import timeit
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from relais_contrats.enveloppe import avertissements
from relais_contrats.exemples import exemple_valide
from relais_contrats.lecture import (
    MessageIllisible,
    MessageInvalide,
    empreinte,
    forme_canonique,
    lire_depot,
    lire_evenement,
    lire_json,
)

SIGNALE = json.dumps(exemple_valide("usager.signale"), ensure_ascii=False).encode()


def _sauf(**changements: Any) -> bytes:
    return json.dumps({**exemple_valide("usager.signale"), **changements}).encode()


@pytest.mark.parametrize(
    ("nom", "corps"),
    [
        ("byte order mark", b"\xef\xbb\xbf" + SIGNALE),
        ("not utf-8", SIGNALE.replace(b"Camille", b"Cam\xe9lle")),
        ("utf-16", SIGNALE.decode().encode("utf-16")),
        ("truncated", SIGNALE[:-1]),
        ("trailing text", SIGNALE + b"{}"),
        ("empty", b""),
        ("array", b"[" + SIGNALE + b"]"),
        ("scalar", b"1"),
        ("nan", b'{"a": NaN}'),
        ("infinity", b'{"a": -Infinity}'),
        ("overflowing number", b'{"a": 1e999}'),
        ("lone surrogate", b'{"a": "\\ud800"}'),
        ("nul in a value", b'{"a": "x\\u0000y"}'),
        ("nul in a key", b'{"a\\u0000": 1}'),
        ("duplicate key", b'{"a": 1, "a": 2}'),
        ("duplicate key written otherwise", b'{"a": 1, "\\u0061": 2}'),
        ("duplicate key inside", b'{"a": [{"b": 1, "b": 1}]}'),
        ("duplicate key hidden by text", b'{"a": ": ", "b": "\\":", "c": 1, "c": 2}'),
        ("33 levels", b'{"a":' * 33 + b"1" + b"}" * 33),
        ("33 lists", b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"),
        ("thousands of levels", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    ],
)
def test_an_unreadable_body_is_refused(nom: str, corps: bytes) -> None:
    with pytest.raises(MessageIllisible):
        lire_depot(corps)


@pytest.mark.parametrize(
    "corps",
    [
        b'{"a":' * 32 + b"1" + b"}" * 32,
        b'{"a": "\\\\u0000"}',
        b'{"a": ":", "b": "\\": \\"c\\":", "\\"d\\":": 1, ":": ": "}',
        b'{"a": 12345678901234567890123}',
        b' \n{"a" \t: {"a": {"a": []}}} ',
    ],
)
def test_an_unusual_but_readable_body_is_read(corps: bytes) -> None:
    lu = lire_json(corps)

    assert lu == json.loads(corps)


_textes = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)
_valeurs = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _textes,
    lambda e: st.lists(e, max_size=3) | st.dictionaries(st.text('a":\\ é', max_size=4), e, max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_textes, _valeurs, max_size=5))
def test_any_json_object_is_read_as_the_standard_parser_reads_it(objet: dict[str, Any]) -> None:
    corps = json.dumps(objet).encode()

    lu = lire_json(corps)

    assert lu == objet


def test_a_valid_deposit_gives_the_envelope_and_the_typed_data() -> None:
    depot, donnees = lire_depot(SIGNALE)

    assert depot.type == "fr.insertion.usager.signale.v1"
    assert depot.time.utcoffset() is not None
    assert type(donnees).__name__ == "UsagerSignale"


def test_an_unknown_type_is_an_unknown_code_at_type() -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(type="fr.insertion.usager.invente.v1"))

    assert [(e.pointeur, e.code) for e in refus.value.erreurs] == [("/type", "code-inconnu")]
    assert refus.value.code == "code-inconnu"


def test_all_errors_of_the_envelope_and_of_the_data_come_together() -> None:
    corps = _sauf(
        agent="nom|prenom",
        departement="20",
        sur_prise=1,
        data={**exemple_valide("usager.signale")["data"], "brsa": "oui"},
    )

    with pytest.raises(MessageInvalide) as refus:
        lire_depot(corps)

    assert {e.pointeur for e in refus.value.erreurs} == {"/agent", "/departement", "/sur_prise", "/data/brsa"}
    assert refus.value.code == "schema-invalide"


@pytest.mark.parametrize("coordonnees", [{}, {"adresse": None, "telephone": None}])
def test_contacts_without_any_contact_are_refused(coordonnees: dict[str, None]) -> None:
    donnees = {**exemple_valide("usager.signale")["data"], "coordonnees": coordonnees}

    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(data=donnees))

    assert refus.value.erreurs[0].pointeur.startswith("/data/coordonnees")


def test_a_pointer_escapes_slashes_and_tildes() -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(**{"a/b~c": 1}))

    assert refus.value.erreurs[0].pointeur == "/a~1b~0c"


def test_a_pointer_tells_no_more_than_64_signs_of_a_key_that_the_sender_made_up() -> None:
    corps = _sauf(**{"x" * 2_000: 1})
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(corps)

    assert refus.value.erreurs[0].pointeur == "/" + "x" * 64


@pytest.mark.parametrize("cle", ["1850559350123", "NIR 1 85 05 59 350 123", "nir_185055935012342"])
def test_a_pointer_tells_no_nir_that_the_sender_made_a_key(cle: str) -> None:
    corps = _sauf(data={**exemple_valide("usager.signale")["data"], cle: {"a": 1}})
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(corps)

    assert refus.value.erreurs[0].pointeur == "/data"


def test_an_attribute_that_bears_a_nir_is_told_without_its_name() -> None:
    dits = avertissements({**exemple_valide("usager.signale"), "1850559350123": "x"})

    assert [dit["pointeur"] for dit in dits] == [""]


@pytest.mark.parametrize("attribut", ["id", "causeid", "correlationid"])
def test_an_id_that_bears_a_nir_is_refused(attribut: str) -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(**{attribut: "dossier-190015935012324"}))

    assert [(e.pointeur, e.code) for e in refus.value.erreurs] == [(f"/{attribut}", "identifiant-invalide")]


@pytest.mark.parametrize(
    "adresse",
    ["https://hub.exemple.fr/v1/contrats/usager.corrige", "ftp://hub.exemple.fr/usager.signale", "usager.signale"],
)
def test_a_dataschema_that_names_something_else_is_refused(adresse: str) -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(dataschema=adresse))

    assert {e.pointeur for e in refus.value.erreurs} == {"/dataschema"}


@pytest.mark.parametrize(
    "adresse",
    ["https://hub.exemple.fr/v1/contrats/usager.signale", "http://127.0.0.1:8420/v1/contrats/usager.signale.json"],
)
def test_a_dataschema_that_names_this_type_is_accepted(adresse: str) -> None:
    depot, _ = lire_depot(_sauf(dataschema=adresse))

    assert depot.dataschema == adresse


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["id", "source", "type", "time", "departement", "agent", "finalite", "subject"]),
    st.text("SECRETsecret0123456789|/éè", min_size=6, max_size=40),
)
def test_no_error_repeats_what_was_sent(attribut: str, valeur: str) -> None:
    secret = f"ZQ{valeur}QZ"

    donnees = {"identite": secret, "identifiants": [{"type": "nir", "valeur": secret}]}
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(**{attribut: secret}, data=donnees))

    assert secret not in str(refus.value)
    assert secret not in repr(refus.value.erreurs)


def test_every_sentence_is_french_whatever_the_error() -> None:
    donnees = {
        "identite": 1,
        "identifiants": [],
        "coordonnees": {"adresse": {"code_commune": 5}, "telephone": "x"},
        "brsa": 2,
        "origine": None,
        "date_reception_droit": "hier",
    }

    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(data=donnees, specversion="2.0", versionattendue=-1))

    assert len(refus.value.erreurs) >= 9
    assert not [e for e in refus.value.erreurs if "Input" in e.message or "should" in e.message]


def test_a_name_is_put_in_composed_unicode_form() -> None:
    donnees = json.loads(SIGNALE)["data"]
    donnees["identite"]["nom_naissance"] = "LEFE\u0300VRE"

    _, lues = lire_depot(_sauf(data=donnees))

    assert lues.en_json()["identite"]["nom_naissance"] == "LEF\u00c8VRE"


def test_null_means_absent() -> None:
    donnees = {**json.loads(SIGNALE)["data"], "coordonnees": None}

    _, lues = lire_depot(_sauf(data=donnees, traceparent=None))

    assert "coordonnees" not in lues.en_json()


def test_an_event_with_unknown_attributes_is_tolerated() -> None:
    corps = json.dumps({**exemple_valide("parcours.ouvert"), "nouvelattribut": 1}).encode()

    evenement = lire_evenement(corps)

    assert evenement.sequence == 1


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda e: st.lists(e, max_size=4) | st.dictionaries(st.text(max_size=6), e, max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(_json)
def test_the_canonical_form_is_that_of_rfc_8785(valeur: Any) -> None:
    obtenue = forme_canonique(valeur)

    assert obtenue == rfc8785.dumps(valeur)


@pytest.mark.parametrize(
    ("valeur", "forme"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"\U00010000": 1, "\ue000": 2}, '{"\U00010000":1,"\ue000":2}'.encode()),
        ({"x": 1e21, "y": 1e-7, "z": 3.0}, b'{"x":1e+21,"y":1e-7,"z":3}'),
        ({"x": '\x7f\u001f\n"\\é'}, b'{"x":"\x7f\\u001f\\n\\"\\\\\xc3\xa9"}'),
    ],
)
def test_the_canonical_form_of_known_vectors(valeur: Any, forme: bytes) -> None:
    assert forme_canonique(valeur) == forme


def test_two_writings_of_one_message_have_one_fingerprint() -> None:
    autrement = json.dumps(dict(reversed(json.loads(SIGNALE).items())), indent=3).encode()

    assert empreinte(lire_json(autrement)) == empreinte(lire_json(SIGNALE))
    assert len(empreinte({})) == 64


def test_reading_a_one_kilobyte_message_costs_less_than_eight_bare_parses() -> None:
    """A ratio, taken in one run: microseconds alone say more of the machine's other work than of ours."""
    nombre = 500
    ratios = []
    for _ in range(9):
        lecture_s = timeit.timeit(lambda: lire_depot(SIGNALE), number=nombre, timer=time.process_time)
        reference_s = timeit.timeit(lambda: json.loads(SIGNALE), number=nombre, timer=time.process_time)
        ratios.append(lecture_s / reference_s)

    meilleur = min(ratios)

    sys.stdout.write(f"lire_depot: {len(SIGNALE)} bytes, {meilleur:.1f} times json.loads\n")
    assert 800 <= len(SIGNALE) <= 1200
    assert meilleur < 8


@pytest.mark.parametrize(
    ("id_", "est_admis"),
    [
        ("terrain--a/b", False),
        ("terrain--a\\b", False),
        ("terrain--a?b", True),
        ("terrain--a#b", True),
        ("terrain--a%2Fb;é", True),
    ],
)
def test_an_id_of_the_offer_is_one_that_a_path_can_carry(id_: str, est_admis: bool) -> None:
    exemple = exemple_valide("service.publie")
    donnees = {**exemple["data"], "source": "terrain", "id": id_}

    erreurs: list[tuple[str, str]] = []
    try:
        lire_depot(json.dumps({**exemple, "data": donnees}).encode())
    except MessageInvalide as refus:
        erreurs = [(erreur.pointeur, erreur.message) for erreur in refus.erreurs]

    assert [pointeur for pointeur, _ in erreurs] == ([] if est_admis else ["/data/id"])
    assert all("«" in message for _, message in erreurs)


@pytest.mark.parametrize("valeur", [2**53, -(2**53), {"dedans": [10**40]}])
def test_an_unknown_attribute_without_a_canonical_form_is_refused(valeur: Any) -> None:
    """No receipt can be made of it: the hub answered 503, for a partner to try again without end."""
    with pytest.raises(MessageInvalide) as refus:
        lire_depot(_sauf(suivi=valeur))

    assert [(e.pointeur, e.code) for e in refus.value.erreurs] == [("/suivi", "schema-invalide")]
    assert lire_depot(_sauf(suivi=2**53 - 1))
