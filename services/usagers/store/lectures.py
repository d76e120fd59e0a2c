"""What this service tells those who ask: protected fields of facts, a parcours, a search, the survivors of aliases."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Connection
from services.usagers.domain.identite import MAX_HOMONYMES, Coordonnees, Identifiant, Identite, cles, connus
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import EtatParcours, Parcours
from services.usagers.domain.rapprochement import Inconnu, Reconnu, rapprocher
from services.usagers.store import dires, lignes
from services.usagers.store.vault import Coffre

_CHAMPS = "SELECT fait, parcours, chiffre FROM champs_proteges WHERE fait = ANY($1)"
_CANDIDATS = """
SELECT p.id FROM parcours a JOIN parcours p ON p.id = coalesce(a.survivant, a.id)
WHERE a.id = ANY($1) AND p.departement = $2
"""
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
    AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
    UNION SELECT h.parcours FROM unnest($2::bytea[]) AS k(empreinte) CROSS JOIN LATERAL (
        SELECT parcours FROM cles c WHERE c.empreinte = k.empreinte
        AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')) LIMIT $3) AS h)
"""
SIGNALE = "signale"
"""The state of a parcours for whoever only signalled the person: it says nothing of the person."""
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
    ici = await conn.fetch(_CANDIDATS, list(trouve.candidats), trouve.departement)
    return _en_json(trouve, [str(ligne["id"]) for ligne in ici])


async def dire(conn: Connection, coffre: Coffre, alias: UUID, emetteur: str) -> dict[str, Any] | None:
    """What this partner itself said of the person whom it calls so, and nothing else; None when it said nothing."""
    dit = await dires.sous(conn, coffre, alias, emetteur)
    if dit is None:
        return None
    return {
        "parcours": str(alias),
        "etat": SIGNALE,
        "departement": dit.departement,
        "identite": connus(dit.identite),
        "identifiants": [_identifiant(i) for i in sorted(dit.identifiants, key=lambda i: i.cle or (i.nature,))],
    } | ({"coordonnees": _coordonnees(dit.coordonnees)} if dit.coordonnees else {})


async def resoudre(
    conn: Connection,
    coffre: Coffre,
    dite: Identite | Naissance | None,
    identifiants: Sequence[Identifiant],
    departements: Sequence[str],
) -> dict[str, Any]:
    """`trouve` only when an identifier designates one active parcours of these départements and nothing contradicts it.

    Nobody else is opened: whoever lives elsewhere costs what an unknown person costs. `ailleurs` is for the meter.
    """
    propres = [coffre.empreinte(cle) for cle in cles((), identifiants)]
    etats_civils = [coffre.empreinte(cle) for cle in cles((dite,) if isinstance(dite, Identite) else (), ())]
    partout = await conn.fetch(_ACTIFS, propres, etats_civils, MAX_HOMONYMES)
    rangees = [ligne for ligne in partout if ligne["departement"] in departements]
    ailleurs = len(rangees) < len(partout)
    secrets = {s["parcours"]: s for s in await conn.fetch(_COFFRES, [ligne["id"] for ligne in rangees])}
    actifs = [lignes.parcours(ligne, secrets.get(ligne["id"]), coffre) for ligne in rangees]
    match rapprocher(dite, identifiants, actifs):
        case Inconnu():
            return {"resultat": "aucun", "ailleurs": ailleurs}
        case Reconnu(reconnu, _):
            return {"resultat": "trouve", "parcours": str(reconnu.id), "ailleurs": ailleurs}
        case _:
            return {"resultat": "plusieurs", "ailleurs": ailleurs}


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
        "coordonnees": _coordonnees(parcours.coordonnees),
    }
    if parcours.etat is EtatParcours.AMBIGU:
        brut["candidats"] = sorted(set(candidats))
    return _connus(brut) or {}


def _identifiant(identifiant: Identifiant) -> dict[str, Any]:
    valeur = identifiant.valeur if identifiant.nature == "nir" else identifiant.ecrit or identifiant.valeur
    brut = {"type": identifiant.nature, "valeur": valeur, "role": identifiant.role, "emetteur": identifiant.emetteur}
    return _connus(brut) or {}


def _coordonnees(coordonnees: Coordonnees | None) -> dict[str, Any] | None:
    if coordonnees is None:
        return None
    brut = coordonnees.connues
    return {**brut, "adresse": connus(brut["adresse"])} if "adresse" in brut else brut


def _connus(brut: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {nom: valeur for nom, valeur in brut.items() if valeur is not None} if brut is not None else None
