"""Messages and entries of synthetic parcours, with defaults that pass; a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Refus
from chassis.facts import Entree
from services.dossiers.vie import Situation
from services.referents.domain import REGLES, appliquer
from services.referents.domain.dossier import (
    Accompagnant,
    Affectation,
    Dossier,
    Orientation,
    Professionnel,
    RendezVous,
    Statut,
    Structure,
)
from tests.referents import dits as messages

PARIS = ZoneInfo("Europe/Paris")
PARCOURS = UUID("01890000-0000-7000-8000-000000000001")
AUTRE = UUID("01890000-0000-7000-8000-000000000002")
DECISION = date(2026, 3, 2)
DEBUT = date(2026, 3, 16)

CD = "/partenaires/cd-59"
ML = "/partenaires/ml-lille"

POLE = Structure("local", "pole-insertion-lille", "Pôle insertion de Lille")
MISSION = Structure("siret", "99999000500012", "Mission locale d'Exempleville")
AGENT = Professionnel("MODELE", "Dominique", "dominique.modele@exemple.fr", "AG-1042", "0199000000")
COLLEGUE = Professionnel("SPECIMEN", "Camille", "camille.specimen@exemple.fr", "AG-2077")


def a(jour: date, heure: int = 12, minute: int = 0, seconde: int = 0) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, minute, seconde, tzinfo=PARIS)


RECU_A = a(DEBUT, 10)
MAINTENANT = a(DEBUT)


def orientation(rang: int = 1, debut: date = DEBUT, structure: Structure = POLE, **autres: Any) -> Orientation:
    return replace(Orientation(rang, "59", structure, DECISION, debut), **autres)


def orientee(parcours: UUID = PARCOURS, **autres: Any) -> messages.Message:
    return messages.OrientationDecidee(parcours, "59", orientation(**autres))


def affectation(debut: date = DEBUT, structure: Structure = POLE, referent: Professionnel = AGENT) -> Affectation:
    return Affectation(referent, structure, debut)


def designe(parcours: UUID = PARCOURS, recu_a: datetime = RECU_A, **autres: Any) -> messages.Message:
    return messages.DesignerReferent(parcours, affectation(**autres), recu_a)


def accepte(parcours: UUID = PARCOURS, recu_a: datetime = RECU_A) -> messages.Message:
    return messages.AccepterReferent(parcours, None, recu_a)


def remplace(date_fin: date, debut: date, **autres: Any) -> messages.Message:
    nouvelle = affectation(debut, **{"referent": COLLEGUE, **autres})
    return messages.RemplacerReferent(PARCOURS, date_fin, "Départ du référent.", nouvelle, RECU_A)


def termine(date_fin: date) -> messages.Message:
    return messages.TerminerReferent(PARCOURS, date_fin, "Fin du suivi.", a(date_fin, 18))


def accompagne(parcours: UUID = PARCOURS, structure: Structure = MISSION) -> messages.Message:
    return messages.AjouterAccompagnant(parcours, Accompagnant(COLLEGUE, structure, "accompagnant", DEBUT), a(DEBUT))


def rendez_vous(rdv_id: str = "rdv-1", debut: datetime = RECU_A, **autres: Any) -> RendezVous:
    defauts = RendezVous(rdv_id, "accompagnement", debut, 45, "physique", "individuel", None, Statut.PLANIFIE)
    return replace(defauts, **autres)


def planifie(parcours: UUID = PARCOURS, **autres: Any) -> messages.Message:
    return messages.PlanifierRdv(parcours, rendez_vous(**autres), CD)


def constate(
    parcours: UUID = PARCOURS, recu_a: datetime = MAINTENANT, statut: Statut = Statut.HONORE, **autres: Any
) -> messages.Message:
    return messages.ConstaterRdv(parcours, rendez_vous(statut=statut, **autres), recu_a)


class Histoire:
    """Dossiers that receive messages in turn, as the engine would make them live."""

    def __init__(self) -> None:
        self.dossiers: dict[UUID, Dossier] = {PARCOURS: Dossier(PARCOURS, "59")}
        self.faits: list[Any] = []

    @property
    def dossier(self) -> Dossier:
        return self.dossiers[PARCOURS]

    def recoit(self, message: messages.Message, maintenant: datetime = MAINTENANT) -> Sequence[Any] | Refus | Attente:
        suite = REGLES.decider(self._situation(message), message, maintenant)
        if isinstance(suite, Refus | Attente):
            return suite
        for fait in suite:
            self.dossiers[fait.parcours] = appliquer(self.dossiers.get(fait.parcours), fait)
        self.faits += suite
        return suite

    def accepte(self, message: messages.Message, maintenant: datetime = MAINTENANT) -> Sequence[Any]:
        suite = self.recoit(message, maintenant)
        assert not isinstance(suite, Refus | Attente), suite
        return suite

    def refuse(self, message: messages.Message, maintenant: datetime = MAINTENANT) -> Refus:
        """All that was said before has been heard."""
        suite = self.recoit(replace(message, au_repos=True), maintenant)
        assert isinstance(suite, Refus), suite
        return suite

    def natures(self) -> list[str]:
        return messages.natures(self.faits)

    def _situation(self, message: messages.Message) -> Situation:
        absorbes: list[Dossier] = []
        if message.absorbes:
            absorbes = [self.dossiers[id_] for id_ in message.absorbes if id_ in self.dossiers]
        elif message.cle in REGLES.regardent:
            absorbes = [dossier for dossier in self.dossiers.values() if dossier.absorbe_par == message.parcours]
        return Situation(self.dossiers.get(message.parcours), tuple(absorbes))


def orientee_suivie(parcours: UUID = PARCOURS) -> Histoire:
    """A parcours oriented towards the Pôle, followed by its agent."""
    histoire = Histoire()
    for message in (orientee(parcours), designe(parcours), accepte(parcours)):
        histoire.accepte(message)
    return histoire


def depot(
    type_: str, donnees: dict[str, Any], agregat: UUID = PARCOURS, *, par: str = CD, recu_a: datetime = RECU_A
) -> Entree:
    return Entree(
        id=uuid4(),
        nature="depot",
        type=type_,
        agregat=agregat,
        emetteur=par,
        role="departement",
        partition="59",
        donnees=donnees,
        survenu_a=recu_a,
        recu_a=recu_a,
    )


def evenement(type_: str, donnees: dict[str, Any], agregat: UUID = PARCOURS, *, brique: str = "usagers") -> Entree:
    return Entree(
        id=uuid4(),
        nature="evenement",
        type=type_,
        agregat=agregat,
        emetteur=f"/services/{brique}",
        role="hub",
        partition="59",
        donnees=donnees,
        survenu_a=RECU_A,
        recu_a=RECU_A,
    )


def echeance(nature: str, du_a: datetime, agregat: UUID = PARCOURS) -> Entree:
    return replace(evenement(f"echeance.{nature}", {}, agregat), nature="echeance", survenu_a=du_a, recu_a=du_a)


def structure_json(structure: Structure = POLE) -> dict[str, Any]:
    return {"systeme": structure.systeme, "valeur": structure.valeur, "nom": structure.nom}


def agent_json(agent: Professionnel = AGENT) -> dict[str, Any]:
    brut = {
        "nom": agent.nom,
        "prenom": agent.prenom,
        "courriel": agent.courriel,
        "telephone": agent.telephone,
        "identifiant_agent": agent.identifiant_agent,
    }
    return {nom: valeur for nom, valeur in brut.items() if valeur is not None}


def designe_json(debut: date = DEBUT, structure: Structure = POLE, referent: Professionnel = AGENT) -> dict[str, Any]:
    return {
        "referent": agent_json(referent),
        "structure": structure_json(structure),
        "date_debut": debut.isoformat(),
    }


def remplace_json(date_fin: date, debut: date) -> dict[str, Any]:
    nouveau = designe_json(debut, referent=COLLEGUE)
    return {"date_fin": date_fin.isoformat(), "motif": "Départ du référent.", "nouveau": nouveau}


def accompagne_json() -> dict[str, Any]:
    return {
        "accompagnant": agent_json(COLLEGUE),
        "structure": structure_json(MISSION),
        "date_debut": DEBUT.isoformat(),
        "role": "accompagnant",
    }


def decidee_json(
    rang: int = 1, debut: date = DEBUT, structure: Structure = POLE, decidee_le: date = DECISION
) -> dict[str, Any]:
    return {
        "decision": "acceptee",
        "parcours_type": "socio-professionnel",
        "organisme": "departement",
        "structure": structure_json(structure),
        "date_decision": decidee_le.isoformat(),
        "date_debut": debut.isoformat(),
        "rang": rang,
    }


def rdv_json(
    rdv_id: str = "rdv-1", debut: str = "2026-03-20T09:30:00+01:00", statut: str = "planifie", **autres: Any
) -> dict[str, Any]:
    return {
        "rdv_id": rdv_id,
        "motif": "accompagnement",
        "debut": debut,
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "statut": statut,
        **autres,
    }


def demain(jour: date, jours: int = 1) -> date:
    return jour + timedelta(days=jours)
