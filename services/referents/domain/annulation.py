"""Cancel a designation, a replacement or an end: who followed the person before follows again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import referents as contrat
from services.dossiers.vie import Situation
from services.referents.domain.dossier import Designation, Dossier, Issue
from services.referents.domain.regles import Dit, Recu, regle, repli
from services.referents.domain.suivi import effectif

DEPARTEMENT, SIGNATURE = "departement", "contrat.signe"
_UN_JOUR = timedelta(days=1)
_DEPEND = {
    Issue.REMPLACEE: "referent.remplace",
    Issue.TERMINEE: "referent.termine",
    Issue.ORIENTATION: "orientation.decidee",
    Issue.CLOTURE: "parcours.clos",
    Issue.FUSION: "usager.fusionne",
}
"""By what ended a designation, the message that stands on it."""


@dataclass(frozen=True, slots=True)
class Annulee:
    """A designation is cancelled: `oubliee` goes, `rendue` is in force again."""

    oubliee: int | None
    rendue: int | None


@regle(contrat.ReferentAnnule)
def annuler(
    situation: Situation, recu: Recu[contrat.ReferentAnnule], maintenant: datetime
) -> Sequence[Any] | Refus | Attente:
    """Cancel a designation: by its emitter, or by the département. The answer to it goes too."""
    dossier: Dossier = situation.dossier
    annule = UUID(recu.data.annule)
    designee = next((d for d in dossier.designations if d.decidee and d.decidee.id == annule), None)
    terminee = next((d for d in dossier.designations if d.terminee and d.terminee.id == annule), None)
    connue = designee or terminee
    depot = designee.decidee if designee else terminee.terminee if terminee else None
    if connue is None or depot is None:
        return _impossible({"motif": "designation-inconnue"})
    if recu.auteur != depot.auteur and recu.role != DEPARTEMENT:
        return Refus("non-autorise", "/source")
    if dependance := _dependance(dossier, connue, est_la_fin=designee is None):
        refus = _impossible({"depend": dependance})
        return Attente("annulation en route", refus) if dependance == SIGNATURE else refus
    rendue = _remplacee(dossier, connue) if designee else connue
    garde = Annulee(connue.numero if designee else None, rendue.numero if rendue else None)
    annulation = Dit(dossier.parcours, dossier.departement, recu.data, garde)
    jour = jour_legal(dossier.departement, recu.recu_a)
    return [annulation, effectif(sans(dossier, annulation), jour)]


def _dependance(dossier: Dossier, connue: Designation, *, est_la_fin: bool) -> str | None:
    """Return the latest message that stands on it, and must be cancelled first."""
    derniere = dossier.designations[-1]
    if connue is not derniere:
        return "referent.remplace" if connue.issue is Issue.REMPLACEE else "referent.designe"
    if connue.issue and not est_la_fin and connue.issue in _DEPEND:
        return _DEPEND[connue.issue]
    if est_la_fin and (dossier.ouverte is None or dossier.ouverte.rang != connue.rang):
        return "orientation.close"
    return SIGNATURE if connue.signatures and not est_la_fin else None


def _remplacee(dossier: Dossier, connue: Designation) -> Designation | None:
    """The one that it replaced, in the same message."""
    precedente = next((d for d in dossier.designations if d.numero == connue.numero - 1), None)
    return precedente if precedente and precedente.issue is Issue.REMPLACEE else None


@repli(contrat.ReferentAnnule, garde=Annulee)
def sans(dossier: Dossier, fait: Dit[contrat.ReferentAnnule, Annulee]) -> Dossier:
    """Return the dossier without the cancelled designation, and without the days to come that only it had."""
    restantes = tuple(
        replace(d, issue=None, fin=None, motif_fin=None, terminee=None) if d.numero == fait.garde.rendue else d
        for d in dossier.designations
        if d.numero != fait.garde.oubliee
    )
    jours = {d.affectation.debut for d in restantes} | {d.fin + _UN_JOUR for d in restantes if d.fin}
    jours |= {a.debut for a in dossier.accompagnants} | {a.fin + _UN_JOUR for a in dossier.accompagnants if a.fin}
    return replace(dossier, designations=restantes, effets=tuple(jour for jour in dossier.effets if jour in jours))


def _impossible(details: dict[str, str | int]) -> Refus:
    return Refus("annulation-impossible", "/data/annule", details)
