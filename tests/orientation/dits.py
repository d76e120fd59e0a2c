"""The messages of the brique as its rules receive them, made of the nouns of the domain: one function for each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from relais_contrats.exemples import exemple_valide
from relais_contrats.v1 import orientation as contrat
from relais_contrats.v1.reprise import RepriseDeclaree
from services.dossiers.regles import Dit, Recu
from services.orientation.domain.decision import (
    Auteur,
    Contestation,
    Decision,
    DemandeReorientation,
    Orientation,
    Structure,
)
from services.orientation.domain.dossier import Contrainte, Mot, Preconisation

CD = Auteur("/partenaires/cd-59", "departement")
DEPOT = UUID(int=1)
JAMAIS = datetime(2020, 1, 1, tzinfo=UTC)
Message: TypeAlias = Recu[Any]


class RdvDeclare(NamedTuple):
    rdv_id: str
    statut: str
    debut: datetime


def depose(
    parcours: UUID, data: Any, recu_a: datetime = JAMAIS, par: Auteur = CD, depot: UUID | None = None
) -> Recu[Any]:
    return Recu("", parcours, "59", data, depot or DEPOT, par.partenaire, par.role, recu_a)


def dit(
    type_: str,
    parcours: UUID,
    departement: str,
    data: Any,
    *,
    par: str = "/services/x",
    absorbes: tuple[UUID, ...] = (),
) -> Recu[Any]:
    id_ = UUID(int=2)
    return Recu(type_, parcours, departement, data, id_, par, "hub", JAMAIS, absorbes=absorbes, nature="evenement")


def sonne(nature: str, parcours: UUID, numero: int) -> Recu[Any]:
    return replace(dit(nature, parcours, "59", numero), nature="echeance")


def est(fait: Any, modele: type) -> bool:
    """Whether partners hear this fact as a message of that model."""
    return isinstance(fait, Dit) and isinstance(fait.data, modele)


def natures(faits: Sequence[Any]) -> list[str]:
    return [type(fait.data if isinstance(fait, Dit) else fait).__name__ for fait in faits]


def DemanderOrientation(parcours: UUID, recue_le: date, motif: str | None, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.OrientationDemandee(date_reception=recue_le, motif=motif), recu_a)


def RealiserDiagnostic(
    parcours: UUID, criteres: Mapping[str, str | bool | int], contraintes: tuple[Contrainte, ...]
) -> Recu[Any]:
    data = {"criteres": criteres, "contraintes_diagnostic": [asdict(contrainte) for contrainte in contraintes]}
    return depose(parcours, contrat.DiagnosticRealise.model_validate(data))


def Preconiser(parcours: UUID, preconisation: Preconisation) -> Recu[Any]:
    return depose(parcours, preconisation.dite())


def DeciderOrientation(
    parcours: UUID,
    auteur: Auteur,
    decision: Decision,
    contestation: Contestation | None,
    recu_a: datetime,
    depot: UUID | None = None,
) -> Recu[Any]:
    return depose(parcours, Orientation(decision, auteur, contestation).dite(), recu_a, auteur, depot)


def NotifierOrientation(parcours: UUID, auteur: Auteur, notifiee_le: date, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.OrientationNotifiee(date_notification=notifiee_le), recu_a, auteur)


def DemanderReorientation(parcours: UUID, demande: DemandeReorientation) -> Recu[Any]:
    return depose(parcours, demande.dite(), par=demande.demandeur)


def DeciderReorientation(
    parcours: UUID,
    auteur: Auteur,
    sens: str,
    motif: str | None,
    nouvelle: Decision | None,
    recu_a: datetime,
    depot: UUID | None = None,
) -> Recu[Any]:
    data = {"decision": sens, "motif": motif, "nouvelle_decision": asdict(nouvelle) if nouvelle else None}
    return depose(parcours, contrat.ReorientationDecidee.model_validate(data), recu_a, auteur, depot)


def AnnulerOrientation(parcours: UUID, auteur: Auteur, annule: UUID, motif: str) -> Recu[Any]:
    return depose(parcours, contrat.OrientationAnnulee(annule=str(annule), motif=motif), par=auteur)


def DeclarerReprise(
    parcours: UUID,
    auteur: Auteur,
    date_reprise: date,
    decision: Decision | None,
    referent: Structure | None,
    contrat_est_signe: bool | None,
    rdvs: Sequence[RdvDeclare],
    recu_a: datetime,
) -> Recu[Any]:
    exemple: dict[str, Any] = exemple_valide("reprise.declaree")["data"]
    signature = {"date_signature": date_reprise} if contrat_est_signe else {}
    propose = {nom: valeur for nom, valeur in exemple["contrat"].items() if nom not in SIGNATURE}
    data = {
        "date_reprise": date_reprise,
        "orientation": asdict(decision) if decision else None,
        "referent": exemple["referent"] | {"structure": asdict(referent)} if referent else None,
        "contrat": None if contrat_est_signe is None else propose | signature,
        "rdv": [RDV | _rdv(rdv) for rdv in rdvs] or None,
    }
    return depose(parcours, RepriseDeclaree.model_validate(data), recu_a, auteur)


SIGNATURE = ("date_signature", "signataires", "suspension")
RDV = {"motif": "accompagnement", "duree_min": 45, "modalite": "physique", "forme": "individuel"}


def _rdv(rdv: RdvDeclare) -> dict[str, Any]:
    return rdv._asdict() | ({"annule_par": "usager"} if rdv.statut == "annule" else {})


def CloreOrientation(parcours: UUID, auteur: Auteur, date_fin: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.OrientationClose(date_fin=date_fin, motif=motif), recu_a, auteur)


def ParcoursOuvert(parcours: UUID, departement: str) -> Recu[Any]:
    """What opens a dossier and changes nothing else."""
    return dit("parcours.transfere", parcours, departement, {"departement_nouveau": departement})


def UsagerSignale(
    parcours: UUID, departement: str, brsa: bool, droit_recu_le: date | None, recu_a: datetime, dit_a: datetime
) -> Recu[Any]:
    recue = {"date_reception_droit": droit_recu_le.isoformat()} if droit_recu_le else {}
    return replace(dit("usager.signale", parcours, departement, {"brsa": brsa} | recue), recu_a=recu_a, dit_a=dit_a)


def DroitsModifies(parcours: UUID, departement: str, brsa: bool, mot: Mot) -> Recu[Any]:
    dit_a, effet = mot
    data = {"etat_dossier": "2" if brsa else "6", "date_effet": effet.isoformat()}
    return replace(dit("droits.modifies", parcours, departement, data), dit_a=dit_a)


def UsagerFusionne(conserve: UUID, departement: str, absorbes: tuple[UUID, ...]) -> Recu[Any]:
    return dit("usager.fusionne", conserve, departement, {}, absorbes=absorbes)


def ParcoursTransfere(parcours: UUID, departement: str, date_effet: date) -> Recu[Any]:
    data = {"departement_nouveau": departement, "date_effet": date_effet.isoformat()}
    return dit("parcours.transfere", parcours, departement, data)


def ParcoursClos(parcours: UUID, date_fin: date, motif: str) -> Recu[Any]:
    return dit("parcours.clos", parcours, "59", {"date_fin": date_fin.isoformat(), "motif": motif})


def SuiteDonnee(
    parcours: UUID, type_: str, evenement: UUID, *, structure: Structure | None = None, depot: UUID | None = None
) -> Recu[Any]:
    data = {"structure": asdict(structure)} if structure else {}
    return replace(dit(type_, parcours, "59", data, par=CD.partenaire), id=evenement, cause=depot)


def RdvPlanifie(parcours: UUID, rdv_id: str) -> Recu[Any]:
    return dit("rdv.planifie", parcours, "59", {"rdv_id": rdv_id}, par=CD.partenaire)


def SuiteAnnulee(parcours: UUID, annule: UUID) -> Recu[Any]:
    return dit("contrat.annule", parcours, "59", {"annule": str(annule)})


def UsagerOppose(parcours: UUID) -> Recu[Any]:
    return dit("usager.oppose", parcours, "59", {})


def DelaiEcoule(parcours: UUID, numero: int) -> Recu[Any]:
    return sonne("delai", parcours, numero)


def TermeAtteint(parcours: UUID, rang: int) -> Recu[Any]:
    return sonne("terme", parcours, rang)


def PremierJour(parcours: UUID, rang: int) -> Recu[Any]:
    return sonne("premier-jour", parcours, rang)


def DroitEffectif(parcours: UUID, jour: date) -> Recu[Any]:
    return sonne("droit", parcours, jour.toordinal())
