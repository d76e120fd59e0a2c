"""A request to an OAuth endpoint, read within limits and before anything is believed (RFC 6749 § 3.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.errors import JetonRefuse, JwsInvalide
from relais_contrats.oauth.jws import lire_jws
from relais_contrats.oauth.profile import ASSERTION_MAX_BYTES, CORPS_MAX_BYTES

_TYPE: Final = "application/x-www-form-urlencoded"
_CHAMPS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class DemandeOAuth:
    """`champs` are the parameters that have a value; `autorisations` and `preuves` every value of the Authorization
    and DPoP headers; `certificat` the `x5t#S256` of the client certificate, the one thing that the TLS front vouches
    for."""

    champs: Mapping[str, str]
    autorisations: Sequence[str]
    preuves: Sequence[str]
    certificat: str | None

    @property
    def auteur(self) -> str | None:
        """Return the client id that the request claims; nothing proves it yet."""
        try:
            return lire_jws(self.champs.get("client_assertion", ""), ASSERTION_MAX_BYTES).texte("sub")
        except JwsInvalide:
            return self.champs.get("client_id")


async def lire_demande(request: Request, proxy: ProxyDeConfiance) -> DemandeOAuth:
    """Raises JetonRefuse."""
    champs, headers = await _lire_formulaire(request), request.headers
    return DemandeOAuth(champs, headers.getlist("authorization"), headers.getlist("dpop"), proxy.certificat(headers))


async def _lire_formulaire(request: Request) -> dict[str, str]:
    """The parameters that have a value, each at most once."""
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
