"""Messages of the shared roadmap: objectives, actions, observations. Each message restates the whole object."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from relais_contrats.briques import FEUILLE_DE_ROUTE
from relais_contrats.codes.suivi import Sensibilite, StatutAction, StatutObjectif, Theme
from relais_contrats.declaration import DU_SUIVI, PARTICIPANT, TOUS, message
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Regle, ValeursSelon
from relais_contrats.valeurs import CleAction, CleObjectif, ClePrescription, DateIso, TexteCourt, TexteLong, dit

_OUVERTS = ("prevue", "en-cours", "en-pause")


class Objectif(Donnees):
    """Un objectif du parcours."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    objectif_id: Annotated[
        CleObjectif, dit("Clé de l'objectif chez l'émetteur, ou l'`obj_…` lu pour celui d'un autre.")
    ]
    theme: Annotated[Theme, dit("Thème. Un objectif de santé n'est visible qu'avec le droit `sante:lire`.")]
    libelle: Annotated[TexteCourt, dit("L'objectif, en une phrase.")]
    statut: Annotated[StatutObjectif, dit("État de l'objectif.")]

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        return {"theme": Groupe.SANTE, "libelle": Groupe.SANTE} if objet.get("theme") == Theme.SANTE else {}


class ObjectifAjoute(Objectif):
    """Un objectif est ajouté à la feuille de route."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", ("en-cours",), {}),)


class ObjectifModifie(Objectif):
    """Un objectif change ; un objectif clos ne se rouvre pas."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", ("en-cours",), {}),)


class ObjectifClos(Objectif):
    """Un objectif est atteint ou abandonné."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", ("atteint", "abandonne"), {}),)


class Action(Donnees):
    """Une action, au service d'un objectif du même parcours."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    action_id: Annotated[CleAction, dit("Clé de l'action chez l'émetteur, ou l'`obj_…` lu pour celle d'un autre.")]
    objectif_id: Annotated[CleObjectif, dit("Objectif qu'elle sert.")]
    libelle: Annotated[TexteCourt, dit("L'action, en une phrase.")]
    echeance: Annotated[DateIso | None, dit("Date prévue.")] = None
    statut: Annotated[StatutAction, dit("État de l'action.")]
    prescription_id: Annotated[ClePrescription | None, dit("Prescription liée, si l'action passe par un service.")] = (
        None
    )
    sensibilite: Annotated[
        Sensibilite | None, dit("« sante » cache le libellé et le lien à qui n'a pas le droit `sante:lire`.")
    ] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        if objet.get("sensibilite") == Sensibilite.SANTE:
            return {"libelle": Groupe.SANTE, "prescription_id": Groupe.SANTE}
        return {}


class ActionAjoutee(Action):
    """Une action est ajoutée."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", _OUVERTS, {}),)


class ActionModifiee(Action):
    """Une action change ; une action réalisée ou abandonnée ne se rouvre pas."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", _OUVERTS, {}),)


class ActionRealisee(Action):
    """Une action est réalisée."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", ("realisee",), {}),)


class ActionAbandonnee(Action):
    """Une action est abandonnée."""

    regles: ClassVar[tuple[Regle, ...]] = (ValeursSelon("statut", ("abandonnee",), {}),)


class ObservationAjoutee(Donnees):
    """Un participant note une observation. Elle ne se modifie pas : on en ajoute une autre."""

    groupe: ClassVar[Groupe | None] = Groupe.DIAGNOSTIC

    texte: Annotated[TexteLong, dit("L'observation, 4 000 signes au plus.")]
    sensibilite: Annotated[
        Sensibilite,
        dit("« sante » réserve le texte aux titulaires du droit `sante:lire`.", "CNIL, délibération 2023-005"),
    ]

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        # Anything but the plain value hides the text: an unknown sensitivity is not a harmless one.
        return {} if objet.get("sensibilite") == Sensibilite.COURANTE else {"texte": Groupe.SANTE}


MESSAGES = (
    message("objectif.ajoute", FEUILLE_DE_ROUTE, ObjectifAjoute, "Objectif ajouté", (), TOUS, DU_SUIVI),
    message("objectif.modifie", FEUILLE_DE_ROUTE, ObjectifModifie, "Objectif modifié", (), TOUS, DU_SUIVI),
    message("objectif.clos", FEUILLE_DE_ROUTE, ObjectifClos, "Objectif clos", (), TOUS, DU_SUIVI),
    message("action.ajoutee", FEUILLE_DE_ROUTE, ActionAjoutee, "Action ajoutée", (), TOUS, DU_SUIVI),
    message("action.modifiee", FEUILLE_DE_ROUTE, ActionModifiee, "Action modifiée", (), TOUS, DU_SUIVI),
    message("action.realisee", FEUILLE_DE_ROUTE, ActionRealisee, "Action réalisée", (), TOUS, DU_SUIVI),
    message("action.abandonnee", FEUILLE_DE_ROUTE, ActionAbandonnee, "Action abandonnée", (), TOUS, DU_SUIVI),
    message(
        "observation.ajoutee", FEUILLE_DE_ROUTE, ObservationAjoutee, "Observation ajoutée", (), TOUS, (PARTICIPANT,)
    ),
)
