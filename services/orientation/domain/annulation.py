"""Cancel a decision: the dossier is as if it had not been taken, unless something stands on it already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain.decision import Organisme, Orientation
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.regles import Dit, Recu, regle, repli


@dataclass(frozen=True, slots=True)
class Annulee:
    """A cancelled decision; `retablie` is in force again, if there is one."""

    annulee: Orientation
    retablie: Orientation | None

    def entre_nous(self) -> Mapping[str, Any]:
        retablie = self.retablie.effective() if self.retablie else None
        return {"rang": self.annulee.rang, "etait_effective": self.annulee.est_effective, "retablie": retablie}


@regle(contrat.OrientationAnnulee)
def annuler(
    situation: Situation, recu: Recu[contrat.OrientationAnnulee], maintenant: datetime
) -> Sequence[Any] | Refus | Attente:
    """Cancel a decision: by its author, or by the département. Its notification goes too; acts of partners stay."""
    dossier: Dossier = situation.dossier
    depot = UUID(recu.data.annule)
    annulee = next((o for o in dossier.orientations if o.depot == depot), None)
    if annulee is None or annulee.avant is None:
        return _impossible({"motif": "decision-inconnue"})
    if recu.auteur != annulee.decideur.partenaire and recu.role != Organisme.DEPARTEMENT:
        return Refus("non-autorise", "/source", {"decideur": annulee.decideur.role})
    if dependance := _dependance(dossier, annulee):
        est_ailleurs = any(dependance == {"depend": appui.type} for appui in annulee.appuis)
        return Attente("annulation en route", _impossible(dependance)) if est_ailleurs else _impossible(dependance)
    retablie = next((o for o in _sans(dossier, annulee).orientations if o.est_effective and not o.est_close), None)
    return [Dit(dossier.parcours, dossier.departement, recu.data, Annulee(annulee, retablie))]


@repli(contrat.OrientationAnnulee, garde=Annulee)
def _annulee(dossier: Dossier, fait: Dit[contrat.OrientationAnnulee, Annulee]) -> Dossier:
    return _sans(dossier, fait.garde.annulee)


def _dependance(dossier: Dossier, annulee: Orientation) -> dict[str, str | int] | None:
    """Return the latest message that stands on the decision, and must be cancelled first."""
    suivantes = [orientation.rang for orientation in dossier.orientations if orientation.rang > annulee.rang]
    if suivantes:
        return {"depend": "orientation.decidee", "rang": max(suivantes)}
    if annulee.est_close:
        return {"depend": "orientation.close"}
    if annulee.appuis:
        return {"depend": annulee.appuis[-1].type}
    if dossier.reorientation:
        return {"depend": "reorientation.demandee"}
    return {"depend": "orientation.demandee"} if dossier.demande else None


def _sans(dossier: Dossier, annulee: Orientation) -> Dossier:
    """The dossier as it would be without this decision, the last one."""
    avant = annulee.avant
    restantes = tuple(o for o in dossier.orientations if o.rang != annulee.rang)
    if avant is None:
        return replace(dossier, orientations=restantes)
    return replace(
        dossier,
        orientations=tuple(
            replace(
                o,
                decision=replace(o.decision, date_fin=avant.fin),
                est_close=avant.est_close,
                motif_fin=avant.motif_fin,
            )
            if o.rang == avant.rang
            else o
            for o in restantes
        ),
        demandes=tuple(
            replace(d, issue=None, decidee_le=None) if d.numero == avant.demande else d for d in dossier.demandes
        ),
        reorientation=avant.reorientation,
    )


def _impossible(details: dict[str, str | int]) -> Refus:
    return Refus("annulation-impossible", "/data/annule", details)
