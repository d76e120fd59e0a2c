"""National identifiers: known vectors and properties of their keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais_contrats import identifiants as ident

_NIR13 = st.from_regex(ident.MOTIF_NIR.replace("([0-9]{2})?", ""), fullmatch=True)


@pytest.mark.parametrize(
    "nir",
    [
        "295109912611193",
        "253072B07300470",
        "253072A07300443",
        "2951099126111",
    ],
)
def test_a_right_nir_is_accepted(nir: str) -> None:
    assert ident.nir_est_valide(nir)


@pytest.mark.parametrize(
    ("nir", "pourquoi"),
    [
        ("295109912611199", "key"),
        ("253072C07300443", "no department 2C"),
        ("595109912611193", "leading digit"),
        ("295139912611193", "month 13"),
        ("295439912611193", "month 43"),
        ("2951099126111 93", "space"),
        ("29510991261119", "14 signs"),
        ("253072a07300443", "lower case"),
        ("269054958815780", "public specimen"),
        ("2690549588157", "public specimen without key"),
        ("٢95109912611193", "non-ASCII digit"),
        ("", "empty"),
    ],
)
def test_a_wrong_nir_is_refused(nir: str, pourquoi: str) -> None:
    assert not ident.nir_est_valide(nir), pourquoi


@pytest.mark.parametrize("mois", ["01", "12", "20", "42", "50", "99"])
def test_an_unknown_month_of_birth_is_tolerated(mois: str) -> None:
    assert ident.nir_est_bien_forme(f"185{mois}99999999")


@given(_NIR13)
def test_any_nir_with_its_computed_key_is_valid_and_with_another_is_not(nir13: str) -> None:
    cle = int(ident.cle_nir(nir13))
    autre = f"{cle % 97 + 1:02d}"

    assert nir13 in ident.NIR_FICTIFS or ident.nir_est_valide(nir13 + f"{cle:02d}")
    assert not ident.nir_est_valide(nir13 + autre)


@given(_NIR13)
def test_thirteen_and_fifteen_signs_have_one_canonical_form(nir13: str) -> None:
    entier = nir13 + ident.cle_nir(nir13)

    assert ident.normaliser("nir", nir13) == ident.normaliser("nir", entier) == entier


@pytest.mark.parametrize("siret", ["73282932000074", "35600000000048", "35600000009075", "90000059800012"])
def test_a_right_siret_is_accepted_with_the_exception_of_la_poste(siret: str) -> None:
    assert ident.siret_est_coherent(siret)


@pytest.mark.parametrize("siret", ["73282932000079", "35600000009076", "7328293200007"])
def test_a_wrong_siret_is_refused(siret: str) -> None:
    assert not ident.siret_est_coherent(siret)


def test_the_departments_are_those_of_the_contract() -> None:
    attendus = {f"{n:02d}" for n in range(1, 96)} - {"20", "69"} | {"2A", "2B", "69D", "69M"}
    attendus |= {str(n) for n in range(971, 979)}
    essais = {f"{n:02d}" for n in range(100)} | {f"{n:03d}" for n in range(1000)} | {"2A", "2B", "2C", "2a"}
    essais |= {"69D", "69M", "69d", "59D", "6AE", "20R"}

    acceptes = {code for code in essais if re.fullmatch(ident.MOTIF_DEPARTEMENT, code)}

    assert acceptes == attendus


@pytest.mark.parametrize(
    ("code", "est_admis"),
    [
        ("59350", True),
        ("2A004", True),
        ("2B033", True),
        ("97611", True),
        ("98818", True),
        ("20004", False),
        ("99100", False),
        ("96001", False),
        ("00001", False),
        ("5935", False),
        ("75056 ", False),
    ],
)
def test_a_commune_code_is_an_insee_code(code: str, est_admis: bool) -> None:
    assert bool(re.fullmatch(ident.MOTIF_CODE_COMMUNE, code)) is est_admis


@pytest.mark.parametrize("code", ["99100", "20004", "2A004", "59350"])
def test_a_birth_place_may_be_abroad_or_under_a_former_code(code: str) -> None:
    assert re.fullmatch(ident.MOTIF_LIEU_NAISSANCE, code)


@pytest.mark.parametrize(
    ("genre", "gauche", "droite"),
    [
        ("matricule-caf", "0001234567", "1234567"),
        ("numero-france-travail", "1234567z", "1234567Z"),
        ("nir", "253072a073004", "253072A07300443"),
        ("local", " iodas-1 ", "iodas-1"),
    ],
)
def test_two_writings_of_one_identifier_are_equal(genre: str, gauche: str, droite: str) -> None:
    assert ident.normaliser(genre, gauche) == ident.normaliser(genre, droite)


@pytest.mark.parametrize(
    "texte",
    [
        "1900159350123",
        "190015935012324",
        "dossier-190015935012324-a",
        "dossier.1900159350123",
        "nir1900159350123",
        "2026-1900159350123",
        "1.90.01.59.350.123",
        "2 85 06 2A 004 123",
        "285062b004123",
        "1-90-01-59-350-123-24",
        "3200159350123",
        "a1900159350123bb00112233445566aaz",
        "a190015935012324",
        "abc1900159350123",
        "cnaf-1900159350123-2833bf94f44ca19f233a145336291c095b030977",
    ],
)
def test_what_bears_a_nir_is_recognised(texte: str) -> None:
    assert ident.ressemble_a_un_nir(texte)


@pytest.mark.parametrize(
    "texte",
    [
        "caf-59-2026-11-30-00012",
        "20261130061837",
        "1796019517000",
        "msg-1796019517000",
        "190015935012367",
        "1901359350123",
        "19001593501234",
        "190015935012324000",
        "550e8400-e29b-41d4-a716-446655440000",
        "a1900159350123bb00112233445566aa",
        "cnaf-2833bf94f44ca19f2331145336291c095b030977",
        "urn:uuid:1f8d0c52-b331-4114-9331-1453362910ca",
        "dossier/507f2331145336291c095b03/2",
        "4a52ee3413431429-001",
        "lot.b3413431429_001",
        "bench-d5f127-2000000045",
        "bench-b14834-2000000720",
        "127-2000000045",
        "lot.1850559350/123",
    ],
)
def test_a_clock_a_count_or_a_drawn_token_is_no_nir(texte: str) -> None:
    assert not ident.ressemble_a_un_nir(texte)
