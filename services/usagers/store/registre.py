"""Finds and locks the dossiers of a batch: the named ones, and the ones that share a key with its persons."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

import orjson

from chassis import ledger
from chassis.database import Connection, Record
from chassis.facts import Fait, FaitEnregistre
from chassis.settings import Settings
from coffre.keys import Vault
from services.dossiers import registre
from services.usagers.domain import Message, Parcours
from services.usagers.domain.identite import (
    ETAT_CIVIL,
    EXCLUSIVES,
    MAX_HOMONYMES,
    Cle,
    cles,
    est_precise,
    oublier,
)
from services.usagers.domain.messages import Correction, DecisionRapprochement, Defusion, Fusion, Signalement, nommes
from services.usagers.store import territoires
from services.usagers.store.index import INDEX
from services.usagers.store.lot import Dossiers

_VERROU = 0x7573616765727300  # « usagers »: the lock above all others of this service
# Beyond this many keys, a batch takes the whole lock rather than one per key: the lock table of PostgreSQL is finite.
_MAX_VERROUS = 512

_VERROUILLER_TOUT = "SELECT pg_advisory_xact_lock($1)"
_VERROUILLER_PARTAGE = "SELECT pg_advisory_xact_lock_shared($1)"
_VERROUILLER_CLES = "SELECT count(pg_advisory_xact_lock(v)) FROM unnest($1::bigint[]) AS v"

LIGNEE = """
WITH RECURSIVE lignee AS (
    SELECT parcours AS nom, parcours, absorbe_par FROM dossiers WHERE parcours = ANY($1)
    UNION SELECT l.nom, d.parcours, d.absorbe_par FROM lignee l JOIN dossiers d ON d.parcours = l.absorbe_par)
"""
"""From each of these names to its survivor, which nothing absorbed."""
_CLES_DE = f"{LIGNEE} SELECT empreinte, nature FROM cles JOIN lignee USING (parcours)"  # noqa: S608
_LIEUX = f"{LIGNEE} SELECT nom, departement FROM lignee JOIN etats USING (parcours) WHERE absorbe_par IS NULL"  # noqa: S608
_ALIAS = f"{LIGNEE} SELECT DISTINCT parcours, absorbe_par FROM lignee WHERE absorbe_par IS NOT NULL"  # noqa: S608
# The two halves are the predicates of the two partial indexes: each key is in exactly one of them, and one whose nature
# is shared ($2 holds all, $1 those of the other natures) is not worth a look into the first. Of a civil status ($3)
# there may be any number of homonyms: so many of them ($4) are enough to doubt.
_TROUVER = """
SELECT c.parcours FROM cles c JOIN etats e USING (parcours)
WHERE c.empreinte = ANY($1) AND e.etat IN ('actif', 'ambigu')
    AND (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
UNION
SELECT c.parcours FROM cles c JOIN etats e USING (parcours)
WHERE c.empreinte = ANY($2) AND e.etat IN ('actif', 'ambigu')
    AND NOT (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
UNION
SELECT h.parcours FROM unnest($3::bytea[]) AS k(empreinte) CROSS JOIN LATERAL (
    SELECT c.parcours FROM cles c JOIN etats e USING (parcours)
    WHERE c.empreinte = k.empreinte AND e.etat IN ('actif', 'ambigu')
        AND NOT (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
    LIMIT $4
) AS h
"""
# What these emitters said of these parcours, or of those that they absorbed.
_DITS = """
WITH RECURSIVE absorbes AS (
    SELECT unnest($1::uuid[]) AS parcours
    UNION SELECT d.parcours FROM dossiers d JOIN absorbes a ON d.absorbe_par = a.parcours)
SELECT DISTINCT parcours FROM dires JOIN absorbes USING (parcours) WHERE emetteur = ANY($2)
"""
_LIRE = "SELECT parcours, etat FROM dossiers WHERE parcours = ANY($1)"
# Locked in the order of their ids, like everywhere, so that two batches never wait for each other.
_VERROUILLER = f"{_LIRE} ORDER BY parcours FOR UPDATE"
_EVENEMENTS = "SELECT cause, id FROM faits WHERE cause = ANY($1) AND type = 'usager.fusionne'"
_OUBLIER_CHAMPS = "DELETE FROM champs_proteges WHERE parcours = ANY($1)"


class Registre(registre.Registre[Parcours]):
    """The dossiers of this service, found by the blind indexes of their persons."""

    def lier(self, vault: Vault, lus: Settings) -> None:
        super().lier(vault, lus)
        INDEX.lier(lus.key("index"))

    async def charger(  # type: ignore[override]  # messages of its own
        self, conn: Connection, messages: Sequence[Message]
    ) -> Dossiers:
        """Lock the rows that the batch may change: the keys of the persons first, then the parcours that hold them.

        Two batches about one person therefore decide one after the other, and the second sees what the first did.
        """
        recherchees = {cle for message in messages for cle in _recherchees(message)}
        rendus = await self._rendus(conn, [message for message in messages if isinstance(message, Defusion)])
        recherchees |= {cle for p in rendus.values() for cle in p.cles}
        natures = {INDEX.empreinte(cle): cle[0] for cle in recherchees}
        verrous = {INDEX.empreinte(cle) for cle in recherchees if est_precise(cle)}
        cedants = [id_ for message in messages for id_ in _cedants(message)]
        if cedants:
            cedees = {ligne["empreinte"]: ligne["nature"] for ligne in await conn.fetch(_CLES_DE, cedants)}
            natures |= cedees
            verrous |= cedees.keys()
        await _verrouiller(conn, verrous)
        emetteurs = {message.emetteur for message in messages if isinstance(message, Signalement)}
        parcours, alias = await self._trouver(conn, messages, natures, rendus, emetteurs)
        candidats = [c for p in parcours.values() for c in p.candidats]
        lieux = {ligne["nom"]: ligne["departement"] for ligne in await _de(conn, _LIEUX, candidats)}
        alias |= await _alias(conn, candidats)
        annules = [message.annule for message in messages if isinstance(message, Defusion)]
        dits = {ligne["cause"]: ligne["id"] for ligne in await _de(conn, _EVENEMENTS, annules)}
        return Dossiers(self.modele, parcours, alias, lieux, await territoires.servis(conn), dits)

    async def _rendus(self, conn: Connection, defusions: Sequence[Defusion]) -> dict[UUID, Parcours]:
        """Whom undoing these merges gives back, as they were before."""
        noms = [defusion.parcours for defusion in defusions]
        alias = await _alias(conn, noms)
        annules = {defusion.annule for defusion in defusions}
        lignees = await self.ouvrir(conn, await _de(conn, _LIRE, {*noms, *alias.values()}))
        fusions = [f for p in lignees.values() for f in p.fusions if f.acte.depot in annules]
        return {absorbe.id: absorbe for fusion in fusions for absorbe in fusion.absorbes}

    async def _trouver(
        self,
        conn: Connection,
        messages: Sequence[Message],
        natures: Mapping[bytes, str],
        rendus: Collection[UUID],
        emetteurs: Collection[str],
    ) -> tuple[dict[UUID, Parcours], dict[UUID, UUID]]:
        """Lock, then look again: another batch may have moved a key or made an alias meanwhile."""
        exclusives = [empreinte for empreinte, nature in natures.items() if nature in EXCLUSIVES]
        etats_civils = [empreinte for empreinte, nature in natures.items() if nature == ETAT_CIVIL]
        autres = [empreinte for empreinte, nature in natures.items() if nature != ETAT_CIVIL]
        nommes_ = {id_ for message in messages for id_ in nommes(message)}
        lignees = {message.parcours for message in messages if isinstance(message, Defusion)}
        tenus: dict[UUID, Parcours] = {}
        vus: set[UUID] = set()
        while True:
            alias = await _alias(conn, nommes_)
            ids = {_survivant(id_, alias) for id_ in nommes_}.union(rendus, lignees)
            ids |= alias.keys() if lignees else set()
            if natures:
                trouves = await conn.fetch(_TROUVER, exclusives, autres, etats_civils, MAX_HOMONYMES)
                ids |= {ligne["parcours"] for ligne in trouves}
            if emetteurs:
                dits = await conn.fetch(_DITS, list(ids | tenus.keys()), list(emetteurs))
                ids |= {ligne["parcours"] for ligne in dits}
            nouveaux = ids - vus
            if not nouveaux:
                await self._fermer(conn, vus - tenus.keys())
                return tenus, alias | await _alias(conn, tenus)
            tenus |= await self.ouvrir(conn, await conn.fetch(_VERROUILLER, list(nouveaux)))
            vus |= nouveaux

    async def _fermer(self, conn: Connection, inconnus: Collection[UUID]) -> None:
        """Delete all rows of the persons whose key is destroyed: their numbers are free."""
        effaces = await self.sceaux.effaces(conn, inconnus) if inconnus else frozenset()
        if a_faire := effaces - await ledger.forgotten(conn, effaces):
            await self.effacer(conn, a_faire, {})

    async def enregistrer(  # type: ignore[override]
        self, conn: Connection, lot: Dossiers, faits_: Sequence[tuple[Fait, FaitEnregistre]]
    ) -> None:
        await self._proteger(conn, faits_)
        await super().enregistrer(conn, lot, faits_)

    async def effacer(self, conn: Connection, effaces: Iterable[UUID], dits: Mapping[UUID, UUID]) -> list[UUID]:
        INDEX.oublier()
        oublier()
        tous = await super().effacer(conn, effaces, dits)
        await conn.execute(_OUBLIER_CHAMPS, tous)
        return tous

    async def _proteger(self, conn: Connection, faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        """Store the protected data of each fact, which is not published."""
        proteges = [(dit, fait.protege) for fait, dit in faits if fait.protege]
        clairs = [(dit.agregat, dit.id, orjson.dumps(protege)) for dit, protege in proteges]
        cellules = await self.sceaux.sceller(conn, "champs_proteges", clairs)
        lignes = [(dit.id, dit.agregat, cellule) for (dit, _), cellule in zip(proteges, cellules, strict=True)]
        await ledger.insert(conn, "champs_proteges", ("fait", "parcours", "chiffre"), lignes)


def _recherchees(message: Message) -> frozenset[Cle]:
    """The keys of the person that a message describes."""
    match message:
        case Signalement():
            return message.cles
        case Correction():
            return cles((), message.identifiants)
        case _:
            return frozenset()


def _cedants(message: Message) -> tuple[UUID, ...]:
    """The parcours whose identifiers may pass to another one, unless a third one holds them."""
    match message:
        case DecisionRapprochement(parcours):
            return (parcours,)
        case Fusion(_, _, absorbes):
            return absorbes
        case Defusion(parcours):
            return (parcours,)
        case _:
            return ()


async def _verrouiller(conn: Connection, empreintes: Collection[bytes]) -> None:
    if len(empreintes) > _MAX_VERROUS:
        await conn.execute(_VERROUILLER_TOUT, _VERROU)
    elif empreintes:
        await conn.execute(_VERROUILLER_PARTAGE, _VERROU)
        verrous = sorted(int.from_bytes(empreinte[:8], signed=True) for empreinte in empreintes)
        await conn.execute(_VERROUILLER_CLES, verrous)


async def _de(conn: Connection, requete: str, ids: Iterable[UUID]) -> Sequence[Record]:
    demandes = list(set(ids))
    return await conn.fetch(requete, demandes) if demandes else []


async def _alias(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the parcours that absorbed each of these names, and of their survivors."""
    return {ligne["parcours"]: ligne["absorbe_par"] for ligne in await _de(conn, _ALIAS, ids)}


def _survivant(id_: UUID, alias: Mapping[UUID, UUID]) -> UUID:
    while id_ in alias:
        id_ = alias[id_]
    return id_
