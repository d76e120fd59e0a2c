"""Messages and entries of synthetic parcours, with defaults that pass; a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Refus
from chassis.facts import Entree
from services.dossiers.vie import Situation
from services.orientation.domain import REGLES, appliquer
from services.orientation.domain.decision import Auteur, Contestation, Decision, DemandeReorientation, Structure
from services.orientation.domain.dossier import Dossier, MotifPreconisation, Preconisation
from services.orientation.domain.reglage import Reglage
from tests.orientation import dits as messages

PARIS = ZoneInfo("Europe/Paris")
PARCOURS = UUID("01890000-0000-7000-8000-000000000001")
AUTRE = UUID("01890000-0000-7000-8000-000000000002")
RECEPTION = date(2026, 3, 2)
ECHEANCE = RECEPTION + timedelta(days=42)

CD = messages.CD
FT = Auteur("/partenaires/ft-hauts-de-france", "france-travail")
ML = Auteur("/partenaires/ml-lille", "mission-locale")
CE = Auteur("/partenaires/cap-59", "cap-emploi")
ASSO = Auteur("/partenaires/asso-mobilite", "association")

COMPLETS: dict[str, str | bool | int] = {
    "situation_professionnelle": "deux-dernieres-annees",
    "niveau_etude": "nv4",
    "projet_pro": "salariat",
    "contrainte_sante": "aucune",
    "contrainte_logement": "aucune",
    "contrainte_mobilite": "aucune",
    "contrainte_familiale": "aucune",
    "contrainte_financiere": "aucune",
    "contrainte_administrative_juridique": "aucune",
    "contrainte_francais_calcul": "aucune",
    "contrainte_numerique": "aucune",
}
STRUCTURE = Structure("local", "pole-insertion-lille", "Pôle insertion de Lille")


def a(jour: date, heure: int = 12, minute: int = 0, seconde: int = 0) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, minute, seconde, tzinfo=PARIS)


MIDI = a(RECEPTION)
RECUE_A = a(RECEPTION, 15)
SANS_REGLAGE = Reglage()
MOTIF = MotifPreconisation("projet_pro", "salariat", "Le projet est de travailler.")
SOCIALE = Preconisation("social", "departement", (MOTIF,))


def decision(rang: int = 1, debut: date = date(2026, 3, 16), **autres: Any) -> Decision:
    defauts = Decision("socio-professionnel", "departement", STRUCTURE, RECEPTION, debut, None, rang)
    return replace(defauts, **autres)


def decide(
    rang: int = 1,
    *,
    par: Auteur = CD,
    recu_a: datetime = RECUE_A,
    refus: Contestation | None = None,
    **autres: Any,
) -> messages.Message:
    return messages.DeciderOrientation(PARCOURS, par, decision(rang, **autres), refus, recu_a)


def demande(recue_le: date = RECEPTION) -> messages.Message:
    return messages.DemanderOrientation(PARCOURS, recue_le, None, a(recue_le))


def reorientation(par: Auteur = CD) -> messages.Message:
    voulue = DemandeReorientation(par, "Le projet a changé.", "emploi", None, True, True, False)
    return messages.DemanderReorientation(PARCOURS, voulue)


class Histoire:
    """Dossiers that receive messages in turn, as the engine would make them live."""

    def __init__(self, reglage: Reglage = SANS_REGLAGE, *, brsa: bool = True) -> None:
        self.reglage = reglage
        self.dossiers: dict[UUID, Dossier] = {PARCOURS: Dossier(PARCOURS, "59", brsa=brsa)}
        self.faits: list[Any] = []

    @property
    def dossier(self) -> Dossier:
        return self.dossiers[PARCOURS]

    def recoit(self, message: messages.Message, maintenant: datetime = MIDI) -> Sequence[Any] | Refus | Attente:
        absorbes = tuple(self.dossiers[id_] for id_ in message.absorbes if id_ in self.dossiers)
        situation = Situation(self.dossiers.get(message.parcours), absorbes, contexte=self.reglage)
        suite = REGLES.decider(situation, message, maintenant)
        if isinstance(suite, Refus | Attente):
            return suite
        for fait in suite:
            self.dossiers[fait.parcours] = appliquer(self.dossiers.get(fait.parcours), fait)
        self.faits += suite
        return suite

    def accepte(self, message: messages.Message, maintenant: datetime = MIDI) -> Sequence[Any]:
        suite = self.recoit(message, maintenant)
        assert not isinstance(suite, Refus | Attente), suite
        return suite

    def refuse(self, message: messages.Message) -> Refus:
        """All that was said before has been heard."""
        suite = self.recoit(replace(message, au_repos=True))
        assert isinstance(suite, Refus), suite
        return suite

    def natures(self) -> list[str]:
        return messages.natures(self.faits)


def depot(
    type_: str,
    donnees: dict[str, Any],
    agregat: UUID = PARCOURS,
    *,
    par: Auteur = CD,
    recu_a: datetime = RECUE_A,
    attendue: int | None = None,
) -> Entree:
    return Entree(
        id=uuid4(),
        nature="depot",
        type=type_,
        agregat=agregat,
        emetteur=par.partenaire,
        role=par.role,
        partition="59",
        donnees=donnees,
        survenu_a=recu_a,
        recu_a=recu_a,
        sequence_attendue=attendue,
    )


def evenement(type_: str, donnees: dict[str, Any], agregat: UUID = PARCOURS, *, recu_a: datetime = MIDI) -> Entree:
    return Entree(
        id=uuid4(),
        nature="evenement",
        type=type_,
        agregat=agregat,
        emetteur="/services/usagers",
        role="hub",
        partition="59",
        donnees=donnees,
        survenu_a=recu_a,
        recu_a=recu_a,
    )


def echeance(nature: str, du_a: datetime, agregat: UUID = PARCOURS) -> Entree:
    return Entree(
        id=uuid5(agregat, f"{nature} {du_a.isoformat()}"),
        nature="echeance",
        type=f"echeance.{nature}",
        agregat=agregat,
        emetteur="/services/horloge",
        role="hub",
        partition="59",
        donnees={},
        survenu_a=du_a,
        recu_a=du_a,
    )


def decidee_json(rang: int = 1, debut: date = date(2026, 3, 16), **autres: Any) -> dict[str, Any]:
    return {
        "decision": "acceptee",
        "parcours_type": "socio-professionnel",
        "organisme": "departement",
        "structure": {"systeme": "local", "valeur": "pole-insertion-lille", "nom": "Pôle insertion de Lille"},
        "date_decision": RECEPTION.isoformat(),
        "date_debut": debut.isoformat(),
        "rang": rang,
        **autres,
    }


def reorientation_json() -> dict[str, Any]:
    return {
        "motif": "Le projet a changé.",
        "parcours_type_propose": "emploi",
        "accord_referent": True,
        "accord_personne": True,
        "urgence": False,
    }
