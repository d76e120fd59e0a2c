"""The nouns of this service: objectives, the actions that serve them, observations; and the fold of its own facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.feuille_de_route.domain.recu import Cle, Json, Recu, cle_de


class StatutObjectif(StrEnum):
    EN_COURS = "en-cours"
    ATTEINT = "atteint"
    ABANDONNE = "abandonne"

    @property
    def est_final(self) -> bool:
        return self is not StatutObjectif.EN_COURS


class StatutAction(StrEnum):
    PREVUE = "prevue"
    EN_COURS = "en-cours"
    EN_PAUSE = "en-pause"
    REALISEE = "realisee"
    ABANDONNEE = "abandonnee"

    @property
    def est_final(self) -> bool:
        return self in (StatutAction.REALISEE, StatutAction.ABANDONNEE)


SANTE = "sante"
"""The theme, and the sensitivity, of what only the scope `sante:lire` opens."""


@dataclass(frozen=True, slots=True)
class Objectif:
    objectif_id: str
    theme: str
    libelle: str
    statut: StatutObjectif


@dataclass(frozen=True, slots=True)
class Action:
    """Every message restates it whole. `objectif_id` stays; `sensibilite` is None when no message gave one."""

    action_id: str
    objectif_id: str
    libelle: str
    statut: StatutAction
    echeance: date | None = None
    prescription_id: str | None = None
    sensibilite: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    texte: str
    sensibilite: str


@dataclass(frozen=True, slots=True)
class Inscription:
    """Where an object of the sheet comes from: who added it, in which parcours, and the last change."""

    parcours: UUID
    ajoutee_par: UUID
    auteur: str
    ajoutee_a: datetime
    modifiee_a: datetime | None = None


@dataclass(slots=True)
class Carnet:
    """Folds the facts of this service. Objects of merged parcours stand side by side, even under the same key."""

    objectifs: dict[Cle, tuple[Inscription, Objectif]] = field(default_factory=dict)
    actions: dict[Cle, tuple[Inscription, Action]] = field(default_factory=dict)
    observations: list[tuple[Inscription, Observation]] = field(default_factory=list)

    def recevoir(self, recu: Recu) -> None:
        nouvelle = Inscription(recu.parcours, recu.id, recu.auteur, recu.survenu_a)
        match recu.type.partition(".")[0]:
            case "objectif":
                objectif = lire_objectif(recu.donnees)
                cle = self._cle(self.objectifs, recu, objectif.objectif_id)
                self.objectifs[cle] = (_inscription(self.objectifs.get(cle), nouvelle), objectif)
            case "action":
                action = lire_action(recu.donnees)
                cle = self._cle(self.actions, recu, action.action_id)
                self.actions[cle] = (_inscription(self.actions.get(cle), nouvelle), action)
            case _:
                self.observations.append((nouvelle, lire_observation(recu.donnees)))

    def objectif_de(self, inscription: Inscription, action: Action) -> Cle:
        """The key of the objective that an action serves."""
        return cle_de(self.objectifs, inscription.parcours, action.objectif_id)

    def sensibilite_de(self, inscription: Inscription, action: Action) -> str | None:
        """Return the sensitivity of an action: of a health objective it has the same, whatever its author declared."""
        connu = self.objectifs.get(self.objectif_de(inscription, action))
        return SANTE if connu and connu[1].theme == SANTE else action.sensibilite

    @staticmethod
    def _cle(connus: Mapping[Cle, object], recu: Recu, nom: str) -> Cle:
        """What is added is new, whatever a merged parcours calls by the same key."""
        est_ajout = recu.type in ("objectif.ajoute", "action.ajoutee")
        return (recu.parcours, nom) if est_ajout else cle_de(connus, recu.parcours, nom)


def _inscription(connue: tuple[Inscription, object] | None, nouvelle: Inscription) -> Inscription:
    return replace(connue[0], modifiee_a=nouvelle.ajoutee_a) if connue else nouvelle


def lire_objectif(donnees: Json) -> Objectif:
    return Objectif(donnees["objectif_id"], donnees["theme"], donnees["libelle"], StatutObjectif(donnees["statut"]))


def lire_action(donnees: Json) -> Action:
    echeance = donnees.get("echeance")
    return Action(
        action_id=donnees["action_id"],
        objectif_id=donnees["objectif_id"],
        libelle=donnees["libelle"],
        statut=StatutAction(donnees["statut"]),
        echeance=date.fromisoformat(echeance) if echeance else None,
        prescription_id=donnees.get("prescription_id"),
        sensibilite=donnees.get("sensibilite"),
    )


def lire_observation(donnees: Json) -> Observation:
    return Observation(donnees["texte"], donnees["sensibilite"])
