"""What the orientation and the référent, told by their own services, change here. Nothing is refused."""

from collections.abc import Sequence
from typing import assert_never

from services.engagements.domain import contrat, faits, messages, reexamen, reprise
from services.engagements.domain.dossier import Cause, Dossier


def suivre(dossier: Dossier, message: messages.EvenementDuSuivi) -> Sequence[faits.Fait]:
    match message:
        case messages.DiagnosticRealise():
            return _diagnostic(dossier, message)
        case messages.OrientationDecidee():
            return _orientation(dossier, message)
        case messages.OrientationNotifiee():
            return _notification(dossier, message)
        case messages.ReorientationDecidee():
            return reexamen.faire(dossier, message.le)
        case messages.OrientationClose():
            return [faits.OrientationTerminee(dossier.parcours)] if dossier.orientation else []
        case messages.OrientationAnnulee():
            return [faits.OrientationOubliee(dossier.parcours, message.retablie)] if dossier.avant else []
        case messages.ReferentChange():
            if dossier.referent is message.statut:
                return []
            return [faits.ReferentSuivi(dossier.parcours, message.statut)]
        case messages.RepriseDeclaree():
            return reprise.reprendre(dossier, message)
        case _:
            assert_never(message)


def _diagnostic(dossier: Dossier, message: messages.DiagnosticRealise) -> Sequence[faits.Fait]:
    """The joint diagnostic is what a re-examination rests on (CASF D. 262-65-2-1)."""
    criteres = reexamen.retenir(dossier.criteres, message.criteres)
    faite = reexamen.faire(dossier, message.le)
    return faite if criteres == dossier.criteres else [*faite, faits.DiagnosticSuivi(dossier.parcours, criteres)]


def _orientation(dossier: Dossier, message: messages.OrientationDecidee) -> Sequence[faits.Fait]:
    """A new decision interrupts the month (C. trav. D. 5411-8-2) and puts the contract back to be signed."""
    connue, decidee = dossier.orientation, message.orientation
    if connue and connue.est_la_meme(decidee):
        return [] if connue == decidee else [faits.OrientationSuivie(dossier.parcours, decidee, est_nouvelle=False)]
    if connue and decidee.debut <= connue.debut:
        return []  # about the past: the open orientation stays what it is
    suivie = faits.OrientationSuivie(dossier.parcours, decidee, est_nouvelle=True)
    le = message.notifiee_le
    mois = [faits.MoisOuvert(dossier.parcours, dossier.departement, le)] if le else []
    return [suivie, *mois, *contrat.resigner(dossier, Cause.REORIENTATION, decidee.decidee_le)]


def _notification(dossier: Dossier, message: messages.OrientationNotifiee) -> Sequence[faits.Fait]:
    """Opens the month, or begins it again. A contract that is signed for this orientation closes it at once: which of
    the two is heard of first changes nothing."""
    if dossier.orientation is None:
        return []
    ouvert = faits.MoisOuvert(dossier.parcours, dossier.departement, message.le)
    signe = dossier.en_vigueur
    if signe is None or signe.signe_le is None or signe.cause:
        return [ouvert]
    est_hors_delai = contrat.est_hors_delai(message.le, signe.signe_le)
    return [ouvert, faits.SignatureRattachee(dossier.parcours, signe.id, signe.signe_le, est_hors_delai)]
