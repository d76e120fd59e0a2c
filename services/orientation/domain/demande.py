"""Before the decision: the request, the diagnostic, the recommendation, and France Travail taking over in the end."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from services.orientation.domain import faits, preconisation
from services.orientation.domain.delai import date_echeance, est_echue
from services.orientation.domain.dossier import Contrainte, Criteres, Demande, Dossier
from services.orientation.domain.messages import DelaiEcoule, DemanderOrientation, Preconiser, RealiserDiagnostic


def refus_de_demande(dossier: Dossier, recue_le: date) -> Refus | None:
    """One request waits at a time; after an orientation has ended, a later reception of the right opens another."""
    if dossier.ouverte or dossier.a_venir:
        return Refus("etat-interdit", "/type", {"etat": dossier.etat, "attendu": "reorientation.demandee"})
    precedente = dossier.demandes[-1] if dossier.demandes else None
    if precedente and (precedente.issue is None or recue_le <= precedente.recue_le):
        return Refus("deja-traite", "/data/date_reception", {"date_reception": precedente.recue_le.isoformat()})
    return None


def demander(dossier: Dossier, message: DemanderOrientation) -> Sequence[faits.Fait] | Refus:
    """To ask is to state that the département received the right: from now on it is the one that orients."""
    aujourd_hui = jour_legal(dossier.departement, message.recu_a)
    if message.recue_le > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_reception", {"recu_le": aujourd_hui.isoformat()})
    if refus := refus_de_demande(dossier, message.recue_le):
        return refus
    demandee = faits.OrientationDemandee(dossier.parcours, dossier.departement, message.recue_le, message.motif)
    return [demandee] if dossier.brsa else [faits.DroitConnu(dossier.parcours, True), demandee]


def diagnostiquer(
    dossier: Dossier, regles: Sequence[preconisation.Regle], message: RealiserDiagnostic
) -> Sequence[faits.Fait]:
    """Record the diagnostic; once it is complete, recommend, and again each time that the criteria change."""
    realise = faits.DiagnosticRealise(dossier.parcours, dossier.departement, message.criteres, message.contraintes)
    return [realise, *recommander(dossier, completer(dossier.criteres, message.criteres), regles)]


def recommander(
    dossier: Dossier, criteres: Criteres, regles: Sequence[preconisation.Regle]
) -> Sequence[faits.OrientationPreconisee]:
    """The recommendation that these criteria now lead to, when it is not the one that stands."""
    calculee = preconisation.preconiser(criteres, regles)
    if calculee is None or calculee == dossier.preconisation or not _merite_un_calcul(dossier, criteres):
        return []
    return [faits.OrientationPreconisee(dossier.parcours, dossier.departement, calculee)]


def _merite_un_calcul(dossier: Dossier, criteres: Criteres) -> bool:
    """Unchanged criteria do not set aside what a professional recommended since; nobody who objects is profiled."""
    if dossier.est_oppose:
        return False
    return criteres != dossier.criteres or dossier.preconisation is None or dossier.preconisation.est_calculee


def preconiser(dossier: Dossier, message: Preconiser) -> Sequence[faits.Fait]:
    return [faits.OrientationPreconisee(dossier.parcours, dossier.departement, message.preconisation)]


def dessaisir(dossier: Dossier, message: DelaiEcoule, maintenant: datetime) -> Sequence[faits.Fait] | Attente:
    """Once per request. What has no object any more leaves no trace: a due date is derived again from the state."""
    demande = dossier.demande
    if demande is None or demande.numero != message.numero or not attend_son_echeance(dossier, demande):
        return Attente("demande sans échéance")
    if not est_echue(demande, maintenant):
        return Attente("échéance à venir")
    return [dessaisie(dossier, demande)]


def attend_son_echeance(dossier: Dossier, demande: Demande) -> bool:
    return dossier.brsa and not demande.est_dessaisie and not dossier.est_clos


def dessaisie(dossier: Dossier, demande: Demande) -> faits.OrientationDessaisie:
    return faits.OrientationDessaisie(
        dossier.parcours, dossier.departement, demande.recue_le, date_echeance(demande.recue_le)
    )


def completer(connus: Criteres, nouveaux: Criteres) -> Criteres:
    return {**connus, **nouveaux}


def completer_contraintes(connues: Iterable[Contrainte], nouvelles: Iterable[Contrainte]) -> tuple[Contrainte, ...]:
    """The latest state of each element of the reference, in a stable order."""
    par_cle = {contrainte.cle: contrainte for contrainte in (*connues, *nouvelles)}
    return tuple(par_cle[cle] for cle in sorted(par_cle))
