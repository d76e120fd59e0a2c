"""How a fact changes the state. It never fails and decides nothing: replaying the facts gives the dossier back."""

from dataclasses import replace
from datetime import date
from typing import assert_never

from services.referents.domain import faits
from services.referents.domain.delai import UN_JOUR
from services.referents.domain.designation import dernier_jour
from services.referents.domain.dossier import Affectation, Designation, Dossier, Issue, Orientation, RdvSuivi


def appliquer(dossier: Dossier | None, fait: faits.Fait) -> Dossier:
    """Fold a fact in; only `DossierOuvert` may begin a dossier."""
    if isinstance(fait, faits.DossierOuvert):
        return Dossier(fait.parcours, fait.departement)
    if dossier is None:
        raise LookupError(f"no dossier for {type(fait).__name__}")
    return _changer(dossier, fait)


def _changer(dossier: Dossier, fait: faits.FaitPublie | faits.FaitSurDossier) -> Dossier:
    match fait:
        case faits.ReferentDesigne():
            return _ajouter(dossier, fait.affectation, fait.rang, fait.designee_le)
        case faits.ReferentAccepte():
            return _sur_la_designation(dossier, acceptee_le=fait.acceptee_le)
        case faits.ReferentDecline():
            return _sur_la_designation(dossier, issue=Issue.DECLINEE, motif_fin=fait.motif)
        case faits.ReferentRemplace():
            return _remplacer(dossier, fait)
        case faits.ReferentTermine():
            return _terminer(dossier, fait.date_fin, fait.motif, fait.issue)
        case faits.AccompagnantAjoute():
            return replace(dossier, accompagnants=(*dossier.accompagnants, fait.accompagnant))
        case faits.AccompagnantRetire():
            return _retirer(dossier, fait)
        case faits.RdvPlanifie() | faits.RdvModifie() | faits.RdvAnnule() | faits.RdvConstate() | faits.RdvRepris():
            return replace(dossier, rendez_vous=_avec(dossier.rendez_vous, fait.suivi))
        case faits.OrientationConnue():
            return replace(dossier, orientations=(*_fermees(dossier, fait.orientation.debut), fait.orientation))
        case faits.OrientationTerminee():
            return _fermer(dossier, fait.date_fin)
        case faits.DossierTransfere():
            return replace(dossier, departement=fait.departement)
        case faits.DossierAbsorbe():
            return replace(dossier, est_clos=True, absorbe_par=fait.par)
        case faits.DossierClos():
            return replace(dossier, est_clos=True)
        case faits.DossierEfface():
            return replace(dossier, est_efface=True)
        case _:
            assert_never(fait)


def _ajouter(
    dossier: Dossier, affectation: Affectation, rang: int, designee_le: date, acceptee_le: date | None = None
) -> Dossier:
    nouvelle = Designation(len(dossier.designations) + 1, affectation, rang, designee_le, acceptee_le)
    return replace(dossier, designations=(*dossier.designations, nouvelle))


def _remplacer(dossier: Dossier, fait: faits.ReferentRemplace) -> Dossier:
    """A replacement needs no new acceptance when the one that it replaces was accepted."""
    actuelle = dossier.designation
    acceptee_le = fait.designee_le if actuelle and actuelle.acceptee_le else None
    termine = _terminer(dossier, fait.date_fin, fait.motif, Issue.REMPLACEE)
    return _ajouter(termine, fait.nouvelle, fait.rang, fait.designee_le, acceptee_le)


def _terminer(dossier: Dossier, jour: date, motif: str, issue: Issue) -> Dossier:
    actuelle = dossier.designation
    if actuelle is None:
        return dossier
    return _sur_la_designation(dossier, issue=issue, fin=dernier_jour(actuelle, jour), motif_fin=motif)


def _sur_la_designation(
    dossier: Dossier,
    *,
    acceptee_le: date | None = None,
    issue: Issue | None = None,
    fin: date | None = None,
    motif_fin: str | None = None,
) -> Dossier:
    actuelle = dossier.designation
    if actuelle is None:
        return dossier
    changee = replace(
        actuelle, acceptee_le=acceptee_le or actuelle.acceptee_le, issue=issue, fin=fin, motif_fin=motif_fin
    )
    return replace(dossier, designations=(*dossier.designations[:-1], changee))


def _retirer(dossier: Dossier, fait: faits.AccompagnantRetire) -> Dossier:
    accompagnants = tuple(
        replace(a, fin=fait.date_fin, motif_fin=fait.motif)
        if a.fin is None and a.est(fait.identifiant_agent, fait.structure)
        else a
        for a in dossier.accompagnants
    )
    return replace(dossier, accompagnants=accompagnants)


def _avec(rendez_vous: tuple[RdvSuivi, ...], suivi: RdvSuivi) -> tuple[RdvSuivi, ...]:
    """In its place if it is known, else after the others."""
    if all(connu.rdv_id != suivi.rdv_id for connu in rendez_vous):
        return (*rendez_vous, suivi)
    return tuple(suivi if connu.rdv_id == suivi.rdv_id else connu for connu in rendez_vous)


def _fermees(dossier: Dossier, debut: date) -> tuple[Orientation, ...]:
    """The orientations before one that begins on `debut`: cut the day before, or left with the end that they had."""
    ouverte = dossier.ouverte
    if ouverte is None:
        return dossier.orientations
    veille = debut - UN_JOUR
    close = replace(ouverte, fin=min(ouverte.fin or veille, veille), est_close=True)
    return (*dossier.orientations[:-1], close)


def _fermer(dossier: Dossier, date_fin: date) -> Dossier:
    ouverte = dossier.ouverte
    if ouverte is None:
        return dossier
    close = replace(ouverte, fin=max(date_fin, ouverte.debut), est_close=True)
    return replace(dossier, orientations=(*dossier.orientations[:-1], close))
