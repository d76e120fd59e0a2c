"""Makes Schemathesis a partner, and tells it the rules that OpenAPI has no words for. On a running hub:

    PYTHONPATH=.:contracts RELAIS_PARTENAIRE=.relais/partenaires/cd-59 .venv/bin/schemathesis \\
        --config-file tests/outils/schemathesis.toml run http://127.0.0.1:8420/openapi.json --seed 7 -n 100
"""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import schemathesis
from joserfc.jwk import ECKey
from schemathesis.core.parameters import ParameterLocation

from relais_contrats.client import Client, Credentials
from tests.persons import nir, signalement

FOLDER = Path(os.environ["RELAIS_PARTENAIRE"])
PROTECTED = "/v1/"
OPEN = ("/v1/contrats", "/v1/recus/cles", "/v1/webhooks/cles")
CLOUDEVENT = "application/cloudevents+json"

client = Client.read(FOLDER / "client.json")
SOURCE = f"/partenaires/{client.client_id.removeprefix('si:')}"
credentials = Credentials(client, ECKey.import_key((FOLDER / "cle.pem").read_bytes()))


def proved(method: str, path: str) -> dict[str, str]:
    """The token, and its proof for one request."""
    if credentials.is_due:
        proof = {"DPoP": credentials.proof("POST", client.token_endpoint)}
        form = credentials.token_form() | {"scope": " ".join(client.scopes)}
        credentials.keep(httpx.post(client.token_endpoint, data=form, headers=proof).raise_for_status().json())
    return credentials.headers(method, f"{client.api}{path}")


@schemathesis.auth(refresh_interval=None)
class Partner:
    """The token is kept by the credentials; nothing is cached here."""

    def get(self, _case: Any, _context: Any) -> str:
        return client.client_id

    def set(self, case: Any, _data: str, _context: Any) -> None:
        path = case.formatted_path
        if path.startswith(PROTECTED) and not path.startswith(OPEN):
            case.headers.update(proved(case.method.upper(), path))


def call(method: str, path: str, body: Any = None, type_: str = "application/json") -> Any:
    content = None if body is None else json.dumps(body)
    headers = proved(method, path) | ({} if body is None else {"Content-Type": type_})
    answer = httpx.request(method, client.api + path, headers=headers, content=content).raise_for_status()
    return answer.json() if answer.content else None


def message() -> dict[str, Any]:
    """A person whom the partner signals."""
    return {
        "specversion": "1.0",
        "id": f"schemathesis-{datetime.now(UTC).timestamp()}",
        "source": SOURCE,
        "type": "fr.insertion.usager.signale.v1",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "departement": "59",
        "agent": "batch",
        "finalite": "orientation",
        "data": signalement(),
    }


@cache
def parcours() -> str:
    return str(call("POST", "/v1/messages", message(), CLOUDEVENT)["parcours"])


@cache
def curseur() -> str:
    return str(call("GET", "/v1/evenements")["curseur"])


@cache
def abonnement() -> str:
    return str(call("POST", "/v1/abonnements", {"url": LOOPBACK, "types": [], "actif": False})["id"])


LOOPBACK = "http://127.0.0.1:9/"
KNOWN: Mapping[str, tuple[str, Callable[[], str]]] = {
    "/v1/parcours/{prc}": ("prc", parcours),
    "/v1/abonnements/{id}": ("id", abonnement),
    "/v1/departements/{code}": ("code", lambda: "59"),
}
"""What a path names is there: a negative request is then refused for what is wrong in it, not for an unknown name."""


def named(case: Any) -> None:
    for start, (name, known) in KNOWN.items():
        if case.operation.path.startswith(start) and case.method.upper() != "DELETE":
            case.path_parameters = {**case.path_parameters, name: known()}


def queried(case: Any) -> None:
    query = case.query
    query.pop("apres", None)  # a cursor is one that the hub gave, for the same list
    query.pop("avant", None)  # a delivery is one of this subscription
    if "attente" in query:  # nothing comes while the campaign waits
        query["attente"] = "0"
    if "jour" in query:  # a day is over, for a quarter of an hour at least
        query["jour"] = min(query["jour"], str((datetime.now(UTC) - timedelta(days=2)).date()))
    # Two instants are in their order; of numbers that are not, there are simply none between.
    if {"du", "au"} <= query.keys() and not case.operation.path.endswith("/trous"):
        query["du"], query["au"] = in_order(query["du"], query["au"])
    for name in {"lat", "lon"} if len({"lat", "lon"} & query.keys()) == 1 else ():  # the two go together
        query.pop(name, None)
    if "q" in query:  # one of the words says what is looked for
        query["q"] = f"permis {query['q']}"[:200]
    if "orientation" in query:  # it goes with no other list than that of the parcours
        for name in ("structure", "echeance_avant", "etat"):
            query.pop(name, None)
    if "code_commune" in query:  # a commune is one of today
        query["code_commune"] = "59350"
    if not {"code_commune", "lat"} & query.keys():  # a radius has a centre
        query.pop("rayon_km", None)


def in_order(du: str, au: str) -> tuple[str, str]:
    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text.upper().replace(":60", ":59"))

    first, last = sorted((du, au), key=instant)
    return (first, last) if instant(first) < instant(last) else (first, "2099-12-31T23:59:59Z")


def read(case: Any) -> None:
    body, path = case.body, case.operation.path
    if not isinstance(body, dict):
        return
    if body.get("url"):  # a host is one that the operator declared, or this machine
        body["url"] = LOOPBACK
    if "curseur" in body:
        body["curseur"] = curseur()
    if "du" in body and "au" in body:
        body["du"], body["au"] = in_order(body["du"], body["au"])
    if "parcours" in body:
        body["parcours"] = parcours()
    for identifiant in body.get("identifiants", ()):
        if identifiant["type"] == "nir":  # a NIR has its key
            identifiant["valeur"] = nir(1)
    if identite := body.get("identite"):  # a person has a name of letters, and was born within the last 130 years
        names = {name: "Exemple" for name in ("nom_naissance", "nom_usage", "prenoms") if identite.get(name)}
        body["identite"] = {**identite, **names, "date_naissance": "1990-05-17"}
    if body.get("source") == SOURCE:  # the rest of one's own message is as `/v1/contrats/{type}/depot` says
        case.body = message()
    if path == "/v1/messages" and case.media_type == "application/json":  # binary mode: headers go with this body only
        whole = message()
        case.body = whole.pop("data")
        case.headers.update({f"ce-{name}": quote(str(value), safe="/:+") for name, value in whole.items()})
        case.headers.pop("ce-datacontenttype")


def room(case: Any) -> None:
    """A partner has twenty subscriptions at most."""
    if (case.method.upper(), case.operation.path) == ("POST", "/v1/abonnements"):
        for one in call("GET", "/v1/abonnements")["abonnements"][15:]:
            if one["id"] != abonnement():
                with suppress(httpx.HTTPStatusError):
                    call("DELETE", f"/v1/abonnements/{one['id']}")


RULES = (
    (ParameterLocation.PATH, named),
    (ParameterLocation.QUERY, queried),
    (ParameterLocation.BODY, read),
)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """A part that was made to be wrong stays as it is."""
    room(case)
    for location, rule in RULES:
        if case.meta is None or not case.meta.is_negative_at(location):
            rule(case)
    if "DPoP" in case.headers:
        case.headers.update(proved(case.method.upper(), case.formatted_path))
