"""The messages of the brique as its rules receive them, made of the nouns of the domain: one function for each."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from relais_contrats.v1 import referents as contrat
from services.dossiers.regles import Dit, Recu
from services.referents.domain.dossier import Accompagnant, Affectation, Orientation, RdvSuivi, RendezVous, Structure

CD = "/partenaires/cd-59"
Message: TypeAlias = Recu[Any]
JAMAIS = datetime(2020, 1, 1, tzinfo=UTC)


def depose(
    parcours: UUID, data: Any, recu_a: datetime = JAMAIS, *, par: str = CD, role: str = "departement"
) -> Recu[Any]:
    return Recu("", parcours, "59", data, UUID(int=1), par, role, recu_a)


def dit(
    type_: str,
    parcours: UUID,
    departement: str,
    data: Any,
    *,
    absorbes: tuple[UUID, ...] = (),
    par: str = "/services/x",
) -> Recu[Any]:
    id_ = UUID(int=2)
    return Recu(type_, parcours, departement, data, id_, par, "hub", JAMAIS, absorbes=absorbes, nature="evenement")


def est(fait: Any, modele: type) -> bool:
    """Whether partners hear this fact as a message of that model."""
    return isinstance(fait, Dit) and isinstance(fait.data, modele)


def natures(faits: Sequence[Any]) -> list[str]:
    return [type(fait.data if isinstance(fait, Dit) else fait).__name__ for fait in faits]


def DesignerReferent(parcours: UUID, affectation: Affectation, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, affectation.dite(), recu_a)


def AccepterReferent(parcours: UUID, motif: str | None, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.ReferentAccepte(motif=motif), recu_a)


def DeclinerReferent(parcours: UUID, motif: str) -> Recu[Any]:
    return depose(parcours, contrat.ReferentDecline(motif=motif))


def RemplacerReferent(parcours: UUID, date_fin: date, motif: str, nouvelle: Affectation, recu_a: datetime) -> Recu[Any]:
    nouveau = nouvelle.dite().model_dump()
    data = contrat.ReferentRemplace.model_validate({"date_fin": date_fin, "motif": motif, "nouveau": nouveau})
    return depose(parcours, data, recu_a)


def TerminerReferent(parcours: UUID, date_fin: date, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.ReferentTermine(date_fin=date_fin, motif=motif), recu_a)


def AnnulerReferent(parcours: UUID, auteur: str, role: str, annule: UUID, motif: str, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.ReferentAnnule(annule=str(annule), motif=motif), recu_a, par=auteur, role=role)


def AjouterAccompagnant(parcours: UUID, accompagnant: Accompagnant, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, accompagnant.dit(), recu_a)


def RetirerAccompagnant(
    parcours: UUID, agent: str, structure: Structure, date_fin: date, motif: str | None, recu_a: datetime
) -> Recu[Any]:
    data = {"identifiant_agent": agent, "structure": asdict(structure), "date_fin": date_fin, "motif": motif}
    return depose(parcours, contrat.AccompagnantRetire.model_validate(data), recu_a)


def PlanifierRdv(parcours: UUID, rdv: RendezVous, organisateur: str) -> Recu[Any]:
    return depose(parcours, contrat.RdvPlanifie.model_validate(asdict(rdv)), par=organisateur)


def ModifierRdv(parcours: UUID, rdv: RendezVous) -> Recu[Any]:
    return depose(parcours, contrat.RdvModifie.model_validate(asdict(rdv)))


def AnnulerRdv(parcours: UUID, rdv: RendezVous) -> Recu[Any]:
    annule = rdv if rdv.annule_par else replace(rdv, annule_par="usager")
    return depose(parcours, contrat.RdvAnnule.model_validate(asdict(annule)))


def ConstaterRdv(parcours: UUID, rdv: RendezVous, recu_a: datetime) -> Recu[Any]:
    return depose(parcours, contrat.RdvConstate.model_validate(asdict(rdv)), recu_a)


def ParcoursOuvert(parcours: UUID, departement: str) -> Recu[Any]:
    """What opens a dossier and changes nothing else."""
    return dit("parcours.transfere", parcours, departement, {"departement_nouveau": departement})


def ParcoursTransfere(parcours: UUID, departement: str) -> Recu[Any]:
    return dit("parcours.transfere", parcours, departement, {"departement_nouveau": departement})


def UsagerFusionne(conserve: UUID, departement: str, absorbes: tuple[UUID, ...]) -> Recu[Any]:
    return dit("usager.fusionne", conserve, departement, {}, absorbes=absorbes)


def ParcoursClos(parcours: UUID, date_fin: date, motif: str) -> Recu[Any]:
    return dit("parcours.clos", parcours, "59", {"date_fin": date_fin.isoformat(), "motif": motif})


def orientation_json(orientation: Orientation) -> dict[str, Any]:
    return {
        "rang": orientation.rang,
        "structure": asdict(orientation.structure),
        "date_decision": orientation.decidee_le.isoformat(),
        "date_debut": orientation.debut.isoformat(),
        "date_fin": orientation.fin.isoformat() if orientation.fin else None,
        "est_reprise": orientation.est_reprise,
    }


def OrientationDecidee(parcours: UUID, departement: str, orientation: Orientation) -> Recu[Any]:
    return dit("orientation.decidee", parcours, departement, orientation_json(orientation))


def OrientationClose(parcours: UUID, date_fin: date) -> Recu[Any]:
    return dit("orientation.close", parcours, "59", {"date_fin": date_fin.isoformat(), "motif": "Fin."})


def OrientationAnnulee(parcours: UUID, rang: int, retablie: Orientation | None) -> Recu[Any]:
    dite = orientation_json(retablie) if retablie else None
    return dit(
        "orientation.annulee", parcours, retablie.departement if retablie else "59", {"rang": rang, "retablie": dite}
    )


def RepriseDeclaree(
    parcours: UUID,
    departement: str,
    orientation: Orientation | None,
    affectation: Affectation | None,
    rdvs: Sequence[RdvSuivi],
) -> Recu[Any]:
    recue_a = next((suivi.constate_a.isoformat() for suivi in rdvs if suivi.constate_a), None)
    data = {
        "orientation": orientation_json(orientation) if orientation else None,
        "referent": affectation.dite().en_json() if affectation else None,
        "rdv": [contrat.RendezVous.model_validate(asdict(suivi.rendez_vous)).en_json() for suivi in rdvs],
        "recue_a": recue_a,
    }
    return dit("reprise.declaree", parcours, departement, data, par=CD)


def ContratSigne(parcours: UUID, depot: UUID, evenement: UUID) -> Recu[Any]:
    return replace(dit("contrat.signe", parcours, "59", {}, par=CD), cause=depot, id=evenement)


def ContratAnnule(parcours: UUID, annule: UUID) -> Recu[Any]:
    return dit("contrat.annule", parcours, "59", {"annule": str(annule)})


def EffetAtteint(parcours: UUID, jour: date) -> Recu[Any]:
    return replace(dit("effet", parcours, "59", jour.toordinal()), nature="echeance")
