"""Checks of HTTP itself that come first, refusals of routing, and entity tags. Shared by the hub and its mock. Needs
Starlette.
"""

import re
from collections.abc import Collection
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from relais_contrats.problemes import Problem

EN_TETES_MAX_OCTETS: Final = 16 * 1024
URL_MAX_OCTETS: Final = 8 * 1024
_SONDES: Final = ("/sante/vivant", "/sante/pret")

# RFC 3986 segments, without what has two writings: escapes of letters, digits, `-._~`, of slashes and controls.
_CARACTERE: Final = (
    rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]"
    rb"|%(?![01]|2[DEF]|3[0-9]|4[1-9A-F]|5[0-9ACF]|6[1-9A-F]|7[0-9AEF])[0-9A-F]{2})"
)
CANONIQUE: Final = re.compile(rb"(?:/(?!\.{1,2}(?:/|$))" + _CARACTERE + rb"+)+|/")

_MAL_ECRITE: Final = "La requête HTTP n'est pas écrite comme tout le monde la lit."
_WAIT = re.compile(r"\bwait\s*=\s*(\d{1,4})\b")
_ATTENTE_S, _ATTENTE_MAX_S = 5.0, 30.0


def hotes_de(url: str, autres: Collection[str] = ()) -> frozenset[bytes]:
    """The `Host` values that name this hub; a loopback one has two names."""
    parties = urlsplit(url)
    connus = {parties.netloc, *autres}
    if parties.hostname == "127.0.0.1":
        connus.add(parties.netloc.replace("127.0.0.1", "localhost"))
    return frozenset(hote.lower().encode() for hote in connus)


def refus_http(scope: Scope, hotes: Collection[bytes]) -> Problem | None:
    """One host, small headers, a canonical path: a few comparisons per request."""
    chemin: bytes = scope["raw_path"]
    if len(chemin) + len(scope["query_string"]) > URL_MAX_OCTETS:
        return Problem(status=414)
    taille, donnes, jetons = 0, [], 0
    for nom, valeur in scope["headers"]:
        taille += len(nom) + len(valeur)
        if nom == b"host":
            donnes.append(valeur.lower())
        elif nom == b"authorization":
            jetons += 1
        elif b"_" in nom:
            # Some proxies write `X_Name` for `X-Name`: whoever may not set one could set the other.
            return Problem(status=400, detail=_MAL_ECRITE)
    if taille > EN_TETES_MAX_OCTETS:
        return Problem(status=431)
    if len(donnes) != 1 or jetons > 1 or not CANONIQUE.fullmatch(chemin):
        return Problem(status=400, detail=_MAL_ECRITE)
    # Probes come by address.
    if donnes[0] not in hotes and scope["path"] not in _SONDES:
        return Problem(status=400, detail=_MAL_ECRITE)
    return None


def refus_de_route(request: Request, erreur: Exception) -> Problem:
    """What routing refuses: 404, 405 with the methods of the path, else 400."""
    statut = erreur.status_code if isinstance(erreur, HTTPException) else 500
    entetes = {"Allow": _admises(request)} if statut == 405 else {}
    return Problem(status=statut if statut in (404, 405) else 400, headers=entetes)


def _admises(request: Request) -> str:
    """The methods of all the routes of this path, of which routing itself knows one only (RFC 9110 § 10.2.1)."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    ici = (route.methods or set() for route in routes if route.path_regex.match(request.scope["path"]))
    return ", ".join(sorted(set().union(*ici)))


def attente_s(request: Request) -> float:
    """`Prefer` (RFC 7240), how long a depositor waits for the decision before it is answered `en-attente`: 0 for
    `respond-async`, else `wait=N` seconds, 30 at most."""
    preference = request.headers.get("prefer", "")
    if "respond-async" in preference:
        return 0.0
    demandee = _WAIT.search(preference)
    return min(float(demandee[1]), _ATTENTE_MAX_S) if demandee else _ATTENTE_S


def etiquetee(code: str, request: Request, corps: bytes, media_type: str, **de_plus: str) -> Response:
    """The body with its `ETag`; 304 when the partner `code` holds it already (RFC 9110 § 13.1.2). Two partners that
    read the same have other tags. `de_plus` are more headers, with `_` for `-`."""
    condensat = sha256(code.encode() + b"\0" + corps).hexdigest()
    etag = f'"{condensat[:32]}"'
    entetes = {"ETag": etag, "Cache-Control": "private, no-cache"}
    entetes |= {nom.replace("_", "-"): valeur for nom, valeur in de_plus.items()}
    tenues = [une.strip().removeprefix("W/") for une in request.headers.get("if-none-match", "").split(",")]
    if etag in tenues or "*" in tenues:
        return Response(status_code=304, headers=entetes)
    return Response(corps, headers=entetes, media_type=media_type)


def prefere_html(accept: str) -> bool:
    """Whether `text/html` comes with a higher weight than JSON (RFC 9110 § 12.5.1); neither named: JSON."""
    poids = {"text/html": 0.0, "application/json": 0.0}
    for partie in accept.split(","):
        nom, *parametres = (morceau.strip() for morceau in partie.split(";"))
        if nom in poids:
            poids[nom] = next((_poids(p) for p in parametres if p.startswith("q=")), 1.0)
    return poids["text/html"] > poids["application/json"]


def _poids(parametre: str) -> float:
    try:
        return float(parametre.removeprefix("q="))
    except ValueError:
        return 0.0
