"""Messages and entries about prescriptions, with defaults that pass; a test names only what it is about."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Refus
from chassis.facts import Entree
from relais_contrats.territoires import debut_du_jour
from services.offres import clocks
from services.offres.domain import appliquer, decider, faits, messages
from services.offres.domain.dossier import Demande, Dossier, Etat, Prescription, Retrait, Service
from services.offres.domain.situation import Situation

PARIS = ZoneInfo("Europe/Paris")
PARCOURS = UUID("01890000-0000-7000-8000-0000000000a1")
AUTRE = UUID("01890000-0000-7000-8000-0000000000a2")
JOUR = date(2026, 3, 2)

CD = "/partenaires/cd-59"
ASSO = "/partenaires/asso-mobilite"
PLATEFORME = "/partenaires/di-offres"

SIRET = "90000083700014"
SCOOTER = Service("asso-mobilite--scooter", "asso-mobilite--lille", "Plateforme mobilité de Lille", SIRET)
CODE = Service("asso-mobilite--code", "asso-mobilite--lille", "Plateforme mobilité de Lille", SIRET)
EMISE = {
    "prescription_id": "p-1",
    "service_id": SCOOTER.id,
    "motif": "Se rendre à son travail.",
    "contact_prefere": "telephone",
    "engagement_protection_donnees": True,
}
DEMANDE = Demande(motif="Se rendre à son travail.", contact_prefere="telephone")


def a(jour: date, heure: int = 12) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, tzinfo=PARIS)


MAINTENANT = a(JOUR)


def le(jours: int) -> date:
    """That many days after the emission."""
    return JOUR + timedelta(days=jours)


def emettre(cle: str = "p-1", service: str = SCOOTER.id, jours: int = 0, **autres: Any) -> messages.Emettre:
    champs: dict[str, Any] = {"parcours": PARCOURS, "prescripteur": CD, "action_id": None, "demande": DEMANDE} | autres
    donnees = EMISE | {"prescription_id": cle, "service_id": service}
    return messages.Emettre(prescription_id=cle, service_id=service, donnees=donnees, recu_a=a(le(jours)), **champs)


def suite(vers: Etat, jours: int, cle: str = "p-1", **autres: Any) -> messages.DonnerSuite:
    """Given, and received, that many days after the emission."""
    champs: dict[str, Any] = {"parcours": PARCOURS, "emetteur": ASSO, "date": le(jours), "recu_a": a(le(jours))}
    if vers is Etat.REFUSEE:
        champs["motifs"] = ("capacite-atteinte",)
    if vers is Etat.TERMINEE:
        champs["issue"] = "accomplie"
    return messages.DonnerSuite(prescription_id=cle, vers=vers, **champs | autres)


class Histoire:
    """A dossier that receives messages in turn, and a clock that fires what falls due, as the engine would."""

    def __init__(self) -> None:
        self.dossiers: dict[UUID, Dossier] = {PARCOURS: Dossier(PARCOURS, "59")}
        self.services = {service.id: service for service in (SCOOTER, CODE)}
        self.retraits: dict[str, Retrait] = {}
        self.faits: list[faits.SurUnParcours] = []

    @property
    def dossier(self) -> Dossier:
        return self.dossiers[PARCOURS]

    def la(self, cle: str = "p-1") -> Prescription:
        connue = self.dossier.prescription(cle)
        assert connue is not None
        return connue

    def recoit(self, message: messages.SurUnParcours, maintenant: datetime | None = None) -> Any:
        recu_a = message.recu_a if isinstance(message, messages.Depot) else MAINTENANT
        decision = decider(self._situation(message), message, maintenant or recu_a)
        if isinstance(decision, Refus | Attente):
            return decision
        for fait in decision:
            assert not isinstance(fait, faits.SurLOffre)
            self.dossiers[fait.parcours] = appliquer(self.dossiers.get(fait.parcours), fait)
            self.faits.append(fait)
        return decision

    def accepte(self, message: messages.SurUnParcours) -> Sequence[faits.Fait]:
        decision = self.recoit(message)
        assert not isinstance(decision, Refus | Attente), decision
        return decision  # type: ignore[no-any-return]

    def refuse(self, message: messages.SurUnParcours) -> str:
        decision = self.recoit(message)
        assert isinstance(decision, Refus), decision
        return decision.code

    def retire(self, service: str, jour: date) -> None:
        self.services.pop(service)
        self.retraits[service] = Retrait(jour, "Fin du financement.")
        self.recoit(messages.FairePasserLeTemps(PARCOURS), a(jour))

    def attend(self, jusqu_au: date) -> None:
        """Every due date fires at its instant, one after the other."""
        while dues := [due.du_a for due in clocks.echeances(self.dossier) if due.du_a <= debut_du_jour("59", jusqu_au)]:
            self.recoit(messages.FairePasserLeTemps(PARCOURS), min(dues))

    def relances(self) -> list[tuple[int, date]]:
        return [(f.relance, f.date) for f in self.faits if isinstance(f, faits.PrescriptionRelancee)]

    def expirations(self) -> list[faits.PrescriptionExpiree]:
        return [fait for fait in self.faits if isinstance(fait, faits.PrescriptionExpiree)]

    def _situation(self, message: messages.SurUnParcours) -> Situation:
        absorbes: tuple[Dossier, ...] = ()
        if isinstance(message, messages.UsagerFusionne):
            absorbes = tuple(self.dossiers[id_] for id_ in message.absorbes if id_ in self.dossiers)
        return Situation(self.dossiers.get(message.parcours), absorbes, services=self.services, retraits=self.retraits)


def emise(**autres: Any) -> Histoire:
    histoire = Histoire()
    histoire.accepte(emettre(**autres))
    return histoire


def entree(
    type_: str,
    donnees: dict[str, Any],
    agregat: UUID | None = PARCOURS,
    *,
    nature: Any = "depot",
    par: str = CD,
    role: str = "departement",
    recu_a: datetime = MAINTENANT,
) -> Entree:
    return Entree(
        id=uuid4(),
        nature=nature,
        type=type_,
        agregat=agregat,
        emetteur=par,
        role=role,
        partition="59",
        donnees=donnees,
        survenu_a=recu_a,
        recu_a=recu_a,
    )


def evenement(type_: str, donnees: dict[str, Any], agregat: UUID = PARCOURS) -> Entree:
    return entree(type_, donnees, agregat, nature="evenement", par="/services/usagers", role="hub")


def structure_json(cle: str = SCOOTER.structure_id, source: str = "asso-mobilite") -> dict[str, Any]:
    return {
        "source": source,
        "id": cle,
        "nom": "Plateforme mobilité de Lille",
        "date_maj": "2026-03-01",
        "siret": SIRET,
        "code_insee": "59350",
    }


def service_json(cle: str = SCOOTER.id, source: str = "asso-mobilite", **autres: Any) -> dict[str, Any]:
    return {
        "source": source,
        "structure_id": SCOOTER.structure_id,
        "id": cle,
        "nom": "Louer un scooter",
        "description": "Location solidaire pour aller travailler.",
        "date_maj": "2026-03-01",
        "code_insee": "59350",
    } | autres
