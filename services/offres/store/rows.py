"""Rows ⇄ domain objects of prescriptions, column by column and in one order."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from chassis.database import Record
from services.offres.domain.dossier import Demande, Dossier, Etat, Prescription, Service

Ligne: TypeAlias = tuple[Any, ...]

DOSSIER = "parcours, departement, est_clos, absorbe_par"
PRESCRIPTION = (
    "parcours, prescription_id, numero, service_id, structure_id, structure_nom, siret, prescripteur, departement, "
    "emise_le, action_id, etat, repondue_le, relances, fin_le, motifs, issue, message, motif, contact_prefere, "
    "disponibilite, agent"
)


def lire_dossier(row: Record, prescriptions: Sequence[Prescription] = ()) -> Dossier:
    return Dossier(
        parcours=row["parcours"],
        departement=row["departement"],
        est_clos=row["est_clos"],
        absorbe_par=row["absorbe_par"],
        prescriptions=tuple(prescriptions),
    )


def lire_prescription(row: Record) -> Prescription:
    return Prescription(
        numero=row["numero"],
        prescription_id=row["prescription_id"],
        service=Service(row["service_id"], row["structure_id"], row["structure_nom"], row["siret"]),
        prescripteur=row["prescripteur"],
        departement=row["departement"],
        emise_le=row["emise_le"],
        demande=Demande(row["motif"], row["contact_prefere"], row["disponibilite"], row["agent"]),
        action_id=row["action_id"],
        etat=Etat(row["etat"]),
        repondue_le=row["repondue_le"],
        relances=row["relances"],
        fin_le=row["fin_le"],
        motifs=tuple(row["motifs"]),
        issue=row["issue"],
        message=row["message"],
    )


def du_dossier(dossier: Dossier) -> Ligne:
    return (dossier.parcours, dossier.departement, dossier.est_clos, dossier.absorbe_par)


def des_prescriptions(dossier: Dossier) -> Iterable[Ligne]:
    """`motifs` as words separated by spaces: columns of arrays cannot be unnested."""
    for une in dossier.prescriptions:
        yield (
            dossier.parcours,
            une.prescription_id,
            une.numero,
            une.service.id,
            une.service.structure_id,
            une.service.structure_nom,
            une.service.siret,
            une.prescripteur,
            une.departement,
            une.emise_le,
            une.action_id,
            une.etat.value,
            une.repondue_le,
            une.relances,
            une.fin_le,
            " ".join(une.motifs),
            une.issue,
            une.message,
            une.demande.motif,
            une.demande.contact_prefere,
            une.demande.disponibilite,
            une.demande.agent,
        )
