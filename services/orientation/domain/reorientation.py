"""The réorientation: asked for, then accepted with the decision that it carries, or not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.decision import Refus
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain.competence import refus_de_competence
from services.orientation.domain.decision import Auteur, DemandeReorientation
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.orientation import ouverte_de, placer
from services.orientation.domain.regles import Dit, Recu, regle, repli


@regle(contrat.ReorientationDemandee)
def demander(situation: Situation, recu: Recu[contrat.ReorientationDemandee], _: datetime) -> Sequence[Any] | Refus:
    dossier: Dossier = situation.dossier
    ouverte = ouverte_de(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if dossier.reorientation:
        return Refus("deja-traite", "/type", {"rang": ouverte.rang})
    return [Dit(dossier.parcours, dossier.departement, recu.data, Auteur.de(recu))]


@repli(contrat.ReorientationDemandee, garde=Auteur)
def _demandee(dossier: Dossier, fait: Dit[contrat.ReorientationDemandee, Auteur]) -> Dossier:
    return replace(dossier, reorientation=DemandeReorientation.lue(fait.data, fait.garde))


@regle(contrat.ReorientationDecidee)
def decider(situation: Situation, recu: Recu[contrat.ReorientationDecidee], _: datetime) -> Sequence[Any] | Refus:
    """Accepted, the new decision passes the same rules as any other and is recorded in the same transaction."""
    dossier, nouvelle = situation.dossier, recu.data.nouvelle_decision
    ouverte = ouverte_de(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if dossier.reorientation is None:
        return Refus("etat-interdit", "/type", {"attendu": "reorientation.demandee"})
    if refus := refus_de_competence(dossier, situation.contexte.delegataires, Auteur.de(recu), recu.recu_a):
        return refus
    if nouvelle and nouvelle.date_debut <= ouverte.debut:
        details = {"date_debut": ouverte.debut.isoformat()}
        return Refus("dates-incoherentes", "/data/nouvelle_decision/date_debut", details)
    reponse = Dit(dossier.parcours, dossier.departement, recu.data, None)
    if nouvelle is None:
        return [reponse]
    decidee = contrat.OrientationDecidee.model_validate({**nouvelle.en_json(), "decision": "acceptee"})
    suite = placer(dossier, decidee, recu)
    if isinstance(suite, Refus):
        return replace(suite, pointeur=suite.pointeur.replace("/data/", "/data/nouvelle_decision/"))
    return [reponse, *suite]


@repli(contrat.ReorientationDecidee)
def _decidee(dossier: Dossier, _: Dit[contrat.ReorientationDecidee, None]) -> Dossier:
    return replace(dossier, reorientation=None)
