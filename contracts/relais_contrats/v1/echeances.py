"""What falls due for a person, and the days that follow from what messages say: the roadmap and the mock agree."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import delais

Dit = Mapping[str, Any]


class Nature(StrEnum):
    ACTION = "action"
    AMBIGUITE = "ambiguite"
    """Somebody has to say whose parcours it is."""
    DECISION = "decision"
    ENGAGEMENT = "engagement"
    FIN_CONTRAT = "fin-contrat"
    FIN_SUSPENSION = "fin-suspension"
    """Of a contract, that is closed after twelve months; or of a right, under a sanction."""
    PREMIER_RENDEZ_VOUS = "premier-rendez-vous"
    REEXAMEN = "reexamen"
    REFERENT = "referent"
    """A référent unique is to be designated."""
    SANCTION = "sanction"
    """A sanction that was proposed is to be instructed."""
    SIGNATURE = "signature"


def referent_attendu(decision: Dit) -> date:
    """From when the orientation asks for a référent unique."""
    return max(date.fromisoformat(decision[champ]) for champ in ("date_decision", "date_debut"))


def premier_rendez_vous(departement: str, decision: Dit, connus: Iterable[Dit], *, est_attendu: bool) -> date | None:
    """The day of the first one that is planned since the decision, else the day before which one is to be held."""
    decidee_le = date.fromisoformat(decision["date_decision"])
    depuis = [
        (jour, rendez_vous["statut"])
        for rendez_vous in connus
        if rendez_vous["motif"] == "accompagnement"
        and (jour := jour_legal(departement, datetime.fromisoformat(rendez_vous["debut"]))) >= decidee_le
    ]
    if any(statut == "honore" for _, statut in depuis):
        return None
    planifies = [jour for jour, statut in depuis if statut == "planifie"]
    return min(planifies, default=delais.SUIVI.fin(decidee_le) if est_attendu else None)


def fin_du_contrat(propose: Dit) -> date:
    """Its last day, included."""
    return delais.decaler(date.fromisoformat(propose["date_debut"]), int(propose["duree_mois"])) - timedelta(days=1)


def engagements_dates(propose: Dit) -> list[Dit]:
    """What the person and the organisation have promised for a day."""
    cotes = ("engagements_usager", "engagements_organisme")
    return [engagement for cote in cotes for engagement in propose.get(cote) or () if engagement.get("echeance")]
