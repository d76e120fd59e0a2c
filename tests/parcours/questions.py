"""What partners ask of a hub, rightly and wrongly: one question a line of `questions.ndjson`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from relais_contrats.client import Partner

# What would make a line too long to read.
_LONGS = {"A9000": "a" * 9_000, "S20000": " " * 20_000}


@dataclass(frozen=True, slots=True)
class Question:
    """`qui`: a partner of the demonstration. `brut`: a body that is sent as it is."""

    methode: str
    chemin: str
    qui: str
    json: Any = None
    entetes: Mapping[str, str] = field(default_factory=dict)
    brut: str | None = None

    async def poser(self, http: httpx.AsyncClient, partner: Partner) -> httpx.Response:
        entetes = await partner.headers(self.methode, self.chemin.partition("?")[0]) | dict(self.entetes)
        corps = json.dumps(self.json).encode() if self.json is not None else (self.brut or "").encode()
        if self.json is not None:
            entetes.setdefault("content-type", "application/json")
        return await http.request(self.methode, partner.client.api + self.chemin, headers=entetes, content=corps)


def questions() -> Iterator[Question]:
    for ligne in Path(__file__).with_name("questions.ndjson").read_text(encoding="utf-8").splitlines():
        for court, long in _LONGS.items():
            ligne = ligne.replace(court, long)
        yield Question(**json.loads(ligne))


def repondu(reponse: httpx.Response) -> tuple[Any, ...]:
    """What a partner goes by: the status, and of a refusal its code and pointers."""
    if reponse.headers.get("content-type") == "application/problem+json":
        dit = reponse.json()
        erreurs = sorted((e["pointeur"], e["code"]) for e in dit["erreurs"])
        return reponse.status_code, dit["code"], erreurs, reponse.headers.get("allow")
    return reponse.status_code, reponse.headers.get("content-type"), reponse.headers.get("cache-control")


def ecarts(hub: Any, bouchon: Any, ou: str = "") -> Iterator[str]:
    """Where two answers have another shape: other fields, other types; an empty list tells nothing."""
    if isinstance(hub, dict) and isinstance(bouchon, dict):
        for champ in sorted(hub.keys() ^ bouchon.keys()):
            yield f"{ou}/{champ} {'du hub' if champ in hub else 'du bouchon'} seul"
        for champ in sorted(hub.keys() & bouchon.keys()):
            yield from ecarts(hub[champ], bouchon[champ], f"{ou}/{champ}")
    elif isinstance(hub, list) and isinstance(bouchon, list):
        if hub and bouchon:
            yield from ecarts(hub[0], bouchon[0], f"{ou}/*")
    elif type(hub) is not type(bouchon) and {type(hub), type(bouchon)} != {int, float}:
        yield f"{ou} {type(hub).__name__} au hub, {type(bouchon).__name__} au bouchon"
