"""What each mandate of the demonstration sets for the system that it speaks to."""

from __future__ import annotations

from typing import Any

from deploy.datadir import HOST
from deploy.demo.connecteurs.systems import MONTHLY
from deploy.demo.stage import DEPARTEMENT

MOBILITE = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}
ADRESSE = "accueil@mobilite.example"
_PERSONNE = {"nir": "NIR", "local": "N° dossier"}
_AUCUNE = {"valeur": "aucune"}
_CRITERES: dict[str, Any] = {
    "situation_professionnelle": {"colonne": "Dernier emploi", "table": {"moins de 2 ans": "deux-dernieres-annees"}},
    "niveau_etude": {"colonne": "Diplôme", "table": {"CAP": "nv3", "Bac": "nv4"}},
    "projet_pro": {"colonne": "Projet", "table": {"salarié": "salariat"}},
    "contrainte_mobilite": {"colonne": "Mobilité", "table": {"à pied": "aucun-moyen-de-transport"}},
    "contrainte_familiale": {"colonne": "Garde", "table": {"à trouver": "enfant-sans-solution-garde"}},
    "contrainte_sante": {"colonne": "Santé", "table": {"gêne un peu": "impact-faible-recherche-emploi"}},
    "contrainte_financiere": {"colonne": "Budget", "table": {"serré": "impact-faible-recherche-emploi"}},
    "contrainte_logement": _AUCUNE,
    "contrainte_administrative_juridique": _AUCUNE,
    "contrainte_francais_calcul": _AUCUNE,
    "contrainte_numerique": _AUCUNE,
}
BILAN = {
    "Dernier emploi": "moins de 2 ans",
    "Diplôme": "Bac",
    "Projet": "salarié",
    "Mobilité": "à pied",
    "Garde": "à trouver",
    "Santé": "gêne un peu",
    "Budget": "serré",
}
"""One line of the département's own table, by its own headings."""


def hubee(port: int) -> dict[str, Any]:
    base = f"http://{HOST}:{port}"
    keys = {"client": "demonstration", "secret": "demonstration"}
    return {
        "departement": DEPARTEMENT,
        "jeton": f"{base}/oauth2/token",
        "base": base,
        "toutes_les_s": 1,
        "demarches": {MONTHLY: keys},
    }


def fichiers(public_key: str, run: str = "") -> dict[str, Any]:
    """`run`: of the roadmap that leaves now; without it, none leaves."""
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "bilans": ("diagnostic.realise", {f"criteres.{name}": source for name, source in _CRITERES.items()}),
        "referents": (
            "referent.designe",
            {
                "referent.nom": "Nom du référent",
                "referent.prenom": "Prénom du référent",
                "referent.courriel": "Courriel",
                "referent.identifiant_agent": "Matricule agent",
                **{f"structure.{name}": {"valeur": value} for name, value in MOBILITE.items()},
                "date_debut": {"colonne": "Depuis le", "format": "%d/%m/%Y"},
            },
        ),
        "prescriptions": (
            "prescription.emise",
            {
                "prescription_id": "N° demande",
                "service_id": "Service",
                "motif": "Pourquoi",
                "contact_prefere": {"colonne": "Joindre par", "table": {"téléphone": "telephone"}},
                "engagement_protection_donnees": {"colonne": "Accord recueilli"},
            },
        ),
    }
    arrivals = [
        {"nom": nom, "motif": f"*{nom}*", "message": message, "identifiants": _PERSONNE, "champs": champs}
        for nom, (message, champs) in kinds.items()
    ]
    roadmap = {
        "nom": f"feuilles-de-route-{run}",
        "vue": "feuilles-de-route",
        "heure": "00:00",
        "structure": f"{MOBILITE['systeme']}:{MOBILITE['valeur']}",
    }
    return {
        "departement": DEPARTEMENT,
        "toutes_les_s": 1,
        "cles_sftp": [public_key],
        "arrivees": arrivals,
        "departs": [roadmap] if run else [],
    }


def france_travail() -> dict[str, Any]:
    return {"organisme": "CD", "structures": dict.fromkeys(("CD", "FT", "ML", "CE"), MOBILITE)}


def rdv_insertion(secret: str) -> dict[str, Any]:
    return {"departement": DEPARTEMENT, "secret": secret, "motifs": {"rsa_accompagnement": "accompagnement"}}


def data_inclusion() -> dict[str, Any]:
    return {"toutes_les_s": 1}


def courriel(smtp_port: int, origin: str) -> dict[str, Any]:
    return {
        "departement": DEPARTEMENT,
        "adresse": origin,
        "expediteur": "ne-pas-repondre@relais.example",
        "destinataires": [ADRESSE],
        "avis_espaces_min": 0,
        "toutes_les_s": 1,
        "structures": [{name: MOBILITE[name] for name in ("systeme", "valeur")}],
        "smtp": {"hote": HOST, "port": smtp_port, "securite": "aucune"},
    }
