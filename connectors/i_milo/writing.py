"""What the hub tells a mission locale, as i-milo writes it: events, persons, appointments. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.i_milo.codes import MODALITES, SUR_PLACE, Objet
from relais_contrats.correspondances import IMILO, correspondance
from relais_contrats.territoires import fuseau

Json = dict[str, Any]
_STATUT = correspondance(IMILO, "rdv_statut")
_TYPES = {str(ours): theirs for theirs, ours in MODALITES.items()}
_ACTIONS: Final = {"rdv.planifie": "CREATE", "parcours.partage": "CREATE", "usager.signale": "CREATE"}
_RDV = ("rdv.planifie", "rdv.modifie", "rdv.annule", "rdv.constate")
_DOSSIER = ("parcours.partage", "usager.signale", "usager.corrige")
FAITS: Final = (*_RDV, *_DOSSIER)
_BELOW = 10**12
"""Twelve digits at most: every client reads them exactly, and none resembles a NIR."""


def number_of(key: str) -> int:
    """i-milo numbers its things: a number of ours, always the same for the same thing. From 1 on."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()) % (_BELOW - 1) + 1


def event(one: Mapping[str, Any], dossier: int) -> Json:
    """An event of the hub about the person of this number."""
    fait = str(one["type"]).removeprefix("fr.insertion.").removesuffix(".v1")
    is_rdv = fait in _RDV
    return {
        "identifiant": one["id"],
        "idDossier": dossier,
        "type": str(Objet.RDV if is_rdv else Objet.DOSSIER),
        "action": _ACTIONS.get(fait, "UPDATE"),
        "idType": number_of(rdv_key(one["subject"], one["data"]["rdv_id"])) if is_rdv else None,
        "date": one["time"],
    }


def rdv_key(parcours: str, rdv_id: str) -> str:
    return f"{parcours} {rdv_id}"


def dossier(fiche: Mapping[str, Any], number: int) -> Json:
    """What the mission locale may see of the person; nothing is null that the hub does not tell."""
    identite = fiche.get("identite") or {}
    numeros = (one["valeur"] for one in fiche.get("identifiants") or () if one["type"] == "numero-france-travail")
    return {
        "idDossier": number,
        "numeroDE": next(numeros, None),
        "nomNaissance": identite.get("nom_naissance"),
        "nomUsage": identite.get("nom_usage"),
        "prenom": identite.get("prenoms"),
        "dateNaissance": identite.get("date_naissance"),
    }


def rdv(one: Mapping[str, Any], parcours: str, dossier: int, departement: str) -> Json:
    """Hours are of the mission locale, without an offset."""
    debut = datetime.fromisoformat(one["debut"]).astimezone(fuseau(departement))
    return {
        "id": number_of(rdv_key(parcours, one["rdv_id"])),
        "idDossier": dossier,
        "dateHeureDebut": _written(debut),
        "dateHeureFin": _written(debut + timedelta(minutes=one["duree_min"])),
        "objet": one["motif"],
        "conseiller": one.get("agent"),
        "commentaire": None,
        "type": _TYPES.get(one["modalite"], SUR_PLACE),
        "lieu": one.get("lieu"),
        "statut": _STATUT.de_nous(one["statut"]),
    }


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}"
