"""One call of the API of France Travail: whom it is about, who acted, and the hub as the partner sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from connectors.exchanges import Exchange
from connectors.france_travail.codes import CORPS_TROP_GRAND
from connectors.france_travail.configuration import FranceTravailConfiguration
from connectors.france_travail.faults import Fault, Later, invalid, of_answer
from connectors.france_travail.tokens import Tokens
from connectors.hub import ACCEPTED, WAITING, Answer, RequestRefused, deposit
from connectors.systems import Context
from relais_contrats.lecture import MessageIllisible, forme_canonique, lire_json

Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)
LARGEST_BYTES = 256 << 10
_BATCH = "BATCH"
_AGENT = ("pa-nom-agent", "pa-prenom-agent", "pa-identifiant-agent")
_LONGEST = 200
_TRIED = "essai"
_SAME_ACT = "contenu-different"
"""What the hub says of an id that it knows with another content: of ours, only the instant and the agent differ."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is deposited; `before` is what it changes: the same content after something else is another act."""

    fait: str
    data: Json
    departement: str
    finalite: str
    before: Any = None

    def digest(self, parcours: str) -> str:
        return hashlib.sha256(forme_canonique([self.fait, parcours, self.data, self.before])).hexdigest()[:40]


@dataclass(slots=True)
class Call:
    """`parcours` is empty for a call about nobody; `agent` is `batch` when nobody is named."""

    context: Context
    tokens: Tokens
    request: Request
    exchange: Exchange
    agent: str
    parcours: str

    @property
    def settings(self) -> FranceTravailConfiguration:
        configured: FranceTravailConfiguration = self.context.configuration
        return configured

    async def body(self, model: type[M]) -> M:
        """What was sent. Raises `Fault`, with the names of the fields that are wrong and never their values."""
        received = bytearray()
        async for chunk in self.request.stream():
            received += chunk
            if len(received) > LARGEST_BYTES:
                raise Fault(CORPS_TROP_GRAND)
        try:
            return model.model_validate(lire_json(bytes(received)))
        except MessageIllisible as error:
            raise invalid("le corps n'est pas un objet JSON") from error
        except ValidationError as error:
            places = dict.fromkeys(".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False))
            told = ", ".join([place for place in places if place][:10]) or "corps"
            raise invalid(f"{told} absent, ou d'une valeur inattendue") from error

    async def read(self, path: str) -> Any:
        """A read of the public API, as the partner. Raises `RequestRefused`."""
        return await self.context.hub.call("GET", path, headers={"traceparent": self.exchange.traceparent})

    async def view(self, name: str = "") -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.read(f"/v1/parcours/{self.parcours}{f'/{name}' if name else ''}")
        return found

    async def view_if_allowed(self, name: str) -> Mapping[str, Any]:
        """Empty when the partner may not read it."""
        try:
            return await self.view(name)
        except RequestRefused as refused:
            if refused.status in (403, 404):
                return {}
            raise

    async def act(self, view: str, act: Act, took: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """Deposit, and return the view after it. An act that was done, then cancelled at the hub, is done anew: the
        hub repeats its first answer, and the view does not show it (`took`)."""
        answer = await self.deposit(act)
        after = await self.view(view)
        if answer.est_rejoue and not took(after):
            await self.deposit(act, anew=True)
            after = await self.view(view)
        return after

    async def deposit(self, act: Act, *, anew: bool = False) -> Answer:
        """Deposit about the person, once. Raises `Fault` when the hub refuses it, `Later` when it has not decided.

        What was refused may be asked again, under the next id: to one that it knows, the hub repeats its first answer.
        """
        state, hub = self.context.state, self.context.hub
        content = act.digest(self.parcours)
        tried = int(await state.ours(_TRIED, content) or 0) + anew
        message = hub.message(
            act.fait,
            act.data,
            departement=act.departement,
            subject=self.parcours,
            id_=f"ft-{content}{f'-{tried}' if tried else ''}",
            instant=self.context.clock(),
            finalite=act.finalite,
            agent=self.agent,
        )
        [answer] = await deposit(hub, [message], self.exchange.traceparent)
        if answer.code == _SAME_ACT:
            answer = replace(await hub.settled(message["id"]), est_rejoue=True)
        if answer.etat == WAITING or answer.est_relancable:
            raise Later
        if anew or answer.etat != ACCEPTED:
            await state.link(_TRIED, [(content, str(tried + (answer.etat != ACCEPTED)))])
        if answer.etat != ACCEPTED:
            self.exchange.counts["refuse"] += 1
            raise of_answer(answer)
        self.exchange.counts["deja-depose" if answer.est_rejoue else ACCEPTED] += 1
        return answer


def agent_of(request: Request, *, is_required: bool) -> str:
    """`nom prenom identifiant`, or `batch`. Raises `Fault`."""
    values = [" ".join(_text(request.headers.get(name, "")).split()) for name in _AGENT]
    if values[2].upper() == _BATCH:
        return "batch"
    if any("|" in value for value in values):
        raise invalid("le caractère « | » est interdit dans les en-têtes pa-*")
    if not all(values):
        if not is_required and not any(values):
            return "batch"
        missing = [name for name, value in zip(_AGENT, values, strict=True) if not value]
        raise invalid(f"en-tête obligatoire : {', '.join(missing)}")
    told = " ".join(values)
    if len(told) > _LONGEST or not told.isprintable():
        raise invalid("les en-têtes pa-* sont trop longs ou illisibles")
    return told


def _text(header: str) -> str:
    """Starlette reads headers as latin-1; most clients write UTF-8."""
    raw = header.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return header
