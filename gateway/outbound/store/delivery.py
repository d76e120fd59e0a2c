"""SQL of the sender: subscriptions, fair claims under a lease, settlements in bulk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from gateway.archives import NOT_PUT_AWAY
from gateway.bodies import Bodies, Delivered
from gateway.outbound.outcomes import Health
from relais_contrats.droits import Role

_ACTIVE = """
SELECT a.id, a.partenaire, a.url, a.lot, a.signature, a.secret, a.echecs, a.portees, p.hotes,
    ARRAY(SELECT s.secret FROM secrets_anciens s WHERE s.abonnement = a.id AND s.jusqua > $1 ORDER BY s.jusqua DESC)
        AS secrets_anciens
FROM abonnements a JOIN partenaires p ON p.code = a.partenaire
WHERE a.etat = 'actif' AND (a.rouvre_a IS NULL OR a.rouvre_a <= $1)
"""
# As many queues of each subscription as it has places; over all of them, turn by turn up to the total. One for which a
# replay still has something older to hand over waits for it. A sender that was taken for dead takes nothing.
_CLAIM = """
WITH pretes AS (
    SELECT f.abonnement, f.parcours, row_number() OVER (PARTITION BY f.abonnement ORDER BY f.prochain_a) AS tour
    FROM unnest($1::uuid[], $2::int[]) AS a(abonnement, places)
    CROSS JOIN LATERAL (
        SELECT q.abonnement, q.parcours, q.prochain_a FROM files q
        WHERE q.abonnement = a.abonnement AND q.restants > 0 AND q.prochain_a <= $4
        AND (q.bail_jusqua IS NULL OR q.bail_jusqua <= $4)
        AND NOT EXISTS (
            SELECT FROM rejeux_livraisons l JOIN rejeux r ON r.id = l.rejeu
            WHERE l.parcours = q.parcours AND l.etat = 'a-remettre' AND r.abonnement = q.abonnement
            AND NOT r.en_pause
        )
        ORDER BY q.prochain_a LIMIT a.places FOR UPDATE OF q SKIP LOCKED
    ) AS f
    WHERE EXISTS (SELECT FROM expediteurs WHERE cle = $6)
    ORDER BY tour LIMIT $3
)
UPDATE files SET bail_jusqua = $5, expediteur = $6 FROM pretes
WHERE (files.abonnement, files.parcours) = (pretes.abonnement, pretes.parcours)
RETURNING files.abonnement, files.parcours, files.essais, files.premier_echec_a
"""
_HEADS = f"""
SELECT q.abonnement, l.numero, l.evenement, l.parcours, l.type, l.roles, e.corps, e.scelle, tete.relaisnumero,
    NOT {NOT_PUT_AWAY} AS est_archive
FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS q(abonnement, parcours, lot)
CROSS JOIN LATERAL (
    SELECT livraison, relaisnumero FROM envois v
    WHERE v.abonnement = q.abonnement AND v.parcours = q.parcours AND v.etat = 'a-livrer'
    ORDER BY livraison LIMIT q.lot
) AS tete
JOIN livraisons l ON l.numero = tete.livraison
JOIN evenements e ON e.id = l.evenement
ORDER BY l.numero
"""  # noqa: S608  constants only

_SETTLE_SENDINGS = """
UPDATE envois v SET etat = d.etat, essais = v.essais + d.essais, code = d.code, erreur = d.erreur, essaye_a = $10,
    recu_chaine = coalesce(d.chaine, v.recu_chaine), recu_rang = coalesce(d.rang, v.recu_rang),
    tentatives = CASE WHEN d.essais = 0 THEN v.tentatives ELSE
        CASE WHEN jsonb_array_length(v.tentatives) < 20 THEN v.tentatives ELSE v.tentatives - 0 END
        || jsonb_build_object('a', $10::timestamptz, 'code', d.code, 'erreur', d.erreur, 'ms', d.duree_ms) END
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::int[], $6::text[], $7::int[], $8::uuid[], $9::bigint[]
) AS d(abonnement, livraison, etat, essais, code, erreur, duree_ms, chaine, rang)
WHERE (v.abonnement, v.livraison) = (d.abonnement, d.livraison) AND v.etat = 'a-livrer'
RETURNING v.abonnement, v.parcours, v.etat
"""
# In the order of the key, like the fan-out, so that the two wait for one another instead of deadlocking.
_LOCK_QUEUES = """
SELECT FROM files WHERE (abonnement, parcours) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY abonnement, parcours FOR UPDATE
"""
# A queue whose rows went another way (an erasure while it was claimed) says how many it really has.
_RECOUNT = """
UPDATE files f SET restants = (
    SELECT count(*) FROM envois v WHERE (v.abonnement, v.parcours, v.etat) = (f.abonnement, f.parcours, 'a-livrer')
)
FROM unnest($1::uuid[], $2::uuid[]) AS d(abonnement, parcours)
WHERE (f.abonnement, f.parcours) = (d.abonnement, d.parcours)
"""
# Whoever took the queue over after the lease has the say on what follows.
_RELEASE = """
UPDATE files f SET restants = f.restants - d.partis,
    bail_jusqua = CASE WHEN f.bail_jusqua = d.bail THEN NULL ELSE f.bail_jusqua END,
    expediteur = CASE WHEN f.bail_jusqua = d.bail THEN NULL ELSE f.expediteur END,
    essais = CASE WHEN f.bail_jusqua = d.bail THEN d.essais ELSE f.essais END,
    premier_echec_a = CASE WHEN f.bail_jusqua = d.bail THEN d.premier ELSE f.premier_echec_a END,
    prochain_a = CASE WHEN f.bail_jusqua = d.bail THEN d.prochain ELSE f.prochain_a END
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[], $5::timestamptz[], $6::timestamptz[], $7::int[])
    AS d(abonnement, parcours, bail, essais, premier, prochain, partis)
WHERE (f.abonnement, f.parcours) = (d.abonnement, d.parcours)
RETURNING f.restants
"""

_RECOVER = """
UPDATE abonnements SET echecs = 0, premier_echec_a = NULL, dernier_echec = NULL, rouvre_a = NULL
WHERE id = ANY($1) AND (echecs > 0 OR rouvre_a IS NOT NULL)
RETURNING id
"""
# What the endpoint's absence had put off is due as soon as it is back, each queue from its head on.
_RESUME = "UPDATE files SET prochain_a = $2 WHERE abonnement = ANY($1) AND essais > 0 AND prochain_a > $2"
_LOCK_HEALTH = """
SELECT id, echecs, premier_echec_a, dernier_echec, rouvre_a FROM abonnements
WHERE id = ANY($1) ORDER BY id FOR UPDATE
"""
_SET_HEALTH = """
UPDATE abonnements a SET echecs = $2, premier_echec_a = $3, dernier_echec = $4, rouvre_a = $5,
    etat = CASE WHEN s.est_suspendu THEN 'suspendu' ELSE a.etat END,
    suspendu_a = CASE WHEN s.est_suspendu THEN $7 ELSE a.suspendu_a END,
    suspension_dite = a.suspension_dite AND NOT s.est_suspendu
FROM (SELECT id, $6 AND etat IN ('actif', 'a-verifier') AS est_suspendu FROM abonnements WHERE id = $1 FOR UPDATE) AS s
WHERE a.id = s.id
RETURNING s.est_suspendu
"""
_END = "UPDATE abonnements SET etat = 'inactif' WHERE id = ANY($1)"

_CLAIM_SIGNALS = """
UPDATE abonnements a SET rouvre_a = CASE WHEN a.etat = 'a-verifier' THEN $2::timestamptz ELSE a.rouvre_a END,
    essai_demande_a = NULL
FROM (
    SELECT id, essai_demande_a IS NOT NULL AS est_essai FROM abonnements
    WHERE (etat = 'a-verifier' AND (rouvre_a IS NULL OR rouvre_a <= $1)) OR essai_demande_a <= $1
    LIMIT $3 FOR UPDATE SKIP LOCKED
) AS due
WHERE a.id = due.id
RETURNING a.id, a.partenaire, a.url, a.lot, a.signature, a.secret, a.echecs, a.premier_echec_a, a.etat, a.portees,
    due.est_essai,
    ARRAY(SELECT s.secret FROM secrets_anciens s WHERE s.abonnement = a.id AND s.jusqua > $1 ORDER BY s.jusqua DESC)
        AS secrets_anciens,
    (SELECT p.hotes FROM partenaires p WHERE p.code = a.partenaire) AS hotes
"""
_VERIFIED = """
UPDATE abonnements SET etat = 'actif', echecs = 0, premier_echec_a = NULL, dernier_echec = NULL, rouvre_a = NULL
WHERE id = $1 AND etat = 'a-verifier' AND url = $2
"""
_TESTED = "UPDATE abonnements SET essai_a = $2, essai_code = $3, essai_erreur = $4 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Claim:
    """A queue taken until `bail`, and its first events."""

    abonnement: UUID
    parcours: UUID
    bail: datetime
    essais: int
    premier_echec_a: datetime | None
    tete: Sequence[Delivered]


@dataclass(frozen=True, slots=True)
class Sending:
    """What to write of one `envois` row: `essais` is 1 when it was sent, 0 when it only left the queue. `duree_ms`: how
    long the receiver took. The receipt is that of the request that delivered it."""

    abonnement: UUID
    livraison: int
    etat: str
    essais: int
    code: int | None
    erreur: str | None
    duree_ms: int | None = None
    recu_chaine: UUID | None = None
    recu_rang: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What to write of a queue that was claimed; `prochain_a` None parks it for good."""

    abonnement: UUID
    parcours: UUID
    bail: datetime
    essais: int
    premier_echec_a: datetime | None
    prochain_a: datetime | None


async def active(conn: Connection, now: datetime) -> list[Record]:
    """Subscriptions to which something may be sent now."""
    return await conn.fetch(_ACTIVE, now)


async def claim(
    conn: Connection,
    bodies: Bodies,
    places: Mapping[UUID, int],
    lots: Mapping[UUID, int],
    total: int,
    now: datetime,
    bail: datetime,
    expediteur: int,
) -> list[Claim]:
    """Take queues that are ready, each with its first events in order. To be called in a transaction."""
    rows = await conn.fetch(_CLAIM, list(places), list(places.values()), total, now, bail, expediteur)
    if not rows:
        return []
    taken = [(row["abonnement"], row["parcours"]) for row in rows]
    heads: dict[tuple[UUID, UUID], list[Delivered]] = {queue: [] for queue in taken}
    columns = ([a for a, _ in taken], [p for _, p in taken], [lots[a] for a, _ in taken])
    for row in await bodies.opened(conn, await conn.fetch(_HEADS, *columns)):
        heads[row["abonnement"], row["parcours"]].append(_delivered(row))
    return [
        Claim(
            row["abonnement"],
            row["parcours"],
            bail,
            row["essais"],
            row["premier_echec_a"],
            heads[row["abonnement"], row["parcours"]],
        )
        for row in rows
    ]


def _delivered(row: Mapping[str, Any]) -> Delivered:
    return Delivered(
        numero=row["numero"],
        evenement=row["evenement"],
        parcours=row["parcours"],
        type=row["type"],
        roles=frozenset(map(Role, row["roles"])),
        corps=row["corps"],
        est_archive=row["est_archive"],
        relaisnumero=row["relaisnumero"],
    )


async def settle(conn: Connection, sendings: Sequence[Sending], releases: Sequence[Release], now: datetime) -> bool:
    """Write attempts and give the queues back; whether something is left in them. To be called in a transaction."""
    held = {(r.abonnement, r.parcours): r for r in sorted(releases, key=lambda release: release.bail)}
    await conn.execute(_LOCK_QUEUES, [a for a, _ in held], [p for _, p in held])
    left: Counter[tuple[UUID, UUID]] = Counter()
    if sendings:
        columns = [[getattr(s, name) for s in sendings] for name in Sending.__slots__]
        rows = await conn.fetch(_SETTLE_SENDINGS, *columns, now)
        left.update((row["abonnement"], row["parcours"]) for row in rows if row["etat"] != "a-livrer")
    columns = [[getattr(r, name) for r in held.values()] for name in Release.__slots__]
    return any(row["restants"] for row in await conn.fetch(_RELEASE, *columns, [left[queue] for queue in held]))


async def recount(conn: Connection, claims: Sequence[Claim]) -> None:
    await conn.execute(_RECOUNT, [c.abonnement for c in claims], [c.parcours for c in claims])


async def recover(conn: Connection, abonnements: Sequence[UUID], now: datetime) -> bool:
    """These endpoints have just answered: whatever had been held against them is forgotten. Whether something was."""
    recovered = [row["id"] for row in await conn.fetch(_RECOVER, abonnements)]
    if recovered:
        await conn.execute(_RESUME, recovered, now)
    return bool(recovered)


async def lock_health(conn: Connection, abonnements: Sequence[UUID]) -> list[Record]:
    return await conn.fetch(_LOCK_HEALTH, abonnements)


async def set_health(conn: Connection, abonnement: UUID, health: Health, now: datetime) -> bool:
    """Write it; whether the subscription is suspended by it."""
    columns = (health.echecs, health.premier_echec_a, health.dernier_echec, health.rouvre_a, health.est_suspendu)
    return await conn.fetchval(_SET_HEALTH, abonnement, *columns, now) is True


async def end(conn: Connection, abonnements: Sequence[UUID]) -> None:
    await conn.execute(_END, abonnements)


async def claim_signals(conn: Connection, now: datetime, until: datetime, limit: int) -> list[Record]:
    """Subscriptions to verify, or to test because their partner asked; not taken again before `until`."""
    return await conn.fetch(_CLAIM_SIGNALS, now, until, limit)


async def verified(conn: Connection, abonnement: UUID, url: str) -> bool:
    """Start delivering; False when the partner changed the address meanwhile."""
    return (await conn.execute(_VERIFIED, abonnement, url)).endswith("1")


async def tested(conn: Connection, abonnement: UUID, now: datetime, code: int | None, erreur: str | None) -> None:
    await conn.execute(_TESTED, abonnement, now, code, erreur)
