"""The référent unique: proposed, accepted or declined, replaced in one step, ended.

One designation is in force at a time, a proposal included: beside an active référent nothing is proposed, it is
replaced (WebRSA asks to close the référent in force before another is added; Carnet de bord keeps one active row). A
partner never has to guess which of two référents an answer is about, and the person never has two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import referents as contrat
from services.dossiers.vie import Situation
from services.referents.domain import suivi
from services.referents.domain.delai import UN_JOUR
from services.referents.domain.dossier import Affectation, Depot, Designation, Dossier, Etat, Issue, Orientation
from services.referents.domain.regles import Dit, Recu, regle, repli
from services.referents.domain.reprise import en_route

Decision: TypeAlias = Sequence[Any] | Refus | Attente


@dataclass(frozen=True, slots=True)
class Sous:
    """`rang` is that of the open orientation, `designee_le` the day on which the hub received it."""

    rang: int
    designee_le: date
    depot: Depot | None = None


@dataclass(frozen=True, slots=True)
class Fin:
    """`numero` is the designation that ends."""

    numero: int
    issue: Issue
    depot: Depot | None = None


@regle(contrat.ReferentDesigne)
def designer(situation: Situation, recu: Recu[contrat.ReferentDesigne], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    if dossier.designation:
        details = {"etat": dossier.designation.etat.value, "attendu": "referent.remplace"}
        return _sauf_decision_en_route(Refus("etat-interdit", "/type", details))
    affectation = Affectation.lue(recu.data)
    ouverte = _orientation_de(dossier, affectation, "/data")
    if isinstance(ouverte, Refus):
        return _sauf_decision_en_route(ouverte)
    recu_le = jour_legal(dossier.departement, recu.recu_a)
    suivie = dossier.encore_la(recu_le - UN_JOUR)
    effet = suivi.des_le(dossier, affectation.debut, recu.recu_a) if suivie else None
    sous = Sous(ouverte.rang, recu_le, Depot(recu.id, recu.auteur))
    return [Dit(dossier.parcours, dossier.departement, recu.data, sous, effet)]


@repli(contrat.ReferentDesigne, garde=Sous)
def _designe(dossier: Dossier, fait: Dit[contrat.ReferentDesigne, Sous]) -> Dossier:
    return _ajouter(dossier, Affectation.lue(fait.data), fait.garde)


@regle(contrat.ReferentAccepte)
def accepter(situation: Situation, recu: Recu[contrat.ReferentAccepte], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return _sauf_reprise_en_route(designation, dossier)
    if designation.etat is Etat.ACTIF:
        return Refus("deja-traite", "/type", {"etat": designation.etat.value})
    jour = jour_legal(dossier.departement, recu.recu_a)
    return [Dit(dossier.parcours, dossier.departement, recu.data, jour)]


@repli(contrat.ReferentAccepte, garde=date)
def _accepte(dossier: Dossier, fait: Dit[contrat.ReferentAccepte, date]) -> Dossier:
    return _sur_la_designation(dossier, acceptee_le=fait.garde)


@regle(contrat.ReferentDecline)
def decliner(situation: Situation, recu: Recu[contrat.ReferentDecline], _: datetime) -> Decision:
    """A follow-up that was accepted is not declined any more: it is ended, or the référent replaced."""
    dossier: Dossier = situation.dossier
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return designation
    if designation.etat is Etat.ACTIF:
        return Refus("etat-interdit", "/type", {"etat": designation.etat.value, "attendu": "referent.termine"})
    return [Dit(dossier.parcours, dossier.departement, recu.data, None)]


@repli(contrat.ReferentDecline)
def _decline(dossier: Dossier, fait: Dit[contrat.ReferentDecline, None]) -> Dossier:
    return _sur_la_designation(dossier, issue=Issue.DECLINEE, motif_fin=fait.data.motif)


@regle(contrat.ReferentRemplace)
def remplacer(situation: Situation, recu: Recu[contrat.ReferentRemplace], maintenant: datetime) -> Decision:
    """The new référent stands where the former one stood: active if it was, so that nobody is left without one."""
    dossier: Dossier = situation.dossier
    actuelle, dit = dossier.designation, recu.data
    if actuelle is None:
        refus = Refus("referent-obligatoire", "/type", {"attendu": "referent.designe"})
        return _sauf_reprise_en_route(refus, dossier)
    if refus_de_fin := _refus_de_fin(actuelle, dit.date_fin):
        return refus_de_fin
    nouvelle = Affectation.lue(dit.nouveau)
    if nouvelle.debut <= dit.date_fin:
        return Refus("dates-incoherentes", "/data/nouveau/date_debut", {"date_fin": dit.date_fin.isoformat()})
    ouverte = _orientation_de(dossier, nouvelle, "/data/nouveau")
    if isinstance(ouverte, Refus):
        return _sauf_decision_en_route(ouverte)
    sous = Sous(ouverte.rang, jour_legal(dossier.departement, recu.recu_a), Depot(recu.id, recu.auteur))
    # Until its last day, this one included, the former one answers for the person.
    effet = suivi.des_le(dossier, dit.date_fin + UN_JOUR, recu.recu_a)
    return [Dit(dossier.parcours, dossier.departement, dit, sous, effet)]


@repli(contrat.ReferentRemplace, garde=Sous)
def _remplace(dossier: Dossier, fait: Dit[contrat.ReferentRemplace, Sous]) -> Dossier:
    """A replacement needs no new acceptance when the one that it replaces was accepted."""
    actuelle = dossier.designation
    acceptee_le = fait.garde.designee_le if actuelle and actuelle.acceptee_le else None
    fin = Fin(actuelle.numero if actuelle else 0, Issue.REMPLACEE)
    finie = _finir(dossier, fin, fait.data.date_fin, fait.data.motif)
    return _ajouter(finie, Affectation.lue(fait.data.nouveau), fait.garde, acceptee_le)


@regle(contrat.ReferentTermine)
def terminer(situation: Situation, recu: Recu[contrat.ReferentTermine], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    designation = _en_cours(dossier)
    if isinstance(designation, Refus):
        return _sauf_reprise_en_route(designation, dossier)
    if refus := _refus_de_fin(designation, recu.data.date_fin):
        return refus
    fin = Fin(designation.numero, Issue.TERMINEE, Depot(recu.id, recu.auteur))
    effet = suivi.apres_le(dossier, recu.data.date_fin, recu.recu_a)
    return [Dit(dossier.parcours, dossier.departement, recu.data, fin, effet)]


@repli(contrat.ReferentTermine, garde=Fin)
def _termine(dossier: Dossier, fait: Dit[contrat.ReferentTermine, Fin]) -> Dossier:
    return _finir(dossier, fait.garde, fait.data.date_fin, fait.data.motif)


def fins_de_droit(
    dossier: Dossier, jour: date, aujourd_hui: date, motif: str, issue: Issue
) -> list[Dit[contrat.ReferentTermine, Fin]]:
    """Return the ends that the orientation, the parcours or a merge imposes, also on a designation with an end to come.
    Past designations stay."""
    return [
        termine(dossier, designation, dernier_jour(designation, jour), motif, issue)
        for designation in dossier.encore_la(max(jour, aujourd_hui - UN_JOUR))
    ]


def termine(
    dossier: Dossier, designation: Designation, jour: date, motif: str, issue: Issue
) -> Dit[contrat.ReferentTermine, Fin]:
    fin = contrat.ReferentTermine(date_fin=jour, motif=motif)
    return Dit(dossier.parcours, dossier.departement, fin, Fin(designation.numero, issue))


def dernier_jour(designation: Designation, jour: date) -> date:
    """Where an end announced for `jour` leaves a designation: on the eve of its beginning if it never began."""
    return max(jour, designation.affectation.debut - UN_JOUR)


def reprendre(dossier: Dossier, ouverte: Orientation, absorbes: Sequence[Dossier]) -> Sequence[Any]:
    """After a merge the référent follows the person: the one of an absorbed dossier goes on for the survivor.

    Two siblings publish the merge and the orientation that it moves, in any order. The last to arrive finds the
    référent, still in force or ended by the other event.
    """
    candidates = [d for absorbe in absorbes if (d := _a_reprendre(absorbe, ouverte))]
    reprise = max(candidates, key=lambda d: (d.acceptee_le is not None, d.affectation.debut), default=None)
    if reprise is None:
        return []
    debut = max(reprise.affectation.debut, ouverte.debut, _premier_jour_libre(dossier) or date.min)
    if ouverte.fin and debut > ouverte.fin:
        return []
    qui, affectation = (dossier.parcours, dossier.departement), replace(reprise.affectation, debut=debut)
    designe = Dit(*qui, affectation.dite(), Sous(ouverte.rang, reprise.designee_le))
    if reprise.acceptee_le is None:
        return [designe]
    return [designe, Dit(*qui, contrat.ReferentAccepte(), reprise.acceptee_le)]


def _ajouter(dossier: Dossier, affectation: Affectation, sous: Sous, acceptee_le: date | None = None) -> Dossier:
    numero = len(dossier.designations) + 1
    nouvelle = Designation(numero, affectation, sous.rang, sous.designee_le, acceptee_le, decidee=sous.depot)
    return replace(dossier, designations=(*dossier.designations, nouvelle))


def _finir(dossier: Dossier, fin: Fin, jour: date, motif: str) -> Dossier:
    designations = tuple(
        replace(d, issue=fin.issue, fin=dernier_jour(d, jour), motif_fin=motif, terminee=fin.depot)
        if d.numero == fin.numero
        else d
        for d in dossier.designations
    )
    return replace(dossier, designations=designations)


def _sur_la_designation(dossier: Dossier, **changements: Any) -> Dossier:
    if dossier.designation is None:
        return dossier
    changee = replace(dossier.designation, **changements)
    return replace(dossier, designations=(*dossier.designations[:-1], changee))


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


def _sauf_decision_en_route(refus: Refus) -> Attente:
    """Wait for a decision on its way: a partner may designate once it was accepted, before this service reads of it."""
    return Attente("décision d'orientation en route", refus)


def _sauf_reprise_en_route(refus: Refus, dossier: Dossier) -> Refus | Attente:
    return refus if dossier.derniere else en_route(refus)
