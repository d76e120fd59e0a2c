"""Words of the exchange WebRSA / ALI that no table of the contracts holds: its errors, and which of them a refusal of
the hub is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Objet(StrEnum):
    """What an error is about, as the report of WebRSA names it."""

    GLOBAL = "global"
    REFERENT = "referent"
    RDV = "rdv"
    CER = "cer"
    ORIENTATION = "orient"


class Erreur(StrEnum):
    """The functional errors of the import of WebRSA, under their names. The first three refuse the whole file."""

    VALIDATION_SCHEMA = "validation_schema"
    UTILISATEUR_INCONNU = "utilisateur_inconnu"
    DEJA_TRAITE = "deja_traite"
    PERSONNE_INCONNUE = "personne_inconnue"
    REFERENT_INCONNU = "referent_inconnu"
    REFERENT_CLOTURE = "referent_cloture"
    REFERENT_OBLIGATOIRE = "referent_obligatoire"
    REFERENT_INCOHERENT = "referent_incoherent"
    STRUCTURE_INCONNUE = "structure_inconnue"
    RDV_OBJET_INCONNU = "rdv_objet_inconnu"
    RDV_STATUT_INCONNU = "rdv_statut_inconnu"
    RDV_THEMATIQUE_INCONNUE = "rdv_thematique_inconnu"
    RDV_TYPE_THEMATIQUE = "rdv_type_thematique_incoherents"
    RDV_THEMATIQUE_DEPASSEMENT = "rdv_thematique_depassement"
    CER_REFERENT_OBLIGATOIRE = "cer_referent_obligatoire"
    CER_DUREE_INCONNUE = "cer_duree_inconnue"
    CER_DEBUT = "intervale_debut_contrat"
    CER_SIGNATURE = "date_signature_incorrecte"
    SUJET_INCONNU = "sujet_inconnu"
    ORIGINE_INCONNUE = "origine_inconnue"
    TYPE_ORIENT_INCONNU = "type_orient_inconnu"
    STRUCTURE_ACCUEIL_INCONNUE = "struct_accueil_inconnue"
    REFERENT_ACCUEIL_INCONNU = "ref_accueil_inconnu"
    REFERENT_ACCUEIL_INCOHERENT = "ref_accueil_incoherent"
    STATUT_INCONNU = "statut_inconnu"
    REORIENTATION_SANS_ORIENTATION = "reorient_orient_obligatoire"
    MOTIF_OBLIGATOIRE = "motif_reorient_obligatoire"
    MOTIF_INCONNU = "motif_reorient_inconnu"
    EP_EN_COURS = "dossier_ep_en_cours"
    REFUS = "refus_du_relais"
    """Ours: the hub refused, for a reason that WebRSA has no name for; the report says it."""


REFUS: Final[Mapping[tuple[Objet, str], Erreur]] = MappingProxyType(
    {
        (Objet.CER, "referent-obligatoire"): Erreur.CER_REFERENT_OBLIGATOIRE,
        (Objet.REFERENT, "referent-incoherent"): Erreur.REFERENT_INCOHERENT,
        (Objet.ORIENTATION, "orientation-prealable-obligatoire"): Erreur.REORIENTATION_SANS_ORIENTATION,
        (Objet.ORIENTATION, "deja-traite"): Erreur.EP_EN_COURS,
    }
)
"""What the hub refuses, by the name that WebRSA has for it."""


def named(objet: Objet, code: str | None) -> Erreur:
    return REFUS.get((objet, code or ""), Erreur.REFUS)
