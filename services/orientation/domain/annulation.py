"""Cancel a decision: the dossier is as if it had not been taken, unless something stands on it already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chassis.decision import Attente, Refus
from services.orientation.domain import faits
from services.orientation.domain.dossier import Dossier, Organisme, Orientation
from services.orientation.domain.messages import AnnulerOrientation

ANNULATION_EN_ROUTE = timedelta(seconds=2)
"""How long a decision waits for the cancellation of what stands on it, that a sibling has accepted a moment ago."""


def annuler(
    dossier: Dossier, message: AnnulerOrientation, maintenant: datetime
) -> Sequence[faits.Fait] | Refus | Attente:
    """By who decided, or by the département. Its notification goes with it; what a partner did under it does not."""
    annulee = next((o for o in dossier.orientations if o.depot == message.annule), None)
    if annulee is None or annulee.avant is None:
        return _impossible({"motif": "decision-inconnue"})
    if message.auteur.partenaire != annulee.decideur.partenaire and message.auteur.role != Organisme.DEPARTEMENT:
        return Refus("non-autorise", "/source", {"decideur": annulee.decideur.role})
    if dependance := _dependance(dossier, annulee):
        est_ailleurs = any(dependance == {"depend": appui.type} for appui in annulee.appuis)
        if est_ailleurs and message.recu_a and maintenant - message.recu_a < ANNULATION_EN_ROUTE:
            return Attente("annulation en route")
        return _impossible(dependance)
    retablie = next((o for o in sans(dossier, annulee).orientations if o.est_effective and not o.est_close), None)
    qui = (dossier.parcours, dossier.departement)
    return [faits.OrientationAnnulee(*qui, message.annule, message.motif, annulee, retablie)]


def _dependance(dossier: Dossier, annulee: Orientation) -> dict[str, str | int] | None:
    """What stands on the decision: the latest first, that is what is to be cancelled before it."""
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


def sans(dossier: Dossier, annulee: Orientation) -> Dossier:
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
