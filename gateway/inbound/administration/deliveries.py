"""The acts on subscriptions, replays and failures."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from gateway.inbound.administration.office import AUTEUR, Fait, Geste, Refusee
from gateway.inbound.events import replays, subscriptions_store
from relais_contrats.abonnements import NouveauRejeu
from relais_contrats.administration.livraisons import UnAbonnement, UnePanne, UnRejeu
from relais_contrats.problemes import Problem

_LOCK = "SELECT * FROM abonnements WHERE id = $1 FOR UPDATE"
_SUSPEND = """
UPDATE abonnements SET etat = 'suspendu', suspendu_a = $2, suspendu_par = $3, suspension_dite = false WHERE id = $1
"""
_OWNER = "SELECT partenaire FROM abonnements WHERE id = $1"
_PAUSE = "UPDATE rejeux SET en_pause = $2 WHERE id = $1 AND en_pause <> $2 RETURNING partenaire"
_CAUSE = """
INSERT INTO pannes (cause, prise_par, note, reglee_a, reglee_par, change_a) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (cause) DO UPDATE SET prise_par = EXCLUDED.prise_par, reglee_a = EXCLUDED.reglee_a,
    reglee_par = EXCLUDED.reglee_par, change_a = EXCLUDED.change_a,
    note = CASE WHEN EXCLUDED.note = '' THEN pannes.note ELSE EXCLUDED.note END
"""
_SAID = "SELECT prise_par, note, reglee_par FROM pannes WHERE cause = $1"


async def suspendre(conn: Connection, corps: UnAbonnement, now: datetime) -> Fait:
    """Suspend a subscription: sending stops, its queues keep new events, and its partner receives a notice."""
    row = await _locked(conn, corps.abonnement)
    if row["etat"] not in ("actif", "a-verifier"):
        raise Refusee("deja-traite", f"Cet abonnement est {row['etat']} : rien ne lui est envoyé.")
    await conn.execute(_SUSPEND, row["id"], now, AUTEUR.get())
    return _changed(row, "suspendu")


async def reprendre(conn: Connection, corps: UnAbonnement, now: datetime) -> Fait:
    """As its partner would: the address is verified first, then all that waits leaves."""
    row = await _locked(conn, corps.abonnement)
    if row["etat"] != "suspendu":
        raise Refusee("deja-traite", f"Cet abonnement n'est pas suspendu : il est {row['etat']}.")
    changed = {name: row[name] for name in ("url", "types", "lot")} | {"etat": "a-verifier"}
    await subscriptions_store.update(conn, row["partenaire"], row["id"], changed, restarts=True, now=now)
    return _changed(row, "a-verifier")


async def rejouer(conn: Connection, corps: NouveauRejeu, now: datetime) -> Fait:
    """By the engine of `POST /v1/rejeux`, under its rules."""
    try:
        abonnement = UUID(corps.abonnement)
    except ValueError:
        raise Refusee("inconnu", "Cet abonnement n'existe pas.", "/abonnement") from None
    owner = await conn.fetchval(_OWNER, abonnement)
    if owner is None:
        raise Refusee("inconnu", "Cet abonnement n'existe pas.", "/abonnement")
    try:
        rejeu, comptes = await replays.order(conn, owner, corps, now, AUTEUR.get())
    except Problem as refused:
        faults = list(refused.erreurs)
        phrase = faults[0].message if faults else "Ce rejeu est refusé."
        raise Refusee(refused.code or "refuse", phrase, faults[0].pointeur if faults else "") from refused
    told = {"rejeu": str(rejeu) if rejeu else None, "comptes": comptes}
    return Fait(owner, None, {"rejeu": told["rejeu"], "selectionnes": comptes["selectionnes"]}, told)


async def suspendre_rejeu(conn: Connection, corps: UnRejeu, _: datetime) -> Fait:
    return await _pause(conn, corps.rejeu, en_pause=True)


async def poursuivre_rejeu(conn: Connection, corps: UnRejeu, _: datetime) -> Fait:
    return await _pause(conn, corps.rejeu, en_pause=False)


async def prendre(conn: Connection, corps: UnePanne, now: datetime) -> Fait:
    return await _say(conn, corps, now, AUTEUR.get(), None)


async def rendre(conn: Connection, corps: UnePanne, now: datetime) -> Fait:
    return await _say(conn, corps, now, None, None)


async def regler(conn: Connection, corps: UnePanne, now: datetime) -> Fait:
    """Until one of its failures is later than now: then it is open again by itself."""
    return await _say(conn, corps, now, AUTEUR.get(), now)


async def _locked(conn: Connection, abonnement: UUID) -> Record:
    row = await conn.fetchrow(_LOCK, abonnement)
    if row is None:
        raise Refusee("inconnu", "Cet abonnement n'existe pas.", "/abonnement")
    return row


def _changed(row: Record, etat: str) -> Fait:
    told = {"abonnement": str(row["id"])}
    return Fait(row["partenaire"], {**told, "etat": row["etat"]}, {**told, "etat": etat})


async def _pause(conn: Connection, rejeu: UUID, *, en_pause: bool) -> Fait:
    owner = await conn.fetchval(_PAUSE, rejeu, en_pause)
    if owner is None:
        raise Refusee("deja-traite", "Ce rejeu n'existe pas, ou il en est déjà là.", "/rejeu")
    return Fait(owner, None, {"rejeu": str(rejeu), "en_pause": en_pause})


async def _say(
    conn: Connection, corps: UnePanne, now: datetime, taken_by: str | None, settled_at: datetime | None
) -> Fait:
    before = await conn.fetchrow(_SAID, corps.cause)
    by = AUTEUR.get() if settled_at else None
    await conn.execute(_CAUSE, corps.cause, taken_by, corps.note, settled_at, by, now)
    after = await conn.fetchrow(_SAID, corps.cause)
    return Fait(corps.cause, dict(before) if before else None, dict(after) if after else None)


GESTES: Mapping[str, Geste] = {
    "abonnement-suspendre": suspendre,
    "abonnement-reprendre": reprendre,
    "rejeu-demander": rejouer,
    "rejeu-suspendre": suspendre_rejeu,
    "rejeu-poursuivre": poursuivre_rejeu,
    "panne-prendre": prendre,
    "panne-rendre": rendre,
    "panne-regler": regler,
}
