"""What a service asks the stream for: the subjects of the types that its rules follow, and no other."""

from collections.abc import Collection

from chassis.facts import PLUSIEURS, nom_au_sujet
from relais_contrats.briques import BRIQUES
from relais_contrats.catalogue import CATALOGUE

ENTRE_SERVICES = {
    "transfert.effectif": "usagers",
    "parcours.rendu": "usagers",
    "orientation.effective": "orientation",
    "suivi.effectif": "referents",
    "reexamen.prevu": "engagements",
    "levee.effective": "engagements",
}
"""The brique of each type that services publish for one another, besides those of the catalogue."""

ENSEMBLES = (("usager.signale", "parcours.ouvert"),)
"""Types that often come together, in their order: a message of just these is heard by who follows one of them. One of
other types together is heard by every follower of its brique. A new row: its readers are started before its writer."""


def siens(entend: Collection[str]) -> dict[str, list[str]]:
    """These types by brique. Raises KeyError on a type that no service publishes."""
    briques = {type_: ENTRE_SERVICES.get(type_) or CATALOGUE[type_].brique for type_ in sorted(entend)}
    par_brique = {brique.nom: [type_ for type_ in briques if briques[type_] == brique.nom] for brique in BRIQUES}
    return {brique: types for brique, types in par_brique.items() if types}


def sujets(entend: Collection[str]) -> list[str]:
    """The filters of its durable consumer: disjoint, as NATS wants them."""
    demandes: list[str] = []
    for brique, types in siens(entend).items():
        suivis = [(type_,) for type_ in types] + [ensemble for ensemble in ENSEMBLES if {*ensemble} & {*types}]
        noms = ["+".join(nom_au_sujet(brique, type_) for type_ in ensemble) for ensemble in suivis]
        demandes += [f"parcours.*.{brique}.{nom}.*" for nom in (*noms, PLUSIEURS)]
    return demandes
