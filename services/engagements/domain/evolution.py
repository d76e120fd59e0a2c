"""How a fact changes the state. It never fails and decides nothing: replaying the facts gives the dossier back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import assert_never

from services.engagements.domain import annulation, faits
from services.engagements.domain.dossier import (
    Avant,
    Contrat,
    Delai,
    Dossier,
    Etape,
    EtatContrat,
    EtatSanction,
    Issue,
    Reexamen,
    Sanction,
    Suspension,
)
from services.engagements.domain.reexamen import SOCIAL


def appliquer(dossier: Dossier | None, fait: faits.Fait) -> Dossier:
    """Fold a fact in; only `DossierOuvert` may begin a dossier."""
    if isinstance(fait, faits.DossierOuvert):
        return Dossier(fait.parcours, fait.departement)
    if dossier is None:
        raise LookupError(f"no dossier for {type(fait).__name__}")
    if isinstance(fait, faits.FaitDeContrat):
        return _contrat(dossier, fait)
    if isinstance(fait, faits.FaitDeSanction):
        return _sanction(dossier, fait)
    if isinstance(fait, faits.FaitDeVie):
        return _vie(dossier, fait)
    if isinstance(fait, faits.LeveeEffective):
        return _sur_la_sanction(dossier, fait.sanction_id, lambda s: replace(s, etat=EtatSanction.LEVEE))
    if isinstance(fait, faits.ReexamenPrevu):
        return dossier  # it tells what the others make of the state
    return _suivi(dossier, fait)


def _contrat(dossier: Dossier, fait: faits.FaitDeContrat) -> Dossier:
    match fait:
        case faits.ContratPropose():
            return _proposer(dossier, fait)
        case faits.ContratSigne():
            signe = _sur(dossier, fait.contrat_id, lambda contrat: _signe(contrat, fait))
            return _terminer(signe, Issue.SIGNEE, fait.le)
        case faits.ContratRefuse():
            return _sur(
                dossier,
                fait.contrat_id,
                lambda c: replace(c, etat=EtatContrat.REFUSE, refuse_le=fait.le, motif_refus=fait.motif),
            )
        case faits.ContratSuspendu():
            ouverte = Suspension(fait.le, fait.motif, fait.recue_le)
            return _sur(
                dossier,
                fait.contrat_id,
                lambda c: replace(c, etat=EtatContrat.SUSPENDU, suspensions=(*c.suspensions, ouverte)),
            )
        case faits.ContratRepris():
            return _sur(dossier, fait.contrat_id, lambda contrat: _repris(contrat, fait))
        case faits.ContratClos():
            return _sur(
                dossier,
                fait.contrat_id,
                lambda c: replace(
                    c, etat=EtatContrat.CLOS, est_a_venir=False, clos_le=fait.le, motif_cloture=fait.motif
                ),
            )
        case faits.ContratAResigner():
            return _sur(dossier, fait.contrat_id, lambda c: replace(_a_signer(c), cause=fait.cause))
        case faits.ContratAnnule():
            return annulation.sans_la_derniere(dossier)
        case faits.ContratBilan():
            return _sur(dossier, fait.contrat_id, lambda c: replace(c, bilans=(*c.bilans, fait.bilan)))
        case _:
            assert_never(fait)


def _proposer(dossier: Dossier, fait: faits.ContratPropose) -> Dossier:
    connu = next((contrat for contrat in dossier.vivants if contrat.id == fait.contenu.contrat_id), None)
    if connu:
        propose = replace(_a_signer(connu), contenu=fait.contenu, proposeur=fait.proposeur)
        return _remplacer(dossier, propose)
    nouveau = Contrat(len(dossier.contrats) + 1, fait.contenu, fait.proposeur)
    return replace(dossier, contrats=(*dossier.contrats, nouveau))


def _signe(contrat: Contrat, fait: faits.ContratSigne) -> Contrat:
    return replace(
        _a_signer(contrat),
        etat=EtatContrat.SIGNE,
        signe_le=fait.le,
        est_a_venir=fait.effet is not None,
        signataires=fait.signataires,
        est_hors_delai=fait.est_hors_delai,
        cause=None,
    )


def _a_signer(contrat: Contrat) -> Contrat:
    return replace(contrat, etat=EtatContrat.A_SIGNER, est_a_venir=False, refuse_le=None, motif_refus=None)


def _repris(contrat: Contrat, fait: faits.ContratRepris) -> Contrat:
    *passees, ouverte = contrat.suspensions
    reprise = replace(ouverte, reprise=fait.le, motif_reprise=fait.motif)
    return replace(contrat, etat=EtatContrat.SIGNE, suspensions=(*passees, reprise))


def _sanction(dossier: Dossier, fait: faits.FaitDeSanction) -> Dossier:
    match fait:
        case faits.ManquementSignale():
            return replace(dossier, manquements=(*dossier.manquements, fait.manquement))
        case faits.SanctionProposee():
            proposee = Sanction(_suivante(dossier), fait.mesure, EtatSanction.PROPOSEE, proposee_le=fait.le)
            return replace(dossier, sanctions=(*dossier.sanctions, proposee))
        case faits.SanctionDecidee():
            return _decider(dossier, fait)
        case faits.SanctionLevee():
            etat = EtatSanction.DECIDEE if fait.effet else EtatSanction.LEVEE
            return _sur_la_sanction(
                dossier, fait.sanction_id, lambda s: replace(s, etat=etat, levee_le=fait.le, motif_levee=fait.motif)
            )
        case _:
            assert_never(fait)


def _decider(dossier: Dossier, fait: faits.SanctionDecidee) -> Dossier:
    connue = dossier.sanction(fait.mesure.sanction_id) or Sanction(
        _suivante(dossier), fait.mesure, EtatSanction.DECIDEE
    )
    decidee = replace(
        connue,
        mesure=fait.mesure,
        etat=EtatSanction.DECIDEE,
        notifiee_le=fait.le,
        est_hors_delai=connue.est_hors_delai or fait.est_hors_delai,
    )
    autres = {s.numero: s for s in dossier.sanctions} | {decidee.numero: decidee}
    return replace(dossier, sanctions=tuple(autres.values()))


def _sur_la_sanction(dossier: Dossier, sanction_id: str, changer: Callable[[Sanction], Sanction]) -> Dossier:
    sanctions = tuple(changer(s) if s.id == sanction_id else s for s in dossier.sanctions)
    return replace(dossier, sanctions=sanctions)


def _suivante(dossier: Dossier) -> int:
    return dossier.prochaine_sanction


def _vie(dossier: Dossier, fait: faits.FaitDeVie) -> Dossier:
    match fait:
        case faits.DossierTransfere():
            etapes = (*dossier.etapes, Etape("parcours.transfere"))
            return replace(_terminer(dossier, Issue.TRANSFEREE), departement=fait.departement, etapes=etapes)
        case faits.DossierAbsorbe():
            absorbe = _terminer(dossier, Issue.FUSIONNEE)
            return replace(absorbe, est_clos=True, absorbe_par=fait.par, reexamen=None)
        case faits.DossierClos():
            return replace(_terminer(dossier, Issue.CLOSE), est_clos=True, reexamen=None)
        case faits.DossierEfface():
            return replace(dossier, est_efface=True)
        case _:
            assert_never(fait)


def _suivi(dossier: Dossier, fait: faits.FaitDeSuivi | faits.EngagementRetard | faits.ReexamenDu) -> Dossier:
    match fait:
        case faits.OrientationSuivie():
            return _orienter(dossier, fait)
        case faits.OrientationTerminee():
            return replace(_terminer(dossier, Issue.CLOSE), orientation=None, reexamen=None)
        case faits.OrientationOubliee():
            return _oublier(dossier, fait)
        case faits.MoisOuvert():
            return _ouvrir_le_mois(dossier, fait)
        case faits.SignatureRattachee():
            signe = _sur(dossier, fait.contrat_id, lambda c: replace(c, est_hors_delai=fait.est_hors_delai))
            return _terminer(signe, Issue.SIGNEE, fait.le)
        case faits.EngagementRetard():
            return _sur_le_delai(dossier, lambda delai: replace(delai, est_en_retard=True))
        case faits.ReferentSuivi():
            return replace(dossier, referent=fait.statut)
        case faits.DiagnosticSuivi():
            return replace(dossier, criteres=fait.criteres)
        case faits.ReexamenDu():
            return replace(dossier, reexamen=Reexamen(fait.depuis, fait.date_echeance))
        case faits.ReexamenFait():
            return replace(dossier, reexamen=Reexamen(fait.le))
        case faits.ResignatureDifferee():
            return _sur(dossier, fait.contrat_id, lambda contrat: replace(contrat, cause=fait.cause))
        case faits.ContratCommence():
            attendu = dossier.a_venir
            etapes = annulation.commence(dossier, attendu.numero, fait.echeance) if attendu else dossier.etapes
            commence = replace(dossier, etapes=etapes)
            return _sur(commence, fait.contrat_id, lambda contrat: replace(contrat, est_a_venir=False))
        case faits.EtapeFranchie():
            return replace(dossier, etapes=(*dossier.etapes, fait.etape))
        case faits.InstructionDepassee():
            suivies = tuple(
                replace(s, est_hors_delai=True) if s.numero == fait.numero else s for s in dossier.sanctions
            )
            return replace(dossier, sanctions=suivies)
        case faits.SuiviRepris():
            return replace(dossier, orientation=fait.orientation, referent=fait.referent, reexamen=fait.reexamen)
        case faits.ContratDeclare():
            declare = replace(fait.contrat, numero=len(dossier.contrats) + 1)
            return replace(dossier, contrats=(*dossier.contrats, declare))
        case faits.SanctionsReprises():
            return replace(
                dossier,
                manquements=(*dossier.manquements, *fait.manquements),
                sanctions=(*dossier.sanctions, *fait.sanctions),
            )
        case _:
            assert_never(fait)


def _orienter(dossier: Dossier, fait: faits.OrientationSuivie) -> Dossier:
    if not fait.est_nouvelle:
        return replace(dossier, orientation=fait.orientation)
    reexamen = Reexamen(fait.orientation.debut) if fait.orientation.parcours_type == SOCIAL else None
    interrompu = _terminer(dossier, Issue.REMPLACEE)
    avant = Avant(
        orientation=dossier.orientation,
        reexamen=dossier.reexamen,
        delai=dossier.delai.numero if dossier.delai else None,
        delais=len(dossier.delais),
        contrats=dossier.vivants,
        etapes=len(dossier.etapes),
    )
    etapes = (*dossier.etapes, Etape("orientation.decidee"))
    return replace(interrompu, orientation=fait.orientation, reexamen=reexamen, avant=avant, etapes=etapes)


def _oublier(dossier: Dossier, fait: faits.OrientationOubliee) -> Dossier:
    """What the decision opened goes, what it interrupted goes on; reviews made meanwhile stay."""
    avant = dossier.avant
    if avant is None:
        return dossier
    etats = {contrat.numero: contrat for contrat in avant.contrats}
    delais = tuple(replace(d, issue=None) if d.numero == avant.delai else d for d in dossier.delais[: avant.delais])
    contrats = tuple(replace(etats[c.numero], bilans=c.bilans) if c.numero in etats else c for c in dossier.contrats)
    orientation = avant.orientation if fait.retablie else None
    reexamen = avant.reexamen if orientation else None
    suivi = replace(dossier, orientation=orientation, reexamen=reexamen, delais=delais, contrats=contrats)
    return replace(suivi, avant=None, etapes=dossier.etapes[: avant.etapes])


def _ouvrir_le_mois(dossier: Dossier, fait: faits.MoisOuvert) -> Dossier:
    interrompu = _terminer(dossier, Issue.REMPLACEE)
    delai = Delai(len(dossier.delais) + 1, fait.departement, fait.notifiee_le, fait.est_en_retard)
    return replace(interrompu, delais=(*interrompu.delais, delai))


def _sur(dossier: Dossier, contrat_id: str, changer: Callable[[Contrat], Contrat]) -> Dossier:
    contrat = dossier.contrat(contrat_id)
    return _remplacer(dossier, changer(contrat)) if contrat else dossier


def _remplacer(dossier: Dossier, change: Contrat) -> Dossier:
    contrats = tuple(change if contrat.numero == change.numero else contrat for contrat in dossier.contrats)
    return replace(dossier, contrats=contrats)


def _sur_le_delai(dossier: Dossier, changer: Callable[[Delai], Delai]) -> Dossier:
    if dossier.delai is None:
        return dossier
    return replace(dossier, delais=(*dossier.delais[:-1], changer(dossier.delai)))


def _terminer(dossier: Dossier, issue: Issue, signe_le: date | None = None) -> Dossier:
    return _sur_le_delai(dossier, lambda delai: replace(delai, issue=issue, signe_le=signe_le))
