"""The messages of the brique as its rules receive them, made of the nouns of the domain: one function for each."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from relais_contrats.v1 import feuille_de_route as contrat
from services.dossiers.modele import NOMS
from services.dossiers.regles import Recu
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.carnet import Action, Objectif, Observation, StatutAction, lire_action
from services.feuille_de_route.domain.dossier import Dossier, dit

ML = "/partenaires/ml-lille"
JADIS = datetime(2020, 1, 1, tzinfo=UTC)
Message: TypeAlias = Recu[Any]

_DE_FIN = {StatutAction.REALISEE: contrat.ActionRealisee, StatutAction.ABANDONNEE: contrat.ActionAbandonnee}


def depose(parcours: UUID, data: Any) -> Message:
    return Recu(NOMS[type(data)], parcours, "59", data, UUID(int=1), ML, "mission-locale", JADIS, JADIS)


def AjouterObjectif(parcours: UUID, objectif: Objectif) -> Message:
    return depose(parcours, contrat.ObjectifAjoute.model_validate(asdict(objectif)))


def ChangerObjectif(parcours: UUID, objectif: Objectif) -> Message:
    modele = contrat.ObjectifClos if objectif.statut.est_final else contrat.ObjectifModifie
    return depose(parcours, modele.model_validate(asdict(objectif)))


def AjouterAction(parcours: UUID, action: Action) -> Message:
    return depose(parcours, contrat.ActionAjoutee.model_validate(asdict(action)))


def ChangerAction(parcours: UUID, action: Action) -> Message:
    modele = _DE_FIN.get(action.statut, contrat.ActionModifiee)
    return depose(parcours, modele.model_validate(asdict(action)))


def AjouterObservation(parcours: UUID, observation: Observation) -> Message:
    return depose(parcours, contrat.ObservationAjoutee.model_validate(asdict(observation)))


def lue(data: contrat.Action) -> Action:
    return lire_action(data.en_json())


def ecrits(dossier: Dossier, *objets: Objectif | Action) -> Dossier:
    """With these objects, in whatever state."""
    for objet in objets:
        changer: Any = ChangerObjectif if isinstance(objet, Objectif) else ChangerAction
        message = changer(dossier.parcours, objet)
        dossier = REGLES.replier(dossier, dit(dossier, message, message.data, JADIS))
    return dossier
