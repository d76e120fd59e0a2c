"""What was before the hub followed the person, as `orientation` tells it: no delay that is over begins again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.engagements.domain import faits, reexamen
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import Dossier, Orientation, Reexamen, StatutReferent
from services.engagements.domain.evolution import appliquer
from services.engagements.domain.messages import RepriseDeclaree

MOTIF_DEJA_LA = "Un contrat du parcours avait été enregistré entre-temps : celui de la reprise n'est pas repris."


def reprendre(dossier: Dossier, message: RepriseDeclaree) -> Sequence[faits.Fait]:
    contrats = list(_contrat(dossier, message))
    return [*contrats, *_suivi(_apres(dossier, contrats), message), *_mois(dossier, message)]


def _contrat(dossier: Dossier, message: RepriseDeclaree) -> Iterator[faits.Fait]:
    """`orientation` refuses one when it knows of another one here. One that came at the same moment stays, and where it
    has the place of the declared one, all hear that this one does not."""
    if message.contrat is None or dossier.contrat(message.contrat.id):
        return
    if dossier.en_vigueur if message.contrat.signe_le else dossier.en_attente:
        qui = (dossier.parcours, dossier.departement)
        yield faits.ContratClos(*qui, message.contrat.id, message.recue_le, MOTIF_DEJA_LA)
    else:
        yield faits.ContratDeclare(dossier.parcours, message.contrat)


def _suivi(dossier: Dossier, message: RepriseDeclaree) -> Iterator[faits.Fait]:
    suivi = StatutReferent.ACTIF if message.est_suivi else dossier.referent
    if message.orientation and dossier.orientation is None:
        periode = _periode(dossier, message.orientation, message)
        yield faits.SuiviRepris(dossier.parcours, message.orientation, suivi, periode)
    elif suivi is not dossier.referent:
        yield faits.ReferentSuivi(dossier.parcours, suivi)


def _periode(dossier: Dossier, orientation: Orientation, message: RepriseDeclaree) -> Reexamen | None:
    """The one under way, if its end is still to come: nobody knows here whether an earlier one was done."""
    if orientation.parcours_type != reexamen.SOCIAL:
        return None
    periode = Reexamen(message.reexamine_le or orientation.debut)
    due_le = reexamen.date_echeance(replace(dossier, reexamen=periode))
    return periode if due_le and due_le >= message.recue_le else None


def _mois(dossier: Dossier, message: RepriseDeclaree) -> Iterator[faits.MoisOuvert]:
    """A contract that was signed is in nobody's delay; one that is still awaited has what is left of its month."""
    notifiee_le, contrat = message.notifiee_le, message.contrat
    est_signe = contrat is not None and contrat.signe_le is not None
    if notifiee_le and not est_signe and date_de_signature_due(notifiee_le) >= message.recue_le:
        yield faits.MoisOuvert(dossier.parcours, dossier.departement, notifiee_le)


def _apres(dossier: Dossier, decides: Sequence[faits.Fait]) -> Dossier:
    for fait in decides:
        dossier = appliquer(dossier, fait)
    return dossier
