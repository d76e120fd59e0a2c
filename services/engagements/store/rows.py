"""Rows ⇄ domain objects of the five tables of a dossier, column by column and in one order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Record
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import (
    Auteur,
    Avant,
    Bilan,
    Cause,
    Contenu,
    Contrat,
    Delai,
    Dossier,
    Engagement,
    Etape,
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
    "parcours, departement, est_clos, absorbe_par, orientation, referent, criteres, reexamen_depuis, reexamen_du_le, "
    "avant, etapes"
)
CONTRAT = (
    "parcours, numero, contrat_id, date_debut, duree_mois, engagements, motif_dispense, proposeur, proposeur_role, "
    "etat, date_signature, est_hors_delai, date_refus, motif_refus, cause, suspendu_le, date_cloture, motif_cloture, "
    "histoire, est_a_venir"
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
        avant=_avant(row["avant"], contrats) if row["avant"] else None,
        etapes=tuple(_etape(brut) for brut in row["etapes"]["franchies"]),
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
        est_a_venir=row["est_a_venir"],
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
        _avant_en_json(dossier.avant) if dossier.avant else None,
        # In an object: an array of arrays must have them all of one length.
        {"franchies": [asdict(etape) for etape in dossier.etapes]},
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
        contrat.est_a_venir,
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


_ETAT = ("etat", "est_a_venir", "signe_le", "refuse_le", "motif_refus", "cause", "clos_le", "motif_cloture")
"""All that a decision may change in a contract."""


def _avant_en_json(avant: Avant) -> dict[str, Any]:
    return {
        "orientation": asdict(avant.orientation) if avant.orientation else None,
        "reexamen": asdict(avant.reexamen) if avant.reexamen else None,
        "delai": avant.delai,
        "delais": avant.delais,
        "etapes": avant.etapes,
        "contrats": {str(c.numero): {nom: getattr(c, nom) for nom in _ETAT} for c in avant.contrats},
    }


def _avant(brut: Mapping[str, Any], contrats: Sequence[Contrat]) -> Avant:
    """The contracts as they are now, in the state in which they were."""
    etats, reexamen = brut["contrats"], brut["reexamen"]
    return Avant(
        orientation=_orientation(brut["orientation"]) if brut["orientation"] else None,
        reexamen=Reexamen(date.fromisoformat(reexamen["depuis"]), _jour(reexamen["du_le"])) if reexamen else None,
        delai=brut["delai"],
        delais=brut["delais"],
        contrats=tuple(replace(c, **_etat(etats[str(c.numero)])) for c in contrats if str(c.numero) in etats),
        etapes=brut.get("etapes", 0),
    )


def _etape(brut: Mapping[str, Any]) -> Etape:
    return Etape(
        type=brut["type"],
        depot=UUID(brut["depot"]) if brut["depot"] else None,
        auteur=brut["auteur"],
        contrats=tuple(_contrat(contrat) for contrat in brut["contrats"]),
        nouveaux=tuple(brut["nouveaux"]),
        delai=brut["delai"],
        delais=brut["delais"],
        causes=tuple(map(UUID, brut["causes"])),
    )


def _contrat(brut: Mapping[str, Any]) -> Contrat:
    """A contract as it was before a deposit."""
    contenu = brut["contenu"]
    lus = {
        "contenu": Contenu(
            **contenu
            | {
                "date_debut": date.fromisoformat(contenu["date_debut"]),
                "engagements_usager": _engagements(contenu["engagements_usager"]),
                "engagements_organisme": _engagements(contenu["engagements_organisme"]),
            }
        ),
        "proposeur": Auteur(**brut["proposeur"]),
        "signataires": tuple(brut["signataires"]),
        "suspensions": tuple(_suspension(brute) for brute in brut["suspensions"]),
        "bilans": tuple(_bilan(bilan) for bilan in brut["bilans"]),
    }
    return Contrat(**_etat(brut) | lus)


def _etat(brut: Mapping[str, Any]) -> dict[str, Any]:
    dates = {nom: _jour(brut[nom]) for nom in ("signe_le", "refuse_le", "clos_le")}
    cause = Cause(brut["cause"]) if brut["cause"] else None
    return {**brut, **dates, "etat": EtatContrat(brut["etat"]), "cause": cause}


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
