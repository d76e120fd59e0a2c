"""One table says which territories there are, which communes are theirs, and which day it is there."""

import re
from datetime import UTC, date, datetime

import pytest

from relais_contrats import territoires
from relais_contrats.enveloppe import Depot
from relais_contrats.exemples import exemples
from relais_contrats.identifiants import MOTIF_DEPARTEMENT
from relais_contrats.lecture import MessageInvalide, lire_objet


def test_the_pattern_of_the_contract_and_the_table_name_the_same_territories() -> None:
    essais = {f"{n:02d}" for n in range(100)} | {f"{n:03d}" for n in range(1000)}
    essais |= {f"{n:02d}{lettre}" for n in range(100) for lettre in "ABDMR"} | {"2A", "2B", "6AE"}

    admis = {code for code in essais if re.fullmatch(MOTIF_DEPARTEMENT, code)}

    assert admis == set(territoires.TERRITOIRES)


def test_every_territory_has_a_name_and_a_time_zone() -> None:
    connus = territoires.TERRITOIRES

    assert len(connus) == 105
    assert all(t.nom and territoires.fuseau(code) for code, t in connus.items())
    assert (connus["2A"].nom, connus["69M"].nom, connus["978"].nom) == (
        "Corse-du-Sud",
        "Métropole de Lyon",
        "Saint-Martin",
    )


@pytest.mark.parametrize(
    ("commune", "territoire"),
    [
        ("59350", "59"),
        ("69266", "69M"),  # Villeurbanne
        ("69123", "69M"),
        ("69381", "69M"),  # an arrondissement of Lyon
        ("69264", "69D"),  # Villefranche-sur-Saône
        ("69152", "69M"),  # Pierre-Bénite, merged with Oullins in 2024
        ("69015", "69D"),  # Avenas, merged with Deux-Grosnes
        ("38079", "69D"),  # Chaponnay, of the Isère until 1968
        ("38286", "38"),
        ("2A004", "2A"),
        ("75112", "75"),
        ("13201", "13"),
        ("49144", "44"),  # Freigné, merged over the border of its département
        ("97101", "971"),
        ("97127", "978"),
        ("97801", "978"),
        ("97123", "977"),
        ("97502", "975"),
        ("98511", "976"),
        ("97611", "976"),
        ("98818", None),
        ("98735", None),
    ],
)
def test_a_commune_is_of_one_territory_under_its_former_codes_too(commune: str, territoire: str | None) -> None:
    assert territoires.territoire_de(commune) == territoire


def test_the_metropole_de_lyon_has_58_communes() -> None:
    rhone = [f"69{n:03d}" for n in range(1, 381) if territoires.commune_actuelle(f"69{n:03d}") == f"69{n:03d}"]

    assert len([code for code in rhone if territoires.territoire_de(code) == "69M"]) == 58


@pytest.mark.parametrize(
    ("departement", "instant", "jour"),
    [
        ("59", "2026-12-15T23:30:00Z", date(2026, 12, 16)),
        ("59", "2026-12-15T22:59:59Z", date(2026, 12, 15)),
        ("59", "2026-07-14T22:00:00Z", date(2026, 7, 15)),
        ("69M", "2026-03-28T23:30:00Z", date(2026, 3, 29)),
        ("971", "2026-12-16T00:30:00Z", date(2026, 12, 15)),
        ("972", "2026-12-16T03:59:59Z", date(2026, 12, 15)),
        ("972", "2026-12-16T04:00:00Z", date(2026, 12, 16)),
        ("973", "2026-12-16T02:59:59Z", date(2026, 12, 15)),
        ("974", "2026-12-15T20:00:00Z", date(2026, 12, 16)),
        ("975", "2026-12-16T02:30:00Z", date(2026, 12, 15)),
        ("975", "2026-07-14T02:30:00Z", date(2026, 7, 14)),  # an hour later in summer
        ("976", "2026-12-15T21:00:00Z", date(2026, 12, 16)),
        ("977", "2026-12-16T03:30:00Z", date(2026, 12, 15)),
        ("978", "2026-12-16T04:30:00Z", date(2026, 12, 16)),
    ],
)
def test_the_legal_day_is_that_of_the_territory(departement: str, instant: str, jour: date) -> None:
    assert territoires.jour_legal(departement, datetime.fromisoformat(instant)) == jour


@pytest.mark.parametrize(
    ("departement", "jour", "debut"),
    [
        ("59", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("59", date(2026, 3, 30), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("59", date(2026, 10, 26), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("971", date(2026, 3, 30), datetime(2026, 3, 30, 4, tzinfo=UTC)),
        ("974", date(2026, 3, 30), datetime(2026, 3, 29, 20, tzinfo=UTC)),
        ("975", date(2026, 3, 8), datetime(2026, 3, 8, 3, tzinfo=UTC)),
        ("975", date(2026, 3, 9), datetime(2026, 3, 9, 2, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_the_midnight_of_the_territory(departement: str, jour: date, debut: datetime) -> None:
    assert territoires.debut_du_jour(departement, jour) == debut
    assert territoires.jour_legal(departement, debut) == jour


@pytest.mark.parametrize(
    ("code", "dit"),
    [("69", "69D"), ("69", "69M"), ("20", "2A"), ("6AE", "67"), ("69m", "59, 2A, 69M"), ("988", "59, 2A, 69M")],
)
def test_a_code_that_is_no_territory_is_refused_and_explained(code: str, dit: str) -> None:
    exemple = dict(exemples("usager.signale")[0].message)

    with pytest.raises(MessageInvalide) as refus:
        lire_objet(exemple | {"departement": code})

    assert [erreur.pointeur for erreur in refus.value.erreurs] == ["/departement"]
    assert dit in refus.value.erreurs[0].message


@pytest.mark.parametrize("code", ["69D", "69M", "975", "977", "978"])
def test_every_territory_is_accepted_in_the_envelope(code: str) -> None:
    exemple = dict(exemples("usager.signale")[0].message)

    depot, _ = lire_objet(exemple | {"departement": code})

    assert isinstance(depot, Depot)
    assert depot.departement == code
