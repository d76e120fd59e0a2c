"""Messages and entries of synthetic parcours, with defaults that pass; a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Echeance, Refus
from chassis.facts import Entree
from services.dossiers.vie import Situation
from services.engagements.domain import REGLES, decider, echeances
from services.engagements.domain.contenu import Auteur, Contenu, Engagement
from services.engagements.domain.dossier import Dossier, Manquement, Mesure, Orientation, StatutReferent
from tests.engagements import dits as messages

PARIS = ZoneInfo("Europe/Paris")
PARCOURS = UUID("01890000-0000-7000-8000-000000000001")
AUTRE = UUID("01890000-0000-7000-8000-000000000002")
DECISION = date(2026, 3, 16)
NOTIFICATION = date(2026, 3, 18)
ECHEANCE = date(2026, 4, 18)
SIGNATURE = date(2026, 4, 10)

CD = messages.CD
FT = Auteur("/partenaires/ft-hauts-de-france", "france-travail")
PERSONNE = Engagement("u1", "mobilite", "Préparer l'examen du code de la route", 6.0, date(2026, 9, 30))
ORGANISME = Engagement("o1", "mobilite", "Financer vingt heures de conduite")


def a(jour: date, heure: int = 12, minute: int = 0, seconde: int = 0) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, minute, seconde, tzinfo=PARIS)


def contenu(contrat_id: str = "ce-1", **autres: Any) -> Contenu:
    champs: dict[str, Any] = {
        "date_debut": date(2026, 4, 1),
        "duree_mois": 6,
        "engagements_usager": (PERSONNE,),
        "engagements_organisme": (ORGANISME,),
    }
    return Contenu(contrat_id, **champs | autres)


def orientation(debut: date = DECISION, parcours_type: str = "social", **autres: Any) -> Orientation:
    champs: dict[str, Any] = {"structure": "local:utas-03", "decidee_le": debut}
    return Orientation(parcours_type, debut=debut, **champs | autres)


def oriente(debut: date = DECISION, parcours_type: str = "social", parcours: UUID = PARCOURS) -> messages.Message:
    return messages.OrientationDecidee(parcours, "59", orientation(debut, parcours_type))


def notifie(le: date = NOTIFICATION, parcours: UUID = PARCOURS) -> messages.Message:
    return messages.OrientationNotifiee(parcours, "59", le)


def referent(statut: StatutReferent | None = StatutReferent.ACTIF, parcours: UUID = PARCOURS) -> messages.Message:
    return messages.ReferentChange(parcours, "59", statut)


def propose(contrat_id: str = "ce-1", le: date = NOTIFICATION, **autres: Any) -> messages.Message:
    return messages.ProposerContrat(PARCOURS, CD, contenu(contrat_id, **autres), a(le))


def signe(le: date = SIGNATURE, contrat_id: str = "ce-1", recu_a: datetime | None = None) -> messages.Message:
    return messages.SignerContrat(PARCOURS, contrat_id, le, ("usager", "referent"), recu_a or a(le, 18))


def refuse(le: date = SIGNATURE, contrat_id: str = "ce-1") -> messages.Message:
    return messages.RefuserContrat(PARCOURS, contrat_id, le, "Le logement d'abord.", a(le, 18))


def suspend(le: date, contrat_id: str = "ce-1", recu_a: datetime | None = None) -> messages.Message:
    return messages.SuspendreContrat(PARCOURS, contrat_id, le, "Cessation d'inscription.", recu_a or a(le, 18))


def reprend(le: date, contrat_id: str = "ce-1", recu_a: datetime | None = None) -> messages.Message:
    return messages.ReprendreContrat(PARCOURS, contrat_id, le, "Réinscription.", recu_a or a(le, 18))


def clot(le: date, contrat_id: str = "ce-1") -> messages.Message:
    return messages.CloreContrat(PARCOURS, contrat_id, le, "Emploi durable.", a(le, 18))


def manquement(manquement_id: str = "m-1", le: date = date(2026, 8, 20)) -> messages.Message:
    constate = Manquement(manquement_id, "n65", "r1", le, "Trois absences non excusées.")
    return messages.SignalerManquement(PARCOURS, constate, a(le, 18))


def mesure(sanction_id: str = "s-1", **autres: Any) -> Mesure:
    champs: dict[str, Any] = {"modalite": "pourcentage", "montant": 50.0, "duree_mois": 1}
    return Mesure(sanction_id, "m-1", "n65", "r1", "susp-rsa", **champs | autres)


class Histoire:
    """Dossiers that receive messages in turn, as the engine would make them live."""

    def __init__(self) -> None:
        self.dossiers: dict[UUID, Dossier] = {PARCOURS: Dossier(PARCOURS, "59")}
        self.faits: list[Any] = []

    @property
    def dossier(self) -> Dossier:
        return self.dossiers[PARCOURS]

    def recoit(self, message: messages.Message, maintenant: datetime | None = None) -> Sequence[Any] | Refus | Attente:
        situation = Situation(
            self.dossiers.get(message.parcours),
            tuple(self.dossiers[id_] for id_ in message.absorbes if id_ in self.dossiers),
        )
        suite = decider(situation, message, maintenant or _plus_tard(message))
        if isinstance(suite, Refus | Attente):
            return suite
        for fait in suite:
            self.dossiers[fait.parcours] = REGLES.replier(self.dossiers.get(fait.parcours), fait)
        self.faits += suite
        return suite

    def accepte(self, *recus: messages.Message, maintenant: datetime | None = None) -> Sequence[Any]:
        """What the last one led to."""
        suite: Sequence[Any] | Refus | Attente = ()
        for message in recus:
            suite = self.recoit(message, maintenant)
            assert not isinstance(suite, Refus | Attente), suite
        assert not isinstance(suite, Refus | Attente)
        return suite

    def refuse(self, message: messages.Message) -> Refus:
        """All that was said before has been heard."""
        suite = self.recoit(replace(message, au_repos=True))
        assert isinstance(suite, Refus), suite
        return suite

    def sonner(self, maintenant: datetime) -> list[Any]:
        """Fire all that is due, earliest first and each once, as the loop of the service does; what was told."""
        racontes: list[Any] = []
        sonnees: set[Echeance] = set()
        while dues := [e for d in self.dossiers.values() for e in echeances(d) if e.du_a <= maintenant]:
            due = min(dues, key=lambda echeance: echeance.du_a)
            suite = self.recoit(sonnerie(due.agregat, due.nature), due.du_a)
            assert not isinstance(suite, Refus | Attente) and due not in sonnees, due
            sonnees.add(due)
            racontes += suite
        return racontes

    def natures(self) -> list[str]:
        return messages.natures(self.faits)


def sonnerie(parcours: UUID, nature: str) -> messages.Message:
    nom, _, numero = nature.rpartition("-")
    return messages.sonne(parcours, nom, int(numero))


def _plus_tard(message: messages.Message) -> datetime:
    """Past the reprieve of a deposit, or any day."""
    return message.recu_a + timedelta(minutes=1) if message.nature == "depot" else a(NOTIFICATION)


def accompagne(parcours_type: str = "social") -> Histoire:
    """Oriented, notified, followed: a contract may be signed."""
    histoire = Histoire()
    histoire.accepte(oriente(parcours_type=parcours_type), notifie(), referent())
    return histoire


def engage(parcours_type: str = "social") -> Histoire:
    """With a contract signed in time."""
    histoire = accompagne(parcours_type)
    histoire.accepte(propose(), signe())
    return histoire


def depot(
    type_: str,
    donnees: dict[str, Any],
    agregat: UUID = PARCOURS,
    *,
    par: Auteur = CD,
    recu_a: datetime | None = None,
) -> Entree:
    recu_a = recu_a or a(date(2026, 12, 1))
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
    )


def evenement(
    type_: str,
    donnees: dict[str, Any],
    agregat: UUID = PARCOURS,
    *,
    survenu_a: datetime | None = None,
    departement: str = "59",
) -> Entree:
    survenu_a = survenu_a or a(NOTIFICATION)
    return Entree(
        id=uuid4(),
        nature="evenement",
        type=type_,
        agregat=agregat,
        emetteur="/services/usagers",
        role="hub",
        partition=departement,
        donnees=donnees,
        survenu_a=survenu_a,
        recu_a=survenu_a,
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


def propose_json(contrat_id: str = "ce-1", **autres: Any) -> dict[str, Any]:
    return {
        "contrat_id": contrat_id,
        "date_debut": "2026-04-01",
        "duree_mois": 6,
        "engagements_usager": [
            {"id": "u1", "theme": "mobilite", "libelle": "Préparer le code de la route", "heures_hebdo": 6.0}
        ],
        "engagements_organisme": [
            {"id": "o1", "theme": "mobilite", "libelle": "Financer vingt heures", "echeance": "2026-09-30"}
        ],
        **autres,
    }


def signe_json(le: date = SIGNATURE, contrat_id: str = "ce-1") -> dict[str, Any]:
    return {"contrat_id": contrat_id, "date_signature": le.isoformat(), "signataires": ["usager", "referent"]}


def etape_json(le: date, contrat_id: str = "ce-1") -> dict[str, Any]:
    return {"contrat_id": contrat_id, "date": le.isoformat(), "motif": "Cessation d'inscription."}


def decidee_json(debut: date = DECISION, parcours_type: str = "social") -> dict[str, Any]:
    return {
        "decision": "acceptee",
        "parcours_type": parcours_type,
        "organisme": "departement",
        "structure": {"systeme": "local", "valeur": "utas-03", "nom": "Unité territoriale d'Exempleville"},
        "date_decision": debut.isoformat(),
        "date_debut": debut.isoformat(),
        "rang": 1,
    }


def sanction_json(sanction_id: str = "s-1", **autres: Any) -> dict[str, Any]:
    return {
        "sanction_id": sanction_id,
        "manquement_id": "m-1",
        "nature": "n65",
        "rang": "r1",
        "type": "susp-rsa",
        "modalite": "pourcentage",
        "montant": 50.0,
        "duree_mois": 1,
        **autres,
    }
