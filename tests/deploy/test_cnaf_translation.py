"""From a CNAF household to messages of the catalogue: who, with what identifiers, which right; and what is left out."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.cnaf import check as cnaf_schema
from connectors.cnaf import flow as cnaf_flow
from connectors.cnaf import reading as cnaf_translation
from connectors.cnaf.reading import Ignore, Signalement
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.lecture import MessageInvalide, lire_donnees
from tests.deploy.cnaf_flows import ADRESSE, OPEN, flux, foyer, nir, personne


def translated(household: str, depuis: date | None = None) -> list[Signalement | Ignore]:
    source = io.BytesIO(flux(household))
    contents = cnaf_schema.check(source, None)
    [block] = [cnaf_flow.foyer(b, 1) for b in cnaf_flow.blocks(source) if b.tag == cnaf_flow.HOUSEHOLD]
    return list(cnaf_translation.translate(contents.entete, block, depuis=depuis))


def signalled(household: str, depuis: date | None = None) -> Signalement:
    [only] = translated(household, depuis)
    assert isinstance(only, Signalement)
    return only


def identifiers(one: Signalement) -> dict[str, str]:
    return {identifiant["type"]: identifiant["valeur"] for identifiant in one.usager["identifiants"]}


def refused(one: Signalement) -> list[tuple[str, str | None]]:
    return [(omission.objet, omission.code) for omission in one.omissions]


def test_a_demandeur_is_signalled_with_every_identifier_and_the_day_of_the_flow() -> None:
    one = signalled(foyer(personne(ft="1253359x")))

    assert identifiers(one) == {
        "nir": nir(1),
        "numero-france-travail": "1253359X",
        "matricule-caf": "1234567",
        "numero-demande-rsa": "01024041059",
    }
    assert {i["type"]: i.get("role") for i in one.usager["identifiants"]}["matricule-caf"] == "demandeur"
    assert (one.departement, one.usager["brsa"], one.usager["date_reception_droit"]) == ("59", True, "2026-11-05")
    assert one.usager["coordonnees"]["adresse"]["code_commune"] == "59350"


def test_the_messages_follow_the_contract() -> None:
    one = signalled(foyer(personne(ft="1253359X")))

    lire_donnees(CATALOGUE["usager.signale"], dict(one.usager))
    assert one.droits
    lire_donnees(CATALOGUE["droits.modifies"], dict(one.droits))


def test_children_and_dependants_are_told_and_not_signalled() -> None:
    household = foyer(personne(1), personne(2, role="ENF", soumis=None), personne(3, role="AUT", soumis="0"))

    assert [type(one) for one in translated(household)] == [Signalement, Ignore, Ignore]


def test_whoever_is_subject_to_droits_et_devoirs_is_signalled_whatever_the_role() -> None:
    assert isinstance(translated(foyer(personne(role="AUT", soumis="1")))[0], Signalement)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (nir(1, key=True), True),
        (f" {nir(1, key=True)[:13]} ", True),
        ("2850259900a01", False),
        (nir(1) + "00", False),
        ("0000000000000", False),
        ("1850259900001", False),
        ("2850359900001", False),
        ("2860259900001", False),
        ("2853259900001", True),
    ],
    ids=["15", "blanks", "letter", "wrong-key", "zeros", "other-sex", "other-month", "other-year", "unknown-month"],
)
def test_a_wrong_nir_is_left_out_and_told_the_person_stays(written: str, kept: bool) -> None:
    one = signalled(foyer(personne(nir_=written)))

    assert ("nir" in identifiers(one)) == kept
    assert (("identifiant nir", "identifiant-invalide") in refused(one)) != kept
    assert "matricule-caf" in identifiers(one)


def test_an_absent_nir_is_no_refusal() -> None:
    one = signalled(foyer(personne(nir_="")))

    assert "nir" not in identifiers(one)
    assert refused(one) == []


def test_a_number_carried_by_two_persons_of_the_household_names_neither() -> None:
    household = foyer(personne(1, ft="1253359X"), personne(2, role="CJT", ft="1253359X"))

    for one in translated(household):
        assert isinstance(one, Signalement)
        assert "numero-france-travail" not in identifiers(one)
        assert refused(one) == [("identifiant numero-france-travail", "identifiant-invalide")]


def test_a_msa_household_has_a_msa_matricule_and_origin() -> None:
    one = signalled(foyer(fonorg="MSA"))

    assert one.usager["origine"] == "inscription-auto-msa"
    assert "matricule-msa" in identifiers(one)


@pytest.mark.parametrize(
    "adresses",
    [
        ADRESSE.replace("<NUMCOM>59350</NUMCOM>", ""),
        ADRESSE.replace("AdresseDetailleeFrance", "AdresseHorsFrance"),
        ADRESSE.replace("59350", "99352"),
    ],
    ids=["no-commune", "abroad", "no-such-commune"],
)
def test_an_address_without_its_commune_is_left_out_without_refusing_anything(adresses: str) -> None:
    one = signalled(foyer(adresses=adresses))

    assert "coordonnees" not in one.usager
    assert refused(one) == [("coordonnees", None)]


def test_without_obligations_there_is_no_delay_to_start() -> None:
    one = signalled(foyer(personne(soumis="0")))

    assert one.usager["brsa"] is False
    assert "date_reception_droit" not in one.usager
    assert one.droits
    assert one.droits["soumis_droits_devoirs"] is False


def test_when_the_flow_does_not_say_an_open_right_counts_as_subject() -> None:
    one = signalled(foyer(personne(soumis=None)))

    assert one.usager["brsa"] is True
    assert one.droits
    assert one.droits["soumis_droits_devoirs"] is True


SUSPENDED = """<EtatDossierRSA><ETATDOSRSA>4</ETATDOSRSA></EtatDossierRSA>
<SuspensionVersement><MOTISUSVERSRSA>06</MOTISUSVERSRSA><DDSUSVERSRSA>2026-09-01</DDSUSVERSRSA></SuspensionVersement>
<SuspensionVersement><MOTISUSVERSRSA>ab</MOTISUSVERSRSA><DDSUSVERSRSA>2026-10-01</DDSUSVERSRSA></SuspensionVersement>"""
CLOSED = """<EtatDossierRSA><ETATDOSRSA>6 </ETATDOSRSA></EtatDossierRSA>
<FinDroitMoisAnterieur><MOTICLORSA>MUT </MOTICLORSA><DTCLORSA>2026-08-31</DTCLORSA></FinDroitMoisAnterieur>"""


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (OPEN, {"etat_dossier": "2", "date_effet": "2026-10-31"}),
        (SUSPENDED, {"etat_dossier": "4", "date_effet": "2026-10-01", "motif_suspension": "AB"}),
        (CLOSED, {"etat_dossier": "6", "date_effet": "2026-08-31", "motif_cloture": "mutation"}),
    ],
    ids=["open", "suspended", "closed"],
)
def test_the_state_of_the_right_and_its_reason(situation: str, expected: dict[str, Any]) -> None:
    one = signalled(foyer(situation=situation))

    assert one.droits == expected | {"soumis_droits_devoirs": True}


def test_a_closed_right_starts_no_delay() -> None:
    assert "date_reception_droit" not in signalled(foyer(situation=CLOSED)).usager


def test_without_the_state_of_the_file_no_right_is_told() -> None:
    one = signalled(foyer(situation=""))

    assert one.droits is None
    assert refused(one) == [("droits.modifies", None)]


@pytest.mark.parametrize(
    ("written", "adresses", "departement"),
    [("059", ADRESSE, "59"), ("02A", ADRESSE, "2A"), ("974", ADRESSE, "974"), ("", ADRESSE, "59")],
)
def test_the_departement_is_the_receiver_of_the_flow(written: str, adresses: str, departement: str) -> None:
    assert signalled(foyer(departement=written, adresses=adresses)).departement == departement


@pytest.mark.parametrize(
    ("written", "commune", "departement"),
    [
        ("069", "69266", "69M"),  # Villeurbanne
        ("069", "69264", "69D"),  # Villefranche-sur-Saône
        ("069", "69383", "69M"),
        ("069", "42218", "69"),  # nobody can tell: refused with both codes
        ("020", "2B033", "2B"),
        ("978", "97801", "978"),
    ],
)
def test_the_commune_tells_two_territories_of_one_code_apart(written: str, commune: str, departement: str) -> None:
    lieu = ADRESSE.replace("59350", commune)

    assert signalled(foyer(departement=written, adresses=lieu)).departement == departement


TEXTS = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cs"], exclude_characters="<&>"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=9, max_size=9))
def test_whatever_a_flow_holds_what_is_kept_of_it_follows_the_contract(texts: Sequence[str]) -> None:
    numero, role, soumis, nom, ft, naissance, fonorg, departement, etat = texts
    one = personne(nir_=numero, role=role, soumis=soumis, nom=nom, ft=ft, naissance=naissance)
    situation = OPEN.replace(">2<", f">{etat}<")

    found = translated(foyer(one, fonorg=fonorg, departement=departement, situation=situation))

    judged = [pointer for person in found if isinstance(person, Signalement) for pointer in wrong(person)]
    assert not [pointer for pointer in judged if not pointer.startswith("/data/identite")]


def wrong(one: Signalement) -> list[str]:
    """Where the contract refuses the signalement; an importer cannot repair a civil status, only leave out the rest."""
    try:
        lire_donnees(CATALOGUE["usager.signale"], dict(one.usager))
    except MessageInvalide as invalid:
        return [erreur.pointeur for erreur in invalid.erreurs]
    return []


@pytest.mark.parametrize(
    ("demande_le", "depuis", "recu_le"),
    [
        ("2026-10-12", None, "2026-11-05"),
        ("2018-08-06", None, None),
        ("2026-07-01", None, None),
        ("2026-07-01", date(2026, 7, 1), "2026-11-05"),
        ("2026-10-12", date(2026, 10, 13), None),
        ("", None, "2026-11-05"),
    ],
)
def test_a_right_of_the_stock_opens_no_delay(demande_le: str, depuis: date | None, recu_le: str | None) -> None:
    one = signalled(foyer(demande_le=demande_le), depuis)

    assert one.usager.get("date_reception_droit") == recu_le
    assert ("date_reception_droit" in {omission.objet for omission in one.omissions}) == (recu_le is None)
    assert one.usager["brsa"] is True
