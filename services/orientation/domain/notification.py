"""The notification of a decision: the month for the contract starts, and a later one restarts it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain.competence import refus_d_exercice
from services.orientation.domain.decision import Auteur
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.orientation import ouverte_de
from services.orientation.domain.regles import Dit, Recu, regle, repli

Rang: TypeAlias = int


@regle(contrat.OrientationNotifiee)
def notifier(situation: Situation, recu: Recu[contrat.OrientationNotifiee], _: datetime) -> Sequence[Any] | Refus:
    """Record that the person was notified of the last decision, also before it begins (C. trav. D. 5411-14-1)."""
    dossier, notifiee_le = situation.dossier, recu.data.date_notification
    notifiee = dossier.a_venir[-1] if dossier.a_venir else ouverte_de(dossier)
    if isinstance(notifiee, Refus):
        return notifiee
    if refus := refus_d_exercice(notifiee, Auteur.de(recu)):
        return refus
    recu_le, decidee_le = jour_legal(dossier.departement, recu.recu_a), notifiee.decision.date_decision
    if not decidee_le <= notifiee_le <= recu_le:
        details = {"date_decision": decidee_le.isoformat(), "recu_le": recu_le.isoformat()}
        return Refus("dates-incoherentes", "/data/date_notification", details)
    if notifiee.notifiee_le and notifiee_le <= notifiee.notifiee_le:
        details = {"date_notification": notifiee.notifiee_le.isoformat()}
        return Refus("deja-traite", "/data/date_notification", details)
    effet = None if notifiee.est_effective else notifiee.debut
    return [Dit(dossier.parcours, dossier.departement, recu.data, notifiee.rang, effet)]


@repli(contrat.OrientationNotifiee, garde=Rang)
def _notifiee(dossier: Dossier, fait: Dit[contrat.OrientationNotifiee, Rang]) -> Dossier:
    return dossier.avec_rang(fait.garde, notifiee_le=fait.data.date_notification)
