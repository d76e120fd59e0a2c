"""Certificates of conformance as the hub keeps them: delivered, withdrawn, listed. Who drives the runs is `deploy`."""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Connection
from relais_contrats.conformite import ANNONCE, Conformite, Programme

_INSERT = """
INSERT INTO conformites (id, partenaire, programme, jws, abonnement, url, delivre_a, expire_a)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_WITHDRAW = """
UPDATE conformites SET retire_a = $3, motif_retrait = $4
WHERE partenaire = $1 AND ($2::text IS NULL OR programme = $2) AND retire_a IS NULL AND expire_a > $3
"""
_CHANGED = "UPDATE changements_partenaires SET version = version + 1"
_LAST = """
SELECT DISTINCT ON (c.partenaire, c.programme) c.partenaire, c.programme, c.jws, c.url, c.delivre_a, c.expire_a,
    c.retire_a, c.motif_retrait, c.programme = 'emetteur' OR EXISTS (
        SELECT FROM abonnements a WHERE a.id = c.abonnement AND a.partenaire = c.partenaire AND a.url = c.url
    ) AS est_en_place
FROM conformites c ORDER BY c.partenaire, c.programme, c.retire_a IS NOT NULL, c.expire_a DESC
"""
_ACTIVE = "SELECT code, exige_certificat FROM partenaires WHERE etat = 'actif' ORDER BY code"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The last certificate of one program of a partner: one that was not withdrawn before those that were.
    `est_en_place`: the subscription that it names still has its address."""

    partenaire: str
    programme: str
    jws: str
    url: str | None
    delivre_a: datetime
    expire_a: datetime
    retire_a: datetime | None
    motif_retrait: str | None
    est_en_place: bool

    def etat(self, now: datetime) -> str:
        """`retire`, `expire`, `autre-adresse`, `bientot-expire` or `en-vigueur`."""
        if self.retire_a is not None:
            return "retire"
        if self.expire_a <= now:
            return "expire"
        if not self.est_en_place:
            return "autre-adresse"
        return "bientot-expire" if self.expire_a < now + ANNONCE else "en-vigueur"


@dataclass(frozen=True, slots=True)
class ToRenew:
    """About which an operator has to act. `nature`: `certificat-` and `absent`, `expire`, `autre-adresse` or
    `bientot-expire`; `echeance`: its end, None when there is none."""

    nature: str
    partenaire: str
    programme: str
    echeance: datetime | None


async def deliver(conn: Connection, conformite: Conformite, jws: str) -> None:
    """Keep a certificate. The processes know it within two seconds."""
    whose = (conformite.jti, conformite.partenaire, conformite.programme)
    dates = (conformite.delivre_le, conformite.expire_le)
    async with conn.transaction():
        await conn.execute(_INSERT, *whose, jws, conformite.abonnement, conformite.url, *dates)
        await conn.execute(_CHANGED)


async def withdraw(conn: Connection, *, code: str, programme: str | None, motif: str, now: datetime) -> int:
    """Withdraw the certificates in force of this partner, of one program or of both; returns how many."""
    async with conn.transaction():
        status = await conn.execute(_WITHDRAW, code, programme, now, motif)
        await conn.execute(_CHANGED)
    return int(status.rpartition(" ")[2])


async def last(conn: Connection) -> list[Delivered]:
    return [Delivered(**row) for row in await conn.fetch(_LAST)]


async def to_renew(conn: Connection, now: datetime) -> list[ToRenew]:
    """Of active partners: a certificate that ends soon, has ended or stands for another address, and the absence of
    one that is required. A withdrawal alone asks for nothing."""
    known: dict[str, list[Delivered]] = {}
    for one in await last(conn):
        known.setdefault(one.partenaire, []).append(one)
    found: list[ToRenew] = []
    for row in await conn.fetch(_ACTIVE):
        code, held = row["code"], [one for one in known.get(row["code"], []) if one.retire_a is None]
        if row["exige_certificat"] and all(one.programme != Programme.EMETTEUR for one in held):
            found.append(ToRenew("certificat-absent", code, Programme.EMETTEUR.value, None))
        found += [
            ToRenew(f"certificat-{etat}", code, one.programme, one.expire_a)
            for one in held
            if (etat := one.etat(now)) != "en-vigueur"
        ]
    return found
