"""Observations: each is added, none changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from relais_contrats.v1 import feuille_de_route as contrat
from services.dossiers.vie import Situation
from services.feuille_de_route.domain.dossier import Sous, dit, ecrire
from services.feuille_de_route.domain.regles import Message, regle, repli

repli(contrat.ObservationAjoutee, garde=Sous)(ecrire)


@regle(contrat.ObservationAjoutee)
def ajouter(situation: Situation, message: Message[contrat.ObservationAjoutee], maintenant: datetime) -> Sequence[Any]:
    return [dit(situation.dossier, message, message.data, maintenant)]
