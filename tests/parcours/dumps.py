"""All that one partner has received, byte for byte, and the values by which two such dumps could be joined.

A value is looked for as it is written and as it can be read: in a text, in a JWS, in base64, as a UUID without dashes,
and as the SHA-256 that another receipt may hold of it. Only what could be an identifier counts: eight signs, a digit.
"""

import base64
import binascii
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from relais_contrats.champs import nommer_objets
from relais_contrats.client import Partner, RequestRefused
from relais_contrats.refus import REFUS
from tests.receiver import Received

VUES = ("", "/diagnostic", "/orientations", "/referent", "/contrat", "/rdv", "/feuille-de-route", "/historique")
PUBLICS = ("/oauth/jwks", "/v1/recus/cles", "/v1/contrats", "/openapi.json", "/asyncapi.json")
_LISTES = ("/v1/parcours?limite=200", "/v1/parcours?echeance_avant=2099-01-01&limite=200", "/v1/messages?limite=500")
_AUTRES = (
    "/v1/abonnements",
    "/v1/statistiques/delais",
    "/v1/offres/structures",
    "/v1/offres/services?code_commune=59350",
)
_RECONCILIATION = "/v1/reconciliation?du=2020-01-01T00:00:00Z&au=2099-01-01T00:00:00Z&sens="
_SIGNS = 8
_WORD = re.compile(r"[A-Za-z0-9_+/.:~-]{8,}=*")
_PIECE = re.compile(r"[A-Za-z0-9]{8,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_JWS = re.compile(r"[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")
_STANDARD = frozenset({"date", "ratelimit", "ratelimit-policy", "content-length", "content-security-policy", "host"})
"""Headers that HTTP makes: an instant, a counter, the policy of a page."""
# A date, an instant in whole seconds, and a number of seconds: as fine as what the law counts.
_DATE = re.compile(r"\d{4}-?\d\d-?\d\d([Tt]\d\d:?\d\d:?\d\d(Z|z|\+00:?00)?)?|1[789]\d{8}")


@dataclass
class Dump:
    """`values`: each value that was received, and the places in which it stood."""

    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def listen(self, partner: Partner) -> None:
        """Keep every answer that this client gets from now on."""

        async def keep(response: httpx.Response) -> None:
            await response.aread()
            path = re.sub(r"prc_[a-z2-7]+", "{prc}", response.request.url.path)
            self.headers(path, response.headers)
            self.body(path, response.content)

        partner._http.event_hooks["response"].append(keep)

    def webhook(self, received: Received) -> None:
        self.headers("webhook", received.headers)
        self.body("webhook", received.body)

    def deposit(self, fait: str, message: Mapping[str, Any]) -> None:
        """Of a deposit, what the catalogue lets others read as it was written: not the keys of objects, nor its id."""
        self.document("dépôt", nommer_objets(fait, message["data"], lambda *_: ""))
        for name in ("source", "agent", "time"):
            self._text("dépôt", message[name])

    def headers(self, where: str, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if name.lower() not in _STANDARD:
                self._text(f"{where} {name.lower()}:", value)

    def body(self, where: str, body: bytes) -> None:
        """JSON, one JSON a line, or a page."""
        try:
            documents = [json.loads(line) for line in body.splitlines()]
        except ValueError:
            self._text(f"{where} texte", body.decode("utf-8", "replace"))
            return
        for document in documents:
            self.document(where, document)

    def document(self, place: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, inside in value.items():
                self.document(f"{place}.{name}", inside)
        elif isinstance(value, list):
            for inside in value:
                self.document(place, inside)
        elif not isinstance(value, bool | None):
            self._text(place, str(value))

    def joins(self, other: "Dump", allowed: "Dump") -> dict[str, set[str]]:
        """What both have received and may not, and where either of them did."""
        common = self.values.keys() & other.values.keys()
        return {value: self.values[value] | other.values[value] for value in common - allowed.values.keys()}

    def _text(self, place: str, text: str) -> None:
        for jws in _JWS.findall(text):
            self.values[hashlib.sha256(jws.encode()).hexdigest()].add(f"{place} (empreinte)")
            for part in jws.split(".")[:2]:
                self.body(f"{place} (JWS)", _decoded(part) or b"")
        for value in _read(_JWS.sub("", text)):
            if len(value) >= _SIGNS and any(map(str.isdigit, value)) and not _DATE.fullmatch(value):
                self.values[value].add(place)


async def read_everything(partner: Partner) -> None:
    """Every read of the API, of every parcours that this partner can name."""
    named: set[str] = set()
    page: Mapping[str, Any] = {"evenements": [None], "curseur": ""}
    where = "depuis=2020-01-01T00:00:00Z"
    while page["evenements"]:
        page = await partner.get(f"/v1/evenements?limite=500&{where}")
        where = f"apres={page['curseur']}"
        named |= {event["subject"] for event in page["evenements"] if "subject" in event}
    await partner.acknowledge(page["curseur"])
    for path in (*_LISTES, *_AUTRES, f"{_RECONCILIATION}depose", f"{_RECONCILIATION}recu"):
        with suppress(RequestRefused):
            named |= {one["parcours"] for one in (await partner.get(path)).get("parcours", ())}
    for subscription in (await partner.get("/v1/abonnements"))["abonnements"]:
        await partner.get(f"/v1/abonnements/{subscription['id']}/livraisons")
    for prc in sorted(named):
        with suppress(RequestRefused):
            for vue in VUES:
                await partner.get(f"/v1/parcours/{prc}{vue}")
            await partner.page(f"/v1/parcours/{prc}/feuille-de-route")


def public(api: str) -> Dump:
    """What anybody reads without a token: keys, catalogue, documents of the API."""
    dump = Dump()
    dump.document("problèmes", [f"{api}/problemes/{code}" for code in (*REFUS, "portee-insuffisante")])
    dump.document("types", "fr.insertion.abonnement.verification.v1")
    for path in PUBLICS:
        dump.body(path, httpx.get(api + path).raise_for_status().content)
    return dump


def _read(text: str) -> Iterator[str]:
    """The words of a text and their pieces, instants in UTC, and what is hidden in base64."""
    for word in (found.rstrip(".:") for found in _WORD.findall(text)):  # without what ends a sentence
        yield _in_utc(word)
        for uuid in _UUID.finditer(word):
            yield uuid[0].replace("-", "").lower()
        yield from _PIECE.findall(_UUID.sub("", word))
        if re.search("[A-Z]", word) and (raw := _decoded(word)) and len(raw) >= 12:
            yield raw.hex()


def _in_utc(word: str) -> str:
    try:
        instant = datetime.fromisoformat(word)
    except ValueError:
        return word
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant.tzinfo else word


def _decoded(word: str) -> bytes | None:
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
