"""What a person declared (`vird`) as criteria of orientation; and where an MSA takes a household over."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from connectors.cnaf import dsp, flow, reading
from connectors.cnaf.reading import Signalement
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.lecture import lire_donnees
from tests.deploy.cnaf_flows import ADRESSE, flux, foyer, personne

LILLE, ARRAS, AJACCIO, LYON = "59350", "62041", "2A004", "69123"


def declared(block: str, *, wanted: bool = True) -> Signalement:
    """The person of an instruction who declared this."""
    one = personne(1, soumis=None).replace(
        "</Personne>", f"<DonneesSocioProfessionnelles>{block}</DonneesSocioProfessionnelles></Personne>"
    )
    return read(foyer(one, situation="").replace("InfosFoyerRSA>", "InfoDemandeRSA>"), "R", wanted=wanted)


def read(household: str, nature: str = "D", *, wanted: bool = False) -> Signalement:
    source = io.BytesIO(flux(household).replace(b"<NATFLUX>D", f"<NATFLUX>{nature}".encode()))
    header = next(flow.header(block) for block in flow.blocks(source))
    [one] = flow.households(source)
    [person] = reading.translate(header, one, avec_dsp=wanted)
    assert isinstance(person, Signalement)
    return person


def omitted(one: Signalement, objet: str) -> list[str]:
    return [omission.motif for omission in one.omissions if omission.objet == objet]


def test_what_says_exactly_a_criterion_becomes_it_and_the_rest_is_counted() -> None:
    one = declared(
        "<SituationSociale><DetailDifficulteSituationSociale><DIFSOC>0403</DIFSOC></DetailDifficulteSituationSociale>"
        "<DetailDifficulteSituationSociale><DIFSOC>0406</DIFSOC></DetailDifficulteSituationSociale></SituationSociale>"
        "<NiveauEtude><NIVETU>1204</NIVETU><NIVDIPMAXOBT>2604</NIVDIPMAXOBT><ANNOBTNIVDIPMAX>2014</ANNOBTNIVDIPMAX>"
        "<LIBAUTRQUALIPRO>CAP CHARPENTIER</LIBAUTRQUALIPRO></NiveauEtude>"
        "<SituationProfessionnelle><HISPRO>1904</HISPRO></SituationProfessionnelle>"
        "<Mobilite><CommunMobilite><TOPMOYLOCO>0</TOPMOYLOCO></CommunMobilite></Mobilite>"
        "<DifficulteLogement><CommunDifficulteLogement><NATLOG>0912</NATLOG></CommunDifficulteLogement>"
        "</DifficulteLogement>"
    )

    assert one.diagnostic == {
        "criteres": {
            "niveau_etude": "nv5",
            "situation_professionnelle": "jamais",
            "contrainte_mobilite": "aucun-moyen-de-transport",
            "contrainte_logement": "sans-logement",
            "boe": True,
        }
    }
    assert [fait for fait, _ in one.suites()] == ["diagnostic.realise"]
    [told] = omitted(one, "diagnostic.realise")
    assert told.startswith("2 donnée(s)")
    assert "CHARPENTIER" not in str(one)


@pytest.mark.parametrize(("pair", "criterion"), dsp.CRITERES.items(), ids=lambda one: str(one[0]))
def test_each_code_gives_a_value_of_the_contract(pair: tuple[str, str], criterion: tuple[str, object]) -> None:
    name, code = pair

    found = dsp.criteria({name: (code,)})

    assert found == dict([criterion])
    lire_donnees(CATALOGUE["diagnostic.realise"], {"criteres": found})


@pytest.mark.parametrize(
    "codes",
    [{"NIVETU": ("1201",)}, {"DIFSOC": ("0401", "0402")}, {"NIVETU": ("1207",), "NIVDIPMAXOBT": ("2604",)}, {}],
    ids=["two of ours", "without its impact", "contradictory", "nothing"],
)
def test_what_says_less_or_contradicts_itself_says_nothing(codes: Mapping[str, tuple[str, ...]]) -> None:
    assert dsp.criteria(codes) == {}


def test_without_a_word_of_the_mandate_it_is_told_and_not_deposited() -> None:
    one = declared("<Mobilite><TOPMOYLOCO>0</TOPMOYLOCO></Mobilite>", wanted=False)

    assert one.diagnostic is None
    assert omitted(one, "diagnostic.realise") == [
        "données socio-professionnelles lues, non déposées : la configuration ne le demande pas."
    ]


def leaving(organisme: str, numero: str, commune: str, departement: str = "059") -> Signalement:
    to = f"<FONORGPRENMUT>{organisme}</FONORGPRENMUT><NUMORGPRENMUT>{numero}</NUMORGPRENMUT>"
    prenant = f"<OrganismePrenant>{to}<DDDEPAMUT>2026-11-01</DDDEPAMUT></OrganismePrenant>"
    household = foyer(adresses=ADRESSE.replace(LILLE, commune), departement=departement)
    return read(household.replace("</IdentificationRSA>", f"{prenant}</IdentificationRSA>"))


@pytest.mark.parametrize(
    ("organisme", "numero", "commune", "departement", "to"),
    [
        ("MSA", "596", ARRAS, "059", "62"),
        ("CAF", "621", LILLE, "059", "62"),
        ("CAF", "201", AJACCIO, "059", "2A"),
        ("CAF", "691", LYON, "059", "69M"),
    ],
    ids=["an MSA, by the address", "a CAF, by its number", "one CAF of Corsica", "one CAF of two territories"],
)
def test_a_household_that_another_organisation_takes_over_goes_where_it_is(
    organisme: str, numero: str, commune: str, departement: str, to: str
) -> None:
    one = leaving(organisme, numero, commune, departement)

    assert one.transfert == {"departement_nouveau": to, "date_effet": "2026-11-01"}


@pytest.mark.parametrize(
    ("organisme", "numero", "commune", "told"),
    [
        ("MSA", "596", LILLE, "habite encore celui-ci"),
        ("MSA", "596", "00000", "ni par son numéro ni par l'adresse"),
        ("CAF", "201", LILLE, "ni par son numéro ni par l'adresse"),
    ],
    ids=["an MSA, and no other address", "an MSA, and no address", "one CAF of two territories, and neither"],
)
def test_where_nothing_tells_the_territory_nobody_is_moved(
    organisme: str, numero: str, commune: str, told: str
) -> None:
    one = leaving(organisme, numero, commune)

    assert one.transfert is None
    [motif] = omitted(one, "parcours.transfere")
    assert told in motif
