"""The signature of a contract, and the month to sign that a notification opens (C. trav. D. 5411-14-1)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import engagements as v1
from services.engagements.domain import annulation
from services.engagements.domain.annulation import annulable
from services.engagements.domain.contrat import Decision, a_resigner, a_signer, clos, etat_interdit, nomme, sur
from services.engagements.domain.delai import UN_JOUR, apres_le, date_de_signature_due, refus_de_date
from services.engagements.domain.dossier import Contrat, Delai, Dossier, EtatContrat, Issue, StatutReferent
from services.engagements.domain.regles import Dit, Recu, Situation, regle, repli

MOTIF_RENOUVELE = "Remplacé par le contrat qui vient d'être signé."
SIGNATURE, DEBUT = "signature", "debut"  # their numbers: that of the month, that of the contract


@dataclass(frozen=True, slots=True)
class ContratCommence:
    """The first day of a contract that was signed before it; `echeance` is the due date that says so."""

    parcours: UUID
    contrat_id: str
    echeance: UUID


@dataclass(frozen=True, slots=True)
class MoisOuvert:
    """A notification opens the month to sign, in place of the running one. `est_en_retard`: over, and published."""

    parcours: UUID
    departement: str
    notifiee_le: date
    est_en_retard: bool = False


@dataclass(frozen=True, slots=True)
class SignatureRattachee:
    """The new month is closed at once: its contract was signed before this service read its notification."""

    parcours: UUID
    contrat_id: str
    le: date
    est_hors_delai: bool


@regle(v1.ContratSigne)
@annulable
def signer(situation: Situation, recu: Recu[v1.ContratSigne], maintenant: datetime) -> Decision:
    """Needs an open orientation and an active référent. Later than the month, it is recorded so, not refused."""
    dossier: Dossier = situation.dossier
    contrat, le = nomme(dossier, recu), recu.data.date_signature
    if not isinstance(contrat, Contrat):
        return contrat
    if refus := _refus_de_signature(dossier, contrat):
        return Attente(refus.code, refus) if _peut_tomber(refus, contrat, le) else refus
    depuis = [jour for jour in (contrat.signe_le, dossier.orientation and dossier.orientation.decidee_le) if jour]
    if refus := refus_de_date(dossier, le, "/data/date_signature", recu.recu_a, depuis=max(depuis, default=None)):
        return refus
    debut, precedent = contrat.contenu.date_debut, dossier.en_vigueur
    effet = debut if precedent and debut > jour_legal(dossier.departement, recu.recu_a) else None
    tard = dossier.delai is not None and est_hors_delai(dossier.delai.notifiee_le, le)
    remplaces = [dossier.a_venir] if effet else [precedent, dossier.a_venir]
    return [
        *(clos(dossier, remplace, le, MOTIF_RENOUVELE) for remplace in remplaces if remplace),
        Dit(dossier.parcours, dossier.departement, recu.data, tard, effet),
    ]


@repli(v1.ContratSigne, garde=bool)
def _signe(dossier: Dossier, fait: Dit[v1.ContratSigne, bool]) -> Dossier:
    """It ends the month. `garde`: whether it was later than that."""
    dit = fait.data
    signe = sur(
        dossier,
        dit.contrat_id,
        lambda contrat: replace(
            a_signer(contrat),
            etat=EtatContrat.SIGNE,
            signe_le=dit.date_signature,
            est_a_venir=fait.effet is not None,
            signataires=tuple(map(str, dit.signataires)),
            est_hors_delai=fait.garde,
            cause=None,
        ),
    )
    return terminer(signe, Issue.SIGNEE, dit.date_signature)


@regle(DEBUT)
def commencer(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    """It takes the place of the one in force, which ends the day before."""
    dossier: Dossier = situation.dossier
    attendu, precedent = dossier.a_venir, dossier.en_vigueur
    if attendu is None or attendu.numero != recu.data or dossier.est_clos:
        return Attente("contrat sans premier jour")
    debut = attendu.contenu.date_debut
    if maintenant < debut_du_jour(dossier.departement, debut):
        return Attente("premier jour à venir")
    commence = ContratCommence(dossier.parcours, attendu.id, recu.id)
    if precedent is None:
        return [commence]
    fin = clos(dossier, precedent, debut - UN_JOUR, MOTIF_RENOUVELE)
    if precedent.cause is None:
        return [commence, fin]
    return [commence, fin, a_resigner(dossier, attendu.id, precedent.cause)]


@repli(ContratCommence)
def _commence(dossier: Dossier, fait: ContratCommence) -> Dossier:
    attendu = dossier.a_venir
    etapes = annulation.commence(dossier, attendu.numero, fait.echeance) if attendu else dossier.etapes
    return sur(replace(dossier, etapes=etapes), fait.contrat_id, lambda contrat: replace(contrat, est_a_venir=False))


def notifiee(dossier: Dossier, le: date) -> Sequence[Any]:
    """Open the month, or begin it again. A contract already signed for this orientation closes it at once, in whichever
    order the two events arrive."""
    if dossier.orientation is None:
        return []
    ouvert, signe = MoisOuvert(dossier.parcours, dossier.departement, le), dossier.en_vigueur
    if signe is None or signe.signe_le is None or signe.cause:
        return [ouvert]
    tard = est_hors_delai(le, signe.signe_le)
    return [ouvert, SignatureRattachee(dossier.parcours, signe.id, signe.signe_le, tard)]


@repli(MoisOuvert)
def _ouvert(dossier: Dossier, fait: MoisOuvert) -> Dossier:
    interrompu = terminer(dossier, Issue.REMPLACEE)
    delai = Delai(len(dossier.delais) + 1, fait.departement, fait.notifiee_le, fait.est_en_retard)
    return replace(interrompu, delais=(*interrompu.delais, delai))


@repli(SignatureRattachee)
def _rattachee(dossier: Dossier, fait: SignatureRattachee) -> Dossier:
    signe = sur(dossier, fait.contrat_id, lambda contrat: replace(contrat, est_hors_delai=fait.est_hors_delai))
    return terminer(signe, Issue.SIGNEE, fait.le)


@regle(SIGNATURE)
def constater_le_retard(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    """Once per notification."""
    dossier: Dossier = situation.dossier
    delai, attendu = dossier.delai, dossier.en_attente
    if delai is None or delai.numero != recu.data or delai.est_en_retard or dossier.est_clos:
        return Attente("mois sans échéance")
    due_le = date_de_signature_due(delai.notifiee_le)
    if maintenant < apres_le(delai.departement, due_le):
        return Attente("échéance à venir")
    retard = v1.EngagementRetard(
        contrat_id=attendu.id if attendu else None, date_notification=delai.notifiee_le, date_echeance=due_le
    )
    return [Dit(dossier.parcours, dossier.departement, retard, None)]


@repli(v1.EngagementRetard)
def _en_retard(dossier: Dossier, _: Dit[v1.EngagementRetard, None]) -> Dossier:
    return _sur_le_delai(dossier, lambda delai: replace(delai, est_en_retard=True))


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    """The end of the month, the first day of a contract that was signed before it."""
    delai, a_venir = dossier.delai, dossier.a_venir
    if delai and not delai.est_en_retard:
        due_a = apres_le(delai.departement, date_de_signature_due(delai.notifiee_le))
        yield Echeance(dossier.parcours, f"{SIGNATURE}-{delai.numero}", due_a)
    if a_venir:
        due_a = debut_du_jour(dossier.departement, a_venir.contenu.date_debut)
        yield Echeance(dossier.parcours, f"{DEBUT}-{a_venir.numero}", due_a)


def est_hors_delai(notifiee_le: date, signe_le: date) -> bool:
    """Whether the signature is late. The law does not void a late one. Without a notification no month runs."""
    return signe_le > date_de_signature_due(notifiee_le)


def terminer(dossier: Dossier, issue: Issue, signe_le: date | None = None) -> Dossier:
    """The dossier with the month that runs, if there is one, ended."""
    return _sur_le_delai(dossier, lambda delai: replace(delai, issue=issue, signe_le=signe_le))


def _sur_le_delai(dossier: Dossier, changer: Callable[[Delai], Delai]) -> Dossier:
    if dossier.delai is None:
        return dossier
    return replace(dossier, delais=(*dossier.delais[:-1], changer(dossier.delai)))


def _refus_de_signature(dossier: Dossier, contrat: Contrat) -> Refus | None:
    if contrat.etat is EtatContrat.SIGNE:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    en_vigueur = dossier.en_vigueur
    if contrat.etat is EtatContrat.CLOS or (en_vigueur and en_vigueur.etat is EtatContrat.SUSPENDU):
        return etat_interdit(contrat if contrat.etat is EtatContrat.CLOS else en_vigueur or contrat)
    if dossier.orientation is None:
        return Refus("orientation-prealable-obligatoire", "/subject")
    if dossier.referent is not StatutReferent.ACTIF:
        return Refus("referent-obligatoire", "/subject", {"referent": dossier.referent or "aucun"})
    return None


def _peut_tomber(refus: Refus, contrat: Contrat, le: date) -> bool:
    """Whether an event on its way may lift the refusal: orientation, référent, or the new decision that asks for it."""
    if contrat.etat is EtatContrat.SIGNE:
        return contrat.signe_le is not None and le > contrat.signe_le
    return refus.code in {"orientation-prealable-obligatoire", "referent-obligatoire"}
