"""Where a webhook may go: https to public addresses of hosts that the operator declared for the partner.

Judged at registration, and again on what is dialled. Loopback and plain http, without any declaration, are for the
embedded default only (`RELAIS_AUTORISER_LOOPBACK=1`); the hub's own ports are then closed (`RELAIS_PORTS_DU_HUB`).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH = 2000
_HTTPS_PORTS = frozenset({443, 8443})
_HUB_PORTS = frozenset({4222, 5432})
_PLAIN = re.compile(r"[!-~]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Neither a zone (`%eth0`, of this machine only) nor a future literal (`[v1.x]`), and nothing but a port after it.
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](:[0-9]*)?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INTERNAL_SUFFIXES = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"}
)
_RESOLUTION_TIMEOUT_S = 5.0
# IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), globally reachable or not: relays and anycast lead
# to whoever is near. What embeds an IPv4 address (mapped, NAT64, 6to4, Teredo) is in it, whatever it embeds.
_SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
# Outside of this block nothing is a global unicast address: loopback, local, site-local, multicast, translated.
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


class Interdite(Exception):
    """The hub does not send there. The text is a French sentence for the partner; it never quotes the URL."""


class NonDeclare(Interdite):
    """A host that the operator has not declared for this partner."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that was read. `host` is in lower case, without the brackets of an IPv6 address."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    est_locale: bool = False
    """Loopback by its text, where that is allowed."""

    @property
    def host_in_url(self) -> str:
        """RFC 3986 § 3.2.2: an IPv6 address goes between brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host


@lru_cache(maxsize=4096)
def lire(url: str, *, autoriser_loopback: bool, ports_du_hub: frozenset[int] = frozenset()) -> Destination:
    """Judge the text of a URL. Raises Interdite; the addresses behind its name are judged by `Resolver`."""
    if len(url) > MAX_URL_LENGTH or not _PLAIN.fullmatch(url) or "\\" in url:
        raise Interdite("L'adresse contient un caractère interdit, ou dépasse 2 000 signes.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Interdite("L'adresse n'est pas une URL.") from error
    if "@" in parts.netloc or "#" in url:
        raise Interdite("L'adresse ne doit contenir ni identifiant, ni mot de passe, ni fragment.")
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc):
        raise Interdite("Une adresse IPv6 s'écrit entre crochets, sans zone.")
    if port == 0:
        raise Interdite("Le port 0 n'est celui de personne.")
    is_local = autoriser_loopback and _is_loopback_name(host)
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise Interdite("Seul https est admis.")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port in _HUB_PORTS | ports_du_hub:
        raise Interdite("Ce port est celui d'un composant du relais.")
    if not (is_local or port in _HTTPS_PORTS):
        raise Interdite("Seuls les ports 443 et 8443 sont admis.")
    if not is_local:
        _check_host(host)
    return Destination(parts.scheme, host, port, parts.path or "/", parts.query, is_local)


def hote_declarable(texte: str) -> str:
    """A host as the operator declares it, in the one writing that is compared: a public name or address, alone.

    Raises Interdite.
    """
    host = texte.strip().lower().removeprefix("[").removesuffix("]")
    _check_host(host)
    return _canonical(host)


def hote_de(url: str) -> str:
    """The host of a URL that was admitted once, as it is declared."""
    return _canonical((urlsplit(url).hostname or "").lower())


def _canonical(host: str) -> str:
    address = _literal(host)
    return str(address) if address is not None else host.removesuffix(".")


def _is_loopback_name(host: str) -> bool:
    if host == "localhost":
        return True
    address = _literal(host)
    return address is not None and address.is_loopback


def _check_host(host: str) -> None:
    address = _literal(host)
    if address is not None:
        check_address(address, autoriser_loopback=False)
        return
    labels = host.removesuffix(".").split(".")
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > 253 or _NUMERIC.fullmatch(labels[-1]):
        raise Interdite("Le nom d'hôte n'est pas valide.")
    if len(labels) < 2 or labels[-1] in _INTERNAL_SUFFIXES:
        raise Interdite("Le nom d'hôte n'est pas un nom public.")


def _literal(host: str) -> Address | None:
    """The address that the host is, in its one canonical writing; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def check_address(address: Address, *, autoriser_loopback: bool) -> None:
    """Raises Interdite unless the address is a public one of unicast, and of no special purpose."""
    if autoriser_loopback and address.is_loopback:
        return
    if isinstance(address, ipaddress.IPv4Address):
        is_public = not any(address in block for block in _SPECIAL_V4)
    else:
        is_public = address in _UNICAST_V6 and not any(address in block for block in _SPECIAL_V6)
    if not is_public:
        raise Interdite("L'adresse n'est pas publique.")


class Resolver:
    """Names to addresses, every one of them checked. One question at a time per name, in threads of its own: a name
    server that does not answer holds up nobody else."""

    def __init__(
        self, *, autoriser_loopback: bool, ports_du_hub: frozenset[int] = frozenset(), threads: int = 16
    ) -> None:
        self._autoriser_loopback = autoriser_loopback
        self._ports_du_hub = ports_du_hub
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="noms")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to dial, in the system's order. Raises Interdite if one is not public, OSError without any."""
        question = self._asked.get((host, port))
        if question is None:
            loop = asyncio.get_running_loop()
            question = loop.run_in_executor(self._threads, _lookup, host, port)
            self._asked[host, port] = question
            question.add_done_callback(lambda _: self._asked.pop((host, port), None))
        async with asyncio.timeout(_RESOLUTION_TIMEOUT_S):
            found = await asyncio.shield(question)
        for text in found:
            check_address(ipaddress.ip_address(text), autoriser_loopback=self._autoriser_loopback)
        return found

    def lire(self, url: str, hotes: Collection[str]) -> Destination:
        """Judge the text of a URL for a partner that may be reached at `hotes`. Raises Interdite, NonDeclare."""
        destination = lire(url, autoriser_loopback=self._autoriser_loopback, ports_du_hub=self._ports_du_hub)
        if not destination.est_locale and _canonical(destination.host) not in hotes:
            raise NonDeclare(
                "L'opérateur du relais n'a pas déclaré cet hôte pour vous : demandez-lui de l'ajouter "
                "(./relais partenaire modifier … --hote)."
            )
        return destination

    async def check(self, url: str, hotes: Collection[str]) -> None:
        """What registration asks: is the text admitted, the host declared, and everything behind the name public? A
        name that does not resolve today is admitted: it is checked again at each connection."""
        destination = self.lire(url, hotes)
        try:
            await self.addresses(destination.host, destination.port)
        except OSError:  # TimeoutError is one
            return


def _lookup(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))
