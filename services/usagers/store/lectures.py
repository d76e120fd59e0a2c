"""What this service tells those who ask: protected fields of facts, a parcours, a search, the survivors of aliases."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Connection
from services.usagers.domain.identite import Identifiant, Identite, cles, connus
from services.usagers.domain.parcours import EtatParcours, Parcours
from services.usagers.domain.rapprochement import Inconnu, Reconnu, rapprocher
from services.usagers.store import lignes
from services.usagers.store.vault import Coffre

_CHAMPS = "SELECT fait, parcours, chiffre FROM champs_proteges WHERE fait = ANY($1)"
_ALIAS = "SELECT id, coalesce(survivant, id) AS survivant FROM parcours WHERE id = ANY($1)"
_VIVANTS = """
SELECT a.id, p.id AS survivant FROM parcours a JOIN parcours p ON p.id = coalesce(a.survivant, a.id)
WHERE a.id = ANY($1) AND p.etat <> 'efface'
"""
_PARCOURS = """
SELECT p.* FROM parcours a JOIN parcours p ON p.id = coalesce(a.survivant, a.id) WHERE a.id = $1 AND p.etat <> 'efface'
"""
_COFFRE = "SELECT * FROM coffre WHERE parcours = $1"
_ACTIFS = """
SELECT p.* FROM parcours p WHERE p.etat = 'actif' AND p.id IN (SELECT parcours FROM cles WHERE empreinte = ANY($1)
    AND active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')
    UNION SELECT parcours FROM cles WHERE empreinte = ANY($1)
    AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')))
"""
_COFFRES = "SELECT * FROM coffre WHERE parcours = ANY($1)"


async def champs(conn: Connection, coffre: Coffre, faits: Sequence[UUID]) -> dict[str, Any]:
    """The protected part of each of these facts; absent when it has none or was erased."""
    return {
        str(ligne["fait"]): coffre.dechiffrer(ligne["parcours"], str(ligne["fait"]), ligne["chiffre"])
        for ligne in await conn.fetch(_CHAMPS, faits)
    }


async def survivants(conn: Connection, parcours: Sequence[UUID]) -> dict[str, str]:
    """Each known parcours and the one that goes on; what is unknown or erased is absent."""
    return {str(ligne["id"]): str(ligne["survivant"]) for ligne in await conn.fetch(_VIVANTS, parcours)}


async def parcours(conn: Connection, coffre: Coffre, id_: UUID) -> dict[str, Any] | None:
    """All that is known of a parcours, in clear: its receiver projects it. None when unknown or erased."""
    ligne = await conn.fetchrow(_PARCOURS, id_)
    if ligne is None:
        return None
    trouve = lignes.parcours(ligne, await conn.fetchrow(_COFFRE, ligne["id"]), coffre)
    tels_quels = await conn.fetch(_ALIAS, list(trouve.candidats))
    return _en_json(trouve, [str(ligne["survivant"]) for ligne in tels_quels])


async def resoudre(
    conn: Connection, coffre: Coffre, identite: Identite | None, identifiants: Sequence[Identifiant]
) -> dict[str, Any]:
    """`trouve` only when an identifier designates one active parcours and nothing contradicts it."""
    empreintes = [coffre.empreinte(cle) for cle in cles((identite,) if identite else (), identifiants)]
    rangees = await conn.fetch(_ACTIFS, empreintes)
    secrets = {s["parcours"]: s for s in await conn.fetch(_COFFRES, [ligne["id"] for ligne in rangees])}
    actifs = [lignes.parcours(ligne, secrets.get(ligne["id"]), coffre) for ligne in rangees]
    match rapprocher(identite, identifiants, actifs):
        case Inconnu():
            return {"resultat": "aucun"}
        case Reconnu(reconnu, _):
            return {"resultat": "trouve", "parcours": str(reconnu.id)}
        case _:
            return {"resultat": "plusieurs"}


def _en_json(parcours: Parcours, candidats: Sequence[str]) -> dict[str, Any]:
    brut: dict[str, Any] = {
        "parcours": str(parcours.id),
        "etat": parcours.etat.value,
        "departement": parcours.departement,
        "droits": _connus(lignes.droits_en_json(parcours.droits)),
        "date_fin": parcours.date_fin,
        "oppose": parcours.oppose_a is not None,
        "identite": connus(parcours.identite) if parcours.identite else None,
        "identifiants": [_identifiant(i) for i in sorted(parcours.identifiants, key=lambda i: i.cle or (i.nature,))],
        "coordonnees": _coordonnees(parcours),
    }
    if parcours.etat is EtatParcours.AMBIGU:
        brut["candidats"] = sorted(set(candidats))
    return _connus(brut) or {}


def _identifiant(identifiant: Identifiant) -> dict[str, Any]:
    valeur = identifiant.valeur if identifiant.nature == "nir" else identifiant.ecrit or identifiant.valeur
    brut = {"type": identifiant.nature, "valeur": valeur, "role": identifiant.role, "emetteur": identifiant.emetteur}
    return _connus(brut) or {}


def _coordonnees(parcours: Parcours) -> dict[str, Any] | None:
    if parcours.coordonnees is None:
        return None
    brut = connus(parcours.coordonnees)
    return {**brut, "adresse": connus(brut["adresse"])} if "adresse" in brut else brut


def _connus(brut: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {nom: valeur for nom, valeur in brut.items() if valeur is not None} if brut is not None else None
