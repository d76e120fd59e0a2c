"""Rows ⇄ domain objects, column by column and in one order."""

from typing import Any

import orjson

from services.feuille_de_route.domain.echeances import Prochaine
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.domain.vue import Document

RECU = "parcours, brique, sequence, id, type, departement, auteur, survenu_a, donnees, effet, cause"
PROCHAINE = "parcours, nature, numero, departement, date_echeance, objet, libelle, sensibilite"


def du_recu(recu: Recu) -> tuple[Any, ...]:
    return (
        recu.parcours,
        recu.brique,
        recu.sequence,
        recu.id,
        recu.type,
        recu.departement,
        recu.auteur,
        recu.survenu_a,
        dict(recu.donnees),
        recu.effet,
        recu.cause,
    )


def de_la_prochaine(ensemble: Ensemble, due: Prochaine) -> tuple[Any, ...]:
    return (
        ensemble.parcours,
        due.nature,
        due.numero,
        ensemble.departement,
        due.date_echeance,
        due.objet,
        due.libelle,
        due.sensibilite,
    )


def canonique(vue: Document) -> bytes:
    """One document, one sequence of bytes: sorted keys, no space."""
    return orjson.dumps(vue, option=orjson.OPT_SORT_KEYS)
