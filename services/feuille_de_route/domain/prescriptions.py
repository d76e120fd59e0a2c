"""Events of `offres` about the prescriptions of a parcours, and how an action follows its prescription."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from services.feuille_de_route.domain.carnet import Action, StatutAction
from services.feuille_de_route.domain.recu import Json, Recu

_ETATS: Mapping[str, str] = {
    "prescription.mise-a-l-etude": "a-l-etude",
    "prescription.acceptee": "acceptee",
    "prescription.refusee": "refusee",
    "prescription.annulee": "annulee",
    "prescription.expiree": "expiree",
    "participation.commencee": "commencee",
    "participation.terminee": "terminee",
}

# What came to nothing leaves the action to be linked to another service: it waits, it is not over.
_SUITES: Mapping[str, StatutAction] = {
    "emise": StatutAction.PREVUE,
    "a-l-etude": StatutAction.PREVUE,
    "acceptee": StatutAction.EN_COURS,
    "commencee": StatutAction.EN_COURS,
    "accomplie": StatutAction.REALISEE,
    "interrompue-personne": StatutAction.ABANDONNEE,
    "interrompue-structure": StatutAction.ABANDONNEE,
}


@dataclass(frozen=True, slots=True)
class Prescription:
    """`emise` is the prescription as published, `suite` the last event about it."""

    prescription_id: str
    prescripteur: str
    emise: Json
    etat: str = "emise"
    suite: Mapping[str, Any] = field(default_factory=dict)

    @property
    def statut_de_l_action(self) -> StatutAction:
        """Where an action stands that is carried out by this prescription alone."""
        etat = self.suite["issue"] if self.etat == "terminee" else self.etat
        return _SUITES.get(etat, StatutAction.EN_PAUSE)


@dataclass(slots=True)
class Prescriptions:
    """Folds the events of `offres` about a parcours; reminders are not shown."""

    connues: dict[str, Prescription] = field(default_factory=dict)

    def recevoir(self, recu: Recu) -> None:
        nom = recu.donnees["prescription_id"]
        if recu.type == "prescription.emise":
            self.connues.pop(nom, None)
            self.connues[nom] = Prescription(nom, recu.auteur, recu.donnees)
            return
        prescription = self.connues.get(nom)
        if prescription and (etat := _ETATS.get(recu.type)):
            self.connues[nom] = replace(prescription, etat=etat, suite=recu.donnees)


def liee(action: Action, prescriptions: Collection[Prescription]) -> Prescription | None:
    """The prescription that carries an action out: the one that the action names, else the last that names it."""
    if action.prescription_id:
        liees = [p for p in prescriptions if p.prescription_id == action.prescription_id]
    else:
        liees = [p for p in prescriptions if p.emise.get("action_id") == action.action_id]
    return liees[-1] if liees else None


def statut_effectif(action: Action, prescriptions: Collection[Prescription]) -> StatutAction:
    """Return the state of an action: its own when it is over, else the state of its prescription."""
    prescription = None if action.statut.est_final else liee(action, prescriptions)
    return prescription.statut_de_l_action if prescription else action.statut
