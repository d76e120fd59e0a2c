"""What each service hears: the types of its rules, asked for by subjects that stand for them and for no other."""

import importlib
from itertools import combinations
from uuid import uuid4

import pytest

from chassis.facts import PLUSIEURS, sujet_du_fait
from relais_contrats.briques import BRIQUES
from relais_contrats.catalogue import CATALOGUE
from services.ecoute import ENSEMBLES, ENTRE_SERVICES, siens, sujets
from services.service import Service

SERVICES: dict[str, Service] = {b.nom: importlib.import_module(f"services.{b.nom}.app").SERVICE for b in BRIQUES}
ENTENDUS = {nom: service.brique.entend for nom, service in SERVICES.items()}
TYPES = {message.nom: message.brique for message in CATALOGUE.values()} | ENTRE_SERVICES


def matches(filtre: str, sujet: str) -> bool:
    tokens = list(zip(filtre.split("."), sujet.split("."), strict=True))
    return all(asked in ("*", token) for asked, token in tokens)


def test_each_service_hears_what_its_rules_use_and_the_table_says_so() -> None:
    """The table, as `pytest -s` prints it."""
    entre = {type_: [nom for nom in ENTENDUS if type_ in ENTENDUS[nom]] for type_ in TYPES}
    print(*(f"{type_:26} {', '.join(noms)}" for type_, noms in entre.items() if noms), sep="\n")  # noqa: T201

    assert entre["usager.signale"] == ["orientation", "feuille_de_route"]
    assert entre["parcours.ouvert"] == ["feuille_de_route"]
    assert entre["orientation.demandee"] == ["feuille_de_route"]
    assert entre["usager.defusionne"] == ["orientation", "referents", "engagements", "offres", "feuille_de_route"]
    assert not any(nom in siens(entend) for nom, entend in ENTENDUS.items())


@pytest.mark.parametrize("nom", SERVICES)
def test_a_service_asks_for_the_subjects_of_what_it_hears_and_for_no_other(nom: str) -> None:
    def heard(brique: str, fait: str) -> bool:
        return any(matches(filtre, f"parcours.59.{brique}.{fait}.{uuid4().hex}") for filtre in sujets(ENTENDUS[nom]))

    asked = {t for t, b in TYPES.items() if heard(b, sujet_du_fait("59", b, t, uuid4()).split(".")[-2])}
    assert asked == ENTENDUS[nom]
    assert heard("usagers", "usager-signale+parcours-ouvert") is any({*e} & ENTENDUS[nom] for e in ENSEMBLES)
    assert all(heard(brique, PLUSIEURS) for brique in siens(ENTENDUS[nom]))
    assert not any(matches(a, b) or matches(b, a) for a, b in combinations(sujets(ENTENDUS[nom]), 2))


def test_what_services_say_to_one_another_is_of_who_says_it() -> None:
    said = {
        type_: nom
        for nom in ("orientation", "referents", "engagements")
        for type_ in importlib.import_module(f"services.{nom}.app").REGISTRE.modele.regles.types.values()
    }

    assert said.items() <= ENTRE_SERVICES.items()
    assert not ENTRE_SERVICES.keys() & CATALOGUE.keys()
