"""Rows ⇄ domain objects of the five tables of a dossier, column by column and in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from chassis.database import Record
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Cause,
    Contenu,
    Contrat,
    Delai,
    Dossier,
    Engagement,
    EtatContrat,
    EtatSanction,
    Issue,
    Manquement,
    Mesure,
    Orientation,
    Reexamen,
    Sanction,
    StatutReferent,
    Suspension,
)

DOSSIER = (
    "parcours, departement, est_clos, absorbe_par, orientation, referent, criteres, reexamen_depuis, reexamen_du_le"
)
CONTRAT = (
    "parcours, numero, contrat_id, date_debut, duree_mois, engagements, motif_dispense, proposeur, proposeur_role, "
    "etat, date_signature, est_hors_delai, date_refus, motif_refus, cause, suspendu_le, date_cloture, motif_cloture, "
    "histoire"
)
DELAI = "parcours, numero, departement, date_notification, date_echeance, est_en_retard, issue, signe_le"
MANQUEMENT = "parcours, manquement_id, nature, rang, date_constat, faits"
SANCTION = (
    "parcours, numero, sanction_id, manquement_id, nature, rang, type, modalite, montant, duree_mois, etat, "
    "date_proposition, est_hors_delai, date_notification, date_levee, motif_levee"
)


def lire_dossier(
    row: Record,
    contrats: Sequence[Contrat],
    delais: Sequence[Delai],
    manquements: Sequence[Manquement],
    sanctions: Sequence[Sanction],
) -> Dossier:
    return Dossier(
        parcours=row["parcours"],
        departement=row["departement"],
        est_clos=row["est_clos"],
        absorbe_par=row["absorbe_par"],
        orientation=_orientation(row["orientation"]) if row["orientation"] else None,
        referent=StatutReferent(row["referent"]) if row["referent"] else None,
        criteres=row["criteres"],
        reexamen=Reexamen(row["reexamen_depuis"], row["reexamen_du_le"]) if row["reexamen_depuis"] else None,
        contrats=tuple(contrats),
        delais=tuple(delais),
        manquements=tuple(manquements),
        sanctions=tuple(sanctions),
    )


def lire_contrat(row: Record) -> Contrat:
    engagements, histoire = row["engagements"], row["histoire"]
    contenu = Contenu(
        contrat_id=row["contrat_id"],
        date_debut=row["date_debut"],
        duree_mois=row["duree_mois"],
        engagements_usager=_engagements(engagements["usager"]),
        engagements_organisme=_engagements(engagements["organisme"]),
        motif_dispense=row["motif_dispense"],
    )
    return Contrat(
        numero=row["numero"],
        contenu=contenu,
        proposeur=Auteur(row["proposeur"], row["proposeur_role"]),
        etat=EtatContrat(row["etat"]),
        signe_le=row["date_signature"],
        signataires=tuple(histoire["signataires"]),
        est_hors_delai=row["est_hors_delai"],
        refuse_le=row["date_refus"],
        motif_refus=row["motif_refus"],
        cause=Cause(row["cause"]) if row["cause"] else None,
        suspensions=tuple(_suspension(brute) for brute in histoire["suspensions"]),
        bilans=tuple(_bilan(brut) for brut in histoire["bilans"]),
        clos_le=row["date_cloture"],
        motif_cloture=row["motif_cloture"],
    )


def lire_delai(row: Record) -> Delai:
    return Delai(
        numero=row["numero"],
        departement=row["departement"],
        notifiee_le=row["date_notification"],
        est_en_retard=row["est_en_retard"],
        issue=Issue(row["issue"]) if row["issue"] else None,
        signe_le=row["signe_le"],
    )


def lire_manquement(row: Record) -> Manquement:
    return Manquement(row["manquement_id"], row["nature"], row["rang"], row["date_constat"], row["faits"])


def lire_sanction(row: Record) -> Sanction:
    mesure = Mesure(
        sanction_id=row["sanction_id"],
        manquement_id=row["manquement_id"],
        nature=row["nature"],
        rang=row["rang"],
        type=row["type"],
        modalite=row["modalite"],
        montant=row["montant"],
        duree_mois=row["duree_mois"],
    )
    return Sanction(
        numero=row["numero"],
        mesure=mesure,
        etat=EtatSanction(row["etat"]),
        proposee_le=row["date_proposition"],
        est_hors_delai=row["est_hors_delai"],
        notifiee_le=row["date_notification"],
        levee_le=row["date_levee"],
        motif_levee=row["motif_levee"],
    )


def du_dossier(dossier: Dossier) -> tuple[Any, ...]:
    periode = dossier.reexamen
    return (
        dossier.parcours,
        dossier.departement,
        dossier.est_clos,
        dossier.absorbe_par,
        asdict(dossier.orientation) if dossier.orientation else None,
        dossier.referent,
        dict(dossier.criteres),
        periode.depuis if periode else None,
        periode.du_le if periode else None,
    )


def du_contrat(dossier: Dossier, contrat: Contrat) -> tuple[Any, ...]:
    contenu = contrat.contenu
    return (
        dossier.parcours,
        contrat.numero,
        contrat.id,
        contenu.date_debut,
        contenu.duree_mois,
        {
            "usager": [asdict(engagement) for engagement in contenu.engagements_usager],
            "organisme": [asdict(engagement) for engagement in contenu.engagements_organisme],
        },
        contenu.motif_dispense,
        contrat.proposeur.partenaire,
        contrat.proposeur.role,
        contrat.etat,
        contrat.signe_le,
        contrat.est_hors_delai,
        contrat.refuse_le,
        contrat.motif_refus,
        contrat.cause,
        contrat.suspension.debut if contrat.suspension else None,
        contrat.clos_le,
        contrat.motif_cloture,
        {
            "signataires": list(contrat.signataires),
            "suspensions": [asdict(suspension) for suspension in contrat.suspensions],
            "bilans": [asdict(bilan) for bilan in contrat.bilans],
        },
    )


def du_delai(dossier: Dossier, delai: Delai) -> tuple[Any, ...]:
    return (
        dossier.parcours,
        delai.numero,
        delai.departement,
        delai.notifiee_le,
        date_de_signature_due(delai.notifiee_le),
        delai.est_en_retard,
        delai.issue,
        delai.signe_le,
    )


def du_manquement(dossier: Dossier, manquement: Manquement) -> tuple[Any, ...]:
    return (
        dossier.parcours,
        manquement.manquement_id,
        manquement.nature,
        manquement.rang,
        manquement.constate_le,
        manquement.faits,
    )


def de_la_sanction(dossier: Dossier, sanction: Sanction) -> tuple[Any, ...]:
    mesure = sanction.mesure
    return (
        dossier.parcours,
        sanction.numero,
        sanction.id,
        mesure.manquement_id,
        mesure.nature,
        mesure.rang,
        mesure.type,
        mesure.modalite,
        mesure.montant,
        mesure.duree_mois,
        sanction.etat,
        sanction.proposee_le,
        sanction.est_hors_delai,
        sanction.notifiee_le,
        sanction.levee_le,
        sanction.motif_levee,
    )


def _orientation(brut: Mapping[str, Any]) -> Orientation:
    return Orientation(
        brut["parcours_type"],
        brut["structure"],
        date.fromisoformat(brut["decidee_le"]),
        date.fromisoformat(brut["debut"]),
    )


def _engagements(bruts: Sequence[Mapping[str, Any]]) -> tuple[Engagement, ...]:
    return tuple(Engagement(**{**brut, "echeance": _jour(brut["echeance"])}) for brut in bruts)


def _suspension(brut: Mapping[str, Any]) -> Suspension:
    return Suspension(
        date.fromisoformat(brut["debut"]),
        brut["motif"],
        date.fromisoformat(brut["recue_le"]),
        _jour(brut["reprise"]),
        brut["motif_reprise"],
    )


def _bilan(brut: Mapping[str, Any]) -> Bilan:
    return Bilan(date.fromisoformat(brut["date"]), tuple(brut["points"]), brut["heures_realisees"])


def _jour(texte: str | None) -> date | None:
    return date.fromisoformat(texte) if texte else None
