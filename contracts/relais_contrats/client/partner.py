"""One partner and its connections: deposits that are sent again until they are answered, the feed, any other call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import stamina

from relais_contrats.client.answers import Answer, Events, HubUnreachable, PartnerError, QuotaReached, RequestRefused
from relais_contrats.client.credentials import Client, Credentials, Key, read_key

CLOUDEVENT = "application/cloudevents+json"
CLOUDEVENTS_BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
NDJSON = "application/x-ndjson"
_TO_TRY_AGAIN = (429, 502, 503, 504)
_LONGEST_PAUSE_S = 60.0

_QUOTA = 429
_DEFAULT_PAUSE_S = 1

Message = Mapping[str, Any]
_at_once: ContextVar[bool] = ContextVar("at_once", default=False)


@contextlib.contextmanager
def quota_at_once() -> Iterator[None]:
    """What is called inside does not wait for a quota: it raises `QuotaReached` with the first 429. For who answers
    somebody, and has a 429 of its own to tell."""
    token = _at_once.set(True)
    try:
        yield
    finally:
        _at_once.reset(token)


class _TryAgain(Exception):
    """The hub asks to wait; `pause_s` is its `Retry-After`, if it gave one."""

    def __init__(self, status: int, pause_s: float | None) -> None:
        super().__init__(f"statut {status}")
        self.status = status
        self.pause_s = pause_s


def cloudevent(
    source: str,
    fait: str,
    data: Mapping[str, Any],
    *,
    departement: str,
    subject: str | None = None,
    id_: str | None = None,
    instant: datetime | None = None,
    finalite: str = "orientation",
    agent: str = "batch",
) -> dict[str, Any]:
    """A deposit of the partner `source` (`/partenaires/<code>`), with an id of its own unless one is given."""
    envelope = {
        "specversion": "1.0",
        "id": id_ or secrets.token_hex(16),
        "source": source,
        "type": f"fr.insertion.{fait}.v1",
        "time": (instant or datetime.now(UTC)).isoformat(),
        "departement": departement,
        "agent": agent,
        "finalite": finalite,
        "data": dict(data),
    }
    return envelope | ({"subject": subject} if subject else {})


def new_traceparent() -> str:
    """A W3C trace context that starts a trace: the hub's logs and receipts name it."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _prefer(wait_s: int | None) -> dict[str, str]:
    return {} if wait_s is None else {"Prefer": f"wait={wait_s}" if wait_s else "respond-async"}


class Partner:
    """One partner, one key, one connection pool. Use as an asynchronous context manager.

    Each call carries a `traceparent`: the caller's, or a new one, the same each time the call is sent again.
    """

    def __init__(
        self,
        client: Client,
        key: Key,
        *,
        patience_s: float = 60.0,
        timeout_s: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.client = client
        self.code = client.client_id.removeprefix("si:")
        self.source = f"/partenaires/{self.code}"
        self._credentials = Credentials(client, key)
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout_s, connect=5.0), transport=transport)
        self._renewal = asyncio.Lock()

    @classmethod
    def load(cls, folder: Path, *, patience_s: float = 60.0) -> Self:
        """From a folder that holds `client.json` and `cle.pem`."""
        return cls.of_files(folder / "client.json", folder / "cle.pem", patience_s=patience_s)

    @classmethod
    def of_files(cls, client_file: str | Path, key_file: str | Path, *, patience_s: float = 60.0) -> Self:
        """From the two files that `relais-kit verifier emetteur` names in CLIENT_JSON and KEY_PEM."""
        try:
            client = Client.read(Path(client_file))
            key = read_key(Path(key_file), client.alg)
        except FileNotFoundError as error:
            raise PartnerError(f"Fichier absent : {error.filename}. Le relais a-t-il été démarré ?") from error
        return cls(client, key, patience_s=patience_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def message(
        self,
        fait: str,
        data: Mapping[str, Any],
        *,
        departement: str,
        subject: str | None = None,
        id_: str | None = None,
        instant: datetime | None = None,
        finalite: str = "orientation",
        agent: str = "batch",
    ) -> dict[str, Any]:
        """A CloudEvent ready to be posted; `fait` is the short name of the catalogue, such as `usager.signale`."""
        return cloudevent(
            self.source,
            fait,
            data,
            departement=departement,
            subject=subject,
            id_=id_,
            instant=instant,
            finalite=finalite,
            agent=agent,
        )

    async def post(self, message: Message, *, traceparent: str | None = None, wait_s: int | None = None) -> Answer:
        """Deposit one message. It is sent again under the same id until the hub answers: it takes effect once."""
        headers = {"Content-Type": CLOUDEVENT, "traceparent": traceparent or new_traceparent(), **_prefer(wait_s)}
        response = await self._send("POST", "/v1/messages", content=json.dumps(message).encode(), headers=headers)
        corps = _json(response)
        if response.is_error and "code" not in corps:
            raise RequestRefused(response.status_code, corps)
        replayed = response.headers.get("Relais-Rejoue") == "true"
        return Answer.read(corps, est_rejoue=replayed, id_=str(message["id"]))

    async def post_many(
        self, messages: Iterable[Message], *, traceparent: str | None = None, wait_s: int | None = None
    ) -> list[Answer]:
        """Deposit up to 100,000 messages (64 MB) in one NDJSON request: one answer each, in their order.

        Those that the hub could not take yet go again, under the same ids, until the patience runs out.
        """
        return await self._until_taken(list(messages), NDJSON, wait_s, traceparent)

    async def post_batch(
        self, messages: Iterable[Message], *, traceparent: str | None = None, wait_s: int | None = None
    ) -> list[Answer]:
        """The same for up to 1,000 messages, as one JSON array (`application/cloudevents-batch+json`)."""
        return await self._until_taken(list(messages), CLOUDEVENTS_BATCH, wait_s, traceparent)

    async def _until_taken(
        self, sent: Sequence[Message], form: str, wait_s: int | None, traceparent: str | None
    ) -> list[Answer]:
        traceparent = traceparent or new_traceparent()
        answers = await self._post_together(sent, form, wait_s, traceparent)
        deadline, pause_s = time.monotonic() + self._patience_s, 0.5
        while again := [place for place, answer in enumerate(answers) if answer.est_relancable]:
            if time.monotonic() + pause_s > deadline:
                break
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 10.0)
            later = await self._post_together([sent[p] for p in again], form, wait_s, traceparent)
            for place, answer in zip(again, later, strict=True):
                answers[place] = answer
        return answers

    async def _post_together(
        self, sent: Sequence[Message], form: str, wait_s: int | None, traceparent: str
    ) -> list[Answer]:
        if not sent:
            return []
        written = [json.dumps(message, ensure_ascii=False).encode() for message in sent]
        content = b"[" + b",".join(written) + b"]" if form == CLOUDEVENTS_BATCH else b"\n".join(written) + b"\n"
        headers = {"Content-Type": form, "traceparent": traceparent, **_prefer(wait_s)}
        response = await self._send("POST", "/v1/messages", content=content, headers=headers)
        if response.is_error:
            raise RequestRefused(response.status_code, _json(response))
        if len(lines := [json.loads(line) for line in response.content.split(b"\n") if line.strip()]) != len(sent):
            raise HubUnreachable("Le relais a interrompu sa réponse : redéposez les mêmes messages.")
        return [Answer.read(line, id_=str(message["id"])) for line, message in zip(lines, sent, strict=True)]

    async def settled(self, message_id: str, *, patience_s: float = 30.0) -> Answer:
        """What became of a message that was answered 202; `en-attente` or `rebut` when the patience runs out."""
        deadline, pause_s = time.monotonic() + patience_s, 0.1
        while True:
            answer = Answer.read(await self.get(f"/v1/messages/{message_id}"))
            if answer.etat not in ("en-attente", "rebut") or time.monotonic() + pause_s > deadline:
                return answer
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    async def get(self, path: str, **params: str | int) -> Any:
        return await self.call("GET", f"{path}?{urlencode(params)}" if params else path)

    async def page(self, path: str) -> str:
        """The same read as a page of HTML, where there is one."""
        response = await self._send("GET", path, headers={"Accept": "text/html"})
        if response.is_error:
            raise RequestRefused(response.status_code, _json(response))
        return response.text

    async def call(
        self, method: str, path: str, content: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Any other call of the API (subscriptions, acknowledgement, search): JSON in, JSON out."""
        body = {} if content is None else {"content": json.dumps(content).encode()}
        sent = {**({"Content-Type": JSON} if body else {}), **(headers or {})}
        response = await self._send(method, path, headers=sent, **body)
        if response.is_error:
            raise RequestRefused(response.status_code, _json(response))
        return _json(response)

    async def events(self, *, after: str | None = None, limit: int = 500, wait_s: int = 0) -> Events:
        """One page of the feed, after a cursor or after what was last acknowledged; `wait_s` > 0: long poll."""
        params: dict[str, str | int] = {"limite": limit, "attente": wait_s}
        page = await self.get("/v1/evenements", **params, **({"apres": after} if after else {}))
        return Events(page["evenements"], page["curseur"])

    async def acknowledge(self, cursor: str) -> None:
        """Acknowledge everything up to this cursor: the feed will not return it again."""
        await self.call("POST", "/v1/evenements/acquittement", {"curseur": cursor})

    async def is_known(self) -> bool | None:
        """Whether the hub gives this key a token; None while it does not answer. One call, without patience."""
        try:
            await self._renew_token()
        except RequestRefused:
            return False
        except (httpx.TransportError, _TryAgain):
            return None
        return True

    async def headers(self, method: str, path: str) -> dict[str, str]:
        """What one request must carry, for who sends it by other means (curl). Good once, for that method and path."""
        await self._renew_token()
        return self._credentials.headers(method, f"{self.client.api}{path}")

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send until the hub answers. What it admitted twice under one id has effect once, so trying again is safe."""
        request["headers"] = {"traceparent": new_traceparent(), **request.get("headers", {})}
        try:
            async for attempt in stamina.retry_context(
                on=_pause, attempts=None, timeout=self._patience_s, wait_initial=0.2, wait_max=10.0
            ):
                with attempt:
                    response = await self._once(method, path, request)
                    if response.status_code == 401:
                        # The token ended earlier than announced (keys changed): once more with a new one.
                        self._credentials.forget()
                        response = await self._once(method, path, request)
        except (httpx.TransportError, _TryAgain) as error:
            if isinstance(error, _TryAgain) and error.status == _QUOTA:
                raise QuotaReached(math.ceil(error.pause_s or _DEFAULT_PAUSE_S)) from error
            raise HubUnreachable(f"Le relais ne répond pas sur {self.client.api} ({error}).") from error
        return response

    async def _once(self, method: str, path: str, request: Mapping[str, Any]) -> httpx.Response:
        async with self._renewal:
            if self._credentials.is_due:
                await self._renew_token()
        response = await self._proven(method, path, request)
        if self._credentials.hear(response, is_token=False):
            response = await self._proven(method, path, request)
        return _checked(response)

    async def _proven(self, method: str, path: str, request: Mapping[str, Any]) -> httpx.Response:
        url = f"{self.client.api}{path}"
        headers = {**request["headers"], **self._credentials.headers(method, url)}
        return await self._http.request(method, url, **{**request, "headers": headers})

    async def _renew_token(self) -> None:
        response = await self._ask_token()
        if self._credentials.hear(response, is_token=True):
            response = await self._ask_token()
        _checked(response)
        granted = _json(response)
        if response.is_error:
            said = ": ".join(str(granted[name]) for name in ("error", "error_description") if granted.get(name))
            raise RequestRefused(response.status_code, {"detail": f"jeton refusé, {said}"})
        self._credentials.keep(granted)

    async def _ask_token(self) -> httpx.Response:
        url = self.client.token_endpoint
        proof = {"DPoP": self._credentials.proof("POST", url)}
        return await self._http.post(url, data=self._credentials.token_form(), headers=proof)


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code in _TO_TRY_AGAIN:
        after = response.headers.get("Retry-After", "")
        raise _TryAgain(response.status_code, min(float(after), _LONGEST_PAUSE_S) if after.isdigit() else None)
    return response


def _pause(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, _TryAgain):
        if error.status == _QUOTA and _at_once.get():
            return False
        return True if error.pause_s is None else error.pause_s
    return isinstance(error, httpx.TransportError)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else {}
    except ValueError:
        return {"title": response.reason_phrase}
