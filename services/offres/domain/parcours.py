"""The consequences of the life of the parcours: the answers of this brique to `services.dossiers.vie`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from relais_contrats.territoires import jour_legal
from services.dossiers.vie import Vie
from services.offres.domain.dossier import Dossier
from services.offres.domain.prescription import PrescriptionReprise, expirer
from services.offres.domain.regles import REGLES, Recu

RAISON_CLOTURE = "Le parcours de la personne est clos."
RAISON_FUSION = "Une prescription du parcours qui absorbe celui-ci porte la même clé."


def a_la_fusion(connu: Dossier, absorbes: Sequence[Dossier], recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    """Give the survivor all prescriptions but the ones under a key that it uses: of these, the open ones expire."""
    jour = jour_legal(recu.departement, maintenant)
    cles = {connue.prescription_id for connue in connu.prescriptions}
    reprises: list[Any] = []
    perdues: list[Any] = []
    for absorbe in absorbes:
        for connue in absorbe.prescriptions:
            if connue.prescription_id not in cles:
                numero = connu.prochain_numero + len(reprises)
                reprises.append(PrescriptionReprise(connu.parcours, replace(connue, numero=numero)))
            elif connue.etat.attend_une_reponse:
                perdues.append(expirer(absorbe, connue, jour, RAISON_FUSION))
            cles.add(connue.prescription_id)
    return [*reprises, *perdues]


def a_la_cloture(dossier: Dossier, fin: date, motif: str, maintenant: datetime) -> Sequence[Any]:
    """Expire the unanswered prescriptions. Accepted ones go on, and their participation may still be published."""
    jour = jour_legal(dossier.departement, maintenant)
    return [expirer(dossier, connue, jour, RAISON_CLOTURE) for connue in dossier.en_attente]


VIE = Vie(Dossier, a_la_fusion, a_la_cloture)
VIE.inscrire(REGLES)
