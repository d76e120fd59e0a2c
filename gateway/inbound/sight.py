"""What a partner may look at: its pseudonym resolved, its roles found, its purpose declared; then the service is asked.

A parcours that it may not see and one that does not exist take the same way: one lookup, no question to any service.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.bus_nats import NatsBus
from chassis.database import Pool
from gateway import participations
from gateway.inbound.door import Call
from gateway.inbound.prepared import refusal_line
from gateway.inbound.problems import Problem
from gateway.pseudonyms import Pseudonyms
from gateway.rights import Role, vue_visible
from relais_contrats.champs import referencer_vue
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.enveloppe import MOTIF_AGENT
from relais_contrats.modele import Donnees

AGENT, FINALITE = "relais-agent", "relais-finalite"
NOMINATIVES = frozenset(Finalite) - {Finalite.PILOTAGE}
"""Purposes for which data about a person may be read."""
PARIS = ZoneInfo("Europe/Paris")
_TIMEOUT_S = 2.0
_AGENT_MAX = 200
_AGENT = re.compile(MOTIF_AGENT)


@dataclass(frozen=True, slots=True)
class Seen:
    """A parcours (the survivor, after a fusion) and the roles that open it to the partner."""

    parcours: UUID
    roles: frozenset[Role]


class Sight:
    """Shared by all reads of persons."""

    def __init__(self, pool: Pool, bus: NatsBus, pseudonyms: Pseudonyms) -> None:
        self.pool = pool
        self.pseudonyms = pseudonyms
        self._bus = bus

    async def find(self, call: Call, pseudonyme: str) -> Seen:
        """Raises the same 404 for what does not exist and for what is not this partner's to see."""
        code = call.partenaire.code
        named = self.pseudonyms.read(code, pseudonyme)
        if named is None:
            raise unknown()
        async with self.pool.acquire() as conn:
            parcours = (await participations.survivors(conn, [named])).get(named, named)
            roles = (await participations.of_pairs(conn, [(parcours, code)])).get((parcours, code))
        if not roles:
            raise unknown()
        call.parcours = parcours
        return Seen(parcours, roles)

    async def ask(self, lecture: str, demande: Mapping[str, Any]) -> Any:
        """The answer to `lecture.<service>.<vue>`. Raises chassis.bus.Unavailable."""
        reply = await self._bus.request(f"lecture.{lecture}", orjson.dumps(demande), timeout_s=_TIMEOUT_S)
        return orjson.loads(reply)

    def show(self, call: Call, roles: frozenset[Role], modele: type[Donnees], vue: Mapping[str, Any]) -> dict[str, Any]:
        """The view as this partner may see it, in its own pseudonyms."""
        visible = vue_visible(call.partenaire, roles, modele, vue) or {}
        return referencer_vue(modele, visible, lambda p: self.pseudonyms.of(call.partenaire.code, UUID(p)))


def declare(call: Call, request: Request, finalites: frozenset[Finalite] = NOMINATIVES) -> None:
    """Note who reads, and for what, in the access journal: `Relais-Agent` and `Relais-Finalite`, both optional.

    Without one of these purposes in force nothing is read. Raises a Problem.
    """
    agent, finalite = request.headers.get(AGENT), request.headers.get(FINALITE)
    if agent is not None and (len(agent) > _AGENT_MAX or not _AGENT.match(agent)):
        raise Problem("schema-invalide", erreurs=[refusal_line("schema-invalide", AGENT)])
    if finalite is not None and finalite not in set(Finalite):
        raise Problem("code-inconnu", erreurs=[refusal_line("code-inconnu", FINALITE)])
    call.agent, call.finalite = agent, finalite
    jour = datetime.now(PARIS).date()
    claimed = finalites & {finalite} if finalite else finalites
    if not any(call.partenaire.finalite_permise(purpose, jour) for purpose in claimed):
        raise Problem("finalite-interdite", erreurs=[refusal_line("finalite-interdite", FINALITE)])


def unknown() -> Problem:
    return Problem("parcours-inconnu")


def answer(request: Request, content: Mapping[str, Any]) -> Response:
    """JSON with its `ETag`; 304 when the partner holds it already (RFC 9110 § 13.1.2)."""
    return tagged(request, orjson.dumps(content), "application/json")


def tagged(request: Request, body: bytes, media_type: str, **more: str) -> Response:
    """`more` are headers of its own, with `_` for `-`."""
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"} | {k.replace("_", "-"): v for k, v in more.items()}
    held = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
