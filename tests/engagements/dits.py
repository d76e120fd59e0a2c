"""The messages and facts of the brique as its rules see them, made of the nouns of the domain: one function each."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeAlias
from uuid import UUID

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.v1 import engagements as v1
from services.dossiers.modele import NOMS
from services.dossiers.regles import Dit, Recu
from services.engagements.domain import reexamen, sanction, signature, suspension
from services.engagements.domain.annulation import EtapeFranchie
from services.engagements.domain.contenu import Auteur, Bilan, Contenu
from services.engagements.domain.dossier import (
    Cause,
    Contrat,
    Manquement,
    Mesure,
    Orientation,
    StatutReferent,
)

Message: TypeAlias = Recu[Any]
CD = Auteur("/partenaires/cd-59", "departement")
JAMAIS = datetime(2020, 1, 1, tzinfo=UTC)
DEPOT, EVENEMENT, SONNERIE = (UUID(int=number) for number in (0x901, 0x902, 0x903))


def depose(parcours: UUID, data: Any, recu_a: datetime = JAMAIS, par: Auteur = CD) -> Recu[Any]:
    return Recu(NOMS[type(data)], parcours, "59", data, DEPOT, par.partenaire, par.role, recu_a, dit_a=recu_a)


def dit(
    type_: str, parcours: UUID, departement: str, data: Any, *, le: date | None = None, absorbes: tuple[UUID, ...] = ()
) -> Recu[Any]:
    """`le`: the day on which it happened, in Paris."""
    dit_a = datetime.combine(le, time(12), UTC) if le else None
    par, nature = "/services/x", "evenement"
    return Recu(
        type_, parcours, departement, data, EVENEMENT, par, "hub", JAMAIS, dit_a, absorbes=absorbes, nature=nature
    )


def sonne(parcours: UUID, nature: str, numero: int, id_: UUID = SONNERIE) -> Recu[Any]:
    return Recu(nature, parcours, "59", numero, id_, "/services/horloge", "hub", JAMAIS, nature="echeance")


def natures(faits: Iterable[Any]) -> list[str]:
    """What was decided, without how the contracts were before it."""
    classes = [type(fait.data if isinstance(fait, Dit) else fait) for fait in faits]
    return [classe.__name__ for classe in classes if classe is not EtapeFranchie]


def selon(faits: Iterable[Any], *modeles: type) -> list[Any]:
    """Those of these facts that are told as one of these models."""
    return [fait for fait in faits if isinstance(fait, Dit) and isinstance(fait.data, modeles)]


def publies(faits: Iterable[Any]) -> list[Any]:
    """Those that partners hear."""
    return selon(faits, *(message.modele for message in CATALOGUE.values()))


def ContratAResigner(parcours: UUID, departement: str, contrat_id: str, cause: Cause) -> Any:
    data = {"contrat_id": contrat_id, "cause": cause}
    return Dit(parcours, departement, v1.ContratAResigner.model_validate(data), None)


def ContratClos(parcours: UUID, departement: str, contrat_id: str, le: date, motif: str) -> Any:
    return Dit(parcours, departement, v1.ContratClos(contrat_id=contrat_id, date=le, motif=motif), None)


def EngagementRetard(parcours: UUID, departement: str, contrat_id: str | None, notifiee_le: date, due_le: date) -> Any:
    data = v1.EngagementRetard(contrat_id=contrat_id, date_notification=notifiee_le, date_echeance=due_le)
    return Dit(parcours, departement, data, None)


def ReexamenDu(parcours: UUID, departement: str, depuis: date, due_le: date, mois: int, cause: str | None) -> Any:
    data = {"date_debut": depuis, "date_echeance": due_le, "duree_mois": mois, "cause": cause}
    return Dit(parcours, departement, v1.ReexamenDu.model_validate(data), None)


def LeveeEffective(parcours: UUID, departement: str, sanction_id: str, le: date) -> Any:
    return Dit(parcours, departement, sanction.LeveeEffective(sanction_id, le), None)


def ProposerContrat(parcours: UUID, auteur: Auteur, contenu: Contenu, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contenu.dit(), recu_a, auteur)


def SignerContrat(
    parcours: UUID, contrat_id: str, le: date, signataires: tuple[str, ...], recu_a: datetime
) -> Recu[Any]:
    data = {"contrat_id": contrat_id, "date_signature": le, "signataires": list(signataires)}
    return depose(parcours, v1.ContratSigne.model_validate(data), recu_a)


def RefuserContrat(parcours: UUID, contrat_id: str, le: date, motif: str | None, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, v1.ContratRefuse(contrat_id=contrat_id, date_refus=le, motif=motif), recu_a)


def SuspendreContrat(parcours: UUID, contrat_id: str, le: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, v1.ContratSuspendu(contrat_id=contrat_id, date=le, motif=motif), recu_a)


def ReprendreContrat(parcours: UUID, contrat_id: str, le: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, v1.ContratRepris(contrat_id=contrat_id, date=le, motif=motif), recu_a)


def CloreContrat(parcours: UUID, contrat_id: str, le: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, v1.ContratClos(contrat_id=contrat_id, date=le, motif=motif), recu_a)


def AnnulerContrat(parcours: UUID, auteur: Auteur, annule: UUID, motif: str) -> Recu[Any]:
    return depose(parcours, v1.ContratAnnule(annule=str(annule), motif=motif), par=auteur)


def FaireBilan(parcours: UUID, contrat_id: str, bilan: Bilan, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, bilan.dit(contrat_id), recu_a)


def SignalerManquement(parcours: UUID, manquement: Manquement, recu_a: datetime) -> Recu[Any]:
    brut = asdict(manquement)
    data = brut | {"date_constat": brut.pop("constate_le")}
    return depose(parcours, v1.ManquementSignale.model_validate(data), recu_a)


def ProposerSanction(parcours: UUID, mesure: Mesure, le: date, recu_a: datetime) -> Recu[Any]:
    data = asdict(mesure) | {"date_proposition": le}
    return depose(parcours, v1.SanctionProposee.model_validate(data), recu_a)


def DeciderSanction(parcours: UUID, mesure: Mesure, le: date, recu_a: datetime) -> Recu[Any]:
    data = asdict(mesure) | {"date_notification": le}
    return depose(parcours, v1.SanctionDecidee.model_validate(data), recu_a)


def LeverSanction(parcours: UUID, sanction_id: str, le: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, v1.SanctionLevee(sanction_id=sanction_id, date_effet=le, motif=motif), recu_a)


def ParcoursOuvert(parcours: UUID, departement: str) -> Recu[Any]:
    """What opens a dossier and changes nothing else."""
    return dit("parcours.transfere", parcours, departement, {"departement_nouveau": departement})


def ParcoursTransfere(parcours: UUID, departement: str) -> Recu[Any]:
    return dit("parcours.transfere", parcours, departement, {"departement_nouveau": departement})


def ParcoursClos(parcours: UUID, date_fin: date, motif: str) -> Recu[Any]:
    return dit("parcours.clos", parcours, "59", {"date_fin": date_fin.isoformat(), "motif": motif})


def UsagerFusionne(conserve: UUID, departement: str, absorbes: tuple[UUID, ...]) -> Recu[Any]:
    return dit("usager.fusionne", conserve, departement, {}, absorbes=absorbes)


def DiagnosticRealise(parcours: UUID, departement: str, criteres: Mapping[str, Any], le: date) -> Recu[Any]:
    return dit("diagnostic.realise", parcours, departement, {"criteres": dict(criteres)}, le=le)


def ReorientationDecidee(parcours: UUID, departement: str, le: date) -> Recu[Any]:
    return dit("reorientation.decidee", parcours, departement, {}, le=le)


def orientation_json(orientation: Orientation) -> dict[str, Any]:
    systeme, _, valeur = orientation.structure.partition(":")
    return {
        "parcours_type": orientation.parcours_type,
        "structure": {"systeme": systeme, "valeur": valeur, "nom": "Unité territoriale d'Exempleville"},
        "date_decision": orientation.decidee_le.isoformat(),
        "date_debut": orientation.debut.isoformat(),
    }


def OrientationDecidee(parcours: UUID, departement: str, orientation: Orientation) -> Recu[Any]:
    return dit("orientation.decidee", parcours, departement, orientation_json(orientation))


def OrientationNotifiee(parcours: UUID, departement: str, le: date) -> Recu[Any]:
    return dit("orientation.notifiee", parcours, departement, {"date_notification": le.isoformat()})


def OrientationClose(parcours: UUID, departement: str) -> Recu[Any]:
    return dit("orientation.close", parcours, departement, {"date_fin": "2026-12-01", "motif": "Fin."})


def OrientationAnnulee(parcours: UUID, departement: str, retablie: Orientation | None) -> Recu[Any]:
    dite = orientation_json(retablie) if retablie else None
    return dit("orientation.annulee", parcours, departement, {"retablie": dite, "etait_effective": True})


def ReferentChange(parcours: UUID, departement: str, statut: StatutReferent | None) -> Recu[Any]:
    types = {StatutReferent.PROPOSE: "referent.designe", StatutReferent.ACTIF: "referent.accepte"}
    return dit(types[statut] if statut else "referent.termine", parcours, departement, {})


def RepriseDeclaree(
    parcours: UUID,
    departement: str,
    orientation: Orientation | None,
    notifiee_le: date | None,
    reexamine_le: date | None,
    contrat: Contrat | None,
    recue_le: date,
    *,
    est_suivi: bool,
) -> Recu[Any]:
    data: dict[str, Any] = {"recue_a": datetime.combine(recue_le, time(9), UTC).isoformat(), "role": CD.role}
    if orientation:
        autres = {"date_notification": notifiee_le, "date_reexamen": reexamine_le}
        dites = {nom: le.isoformat() for nom, le in autres.items() if le}
        data["orientation"] = orientation_json(orientation) | dites
    if contrat:
        data["contrat"] = _contrat_json(contrat)
    if est_suivi:
        data["referent"] = {}
    return replace(dit("reprise.declaree", parcours, departement, data), auteur=CD.partenaire)


def _contrat_json(contrat: Contrat) -> dict[str, Any]:
    brut = contrat.contenu.dit().en_json()
    if contrat.signe_le:
        brut |= {"date_signature": contrat.signe_le.isoformat(), "signataires": list(contrat.signataires)}
    if contrat.suspension:
        brut["suspension"] = {"date": contrat.suspension.debut.isoformat(), "motif": contrat.suspension.motif}
    return brut


def MoisEcoule(parcours: UUID, numero: int) -> Recu[Any]:
    return sonne(parcours, signature.SIGNATURE, numero)


def ContratDebute(parcours: UUID, numero: int, echeance: UUID = SONNERIE) -> Recu[Any]:
    return sonne(parcours, signature.DEBUT, numero, echeance)


def ReexamenEchu(parcours: UUID) -> Recu[Any]:
    return sonne(parcours, reexamen.REEXAMEN, 0)


def SuspensionEchue(parcours: UUID, numero: int) -> Recu[Any]:
    return sonne(parcours, suspension.SUSPENSION, numero)


def LeveeAtteinte(parcours: UUID, numero: int) -> Recu[Any]:
    return sonne(parcours, sanction.LEVEE, numero)
