"""The référent unique: proposed, accepted or declined, replaced in one step, ended.

One designation is in force at a time, a proposal included: beside an active référent nothing is proposed, it is
replaced (WebRSA asks to close the référent in force before another is added; Carnet de bord keeps one active row). A
partner never has to guess which of two référents an answer is about, and the person never has two.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from chassis.decision import EN_ROUTE, Attente, Refus
from services.referents.domain import faits
from services.referents.domain.delai import UN_JOUR, jour_legal
from services.referents.domain.dossier import Affectation, Designation, Dossier, Etat, Issue, Orientation
from services.referents.domain.messages import (
    AccepterReferent,
    DeclinerReferent,
    DesignerReferent,
    RemplacerReferent,
    TerminerReferent,
)


def designer(
    dossier: Dossier, message: DesignerReferent, maintenant: datetime
) -> Sequence[faits.Fait] | Refus | Attente:
    if dossier.designation:
        details = {"etat": dossier.designation.etat.value, "attendu": "referent.remplace"}
        return _sauf_decision_en_route(Refus("etat-interdit", "/type", details), message.recu_a, maintenant)
    ouverte = _orientation_de(dossier, message.affectation, "/data")
    if isinstance(ouverte, Refus):
        return _sauf_decision_en_route(ouverte, message.recu_a, maintenant)
    recu_le = jour_legal(message.recu_a)
    return [faits.ReferentDesigne(dossier.parcours, dossier.departement, message.affectation, ouverte.rang, recu_le)]


def accepter(dossier: Dossier, message: AccepterReferent) -> Sequence[faits.Fait] | Refus:
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return designation
    if designation.etat is Etat.ACTIF:
        return Refus("deja-traite", "/type", {"etat": designation.etat.value})
    return [
        faits.ReferentAccepte(dossier.parcours, dossier.departement, message.motif, jour_legal(message.recu_a)),
    ]


def decliner(dossier: Dossier, message: DeclinerReferent) -> Sequence[faits.Fait] | Refus:
    """A follow-up that was accepted is not declined any more: it is ended, or the référent replaced."""
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return designation
    if designation.etat is Etat.ACTIF:
        return Refus("etat-interdit", "/type", {"etat": designation.etat.value, "attendu": "referent.termine"})
    return [faits.ReferentDecline(dossier.parcours, dossier.departement, message.motif)]


def remplacer(
    dossier: Dossier, message: RemplacerReferent, maintenant: datetime
) -> Sequence[faits.Fait] | Refus | Attente:
    """The new référent stands where the former one stood: active if it was, so that nobody is left without one."""
    actuelle = dossier.designation
    if actuelle is None:
        return Refus("referent-obligatoire", "/type", {"attendu": "referent.designe"})
    if refus := _refus_de_fin(actuelle, message.date_fin):
        return refus
    nouvelle = message.nouvelle
    if nouvelle.debut <= message.date_fin:
        return Refus("dates-incoherentes", "/data/nouveau/date_debut", {"date_fin": message.date_fin.isoformat()})
    ouverte = _orientation_de(dossier, nouvelle, "/data/nouveau")
    if isinstance(ouverte, Refus):
        return _sauf_decision_en_route(ouverte, message.recu_a, maintenant)
    return [
        faits.ReferentRemplace(
            parcours=dossier.parcours,
            departement=dossier.departement,
            date_fin=message.date_fin,
            motif=message.motif,
            nouvelle=nouvelle,
            rang=ouverte.rang,
            designee_le=jour_legal(message.recu_a),
        )
    ]


def terminer(dossier: Dossier, message: TerminerReferent) -> Sequence[faits.Fait] | Refus:
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return designation
    if refus := _refus_de_fin(designation, message.date_fin):
        return refus
    return [
        faits.ReferentTermine(dossier.parcours, dossier.departement, message.date_fin, message.motif, Issue.TERMINEE)
    ]


def fin_de_droit(
    dossier: Dossier, designation: Designation, jour: date, motif: str, issue: Issue
) -> faits.ReferentTermine:
    """An end that comes from elsewhere: the orientation, the parcours, a merge."""
    return faits.ReferentTermine(dossier.parcours, dossier.departement, dernier_jour(designation, jour), motif, issue)


def dernier_jour(designation: Designation, jour: date) -> date:
    """Where an end announced for `jour` leaves a designation: on the eve of its beginning if it never began."""
    return max(jour, designation.affectation.debut - UN_JOUR)


def reprendre(dossier: Dossier, ouverte: Orientation, absorbes: Sequence[Dossier]) -> Sequence[faits.Fait]:
    """After a merge the référent follows the person: the one of an absorbed dossier goes on for the survivor.

    The merge and the orientation that it moves are told by two siblings, in any order; whichever comes last finds the
    référent, still in force or ended by the other one.
    """
    candidates = [d for absorbe in absorbes if (d := _a_reprendre(absorbe, ouverte))]
    reprise = max(candidates, key=lambda d: (d.acceptee_le is not None, d.affectation.debut), default=None)
    if reprise is None:
        return []
    debut = max(reprise.affectation.debut, ouverte.debut, _premier_jour_libre(dossier) or date.min)
    if ouverte.fin and debut > ouverte.fin:
        return []
    affectation = replace(reprise.affectation, debut=debut)
    designe = faits.ReferentDesigne(
        dossier.parcours, dossier.departement, affectation, ouverte.rang, reprise.designee_le
    )
    if reprise.acceptee_le is None:
        return [designe]
    return [designe, faits.ReferentAccepte(dossier.parcours, dossier.departement, None, reprise.acceptee_le)]


def _a_reprendre(absorbe: Dossier, ouverte: Orientation) -> Designation | None:
    derniere, orientation = absorbe.derniere, absorbe.derniere_orientation
    if derniere is None or orientation is None or not derniere.affectation.structure.est(ouverte.structure):
        return None
    if derniere.est_en_cours:
        return derniere
    a_suivi = derniere.issue in (Issue.ORIENTATION, Issue.FUSION) and derniere.rang == orientation.rang
    return derniere if a_suivi and orientation.est_la_meme_que(ouverte) else None


def _orientation_de(dossier: Dossier, affectation: Affectation, pointeur: str) -> Orientation | Refus:
    """The open orientation, if this référent may follow the person under it (CATALOGUE § 4, invariant 9)."""
    ouverte = dossier.ouverte
    if ouverte is None:
        return Refus("orientation-prealable-obligatoire", "/subject", {"attendu": "orientation.decidee"})
    if not affectation.structure.est(ouverte.structure):
        attendue = f"{ouverte.structure.systeme}:{ouverte.structure.valeur}"
        return Refus("referent-incoherent", f"{pointeur}/structure", {"structure_attendue": attendue})
    if affectation.debut < ouverte.debut or (ouverte.fin and affectation.debut > ouverte.fin):
        details = {"orientation_debut": ouverte.debut.isoformat()}
        return Refus("dates-incoherentes", f"{pointeur}/date_debut", details)
    libre = _premier_jour_libre(dossier)
    if libre and affectation.debut < libre:
        return Refus("dates-incoherentes", f"{pointeur}/date_debut", {"premier_jour_libre": libre.isoformat()})
    return ouverte


def _premier_jour_libre(dossier: Dossier) -> date | None:
    """The day after the last one of the référents that followed the person, ended in advance or not."""
    fins = [d.fin for d in dossier.designations if d.acceptee_le and d.fin and d.fin >= d.affectation.debut]
    return max(fins) + UN_JOUR if fins else None


def _refus_de_fin(designation: Designation, date_fin: date) -> Refus | None:
    """A proposal may be withdrawn before it begins."""
    debut = designation.affectation.debut
    if designation.etat is Etat.ACTIF and date_fin < debut:
        return Refus("dates-incoherentes", "/data/date_fin", {"date_debut": debut.isoformat()})
    return None


def _en_cours(dossier: Dossier) -> Designation | Refus:
    """The designation in force, the only one that an answer may be about."""
    derniere = dossier.derniere
    if derniere is None:
        return Refus("referent-inconnu", "/subject", {"attendu": "referent.designe"})
    return derniere if derniere.est_en_cours else Refus("deja-traite", "/type", {"etat": derniere.etat.value})


def _sauf_decision_en_route(refus: Refus, recu_a: datetime, maintenant: datetime) -> Refus | Attente:
    """A partner may designate as soon as its decision was accepted, before `orientation` has told it here."""
    return Attente("décision d'orientation en route") if maintenant - recu_a < EN_ROUTE else refus
