"""SQL of the senders that run: whether each is alive, and the queues of one that is not."""

from datetime import datetime

from chassis.database import Connection

# Of a machine that went without a word, the server learns within three seconds.
_NOTICE_DEATH = """
SELECT set_config('tcp_keepalives_idle', '1', false), set_config('tcp_keepalives_interval', '1', false),
    set_config('tcp_keepalives_count', '2', false)
"""
_ENTER = "INSERT INTO expediteurs (depuis) VALUES ($1) RETURNING cle"
# Held by the session: nobody sees the row before its transaction ends, and the lock is there by then.
_HOLD = "SELECT pg_advisory_lock(hashtext('passerelle expediteurs'), $1)"
_OTHERS = "SELECT EXISTS (SELECT FROM expediteurs WHERE cle <> $1)"
# Whoever can lock its key takes it over, alone. One's own key would always be free: it is left out first.
_DEAD = """
WITH autres AS MATERIALIZED (SELECT cle FROM expediteurs WHERE cle <> $1)
SELECT cle FROM autres WHERE pg_try_advisory_xact_lock(hashtext('passerelle expediteurs'), cle)
"""
_LEAVE = "DELETE FROM expediteurs WHERE cle = ANY($1)"
# In the order of the key, like the fan-out and the sender, so that they wait for one another instead of deadlocking.
_FREE = """
WITH tenues AS (
    SELECT abonnement, parcours FROM files WHERE restants > 0 AND expediteur = ANY($1)
    ORDER BY abonnement, parcours FOR UPDATE
)
UPDATE files f SET bail_jusqua = NULL, expediteur = NULL FROM tenues t
WHERE (f.abonnement, f.parcours) = (t.abonnement, t.parcours)
"""


async def enter(conn: Connection, now: datetime) -> int:
    """Declare a sender that lives as long as this session; returns its key."""
    await conn.fetch(_NOTICE_DEATH)
    async with conn.transaction():
        cle: int = await conn.fetchval(_ENTER, now)
        await conn.execute(_HOLD, cle)
    return cle


async def leave(conn: Connection, cle: int) -> None:
    """Called once nothing of it is in flight."""
    await conn.execute(_LEAVE, [cle])


async def take_over(conn: Connection, cle: int) -> int:
    """Free the queues of the senders that have died; returns how many queues."""
    if not await conn.fetchval(_OTHERS, cle):
        return 0
    async with conn.transaction():
        dead = [row["cle"] for row in await conn.fetch(_DEAD, cle)]
        if not dead:
            return 0
        await conn.execute(_LEAVE, dead)
        done: str = await conn.execute(_FREE, dead)
    return int(done.rpartition(" ")[2])
