"""What the hub tells the partner, as the API of France Travail writes it. Pure.

Every field of theirs is there; what the hub does not hold is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.france_travail.codes import (
    BROUILLON,
    DECIDE,
    EN_ATTENTE,
    ETATS,
    INDETERMINE,
    PRECONISE,
    Retour,
)
from connectors.france_travail.reading import CODED, PLAIN
from relais_contrats.correspondances import FT, CodeSansCorrespondance, correspondance

Json = dict[str, Any]
_NONE = "null"
"""How the published description of the search writes what does not apply."""


def found(retour: Retour, jeton: str | None = None) -> Json:
    """`topIdentiteCertifiee` is never `O`: the hub certifies no civil status."""
    top = "N" if jeton else _NONE
    said = {"codeRetour": retour.code, "message": retour.message}
    return said | {"topIdentiteCertifiee": top, "jetonUsager": jeton or _NONE}


def code(notion: str, slug: Any) -> str | None:
    """Their code; None for what they have no word for: our lists may grow."""
    if slug is None:
        return None
    try:
        return correspondance(FT, notion).de_nous(str(slug))
    except CodeSansCorrespondance:
        return None


def orientations(view: Mapping[str, Any], diagnostic: Mapping[str, Any], own: tuple[str, str]) -> Sequence[Json]:
    """Those that were decided, the latest first, and what waits for a decision. `own`: the partner's source, and what
    it is for France Travail."""
    known = criteres(diagnostic)
    past = sorted(view.get("orientations") or (), key=lambda one: one["rang"], reverse=True)
    waiting = proposal(view, known)
    return [*([waiting] if waiting else []), *(decided(one, known, own) for one in past)]


def proposal(view: Mapping[str, Any], known: Json | None) -> Json | None:
    """What waits for a decision: a recommendation, or the draft of one that lacks criteria."""
    preco, settled = view.get("preconisation"), view.get("ouverte") or view["etat"] == "close"
    if settled and not view.get("reorientation"):
        return None
    if not preco and not view.get("demande") and known is None:
        return None
    return recommended(view, known)


def recommended(view: Mapping[str, Any], known: Json | None) -> Json:
    preco, demande = view.get("preconisation") or {}, view.get("demande") or {}
    told = _orientation(preco, known) | {
        "statut": PRECONISE,
        "etat": EN_ATTENTE if preco else BROUILLON,
        "date_creation": demande.get("date_reception"),
    }
    return told if preco else told | {"parcours": INDETERMINE, "organisme": INDETERMINE}


def decided(one: Mapping[str, Any], known: Json | None, own: tuple[str, str]) -> Json:
    etat, (source, organisme) = ETATS.get(one["etat"], "OUVERT"), own
    told = {
        "etat_decision": code("decision", one["decision"]),
        "date_decision": one["date_decision"],
        "organisme_decision": organisme if one.get("decideur") == source else INDETERMINE,
        "structure_decision": None,
        "agent_decision": None,
        "motif_refus": code("motif_refus", one.get("motif_refus")),
        "commentaire_refus": one.get("commentaire_refus"),
        "structure": structure(one.get("structure")),
    }
    return _orientation(one, known if etat == "OUVERT" else None) | {
        "statut": DECIDE,
        "etat": etat,
        "date_entree_parcours": one["date_debut"],
        "date_sortie_parcours": one.get("date_fin"),
        "motif_sortie_parcours": one.get("motif_fin"),
        "date_creation": one["date_decision"],
        "date_modification": one.get("date_fin") or one["date_decision"],
        "decision": told,
    }


def _orientation(one: Mapping[str, Any], known: Json | None) -> Json:
    return {
        "parcours": code("parcours", one.get("parcours_type")),
        "organisme": code("organisme", one.get("organisme")),
        "structure": structure(one.get("structure")),
        "structure_decision": None,
        "statut": None,
        "etat": None,
        "agent_creation": None,
        "agent_derniere_modification": None,
        "date_entree_parcours": None,
        "date_sortie_parcours": None,
        "motif_sortie_parcours": None,
        "origine": None,
        "date_creation": None,
        "date_modification": None,
        "criteres_orientation": known,
        "decision": None,
    }


def structure(one: Mapping[str, Any] | None) -> Json | None:
    """A SIRET or a local code is none of theirs: only its name passes."""
    if not one:
        return None
    return {
        "code_aurore": one["valeur"] if one["systeme"] == "aurore" else None,
        "code_safir": one["valeur"] if one["systeme"] == "safir" else None,
        "libelle_structure": one["nom"],
    }


def criteres(diagnostic: Mapping[str, Any]) -> Json | None:
    """None when no criterion is known to the partner."""
    known = diagnostic.get("criteres") or {}
    if not known:
        return None
    plain = {name: known.get(name) for name in PLAIN}
    return (
        plain | {name: code(name, known.get(name)) for name in CODED} | {"adresse": None, "date_saisie_donnees": None}
    )
