"""The life of a prescription: emitted to a live service, answered by its structure, reminded, expired, carried out.

A final state is terminal: a second answer is told what the first one was (CATALOGUE § 4, invariants 13 and 14).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.offres.domain import faits
from services.offres.domain.delai import RELANCE_TOUS_LES
from services.offres.domain.dossier import Dossier, Etat, Prescription, Retrait
from services.offres.domain.messages import DonnerSuite, Emettre
from services.offres.domain.situation import Situation

RAISON_SANS_REPONSE = "La structure n'a pas répondu dans le délai."
RAISON_ETUDE_SANS_SUITE = "L'étude de la demande n'a pas abouti dans le délai."
RAISON_RETRAIT = "Le service est retiré de l'offre"

_DEPUIS: Mapping[Etat, frozenset[Etat]] = {
    Etat.A_L_ETUDE: frozenset({Etat.EMISE}),
    Etat.ACCEPTEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE}),
    Etat.REFUSEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE}),
    Etat.ANNULEE: frozenset({Etat.EMISE, Etat.A_L_ETUDE, Etat.ACCEPTEE}),
    Etat.COMMENCEE: frozenset({Etat.ACCEPTEE}),
    Etat.TERMINEE: frozenset({Etat.COMMENCEE}),
}
"""Each state that a deposit leads to, and those from which it may."""
_REPONSES = frozenset({Etat.A_L_ETUDE, Etat.ACCEPTEE, Etat.REFUSEE})


def emettre(situation: Situation, dossier: Dossier, message: Emettre) -> Sequence[faits.SurUnParcours] | Refus:
    connue = dossier.prescription(message.prescription_id)
    if connue:
        return Refus("deja-traite", "/data/prescription_id", {"etat": connue.etat.value})
    service = situation.services.get(message.service_id)
    if service is None:
        retrait = situation.retraits.get(message.service_id)
        if retrait:
            return Refus("service-retire", "/data/service_id", {"date": retrait.date.isoformat()})
        return Refus("service-inconnu", "/data/service_id")
    nouvelle = Prescription(
        numero=dossier.prochain_numero,
        prescription_id=message.prescription_id,
        service=service,
        prescripteur=message.prescripteur,
        departement=dossier.departement,
        emise_le=jour_legal(dossier.departement, message.recu_a),
        demande=message.demande,
        action_id=message.action_id,
    )
    return [faits.PrescriptionEmise(dossier.parcours, dossier.departement, nouvelle, message.donnees)]


def donner_suite(dossier: Dossier, message: DonnerSuite) -> Sequence[faits.SurUnParcours] | Refus:
    connue = dossier.prescription(message.prescription_id)
    if connue is None:
        return Refus("etat-interdit", "/data/prescription_id", {"attendu": "prescription.emise"})
    if message.vers is Etat.ANNULEE and message.emetteur != connue.prescripteur:
        return Refus("non-autorise", "/data/prescription_id")
    jour = jour_legal(dossier.departement, message.recu_a)
    if refus := _refus_d_etat(connue, message, jour) or _refus_de_date(connue, message, jour):
        return refus
    if message.vers is Etat.REFUSEE and not message.motifs:
        return Refus("motif-obligatoire", "/data/motifs")
    return [
        faits.SuiteDonnee(
            parcours=dossier.parcours,
            departement=dossier.departement,
            prescription_id=connue.prescription_id,
            vers=message.vers,
            date=message.date,
            motifs=message.motifs,
            issue=message.issue,
            message=message.message,
        )
    ]


def faire_passer_le_temps(
    dossier: Dossier, retraits: Mapping[str, Retrait], maintenant: datetime
) -> list[faits.SurUnParcours]:
    """All that is due on that day. Of the reminders missed while nothing ran, only the last one is told."""
    jour = jour_legal(dossier.departement, maintenant)
    return [fait for connue in dossier.en_attente for fait in _du(dossier, connue, retraits, jour)]


def expirer(dossier: Dossier, connue: Prescription, jour: date, raison: str) -> faits.PrescriptionExpiree:
    return faits.PrescriptionExpiree(dossier.parcours, dossier.departement, connue.prescription_id, jour, raison)


def _du(
    dossier: Dossier, connue: Prescription, retraits: Mapping[str, Retrait], jour: date
) -> Iterator[faits.SurUnParcours]:
    retrait = retraits.get(connue.service.id)
    relance = (jour - connue.emise_le) // RELANCE_TOUS_LES
    if retrait:
        yield expirer(dossier, connue, jour, f"{RAISON_RETRAIT} : {retrait.raison}")
    elif jour >= connue.expire_le:
        raison = RAISON_ETUDE_SANS_SUITE if connue.etat is Etat.A_L_ETUDE else RAISON_SANS_REPONSE
        yield expirer(dossier, connue, jour, raison)
    elif relance > connue.relances:
        le = connue.emise_le + relance * RELANCE_TOUS_LES
        yield faits.PrescriptionRelancee(dossier.parcours, dossier.departement, connue.prescription_id, le, relance)


def _refus_d_etat(connue: Prescription, message: DonnerSuite, jour: date) -> Refus | None:
    """`deja-traite` where it was answered already, `etat-interdit` where it is too early, or too late to go back."""
    details: dict[str, str | int] = {"etat": connue.etat.value}
    if connue.etat.est_final:
        return Refus("deja-traite", "/data/prescription_id", details)
    if connue.etat not in _DEPUIS[message.vers]:
        est_repondue = message.vers in _REPONSES and connue.etat in (Etat.ACCEPTEE, Etat.COMMENCEE)
        est_repetee = connue.etat is message.vers or est_repondue
        return Refus("deja-traite" if est_repetee else "etat-interdit", "/data/prescription_id", details)
    if connue.etat.attend_une_reponse and jour >= connue.expire_le:
        return Refus("delai-depasse", "/data/prescription_id", {"date_expiration": connue.expire_le.isoformat()})
    return None


def _refus_de_date(connue: Prescription, message: DonnerSuite, jour: date) -> Refus | None:
    """What is told has happened: neither before the prescription, nor in a day to come."""
    if connue.emise_le <= message.date <= jour:
        return None
    bornes = {"emise_le": connue.emise_le.isoformat(), "recu_le": jour.isoformat()}
    return Refus("dates-incoherentes", "/data/date", bornes)
