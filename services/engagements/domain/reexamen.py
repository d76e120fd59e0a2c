"""The re-examination of a social parcours: when it falls due, why it may wait twelve months, what counts as one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from chassis.decision import Attente
from relais_contrats.territoires import debut_du_jour
from relais_contrats.v1 import delais
from services.engagements.domain import faits
from services.engagements.domain.dossier import Criteres, Dossier
from services.engagements.domain.messages import ReexamenEchu

SOCIAL = "social"
MOIS = 6
"""CASF L. 262-31."""
MOIS_AVEC_DIFFICULTE = 12
"""CASF D. 262-65-2-1."""
MOIS_D_AVANCE = 1
"""A look at the situation counts as the re-examination when it comes that near to the due date, or after."""

_FORT = "impact-fort-recherche-emploi"
_DIFFICULTES: tuple[tuple[str, frozenset[str | bool], str], ...] = (
    ("contrainte_sante", frozenset({"incapacite-recherche-activite-pro", _FORT}), "sante"),
    ("capacite_a_travailler", frozenset({False}), "sante"),
    ("boe", frozenset({True}), "handicap"),
    ("esat", frozenset({True}), "handicap"),
    ("contrainte_logement", frozenset({"sans-logement", "procedure-expulsion", _FORT}), "logement"),
    ("contrainte_familiale", frozenset({"aidant-familial", "enfant-sans-solution-garde", _FORT}), "famille"),
    ("baeeh", frozenset({True}), "famille"),
)
"""Criterion of the diagnostic, values that are a difficulty, cause; the first that applies is told."""
_DISPENSES: Mapping[str, str] = {
    "sante": "sante",
    "handicap": "handicap",
    "logement": "logement",
    "garde-enfant": "famille",
    "proche-aidant": "famille",
}
"""Reasons of exemption of the contract that are such a difficulty too."""
_RETENUS = frozenset(critere for critere, _, _ in _DIFFICULTES)


def retenir(connus: Criteres, nouveaux: Criteres) -> Criteres:
    """What is kept of a diagnostic: its latest word on each criterion that may lengthen the delay."""
    return {**connus, **{nom: valeur for nom, valeur in nouveaux.items() if nom in _RETENUS}}


def cause(dossier: Dossier) -> str | None:
    """The difficulty that lengthens the delay."""
    for critere, valeurs, nom in _DIFFICULTES:
        if dossier.criteres.get(critere) in valeurs:
            return nom
    contrat = dossier.courant
    return _DISPENSES.get(contrat.contenu.motif_dispense or "") if contrat else None


def duree_mois(dossier: Dossier) -> int:
    return MOIS_AVEC_DIFFICULTE if cause(dossier) else MOIS


def date_echeance(dossier: Dossier) -> date | None:
    """The day on which the re-examination is due; once told, it does not move any more."""
    reexamen = dossier.reexamen
    if reexamen is None:
        return None
    return reexamen.du_le or delais.decaler(reexamen.depuis, duree_mois(dossier))


def attend_son_echeance(dossier: Dossier) -> bool:
    return dossier.reexamen is not None and dossier.reexamen.du_le is None and not dossier.est_clos


def prevoir(avant: Dossier | None, apres: Dossier) -> faits.ReexamenPrevu | None:
    """What is to be told of the date, if it is no more the one that was told."""
    reexamen, due_le = apres.reexamen, date_echeance(apres)
    if reexamen is None or due_le is None or apres.est_clos:
        return None
    connu = avant and avant.reexamen
    if avant and connu and (connu.depuis, date_echeance(avant)) == (reexamen.depuis, due_le):
        return None
    return faits.ReexamenPrevu(apres.parcours, apres.departement, reexamen.depuis, due_le)


def constater(dossier: Dossier, _: ReexamenEchu, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    """Told once per period. What has no object any more leaves no trace: a due date is derived again from the state."""
    due_le, reexamen = date_echeance(dossier), dossier.reexamen
    if reexamen is None or due_le is None or not attend_son_echeance(dossier):
        return Attente("parcours sans réexamen à venir")
    if maintenant < debut_du_jour(dossier.departement, due_le):
        return Attente("échéance à venir")
    return [
        faits.ReexamenDu(
            dossier.parcours, dossier.departement, reexamen.depuis, due_le, duree_mois(dossier), cause(dossier)
        )
    ]


def faire(dossier: Dossier, le: date) -> Sequence[faits.ReexamenFait]:
    """What a look at the situation on that day changes: a new period begins, if this one is nearly over, or if nobody
    knew here when the last one was."""
    due_le, reexamen = date_echeance(dossier), dossier.reexamen
    if reexamen is None and dossier.orientation and dossier.orientation.parcours_type == SOCIAL:
        return [faits.ReexamenFait(dossier.parcours, max(le, dossier.orientation.debut))]
    if reexamen is None or due_le is None or le < delais.decaler(due_le, -MOIS_D_AVANCE):
        return []
    return [faits.ReexamenFait(dossier.parcours, le)]
