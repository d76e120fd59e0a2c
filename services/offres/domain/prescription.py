"""The life of a prescription: emitted to a live service, answered by its structure, reminded, expired, carried out.

A final state stays: the refusal of a second answer names the first one (CATALOGUE § 4, invariants 13 and 14).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Echeance, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import offres as contrat
from services.dossiers.vie import Situation
from services.offres.domain.delai import RELANCE_TOUS_LES
from services.offres.domain.dossier import Demande, Dossier, Etat, Offre, Prescription, Service
from services.offres.domain.regles import Dit, Recu, regle, repli

RAISON_SANS_REPONSE = "La structure n'a pas répondu dans le délai."
RAISON_ETUDE_SANS_SUITE = "L'étude de la demande n'a pas abouti dans le délai."
RAISON_RETRAIT = "Le service est retiré de l'offre"

ECHEANCE = "prescription"  # its number is that of the prescription: a due date has one identity for ever
RETRAIT = "retrait"  # its number is that of the withdrawal

Suite: TypeAlias = contrat.SuitePrescription | contrat.ParticipationCommencee
VERS: Mapping[type[Suite], Etat] = {
    contrat.PrescriptionMiseALEtude: Etat.A_L_ETUDE,
    contrat.PrescriptionAcceptee: Etat.ACCEPTEE,
    contrat.PrescriptionRefusee: Etat.REFUSEE,
    contrat.PrescriptionAnnulee: Etat.ANNULEE,
    contrat.ParticipationCommencee: Etat.COMMENCEE,
    contrat.ParticipationTerminee: Etat.TERMINEE,
}
"""The state to which each deposit leads."""
_DEPUIS: Mapping[Etat, frozenset[Etat]] = {
    Etat.A_L_ETUDE: frozenset({Etat.EMISE}),
    Etat.ACCEPTEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE}),
    Etat.REFUSEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE}),
    Etat.ANNULEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE, Etat.ACCEPTEE}),
    Etat.COMMENCEE: frozenset({Etat.ACCEPTEE}),
    Etat.TERMINEE: frozenset({Etat.COMMENCEE}),
}
"""Each of these states, and those from which a deposit may lead to it."""
_REPONSES = frozenset({Etat.A_L_ETUDE, Etat.ACCEPTEE, Etat.REFUSEE})


@dataclass(frozen=True, slots=True)
class Emission:
    """The data of a prescription beside its message: see `Prescription`; `agent` is the professional who asks."""

    numero: int
    service: Service
    prescripteur: str
    emise_le: date
    agent: str | None


@dataclass(frozen=True, slots=True)
class PrescriptionReprise:
    """A prescription of an absorbed parcours goes on in that of the survivor, under the same key."""

    parcours: UUID
    prescription: Prescription


@regle(contrat.PrescriptionEmise)
def emettre(situation: Situation, recu: Recu[contrat.PrescriptionEmise], _: datetime) -> Sequence[Any] | Refus:
    """Emit a prescription to the structure of the service, whichever one the deposit names."""
    dossier: Dossier = situation.dossier
    offre: Offre = situation.contexte
    dite = recu.data
    if connue := dossier.prescription(dite.prescription_id):
        return Refus("deja-traite", "/data/prescription_id", {"etat": connue.etat.value})
    service = offre.services.get(dite.service_id)
    if service is None:
        if retrait := offre.retraits.get(dite.service_id):
            return Refus("service-retire", "/data/service_id", {"date": retrait.date.isoformat()})
        return Refus("service-inconnu", "/data/service_id")
    emise_le = jour_legal(dossier.departement, recu.recu_a)
    emission = Emission(dossier.prochain_numero, service, recu.auteur, emise_le, recu.agent)
    return [_dit(dossier, dite.model_copy(update={"structure": service.structure()}), emission)]


@repli(contrat.PrescriptionEmise, garde=Emission)
def _emise(dossier: Dossier, fait: Dit[contrat.PrescriptionEmise, Emission]) -> Dossier:
    dite, garde = fait.data, fait.garde
    nouvelle = Prescription(
        numero=garde.numero,
        prescription_id=dite.prescription_id,
        service=garde.service,
        prescripteur=garde.prescripteur,
        departement=fait.departement,
        emise_le=garde.emise_le,
        demande=Demande(dite.motif, str(dite.contact_prefere), dite.disponibilite, garde.agent),
        action_id=dite.action_id,
    )
    return dossier.avec(nouvelle)


@repli(PrescriptionReprise)
def _reprise(dossier: Dossier, fait: PrescriptionReprise) -> Dossier:
    return dossier.avec(fait.prescription)


@regle(*VERS, apres_cloture=True)
def donner_suite(situation: Situation, recu: Recu[Suite], _: datetime) -> Sequence[Any] | Refus:
    """Who may answer for a structure is checked at the door."""
    dossier: Dossier = situation.dossier
    connue, vers = dossier.prescription(recu.data.prescription_id), VERS[type(recu.data)]
    if connue is None:
        return Refus("etat-interdit", "/data/prescription_id", {"attendu": "prescription.emise"})
    if vers is Etat.ANNULEE and recu.auteur != connue.prescripteur:
        return Refus("non-autorise", "/data/prescription_id")
    jour = jour_legal(dossier.departement, recu.recu_a)
    if refus := _refus_d_etat(connue, vers, jour) or _refus_de_date(connue, recu.data.date, jour):
        return refus
    return [_dit(dossier, recu.data)]


@repli(*VERS)
def _suivie(dossier: Dossier, fait: Dit[Suite, None]) -> Dossier:
    dite, vers = fait.data, VERS[type(fait.data)]
    connue = dossier.prescription(dite.prescription_id)
    avant = connue.repondue_le if connue else None
    return dossier.changer(
        dite.prescription_id,
        etat=vers,
        repondue_le=avant or (None if vers is Etat.ANNULEE else dite.date),
        fin_le=dite.date if vers.est_final else None,
        motifs=tuple(map(str, dite.motifs)) if isinstance(dite, contrat.PrescriptionRefusee) else (),
        issue=str(dite.issue) if isinstance(dite, contrat.ParticipationTerminee) else None,
        message=dite.message if isinstance(dite, contrat.SuitePrescription) else None,
    )


@regle(ECHEANCE, RETRAIT, au_survivant=True)
def faire_passer_le_temps(situation: Situation, _: Recu[int], maintenant: datetime) -> Sequence[Any]:
    """Publish all that is due in this dossier on that day, also after a withdrawal. Of the reminders missed while
    nothing ran, publish the last one."""
    dossier: Dossier = situation.dossier
    jour = jour_legal(dossier.departement, maintenant)
    return [fait for connue in dossier.en_attente for fait in _du(dossier, connue, situation.contexte, jour)]


@repli(contrat.PrescriptionRelancee)
def _relancee(dossier: Dossier, fait: Dit[contrat.PrescriptionRelancee, None]) -> Dossier:
    return dossier.changer(fait.data.prescription_id, relances=fait.data.relance)


@repli(contrat.PrescriptionExpiree)
def _expiree(dossier: Dossier, fait: Dit[contrat.PrescriptionExpiree, None]) -> Dossier:
    dite = fait.data
    return dossier.changer(dite.prescription_id, etat=Etat.EXPIREE, fin_le=dite.date, message=dite.raison)


def expirer(dossier: Dossier, connue: Prescription, jour: date, raison: str) -> Dit[contrat.PrescriptionExpiree, None]:
    cle = connue.prescription_id
    return _dit(dossier, contrat.PrescriptionExpiree(prescription_id=cle, date=jour, raison=raison))


def echeances(dossier: Dossier) -> list[Echeance]:
    return [
        Echeance(dossier.parcours, f"{ECHEANCE}-{p.numero}", debut_du_jour(dossier.departement, p.prochaine_date))
        for p in dossier.en_attente
    ]


def _du(dossier: Dossier, connue: Prescription, offre: Offre, jour: date) -> Iterator[Any]:
    retrait = offre.retraits.get(connue.service.id)
    relance = (jour - connue.emise_le) // RELANCE_TOUS_LES
    if retrait:
        yield expirer(dossier, connue, jour, f"{RAISON_RETRAIT} : {retrait.raison}")
    elif jour >= connue.expire_le:
        raison = RAISON_ETUDE_SANS_SUITE if connue.etat is Etat.A_L_ETUDE else RAISON_SANS_REPONSE
        yield expirer(dossier, connue, jour, raison)
    elif relance > connue.relances:
        cle, le = connue.prescription_id, connue.emise_le + relance * RELANCE_TOUS_LES
        yield _dit(dossier, contrat.PrescriptionRelancee(prescription_id=cle, date=le, relance=relance))


def _dit(dossier: Dossier, data: Any, garde: Any = None) -> Dit[Any, Any]:
    return Dit(dossier.parcours, dossier.departement, data, garde)


def _refus_d_etat(connue: Prescription, vers: Etat, jour: date) -> Refus | None:
    """`deja-traite` where it was answered already, `etat-interdit` where it is too early, or too late to go back."""
    details: dict[str, str | int] = {"etat": connue.etat.value}
    if connue.etat.est_final:
        return Refus("deja-traite", "/data/prescription_id", details)
    if connue.etat not in _DEPUIS[vers]:
        est_repondue = vers in _REPONSES and connue.etat in (Etat.ACCEPTEE, Etat.COMMENCEE)
        est_repetee = connue.etat is vers or est_repondue
        return Refus("deja-traite" if est_repetee else "etat-interdit", "/data/prescription_id", details)
    if connue.etat.attend_une_reponse and jour >= connue.expire_le:
        return Refus("delai-depasse", "/data/prescription_id", {"date_expiration": connue.expire_le.isoformat()})
    return None


def _refus_de_date(connue: Prescription, date_suite: date, jour: date) -> Refus | None:
    """Refuse a date before the prescription, or in the future."""
    if connue.emise_le <= date_suite <= jour:
        return None
    bornes = {"emise_le": connue.emise_le.isoformat(), "recu_le": jour.isoformat()}
    return Refus("dates-incoherentes", "/data/date", bornes)
