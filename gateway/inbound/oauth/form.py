"""The body of a token request, read within limits and before anything is believed (RFC 6749 § 3.2)."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from gateway.inbound.oauth.errors import JetonRefuse
from gateway.inbound.oauth.profile import CORPS_MAX_BYTES

_TYPE: Final = "application/x-www-form-urlencoded"
_CHAMPS_MAX: Final = 32


async def lire_formulaire(request: Request) -> dict[str, str]:
    """The parameters that have a value, each at most once; raises JetonRefuse."""
    _verifier_type(request)
    try:
        pairs = parse_qsl(
            (await _lire_corps(request)).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_CHAMPS_MAX,
        )
    except ValueError as error:
        raise JetonRefuse("invalid_request", "the body is not a well-formed form") from error
    champs = dict(pairs)
    if len(champs) != len(pairs):
        raise JetonRefuse("invalid_request", "a parameter is repeated")
    return {nom: value for nom, value in champs.items() if value}


def _verifier_type(request: Request) -> None:
    types = request.headers.getlist("content-type")
    if len(types) != 1:
        raise JetonRefuse("invalid_request", "exactly one Content-Type is needed")
    essence, _, parametres = types[0].partition(";")
    charset = parametres.strip().lower().replace('"', "")
    if essence.strip().lower() != _TYPE or charset not in ("", "charset=utf-8"):
        raise JetonRefuse("invalid_request", f"the Content-Type must be {_TYPE}", 415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise JetonRefuse("invalid_request", "the body must not be compressed", 415)


async def _lire_corps(request: Request) -> bytes:
    corps = bytearray()
    try:
        async for morceau in request.stream():
            corps += morceau
            if len(corps) > CORPS_MAX_BYTES:
                raise JetonRefuse("invalid_request", "the body is too long", 413)
    except ClientDisconnect as error:
        raise JetonRefuse("invalid_request", "the body is incomplete") from error
    return bytes(corps)
