"""The decision and what follows it: notification, réorientation, end."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.orientation.domain import demande, faits, plages
from services.orientation.domain.competence import refus_d_exercice, refus_de_competence
from services.orientation.domain.delai import est_echue, refus_tardif
from services.orientation.domain.dossier import Auteur, Contestation, Decision, Dossier, Organisme, Orientation
from services.orientation.domain.messages import (
    CloreOrientation,
    DeciderOrientation,
    DeciderReorientation,
    DemanderReorientation,
    NotifierOrientation,
    PremierJour,
    TermeAtteint,
)

MOTIF_TERME = "Terme prévu par la décision."


def decider(
    dossier: Dossier, delegataires: Collection[str], message: DeciderOrientation
) -> Sequence[faits.Fait] | Refus:
    """Open the orientation, and close the previous one the day before.

    A first decision needs no request: the competent body may orient as soon as it knows the person. To refuse the
    recommendation is to decide something else, so that both senses open an orientation (domaine § 1.A.2).
    """
    refus = refus_de_competence(dossier, delegataires, message.auteur, message.recu_a)
    if refus := refus or _refus_apres_dessaisissement(dossier, message):
        return refus
    decidee = (message.auteur, message.decision, message.contestation)
    return _appliquer_la_decision(dossier, *decidee, message.recu_a, message.depot)


def _appliquer_la_decision(
    dossier: Dossier,
    auteur: Auteur,
    decision: Decision,
    contestation: Contestation | None,
    recu_a: datetime,
    depot: UUID | None,
) -> Sequence[faits.Fait] | Refus:
    if refus := _refus_de_rang(dossier, decision.rang) or _refus_de_dates(dossier, decision, recu_a):
        return refus
    placement = plages.placer(
        [plages.Plage(existante.debut, existante.fin) for existante in dossier.orientations],
        plages.Plage(decision.date_debut, decision.date_fin),
    )
    if isinstance(placement, Refus):
        return placement
    decidee = faits.OrientationDecidee(
        parcours=dossier.parcours,
        departement=dossier.departement,
        decision=replace(decision, date_fin=placement.plage.fin),
        contestation=contestation,
        decideur=auteur,
        fin_precedente=placement.fin_precedente,
        est_derniere=placement.est_derniere,
        decidee_le=jour_legal(dossier.departement, recu_a) if placement.est_derniere else None,
        est_differee=placement.est_derniere and _attend_son_jour(dossier, decision.date_debut, recu_a),
        depot=depot,
        reorientation=dossier.reorientation,
    )
    return [*_dessaisissement_du(dossier, recu_a), decidee]


def _attend_son_jour(dossier: Dossier, debut: date, recu_a: datetime) -> bool:
    """What starts later takes nothing away today. Where nothing is in force, nothing is taken away: it opens at once,
    so that who receives the person may prepare for it."""
    return debut > jour_legal(dossier.departement, recu_a) and bool(dossier.ouverte or dossier.a_venir)


def _dessaisissement_du(dossier: Dossier, recu_a: datetime) -> Sequence[faits.Fait]:
    """France Travail may decide in the second that follows the due date: the takeover is then told first."""
    attendue = dossier.demande
    if attendue and demande.attend_son_echeance(dossier, attendue) and est_echue(attendue, recu_a):
        return [demande.dessaisie(dossier, attendue)]
    return []


def _refus_apres_dessaisissement(dossier: Dossier, message: DeciderOrientation) -> Refus | None:
    """The département answers, too late, a request that France Travail has decided meanwhile."""
    derniere = dossier.demandes[-1] if dossier.demandes else None
    if derniere is None or not derniere.est_dessaisie or message.auteur.role == Organisme.FRANCE_TRAVAIL:
        return None
    return refus_tardif(derniere, message.recu_a) if message.decision.rang <= dossier.rang else None


def _refus_de_rang(dossier: Dossier, rang: int) -> Refus | None:
    """Ranks are 1, 2, 3…: to name the next one is to confirm that the current orientation is known, and replaced."""
    attendu = dossier.rang + 1
    if rang == attendu:
        return None
    code = "version-perimee" if rang < attendu else "orientation-prealable-obligatoire"
    return Refus(code, "/data/rang", {"rang_attendu": attendu})


def _refus_de_dates(dossier: Dossier, decision: Decision, recu_a: datetime) -> Refus | None:
    """A decision is taken before it is received, and not before the request to which it answers."""
    recu_le, attendue = jour_legal(dossier.departement, recu_a), dossier.demande
    if decision.date_decision > recu_le:
        return Refus("dates-incoherentes", "/data/date_decision", {"recu_le": recu_le.isoformat()})
    if attendue and decision.date_decision < attendue.recue_le:
        details = {"date_reception": attendue.recue_le.isoformat()}
        return Refus("dates-incoherentes", "/data/date_decision", details)
    return None


def notifier(dossier: Dossier, message: NotifierOrientation) -> Sequence[faits.Fait] | Refus:
    """Starts the month for the contract (C. trav. D. 5411-14-1); a later notification restarts it.

    What was decided last is what the person is told, also before it begins.
    """
    ouverte = dossier.a_venir[-1] if dossier.a_venir else _ouverte(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if refus := refus_d_exercice(ouverte, message.auteur):
        return refus
    recu_le, decidee_le = jour_legal(dossier.departement, message.recu_a), ouverte.decision.date_decision
    if not decidee_le <= message.notifiee_le <= recu_le:
        details = {"date_decision": decidee_le.isoformat(), "recu_le": recu_le.isoformat()}
        return Refus("dates-incoherentes", "/data/date_notification", details)
    if ouverte.notifiee_le and message.notifiee_le <= ouverte.notifiee_le:
        return Refus("deja-traite", "/data/date_notification", {"date_notification": ouverte.notifiee_le.isoformat()})
    effet = None if ouverte.est_effective else ouverte.debut
    qui = (dossier.parcours, dossier.departement)
    return [faits.OrientationNotifiee(*qui, message.notifiee_le, ouverte.rang, effet)]


def demander_reorientation(dossier: Dossier, message: DemanderReorientation) -> Sequence[faits.Fait] | Refus:
    ouverte = _ouverte(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if dossier.reorientation:
        return Refus("deja-traite", "/type", {"rang": ouverte.rang})
    return [faits.ReorientationDemandee(dossier.parcours, dossier.departement, message.demande)]


def decider_reorientation(
    dossier: Dossier, delegataires: Collection[str], message: DeciderReorientation
) -> Sequence[faits.Fait] | Refus:
    """Accepted, the new decision passes the same rules as any other and is recorded in the same transaction."""
    ouverte = _ouverte(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if dossier.reorientation is None:
        return Refus("etat-interdit", "/type", {"attendu": "reorientation.demandee"})
    if refus := refus_de_competence(dossier, delegataires, message.auteur, message.recu_a):
        return refus
    if message.nouvelle and message.nouvelle.date_debut <= ouverte.debut:
        details = {"date_debut": ouverte.debut.isoformat()}
        return Refus("dates-incoherentes", "/data/nouvelle_decision/date_debut", details)
    reponse = faits.ReorientationDecidee(
        dossier.parcours, dossier.departement, message.sens, message.motif, message.nouvelle
    )
    if message.nouvelle is None:
        return [reponse]
    suite = _appliquer_la_decision(dossier, message.auteur, message.nouvelle, None, message.recu_a, message.depot)
    if isinstance(suite, Refus):
        return replace(suite, pointeur=suite.pointeur.replace("/data/", "/data/nouvelle_decision/"))
    return [reponse, *suite]


def clore(dossier: Dossier, message: CloreOrientation) -> Sequence[faits.Fait] | Refus:
    ouverte = _ouverte(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if refus := refus_d_exercice(ouverte, message.auteur):
        return refus
    if message.date_fin < ouverte.debut or (ouverte.fin and message.date_fin > ouverte.fin):
        return Refus("dates-incoherentes", "/data/date_fin", {"date_debut": ouverte.debut.isoformat()})
    est_differee = message.date_fin > jour_legal(dossier.departement, message.recu_a)
    return [
        faits.OrientationClose(dossier.parcours, dossier.departement, message.date_fin, message.motif, est_differee)
    ]


def constater_le_terme(dossier: Dossier, message: TermeAtteint, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    ouverte = dossier.ouverte
    if ouverte is None or ouverte.rang != message.rang or ouverte.fin is None or est_relayee(dossier, ouverte.fin):
        return Attente("orientation sans terme")
    if maintenant < debut_du_jour(dossier.departement, lendemain(ouverte.fin)):
        return Attente("terme à venir")
    motif = ouverte.motif_fin or MOTIF_TERME
    return [faits.OrientationClose(dossier.parcours, dossier.departement, ouverte.fin, motif)]


def est_relayee(dossier: Dossier, fin: date) -> bool:
    """Another one begins on the day after: it ends this one itself, without a moment between them."""
    return any(orientation.debut == lendemain(fin) for orientation in dossier.a_venir)


def commencer(dossier: Dossier, message: PremierJour, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    attendue = next((orientation for orientation in dossier.a_venir if orientation.rang == message.rang), None)
    if attendue is None or dossier.est_clos:
        return Attente("orientation sans premier jour")
    if maintenant < debut_du_jour(dossier.departement, attendue.debut):
        return Attente("premier jour à venir")
    return [faits.OrientationEffective(dossier.parcours, dossier.departement, replace(attendue, est_effective=True))]


def lendemain(jour: date) -> date:
    return jour + plages.UN_JOUR


def _ouverte(dossier: Dossier) -> Orientation | Refus:
    """The open orientation, the only one that these messages may change."""
    if dossier.ouverte:
        return dossier.ouverte
    if dossier.orientations:
        return Refus("etat-interdit", "/subject", {"etat": dossier.etat})
    return Refus("orientation-prealable-obligatoire", "/subject", {"etat": dossier.etat})
