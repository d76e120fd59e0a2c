"""Contract ⇄ domain: how each deposit and event is read, and how each fact is told."""

from dataclasses import asdict
from datetime import date
from typing import Any, assert_never
from uuid import UUID

from chassis.facts import Entree, Fait
from relais_contrats.catalogue import CATALOGUE
from services.feuille_de_route.domain import carnet, faits, messages
from services.feuille_de_route.domain.recu import Recu

_OUVERTURE = 1
"""Sequence of the first event of a parcours in `usagers`."""
_HORS_CATALOGUE = {
    "reexamen.prevu": "engagements",
    "levee.effective": "engagements",
    "orientation.effective": "orientation",
    "suivi.effectif": "referents",
    "transfert.effectif": "usagers",
    "parcours.rendu": "usagers",
}
"""What a sibling tells to this service only, and its brique."""


def objectif_ajoute(entree: Entree) -> messages.Message:
    return messages.AjouterObjectif(_parcours(entree), carnet.lire_objectif(entree.donnees))


def objectif_change(entree: Entree) -> messages.Message:
    return messages.ChangerObjectif(_parcours(entree), carnet.lire_objectif(entree.donnees))


def action_ajoutee(entree: Entree) -> messages.Message:
    return messages.AjouterAction(_parcours(entree), carnet.lire_action(entree.donnees))


def action_changee(entree: Entree) -> messages.Message:
    return messages.ChangerAction(_parcours(entree), carnet.lire_action(entree.donnees))


def observation_ajoutee(entree: Entree) -> messages.Message:
    return messages.AjouterObservation(_parcours(entree), carnet.lire_observation(entree.donnees))


def appris(entree: Entree) -> messages.Message:
    return messages.Apprendre(_recu(entree))


def usager_signale(entree: Entree) -> messages.Message | None:
    """The first one opens the sheet, that of an ambiguous parcours too; its data stay where they are."""
    if entree.sequence != _OUVERTURE:
        return None
    return survenu(entree)


def survenu(entree: Entree) -> messages.Message:
    """An event of which the view needs to know only that, and when, it happened."""
    return messages.Apprendre(_recu(entree, montre=False))


def usager_fusionne(entree: Entree) -> messages.Message:
    absorbes = tuple(UUID(absorbe) for absorbe in entree.donnees["absorbes"])
    return messages.UsagerFusionne(_recu(entree), absorbes)


def usager_defusionne(entree: Entree) -> messages.Message:
    return messages.UsagerDefusionne(_recu(entree), tuple(map(UUID, entree.donnees["rendus"])))


def usager_efface(entree: Entree) -> messages.Message:
    return messages.UsagerEfface(_parcours(entree))


def a_replier(entree: Entree) -> messages.Message:
    par = entree.donnees.get("absorbee_par")
    return messages.Replier(_parcours(entree), UUID(par) if par else None)


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home. Nothing here is protected:
    no name, number or contact of the person."""
    if isinstance(fait, faits.FaitInterne):
        return None
    type_court, brut = _dire(fait)
    donnees = CATALOGUE[type_court].modele.model_validate(brut)
    return Fait(type_court, fait.parcours, fait.departement, donnees.en_json())


def _dire(fait: faits.FaitPublie) -> tuple[str, dict[str, Any]]:
    match fait:
        case faits.ObjectifAjoute():
            return "objectif.ajoute", asdict(fait.objectif)
        case faits.ObjectifChange():
            type_court = "objectif.clos" if fait.objectif.statut.est_final else "objectif.modifie"
            return type_court, asdict(fait.objectif)
        case faits.ActionAjoutee():
            return "action.ajoutee", asdict(fait.action)
        case faits.ActionChangee():
            type_court = f"action.{fait.action.statut}" if fait.action.statut.est_final else "action.modifiee"
            return type_court, asdict(fait.action)
        case faits.ObservationAjoutee():
            return "observation.ajoutee", asdict(fait.observation)
        case _:
            assert_never(fait)


def _recu(entree: Entree, *, montre: bool = True) -> Recu:
    """`montre` is false for an event of which only the arrival matters: its data are not kept a second time."""
    if entree.sequence is None:
        raise ValueError(f"{entree.type} without a sequence")
    return Recu(
        id=entree.id,
        parcours=_parcours(entree),
        brique=_HORS_CATALOGUE.get(entree.type) or CATALOGUE[entree.type].brique,
        sequence=entree.sequence,
        type=entree.type,
        departement=entree.partition,
        auteur=entree.emetteur,
        survenu_a=entree.survenu_a,
        donnees=entree.donnees if montre else {},
        effet=date.fromisoformat(entree.effet) if entree.effet else None,
        cause=entree.cause,
    )


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
