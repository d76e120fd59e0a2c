"""What proves that nothing was changed afterwards: the chains of receipts and of accesses, read back and checked."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from chassis.database import Connection, Record
from gateway import accesses
from relais_contrats.recus import Suite

_RECEIPTS = "SELECT chaine, rang, jws, empreinte FROM recus ORDER BY chaine, rang"
_ACCESSES = "SELECT * FROM acces ORDER BY chaine, rang"
_AT_ONCE = 1_000
MOST_TOLD = 50


@dataclass
class Verdict:
    """`ruptures` are the first faults in French; `nombre_ruptures` all of them."""

    lus: int = 0
    chaines: int = 0
    nombre_ruptures: int = 0
    ruptures: list[str] = field(default_factory=list)

    def blame(self, sentence: str) -> None:
        self.nombre_ruptures += 1
        if len(self.ruptures) < MOST_TOLD:
            self.ruptures.append(sentence)


async def verify_receipts(conn: Connection, pem: bytes) -> Verdict:
    """Every receipt: its signature, its place, the hash of the one before. None is ever purged."""
    verdict, suite = Verdict(), Suite(ECKey.import_key(pem))

    def judge(rows: Sequence[Record]) -> None:
        for row in rows:
            verdict.lus += 1
            chaine = str(row["chaine"])
            verdict.chaines += suite.commence(chaine)
            faults = suite.fautes(row["jws"], chaine, row["rang"])
            if hashlib.sha256(row["jws"].encode()).digest() != row["empreinte"]:
                faults.append("son empreinte n'est pas celle de son contenu.")
            for fault in faults:
                verdict.blame(f"reçu {chaine} n° {row['rang']} : {fault}")

    await _each(conn, _RECEIPTS, judge)
    return verdict


async def verify_accesses(conn: Connection, pem: bytes) -> Verdict:
    """Every access that is still kept. The months before were dropped whole: a chain may begin after them."""
    verdict, checker = Verdict(), accesses.Checker(pem)

    def judge(rows: Sequence[Record]) -> None:
        for row in rows:
            verdict.lus += 1
            verdict.chaines += checker.begins(row)
            for fault in checker.faults(row):
                verdict.blame(fault)

    await _each(conn, _ACCESSES, judge)
    for fault in checker.end():
        verdict.blame(fault)
    return verdict


async def _each(conn: Connection, query: str, judge: Callable[[Sequence[Record]], None]) -> None:
    """In a thread: who else waits for this process does not wait for the signatures."""
    async with conn.transaction():
        cursor = await conn.cursor(query)
        while rows := await cursor.fetch(_AT_ONCE):
            await asyncio.to_thread(judge, rows)
