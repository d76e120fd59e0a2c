"""The reads: protected fields of facts, a parcours, a search, the survivors of aliases."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection
from services.usagers.domain.identite import MAX_HOMONYMES, Coordonnees, Identifiant, Identite, cles, connus
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Droits, EtatParcours, Parcours
from services.usagers.domain.rapprochement import Inconnu, Reconnu, rapprocher
from services.usagers.store.dossiers import REGISTRE
from services.usagers.store.index import INDEX
from services.usagers.store.registre import LIGNEE

_CHAMPS = "SELECT fait, chiffre FROM champs_proteges WHERE fait = ANY($1)"
_ICI = f"""{LIGNEE}
SELECT parcours FROM lignee JOIN etats USING (parcours) WHERE absorbe_par IS NULL AND departement = $2
"""  # noqa: S608
_VIVANTS = f"{LIGNEE} SELECT nom, parcours FROM lignee WHERE absorbe_par IS NULL"  # noqa: S608
_PARCOURS = f"{LIGNEE} SELECT parcours, etat FROM lignee JOIN dossiers d USING (parcours) WHERE d.absorbe_par IS NULL"  # noqa: S608
_DIRE = "SELECT parcours, etat FROM dires JOIN dossiers USING (parcours) WHERE alias = $1 AND emetteur = $2"
_ACTIFS = """
SELECT parcours, departement FROM etats WHERE etat = 'actif' AND parcours IN (
    SELECT parcours FROM cles WHERE empreinte = ANY($1)
    AND active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')
    UNION SELECT parcours FROM cles WHERE empreinte = ANY($1)
    AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
    UNION SELECT h.parcours FROM unnest($2::bytea[]) AS k(empreinte) CROSS JOIN LATERAL (
        SELECT parcours FROM cles c WHERE c.empreinte = k.empreinte
        AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')) LIMIT $3) AS h)
"""
_NOMMES = """
SELECT parcours FROM cles WHERE empreinte = ANY($1)
AND active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo')
UNION SELECT parcours FROM cles WHERE empreinte = ANY($1)
AND NOT (active AND nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
"""
_OUVRIR = "SELECT parcours, etat FROM dossiers WHERE parcours = ANY($1)"
SIGNALE = "signale"
"""The state of a parcours for whoever only signalled the person: it says nothing of the person."""


async def champs(conn: Connection, faits: Sequence[UUID]) -> dict[str, Any]:
    """The protected part of each of these facts; absent when it has none or was erased."""
    lignes = [(ligne["fait"], ligne["chiffre"]) for ligne in await conn.fetch(_CHAMPS, faits)]
    clairs = await REGISTRE.sceaux.ouvrir(conn, "champs_proteges", lignes)
    return {str(fait): orjson.loads(clair) for (fait, _), clair in zip(lignes, clairs, strict=True) if clair}


async def survivants(conn: Connection, parcours: Sequence[UUID]) -> dict[str, str]:
    """Return each known parcours with its survivor, without unknown and erased ones."""
    return {str(ligne["nom"]): str(ligne["parcours"]) for ligne in await conn.fetch(_VIVANTS, parcours)}


async def parcours(conn: Connection, id_: UUID) -> dict[str, Any] | None:
    """All that is known of a parcours, in clear: its receiver projects it. None when unknown or erased."""
    for trouve in (await REGISTRE.lire(conn, await conn.fetch(_PARCOURS, [id_]))).values():
        ici = await conn.fetch(_ICI, list(trouve.candidats), trouve.departement)
        return _en_json(trouve, [str(ligne["parcours"]) for ligne in ici])
    return None


async def dire(conn: Connection, alias: UUID, emetteur: str) -> dict[str, Any] | None:
    """Return this partner's own description of the person that it calls so; None without one."""
    dossiers = await REGISTRE.lire(conn, await conn.fetch(_DIRE, alias, emetteur))
    dit = next((dire for dossier in dossiers.values() for dire in dossier.dires if dire.alias == alias), None)
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
    dite: Identite | Naissance | None,
    identifiants: Sequence[Identifiant],
    departements: Sequence[str],
) -> dict[str, Any]:
    """`trouve` only when an identifier designates one active parcours of these départements and nothing contradicts it.

    It opens no other dossier: a person elsewhere costs as much as an unknown one. `ailleurs` is for the meter.
    """
    propres = [INDEX.empreinte(cle) for cle in cles((), identifiants)]
    etats_civils = [INDEX.empreinte(cle) for cle in cles((dite,) if isinstance(dite, Identite) else (), ())]
    partout = await conn.fetch(_ACTIFS, propres, etats_civils, MAX_HOMONYMES)
    ici = [ligne["parcours"] for ligne in partout if ligne["departement"] in departements]
    ailleurs = len(ici) < len(partout)
    actifs = await REGISTRE.lire(conn, await conn.fetch(_OUVRIR, ici))
    match rapprocher(dite, identifiants, list(actifs.values())):
        case Inconnu():
            return {"resultat": "aucun", "ailleurs": ailleurs}
        case Reconnu(reconnu, _):
            return {"resultat": "trouve", "parcours": str(reconnu.id), "ailleurs": ailleurs}
        case _:
            return {"resultat": "plusieurs", "ailleurs": ailleurs}


async def retrouver(conn: Connection, identifiants: Sequence[Identifiant]) -> list[str]:
    """Every parcours, in any state and territory, that one of these identifiers names: for the hub's own operators."""
    empreintes = [INDEX.empreinte(cle) for cle in cles((), identifiants)]
    nommes = [ligne["parcours"] for ligne in await conn.fetch(_NOMMES, empreintes)]
    return sorted(set((await survivants(conn, nommes)).values()))


def _en_json(parcours: Parcours, candidats: Sequence[str]) -> dict[str, Any]:
    brut: dict[str, Any] = {
        "parcours": str(parcours.id),
        "etat": parcours.etat.value,
        "departement": parcours.departement,
        "droits": _droits(parcours.droits),
        "date_fin": parcours.date_fin,
        "oppose": parcours.oppose_a is not None,
        "identite": connus(parcours.identite) if parcours.identite else None,
        "identifiants": [_identifiant(i) for i in sorted(parcours.identifiants, key=lambda i: i.cle or (i.nature,))],
        "coordonnees": _coordonnees(parcours.coordonnees),
    }
    if parcours.etat is EtatParcours.AMBIGU:
        brut["candidats"] = sorted(set(candidats))
    return _connus(brut) or {}


def _droits(droits: Droits | None) -> dict[str, Any] | None:
    """The rights without the instant of their message."""
    if droits is None:
        return None
    dits = {nom: valeur for nom, valeur in connus(droits).items() if nom != "dit_a"}
    return dits | {"date_effet": droits.date_effet.isoformat()}


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
