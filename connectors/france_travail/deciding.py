"""A decision of France Travail as one of the catalogue: what is accepted is the recommendation that the hub holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.france_travail.faults import functional, invalid
from connectors.france_travail.reading import Decision, Json, Orientation, StructureDite, coded, day_there
from relais_contrats.correspondances import FT, correspondance
from relais_contrats.v1.partages import Structure


def decision(told: Decision, view: Mapping[str, Any], structures: Mapping[Any, Structure]) -> Json:
    """`data` of `orientation.decidee`: what is accepted is the recommendation that the hub holds."""
    said = coded("decision", told.etat_decision, "etat_decision")
    coded("organisme", told.organisme_decision, "organisme_decision")
    preco = view.get("preconisation") or {}
    parcours = coded("parcours", told.parcours) if told.parcours else preco.get("parcours_type")
    organisme = coded("organisme", told.organisme) if told.organisme else preco.get("organisme")
    if said == "acceptee":
        _check_accepted(view, preco, parcours, organisme)
    elif not (told.parcours and told.organisme and told.motif_refus):
        raise invalid("un refus porte motif_refus, parcours et organisme")
    jour = day_there(told.date_decision, view["departement"])
    found: Json = {"decision": said, "parcours_type": parcours, "organisme": organisme}
    same = organisme == preco.get("organisme")
    found["structure"] = _structure(
        told.structure, preco.get("structure") if same else None, str(organisme), structures
    )
    found |= {"date_decision": jour, "date_debut": jour, "rang": next_rank(view)}
    if told.motif_refus:
        found["motif_refus"] = coded("motif_refus", told.motif_refus)
    if told.commentaire_refus:
        found["commentaire_refus"] = told.commentaire_refus
    return found


def _check_accepted(view: Mapping[str, Any], preco: Mapping[str, Any], parcours: Any, organisme: Any) -> None:
    if not (parcours and organisme):
        raise functional("PRECONISATION_ABSENTE", "Aucune préconisation n'attend : lancez calculOrientation.")
    if preco and (parcours, organisme) != (preco.get("parcours_type"), preco.get("organisme")):
        raise invalid("une décision acceptée reprend le parcours et l'organisme préconisés")
    ouverte = view.get("ouverte") or {}
    if not view.get("reorientation") and (ouverte.get("parcours_type"), ouverte.get("organisme")) == (
        parcours,
        organisme,
    ):
        raise functional("ORIENTATION_DEJA_DECIDEE", "Cette orientation est déjà décidée.")


def orientation(told: Orientation, view: Mapping[str, Any], jour: str, structures: Mapping[Any, Structure]) -> Json:
    """The same, of an orientation that is imposed on `jour`."""
    organisme = coded("organisme", told.organisme)
    if told.origine:
        coded("origine", told.origine)
    return {
        "decision": "acceptee",
        "parcours_type": coded("parcours", told.parcours),
        "organisme": organisme,
        "structure": _structure(told.structure, None, organisme, structures),
        "date_decision": jour,
        "date_debut": jour,
        "rang": next_rank(view),
    }


def next_rank(view: Mapping[str, Any]) -> int:
    return max((one["rang"] for one in view.get("orientations") or ()), default=0) + 1


def _structure(
    told: StructureDite | None, preconised: Any, organisme: str, structures: Mapping[Any, Structure]
) -> Json:
    """That of the decision, of the recommendation, or of the mandate for this organisme."""
    if told and (ours := told.ours()):
        return ours
    if preconised:
        return dict(preconised)
    configured = structures.get(correspondance(FT, "organisme").de_nous(organisme))
    if configured is None:
        raise functional(
            "STRUCTURE_OBLIGATOIRE", "Dites la structure qui accueille, ou réglez-la dans le connecteur ([structures])."
        )
    return configured.en_json()
