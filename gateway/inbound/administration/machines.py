"""The acts on the machines that administer, and what the console is told of them."""

from datetime import UTC, datetime, timedelta

import orjson

from chassis.bus import Respond
from chassis.database import Connection, Pool
from gateway.inbound.administration.office import Fait, Geste, Refusee
from relais_contrats.administration import machines as demandes
from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.keys import cle_a_inscrire

SUBJECT = "lecture.passerelle.machines"
_DECLARE = """
INSERT INTO machines (nom, portee, kid, alg, jwk, debut, fin) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (nom) DO UPDATE SET portee = EXCLUDED.portee, kid = EXCLUDED.kid, alg = EXCLUDED.alg, jwk = EXCLUDED.jwk,
    debut = EXCLUDED.debut, fin = EXCLUDED.fin
"""
_KNOWN = "SELECT nom, portee, kid, alg, jwk, debut, fin FROM machines WHERE fin > $1 ORDER BY nom"


async def declarer(conn: Connection, corps: demandes.MachineDeclaree, now: datetime) -> Fait:
    """The former key of this machine ends at once."""
    try:
        jwk = cle_a_inscrire(corps.cle)
    except CleInvalide as error:
        raise Refusee("cle-refusee", "Cette clé n'est pas admise : P-256, Ed25519 ou RSA ≥ 2048.", "/cle") from error
    before = await conn.fetchrow("SELECT portee, kid, fin FROM machines WHERE nom = $1 FOR UPDATE", corps.nom)
    end = now + timedelta(days=corps.jours)
    await conn.execute(_DECLARE, corps.nom, corps.portee.value, jwk["kid"], jwk["alg"], jwk, now, end)
    after = {"portee": corps.portee.value, "kid": jwk["kid"], "fin": end}
    return Fait(corps.nom, dict(before) if before else None, after)


async def retirer(conn: Connection, corps: demandes.UneMachine, now: datetime) -> Fait:
    before = await conn.fetchrow("DELETE FROM machines WHERE nom = $1 RETURNING portee, kid, fin", corps.nom)
    if before is None:
        raise Refusee("inconnu", f"Aucune machine ne s'appelle {corps.nom}.", "/nom")
    return Fait(corps.nom, dict(before))


GESTES: dict[str, Geste] = {"machine-declarer": declarer, "machine-retirer": retirer}


def answering(pool: Pool) -> Respond:
    async def answer(_: bytes) -> bytes:
        async with pool.acquire() as conn:
            rows = await conn.fetch(_KNOWN, datetime.now(UTC))
        return orjson.dumps([dict(row) for row in rows])

    return answer
