"""Files of an ALI, of nobody: each part of a dossier can be changed or left out."""

from __future__ import annotations

from typing import Any


def element(name: str, content: Any) -> str:
    """A mapping is its children, a list the same child again, None nothing."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(element(name, one) for one in content)
    if isinstance(content, dict):
        content = "".join(element(child, one) for child, one in content.items())
    return f"<{name}>{content}</{name}>"


def referent(**changed: Any) -> dict[str, Any]:
    told = {"id_webrsa": 11, "id_ali": 501, "date_designation": "2026-11-20"} | changed
    return {"liste_referents_parcours": {"referent_parcours": told}}


def rdv(*rdvs: dict[str, Any]) -> dict[str, Any]:
    one = {
        "id_ali": 601,
        "id_structurereferente": 1,
        "id_referent": 11,
        "id_objet_rdv": 101,
        "thematiques": {"id_thematique_rdv": [111]},
        "id_statut_rdv": 61,
        "date_rdv": "2026-12-14",
        "heure_rdv": "09:30:00",
    }
    return {"liste_rendez_vous": {"rendez_vous": [one | changed for changed in rdvs or ({},)]}}


def cer(**changed: Any) -> dict[str, Any]:
    one = {
        "id_ali": 701,
        "id_referent": 11,
        "inscrit_PE": 1,
        "id_cmu": 1,
        "id_cmu_c": 1,
        "id_niveau_etude": 1,
        "emploi_trouve": 0,
        "mois_a_venir": "Chercher.",
        "liste_sujets": {"sujets": [{"id_sujet_cer": 92, "champ_libre": "Passer le code"}, {"id_sujet_cer": 91}]},
        "id_duree_cer": 72,
        "id_point_parcours": 1,
        "date_debut": "2026-12-01",
        "date_saisie": "2026-11-28",
        "date_signature": "2026-11-28",
    }
    return {"liste_cers": {"cer": one | changed}}


def changement(**changed: Any) -> dict[str, Any]:
    asked = {"id_motif_reorientation": 51, "accord_referent": 1, "accord_allocataire": 1, "urgence": 0}
    one = {
        "id_ali": 801,
        "id_referent": 11,
        "date_demande": "2026-11-28",
        "id_origine": 32,
        "reorientation": asked,
        "id_type_orientation": 21,
        "id_structure_referente_accueil": 1,
        "id_statut": 42,
    }
    return {"liste_changements_orientation": {"changement_orientation": one | changed}}


def file(*dossiers: dict[str, Any], at: str = "2026-11-29 22:00:00", ali: int = 12, stock: bool = False) -> bytes:
    told = [{"id_personne": 1, **one} for one in dossiers]
    header = {"date_generation": at, "id_structure_ali": ali, "fichier_stock": str(stock).lower()}
    return element("ALI-WebRSA", {"entete": header, "dossiers": {"dossier": told}}).encode()
