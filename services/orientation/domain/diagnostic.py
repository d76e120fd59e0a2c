"""The diagnostic, and the recommendation that it leads to by the rules of the département, or that somebody makes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain import preconisation
from services.orientation.domain.dossier import Contrainte, Criteres, Dossier, Preconisation
from services.orientation.domain.regles import Dit, Recu, regle, repli

EstCalculee: TypeAlias = bool
Preconisee: TypeAlias = Dit[contrat.OrientationPreconisee, EstCalculee]


@dataclass(frozen=True, slots=True)
class DiagnosticRepris:
    """The survivor of a merge takes the diagnostic that only the absorbed dossier had."""

    parcours: UUID
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@regle(contrat.DiagnosticRealise)
def realiser(situation: Situation, recu: Recu[contrat.DiagnosticRealise], _: datetime) -> Sequence[Any]:
    """Record the diagnostic. Recommend once it is complete, and again when criteria change. Absent fields stay."""
    dossier, criteres = situation.dossier, recu.data.criteres.en_json()
    realise = Dit(dossier.parcours, dossier.departement, recu.data, None)
    return [realise, *recommander(dossier, {**dossier.criteres, **criteres}, situation.contexte.regles)]


@repli(contrat.DiagnosticRealise)
def _realise(dossier: Dossier, fait: Dit[contrat.DiagnosticRealise, None]) -> Dossier:
    nouvelles = (Contrainte.lue(dite) for dite in fait.data.contraintes_diagnostic or ())
    return replace(
        dossier,
        criteres={**dossier.criteres, **fait.data.criteres.en_json()},
        contraintes=_completer(dossier.contraintes, nouvelles),
    )


@regle(contrat.OrientationPreconisee)
def preconiser(situation: Situation, recu: Recu[contrat.OrientationPreconisee], _: datetime) -> Sequence[Any]:
    return [Dit(situation.dossier.parcours, situation.dossier.departement, recu.data, False)]


@repli(contrat.OrientationPreconisee, garde=EstCalculee)
def _preconisee(dossier: Dossier, fait: Preconisee) -> Dossier:
    return replace(dossier, preconisation=Preconisation.lue(fait.data, est_calculee=fait.garde))


@repli(DiagnosticRepris)
def _repris(dossier: Dossier, fait: DiagnosticRepris) -> Dossier:
    return replace(dossier, criteres=fait.criteres, contraintes=fait.contraintes)


def recommander(dossier: Dossier, criteres: Criteres, regles: Sequence[preconisation.Regle]) -> Sequence[Preconisee]:
    """The recommendation that these criteria now lead to, when it is not the one that stands."""
    calculee = preconisation.preconiser(criteres, regles)
    if calculee is None or calculee == dossier.preconisation or not _merite_un_calcul(dossier, criteres):
        return []
    return [Dit(dossier.parcours, dossier.departement, calculee.dite(), True)]


def repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> DiagnosticRepris:
    """Merge the diagnostics; the survivor's criteria win."""
    criteres, contraintes = survivant.criteres, survivant.contraintes
    for absorbe in absorbes:
        criteres = {**absorbe.criteres, **criteres}
        contraintes = _completer(absorbe.contraintes, contraintes)
    return DiagnosticRepris(survivant.parcours, criteres, contraintes)


def _merite_un_calcul(dossier: Dossier, criteres: Criteres) -> bool:
    """Unchanged criteria do not set aside what a professional recommended since; nobody who objects is profiled."""
    if dossier.est_oppose:
        return False
    return criteres != dossier.criteres or dossier.preconisation is None or dossier.preconisation.est_calculee


def _completer(connues: Iterable[Contrainte], nouvelles: Iterable[Contrainte]) -> tuple[Contrainte, ...]:
    """The latest state of each element of the reference, in a stable order."""
    par_cle = {contrainte.cle: contrainte for contrainte in (*connues, *nouvelles)}
    return tuple(par_cle[cle] for cle in sorted(par_cle))
