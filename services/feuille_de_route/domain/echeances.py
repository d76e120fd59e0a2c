"""What falls due for a person, all kinds together, read from the coherent state. It tells dates, it fires nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.feuille_de_route.domain.carnet import SANTE
from services.feuille_de_route.domain.coherence import EnVigueur
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.prescriptions import statut_effectif
from services.feuille_de_route.domain.suivi import jour_du_rendez_vous

DELAI_ORIENTATION = timedelta(weeks=6)
"""From the reception of the right to the decision (CASF D. 262-65-2)."""
DELAI_PREMIER_RENDEZ_VOUS = timedelta(days=30)
"""From the decision to the first appointment: not law, the target of rdv-insertion; `referents` counts it so too."""


class Nature(StrEnum):
    ACTION = "action"
    DECISION = "decision"
    ENGAGEMENT = "engagement"
    PREMIER_RENDEZ_VOUS = "premier-rendez-vous"
    REEXAMEN = "reexamen"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Prochaine:
    """`numero` tells apart those of one nature; `objet` is the key of the action or of the engagement."""

    date_echeance: date
    nature: Nature
    numero: int = 1
    objet: str | None = None
    libelle: str | None = None
    sensibilite: str | None = None


def prochaines(ensemble: Ensemble, actuel: EnVigueur) -> tuple[Prochaine, ...]:
    """By date, then by nature. A closed parcours has none left."""
    if ensemble.vie.est_close:
        return ()
    trouvees = [*_legales(ensemble, actuel), *_engagements(actuel), *_actions(ensemble)]
    return tuple(sorted(trouvees, key=lambda p: (p.date_echeance, p.nature, p.numero)))


def _legales(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    limite = actuel.limite_de_signature
    if actuel.demande:
        yield Prochaine(actuel.demande.recue_le + DELAI_ORIENTATION, Nature.DECISION)
    if limite and (actuel.contrat is None or actuel.contrat.etat in ("a-signer", "refuse")):
        yield Prochaine(limite, Nature.SIGNATURE)
    if actuel.reexamen_le:
        yield Prochaine(actuel.reexamen_le, Nature.REEXAMEN)
    if rendez_vous := _premier_rendez_vous(ensemble, actuel):
        yield Prochaine(rendez_vous, Nature.PREMIER_RENDEZ_VOUS)


def _premier_rendez_vous(ensemble: Ensemble, actuel: EnVigueur) -> date | None:
    """The day of the first one that is planned since the decision, else the day before which one is to be held."""
    ouverte = actuel.ouverte
    if ouverte is None:
        return None
    decidee_le = date.fromisoformat(ouverte.decision["date_decision"])
    depuis = [
        (jour, rendez_vous["statut"])
        for rendez_vous in ensemble.suivi.rendez_vous.values()
        if rendez_vous["motif"] == "accompagnement" and (jour := jour_du_rendez_vous(rendez_vous)) >= decidee_le
    ]
    if any(statut == "honore" for _, statut in depuis):
        return None
    planifies = [jour for jour, statut in depuis if statut == "planifie"]
    return min(planifies, default=decidee_le + DELAI_PREMIER_RENDEZ_VOUS)


def _engagements(actuel: EnVigueur) -> Iterator[Prochaine]:
    """What the person and the organisation have promised for a day, once the contract is signed."""
    contrat = actuel.contrat
    if contrat is None or contrat.etat != "signe":
        return
    dates = [
        engagement
        for cote in ("engagements_usager", "engagements_organisme")
        for engagement in contrat.propose.get(cote, ())
        if engagement.get("echeance")
    ]
    for numero, engagement in enumerate(dates, 1):
        yield Prochaine(
            date_echeance=date.fromisoformat(engagement["echeance"]),
            nature=Nature.ENGAGEMENT,
            numero=numero,
            objet=engagement["id"],
            libelle=engagement["libelle"],
            sensibilite=SANTE if engagement["theme"] == SANTE else None,
        )


def _actions(ensemble: Ensemble) -> Iterator[Prochaine]:
    """Actions under way of objectives under way."""
    carnet, prescriptions = ensemble.carnet, list(ensemble.prescriptions.connues.values())
    for numero, (inscription, action) in enumerate(carnet.actions.values(), 1):
        connu = carnet.objectifs.get(carnet.objectif_de(inscription, action))
        est_en_cours = connu is not None and not connu[1].statut.est_final
        if action.echeance and est_en_cours and not statut_effectif(action, prescriptions).est_final:
            yield Prochaine(
                date_echeance=action.echeance,
                nature=Nature.ACTION,
                numero=numero,
                objet=action.action_id,
                libelle=action.libelle,
                sensibilite=carnet.sensibilite_de(inscription, action),
            )
