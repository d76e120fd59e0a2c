"""The life of a contract: proposed, signed or refused, suspended, resumed, reviewed, closed, signed again.

At most one contract is in force (signed or suspended) and one waits for its signature (to be signed or refused).
"""

from collections.abc import Sequence
from datetime import date, datetime

from chassis.decision import EN_ROUTE, Attente, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import delais
from services.engagements.domain import faits, reexamen
from services.engagements.domain.dates import refus_de_date
from services.engagements.domain.delai import (
    MOIS_AVANT_LE_DEBUT,
    UN_JOUR,
    apres_le,
    date_d_attente_de_la_reprise,
    date_de_fin_de_suspension,
    date_de_signature_due,
)
from services.engagements.domain.dossier import (
    Cause,
    Contenu,
    Contrat,
    Delai,
    Dossier,
    Etape,
    EtatContrat,
    StatutReferent,
)
from services.engagements.domain.messages import (
    CloreContrat,
    ContratDebute,
    FaireBilan,
    MoisEcoule,
    ProposerContrat,
    RefuserContrat,
    ReprendreContrat,
    SignerContrat,
    SuspendreContrat,
    SuspensionEchue,
)

MOTIF_REMPLACE = "Remplacé par un autre contrat proposé."
MOTIF_RENOUVELE = "Remplacé par le contrat qui vient d'être signé."
MOTIF_A_RESIGNER = "Le contrat en vigueur est à signer de nouveau."
MOTIF_SUSPENSION = "Douze mois de suspension."

Decision = Sequence[faits.Fait] | Refus | Attente


def proposer(dossier: Dossier, message: ProposerContrat) -> Sequence[faits.Fait] | Refus:
    """A proposal takes the place of the one that waits. Under the key of the signed contract, it changes it."""
    contenu, recu_le = message.contenu, jour_legal(dossier.departement, message.recu_a)
    if refus := _refus_de_contenu(contenu, recu_le):
        return refus
    connu, en_vigueur = dossier.contrat(contenu.contrat_id), dossier.en_vigueur
    if connu and (connu.etat is EtatContrat.CLOS or connu.contenu == contenu):
        return Refus("deja-traite", "/data/contrat_id", {"etat": connu.etat})
    if en_vigueur and en_vigueur.etat is EtatContrat.SUSPENDU:
        return Refus("etat-interdit", "/type", {"etat": en_vigueur.etat, "attendu": "contrat.repris"})
    propose = faits.ContratPropose(dossier.parcours, dossier.departement, contenu, message.auteur)
    if connu and connu is dossier.a_venir:
        return [*_remis_a_signer(dossier, connu, Cause.MODIFICATION, recu_le), propose]
    if connu and connu is en_vigueur:
        return [*resigner(dossier, Cause.MODIFICATION, recu_le), propose]
    remplace = dossier.en_attente
    return [propose] if remplace is None or remplace is connu else [_clos(dossier, remplace, recu_le), propose]


def _refus_de_contenu(contenu: Contenu, recu_le: date) -> Refus | None:
    if not contenu.engagements_usager:
        return Refus("schema-invalide", "/data/engagements_usager")
    if not contenu.engagements_organisme:
        return Refus("schema-invalide", "/data/engagements_organisme")
    limite = delais.decaler(recu_le, MOIS_AVANT_LE_DEBUT)
    if contenu.date_debut > limite:
        return Refus("dates-incoherentes", "/data/date_debut", {"au_plus_tard": limite.isoformat()})
    return None


def signer(dossier: Dossier, message: SignerContrat, maintenant: datetime) -> Decision:
    """Needs an open orientation and an active référent. Later than the month, it is recorded so, not refused."""
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if refus := _refus_de_signature(dossier, contrat, message):
        est_recent = maintenant - (message.tour_a or message.recu_a) < EN_ROUTE
        return Attente(refus.code) if est_recent and _peut_tomber(refus, contrat, message) else refus
    depuis = [jour for jour in (contrat.signe_le, dossier.orientation and dossier.orientation.decidee_le) if jour]
    if refus := refus_de_date(
        dossier, message.le, "/data/date_signature", message.recu_a, depuis=max(depuis, default=None)
    ):
        return refus
    debut, precedent = contrat.contenu.date_debut, dossier.en_vigueur
    effet = debut if precedent and debut > jour_legal(dossier.departement, message.recu_a) else None
    signe = faits.ContratSigne(
        dossier.parcours,
        dossier.departement,
        contrat.id,
        message.le,
        message.signataires,
        dossier.delai is not None and est_hors_delai(dossier.delai.notifiee_le, message.le),
        effet,
    )
    remplaces = [dossier.a_venir] if effet else [precedent, dossier.a_venir]
    return [*(_clos(dossier, remplace, message.le, MOTIF_RENOUVELE) for remplace in remplaces if remplace), signe]


def commencer(dossier: Dossier, message: ContratDebute, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    """It takes the place of the one in force, which ends the day before."""
    attendu, precedent = dossier.a_venir, dossier.en_vigueur
    if attendu is None or attendu.numero != message.numero or dossier.est_clos:
        return Attente("contrat sans premier jour")
    debut = attendu.contenu.date_debut
    if maintenant < debut_du_jour(dossier.departement, debut):
        return Attente("premier jour à venir")
    commence = faits.ContratCommence(dossier.parcours, attendu.id, message.echeance)
    if precedent is None:
        return [commence]
    clos = _clos(dossier, precedent, debut - UN_JOUR, MOTIF_RENOUVELE)
    if precedent.cause is None:
        return [commence, clos]
    return [commence, clos, faits.ContratAResigner(dossier.parcours, dossier.departement, attendu.id, precedent.cause)]


def est_hors_delai(notifiee_le: date, signe_le: date) -> bool:
    """The law does not void a late signature: it is said, that is all. Without a notification no month runs."""
    return signe_le > date_de_signature_due(notifiee_le)


def _refus_de_signature(dossier: Dossier, contrat: Contrat, message: SignerContrat) -> Refus | None:
    if contrat.etat is EtatContrat.SIGNE:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    en_vigueur = dossier.en_vigueur
    if contrat.etat is EtatContrat.CLOS or (en_vigueur and en_vigueur.etat is EtatContrat.SUSPENDU):
        return _etat_interdit(contrat if contrat.etat is EtatContrat.CLOS else en_vigueur or contrat)
    if dossier.orientation is None:
        return Refus("orientation-prealable-obligatoire", "/subject")
    if dossier.referent is not StatutReferent.ACTIF:
        return Refus("referent-obligatoire", "/subject", {"referent": dossier.referent or "aucun"})
    return None


def _peut_tomber(refus: Refus, contrat: Contrat, message: SignerContrat) -> bool:
    """Whether an event on its way may lift the refusal: orientation, référent, or the new decision that asks for it."""
    if contrat.etat is EtatContrat.SIGNE:
        return contrat.signe_le is not None and message.le > contrat.signe_le
    return refus.code in {"orientation-prealable-obligatoire", "referent-obligatoire"}


def refuser(dossier: Dossier, message: RefuserContrat) -> Sequence[faits.Fait] | Refus:
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if contrat.etat is EtatContrat.REFUSE:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if contrat.etat is not EtatContrat.A_SIGNER:
        return _etat_interdit(contrat)
    if refus := refus_de_date(dossier, message.le, "/data/date_refus", message.recu_a, depuis=contrat.signe_le):
        return refus
    return [faits.ContratRefuse(dossier.parcours, dossier.departement, contrat.id, message.le, message.motif)]


def suspendre(dossier: Dossier, message: SuspendreContrat) -> Sequence[faits.Fait] | Refus:
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if contrat.etat is EtatContrat.SUSPENDU:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if contrat.etat is not EtatContrat.SIGNE or contrat.est_a_venir:
        return _etat_interdit(contrat)
    reprises = [suspension.reprise for suspension in contrat.suspensions if suspension.reprise]
    depuis = max([contrat.signe_le or date.min, *reprises])
    if refus := refus_de_date(dossier, message.le, "/data/date", message.recu_a, depuis=depuis):
        return refus
    qui, recue_le = (dossier.parcours, dossier.departement), jour_legal(dossier.departement, message.recu_a)
    return [faits.ContratSuspendu(*qui, contrat.id, message.le, message.motif, recue_le)]


def reprendre(dossier: Dossier, message: ReprendreContrat) -> Sequence[faits.Fait] | Refus:
    """Back to what it was; if the orientation or the département changed meanwhile, it is then to be signed again."""
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if contrat.suspension is None:
        return _etat_interdit(contrat)
    if refus := refus_de_date(dossier, message.le, "/data/date", message.recu_a, depuis=contrat.suspension.debut):
        return refus
    limite = date_de_fin_de_suspension(contrat.suspension.debut)
    if message.le > limite:
        return Refus("dates-incoherentes", "/data/date", {"au_plus_tard": limite.isoformat()})
    repris = faits.ContratRepris(dossier.parcours, dossier.departement, contrat.id, message.le, message.motif)
    if contrat.cause is None:
        return [repris]
    return [repris, *_remis_a_signer(dossier, contrat, contrat.cause, message.le)]


def clore(dossier: Dossier, message: CloreContrat) -> Sequence[faits.Fait] | Refus:
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if contrat.etat is EtatContrat.CLOS:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if refus := refus_de_date(dossier, message.le, "/data/date", message.recu_a, depuis=contrat.signe_le):
        return refus
    return [_clos(dossier, contrat, message.le, message.motif)]


def faire_bilan(dossier: Dossier, message: FaireBilan) -> Sequence[faits.Fait] | Refus:
    """Of a contract that was signed, also after its end. It may be the re-examination that was awaited."""
    contrat = _nomme(dossier, message.contrat_id)
    if isinstance(contrat, Refus):
        return contrat
    if contrat.signe_le is None:
        return _etat_interdit(contrat)
    if refus := refus_de_date(dossier, message.bilan.date, "/data/date", message.recu_a):
        return refus
    bilan = faits.ContratBilan(dossier.parcours, dossier.departement, contrat.id, message.bilan)
    return [*reexamen.faire(dossier, message.bilan.date), bilan]


def resigner(dossier: Dossier, cause: Cause, le: date) -> Sequence[faits.Fait]:
    """What a new orientation, a transfer or an essential change does to the contracts of the parcours."""
    contrat = dossier.courant
    if contrat is None or contrat.etat is EtatContrat.A_SIGNER:
        return []
    if contrat.etat is EtatContrat.SUSPENDU:
        return [faits.ResignatureDifferee(dossier.parcours, contrat.id, cause)]
    return _remis_a_signer(dossier, contrat, cause, le)


def _remis_a_signer(dossier: Dossier, contrat: Contrat, cause: Cause, le: date) -> Sequence[faits.Fait]:
    """The renewals that wait beside it, for their signature or for their first day, have lost their object."""
    autres = [autre for autre in (dossier.en_attente, dossier.a_venir) if autre and autre is not contrat]
    a_resigner = faits.ContratAResigner(dossier.parcours, dossier.departement, contrat.id, cause)
    return [*(_clos(dossier, a, max(le, a.signe_le or le), MOTIF_A_RESIGNER) for a in autres), a_resigner]


def clore_tous(dossier: Dossier, le: date, motif: str) -> Sequence[faits.Fait]:
    """An end that comes from elsewhere: never before the signature."""
    return [_clos(dossier, contrat, max(le, contrat.signe_le or le), motif) for contrat in dossier.vivants]


def attend_sa_signature(dossier: Dossier, delai: Delai) -> bool:
    return not delai.est_en_retard and not dossier.est_clos


def constater_le_retard(dossier: Dossier, message: MoisEcoule, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    """Once per notification."""
    delai = dossier.delai
    if delai is None or delai.numero != message.numero or not attend_sa_signature(dossier, delai):
        return Attente("mois sans échéance")
    due_le, attendu = date_de_signature_due(delai.notifiee_le), dossier.en_attente
    if maintenant < apres_le(delai.departement, due_le):
        return Attente("échéance à venir")
    contrat_id = attendu.id if attendu else None
    return [faits.EngagementRetard(dossier.parcours, dossier.departement, contrat_id, delai.notifiee_le, due_le)]


def constater_la_fin(
    dossier: Dossier, message: SuspensionEchue, maintenant: datetime
) -> Sequence[faits.Fait] | Attente:
    """As of its twelve months, also when they were over before they were told."""
    contrat = dossier.en_vigueur
    if contrat is None or contrat.numero != message.numero or contrat.suspension is None:
        return Attente("contrat sans suspension")
    debut = contrat.suspension.debut
    if maintenant < apres_le(dossier.departement, date_d_attente_de_la_reprise(debut, contrat.suspension.recue_le)):
        return Attente("échéance à venir")
    etape = faits.EtapeFranchie(dossier.parcours, Etape("contrat.clos"))
    return [etape, _clos(dossier, contrat, date_de_fin_de_suspension(debut), MOTIF_SUSPENSION)]


def _nomme(dossier: Dossier, contrat_id: str) -> Contrat | Refus:
    attendu = Refus("etat-interdit", "/data/contrat_id", {"attendu": "contrat.propose"})
    return dossier.contrat(contrat_id) or attendu


def _etat_interdit(contrat: Contrat) -> Refus:
    return Refus("etat-interdit", "/data/contrat_id", {"etat": contrat.etat})


def _clos(dossier: Dossier, contrat: Contrat, le: date, motif: str = MOTIF_REMPLACE) -> faits.ContratClos:
    return faits.ContratClos(dossier.parcours, dossier.departement, contrat.id, le, motif)
