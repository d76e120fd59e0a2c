"""The life of a contract: proposed, refused, reviewed, closed, put back to be signed.

At most one contract is in force (signed or suspended) and one waits for its signature (to be signed or refused).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import delais
from relais_contrats.v1 import engagements as v1
from services.engagements.domain import reexamen
from services.engagements.domain.annulation import annulable
from services.engagements.domain.contenu import Auteur, Bilan, Contenu
from services.engagements.domain.delai import refus_de_date
from services.engagements.domain.dossier import Cause, Contrat, Dossier, EtatContrat
from services.engagements.domain.regles import Dit, Recu, Situation, regle, repli

MOTIF_REMPLACE = "Remplacé par un autre contrat proposé."
MOTIF_A_RESIGNER = "Le contrat en vigueur est à signer de nouveau."

Decision: TypeAlias = Sequence[Any] | Refus | Attente


@dataclass(frozen=True, slots=True)
class ResignatureDifferee:
    """A suspended contract is to be signed again, once it is resumed."""

    parcours: UUID
    contrat_id: str
    cause: Cause


@regle(v1.ContratPropose)
@annulable
def proposer(situation: Situation, recu: Recu[v1.ContratPropose], _: datetime) -> Decision:
    """A proposal takes the place of the one that waits. Under the key of the signed contract, it changes it."""
    dossier: Dossier = situation.dossier
    contenu, recu_le = Contenu.lu(recu.data), jour_legal(dossier.departement, recu.recu_a)
    limite = delais.DEBUT_DU_CONTRAT.fin(recu_le)
    if contenu.date_debut > limite:
        return Refus("dates-incoherentes", "/data/date_debut", {"au_plus_tard": limite.isoformat()})
    connu, en_vigueur = dossier.contrat(contenu.contrat_id), dossier.en_vigueur
    if connu and (connu.etat is EtatContrat.CLOS or connu.contenu == contenu):
        return Refus("deja-traite", "/data/contrat_id", {"etat": connu.etat})
    if en_vigueur and en_vigueur.etat is EtatContrat.SUSPENDU:
        return Refus("etat-interdit", "/type", {"etat": en_vigueur.etat, "attendu": "contrat.repris"})
    propose = Dit(dossier.parcours, dossier.departement, recu.data, Auteur(recu.auteur, recu.role))
    if connu and connu is dossier.a_venir:
        return [*remis_a_signer(dossier, connu, Cause.MODIFICATION, recu_le), propose]
    if connu and connu is en_vigueur:
        return [*resigner(dossier, Cause.MODIFICATION, recu_le), propose]
    remplace = dossier.en_attente
    return [propose] if remplace is None or remplace is connu else [clos(dossier, remplace, recu_le), propose]


@repli(v1.ContratPropose, garde=Auteur)
def _propose(dossier: Dossier, fait: Dit[v1.ContratPropose, Auteur]) -> Dossier:
    """A new contract, or the new content of the one of that key that is not closed."""
    contenu = Contenu.lu(fait.data)
    connu = next((contrat for contrat in dossier.vivants if contrat.id == contenu.contrat_id), None)
    if connu:
        return remplacer(dossier, replace(a_signer(connu), contenu=contenu, proposeur=fait.garde))
    nouveau = Contrat(len(dossier.contrats) + 1, contenu, fait.garde)
    return replace(dossier, contrats=(*dossier.contrats, nouveau))


@regle(v1.ContratRefuse)
@annulable
def refuser(situation: Situation, recu: Recu[v1.ContratRefuse], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    contrat = nomme(dossier, recu)
    if not isinstance(contrat, Contrat):
        return contrat
    if contrat.etat is EtatContrat.REFUSE:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if contrat.etat is not EtatContrat.A_SIGNER:
        return etat_interdit(contrat)
    le = recu.data.date_refus
    if refus := refus_de_date(dossier, le, "/data/date_refus", recu.recu_a, depuis=contrat.signe_le):
        return refus
    return [Dit(dossier.parcours, dossier.departement, recu.data, None)]


@repli(v1.ContratRefuse)
def _refuse(dossier: Dossier, fait: Dit[v1.ContratRefuse, None]) -> Dossier:
    le, motif = fait.data.date_refus, fait.data.motif
    return sur(
        dossier, fait.data.contrat_id, lambda c: replace(c, etat=EtatContrat.REFUSE, refuse_le=le, motif_refus=motif)
    )


@regle(v1.ContratClos)
@annulable
def clore(situation: Situation, recu: Recu[v1.ContratClos], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    contrat = nomme(dossier, recu)
    if not isinstance(contrat, Contrat):
        return contrat
    if contrat.etat is EtatContrat.CLOS:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if refus := refus_de_date(dossier, recu.data.date, "/data/date", recu.recu_a, depuis=contrat.signe_le):
        return refus
    return [Dit(dossier.parcours, dossier.departement, recu.data, None)]


def clos(dossier: Dossier, contrat: Contrat, le: date, motif: str = MOTIF_REMPLACE) -> Dit[v1.ContratClos, None]:
    data = v1.ContratClos(contrat_id=contrat.id, date=le, motif=motif)
    return Dit(dossier.parcours, dossier.departement, data, None)


def clore_tous(dossier: Dossier, le: date, motif: str) -> Sequence[Any]:
    """An end that comes from elsewhere: never before the signature."""
    return [clos(dossier, contrat, max(le, contrat.signe_le or le), motif) for contrat in dossier.vivants]


@repli(v1.ContratClos)
def _clos(dossier: Dossier, fait: Dit[v1.ContratClos, None]) -> Dossier:
    le, motif = fait.data.date, fait.data.motif
    return sur(
        dossier,
        fait.data.contrat_id,
        lambda c: replace(c, etat=EtatContrat.CLOS, est_a_venir=False, clos_le=le, motif_cloture=motif),
    )


@regle(v1.ContratBilan)
def faire_bilan(situation: Situation, recu: Recu[v1.ContratBilan], maintenant: datetime) -> Decision:
    """Of a contract that was signed, also after its end. It may be the re-examination that was awaited."""
    dossier: Dossier = situation.dossier
    contrat = nomme(dossier, recu)
    if not isinstance(contrat, Contrat):
        return contrat
    if contrat.signe_le is None:
        return etat_interdit(contrat)
    if refus := refus_de_date(dossier, recu.data.date, "/data/date", recu.recu_a):
        return refus
    return [*reexamen.faire(dossier, recu.data.date), Dit(dossier.parcours, dossier.departement, recu.data, None)]


@repli(v1.ContratBilan)
def _bilan(dossier: Dossier, fait: Dit[v1.ContratBilan, None]) -> Dossier:
    bilan = Bilan.lu(fait.data)
    return sur(dossier, fait.data.contrat_id, lambda c: replace(c, bilans=(*c.bilans, bilan)))


def resigner(dossier: Dossier, cause: Cause, le: date) -> Sequence[Any]:
    """Return the facts by which contracts follow a new orientation, a transfer or an essential change."""
    contrat = dossier.courant
    if contrat is None or contrat.etat is EtatContrat.A_SIGNER:
        return []
    if contrat.etat is EtatContrat.SUSPENDU:
        return [ResignatureDifferee(dossier.parcours, contrat.id, cause)]
    return remis_a_signer(dossier, contrat, cause, le)


def remis_a_signer(dossier: Dossier, contrat: Contrat, cause: Cause, le: date) -> Sequence[Any]:
    """The renewals that wait beside it, for their signature or for their first day, have lost their object."""
    autres = [autre for autre in (dossier.en_attente, dossier.a_venir) if autre and autre is not contrat]
    closes = [clos(dossier, a, max(le, a.signe_le or le), MOTIF_A_RESIGNER) for a in autres]
    return [*closes, a_resigner(dossier, contrat.id, cause)]


def a_resigner(dossier: Dossier, contrat_id: str, cause: Cause) -> Dit[v1.ContratAResigner, None]:
    data = v1.ContratAResigner.model_validate({"contrat_id": contrat_id, "cause": cause})
    return Dit(dossier.parcours, dossier.departement, data, None)


@repli(v1.ContratAResigner)
def _a_resigner(dossier: Dossier, fait: Dit[v1.ContratAResigner, None]) -> Dossier:
    cause = Cause(fait.data.cause)
    return sur(dossier, fait.data.contrat_id, lambda c: replace(a_signer(c), cause=cause))


@repli(ResignatureDifferee)
def _differee(dossier: Dossier, fait: ResignatureDifferee) -> Dossier:
    return sur(dossier, fait.contrat_id, lambda c: replace(c, cause=fait.cause))


def nomme(dossier: Dossier, recu: Recu[Any]) -> Contrat | Attente:
    """Return the contract that a deposit names. A declared one may be named before this service reads of it."""
    inconnu = Refus("etat-interdit", "/data/contrat_id", {"attendu": "contrat.propose"})
    return dossier.contrat(recu.data.contrat_id) or Attente("reprise en route", inconnu)


def etat_interdit(contrat: Contrat) -> Refus:
    return Refus("etat-interdit", "/data/contrat_id", {"etat": contrat.etat})


def a_signer(contrat: Contrat) -> Contrat:
    return replace(contrat, etat=EtatContrat.A_SIGNER, est_a_venir=False, refuse_le=None, motif_refus=None)


def sur(dossier: Dossier, contrat_id: str, changer: Callable[[Contrat], Contrat]) -> Dossier:
    """The dossier with the contract of that key changed; as it is when there is none."""
    contrat = dossier.contrat(contrat_id)
    return remplacer(dossier, changer(contrat)) if contrat else dossier


def remplacer(dossier: Dossier, change: Contrat) -> Dossier:
    contrats = tuple(change if contrat.numero == change.numero else contrat for contrat in dossier.contrats)
    return replace(dossier, contrats=contrats)
