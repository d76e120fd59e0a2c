"""The process `feuille_de_route`: its rules, its dossiers and its reads, put together."""

from dataclasses import replace
from datetime import UTC, date
from typing import Any
from uuid import UUID

from chassis.decision import Refus
from chassis.facts import Entree
from services.dossiers.brique import brique, recu
from services.dossiers.regles import Recu as Message
from services.dossiers.sceaux.processus import lancer
from services.feuille_de_route.domain.parcours import BRIQUES, SANS_DONNEES
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.store import lectures
from services.feuille_de_route.store.dossiers import REGISTRE
from services.service import Service

_OUVERTURE = 1
"""Sequence of the first event of a parcours in `usagers`."""

_brique = brique("feuille_de_route", REGISTRE)


def lire(entree: Entree) -> Message[Any] | Refus | None:
    """Read an entry. The view is made of events as published, also of events that hold from a later day.

    None for an event that changes nothing here. The first signal of a person opens the sheet.
    """
    if entree.nature != "evenement":
        message: Message[Any] | Refus | None = _brique.lire(entree)
        return message
    if entree.type not in BRIQUES or (entree.type == "usager.signale" and entree.sequence != _OUVERTURE):
        return None
    entendu, appris = recu(entree, entree.type, entree.donnees), _appris(entree)
    _, _, nom = appris.objet.rpartition("@")
    # The parcours under whose name an object was given: it may have been given back.
    autres = (UUID(nom),) if len(nom) == len(entendu.parcours.hex) and nom != entendu.parcours.hex else ()
    return replace(entendu, data=appris, absorbes=entendu.absorbes or autres)


def _appris(entree: Entree) -> Recu:
    if entree.agregat is None or entree.sequence is None:
        raise ValueError(f"{entree.type} without a parcours or a sequence")
    return Recu(
        id=entree.id,
        parcours=entree.agregat,
        brique=BRIQUES[entree.type],
        sequence=entree.sequence,
        type=entree.type,
        departement=entree.partition,
        auteur=entree.emetteur,
        survenu_a=entree.survenu_a.astimezone(UTC),
        donnees={} if entree.type in SANS_DONNEES else entree.donnees,
        effet=date.fromisoformat(entree.effet) if entree.effet else None,
        cause=entree.cause,
    )


SERVICE = Service(
    brique=replace(_brique, lire=lire),
    lectures={"feuille": lectures.feuille, "echeances": lectures.echeances, "defusion": lectures.defusion},
)


def main() -> None:
    lancer(SERVICE, REGISTRE)


if __name__ == "__main__":
    main()
