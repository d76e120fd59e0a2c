"""Rows ⇄ domain objects of the three tables of a dossier, column by column and in one order."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from chassis.database import Record
from services.orientation.domain.delai import date_echeance
from services.orientation.domain.demande import completer_contraintes
from services.orientation.domain.dossier import (
    Auteur,
    Contestation,
    Contrainte,
    Decision,
    Demande,
    DemandeReorientation,
    Dossier,
    Issue,
    MotifPreconisation,
    Orientation,
    Preconisation,
    Structure,
)
from services.orientation.domain.preconisation import Regle

DOSSIER = (
    "parcours, departement, brsa, est_clos, absorbe_par, criteres, contraintes, preconisation, reorientation, "
    "droit_dit_a, droit_effet, est_oppose"
)
DEMANDE = "parcours, numero, departement, date_reception, date_echeance, motif, est_dessaisie, issue, decidee_le"
ORIENTATION = (
    "parcours, rang, parcours_type, organisme, structure_systeme, structure_valeur, structure_nom, date_decision, "
    "date_debut, date_fin, est_close, motif_fin, motif_refus, commentaire_refus, notifiee_le, decideur, decideur_role"
)
REGLE = "critere, valeur, priorite, explication, parcours_type, organisme"


def lire_dossier(row: Record, demandes: Sequence[Demande], orientations: Sequence[Orientation]) -> Dossier:
    return Dossier(
        parcours=row["parcours"],
        departement=row["departement"],
        brsa=row["brsa"],
        droit_dit=(row["droit_dit_a"], row["droit_effet"]) if row["droit_dit_a"] else None,
        est_oppose=row["est_oppose"],
        est_clos=row["est_clos"],
        absorbe_par=row["absorbe_par"],
        criteres=row["criteres"],
        contraintes=completer_contraintes((), (Contrainte(**brute) for brute in row["contraintes"].values())),
        preconisation=_preconisation(row["preconisation"]) if row["preconisation"] else None,
        reorientation=_reorientation(row["reorientation"]) if row["reorientation"] else None,
        demandes=tuple(demandes),
        orientations=tuple(orientations),
    )


def lire_demande(row: Record) -> Demande:
    return Demande(
        numero=row["numero"],
        departement=row["departement"],
        recue_le=row["date_reception"],
        motif=row["motif"],
        est_dessaisie=row["est_dessaisie"],
        issue=Issue(row["issue"]) if row["issue"] else None,
        decidee_le=row["decidee_le"],
    )


def lire_orientation(row: Record) -> Orientation:
    decision = Decision(
        parcours_type=row["parcours_type"],
        organisme=row["organisme"],
        structure=Structure(row["structure_systeme"], row["structure_valeur"], row["structure_nom"]),
        date_decision=row["date_decision"],
        date_debut=row["date_debut"],
        date_fin=row["date_fin"],
        rang=row["rang"],
    )
    return Orientation(
        decision=decision,
        decideur=Auteur(row["decideur"], row["decideur_role"]),
        contestation=Contestation(row["motif_refus"], row["commentaire_refus"]) if row["motif_refus"] else None,
        est_close=row["est_close"],
        motif_fin=row["motif_fin"],
        notifiee_le=row["notifiee_le"],
    )


def lire_regle(row: Record) -> Regle:
    return Regle(
        row["critere"], row["valeur"], row["priorite"], row["explication"], row["parcours_type"], row["organisme"]
    )


def du_dossier(dossier: Dossier) -> tuple[Any, ...]:
    return (
        dossier.parcours,
        dossier.departement,
        dossier.brsa,
        dossier.est_clos,
        dossier.absorbe_par,
        dict(dossier.criteres),
        {"/".join(contrainte.cle): asdict(contrainte) for contrainte in dossier.contraintes},
        asdict(dossier.preconisation) if dossier.preconisation else None,
        asdict(dossier.reorientation) if dossier.reorientation else None,
        *(dossier.droit_dit or (None, None)),
        dossier.est_oppose,
    )


def de_la_demande(dossier: Dossier, demande: Demande) -> tuple[Any, ...]:
    return (
        dossier.parcours,
        demande.numero,
        demande.departement,
        demande.recue_le,
        date_echeance(demande.recue_le),
        demande.motif,
        demande.est_dessaisie,
        demande.issue,
        demande.decidee_le,
    )


def de_l_orientation(dossier: Dossier, orientation: Orientation) -> tuple[Any, ...]:
    decision, contestation = orientation.decision, orientation.contestation
    return (
        dossier.parcours,
        decision.rang,
        decision.parcours_type,
        decision.organisme,
        decision.structure.systeme,
        decision.structure.valeur,
        decision.structure.nom,
        decision.date_decision,
        decision.date_debut,
        decision.date_fin,
        orientation.est_close,
        orientation.motif_fin,
        contestation.motif_refus if contestation else None,
        contestation.commentaire if contestation else None,
        orientation.notifiee_le,
        orientation.decideur.partenaire,
        orientation.decideur.role,
    )


def du_changement(dossier: Dossier, orientation: Orientation) -> tuple[Any, ...]:
    """What may change in a decided orientation."""
    return (
        dossier.parcours,
        orientation.rang,
        orientation.fin,
        orientation.est_close,
        orientation.motif_fin,
        orientation.notifiee_le,
    )


def _preconisation(brut: dict[str, Any]) -> Preconisation:
    motifs = tuple(MotifPreconisation(**motif) for motif in brut["motifs"])
    return Preconisation(**brut | {"motifs": motifs, "structure": _structure(brut["structure"])})


def _reorientation(brut: dict[str, Any]) -> DemandeReorientation:
    demandeur, structure = Auteur(**brut["demandeur"]), _structure(brut["structure_proposee"])
    return DemandeReorientation(**brut | {"demandeur": demandeur, "structure_proposee": structure})


def _structure(brut: dict[str, Any] | None) -> Structure | None:
    return Structure(**brut) if brut else None
