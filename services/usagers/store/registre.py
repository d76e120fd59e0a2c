"""Loading under lock and saving, set by set, of the parcours that a batch concerns."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, write
from chassis.facts import Fait, FaitEnregistre
from services.usagers.domain import EtatParcours, Message, Parcours
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
from services.usagers.store import dires, effacements, fusions, lignes, territoires
from services.usagers.store.dossiers import Dossiers, Echeances
from services.usagers.store.vault import Coffre

_VERROU = 0x7573616765727300  # « usagers »: the lock above all others of this service
# Beyond this many keys, a batch takes the whole lock rather than one per key: the lock table of PostgreSQL is finite.
_MAX_VERROUS = 512

_VERROUILLER_TOUT = "SELECT pg_advisory_xact_lock($1)"
_VERROUILLER_PARTAGE = "SELECT pg_advisory_xact_lock_shared($1)"
_VERROUILLER_CLES = "SELECT count(pg_advisory_xact_lock(v)) FROM unnest($1::bigint[]) AS v"

_CLES_DE = """
SELECT empreinte, nature FROM cles
WHERE parcours IN (SELECT coalesce(survivant, id) FROM parcours WHERE id = ANY($1))
"""
_LIEUX = """
SELECT a.id, p.departement FROM parcours a JOIN parcours p ON p.id = coalesce(a.survivant, a.id) WHERE a.id = ANY($1)
"""
_ALIAS = "SELECT id, survivant FROM parcours WHERE id = ANY($1) AND survivant IS NOT NULL"
# The two halves are the predicates of the two partial indexes: each key is in exactly one of them, and one whose nature
# is shared ($2 holds all, $1 those of the other natures) is not worth a look into the first. Of a civil status ($3)
# there may be any number of homonyms: so many of them ($4) are enough to doubt.
_TROUVER = """
SELECT c.parcours FROM cles c JOIN parcours p ON p.id = c.parcours
WHERE c.empreinte = ANY($1) AND p.etat IN ('actif', 'ambigu')
    AND (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
UNION
SELECT c.parcours FROM cles c JOIN parcours p ON p.id = c.parcours
WHERE c.empreinte = ANY($2) AND p.etat IN ('actif', 'ambigu')
    AND NOT (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
UNION
SELECT h.parcours FROM unnest($3::bytea[]) AS k(empreinte) CROSS JOIN LATERAL (
    SELECT c.parcours FROM cles c JOIN parcours p ON p.id = c.parcours
    WHERE c.empreinte = k.empreinte AND p.etat IN ('actif', 'ambigu')
        AND NOT (c.active AND c.nature IN ('nir', 'numero-france-travail', 'local', 'imilo'))
    LIMIT $4
) AS h
"""
# Locked in the order of their ids, like everywhere, so that two batches never wait for each other.
_VERROUILLER = "SELECT * FROM parcours WHERE id = ANY($1) ORDER BY id FOR UPDATE"
_SECRETS = "SELECT * FROM coffre WHERE parcours = ANY($1)"

_PARCOURS = (
    "id",
    "etat",
    "departement",
    "emetteur",
    "candidats",
    "survivant",
    "droits",
    "date_fin",
    "oppose_a",
    "transfert_vers",
    "transfert_le",
    "transfert_attend",
    "arrivees_signalees",
    "distincts",
)
_LISTES = (_PARCOURS.index("candidats"), _PARCOURS.index("distincts"))
_COFFRE = ("parcours", "identite", "identifiants", "coordonnees")
# Their signaller never changes. Lists travel as one text each: arrays of arrays must all have one length.
_CHANGER = """
UPDATE parcours SET etat = c.etat, departement = c.departement, candidats = string_to_array(c.candidats, ' ')::uuid[],
    survivant = c.survivant, droits = c.droits, date_fin = c.date_fin, oppose_a = c.oppose_a,
    transfert_vers = c.transfert_vers, transfert_le = c.transfert_le, transfert_attend = c.transfert_attend,
    arrivees_signalees = c.arrivees_signalees, distincts = string_to_array(c.distincts, ' ')::uuid[]
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::jsonb[], $8::date[],
    $9::timestamptz[], $10::text[], $11::date[], $12::bool[], $13::text[], $14::text[])
    AS c(id, etat, departement, emetteur, candidats, survivant, droits, date_fin, oppose_a, transfert_vers,
        transfert_le, transfert_attend, arrivees_signalees, distincts)
WHERE parcours.id = c.id
"""
_DEPLACER_ALIAS = """
UPDATE parcours SET survivant = m.vers FROM unnest($1::uuid[], $2::uuid[]) AS m(de, vers)
WHERE parcours.survivant = m.de
"""
_RANGER = """
INSERT INTO coffre (parcours, identite, identifiants, coordonnees)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[])
ON CONFLICT (parcours) DO UPDATE
SET identite = EXCLUDED.identite, identifiants = EXCLUDED.identifiants, coordonnees = EXCLUDED.coordonnees
"""
_VIDER = "DELETE FROM coffre WHERE parcours = ANY($1)"
_RETIRER_CLES = """
DELETE FROM cles USING unnest($1::uuid[], $2::bytea[]) AS r(parcours, empreinte)
WHERE (cles.parcours, cles.empreinte) = (r.parcours, r.empreinte)
"""


class Registre:
    """The parcours in the database. `echeances` tells what falls due for one of them."""

    def __init__(self, coffre: Coffre, echeances: Echeances) -> None:
        self._coffre = coffre
        self._echeances = echeances

    async def charger(self, conn: Connection, messages: Sequence[Message]) -> Dossiers:
        """Lock what the batch may change: the keys of the persons first, then the parcours that hold them.

        Two batches about one person therefore decide one after the other, and the second sees what the first did.
        """
        recherchees = {cle for message in messages for cle in _recherchees(message)}
        annules = [message.annule for message in messages if isinstance(message, Defusion)]
        rendues = await fusions.lire(conn, self._coffre, annules)
        recherchees |= {cle for fusion in rendues for p in fusion.absorbes for cle in p.cles}
        natures = {self._coffre.empreinte(cle): cle[0] for cle in recherchees}
        verrous = {self._coffre.empreinte(cle) for cle in recherchees if est_precise(cle)}
        cedants = [id_ for message in messages for id_ in _cedants(message)]
        if cedants:
            cedees = {ligne["empreinte"]: ligne["nature"] for ligne in await conn.fetch(_CLES_DE, cedants)}
            natures |= cedees
            verrous |= cedees.keys()
        await _verrouiller(conn, verrous)
        nommes_ = [id_ for message in messages for id_ in nommes(message)]
        rendus = {p.id for fusion in rendues for p in fusion.absorbes}
        parcours, alias = await self._trouver(conn, nommes_, natures, rendus)
        emetteurs = {message.emetteur for message in messages if isinstance(message, Signalement)}
        dits = await dires.lire(conn, self._coffre, [p.id for p in parcours], emetteurs)
        alias |= await _alias(conn, [d.parcours for d in dits])
        lieux = await _lieux(conn, [c for p in parcours for c in p.candidats])
        concernees = await fusions.de(conn, self._coffre, [p.id for p in parcours]) if annules else []
        servis = await territoires.servis(conn)
        return Dossiers(parcours, alias, self._echeances, dits, lieux, servis, concernees)

    async def _trouver(
        self, conn: Connection, nommes_: list[UUID], natures: Mapping[bytes, str], rendus: Collection[UUID] = ()
    ) -> tuple[list[Parcours], dict[UUID, UUID]]:
        """Lock, then look again: what a lock waited for may have moved a key or made an alias."""
        exclusives = [empreinte for empreinte, nature in natures.items() if nature in EXCLUSIVES]
        etats_civils = [empreinte for empreinte, nature in natures.items() if nature == ETAT_CIVIL]
        autres = [empreinte for empreinte, nature in natures.items() if nature != ETAT_CIVIL]
        tenus: list[Parcours] = []
        vus: set[UUID] = set()
        while True:
            alias = await _alias(conn, nommes_)
            ids = {alias.get(id_, id_) for id_ in nommes_}.union(rendus)
            if natures:
                trouves = await conn.fetch(_TROUVER, exclusives, autres, etats_civils, MAX_HOMONYMES)
                ids |= {ligne["parcours"] for ligne in trouves}
            nouveaux = ids - vus
            if not nouveaux:
                break
            tenus += await self._lire(conn, list(nouveaux))
            vus |= nouveaux
        candidats = [c for p in tenus for c in p.candidats]
        return tenus, alias | await _alias(conn, candidats)

    async def _lire(self, conn: Connection, ids: list[UUID]) -> list[Parcours]:
        rangees = await conn.fetch(_VERROUILLER, ids)
        secrets = {ligne["parcours"]: ligne for ligne in await conn.fetch(_SECRETS, ids)}
        return [lignes.parcours(ligne, secrets.get(ligne["id"]), self._coffre) for ligne in rangees]

    async def enregistrer(
        self, conn: Connection, dossiers: Dossiers, faits: Sequence[tuple[Fait, FaitEnregistre]]
    ) -> None:
        changes = list(dossiers.changes())
        await fusions.retenir(conn, self._coffre, dossiers.fusions_dites, faits)
        if changes:
            await _enregistrer_parcours(conn, changes)
            await self._enregistrer_coffre(conn, changes)
            await self._enregistrer_cles(conn, dossiers, changes)
        await fusions.defaire(conn, dossiers.fusions_defaites)
        await dires.ranger(conn, self._coffre, dossiers.dits())
        await self._proteger(conn, faits)
        effaces = {e.agregat: e.id for _, e in faits if e.type == "usager.efface"}
        if effaces:
            self._coffre.oublier()
            oublier()
            await effacements.effacer(conn, effaces)

    async def _enregistrer_coffre(self, conn: Connection, changes: Sequence[tuple[Parcours | None, Parcours]]) -> None:
        neufs = [apres for avant, apres in changes if avant is None and apres.identite]
        ranges = [apres for avant, apres in changes if avant and apres.identite and _secrets(apres) != _secrets(avant)]
        vides = [apres.id for avant, apres in changes if avant and avant.identite and apres.identite is None]
        await ledger.insert(conn, "coffre", _COFFRE, [(p.id, *lignes.secrets(p, self._coffre)) for p in neufs])
        await write(conn, _RANGER, [(p.id, *lignes.secrets(p, self._coffre)) for p in ranges])
        if vides:
            await conn.execute(_VIDER, vides)

    async def _enregistrer_cles(
        self, conn: Connection, dossiers: Dossiers, changes: Sequence[tuple[Parcours | None, Parcours]]
    ) -> None:
        """What goes away goes first: a key that passes from one parcours to another is never held twice."""
        avant = {(p.id, cle, _est_actif(p)) for p, _ in changes if p for cle in p.cles}
        apres = {(p.id, cle, _est_actif(p)) for _, p in changes for cle in dossiers.cles_de(p.id)}
        if retirees := list(avant - apres):
            empreintes = [self._coffre.empreinte(cle) for _, cle, _ in retirees]
            await conn.execute(_RETIRER_CLES, [id_ for id_, _, _ in retirees], empreintes)
        if ajoutees := list(apres - avant):
            rangees = [(id_, cle[0], self._coffre.empreinte(cle), actif) for id_, cle, actif in ajoutees]
            await ledger.insert(conn, "cles", ("parcours", "nature", "empreinte", "active"), rangees)

    async def _proteger(self, conn: Connection, faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        proteges = [
            (enregistre.id, enregistre.agregat, self._coffre.chiffrer(enregistre.agregat, str(enregistre.id), protege))
            for fait, enregistre in faits
            if (protege := fait.protege)
        ]
        await ledger.insert(conn, "champs_proteges", ("fait", "parcours", "chiffre"), proteges)


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


async def _alias(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    if not ids:
        return {}
    return {ligne["id"]: ligne["survivant"] for ligne in await conn.fetch(_ALIAS, list(set(ids)))}


async def _lieux(conn: Connection, candidats: Sequence[UUID]) -> dict[UUID, str]:
    if not candidats:
        return {}
    return {ligne["id"]: ligne["departement"] for ligne in await conn.fetch(_LIEUX, list(set(candidats)))}


async def _enregistrer_parcours(conn: Connection, changes: Sequence[tuple[Parcours | None, Parcours]]) -> None:
    await ledger.insert(conn, "parcours", _PARCOURS, [_ligne(apres) for avant, apres in changes if avant is None])
    if connus := [_ligne(apres) for avant, apres in changes if avant]:
        colonnes = [list(colonne) for colonne in zip(*connus, strict=True)]
        for liste in _LISTES:
            colonnes[liste] = [" ".join(map(str, ids)) for ids in colonnes[liste]]
        await conn.execute(_CHANGER, *colonnes)
    fusionnes = [apres for _, apres in changes if apres.survivant]
    if fusionnes:
        await conn.execute(_DEPLACER_ALIAS, [p.id for p in fusionnes], [p.survivant for p in fusionnes])


def _ligne(parcours: Parcours) -> tuple[Any, ...]:
    return (
        parcours.id,
        parcours.etat.value,
        parcours.departement,
        parcours.emetteur,
        parcours.candidats,
        parcours.survivant,
        lignes.droits_en_ligne(parcours.droits),
        parcours.date_fin,
        parcours.oppose_a,
        *(parcours.transfert or (None, None)),
        parcours.attend_un_partenaire,
        lignes.arrivees_en_ligne(parcours.arrivees_signalees),
        sorted(parcours.distincts),
    )


def _secrets(parcours: Parcours | None) -> object:
    return (parcours.identites, parcours.identifiants, parcours.coordonnees) if parcours else None


def _est_actif(parcours: Parcours) -> bool:
    return parcours.etat is EtatParcours.ACTIF
