"""The due dates of a person, of all kinds, read from the coherent state. They are shown, and fire nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from relais_contrats.v1 import delais
from services.feuille_de_route.domain.carnet import SANTE
from services.feuille_de_route.domain.coherence import EnVigueur
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.prescriptions import statut_effectif
from services.feuille_de_route.domain.suivi import jour_du_rendez_vous


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


@dataclass(frozen=True, slots=True)
class Prochaine:
    """`numero` tells apart those of one nature; `objet` is the key of the action, engagement, contract or sanction."""

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
    trouvees = [
        *_legales(ensemble, actuel),
        *_a_regler(ensemble, actuel),
        *_fins(ensemble, actuel),
        *_engagements(actuel),
        *_actions(ensemble),
    ]
    return tuple(sorted(trouvees, key=lambda p: (p.date_echeance, p.nature, p.numero)))


def _legales(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    limite = actuel.limite_de_signature
    if actuel.demande:
        yield Prochaine(delais.ORIENTATION.fin(actuel.demande.recue_le), Nature.DECISION)
    if limite and (actuel.contrat is None or actuel.contrat.etat in ("a-signer", "refuse")):
        yield Prochaine(limite, Nature.SIGNATURE)
    if actuel.reexamen_le:
        yield Prochaine(actuel.reexamen_le, Nature.REEXAMEN)
    if rendez_vous := _premier_rendez_vous(ensemble, actuel):
        yield Prochaine(rendez_vous, Nature.PREMIER_RENDEZ_VOUS)


def _a_regler(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    """What somebody has to settle: whose parcours it is, who follows it, a sanction that was proposed."""
    if ensemble.vie.ambigu_depuis:
        yield Prochaine(ensemble.vie.ambigu_depuis, Nature.AMBIGUITE)
    if actuel.ouverte and actuel.referent is None:
        yield Prochaine(
            max(date.fromisoformat(actuel.ouverte.decision["date_decision"]), actuel.ouverte.debut), Nature.REFERENT
        )
    for numero, (cle, le) in enumerate(ensemble.sanctions.a_instruire(), 1):
        yield Prochaine(le, Nature.SANCTION, numero, objet=cle)


def _fins(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    """What ends by itself on a day: the contract in force, its suspension, the suspension of the right."""
    contrat, numero = actuel.contrat, 0
    if contrat and contrat.etat == "signe" and "date_debut" in contrat.propose:
        debut = date.fromisoformat(contrat.propose["date_debut"])
        fin = delais.decaler(debut, contrat.propose["duree_mois"]) - timedelta(days=1)
        yield Prochaine(fin, Nature.FIN_CONTRAT, objet=contrat.contrat_id)
    if contrat and contrat.etat == "suspendu" and contrat.suspendu_le:
        numero += 1
        fin = delais.SUSPENSION.fin(contrat.suspendu_le)
        yield Prochaine(fin, Nature.FIN_SUSPENSION, numero, objet=contrat.contrat_id)
    for cle, (depuis, mois) in ensemble.sanctions.suspensions.items():
        numero += 1
        fin = min(delais.decaler(depuis, mois), ensemble.sanctions.levees.get(cle, date.max))
        yield Prochaine(fin, Nature.FIN_SUSPENSION, numero, objet=cle)


def _premier_rendez_vous(ensemble: Ensemble, actuel: EnVigueur) -> date | None:
    """The day of the first one that is planned since the decision, else the day before which one is to be held."""
    ouverte = actuel.ouverte
    if ouverte is None:
        return None
    decidee_le = date.fromisoformat(ouverte.decision["date_decision"])
    depuis = [
        (jour, rendez_vous["statut"])
        for rendez_vous in ensemble.suivi.rendez_vous.values()
        if rendez_vous["motif"] == "accompagnement"
        and (jour := jour_du_rendez_vous(ensemble.departement, rendez_vous)) >= decidee_le
    ]
    if any(statut == "honore" for _, statut in depuis):
        return None
    planifies = [jour for jour, statut in depuis if statut == "planifie"]
    # What was held before the hub followed the person is not known here.
    est_de_l_avant = ouverte.reprise_le is not None or ouverte.decision.get("est_reprise", False)
    attendu = None if est_de_l_avant else delais.SUIVI.fin(decidee_le)
    return min(planifies, default=attendu)


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
