"""Links by which a structure answers a prescription without any system: signed by the hub, kept as one row each.

A link says nothing: it is a JWS over an id and an end. What it is about stays here, and goes with the person.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from chassis.database import Connection, Record
from relais_contrats.oauth.errors import JwsInvalide
from relais_contrats.oauth.jws import lire_jws

_TYP = "relais-lien+jws"
_ALGORITHM = "ES256"
_MAX_CHARACTERS = 600
_INSERT = """
INSERT INTO liens_de_reponse (id, parcours, prescription_id, cree_par, cree_a, expire_a, structure, courriel, service)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE NOT EXISTS (
    SELECT FROM liens_de_reponse WHERE parcours = $2 AND prescription_id = $3 AND expire_a > $5
)
"""
_FIND = """
SELECT l.id, coalesce(a.survivant, l.parcours) AS parcours, l.prescription_id, l.expire_a
FROM liens_de_reponse l LEFT JOIN alias a ON a.absorbe = l.parcours
WHERE l.id = $1 AND l.expire_a > $2 AND NOT EXISTS (SELECT FROM effaces e WHERE e.parcours = l.parcours)
"""
_SHOWN = "id, parcours, prescription_id, cree_par, cree_a, expire_a, structure, courriel, service, remis_a, utilise_a"
_TO_HAND_OVER = f"SELECT {_SHOWN} FROM liens_de_reponse WHERE expire_a > $1 ORDER BY cree_a, id"  # noqa: S608
_USED = "UPDATE liens_de_reponse SET utilise_a = $2 WHERE id = $1"
_HANDED_OVER = f"""
UPDATE liens_de_reponse SET remis_a = coalesce(remis_a, $2) WHERE id = $1 AND expire_a > $2 RETURNING {_SHOWN}
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Lien:
    id: UUID
    parcours: UUID
    prescription_id: str
    expire_a: datetime


class Contact(NamedTuple):
    """Names of the structure and of its service, and the address that the offer publishes."""

    structure: str
    courriel: str | None
    service: str


@dataclass(frozen=True, slots=True)
class Signe:
    """What a link that this hub has signed says by itself."""

    id: UUID
    est_expire: bool


class Signer:
    """Signs links with the key of the receipts, under a type of their own: neither is ever taken for the other."""

    def __init__(self, pem: bytes) -> None:
        self._key = ECKey.import_key(pem)
        self._es256 = JWSRegistry(algorithms=[_ALGORITHM]).get_alg(_ALGORITHM)

    def sign(self, lien: Lien) -> str:
        header = urlsafe_b64encode(orjson.dumps({"alg": _ALGORITHM, "typ": _TYP}))
        claims = urlsafe_b64encode(orjson.dumps({"jti": str(lien.id), "exp": int(lien.expire_a.timestamp())}))
        signed = header + b"." + claims
        return (signed + b"." + urlsafe_b64encode(self._es256.sign(signed, self._key))).decode()

    def read(self, token: str, now: datetime) -> Signe | None:
        """None for what this hub has not signed."""
        try:
            jws = lire_jws(token, _MAX_CHARACTERS)
            if jws.entete.get("typ") != _TYP or jws.alg != _ALGORITHM:
                return None
            expires = jws.instant("exp")
            if not jws.est_signe_par(self._key) or expires is None:
                return None
            return Signe(UUID(jws.texte("jti") or ""), est_expire=expires <= now.timestamp())
        except (JwsInvalide, ValueError):
            return None


async def insert(conn: Connection, lien: Lien, cree_par: str, now: datetime, contact: Contact) -> None:
    """One link at a time is enough."""
    await conn.execute(_INSERT, lien.id, lien.parcours, lien.prescription_id, cree_par, now, lien.expire_a, *contact)


async def note_use(conn: Connection, id_: UUID, now: datetime) -> None:
    await conn.execute(_USED, id_, now)


async def to_hand_over(conn: Connection, now: datetime) -> list[Record]:
    """The links that still lead somewhere, the oldest first, with the contact of each."""
    return await conn.fetch(_TO_HAND_OVER, now)


async def handed_over(conn: Connection, id_: UUID, now: datetime) -> Record | None:
    """The link with its contact, noted as handed over now; None when there is none any more."""
    return await conn.fetchrow(_HANDED_OVER, id_, now)


async def find(conn: Connection, id_: UUID, now: datetime) -> Lien | None:
    row = await conn.fetchrow(_FIND, id_, now)
    return Lien(**row) if row else None
