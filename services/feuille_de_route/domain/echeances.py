"""The due dates of a person, of all kinds, read from the coherent state. They are shown, and fire nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from relais_contrats.v1 import delais
from relais_contrats.v1 import echeances as calendrier
from services.feuille_de_route.domain.carnet import SANTE
from services.feuille_de_route.domain.coherence import EnVigueur
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.prescriptions import statut_effectif


@dataclass(frozen=True, slots=True)
class Prochaine:
    """`numero` tells apart those of one nature; `objet` is the key of the action, engagement, contract or sanction."""

    date_echeance: date
    nature: calendrier.Nature
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
        yield Prochaine(delais.ORIENTATION.fin(actuel.demande.recue_le), calendrier.Nature.DECISION)
    if limite and (actuel.contrat is None or actuel.contrat.etat in ("a-signer", "refuse")):
        yield Prochaine(limite, calendrier.Nature.SIGNATURE)
    if actuel.reexamen_le:
        yield Prochaine(actuel.reexamen_le, calendrier.Nature.REEXAMEN)
    if rendez_vous := _premier_rendez_vous(ensemble, actuel):
        yield Prochaine(rendez_vous, calendrier.Nature.PREMIER_RENDEZ_VOUS)


def _a_regler(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    """What somebody has to settle: whose parcours it is, who follows it, a sanction that was proposed."""
    if ensemble.vie.ambigu_depuis:
        yield Prochaine(ensemble.vie.ambigu_depuis, calendrier.Nature.AMBIGUITE)
    if actuel.ouverte and actuel.referent is None:
        yield Prochaine(calendrier.referent_attendu(actuel.ouverte.decision), calendrier.Nature.REFERENT)
    for numero, (cle, le) in enumerate(ensemble.sanctions.a_instruire(), 1):
        yield Prochaine(le, calendrier.Nature.SANCTION, numero, objet=cle)


def _fins(ensemble: Ensemble, actuel: EnVigueur) -> Iterator[Prochaine]:
    """What ends by itself on a day: the contract in force, its suspension, the suspension of the right."""
    contrat, numero = actuel.contrat, 0
    if contrat and contrat.etat == "signe" and "date_debut" in contrat.propose:
        yield Prochaine(
            calendrier.fin_du_contrat(contrat.propose), calendrier.Nature.FIN_CONTRAT, objet=contrat.contrat_id
        )
    if contrat and contrat.etat == "suspendu" and contrat.suspendu_le:
        numero += 1
        fin = delais.SUSPENSION.fin(contrat.suspendu_le)
        yield Prochaine(fin, calendrier.Nature.FIN_SUSPENSION, numero, objet=contrat.contrat_id)
    for cle, (depuis, mois) in ensemble.sanctions.suspensions.items():
        numero += 1
        fin = min(delais.decaler(depuis, mois), ensemble.sanctions.levees.get(cle, date.max))
        yield Prochaine(fin, calendrier.Nature.FIN_SUSPENSION, numero, objet=cle)


def _premier_rendez_vous(ensemble: Ensemble, actuel: EnVigueur) -> date | None:
    """What was held before the hub followed the person is not known here: none is expected then."""
    ouverte = actuel.ouverte
    if ouverte is None:
        return None
    est_de_l_avant = ouverte.reprise_le is not None or ouverte.decision.get("est_reprise", False)
    connus = ensemble.suivi.rendez_vous.values()
    return calendrier.premier_rendez_vous(
        ensemble.departement, ouverte.decision, connus, est_attendu=not est_de_l_avant
    )


def _engagements(actuel: EnVigueur) -> Iterator[Prochaine]:
    """What the person and the organisation have promised for a day, once the contract is signed."""
    contrat = actuel.contrat
    if contrat is None or contrat.etat != "signe":
        return
    for numero, engagement in enumerate(calendrier.engagements_dates(contrat.propose), 1):
        yield Prochaine(
            date_echeance=date.fromisoformat(engagement["echeance"]),
            nature=calendrier.Nature.ENGAGEMENT,
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
                nature=calendrier.Nature.ACTION,
                numero=numero,
                objet=action.action_id,
                libelle=action.libelle,
                sensibilite=carnet.sensibilite_de(inscription, action),
            )
