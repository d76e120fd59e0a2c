"""Judges once more what waited behind older deposits of its parcours: one of these may have moved the person away."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.facts import Entree
from gateway import participations
from gateway.partners import Annuaire
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Demandeur, Role, peut_emettre
from relais_contrats.partenaires import jour_des_conventions

_REFUSAL = {"code": "hors-territoire", "pointeur": "/departement", "details": {}}
# A payer tells of the right of a person whom it only signalled, wherever she is.
_ANYWHERE = frozenset({"droits.modifies"})


async def refusals(conn: Connection, annuaire: Annuaire, entrees: Sequence[Entree]) -> dict[UUID, dict[str, Any]]:
    """By deposit, how the service would answer had its emitter sent it now: what it may still do there goes on."""
    survivors = await participations.survivors(conn, {e.agregat for e in entrees if e.agregat})
    named = [(e, survivors.get(e.agregat, e.agregat)) for e in entrees if e.agregat and e.type not in _ANYWHERE]
    lieux = await participations.territories(conn, {parcours for _, parcours in named})
    moved = [
        (entree, parcours, partenaire)
        for entree, parcours in named
        if lieux.get(parcours, entree.partition) != entree.partition
        and (partenaire := annuaire.partenaire(entree.emetteur.removeprefix("/partenaires/")))
    ]
    pairs = [(parcours, partenaire.code) for _, parcours, partenaire in moved]
    roles = await participations.of_pairs(conn, pairs, archived=True) if moved else {}
    jour = jour_des_conventions(datetime.now(UTC))
    found: dict[UUID, dict[str, Any]] = {}
    for entree, parcours, partenaire in moved:
        held = roles.get((parcours, partenaire.code), frozenset())
        held |= {Role.PRESCRIPTEUR} if held else frozenset()  # whether it is, the service knows
        if not held or not peut_emettre(CATALOGUE[entree.type], Demandeur(partenaire, partenaire.scopes, jour), held):
            found[entree.id] = {"id": str(entree.id), "etat": "refuse", "refus": _REFUSAL}
    return found
