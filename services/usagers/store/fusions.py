"""The merges that stand, with the persons as they were before: sealed like the vault, and gone with the person."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record, write
from chassis.facts import Fait, FaitEnregistre
from services.usagers.domain.parcours import Acte, EtatParcours, FusionConnue, Parcours
from services.usagers.store import lignes
from services.usagers.store.vault import Coffre

_FUSION = "fusion"
_PAR_DEPOT = "SELECT * FROM fusions WHERE depot = ANY($1)"
_DE = "SELECT * FROM fusions WHERE conserve = ANY($1) OR absorbes && $1::uuid[] ORDER BY numero"
# Before the merge moves them to the survivor.
_SUIVANTS = "SELECT survivant, array_agg(id ORDER BY id) AS noms FROM parcours WHERE survivant = ANY($1) GROUP BY 1"
_RETENIR = """
INSERT INTO fusions (depot, conserve, absorbes, auteur, fait, suivaient, chiffre)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_DEFAIRE = "DELETE FROM fusions WHERE depot = ANY($1)"
_RENDRE = """
UPDATE parcours SET survivant = r.a FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS r(nom, de, a)
WHERE parcours.id = r.nom AND parcours.survivant = r.de
"""
_OUBLIER = "DELETE FROM fusions WHERE conserve = ANY($1) OR absorbes && $1::uuid[]"


async def lire(conn: Connection, coffre: Coffre, depots: Collection[UUID]) -> list[FusionConnue]:
    """The merges that these deposits decided and that stand."""
    return [_lue(ligne, coffre) for ligne in await conn.fetch(_PAR_DEPOT, list(depots))] if depots else []


async def de(conn: Connection, coffre: Coffre, parcours: Collection[UUID]) -> list[FusionConnue]:
    """Those that concern these parcours, oldest first."""
    return [_lue(ligne, coffre) for ligne in await conn.fetch(_DE, list(parcours))]


async def retenir(
    conn: Connection,
    coffre: Coffre,
    fusions: Sequence[FusionConnue],
    faits: Sequence[tuple[Fait, FaitEnregistre]],
) -> None:
    """Keep the merges of a batch. To be called before the parcours are saved."""
    dits = {dit.cause: dit.id for _, dit in faits if dit.type == "usager.fusionne"}
    for fusion in fusions:
        absorbes = [absorbe.id for absorbe in fusion.absorbes]
        suivants = {str(s["survivant"]): list(map(str, s["noms"])) for s in await conn.fetch(_SUIVANTS, absorbes)}
        personnes = [_en_json(p) for p in (fusion.conserve, fusion.apres, *fusion.absorbes)]
        chiffre = coffre.chiffrer(fusion.conserve.id, _FUSION, personnes)
        depot, auteur = fusion.acte.depot, fusion.acte.auteur
        await conn.execute(
            _RETENIR, depot, fusion.conserve.id, absorbes, auteur, dits.get(depot, depot), suivants, chiffre
        )


async def defaire(conn: Connection, fusions: Sequence[FusionConnue]) -> None:
    """They stand no more: the aliases of those that were absorbed are theirs again."""
    if not fusions:
        return
    await conn.execute(_DEFAIRE, [fusion.acte.depot for fusion in fusions])
    rendus = [
        (nom, fusion.conserve.id, absorbe)
        for fusion in fusions
        for absorbe, noms in fusion.suivaient.items()
        for nom in noms
    ]
    await write(conn, _RENDRE, rendus)


async def oublier(conn: Connection, parcours: Collection[UUID]) -> None:
    await conn.execute(_OUBLIER, list(parcours))


def _lue(ligne: Record, coffre: Coffre) -> FusionConnue:
    brutes = coffre.dechiffrer(ligne["conserve"], _FUSION, ligne["chiffre"])
    conserve, apres, *absorbes = map(_lu, brutes)
    suivaient = {UUID(absorbe): tuple(map(UUID, noms)) for absorbe, noms in ligne["suivaient"].items()}
    acte = Acte(ligne["depot"], ligne["auteur"])
    return FusionConnue(acte, ligne["fait"], conserve, apres, tuple(absorbes), suivaient)


def _en_json(parcours: Parcours) -> dict[str, Any]:
    return {
        "id": parcours.id,
        "etat": parcours.etat.value,
        "departement": parcours.departement,
        "emetteur": parcours.emetteur,
        "identites": parcours.identites,
        "identifiants": sorted(parcours.identifiants, key=lignes.ordre),
        "coordonnees": asdict(parcours.coordonnees) if parcours.coordonnees else None,
        "droits": lignes.droits_en_ligne(parcours.droits),
        "candidats": parcours.candidats,
        "date_fin": parcours.date_fin,
        "oppose_a": parcours.oppose_a,
        "transfert": parcours.transfert,
        "attend_un_partenaire": parcours.attend_un_partenaire,
        "arrivees_signalees": lignes.arrivees_en_ligne(parcours.arrivees_signalees),
        "distincts": sorted(parcours.distincts),
    }


def _lu(brut: dict[str, Any]) -> Parcours:
    identites = [lignes.lire_identite(identite) for identite in brut["identites"]]
    transfert = brut["transfert"]
    return Parcours(
        id=UUID(brut["id"]),
        etat=EtatParcours(brut["etat"]),
        departement=brut["departement"],
        emetteur=brut["emetteur"],
        identite=identites[0] if identites else None,
        variantes=frozenset(identites[1:]),
        identifiants=lignes.lire_identifiants(brut["identifiants"]),
        coordonnees=lignes.lire_coordonnees(brut["coordonnees"]) if brut["coordonnees"] else None,
        droits=lignes.lire_droits(brut["droits"]),
        candidats=tuple(map(UUID, brut["candidats"])),
        date_fin=date.fromisoformat(brut["date_fin"]) if brut["date_fin"] else None,
        oppose_a=datetime.fromisoformat(brut["oppose_a"]) if brut["oppose_a"] else None,
        transfert=(transfert[0], date.fromisoformat(transfert[1])) if transfert else None,
        attend_un_partenaire=brut["attend_un_partenaire"],
        arrivees_signalees=lignes.lire_arrivees(brut["arrivees_signalees"]),
        distincts=frozenset(map(UUID, brut["distincts"])),
    )
