"""Our contract of the offer against `data-inclusion-schema`: the same verdict, but for the differences listed here.

Records are valid ones with one to three fields changed, from a fixed seed: the same run every day.
"""

import random
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from relais_contrats.codes.offre import Public, ReseauPorteur, Thematique, TypeService
from relais_contrats.qualite import qualite
from relais_contrats.v1.offres import ServicePublie, StructurePubliee
from tests.jour import aujourdhui
from tests.offres.annonces import service, structure

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from data_inclusion.schema.v1 import Service as OracleService
    from data_inclusion.schema.v1 import Structure as OracleStructure
    from data_inclusion.schema.v1.score_qualite import score

RECORDS = 1_500
"""Of each kind."""
AUJOURD_HUI = aujourdhui()
_COMMUNS: Mapping[str, tuple[Any, ...]] = {
    "nom": ("abc", "ab", "x" * 150, "x" * 151, None, 12, "Un nom. Deux", "Nom etc."),
    "date_maj": ("2026-01-31", "1999-12-31", "2026-02-30", "hier", None, "2000-01-01"),
    "lien_source": ("https://exemple.fr/a", "http://exemple.fr", "exemple.fr", "ftp://exemple.fr/a", None),
    "commune": ("Lille", None, 7),
    "code_postal": ("59000", "5900", "590000", "ABCDE", None, "2A000"),
    "code_insee": ("59350", "2A004", "5935", "593500", None),
    "adresse": ("1 rue du Moulin", None, ["rue"]),
    "longitude": (3.05, None, "est"),
    "latitude": (50.6, None, "nord"),
    "telephone": ("0320000000", "+33320000000", None, 320000000),
    "courriel": ("contact@exemple.fr", "contact", "contact@", "@exemple.fr", None),
    "horaires_accueil": ("Mo-Fr 08:30-12:30; PH off", None),
    "id": (None, 4),
    "source": (None, 4),
}
_STRUCTURE: Mapping[str, tuple[Any, ...]] = {
    **_COMMUNS,
    "siret": ("13003013300016", "1300301330001", "130030133000160", "1300301330001X", None),
    "description": ("assez", "bref", "x" * 10_000, "x" * 10_001, None),
    "site_web": ("https://exemple.fr", "exemple", None),
    "accessibilite_lieu": ("https://acceslibre.exemple.fr/a", "acceslibre", None),
    "reseaux_porteurs": ([ReseauPorteur.MISSION_LOCALE.value], [], ["inconnu"], "mission-locale", None),
}
_SERVICE: Mapping[str, tuple[Any, ...]] = {
    **_COMMUNS,
    "structure_id": (None, 4),
    "description": ("assez", "bref", "x" * 10_000, "x" * 10_001, None),
    "type": (*(code.value for code in TypeService), "autre", None),
    "thematiques": ([code.value for code in Thematique], [], ["mobilite"], ["mobilite--inconnue"], None),
    "frais": ("gratuit", "payant", "adhesion", None),
    "frais_precisions": ("10 € par an", None, 10),
    "publics": (["tous-publics"], ["tous-publics", "jeunes"], [], ["inconnu"], [Public.JEUNES.value], None),
    "modes_accueil": (["a-distance"], ["en-presentiel", "a-distance"], [], ["ailleurs"], None),
    "zone_eligibilite": (["france"], ["59"], ["2A", "2B"], ["200093201"], ["75056"], ["99100"], [], ["europe"], None),
    "lien_mobilisation": ("https://exemple.fr/b", "exemple", None),
    "modes_mobilisation": (["telephoner"], [], ["fax"], None),
    "mobilisable_par": (["usagers", "professionnels"], [], ["tous"], None),
    "volume_horaire_hebdomadaire": (0, 3.5, -1, "beaucoup", None),
    "nombre_semaines": (1, 12, 0, 1.5, None),
    "publics_precisions": ("De 15 à 18 ans.", None, 3),
    "conditions_acces": ("Être inscrit.", None, []),
}


def _records(valide: Mapping[str, Any], valeurs: Mapping[str, tuple[Any, ...]], seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311
    made = []
    for _ in range(RECORDS):
        changed = chance.sample(sorted(valeurs), chance.choice((1, 1, 2, 3)))
        made.append({**valide, **{champ: chance.choice(valeurs[champ]) for champ in changed}})
    return made


def _accepts(model: type[BaseModel]) -> Callable[[Mapping[str, Any]], bool]:
    reader = TypeAdapter(model)

    def accepts(record: Mapping[str, Any]) -> bool:
        try:
            reader.validate_python(dict(record))
        except ValidationError:
            return False
        return True

    return accepts


OURS = {"structure": _accepts(StructurePubliee), "service": _accepts(ServicePublie)}
THEIRS = {"structure": _accepts(OracleStructure), "service": _accepts(OracleService)}


@pytest.mark.parametrize(
    ("genre", "valide", "valeurs"), [("structure", structure(), _STRUCTURE), ("service", service(), _SERVICE)]
)
def test_the_oracle_and_the_contract_agree(
    genre: str, valide: dict[str, Any], valeurs: Mapping[str, tuple[Any, ...]]
) -> None:
    records = _records(valide, valeurs, seed=2026)

    verdicts = [(THEIRS[genre](record), OURS[genre](record)) for record in records]

    disagreed = [record for record, (theirs, ours) in zip(records, verdicts, strict=True) if theirs != ours]
    counted = Counter(verdicts)
    assert disagreed == []
    assert counted[True, True] >= 300
    assert counted[False, False] >= 300


# (genre, what is changed, whether the oracle accepts it, why we do otherwise)
DIFFERENCES: list[tuple[str, dict[str, Any], bool, str]] = [
    ("service", {"adresse_certifiee": True}, True, "unknown fields are refused on deposit; an import leaves them out"),
    ("service", {"commune": ""}, True, "an empty text says nothing: absent; an import drops it"),
    ("service", {"adresse": "a" * 201}, True, "short texts end at 200 signs"),
    ("service", {"nom": "Nom\nsuite"}, True, "a name holds on one line"),
    ("service", {"latitude": "50.6"}, True, "a number is a number, not a text that looks like one"),
    ("service", {"latitude": 91.0}, True, "a place on the globe"),
    ("service", {"nombre_semaines": "3"}, True, "a number is a number"),
    ("service", {"nombre_semaines": 1001}, True, "at most a thousand weeks"),
    ("service", {"volume_horaire_hebdomadaire": 169}, True, "a week has 168 hours"),
    ("service", {"modes_accueil": ["a-distance", "a-distance"]}, True, "a set names each value once"),
    ("service", {"code_insee": "5935é"}, True, "a code is made of capitals and digits"),
    ("service", {"zone_eligibilite": ["zzz"]}, True, "a zone looks like a code of the COG"),
    ("service", {"id": "sans-source"}, True, "an id begins with its source"),
    ("service", {"source": "Dora Prod"}, True, "a source is a slug"),
    ("service", {"lien_source": "https://exemple.fr/un lien"}, True, "a link has no blank"),
    ("service", {"courriel": "contact@exemple..fr"}, False, "both refuse; kept as a witness"),
    (
        "structure",
        {"date_maj": (AUJOURD_HUI + timedelta(2)).isoformat()},
        False,
        "the contract knows no clock; an import does",
    ),
    ("service", {"courriel": "a@exemple.invalid"}, False, "the oracle refuses reserved names, we look at the form"),
]


@pytest.mark.parametrize(("genre", "change", "theirs", "why"), DIFFERENCES, ids=lambda value: str(value)[:40])
def test_each_known_difference_is_one(genre: str, change: dict[str, Any], theirs: bool, why: str) -> None:
    record = {**(service() if genre == "service" else structure()), **change}

    verdicts = THEIRS[genre](record), OURS[genre](record)

    expected_ours = not theirs if "both" not in why else theirs
    assert verdicts == (theirs, expected_ours), why


def test_the_quality_is_that_of_the_oracle() -> None:
    chance = random.Random(7)  # noqa: S311
    valeurs: dict[str, tuple[Any, ...]] = {
        "description": ("x" * 49, "x" * 50, "x" * 199, "x" * 200, "x" * 1_999, "x" * 2_000),
        "frais": ("gratuit", "payant", None),
        "frais_precisions": ("10 €", None),
        "publics": (["jeunes"], None),
        "thematiques": (["mobilite--entretenir-reparer-son-vehicule"], [], None),
        "modes_mobilisation": (["telephoner"], ["envoyer-un-courriel"], ["se-presenter"], None),
        "mobilisable_par": (["usagers"], None),
        "modes_accueil": (["en-presentiel"], ["a-distance"], None),
        "adresse": ("1 rue du Moulin", None),
        "courriel": ("contact@exemple.fr", None),
        "telephone": ("0320000000", None),
        "source": ("dora", "agefiph"),
    }
    ecarts = []
    for _ in range(500):
        record = service(**{champ: chance.choice(valeurs[champ]) for champ in valeurs})
        maj = AUJOURD_HUI - timedelta(days=chance.choice((1, 100, 170, 190, 400, 700, 720, 740, 900)))
        record["date_maj"] = maj.isoformat()
        expected, _ = score(OracleService.model_validate(record))
        ecarts.append(abs(qualite(record).score(maj, AUJOURD_HUI) - expected))

    # The oracle measures the age to the second, and months by the calendar; a day is 0.002 of the criterion.
    assert max(ecarts) <= 0.02
