"""Messages and entries about prescriptions, with defaults that pass; a test names only what it is about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Refus
from chassis.facts import Entree
from relais_contrats.territoires import debut_du_jour
from relais_contrats.v1 import offres as contrat
from services.dossiers.regles import Dit, Recu
from services.dossiers.vie import Situation
from services.offres.domain import REGLES
from services.offres.domain.dossier import Dossier, Etat, Offre, Prescription, Retrait, Service
from services.offres.domain.prescription import ECHEANCE, RETRAIT, VERS, echeances

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
MODELES = {etat: modele for modele, etat in VERS.items()}
"""By the state to which it leads, the message that does."""


def a(jour: date, heure: int = 12) -> datetime:
    """An instant of the wall clock in Paris."""
    return datetime(jour.year, jour.month, jour.day, heure, tzinfo=PARIS)


MAINTENANT = a(JOUR)


def le(jours: int) -> date:
    """That many days after the emission."""
    return JOUR + timedelta(days=jours)


def depose(data: Any, recu_a: datetime, parcours: UUID = PARCOURS, *, par: str = CD) -> Recu[Any]:
    return Recu("", parcours, "59", data, uuid4(), par, "departement", recu_a)


def dit(type_: str, parcours: UUID, data: Any, *, absorbes: tuple[UUID, ...] = ()) -> Recu[Any]:
    """An event of `usagers`."""
    jamais = datetime(2020, 1, 1, tzinfo=UTC)
    return Recu(
        type_, parcours, "59", data, uuid4(), "/services/usagers", "hub", jamais, absorbes=absorbes, nature="evenement"
    )


def emettre(cle: str = "p-1", service: str = SCOOTER.id, jours: int = 0, parcours: UUID = PARCOURS) -> Recu[Any]:
    data = contrat.PrescriptionEmise.model_validate(EMISE | {"prescription_id": cle, "service_id": service})
    return depose(data, a(le(jours)), parcours)


def suite(vers: Etat, jours: int, cle: str = "p-1", *, par: str = ASSO, **autres: Any) -> Recu[Any]:
    """Given, and received, that many days after the emission."""
    champs: dict[str, Any] = {"prescription_id": cle, "date": le(jours)}
    if vers is Etat.REFUSEE:
        champs["motifs"] = ["capacite-atteinte"]
    if vers is Etat.TERMINEE:
        champs["issue"] = "accomplie"
    return depose(MODELES[vers].model_validate(champs | autres), a(le(jours)), par=par)


def ouvert(parcours: UUID) -> Recu[Any]:
    """What opens a dossier and changes nothing else."""
    return dit("parcours.transfere", parcours, {"departement_nouveau": "59"})


def transfere(departement: str) -> Recu[Any]:
    return dit("parcours.transfere", PARCOURS, {"departement_nouveau": departement})


def clos(date_fin: date) -> Recu[Any]:
    return dit("parcours.clos", PARCOURS, {"date_fin": date_fin.isoformat(), "motif": "Fin de droits."})


def fusionne(conserve: UUID, *absorbes: UUID) -> Recu[Any]:
    return dit("usager.fusionne", conserve, {}, absorbes=absorbes)


def temps(nature: str = ECHEANCE, parcours: UUID = PARCOURS) -> Recu[Any]:
    """Something is due, or a withdrawal is announced."""
    return Recu(nature, parcours, "59", 1, uuid4(), "/services/horloge", "hub", MAINTENANT, nature="echeance")


class Histoire:
    """A dossier that receives messages in turn, and a clock that fires what falls due, as the engine would."""

    def __init__(self) -> None:
        self.dossiers: dict[UUID, Dossier] = {PARCOURS: Dossier(PARCOURS, "59")}
        self.services = {service.id: service for service in (SCOOTER, CODE)}
        self.retraits: dict[str, Retrait] = {}
        self.faits: list[Any] = []

    @property
    def dossier(self) -> Dossier:
        return self.dossiers[PARCOURS]

    def la(self, cle: str = "p-1") -> Prescription:
        connue = self.dossier.prescription(cle)
        assert connue is not None
        return connue

    def recoit(self, recu: Recu[Any], maintenant: datetime | None = None) -> Any:
        absorbes = tuple(self.dossiers[id_] for id_ in recu.absorbes if id_ in self.dossiers)
        offre = Offre(self.services, self.retraits)
        parcours = recu.parcours if recu.nature == "evenement" else self._survivant(recu.parcours)
        situation = Situation(self.dossiers.get(parcours), absorbes, contexte=offre)
        recu_a = recu.recu_a if recu.nature == "depot" else MAINTENANT
        decision = REGLES.decider(situation, recu, maintenant or recu_a)
        if isinstance(decision, Refus | Attente):
            return decision
        for fait in decision:
            self.dossiers[fait.parcours] = REGLES.replier(self.dossiers.get(fait.parcours), fait)
            self.faits.append(fait)
        return decision

    def accepte(self, recu: Recu[Any]) -> Sequence[Any]:
        decision = self.recoit(recu)
        assert not isinstance(decision, Refus | Attente), decision
        return decision  # type: ignore[no-any-return]

    def refuse(self, recu: Recu[Any]) -> str:
        decision = self.recoit(recu)
        assert isinstance(decision, Refus), decision
        return decision.code

    def retire(self, service: str, jour: date) -> None:
        self.services.pop(service)
        self.retraits[service] = Retrait(jour, "Fin du financement.")
        for parcours in self.dossiers:
            self.recoit(temps(RETRAIT, parcours), a(jour))

    def attend(self, jusqu_au: date) -> None:
        """Every due date fires at its instant, one after the other."""
        while dues := [due.du_a for due in echeances(self.dossier) if due.du_a <= debut_du_jour("59", jusqu_au)]:
            self.recoit(temps(), min(dues))

    def relances(self) -> list[tuple[int, date]]:
        return [(fait.data.relance, fait.data.date) for fait in self.dits(contrat.PrescriptionRelancee)]

    def expirations(self) -> list[contrat.PrescriptionExpiree]:
        return [fait.data for fait in self.dits(contrat.PrescriptionExpiree)]

    def dits(self, modele: type) -> list[Dit[Any, Any]]:
        """The facts that partners heard as messages of that model."""
        return [fait for fait in self.faits if isinstance(fait, Dit) and isinstance(fait.data, modele)]

    def _survivant(self, parcours: UUID) -> UUID:
        dossier = self.dossiers.get(parcours)
        return self._survivant(dossier.absorbe_par) if dossier and dossier.absorbe_par else parcours


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
