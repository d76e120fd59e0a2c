"""What the hub tells the partner, as the API of France Travail writes it. Pure.

Every field of theirs is there; what the hub does not hold is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.france_travail.codes import (
    BROUILLON,
    CIVILITES,
    CONSEQUENCE,
    DECIDE,
    EN_ATTENTE,
    ETATS,
    INDETERMINE,
    PRECONISE,
    Retour,
)
from connectors.france_travail.reading import CODED, PLAIN
from relais_contrats.codes.diagnostic import REFERENTIEL_VERSION, ElementReferentiel, elements
from relais_contrats.correspondances import FT, CodeSansCorrespondance, correspondance
from relais_contrats.territoires import debut_du_jour
from relais_contrats.v1 import delais

Json = dict[str, Any]
_SINCE = {"decision": delais.ORIENTATION.jours, "sanction": delais.INSTRUCTION.jours}
"""How many days before its last one something began to wait."""
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


def activity(due: Mapping[str, Any], code: str, id_: str, fiche: Mapping[str, Any]) -> Json:
    """A person without a number of France Travail has no identifier. A day is written as the instant when it begins."""
    attributes: dict[str, Any] = {"motif": "ACC"} if code == "ACT380" else {}
    if due["nature"] == "sanction":
        attributes = {CONSEQUENCE: due.get("objet")}
    due_on = date.fromisoformat(due["date_echeance"])
    begun = due_on - timedelta(days=_SINCE[due["nature"]]) if due["nature"] in _SINCE else None
    return {
        "identifiantActivite": id_,
        "codeActivite": code,
        "usager": {"identifiant": number(fiche), "typeIdentifiant": "numeroFranceTravail"},
        "dateCreation": _instant(due["departement"], begun) if begun else None,
        "dateEcheance": _instant(due["departement"], due_on),
        "dateEcheanceProche": None,
        "attributsSpecifiques": [{"nom": nom, "valeur": valeur} for nom, valeur in attributes.items()],
    }


def _instant(departement: str, day: date) -> str:
    return f"{debut_du_jour(departement, day).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def number(fiche: Mapping[str, Any]) -> str | None:
    return _identifier(fiche, "numero-france-travail")


def _identifier(fiche: Mapping[str, Any], kind: str) -> str | None:
    known = (str(one["valeur"]) for one in fiche.get("identifiants") or () if one["type"] == kind)
    return next(known, None)


def person(fiche: Mapping[str, Any]) -> Json:
    """What the partner may see of the person."""
    identite, coordonnees = fiche.get("identite") or {}, fiche.get("coordonnees") or {}
    adresse, courriel, telephone = (coordonnees.get(name) for name in ("adresse", "courriel", "telephone"))
    return {
        "numeroFranceTravail": number(fiche),
        "etatCivil": {
            "civilite": CIVILITES.get(str(identite.get("sexe"))),
            "dateNaissance": identite.get("date_naissance"),
            "nir": _identifier(fiche, "nir"),
            "nom": identite.get("nom_naissance"),
            "nomCorrespondance": identite.get("nom_usage") or identite.get("nom_naissance"),
            "prenom": identite.get("prenoms"),
            "prenomCorrespondance": identite.get("prenoms"),
        },
        "adresses": [_address(adresse)] if adresse else [],
        "emails": [{"adresseEmail": courriel}] if courriel else [],
        "telephones": [{"numeroTelephone": telephone}] if telephone else [],
    }


def _address(one: Mapping[str, Any]) -> Json:
    unknown = ("complementAdresse", "complementDestinataire", "complementDistribution", "libelleCommune", "libellePays")
    return {
        "codeInseeCommune": one.get("code_commune"),
        "codePostal": one.get("code_postal"),
        "numeroTypeLibelleVoie": one.get("voie"),
        **dict.fromkeys((*unknown, "indicateurResidentQPV")),
    }


def rendez_vous(one: Mapping[str, Any], id_: str, organisme: str, source: str) -> Json:
    is_own = one.get("organisateur") == source
    unknown = ("information", "initiateur", "libelleAdresse", "telephoneContactUsager", "theme", "interlocuteur")
    return {
        "id": id_,
        "date": f"{datetime.fromisoformat(one['debut']).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "duree": one["duree_min"],
        "motif": code("rdv_motif", one["motif"]),
        "modaliteContact": code("rdv_modalite", one["modalite"]),
        "typeReception": code("rdv_forme", one["forme"]),
        "statut": code("rdv_statut", one["statut"]),
        "adresse": one.get("lieu"),
        "organisme": {"code": organisme if is_own else INDETERMINE},
        **dict.fromkeys(unknown),
    }


def contrat(view: Mapping[str, Any]) -> Json | None:
    """The one that waits for a signature, else the one in force, else the last; None when there is none."""
    past = view.get("contrats") or ()
    one = view.get("en_attente") or view.get("en_vigueur") or (past[-1] if past else None)
    if one is None:
        return None
    return {
        "statut": code("contrat_statut", one["etat"]),
        "dateDebut": one.get("date_debut"),
        "dateFin": one.get("date_cloture") or one.get("date_fin"),
        "dateSignature": one.get("date_signature"),
        "dateRefus": one.get("date_refus"),
    }


def sanction(one: Mapping[str, Any]) -> Json:
    """Proposed or decided: what is in force is what was validated."""
    return {
        "identifiantConsequenceSanction": one["sanction_id"],
        "natureManquement": code("nature_manquement", one["nature"]),
        "rangManquement": code("rang_manquement", one["rang"]),
        "typeConsequenceSanction": code("type_sanction", one["type"]),
        "modaliteProposee": code("modalite_sanction", one.get("modalite")),
        "montantPropose": one.get("montant"),
        "dureeProposee": one.get("duree_mois"),
        "dateProposition": one.get("date_proposition"),
        "dateLimiteInstruction": one.get("date_limite_instruction"),
        "dateNotificationDecisionSanction": one.get("date_notification"),
        "dateLevee": one.get("date_levee"),
    }


def diagnostic(view: Mapping[str, Any]) -> Json:
    """The constraints, each with what was found under it; the hub holds no job that is looked for."""
    constraints: dict[str, Json] = {}
    for one in view.get("contraintes_diagnostic") or ():
        owner = _owner(one)
        if owner is None:
            continue
        place = constraints.setdefault(owner.code, _constraint(owner))
        valeur = code("contrainte_valeur", one["valeur"])
        if one["niveau"] == "contrainte":
            impact = code("contrainte_impact", one.get("impact"))
            place |= {"valeur": valeur, "impact": impact, "libelle": one["libelle"]}
        else:
            said = {"code": one["code"], "libelle": one["libelle"], "valeur": valeur}
            place["situations" if one["niveau"] == "situation" else "objectifs"].append(said)
    return {
        "diagnostics": [],
        "besoinsParDiagnostic": [],
        "thematiqueContrainte": {
            "code": "7",
            "declareSansContrainte": None,
            "contraintes": [constraints[key] for key in sorted(constraints)],
        },
        "pouvoirAgir": None,
        "autonomieNumerique": None,
    }


def _constraint(owner: ElementReferentiel) -> Json:
    told: Json = {"code": owner.code, "libelle": owner.libelle, "valeur": None, "impact": None}
    return told | {"estPrioritaire": None, "dateExploration": None, "situations": [], "objectifs": []}


def _owner(one: Mapping[str, Any]) -> ElementReferentiel | None:
    """The constraint that it is, or is under; the same number names two objectives: the label tells which."""
    same = elements(one["niveau"], one["code"]) if one["referentiel"] == REFERENTIEL_VERSION else ()
    alike = [element for element in same if element.libelle.casefold() == one["libelle"].casefold()]
    found = alike or (same if len(same) == 1 else ())
    return elements("contrainte", found[0].contrainte)[0] if found else None
