"""Objectives: each is added, changed, closed; one that is closed does not reopen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.decision import Refus
from relais_contrats.v1 import feuille_de_route as contrat
from services.dossiers.vie import Situation
from services.feuille_de_route.domain.carnet import StatutAction, StatutObjectif, lire_objectif
from services.feuille_de_route.domain.dossier import Dossier, Sous, dit, ecrire
from services.feuille_de_route.domain.regles import Message, regle, repli

repli(contrat.ObjectifAjoute, contrat.ObjectifModifie, contrat.ObjectifClos, garde=Sous)(ecrire)


@regle(contrat.ObjectifAjoute)
def ajouter(
    situation: Situation, message: Message[contrat.ObjectifAjoute], maintenant: datetime
) -> Sequence[Any] | Refus:
    dossier: Dossier = situation.dossier
    if connu := dossier.objectifs.get(message.data.objectif_id):
        return Refus("deja-traite", "/data/objectif_id", {"etat": connu.statut})
    return [dit(dossier, message, message.data, maintenant)]


@regle(contrat.ObjectifModifie, contrat.ObjectifClos)
def changer(situation: Situation, message: Message[contrat.Objectif], maintenant: datetime) -> Sequence[Any] | Refus:
    dossier: Dossier = situation.dossier
    connu = dossier.objectifs.get(message.data.objectif_id)
    if connu is None:
        return Refus("etat-interdit", "/data/objectif_id", {"motif": "objectif-inconnu"})
    if connu.statut.est_final:
        return deja_fini(connu.statut, lire_objectif(message.data.en_json()).statut)
    return [dit(dossier, message, message.data, maintenant)]


def deja_fini(etat: StatutObjectif | StatutAction, voulu: StatutObjectif | StatutAction) -> Refus:
    """Refuse a message about an objective or action that is over: `deja-traite` to end it again, else forbidden."""
    return Refus("deja-traite" if voulu.est_final else "etat-interdit", "/data/statut", {"etat": etat})
