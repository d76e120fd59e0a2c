"""How a fact changes the state. It never fails and decides nothing: replaying the facts gives the dossier back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import assert_never

from services.offres.domain import faits
from services.offres.domain.dossier import Dossier, Etat, Prescription


def appliquer(dossier: Dossier | None, fait: faits.SurUnParcours) -> Dossier:
    """Fold a fact in; only `DossierOuvert` may begin a dossier."""
    if isinstance(fait, faits.DossierOuvert):
        return Dossier(fait.parcours, fait.departement)
    if dossier is None:
        raise LookupError(f"no dossier for {type(fait).__name__}")
    match fait:
        case faits.PrescriptionEmise() | faits.PrescriptionReprise():
            return replace(dossier, prescriptions=(*dossier.prescriptions, fait.prescription))
        case faits.SuiteDonnee():
            return _changer(dossier, fait.prescription_id, lambda connue: _suivre(connue, fait))
        case faits.PrescriptionRelancee():
            return _changer(dossier, fait.prescription_id, lambda connue: replace(connue, relances=fait.relance))
        case faits.PrescriptionExpiree():
            return _changer(dossier, fait.prescription_id, lambda connue: _expirer(connue, fait))
        case faits.DossierTransfere():
            return replace(dossier, departement=fait.departement)
        case faits.DossierClos():
            return replace(dossier, est_clos=True)
        case faits.DossierAbsorbe():
            return replace(dossier, est_clos=True, absorbe_par=fait.par, prescriptions=())
        case faits.DossierEfface():
            return replace(dossier, est_efface=True)
        case _:
            assert_never(fait)


def _changer(dossier: Dossier, prescription_id: str, change: Callable[[Prescription], Prescription]) -> Dossier:
    changees = (change(p) if p.prescription_id == prescription_id else p for p in dossier.prescriptions)
    return replace(dossier, prescriptions=tuple(changees))


def _suivre(connue: Prescription, fait: faits.SuiteDonnee) -> Prescription:
    repondue = connue.repondue_le or (None if fait.vers is Etat.ANNULEE else fait.date)
    suivie = replace(
        connue, etat=fait.vers, repondue_le=repondue, motifs=fait.motifs, issue=fait.issue, message=fait.message
    )
    return _finir(suivie, fait.vers, fait.date) if fait.vers.est_final else suivie


def _expirer(connue: Prescription, fait: faits.PrescriptionExpiree) -> Prescription:
    return _finir(replace(connue, message=fait.raison), Etat.EXPIREE, fait.date)


def _finir(connue: Prescription, etat: Etat, jour: date) -> Prescription:
    return replace(connue, etat=etat, fin_le=jour)
