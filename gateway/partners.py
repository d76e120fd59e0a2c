"""The partners: who they are, what they may do, their keys. Each process works on a snapshot, kept fresh."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog

from chassis.database import Connection, Pool, Record
from chassis.process import wait
from relais_contrats.oauth.certificate import Certificat, certificat_a_inscrire
from relais_contrats.oauth.clients import CleClient, ClientOAuth
from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.keys import importer_jwk
from relais_contrats.oauth.legacy import SecretHerite, empreinte_secret, nouveau_secret
from relais_contrats.partenaires import CLIENT_PREFIX, Convention, Partenaire, Quotas, Structure

_log = structlog.get_logger()
RELOAD_EVERY_S = 1.5
KEY_LIFETIME = timedelta(days=365)

_VERSION = "SELECT version FROM changements_partenaires"
_ALL = """
SELECT code, type_organisme, nom, departements, structures, conventions, scopes, hotes, etat, jetons_depuis,
    exige_certificat, etape, rafale, debit_par_s, quota_jour
FROM partenaires
"""
_KEYS = "SELECT partenaire, kid, alg, jwk, debut, fin FROM cles_partenaire"
_CERTIFICATES = "SELECT partenaire, empreinte, debut, fin FROM certificats_partenaire"
_SECRETS = "SELECT partenaire, empreinte, expire_le FROM secrets_herites"
_CERTIFIED = """
SELECT partenaire, max(expire_a) AS jusqua FROM conformites
WHERE programme = 'emetteur' AND retire_a IS NULL GROUP BY partenaire
"""
_CHANGED = "UPDATE changements_partenaires SET version = version + 1"
_INSERT = """
INSERT INTO partenaires (code, type_organisme, nom, departements, structures, conventions, scopes, hotes, etat,
    modifie_a, exige_certificat)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'actif', $9, $10)
"""
_DECLARED = f"{_ALL} WHERE code = $1 FOR UPDATE"
_MODIFY = """
UPDATE partenaires SET nom = $2, departements = $3, structures = $4, conventions = $5, scopes = $6, hotes = $7,
    modifie_a = $8, exige_certificat = $9
WHERE code = $1
"""
_URLS_IN_SERVICE = "SELECT url FROM abonnements WHERE partenaire = $1 AND etat IN ('actif', 'a-verifier')"
# Neither a suspension nor its end leaves a token good that was given before.
_SET_STATE = "UPDATE partenaires SET etat = $2, modifie_a = $3, jetons_depuis = $3 WHERE code = $1"
_INSERT_KEY = "INSERT INTO cles_partenaire (partenaire, kid, alg, jwk, debut, fin) VALUES ($1, $2, $3, $4, $5, $6)"
_INSERT_CERTIFICATE = """
INSERT INTO certificats_partenaire (empreinte, partenaire, debut, fin) VALUES ($1, $2, $3, $4)
"""
_END_CERTIFICATES = "UPDATE certificats_partenaire SET fin = $2 WHERE partenaire = $1 AND debut < $2 AND $2 < fin"
_INSERT_LEGACY = "INSERT INTO secrets_herites (partenaire, empreinte, cree_a, expire_le) VALUES ($1, $2, $3, $4)"
_END_LEGACY = "UPDATE secrets_herites SET expire_le = greatest(cree_a, $2) WHERE partenaire = $1 AND $2 < expire_le"
_DELETE_LEGACY = "DELETE FROM secrets_herites WHERE partenaire = $1"
# A key that ends sooner is not prolonged.
_END_KEY = "UPDATE cles_partenaire SET fin = $3 WHERE partenaire = $1 AND kid = $2 AND debut < $3 AND $3 < fin"


_ALSO_HELD = """
SELECT p.code, (s ->> 'systeme') || ':' || (s ->> 'valeur') AS structure
FROM partenaires p CROSS JOIN LATERAL jsonb_array_elements(p.structures) AS s
WHERE p.code <> $1 AND (s ->> 'systeme') || ':' || (s ->> 'valeur') = ANY($2) ORDER BY p.code, structure
"""


class Annuaire:
    """The snapshot. Answers from memory; `keep_fresh` reloads it within two seconds of any change."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._version = -1
        self._partenaires: Mapping[str, Partenaire] = {}
        self._clients: Mapping[str, ClientOAuth] = {}

    async def reload(self) -> None:
        async with self._pool.acquire() as conn:
            version = await conn.fetchval(_VERSION)
            if version == self._version:
                return
            self._partenaires, self._clients = await lire(conn)
        self._version = version

    async def keep_fresh(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.reload()
            await wait(stop, RELOAD_EVERY_S)

    def partenaire(self, code: str) -> Partenaire | None:
        return self._partenaires.get(code)

    def client(self, client_id: str) -> ClientOAuth | None:
        return self._clients.get(client_id)

    def a_des_secrets(self, maintenant: datetime) -> bool:
        return any(client.actif and client.a_un_secret(maintenant) for client in self._clients.values())

    def du_territoire(self, departement: str, types: Iterable[str]) -> list[Partenaire]:
        """The active partners of these types that act in this département."""
        wanted = frozenset(types)
        return [
            p
            for p in self._partenaires.values()
            if p.est_actif and p.type_organisme in wanted and departement in p.departements
        ]

    def codes(self) -> list[str]:
        """Of all partners, active or suspended."""
        return sorted(self._partenaires)

    def de_ce_departement(self, departement: str) -> list[Partenaire]:
        """The active partners that act in this département, by code."""
        return [p for code, p in sorted(self._partenaires.items()) if p.est_actif and departement in p.departements]

    def territoires_servis(self) -> list[str]:
        """Those of which a département is an active partner."""
        departements = (p for p in self._partenaires.values() if p.est_actif and p.type_organisme == "departement")
        return sorted({territoire for partenaire in departements for territoire in partenaire.departements})

    def de_la_structure(self, systeme: str, valeur: str) -> list[Partenaire]:
        """The active partners that declared this structure."""
        return [
            p
            for p in self._partenaires.values()
            if p.est_actif and any((s.systeme, s.valeur) == (systeme, valeur) for s in p.structures)
        ]

    def a_la_structure(self, systeme: str, valeur: str) -> bool:
        """Whether any partner, active or suspended, declared this structure."""
        return any(
            (structure.systeme, structure.valeur) == (systeme, valeur)
            for partenaire in self._partenaires.values()
            for structure in partenaire.structures
        )


async def lire(conn: Connection) -> tuple[Mapping[str, Partenaire], Mapping[str, ClientOAuth]]:
    """Every partner by its code, and as an OAuth client by its client_id. A key that cannot be used is left out."""
    rows, keys = await conn.fetch(_ALL), await conn.fetch(_KEYS)
    certificates, secrets = await conn.fetch(_CERTIFICATES), await conn.fetch(_SECRETS)
    certified = {row["partenaire"]: row["jusqua"] for row in await conn.fetch(_CERTIFIED)}
    cles: dict[str, dict[str, CleClient]] = {}
    for row in keys:
        try:
            cle = importer_jwk(row["jwk"], row["alg"])
            cles.setdefault(row["partenaire"], {})[row["kid"]] = CleClient(cle, row["alg"], row["debut"], row["fin"])
        except CleInvalide as error:
            _log.warning("partners.key_unusable", partenaire=row["partenaire"], error=type(error).__name__)
    certificats: dict[str, dict[str, Certificat]] = {}
    for row in certificates:
        known = certificats.setdefault(row["partenaire"], {})
        known[row["empreinte"]] = Certificat(row["empreinte"], row["debut"], row["fin"])
    herites: dict[str, list[SecretHerite]] = {}
    for row in secrets:
        herites.setdefault(row["partenaire"], []).append(SecretHerite(row["empreinte"], row["expire_le"]))
    clients = [
        ClientOAuth(
            client_id=CLIENT_PREFIX + row["code"],
            actif=_comes_in(row),
            scopes=frozenset(row["scopes"]),
            cles=cles.get(row["code"], {}),
            certificats=certificats.get(row["code"], {}),
            secrets=herites.get(row["code"], ()),
            jetons_depuis=row["jetons_depuis"],
            exige_certificat=row["exige_certificat"],
            certifie_jusqua=certified.get(row["code"]),
        )
        for row in rows
    ]
    partenaires = {row["code"]: _partenaire(row, client.portees) for row, client in zip(rows, clients, strict=True)}
    return partenaires, {client.client_id: client for client in clients}


def _comes_in(row: Record) -> bool:
    return bool(row["etat"] == "actif" and row["etape"] != "demande")


def _partenaire(row: Record, scopes: frozenset[str]) -> Partenaire:
    return Partenaire(
        code=row["code"],
        type_organisme=row["type_organisme"],
        nom=row["nom"],
        departements=frozenset(row["departements"]),
        structures=tuple(Structure(**structure) for structure in row["structures"]),
        # In the sandbox it comes in, and no convention opens anything about a person to it.
        conventions=tuple(
            Convention(c["finalite"], date.fromisoformat(c["date_fin"]) if c.get("date_fin") else None)
            for c in row["conventions"]
            if row["etape"] == "production"
        ),
        scopes=scopes,
        est_actif=_comes_in(row),
        hotes=frozenset(row["hotes"]),
        quotas=Quotas(row["rafale"], row["debit_par_s"], row["quota_jour"]),
    )


async def creer(
    conn: Connection,
    *,
    code: str,
    type_organisme: str,
    nom: str,
    departements: Sequence[str],
    structures: Sequence[Mapping[str, str]],
    conventions: Sequence[Mapping[str, str | None]],
    scopes: Sequence[str],
    hotes: Sequence[str] = (),
    exige_certificat: bool = False,
    jwk: Mapping[str, Any] | None = None,
    certificat: bytes | None = None,
) -> None:
    """Declare a partner, with its first key or its first client certificate (PEM).

    `structures` are `{systeme, valeur, nom}`, `conventions` `{finalite, date_fin: AAAA-MM-JJ or absent}`, `hotes` what
    `destinations.hote_declarable` gives; `jwk` has a `kid` and an `alg`. Raises CleInvalide when the key is weak or not
    public, CertificatInvalide.
    """
    now = datetime.now(UTC)
    async with conn.transaction():
        lists = (list(structures), list(conventions), scopes, hotes)
        await conn.execute(_INSERT, code, type_organisme, nom, departements, *lists, now, exige_certificat)
        if jwk is not None:
            await ajouter_cle(conn, code=code, jwk=jwk, debut=now, fin=now + KEY_LIFETIME)
        if certificat is not None:
            await changer_certificat(conn, code=code, pem=certificat, maintenant=now, fin_des_autres=now)


async def declare(conn: Connection, *, code: str) -> Record | None:
    """The partner as it is declared, locked until commit."""
    return await conn.fetchrow(_DECLARED, code)


async def modifier(
    conn: Connection,
    *,
    code: str,
    nom: str,
    departements: Sequence[str],
    structures: Sequence[Mapping[str, str]],
    conventions: Sequence[Mapping[str, str | None]],
    scopes: Sequence[str],
    hotes: Sequence[str],
    exige_certificat: bool,
    maintenant: datetime,
) -> None:
    """Replace what is declared of a partner: see `creer` for the shapes."""
    lists = (departements, list(structures), list(conventions), scopes, hotes)
    await conn.execute(_MODIFY, code, nom, *lists, maintenant, exige_certificat)
    await conn.execute(_CHANGED)


async def aussi_tenues(
    conn: Connection, *, code: str, structures: Sequence[Mapping[str, str]]
) -> list[tuple[str, str]]:
    """(partner, `systeme:valeur`) of these structures that another partner holds: what concerns one is told to both."""
    cles = [f"{structure['systeme']}:{structure['valeur']}" for structure in structures]
    return [(row["code"], row["structure"]) for row in await conn.fetch(_ALSO_HELD, code, cles)]


async def adresses_en_service(conn: Connection, *, code: str) -> list[str]:
    return [row["url"] for row in await conn.fetch(_URLS_IN_SERVICE, code)]


async def ajouter_cle(conn: Connection, *, code: str, jwk: Mapping[str, Any], debut: datetime, fin: datetime) -> None:
    """Register a public key. Raises CleInvalide when it is weak or not public."""
    importer_jwk(jwk, jwk["alg"])
    await conn.execute(_INSERT_KEY, code, jwk["kid"], jwk["alg"], dict(jwk), debut, fin)
    await conn.execute(_CHANGED)


async def changer_certificat(
    conn: Connection, *, code: str, pem: bytes, maintenant: datetime, fin_des_autres: datetime
) -> Certificat:
    """Register a client certificate, for a year at most; the partner's others end at `fin_des_autres`.

    Raises CertificatInvalide.
    """
    certificat = certificat_a_inscrire(pem, maintenant)
    fin = min(certificat.fin, maintenant + KEY_LIFETIME)
    async with conn.transaction():
        await conn.execute(_END_CERTIFICATES, code, fin_des_autres)
        await conn.execute(_INSERT_CERTIFICATE, certificat.x5t, code, certificat.debut, fin)
        await conn.execute(_CHANGED)
    return certificat


async def ouvrir_herite(
    conn: Connection, *, code: str, maintenant: datetime, expire_le: datetime, fin_des_autres: datetime
) -> str:
    """Put the partner in the profil hérité, or renew its secret: this one, told once and kept as a hash; others end."""
    secret = nouveau_secret()
    async with conn.transaction():
        await conn.execute(_END_LEGACY, code, fin_des_autres)
        await conn.execute(_INSERT_LEGACY, code, empreinte_secret(secret), maintenant, expire_le)
        await conn.execute(_CHANGED)
    return secret


async def fermer_herite(conn: Connection, *, code: str) -> bool:
    """Take the partner out of the profil hérité; False when it was not in it."""
    status = await conn.execute(_DELETE_LEGACY, code)
    await conn.execute(_CHANGED)
    return not status.endswith(" 0")


async def changed(conn: Connection) -> None:
    """Have every process read the partners again."""
    await conn.execute(_CHANGED)


async def codes(conn: Connection) -> list[str]:
    return [row["code"] for row in await conn.fetch(_ALL)]


async def retirer_cle(conn: Connection, *, code: str, kid: str, maintenant: datetime) -> bool:
    """End a key now; False when the partner has no such key."""
    status = await conn.execute(_END_KEY, code, kid, maintenant)
    await conn.execute(_CHANGED)
    return status.endswith("1")


async def changer_etat(conn: Connection, *, code: str, etat: str, maintenant: datetime) -> bool:
    """`suspendu` or `actif`; effective everywhere within five seconds. False when there is no such partner."""
    status = await conn.execute(_SET_STATE, code, etat, maintenant)
    await conn.execute(_CHANGED)
    return status.endswith("1")


async def lister(conn: Connection) -> list[dict[str, Any]]:
    """Every partner with its keys' ids, its certificates and the end of its legacy secrets (None: it has none), for the
    command line and the console."""
    keys: dict[str, list[str]] = {}
    for row in await conn.fetch(_KEYS + " ORDER BY debut"):
        keys.setdefault(row["partenaire"], []).append(row["kid"])
    certificates: dict[str, list[str]] = {}
    for row in await conn.fetch(_CERTIFICATES + " ORDER BY debut"):
        certificates.setdefault(row["partenaire"], []).append(row["empreinte"])
    ends = {row["partenaire"]: row["expire_le"] for row in await conn.fetch(_SECRETS + " ORDER BY expire_le")}
    return [
        dict(row)
        | {
            "cles": keys.get(row["code"], []),
            "certificats": certificates.get(row["code"], []),
            "herite_jusqua": ends.get(row["code"]),
        }
        for row in await conn.fetch(_ALL + " ORDER BY code")
    ]
