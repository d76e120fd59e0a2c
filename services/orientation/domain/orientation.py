"""The decision: author, structure, first day; and the first day of a decision taken in advance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain import demande, plages
from services.orientation.domain.competence import refus_de_competence
from services.orientation.domain.decision import (
    Auteur,
    Avant,
    Contestation,
    Decision,
    DemandeReorientation,
    Organisme,
    Orientation,
)
from services.orientation.domain.delai import refus_tardif
from services.orientation.domain.dossier import Dossier, Issue
from services.orientation.domain.regles import Dit, Recu, regle, repli

PREMIER_JOUR = "premier-jour"
MOTIF_REMPLACEE = "Remplacée par une nouvelle décision."


@dataclass(frozen=True, slots=True)
class Placee:
    """Where a decision fits. `fin_precedente` cuts the last orientation; `decidee_le` settles the request, None when it
    leaves it waiting. A day of effect to come: the one in force stays so until then."""

    decideur: Auteur
    est_derniere: bool = True
    fin_precedente: date | None = None
    decidee_le: date | None = None
    depot: UUID | None = None
    reorientation: DemandeReorientation | None = None
    """The request to which it answers."""
    est_reprise: bool = False
    """A merge tells again what had been declared from before."""

    def entre_nous(self) -> Mapping[str, Any]:
        return {"est_reprise": True} if self.est_reprise else {}


Decidee: TypeAlias = Dit[contrat.OrientationDecidee, Placee]


@dataclass(frozen=True, slots=True)
class OrientationEffective:
    """The first day of an orientation decided in advance: it takes the place of the one in force.

    For the siblings and the gateway only: partners know the day since the decision.
    """

    orientation: Orientation

    def en_json(self) -> Mapping[str, Any]:
        return self.orientation.effective()


@regle(contrat.OrientationDecidee)
def decider(situation: Situation, recu: Recu[contrat.OrientationDecidee], _: datetime) -> Sequence[Any] | Refus:
    """Open the orientation, and close the previous one the day before.

    A first decision needs no request: the competent body may orient as soon as it knows the person. To refuse the
    recommendation is to decide something else, so that both senses open an orientation (domaine § 1.A.2).
    """
    dossier, auteur = situation.dossier, Auteur.de(recu)
    refus = refus_de_competence(dossier, situation.contexte.delegataires, auteur, recu.recu_a)
    if refus := refus or _refus_apres_dessaisissement(dossier, auteur, recu.data.rang, recu.recu_a):
        return refus
    return placer(dossier, recu.data, recu)


def placer(dossier: Dossier, dite: contrat.OrientationDecidee, recu: Recu[Any]) -> Sequence[Any] | Refus:
    """The facts by which this decision takes its place among the others."""
    if refus := _refus_de_rang(dossier, dite.rang) or _refus_de_dates(dossier, dite.date_decision, recu.recu_a):
        return refus
    placement = plages.placer(
        [plages.Plage(existante.debut, existante.fin) for existante in dossier.orientations],
        plages.Plage(dite.date_debut, dite.date_fin),
    )
    if isinstance(placement, Refus):
        return placement
    aujourd_hui, est_derniere = jour_legal(dossier.departement, recu.recu_a), placement.est_derniere
    placee = Placee(
        decideur=Auteur.de(recu),
        est_derniere=est_derniere,
        fin_precedente=placement.fin_precedente,
        decidee_le=aujourd_hui if est_derniere else None,
        depot=recu.id,
        reorientation=dossier.reorientation,
    )
    # What starts later takes nothing away today. Where nothing is in force, nothing is taken away: it opens at once, so
    # that who receives the person may prepare for it.
    attend_son_jour = dite.date_debut > aujourd_hui and bool(dossier.ouverte or dossier.a_venir)
    effet = dite.date_debut if est_derniere and attend_son_jour else None
    decidee = dite.model_copy(update={"date_fin": placement.plage.fin})
    return [
        *demande.dessaisissement(dossier, recu.recu_a),
        Dit(dossier.parcours, dossier.departement, decidee, placee, effet),
    ]


@repli(contrat.OrientationDecidee, garde=Placee)
def _decidee(dossier: Dossier, fait: Decidee) -> Dossier:
    garde = fait.garde
    nouvelle = Orientation(
        Decision.lue(fait.data),
        garde.decideur,
        Contestation.lue(fait.data),
        est_close=not garde.est_derniere,
        est_effective=fait.effet is None,
        depot=garde.depot,
        avant=_avant(dossier, garde),
        est_reprise=garde.est_reprise,
    )
    if garde.decidee_le:
        dossier = dossier.avec_demande_close(Issue.DECIDEE, garde.decidee_le)
    elif garde.est_reprise:
        dossier = dossier.avec_demande_close(Issue.REPRISE)
    if not garde.est_derniere:
        return replace(dossier, orientations=(*dossier.orientations, nouvelle))
    precedente = dossier.derniere
    if precedente and (garde.fin_precedente or not precedente.est_close):
        coupee = finissant(precedente, garde.fin_precedente)
        dossier = dossier.avec(coupee if fait.effet else _remplacee(coupee))
    return replace(dossier, orientations=(*dossier.orientations, nouvelle), reorientation=None)


@regle(PREMIER_JOUR)
def commencer(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier: Dossier = situation.dossier
    attendue = next((orientation for orientation in dossier.a_venir if orientation.rang == recu.data), None)
    if attendue is None or dossier.est_clos:
        return Attente("orientation sans premier jour")
    if maintenant < debut_du_jour(dossier.departement, attendue.debut):
        return Attente("premier jour à venir")
    effective = OrientationEffective(replace(attendue, est_effective=True))
    return [Dit(dossier.parcours, dossier.departement, effective, None)]


@repli(OrientationEffective, type_="orientation.effective")
def _commencee(dossier: Dossier, fait: Dit[OrientationEffective, None]) -> Dossier:
    """The one in force was cut when this one was decided."""
    ouverte = dossier.ouverte
    remplacee = dossier.avec(_remplacee(ouverte)) if ouverte else dossier
    return remplacee.avec_rang(fait.data.orientation.rang, est_effective=True)


def finissant(orientation: Orientation, date_fin: date | None) -> Orientation:
    """With that last day; None leaves the one that it has."""
    return replace(orientation, decision=replace(orientation.decision, date_fin=date_fin)) if date_fin else orientation


def ouverte_de(dossier: Dossier) -> Orientation | Refus:
    """The open orientation, the only one that a partner may notify, change or close."""
    if dossier.ouverte:
        return dossier.ouverte
    code = "etat-interdit" if dossier.orientations else "orientation-prealable-obligatoire"
    return Refus(code, "/subject", {"etat": dossier.etat})


def reprise(survivant: Dossier, ouverte: Orientation) -> Decidee | None:
    """The open orientation of an absorbed dossier, as the next one of the survivor and after all of its own."""
    precedente, attendue, decision = survivant.derniere, survivant.demande, ouverte.decision
    debut = max(ouverte.debut, precedente.fin + plages.UN_JOUR) if precedente and precedente.fin else ouverte.debut
    if ouverte.fin and ouverte.fin < debut:
        return None
    repond = attendue is not None and attendue.recue_le <= decision.date_decision and not ouverte.est_reprise
    # What was declared from before keeps its rank, which the département goes on from.
    rang = max(survivant.rang + 1, decision.rang if ouverte.est_reprise else 0)
    placee = Placee(
        decideur=ouverte.decideur,
        decidee_le=decision.date_decision if repond else None,
        est_reprise=ouverte.est_reprise,
    )
    dite = replace(ouverte, decision=replace(decision, date_debut=debut, rang=rang)).dite()
    return Dit(survivant.parcours, survivant.departement, dite, placee)


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    for attendue in () if dossier.est_clos else dossier.a_venir:
        due_a = debut_du_jour(dossier.departement, attendue.debut)
        yield Echeance(dossier.parcours, f"{PREMIER_JOUR}-{attendue.rang}", due_a)


def _remplacee(precedente: Orientation) -> Orientation:
    """Ended by a new decision."""
    return replace(precedente, est_close=True, motif_fin=precedente.motif_fin or MOTIF_REMPLACEE)


def _avant(dossier: Dossier, garde: Placee) -> Avant:
    attendue = dossier.demande.numero if dossier.demande and garde.decidee_le else None
    precedente = dossier.derniere
    if precedente is None or not garde.est_derniere:
        return Avant(demande=attendue, reorientation=garde.reorientation)
    etat = (precedente.rang, precedente.fin, precedente.est_close, precedente.motif_fin)
    return Avant(*etat, attendue, garde.reorientation)


def _refus_apres_dessaisissement(dossier: Dossier, auteur: Auteur, rang: int, recu_a: datetime) -> Refus | None:
    """The département answers, too late, a request that France Travail has decided meanwhile."""
    derniere = dossier.demandes[-1] if dossier.demandes else None
    if derniere is None or not derniere.est_dessaisie or auteur.role == Organisme.FRANCE_TRAVAIL:
        return None
    return refus_tardif(derniere, recu_a) if rang <= dossier.rang else None


def _refus_de_rang(dossier: Dossier, rang: int) -> Refus | None:
    """Ranks are 1, 2, 3…: to name the next one is to confirm that the current orientation is known, and replaced."""
    attendu = dossier.rang + 1
    if rang == attendu:
        return None
    code = "version-perimee" if rang < attendu else "orientation-prealable-obligatoire"
    return Refus(code, "/data/rang", {"rang_attendu": attendu})


def _refus_de_dates(dossier: Dossier, date_decision: date, recu_a: datetime) -> Refus | None:
    """A decision is taken before it is received, and not before the request to which it answers."""
    recu_le, attendue = jour_legal(dossier.departement, recu_a), dossier.demande
    if date_decision > recu_le:
        return Refus("dates-incoherentes", "/data/date_decision", {"recu_le": recu_le.isoformat()})
    if attendue and date_decision < attendue.recue_le:
        details = {"date_reception": attendue.recue_le.isoformat()}
        return Refus("dates-incoherentes", "/data/date_decision", details)
    return None
