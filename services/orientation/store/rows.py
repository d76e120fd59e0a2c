"""Rows ⇄ domain objects of the three tables of a dossier, column by column and in one order."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Record
from services.orientation.domain.delai import date_echeance
from services.orientation.domain.demande import completer_contraintes
from services.orientation.domain.dossier import (
    Appui,
    Auteur,
    Avant,
    Contestation,
    Contrainte,
    Decision,
    Demande,
    DemandeReorientation,
    Dit,
    Dossier,
    Issue,
    MotifPreconisation,
    Orientation,
    Preconisation,
    Structure,
)

DOSSIER = (
    "parcours, departement, brsa, est_clos, absorbe_par, criteres, contraintes, preconisation, reorientation, "
    "droit_dit_a, droit_effet, est_oppose, annonce_brsa, annonce_dit_a, annonce_effet, tenus"
)
DEMANDE = "parcours, numero, departement, date_reception, date_echeance, motif, est_dessaisie, issue, decidee_le"
ORIENTATION = (
    "parcours, rang, parcours_type, organisme, structure_systeme, structure_valeur, structure_nom, date_decision, "
    "date_debut, date_fin, est_close, motif_fin, motif_refus, commentaire_refus, notifiee_le, decideur, decideur_role, "
    "est_effective, depot, avant, appuis, est_reprise"
)


def lire_dossier(row: Record, demandes: Sequence[Demande], orientations: Sequence[Orientation]) -> Dossier:
    return Dossier(
        parcours=row["parcours"],
        departement=row["departement"],
        brsa=row["brsa"],
        droit_dit=(row["droit_dit_a"], row["droit_effet"]) if row["droit_dit_a"] else None,
        droit_annonce=_annonce(row),
        est_oppose=row["est_oppose"],
        est_clos=row["est_clos"],
        absorbe_par=row["absorbe_par"],
        criteres=row["criteres"],
        contraintes=completer_contraintes((), (Contrainte(**brute) for brute in row["contraintes"].values())),
        preconisation=_preconisation(row["preconisation"]) if row["preconisation"] else None,
        reorientation=_reorientation(row["reorientation"]) if row["reorientation"] else None,
        demandes=tuple(demandes),
        orientations=tuple(orientations),
        tenus=frozenset(row["tenus"]),
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
        est_effective=row["est_effective"],
        depot=row["depot"],
        avant=_avant(row["avant"]) if row["avant"] else None,
        appuis=tuple(_appui(brut) for brut in row["appuis"]["dits"]),
        est_reprise=row["est_reprise"],
        motif_fin=row["motif_fin"],
        notifiee_le=row["notifiee_le"],
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
        *((dossier.droit_annonce[0], *dossier.droit_annonce[1]) if dossier.droit_annonce else (None, None, None)),
        dict.fromkeys(sorted(dossier.tenus), True),
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
        orientation.est_effective,
        orientation.depot,
        asdict(orientation.avant) if orientation.avant else None,
        _appuis_en_json(orientation),
        orientation.est_reprise,
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
        orientation.est_effective,
        _appuis_en_json(orientation),
    )


def _appuis_en_json(orientation: Orientation) -> dict[str, Any]:
    """In an object: an array of arrays must have them all of one length."""
    return {"dits": [asdict(appui) for appui in orientation.appuis]}


def _appui(brut: dict[str, Any]) -> Appui:
    return Appui(brut["type"], UUID(brut["depot"]) if brut["depot"] else None)


def _avant(brut: dict[str, Any]) -> Avant:
    fin, reorientation = brut["fin"], brut["reorientation"]
    lus = {
        "fin": date.fromisoformat(fin) if fin else None,
        "reorientation": _reorientation(reorientation) if reorientation else None,
    }
    return Avant(**brut | lus)


def _annonce(row: Record) -> tuple[bool, Dit] | None:
    if row["annonce_dit_a"] is None:
        return None
    return row["annonce_brsa"], (row["annonce_dit_a"], row["annonce_effet"])


def _preconisation(brut: dict[str, Any]) -> Preconisation:
    motifs = tuple(MotifPreconisation(**motif) for motif in brut["motifs"])
    return Preconisation(**brut | {"motifs": motifs, "structure": _structure(brut["structure"])})


def _reorientation(brut: dict[str, Any]) -> DemandeReorientation:
    demandeur, structure = Auteur(**brut["demandeur"]), _structure(brut["structure_proposee"])
    return DemandeReorientation(**brut | {"demandeur": demandeur, "structure_proposee": structure})


def _structure(brut: dict[str, Any] | None) -> Structure | None:
    return Structure(**brut) if brut else None
