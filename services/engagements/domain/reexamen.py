"""The re-examination of a social parcours: its due date, the reasons to wait twelve months, the events that count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Echeance
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import delais
from relais_contrats.v1 import engagements as v1
from services.engagements.domain.dossier import Criteres, Dossier, Reexamen
from services.engagements.domain.regles import Dit, Recu, Situation, apres, regle, repli, suit

SOCIAL = "social"
REEXAMEN = "reexamen"  # its number is the first day of the period
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


@dataclass(frozen=True, slots=True)
class ReexamenPrevu:
    """The day on which the re-examination will be due, published when it is known and each time that it moves.

    For the siblings only: partners receive `reexamen.du`.
    """

    depuis: date
    date_echeance: date

    def en_json(self) -> dict[str, Any]:
        return {"date_debut": self.depuis.isoformat(), "date_echeance": self.date_echeance.isoformat()}


@dataclass(frozen=True, slots=True)
class ReexamenFait:
    parcours: UUID
    le: date


@dataclass(frozen=True, slots=True)
class DiagnosticSuivi:
    parcours: UUID
    criteres: Criteres


@suit("diagnostic.realise")
def diagnostique(dossier: Dossier, recu: Recu[Mapping[str, Any]]) -> Sequence[Any]:
    """The joint diagnostic counts as a re-examination (CASF D. 262-65-2-1), on the day of its fact."""
    dits = {nom: valeur for nom, valeur in recu.data["criteres"].items() if nom in _RETENUS and valeur is not None}
    faite, criteres = faire(dossier, _jour(recu)), {**dossier.criteres, **dits}
    return faite if criteres == dossier.criteres else [*faite, DiagnosticSuivi(dossier.parcours, criteres)]


@repli(DiagnosticSuivi)
def _suivi(dossier: Dossier, fait: DiagnosticSuivi) -> Dossier:
    """The latest word on each criterion that may lengthen the delay."""
    return replace(dossier, criteres=fait.criteres)


@suit("reorientation.decidee")
def reoriente(dossier: Dossier, recu: Recu[Mapping[str, Any]]) -> Sequence[Any]:
    """A decision on a réorientation counts as a look at the situation. `orientation.decidee` follows if accepted."""
    return faire(dossier, _jour(recu))


def faire(dossier: Dossier, le: date) -> Sequence[ReexamenFait]:
    """Record a look at the situation on that day. A new period begins if this one is nearly over, or if the date of the
    last one is unknown."""
    due_le, reexamen = date_echeance(dossier), dossier.reexamen
    if reexamen is None and dossier.orientation and dossier.orientation.parcours_type == SOCIAL:
        return [ReexamenFait(dossier.parcours, max(le, dossier.orientation.debut))]
    if reexamen is None or due_le is None or le < delais.decaler(due_le, -MOIS_D_AVANCE):
        return []
    return [ReexamenFait(dossier.parcours, le)]


@repli(ReexamenFait)
def _fait(dossier: Dossier, fait: ReexamenFait) -> Dossier:
    return replace(dossier, reexamen=Reexamen(fait.le))


@regle(REEXAMEN)
def constater(situation: Situation, _: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    """Publish that the re-examination is due, once per period. A due date without object leaves no trace."""
    dossier: Dossier = situation.dossier
    reexamen, due_le = dossier.reexamen, date_echeance(dossier)
    if reexamen is None or due_le is None or reexamen.du_le or dossier.est_clos:
        return Attente("parcours sans réexamen à venir")
    if maintenant < debut_du_jour(dossier.departement, due_le):
        return Attente("échéance à venir")
    du = {"date_debut": reexamen.depuis, "date_echeance": due_le, "cause": cause(dossier)}
    data = v1.ReexamenDu.model_validate(du | {"duree_mois": duree(dossier).nombre})
    return [Dit(dossier.parcours, dossier.departement, data, None)]


@repli(v1.ReexamenDu)
def _du(dossier: Dossier, fait: Dit[v1.ReexamenDu, None]) -> Dossier:
    return replace(dossier, reexamen=Reexamen(fait.data.date_debut, fait.data.date_echeance))


def avec_la_date(avant: Dossier | None, decides: Sequence[Any]) -> Sequence[Any]:
    """Return the decided facts, preceded by the date of the re-examination if they set or move it."""
    if not decides:
        return decides
    ensuite = apres(avant or Dossier(decides[0].parcours, decides[0].departement), decides)
    reexamen, due_le, connu = ensuite.reexamen, date_echeance(ensuite), avant and avant.reexamen
    if reexamen is None or due_le is None or ensuite.est_clos:
        return decides
    if avant and connu and (connu.depuis, date_echeance(avant)) == (reexamen.depuis, due_le):
        return decides
    prevu = Dit(ensuite.parcours, ensuite.departement, ReexamenPrevu(reexamen.depuis, due_le), None)
    place = next((rang for rang, fait in enumerate(decides) if isinstance(fait, Dit)), len(decides))
    return [*decides[:place], prevu, *decides[place:]]


@repli(ReexamenPrevu, type_="reexamen.prevu")
def _prevu(dossier: Dossier, _: Dit[ReexamenPrevu, None]) -> Dossier:
    """It tells what the others make of the state."""
    return dossier


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    reexamen, due_le = dossier.reexamen, date_echeance(dossier)
    if reexamen and due_le and not reexamen.du_le:
        due_a = debut_du_jour(dossier.departement, due_le)
        yield Echeance(dossier.parcours, f"{REEXAMEN}-{reexamen.depuis.toordinal()}", due_a)


def cause(dossier: Dossier) -> str | None:
    """The difficulty that lengthens the delay."""
    for critere, valeurs, nom in _DIFFICULTES:
        if dossier.criteres.get(critere) in valeurs:
            return nom
    contrat = dossier.courant
    return _DISPENSES.get(contrat.contenu.motif_dispense or "") if contrat else None


def duree(dossier: Dossier) -> delais.Delai:
    return delais.REEXAMEN_AVEC_DIFFICULTE if cause(dossier) else delais.REEXAMEN


def date_echeance(dossier: Dossier) -> date | None:
    """Return the day on which the re-examination is due; once published as due, it does not move."""
    reexamen = dossier.reexamen
    if reexamen is None:
        return None
    return reexamen.du_le or duree(dossier).fin(reexamen.depuis)


def _jour(recu: Recu[Any]) -> date:
    return jour_legal(recu.departement, recu.dit_a or recu.recu_a)
