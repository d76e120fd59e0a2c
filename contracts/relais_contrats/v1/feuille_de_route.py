"""Messages of the shared roadmap: objectives, actions, observations. Each message restates the whole object."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from relais_contrats.codes.suivi import Sensibilite, StatutAction, StatutObjectif, Theme
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import Regle, ValeursSelon
from relais_contrats.valeurs import CodeLocal, DateIso, TexteCourt, TexteLong, dit

_OUVERTS = ("prevue", "en-cours", "en-pause")


class Objectif(Donnees):
    """Un objectif du parcours."""

    groupe: ClassVar[Groupe | None] = Groupe.ORIENTATION

    objectif_id: Annotated[CodeLocal, dit("Clé de l'objectif, unique dans le parcours.")]
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

    action_id: Annotated[CodeLocal, dit("Clé de l'action, unique dans le parcours.")]
    objectif_id: Annotated[CodeLocal, dit("Objectif qu'elle sert.")]
    libelle: Annotated[TexteCourt, dit("L'action, en une phrase.")]
    echeance: Annotated[DateIso | None, dit("Date prévue.")] = None
    statut: Annotated[StatutAction, dit("État de l'action.")]
    prescription_id: Annotated[CodeLocal | None, dit("Prescription liée, si l'action passe par un service.")] = None
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
