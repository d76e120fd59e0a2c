"""The promise of v1: deposits may only loosen, events may only gain optional fields; planted breaks are caught."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import relais_contrats
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.compatibilite import ruptures
from relais_contrats.schemas import tous_les_schemas

SCHEMAS = tous_les_schemas()
PUBLIES = Path(relais_contrats.__file__).parent.parent / "released" / "v1"
Schema = dict[str, Any]


def _publie(nom: str) -> Schema:
    lu: Schema = json.loads((PUBLIES / nom).read_text(encoding="utf-8"))
    return lu


@pytest.mark.parametrize("nom", sorted(p.name for p in PUBLIES.glob("*.json")))
def test_the_released_version_is_still_honoured(nom: str) -> None:
    actuel = SCHEMAS[nom]

    lecture = ruptures(_publie(nom), actuel, nous_lisons=True) if nom.endswith(".depot.json") else []
    ecriture = [] if nom.endswith(".depot.json") else ruptures(_publie(nom), actuel, nous_lisons=False)

    assert lecture == []
    assert ecriture == []


def test_every_message_has_been_released() -> None:
    assert {f"{nom}.json" for nom in CATALOGUE} <= {p.name for p in PUBLIES.glob("*.json")}


def _data(schema: Schema) -> Schema:
    donnees: Schema = schema["$defs"]["data"]
    return donnees


def _champ_requis(schema: Schema) -> None:
    _data(schema)["properties"]["nouveau"] = {"type": "string"}
    _data(schema)["required"].append("nouveau")


def _champ_retire(schema: Schema) -> None:
    del _data(schema)["properties"]["commentaire_refus"]


def _code_retire(schema: Schema) -> None:
    schema["$defs"]["MotifRefus"]["enum"].remove("autre")


def _borne_resserree(schema: Schema) -> None:
    _data(schema)["properties"]["rang"]["maximum"] = 2


def _motif_change(schema: Schema) -> None:
    schema["properties"]["id"]["pattern"] = "^[a-z]{1,8}$"


def _genre_change(schema: Schema) -> None:
    _data(schema)["properties"]["rang"]["type"] = "string"


def _regle_ajoutee(schema: Schema) -> None:
    _data(schema)["allOf"].append({"required": ["date_fin"]})


def _longueur_reduite(schema: Schema) -> None:
    _data(schema)["properties"]["commentaire_refus"]["anyOf"][0]["maxLength"] = 10


def _codes_imposes(schema: Schema) -> None:
    schema["properties"]["agent"]["enum"] = ["batch"]


def _nul_refuse(schema: Schema) -> None:
    _data(schema)["properties"]["commentaire_refus"] = _data(schema)["properties"]["commentaire_refus"]["anyOf"][0]


def _choix_impose(schema: Schema) -> None:
    _data(schema)["anyOf"] = [{"required": ["date_fin"]}, {"required": ["commentaire_refus"]}]


def _forme_imposee(schema: Schema) -> None:
    _data(schema)["properties"]["commentaire_refus"]["anyOf"][0]["format"] = "email"


def _borne_exclue(schema: Schema) -> None:
    _data(schema)["properties"]["rang"]["exclusiveMaximum"] = 2


@pytest.mark.parametrize(
    "casser",
    [
        _codes_imposes,
        _nul_refuse,
        _choix_impose,
        _forme_imposee,
        _borne_exclue,
        _champ_requis,
        _champ_retire,
        _code_retire,
        _borne_resserree,
        _motif_change,
        _genre_change,
        _regle_ajoutee,
        _longueur_reduite,
    ],
)
def test_a_change_that_refuses_an_old_deposit_is_caught(casser: Callable[[Schema], None]) -> None:
    ancien = SCHEMAS["orientation.decidee.depot.json"]
    nouveau = copy.deepcopy(ancien)
    casser(nouveau)

    trouvees = ruptures(ancien, nouveau, nous_lisons=True)

    assert len(trouvees) == 1


def _champ_facultatif(schema: Schema) -> None:
    _data(schema)["properties"]["nouveau"] = {"type": "string"}


def _code_ajoute(schema: Schema) -> None:
    schema["$defs"]["MotifRefus"]["enum"].append("nouveau-motif")


def _borne_relachee(schema: Schema) -> None:
    _data(schema)["properties"]["rang"]["maximum"] = 5000


def _requis_relache(schema: Schema) -> None:
    _data(schema)["required"].remove("rang")


def _motif_leve(schema: Schema) -> None:
    del schema["properties"]["id"]["pattern"]


def _regle_levee(schema: Schema) -> None:
    _data(schema)["allOf"].pop()


def _nul_admis(schema: Schema) -> None:
    _data(schema)["properties"]["rang"] = {"anyOf": [_data(schema)["properties"]["rang"], {"type": "null"}]}


def _codes_leves(schema: Schema) -> None:
    del schema["$defs"]["MotifRefus"]["enum"]


@pytest.mark.parametrize(
    "relacher",
    [
        _champ_facultatif,
        _code_ajoute,
        _borne_relachee,
        _requis_relache,
        _motif_leve,
        _regle_levee,
        _nul_admis,
        _codes_leves,
    ],
)
def test_a_change_that_only_loosens_a_deposit_is_allowed(relacher: Callable[[Schema], None]) -> None:
    ancien = SCHEMAS["orientation.decidee.depot.json"]
    nouveau = copy.deepcopy(ancien)
    relacher(nouveau)

    assert ruptures(ancien, nouveau, nous_lisons=True) == []


@pytest.mark.parametrize(
    ("changer", "nombre"),
    [
        (lambda s: s["required"].remove("rang"), 1),
        (lambda s: s["properties"].pop("date_fin"), 1),
        (lambda s: s["properties"]["rang"].update(maximum=5000), 1),
        (lambda s: s["properties"].update(nouveau={"type": "string"}), 0),
        (lambda s: s["required"].append("date_fin"), 0),
        (lambda s: s["$defs"]["MotifRefus"]["enum"].append("nouveau-motif"), 0),
        (lambda s: s["properties"].update(rang={"anyOf": [s["properties"]["rang"], {"type": "null"}]}), 1),
    ],
)
def test_what_the_hub_writes_may_only_gain(changer: Callable[[Schema], Any], nombre: int) -> None:
    ancien = SCHEMAS["orientation.decidee.json"]
    nouveau = copy.deepcopy(ancien)
    changer(nouveau)

    trouvees = ruptures(ancien, nouveau, nous_lisons=False)

    assert len(trouvees) == nombre


def test_a_choice_loosens_by_gaining_an_alternative_and_tightens_by_losing_one() -> None:
    nom, autre = {"required": ["nom"]}, {"required": ["autre"]}
    etroit, large = ({"type": "object", "anyOf": choix} for choix in ([nom], [nom, autre]))

    assert ruptures(etroit, large, nous_lisons=True) == []
    assert len(ruptures(large, etroit, nous_lisons=True)) == 1
    assert ruptures(large, etroit, nous_lisons=False) == []
    assert len(ruptures(etroit, large, nous_lisons=False)) == 1


def test_a_reader_of_closed_lists_is_broken_by_a_new_code() -> None:
    ancien = SCHEMAS["orientation.decidee.json"]
    ajoute, libre = copy.deepcopy(ancien), copy.deepcopy(ancien)
    ajoute["$defs"]["MotifRefus"]["enum"].append("nouveau-motif")
    del libre["$defs"]["MotifRefus"]["enum"]

    [une] = ruptures(ancien, ajoute, nous_lisons=False, listes_closes=True)
    assert (une.lieu, une.quoi, une.codes) == ("/motif_refus", "codes ajoutés", ("nouveau-motif",))
    assert len(ruptures(ancien, libre, nous_lisons=False, listes_closes=True)) == 1
