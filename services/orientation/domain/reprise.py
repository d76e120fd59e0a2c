"""The situation of a person as it was before the hub followed her: taken whole, or refused with the part to blame.

This service decides for all of its parts, by its orientations and by what it has heard of its siblings; they follow.
Nothing that the hub holds is replaced (decision 0055).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.orientation.domain import faits
from services.orientation.domain.delai import date_echeance, est_echue
from services.orientation.domain.demande import attend_son_echeance
from services.orientation.domain.dossier import Decision, Dossier, Organisme, Structure
from services.orientation.domain.messages import DeclarerReprise, RdvDeclare

REFERENT, CONTRAT = "referent", "contrat"
"""What a sibling holds of a parcours, beside the keys of its appointments."""
PLANIFIE, ANNULE = "planifie", "annule"


def declarer(dossier: Dossier, message: DeclarerReprise) -> Sequence[faits.Fait] | Refus:
    recu_le = jour_legal(dossier.departement, message.recu_a)
    if message.date_reprise > recu_le:
        return Refus("dates-incoherentes", "/data/date_reprise", {"recu_le": recu_le.isoformat()})
    if refus := next(_refus(dossier, message), None):
        return refus
    declaree = faits.RepriseDeclaree(
        parcours=dossier.parcours,
        departement=dossier.departement,
        donnees=message.donnees,
        decideur=message.auteur,
        decision=message.decision,
        contestation=message.contestation,
        notifiee_le=message.notifiee_le,
        tenus=tuple(_tenus(message)),
        recue_a=message.recu_a,
    )
    return [*_droit_suppose(dossier, message), declaree]


def _droit_suppose(dossier: Dossier, message: DeclarerReprise) -> Iterator[faits.DroitConnu]:
    """A département orients who receives the RSA: what it declares says so, unless the right is known otherwise."""
    est_du_departement = message.auteur.role == Organisme.DEPARTEMENT
    if message.decision and est_du_departement and not dossier.brsa and dossier.droit_dit is None:
        yield faits.DroitConnu(dossier.parcours, True)


def _tenus(message: DeclarerReprise) -> Iterator[str]:
    if message.referent:
        yield REFERENT
    if message.contrat_est_signe is not None:
        yield CONTRAT
    yield from (rdv.rdv_id for rdv in message.rdvs)


def _refus(dossier: Dossier, message: DeclarerReprise) -> Iterator[Refus]:
    if message.decision:
        yield from _refus_d_orientation(dossier, message.recu_a)
    if message.referent:
        yield from _refus_de_referent(dossier, message.decision, message.referent)
    if message.contrat_est_signe is not None:
        yield from _refus_de_contrat(dossier, message)
    for rang, rdv in enumerate(message.rdvs):
        yield from _refus_de_rdv(dossier, rdv, f"/data/rdv/{rang}", message.date_reprise, message.recu_a)


def _refus_d_orientation(dossier: Dossier, recu_a: datetime) -> Iterator[Refus]:
    """A request that waits is answered by it; one that France Travail has taken over is decided."""
    if dossier.orientations:
        yield Refus("deja-traite", "/data/orientation", {"etat": dossier.etat, "rang": dossier.rang})
    derniere = dossier.demandes[-1] if dossier.demandes else None
    if derniere is None:
        return
    echue = dossier.demande is derniere and attend_son_echeance(dossier, derniere) and est_echue(derniere, recu_a)
    if derniere.est_dessaisie or echue:
        details = {"etat": "dessaisie", "date_echeance": date_echeance(derniere.recue_le).isoformat()}
        yield Refus("deja-traite", "/data/orientation", details)


def _refus_de_referent(dossier: Dossier, declaree: Decision | None, structure: Structure) -> Iterator[Refus]:
    """Declared with the orientation, its structure was compared by the contract."""
    if REFERENT in dossier.tenus:
        yield Refus("deja-traite", "/data/referent", {"attendu": "referent.remplace"})
    ouverte = declaree or (dossier.ouverte.decision if dossier.ouverte else None)
    if ouverte is None:
        yield Refus("orientation-prealable-obligatoire", "/data/referent", {"etat": dossier.etat})
    elif (ouverte.structure.systeme, ouverte.structure.valeur) != (structure.systeme, structure.valeur):
        attendue = f"{ouverte.structure.systeme}:{ouverte.structure.valeur}"
        yield Refus("referent-incoherent", "/data/referent/structure", {"structure_attendue": attendue})


def _refus_de_contrat(dossier: Dossier, message: DeclarerReprise) -> Iterator[Refus]:
    """Signed, it needs an orientation; the référent may have left since."""
    if CONTRAT in dossier.tenus:
        yield Refus("deja-traite", "/data/contrat", {"attendu": "contrat.propose"})
    if message.contrat_est_signe and message.decision is None and dossier.ouverte is None:
        yield Refus("orientation-prealable-obligatoire", "/data/contrat", {"etat": dossier.etat})


def _refus_de_rdv(
    dossier: Dossier, rdv: RdvDeclare, pointeur: str, date_reprise: date, recu_a: datetime
) -> Iterator[Refus]:
    """Still planned on the day of the reprise, or over and told with what became of it."""
    if rdv.rdv_id in dossier.tenus:
        yield Refus("deja-traite", f"{pointeur}/rdv_id", {"attendu": "rdv.modifie"})
    if rdv.statut == PLANIFIE and jour_legal(dossier.departement, rdv.debut) < date_reprise:
        yield Refus("dates-incoherentes", f"{pointeur}/debut", {"pas_avant": date_reprise.isoformat()})
    if rdv.statut not in (PLANIFIE, ANNULE) and rdv.debut > recu_a:
        yield Refus("dates-incoherentes", f"{pointeur}/debut", {"recu_a": recu_a.isoformat()})
