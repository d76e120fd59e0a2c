"""How a fact changes the state. It never fails and decides nothing: replaying the facts gives the dossier back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import assert_never

from services.orientation.domain import faits
from services.orientation.domain.annulation import sans
from services.orientation.domain.demande import completer, completer_contraintes
from services.orientation.domain.dossier import Avant, Demande, Dossier, Issue, Orientation

MOTIF_REMPLACEE = "Remplacée par une nouvelle décision."


def appliquer(dossier: Dossier | None, fait: faits.Fait) -> Dossier:
    """Fold a fact in; only `DossierOuvert` may begin a dossier."""
    if isinstance(fait, faits.DossierOuvert):
        return Dossier(fait.parcours, fait.departement)
    if dossier is None:
        raise LookupError(f"no dossier for {type(fait).__name__}")
    return _changer(dossier, fait)


def _changer(dossier: Dossier, fait: faits.FaitPublie | faits.FaitSurDossier) -> Dossier:
    match fait:
        case faits.OrientationDemandee():
            return _demander(dossier, fait)
        case faits.DiagnosticRealise():
            return replace(
                dossier,
                criteres=completer(dossier.criteres, fait.criteres),
                contraintes=completer_contraintes(dossier.contraintes, fait.contraintes),
            )
        case faits.OrientationPreconisee():
            return replace(dossier, preconisation=fait.preconisation)
        case faits.OrientationDecidee():
            return _decider(dossier, fait)
        case faits.RepriseDeclaree():
            return _reprendre(dossier, fait)
        case faits.DossierTenu():
            return replace(dossier, tenus=dossier.tenus | {fait.quoi})
        case faits.OrientationEffective():
            return _commencer(dossier, fait.orientation)
        case faits.OrientationAnnulee():
            return sans(dossier, fait.annulee)
        case faits.OrientationAppuyee():
            return _sur_l_ouverte(dossier, lambda ouverte: replace(ouverte, appuis=fait.appuis))
        case faits.OrientationSansEffet():
            return _sur_le_rang(dossier, fait.rang, lambda o: _close(o, o.fin or o.debut, fait.motif))
        case faits.OrientationNotifiee():
            return _sur_le_rang(dossier, fait.rang, lambda o: replace(o, notifiee_le=fait.notifiee_le))
        case faits.OrientationDessaisie():
            return _sur_la_demande(dossier, lambda demande: replace(demande, est_dessaisie=True))
        case faits.ReorientationDemandee():
            return replace(dossier, reorientation=fait.demande)
        case faits.ReorientationDecidee():
            return replace(dossier, reorientation=None)
        case faits.OrientationClose(est_differee=True):
            return _sur_l_ouverte(dossier, lambda ouverte: _finissante(ouverte, fait.date_fin, fait.motif))
        case faits.OrientationClose():
            close = _sur_l_ouverte(dossier, lambda ouverte: _close(ouverte, fait.date_fin, fait.motif))
            return replace(close, reorientation=None)
        case faits.DroitConnu():
            return _connaitre_le_droit(dossier, fait)
        case faits.DroitAnnonce():
            return replace(dossier, droit_annonce=(fait.brsa, fait.dit))
        case faits.DossierTransfere():
            return replace(_terminer(dossier, Issue.TRANSFEREE), departement=fait.departement)
        case faits.DossierAbsorbe():
            return replace(_terminer(dossier, Issue.FUSIONNEE), est_clos=True, absorbe_par=fait.par)
        case faits.DiagnosticRepris():
            return replace(dossier, criteres=fait.criteres, contraintes=fait.contraintes)
        case faits.DossierClos():
            return replace(_terminer(dossier, Issue.CLOSE), est_clos=True)
        case faits.DossierOppose():
            return replace(dossier, est_oppose=True)
        case faits.DossierEfface():
            return replace(dossier, est_efface=True)
        case _:
            assert_never(fait)


def _demander(dossier: Dossier, fait: faits.OrientationDemandee) -> Dossier:
    demande = Demande(len(dossier.demandes) + 1, dossier.departement, fait.recue_le, fait.motif)
    return replace(dossier, demandes=(*dossier.demandes, demande))


def _decider(dossier: Dossier, fait: faits.OrientationDecidee) -> Dossier:
    nouvelle = Orientation(
        fait.decision,
        fait.decideur,
        fait.contestation,
        est_close=not fait.est_derniere,
        est_effective=not fait.est_differee,
        depot=fait.depot,
        avant=_avant(dossier, fait),
        est_reprise=fait.est_reprise,
    )
    if fait.decidee_le:
        dossier = _terminer(dossier, Issue.DECIDEE, fait.decidee_le)
    elif fait.est_reprise:
        dossier = _terminer(dossier, Issue.REPRISE)
    if not fait.est_derniere:
        return replace(dossier, orientations=(*dossier.orientations, nouvelle))
    precedente = dossier.derniere
    if precedente and (fait.fin_precedente or not precedente.est_close):
        suite = _coupee if fait.est_differee else _remplacee
        dossier = _remplacer(dossier, suite(precedente, fait.fin_precedente))
    return replace(dossier, orientations=(*dossier.orientations, nouvelle), reorientation=None)


def _reprendre(dossier: Dossier, fait: faits.RepriseDeclaree) -> Dossier:
    """The first orientation known here, whatever its rank; the request that waited has no more object."""
    tenu = replace(dossier, tenus=dossier.tenus | frozenset(fait.tenus))
    if fait.decision is None:
        return tenu
    declaree = Orientation(
        fait.decision, fait.decideur, fait.contestation, notifiee_le=fait.notifiee_le, est_reprise=True
    )
    return replace(_terminer(tenu, Issue.REPRISE), orientations=(*tenu.orientations, declaree))


def _avant(dossier: Dossier, fait: faits.OrientationDecidee) -> Avant:
    demande = dossier.demande.numero if dossier.demande and fait.decidee_le else None
    precedente = dossier.derniere
    if precedente is None or not fait.est_derniere:
        return Avant(demande=demande, reorientation=fait.reorientation)
    etat = (precedente.rang, precedente.fin, precedente.est_close, precedente.motif_fin)
    return Avant(*etat, demande, fait.reorientation)


def _commencer(dossier: Dossier, attendue: Orientation) -> Dossier:
    """The one in force was cut when this one was decided."""
    remplacee = _sur_l_ouverte(dossier, lambda ouverte: _remplacee(ouverte, None))
    return _sur_le_rang(remplacee, attendue.rang, lambda orientation: replace(orientation, est_effective=True))


def _remplacee(precedente: Orientation, date_fin: date | None) -> Orientation:
    """Ended by a new decision: cut at `date_fin`, or left with the end that it had."""
    coupee = _coupee(precedente, date_fin)
    return replace(coupee, est_close=True, motif_fin=precedente.motif_fin or MOTIF_REMPLACEE)


def _coupee(precedente: Orientation, date_fin: date | None) -> Orientation:
    if date_fin is None:
        return precedente
    return replace(precedente, decision=replace(precedente.decision, date_fin=date_fin))


def _finissante(ouverte: Orientation, date_fin: date, motif: str) -> Orientation:
    return replace(_coupee(ouverte, date_fin), motif_fin=motif)


def _close(ouverte: Orientation, date_fin: date, motif: str) -> Orientation:
    return replace(_finissante(ouverte, date_fin, motif), est_close=True)


def _connaitre_le_droit(dossier: Dossier, fait: faits.DroitConnu) -> Dossier:
    """What is said later than an announcement, for whatever day, takes its place."""
    annonce = dossier.droit_annonce
    tombe = annonce is not None and fait.dit is not None and fait.dit >= annonce[1]
    return replace(
        dossier,
        brsa=fait.brsa,
        droit_dit=fait.dit or dossier.droit_dit,
        droit_annonce=None if tombe else annonce,
    )


def _sur_l_ouverte(dossier: Dossier, changer: Callable[[Orientation], Orientation]) -> Dossier:
    return _remplacer(dossier, changer(dossier.ouverte)) if dossier.ouverte else dossier


def _sur_le_rang(dossier: Dossier, rang: int, changer: Callable[[Orientation], Orientation]) -> Dossier:
    nommee = next((orientation for orientation in dossier.orientations if orientation.rang == rang), None)
    return _remplacer(dossier, changer(nommee)) if nommee else dossier


def _remplacer(dossier: Dossier, changee: Orientation) -> Dossier:
    orientations = tuple(changee if o.rang == changee.rang else o for o in dossier.orientations)
    return replace(dossier, orientations=orientations)


def _sur_la_demande(dossier: Dossier, changer: Callable[[Demande], Demande]) -> Dossier:
    if dossier.demande is None:
        return dossier
    return replace(dossier, demandes=(*dossier.demandes[:-1], changer(dossier.demande)))


def _terminer(dossier: Dossier, issue: Issue, decidee_le: date | None = None) -> Dossier:
    return _sur_la_demande(dossier, lambda demande: replace(demande, issue=issue, decidee_le=decidee_le))
