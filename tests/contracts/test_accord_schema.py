"""The models and the JSON Schemas give the same verdict, but for the rules that a schema declares it cannot say."""

import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.enveloppe import Depot
from relais_contrats.exemples import exemples, tous_les_exemples
from relais_contrats.lecture import MessageInvalide, lire_donnees, lire_objet
from relais_contrats.schemas import regles_semantiques, schema_depot, schema_donnees
from relais_contrats.valeurs import DEPOT, REGLES_DE_VALEUR
from tests.contracts.mutations import muter

PAR_TYPE = 60
GRAINE = 20260322


def _schema(message: TypeMessage) -> dict[str, Any]:
    return schema_depot(message) if message.se_depose else schema_donnees(message)


def _accepte_par_le_modele(message: TypeMessage, objet: Mapping[str, Any]) -> bool:
    try:
        if message.se_depose:
            lire_objet(objet)
        else:
            lire_donnees(message, objet)
    except MessageInvalide:
        return False
    return True


def _regles_violees(modele: type[BaseModel], objet: Any) -> Iterator[str]:
    """Names of the broken rules; a plain format error gives its own type, which no schema may leave out."""
    try:
        TypeAdapter(modele).validate_python(objet, context=DEPOT)
    except ValidationError as erreur:
        for detail in erreur.errors():
            if detail["type"] == "regles":
                yield from (nom for *_, nom in detail["ctx"]["violations"])
            else:
                yield detail["type"]


def _violees(message: TypeMessage, objet: Mapping[str, Any]) -> set[str]:
    if not message.se_depose:
        return set(_regles_violees(message.modele, objet))
    return {*_regles_violees(Depot, objet), *_regles_violees(message.modele, objet["data"])}


def _corps(message: TypeMessage, exemple: Mapping[str, Any]) -> dict[str, Any]:
    return dict(exemple if message.se_depose else exemple["data"])


def test_every_example_gets_the_same_verdict() -> None:
    for exemple in tous_les_exemples():
        message = CATALOGUE[exemple.type]
        schema = _schema(message)
        objet = _corps(message, exemple.message)

        dit_oui = jsonschema_rs.is_valid(schema, objet)

        if dit_oui != exemple.est_valide:
            assert dit_oui, f"{exemple.type}: {exemple.titre}"
            assert _violees(message, objet) <= regles_semantiques(schema), f"{exemple.type}: {exemple.titre}"


def test_thousands_of_mutated_messages_get_the_same_verdict_but_for_named_rules() -> None:
    hasard = random.Random(GRAINE)  # noqa: S311
    compte: Counter[str] = Counter()
    for nom, message in CATALOGUE.items():
        schema = _schema(message)
        validateur = jsonschema_rs.Draft202012Validator(schema)
        declarees = regles_semantiques(schema)
        depart = [_corps(message, e.message) for e in exemples(nom) if e.est_valide]
        for _ in range(PAR_TYPE):
            objet = json.loads(json.dumps(muter(hasard, schema, hasard.choice(depart))))

            par_schema, par_modele = validateur.is_valid(objet), _accepte_par_le_modele(message, objet)

            compte["accepte" if par_modele else "refuse"] += 1
            if par_schema != par_modele:
                violees = _violees(message, objet)
                assert par_schema, f"{nom}: only the schema refuses {json.dumps(objet, ensure_ascii=False)[:1500]}"
                assert violees, nom
                assert violees <= declarees, f"{nom}: {violees} {json.dumps(objet, ensure_ascii=False)[:1500]}"
                compte["accord sauf regle nommee"] += 1
                compte.update(violees)
    sys.stdout.write(f"{dict(compte)}\n")
    assert compte["accepte"] + compte["refuse"] >= 2000
    # Both verdicts are well represented, else the agreement would prove little.
    assert min(compte["accepte"], compte["refuse"]) >= 600
    assert compte["accord sauf regle nommee"] >= 20


def test_the_rules_that_a_schema_cannot_say_are_a_short_known_list() -> None:
    nommees = set().union(*(regles_semantiques(_schema(m)) for m in CATALOGUE.values()))

    assert nommees == {
        "date-reelle",
        "seconde-intercalaire",
        "nir-cle",
        "sans-nir",
        "texte-sans-nir",
        "nom-de-remplissage",
        "nom-illisible",
        "numero-de-remplissage",
        "siret-luhn",
        "ordre-des-dates",
        "naissance-avant-droit",
        "nir-et-etat-civil",
        "fusion-sur-soi",
        "rang-de-reorientation",
        "engagements-distincts",
        "signature-de-la-personne",
        "signature-datee",
        "suspension-apres-signature",
        "suspension-connue",
        "connu-a-la-reprise",
        "orientation-en-cours",
        "referent-de-la-structure",
        "rdv-distincts",
        "date-maj-recente",
        "id-de-la-source",
        "tous-publics-seul",
    }
    assert set(REGLES_DE_VALEUR) <= nommees


@pytest.mark.parametrize("nom", ["usager.signale", "orientation.decidee", "service.publie"])
def test_a_schema_that_forgets_a_pattern_is_caught(nom: str) -> None:
    message = CATALOGUE[nom]
    objet = _corps(message, exemples(nom)[0].message) | {"id": "avec une espace"}
    schema = _schema(message)
    del schema["properties"]["id"]["pattern"]

    oublieux = jsonschema_rs.is_valid(schema, objet)

    assert oublieux
    assert not _accepte_par_le_modele(message, objet)
    assert not _violees(message, objet) <= regles_semantiques(schema)
