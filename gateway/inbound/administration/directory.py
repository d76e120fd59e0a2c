"""The partners as operators see them: declared, proven, on their way; told to the console over the bus."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import orjson

from chassis.bus import Respond
from chassis.database import Connection, Pool
from gateway import conformity, partners

SUBJECT = "lecture.passerelle.partenaires"
# What is still good, the newest first.
_KEYS = """
SELECT partenaire, 'cle' AS nature, kid AS nom, debut, fin FROM cles_partenaire WHERE fin > $1
UNION ALL SELECT partenaire, 'certificat', empreinte, debut, fin FROM certificats_partenaire WHERE fin > $1
UNION ALL SELECT partenaire, 'secret', '', cree_a, expire_le FROM secrets_herites WHERE expire_le > $1
ORDER BY debut DESC, fin DESC
"""
_ALGS = "SELECT kid, alg FROM cles_partenaire WHERE partenaire = $1"
_WEBHOOKS = "SELECT partenaire, etat, count(*) AS nombre FROM abonnements GROUP BY 1, 2"
_SEEN = "SELECT max(a) FROM acces WHERE partenaire = $1 AND a > $2::timestamptz - interval '30 days'"
_BOOK = """
SELECT numero, a, acte, par, confirme_par, avant, apres FROM administration WHERE objet = $1
ORDER BY numero DESC LIMIT 20
"""


def answering(pool: Pool, issuer: str) -> Respond:
    """`{}` → all of them; `{partenaire}` → that one, with when it was last seen and what was done to it."""

    async def answer(asked: bytes) -> bytes:
        code, now = orjson.loads(asked).get("partenaire"), datetime.now(UTC)
        async with pool.acquire() as conn:
            found = await _all(conn, now)
            if code is None:
                return orjson.dumps(list(found.values()))
            one = found.get(code)
            if one is not None:
                one["issuer"] = issuer
                one["alg"] = {row["kid"]: row["alg"] for row in await conn.fetch(_ALGS, code)}
                one["vu_a"] = await conn.fetchval(_SEEN, code, now)
                one["registre"] = [dict(row) for row in await conn.fetch(_BOOK, code)]
        return orjson.dumps(one)

    return answer


async def _all(conn: Connection, now: datetime) -> dict[str, dict[str, Any]]:
    found = {
        row["code"]: row | {"justificatifs": [], "conformites": [], "abonnements": {}}
        for row in await partners.lister(conn)
    }
    for row in await conn.fetch(_KEYS, now):
        found[row["partenaire"]]["justificatifs"].append(dict(row))
    for row in await conn.fetch(_WEBHOOKS):
        found[row["partenaire"]]["abonnements"][row["etat"]] = row["nombre"]
    for one in await conformity.last(conn):
        told = dataclasses.asdict(one) | {"etat": one.etat(now)}
        del told["jws"]
        found[one.partenaire]["conformites"].append(told)
    return found
