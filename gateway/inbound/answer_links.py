"""Links by which a structure answers a prescription without any system: signed by the hub, kept as one row each.

A link says nothing: it is a JWS over an id and an end. What it is about stays here, and goes with the person.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from chassis.database import Connection
from gateway.oauth.errors import JwsInvalide
from gateway.oauth.jws import lire_jws

_TYP = "relais-lien+jws"
_ALGORITHM = "ES256"
_MAX_CHARACTERS = 600
_INSERT = """
INSERT INTO liens_de_reponse (id, parcours, prescription_id, cree_par, cree_a, expire_a) VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = """
SELECT l.id, coalesce(a.survivant, l.parcours) AS parcours, l.prescription_id, l.expire_a
FROM liens_de_reponse l LEFT JOIN alias a ON a.absorbe = l.parcours
WHERE l.id = $1 AND l.expire_a > $2 AND NOT EXISTS (SELECT FROM effaces e WHERE e.parcours = l.parcours)
"""


@dataclass(frozen=True, slots=True)
class Lien:
    id: UUID
    parcours: UUID
    prescription_id: str
    expire_a: datetime


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

    def read(self, token: str, now: datetime) -> UUID | None:
        """The id of a link that this hub signed and that has not expired."""
        try:
            jws = lire_jws(token, _MAX_CHARACTERS)
            if jws.entete.get("typ") != _TYP or jws.alg != _ALGORITHM:
                return None
            expires = jws.instant("exp")
            if not jws.est_signe_par(self._key) or expires is None or expires <= now.timestamp():
                return None
            return UUID(jws.texte("jti") or "")
        except (JwsInvalide, ValueError):
            return None


async def insert(conn: Connection, lien: Lien, cree_par: str, now: datetime) -> None:
    await conn.execute(_INSERT, lien.id, lien.parcours, lien.prescription_id, cree_par, now, lien.expire_a)


async def find(conn: Connection, id_: UUID, now: datetime) -> Lien | None:
    row = await conn.fetchrow(_FIND, id_, now)
    return Lien(**row) if row else None
