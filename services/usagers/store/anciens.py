"""Converts the rows that release 0.2.0 sealed under keys derived from one file into the first fact of each dossier.

It runs before the service answers: a row not yet converted would make its person unknown.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis import ledger
from chassis.database import Connection, Pool, Record, grouped, write
from services.dossiers.modele import POSE
from services.usagers.domain import EtatParcours, Parcours
from services.usagers.domain.identite import Adresse, Coordonnees, Identifiant, Identite
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.parcours import Acte, Dire, Droits, FusionConnue
from services.usagers.store.registre import Registre

_log = structlog.get_logger()
_ENSEMBLE = 256
_NONCE_BYTES = 12
_JADIS = datetime.min.replace(tzinfo=UTC)
"""Rights that were kept before the moment of their telling was: anything told since has the last word."""

_PAGE = "SELECT * FROM anciens_parcours WHERE id > $1 ORDER BY id LIMIT $2"
_PASSES = "SELECT parcours FROM dossiers WHERE parcours = ANY($1)"
_COFFRES = "SELECT * FROM anciens_coffres WHERE parcours = ANY($1)"
_DIRES = "SELECT * FROM anciens_dires WHERE parcours = ANY($1) ORDER BY alias"
_FUSIONS = "SELECT * FROM anciennes_fusions WHERE conserve = ANY($1) ORDER BY numero"
_EFFACES = "SELECT agregat FROM oublis WHERE agregat = ANY($1)"
_POSER = """
INSERT INTO dossiers (parcours, absorbe_par, etat)
SELECT parcours, absorbe_par, etat FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS n(parcours, absorbe_par, etat)
"""
_CHAMPS = "SELECT fait, parcours, chiffre FROM anciens_champs LIMIT $1"
_RETIRER_CHAMPS = "DELETE FROM anciens_champs WHERE fait = ANY($1)"
_VIDER = tuple(
    f"DELETE FROM {table}"  # noqa: S608  constants only
    for table in ("anciens_coffres", "anciens_dires", "anciennes_fusions", "anciens_parcours")
)
_UN_SEUL = "SELECT pg_advisory_xact_lock(hashtext('usagers.anciens'))"
_IL_EN_RESTE = "SELECT EXISTS (SELECT FROM anciens_parcours) OR EXISTS (SELECT FROM anciens_champs)"


class Ancien:
    """AES-256-GCM under a key of each parcours, derived from the one in the file."""

    def __init__(self, cle: bytes) -> None:
        self._cle = cle

    def ouvrir(self, parcours: UUID, champ: str, chiffre: bytes) -> Any:
        """Raises `cryptography.exceptions.InvalidTag` when a byte changed or the ciphertext was put elsewhere."""
        aead = AESGCM(hmac.digest(self._cle, parcours.bytes, "sha256"))
        nonce, corps = chiffre[:_NONCE_BYTES], chiffre[_NONCE_BYTES:]
        return orjson.loads(aead.decrypt(nonce, corps, parcours.bytes + champ.encode()))


class Reprise:
    """Two replicas that start together take turns; one that is stopped goes on where it was."""

    def __init__(self, pool: Pool, registre: Registre, ancien: Ancien) -> None:
        self._pool = pool
        self._registre = registre
        self._ancien = ancien

    async def tout(self) -> None:
        if not await self._pool.fetchval(_IL_EN_RESTE):
            return
        apres: UUID | None = UUID(int=0)
        while apres is not None:
            apres = await self._dossiers(apres)
        while await self._champs():
            pass
        async with self._pool.acquire() as conn, conn.transaction():
            for vider in _VIDER:
                await conn.execute(vider)

    async def _dossiers(self, apres: UUID) -> UUID | None:
        page: list[UUID] = [row["id"] for row in await self._pool.fetch(_PAGE, apres, _ENSEMBLE)]
        if not page:
            return None
        await self._registre.sceaux.preparer(page)
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_UN_SEUL)
            lignes = await conn.fetch(_PAGE, apres, _ENSEMBLE)
            await self._poser(conn, lignes)
        _log.info("anciens.dossiers", dossiers=len(page))
        return page[-1]

    async def _poser(self, conn: Connection, lignes: Sequence[Record]) -> None:
        ids = [ligne["id"] for ligne in lignes]
        finis = {row["parcours"] for row in await conn.fetch(_PASSES, ids)}
        finis |= {row["agregat"] for row in await conn.fetch(_EFFACES, ids)}
        coffres = {row["parcours"]: row for row in await conn.fetch(_COFFRES, ids)}
        dires = grouped(await conn.fetch(_DIRES, ids), "parcours", self._dire)
        fusions = grouped(await conn.fetch(_FUSIONS, ids), "conserve", self._fusion)
        dossiers = [
            self._parcours(ligne, coffres.get(ligne["id"]), dires.get(ligne["id"], ()), fusions.get(ligne["id"], ()))
            for ligne in lignes
            if ligne["id"] not in finis and ligne["etat"] != EtatParcours.EFFACE.value
        ]
        await write(conn, _POSER, await self._registre.lignes(conn, dossiers))
        poses = [dossier.id for dossier in dossiers]
        faits = [(id_, id_, self._registre.modele.ecrire(d)) for id_, d in zip(poses, dossiers, strict=True)]
        cellules = await self._registre.sceaux.sceller(conn, "histoire", faits)
        histoire = [(id_, POSE, cellule) for id_, cellule in zip(poses, cellules, strict=True)]
        await ledger.insert(conn, "histoire", ("dossier", "type", "fait"), histoire)
        for table in self._registre.modele.tables:
            nouvelles = [ligne for dossier in dossiers for ligne in self._registre.modele.lignes(table, dossier)]
            await self._registre.remplacer(conn, table, poses, nouvelles)

    async def _champs(self) -> int:
        page = await self._pool.fetch(_CHAMPS, _ENSEMBLE)
        await self._registre.sceaux.preparer([row["parcours"] for row in page])
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_UN_SEUL)
            rows = await conn.fetch(_CHAMPS, _ENSEMBLE)
            clairs = [(row["parcours"], row["fait"], self._champ(row)) for row in rows]
            cellules = await self._registre.sceaux.sceller(conn, "champs_proteges", clairs)
            lignes = [(row["fait"], row["parcours"], une) for row, une in zip(rows, cellules, strict=True)]
            await ledger.insert(conn, "champs_proteges", ("fait", "parcours", "chiffre"), lignes)
            await conn.execute(_RETIRER_CHAMPS, [row["fait"] for row in rows])
        return len(rows)

    def _champ(self, ligne: Record) -> bytes:
        return orjson.dumps(self._ancien.ouvrir(ligne["parcours"], str(ligne["fait"]), ligne["chiffre"]))

    def _parcours(
        self, ligne: Record, secrets: Record | None, dires: Sequence[Dire], fusions: Sequence[FusionConnue]
    ) -> Parcours:
        id_, ouvrir = ligne["id"], self._ancien.ouvrir
        brut = {
            **ligne,
            "identites": ouvrir(id_, "identite", secrets["identite"]) if secrets else [],
            "identifiants": ouvrir(id_, "identifiants", secrets["identifiants"]) if secrets else [],
            "coordonnees": ouvrir(id_, "coordonnees", secrets["coordonnees"])
            if secrets and secrets["coordonnees"]
            else None,
            "transfert": (ligne["transfert_vers"], ligne["transfert_le"]) if ligne["transfert_vers"] else None,
            "attend_un_partenaire": ligne["transfert_attend"],
        }
        return _lu(brut, survivant=ligne["survivant"], dires=tuple(dires), fusions=tuple(fusions))

    def _dire(self, ligne: Record) -> Dire:
        alias = ligne["alias"]
        identite, identifiants, contacts = self._ancien.ouvrir(alias, "dire", ligne["chiffre"])
        return Dire(
            alias,
            ligne["parcours"],
            ligne["departement"],
            ligne["emetteur"],
            _identite(identite),
            frozenset(Identifiant(**champs) for champs in identifiants),
            _coordonnees(contacts),
        )

    def _fusion(self, ligne: Record) -> FusionConnue:
        brutes = self._ancien.ouvrir(ligne["conserve"], "fusion", ligne["chiffre"])
        conserve, apres, *absorbes = map(_lu, brutes)
        return FusionConnue(Acte(ligne["depot"], ligne["auteur"]), ligne["fait"], conserve, apres, tuple(absorbes))


def _lu(brut: Mapping[str, Any], **autres: Any) -> Parcours:
    identites = [_identite(identite) for identite in brut["identites"]]
    transfert, droits = brut["transfert"], brut["droits"]
    couples = (mot.partition(":") for mot in brut["arrivees_signalees"].split())
    return Parcours(
        id=_uuid(brut["id"]),
        etat=EtatParcours(brut["etat"]),
        departement=brut["departement"],
        emetteur=brut["emetteur"],
        identite=identites[0] if identites else None,
        variantes=frozenset(identites[1:]),
        identifiants=frozenset(Identifiant(**champs) for champs in brut["identifiants"]),
        coordonnees=_coordonnees(brut["coordonnees"]),
        droits=_droits(droits) if droits else None,
        candidats=tuple(map(_uuid, brut["candidats"])),
        date_fin=_jour(brut["date_fin"]),
        oppose_a=_instant(brut["oppose_a"]),
        transfert=(transfert[0], _jour(transfert[1]) or date.max) if transfert else None,
        attend_un_partenaire=brut["attend_un_partenaire"],
        arrivees_signalees=frozenset((genre, departement) for genre, _, departement in couples),
        distincts=frozenset(map(_uuid, brut["distincts"])),
        **autres,
    )


def _uuid(brut: Any) -> UUID:
    return brut if isinstance(brut, UUID) else UUID(str(brut))


def _jour(brut: Any) -> date | None:
    return date.fromisoformat(brut) if isinstance(brut, str) else brut


def _instant(brut: Any) -> datetime | None:
    return datetime.fromisoformat(brut) if isinstance(brut, str) else brut


def _identite(brut: Mapping[str, Any]) -> Identite:
    return Identite(**{**brut, "date_naissance": Naissance(brut["date_naissance"])})


def _coordonnees(brut: Mapping[str, Any] | None) -> Coordonnees | None:
    if brut is None:
        return None
    adresse = Adresse(**brut["adresse"]) if brut["adresse"] else None
    dites_a = {nom: datetime.fromisoformat(instant) for nom, instant in brut.get("dites_a", {}).items()}
    return Coordonnees(**{**brut, "adresse": adresse, "dites_a": dites_a})


def _droits(brut: Mapping[str, Any]) -> Droits:
    dit_a = datetime.fromisoformat(brut["dit_a"]) if "dit_a" in brut else _JADIS
    return Droits(**{**brut, "dit_a": dit_a, "date_effet": date.fromisoformat(brut["date_effet"])})
