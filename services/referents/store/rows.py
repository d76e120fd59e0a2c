"""Rows ⇄ domain objects of the five tables of a dossier, column by column and in one order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from chassis.database import Record
from services.referents.domain.delai import date_echeance, premier_rdv_le, referent_le
from services.referents.domain.dossier import (
    Accompagnant,
    Affectation,
    Designation,
    Dossier,
    Issue,
    Orientation,
    Professionnel,
    RdvSuivi,
    RendezVous,
    Statut,
    Structure,
)

Ligne: TypeAlias = tuple[Any, ...]

DOSSIER = "parcours, departement, est_clos, absorbe_par"
_STRUCTURE = "structure_systeme, structure_valeur, structure_nom"
_AGENT = "nom, prenom, courriel, telephone, identifiant_agent"
ORIENTATION = (
    f"parcours, rang, departement, {_STRUCTURE}, date_decision, date_debut, date_fin, est_close, "
    "date_echeance, referent_le, premier_rdv_le"
)
DESIGNATION = (
    f"parcours, numero, rang, {_AGENT}, {_STRUCTURE}, date_debut, designee_le, acceptee_le, issue, date_fin, motif_fin"
)
ACCOMPAGNANT = f"parcours, numero, {_AGENT}, {_STRUCTURE}, role, date_debut, date_fin, motif_fin"
RDV = (
    "parcours, rdv_id, numero, motif, debut, duree_min, modalite, forme, lieu, statut, annule_par, organisateur, rang, "
    "constate_a"
)


def lire_dossier(
    row: Record,
    orientations: Sequence[Orientation] = (),
    designations: Sequence[Designation] = (),
    accompagnants: Sequence[Accompagnant] = (),
    rendez_vous: Sequence[RdvSuivi] = (),
) -> Dossier:
    return Dossier(
        parcours=row["parcours"],
        departement=row["departement"],
        est_clos=row["est_clos"],
        absorbe_par=row["absorbe_par"],
        orientations=tuple(orientations),
        designations=tuple(designations),
        accompagnants=tuple(accompagnants),
        rendez_vous=tuple(rendez_vous),
    )


def lire_orientation(row: Record) -> Orientation:
    return Orientation(
        rang=row["rang"],
        departement=row["departement"],
        structure=_structure(row),
        decidee_le=row["date_decision"],
        debut=row["date_debut"],
        fin=row["date_fin"],
        est_close=row["est_close"],
    )


def lire_designation(row: Record) -> Designation:
    return Designation(
        numero=row["numero"],
        affectation=Affectation(_professionnel(row), _structure(row), row["date_debut"]),
        rang=row["rang"],
        designee_le=row["designee_le"],
        acceptee_le=row["acceptee_le"],
        issue=Issue(row["issue"]) if row["issue"] else None,
        fin=row["date_fin"],
        motif_fin=row["motif_fin"],
    )


def lire_accompagnant(row: Record) -> Accompagnant:
    return Accompagnant(
        professionnel=_professionnel(row),
        structure=_structure(row),
        role=row["role"],
        debut=row["date_debut"],
        fin=row["date_fin"],
        motif_fin=row["motif_fin"],
    )


def lire_rdv(row: Record) -> RdvSuivi:
    rendez_vous = RendezVous(
        rdv_id=row["rdv_id"],
        motif=row["motif"],
        debut=row["debut"],
        duree_min=row["duree_min"],
        modalite=row["modalite"],
        forme=row["forme"],
        lieu=row["lieu"],
        statut=Statut(row["statut"]),
        annule_par=row["annule_par"],
    )
    return RdvSuivi(rendez_vous, row["organisateur"], row["rang"], row["constate_a"])


def du_dossier(dossier: Dossier) -> Ligne:
    return (dossier.parcours, dossier.departement, dossier.est_clos, dossier.absorbe_par)


def des_orientations(dossier: Dossier) -> Iterable[Ligne]:
    """With what followed each of them, so that reads count without folding again."""
    for orientation in dossier.orientations:
        yield (
            dossier.parcours,
            orientation.rang,
            orientation.departement,
            *_de_la_structure(orientation.structure),
            orientation.decidee_le,
            orientation.debut,
            orientation.fin,
            orientation.est_close,
            date_echeance(orientation.decidee_le),
            referent_le(dossier, orientation),
            premier_rdv_le(dossier, orientation),
        )


def des_designations(dossier: Dossier) -> Iterable[Ligne]:
    for designation in dossier.designations:
        affectation = designation.affectation
        yield (
            dossier.parcours,
            designation.numero,
            designation.rang,
            *_du_professionnel(affectation.referent),
            *_de_la_structure(affectation.structure),
            affectation.debut,
            designation.designee_le,
            designation.acceptee_le,
            designation.issue,
            designation.fin,
            designation.motif_fin,
        )


def des_accompagnants(dossier: Dossier) -> Iterable[Ligne]:
    for numero, accompagnant in enumerate(dossier.accompagnants, 1):
        yield (
            dossier.parcours,
            numero,
            *_du_professionnel(accompagnant.professionnel),
            *_de_la_structure(accompagnant.structure),
            accompagnant.role,
            accompagnant.debut,
            accompagnant.fin,
            accompagnant.motif_fin,
        )


def des_rdvs(dossier: Dossier) -> Iterable[Ligne]:
    for numero, suivi in enumerate(dossier.rendez_vous, 1):
        rendez_vous = suivi.rendez_vous
        yield (
            dossier.parcours,
            rendez_vous.rdv_id,
            numero,
            rendez_vous.motif,
            rendez_vous.debut,
            rendez_vous.duree_min,
            rendez_vous.modalite,
            rendez_vous.forme,
            rendez_vous.lieu,
            rendez_vous.statut,
            rendez_vous.annule_par,
            suivi.organisateur,
            suivi.rang,
            suivi.constate_a,
        )


def _structure(row: Mapping[str, Any] | Record) -> Structure:
    return Structure(row["structure_systeme"], row["structure_valeur"], row["structure_nom"])


def _professionnel(row: Mapping[str, Any] | Record) -> Professionnel:
    return Professionnel(row["nom"], row["prenom"], row["courriel"], row["identifiant_agent"], row["telephone"])


def _de_la_structure(structure: Structure) -> Ligne:
    return (structure.systeme, structure.valeur, structure.nom)


def _du_professionnel(agent: Professionnel) -> Ligne:
    return (agent.nom, agent.prenom, agent.courriel, agent.telephone, agent.identifiant_agent)
