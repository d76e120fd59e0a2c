"""The situation of a person before the hub followed her: accepted whole, or refused with the part to blame.

This service decides for all parts, by its orientations and the events of its siblings, which follow. It replaces no
data of the hub (decision 0055).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import referents
from relais_contrats.v1 import reprise as contrat
from services.dossiers.vie import Situation
from services.orientation.domain.decision import Auteur, Contestation, Decision, Organisme, Orientation, Structure
from services.orientation.domain.delai import date_echeance, est_echue
from services.orientation.domain.demande import attend_son_echeance
from services.orientation.domain.dossier import Dossier, Issue
from services.orientation.domain.droit import DroitConnu
from services.orientation.domain.regles import Dit, Recu, regle, repli
from services.orientation.domain.suites import CONTRAT, REFERENT

PLANIFIE, ANNULE = "planifie", "annule"
Deposee: TypeAlias = Recu[contrat.RepriseDeclaree]


@dataclass(frozen=True, slots=True)
class Declaree:
    decideur: Auteur
    recue_a: datetime

    def entre_nous(self) -> Mapping[str, Any]:
        return {"recue_a": self.recue_a.isoformat(), "role": self.decideur.role}


@regle(contrat.RepriseDeclaree)
def declarer(situation: Situation, recu: Deposee, _: datetime) -> Sequence[Any] | Refus:
    dossier, dite = situation.dossier, recu.data
    recu_le = jour_legal(dossier.departement, recu.recu_a)
    if dite.date_reprise > recu_le:
        return Refus("dates-incoherentes", "/data/date_reprise", {"recu_le": recu_le.isoformat()})
    if refus := next(_refus(dossier, recu), None):
        return refus
    declaree = Dit(dossier.parcours, dossier.departement, dite, Declaree(Auteur.de(recu), recu.recu_a))
    return [*_droit_suppose(dossier, recu), declaree]


@repli(contrat.RepriseDeclaree, garde=Declaree)
def _declaree(dossier: Dossier, fait: Dit[contrat.RepriseDeclaree, Declaree]) -> Dossier:
    """The first orientation known here, whatever its rank; the request that waited has no more object."""
    tenu, dite = dossier.avec_tenus(_tenus(fait.data)), fait.data.orientation
    if dite is None:
        return tenu
    declaree = Orientation(
        Decision.lue(dite),
        fait.garde.decideur,
        Contestation.lue(dite),
        notifiee_le=dite.date_notification,
        est_reprise=True,
    )
    return replace(tenu.avec_demande_close(Issue.REPRISE), orientations=(*tenu.orientations, declaree))


def _droit_suppose(dossier: Dossier, recu: Deposee) -> Iterator[DroitConnu]:
    """A département orients who receives the RSA: what it declares says so, unless the right is known otherwise."""
    est_du_departement = recu.role == Organisme.DEPARTEMENT
    if recu.data.orientation and est_du_departement and not dossier.brsa and dossier.droit_dit is None:
        yield DroitConnu(dossier.parcours, True)


def _tenus(dite: contrat.RepriseDeclaree) -> Iterator[str]:
    if dite.referent:
        yield REFERENT
    if dite.contrat:
        yield CONTRAT
    yield from (rdv.rdv_id for rdv in dite.rdv or ())


def _refus(dossier: Dossier, recu: Deposee) -> Iterator[Refus]:
    dite = recu.data
    if dite.orientation:
        yield from _refus_d_orientation(dossier, recu.recu_a)
    if dite.referent:
        yield from _refus_de_referent(dossier, dite, dite.referent)
    if dite.contrat:
        yield from _refus_de_contrat(dossier, dite, est_signe=dite.contrat.date_signature is not None)
    for rang, rdv in enumerate(dite.rdv or ()):
        yield from _refus_de_rdv(dossier, rdv, f"/data/rdv/{rang}", dite.date_reprise, recu.recu_a)


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


def _refus_de_referent(
    dossier: Dossier, dite: contrat.RepriseDeclaree, referent: referents.Designation
) -> Iterator[Refus]:
    """Declared with the orientation, its structure was compared by the contract."""
    if REFERENT in dossier.tenus:
        yield Refus("deja-traite", "/data/referent", {"attendu": "referent.remplace"})
    if dite.orientation:
        return
    if dossier.ouverte is None:
        yield Refus("orientation-prealable-obligatoire", "/data/referent", {"etat": dossier.etat})
    elif (attendue := dossier.ouverte.decision.structure.cle) != Structure.lue(referent.structure).cle:
        yield Refus("referent-incoherent", "/data/referent/structure", {"structure_attendue": attendue})


def _refus_de_contrat(dossier: Dossier, dite: contrat.RepriseDeclaree, *, est_signe: bool) -> Iterator[Refus]:
    """Signed, it needs an orientation; the référent may have left since."""
    if CONTRAT in dossier.tenus:
        yield Refus("deja-traite", "/data/contrat", {"attendu": "contrat.propose"})
    if est_signe and dite.orientation is None and dossier.ouverte is None:
        yield Refus("orientation-prealable-obligatoire", "/data/contrat", {"etat": dossier.etat})


def _refus_de_rdv(
    dossier: Dossier, rdv: referents.RendezVous, pointeur: str, date_reprise: date, recu_a: datetime
) -> Iterator[Refus]:
    """Still planned on the day of the reprise, or over and told with what became of it."""
    if rdv.rdv_id in dossier.tenus:
        yield Refus("deja-traite", f"{pointeur}/rdv_id", {"attendu": "rdv.modifie"})
    if rdv.statut == PLANIFIE and jour_legal(dossier.departement, rdv.debut) < date_reprise:
        yield Refus("dates-incoherentes", f"{pointeur}/debut", {"pas_avant": date_reprise.isoformat()})
    if rdv.statut not in (PLANIFIE, ANNULE) and rdv.debut > recu_a:
        yield Refus("dates-incoherentes", f"{pointeur}/debut", {"recu_a": recu_a.isoformat()})
