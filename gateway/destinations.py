"""Where a webhook may go: https to public addresses, judged at registration, and again on what is dialled.

Loopback and plain http are for the embedded default only (`RELAIS_AUTORISER_LOOPBACK=1`).
"""

import asyncio
import ipaddress
import re
import socket
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
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INTERNAL_SUFFIXES = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"}
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RESOLUTION_TIMEOUT_S = 5.0


class Interdite(Exception):
    """The hub does not send there. The text is a French sentence for the partner; it never quotes the URL."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that was read. `host` is in lower case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str


@lru_cache(maxsize=4096)
def lire(url: str, *, autoriser_loopback: bool) -> Destination:
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
    is_local = autoriser_loopback and _is_loopback_name(host)
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise Interdite("Seul https est admis.")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port in _HUB_PORTS or not (is_local or port in _HTTPS_PORTS):
        raise Interdite("Seuls les ports 443 et 8443 sont admis.")
    if not is_local:
        _check_host(host)
    return Destination(parts.scheme, host, port, parts.path or "/", parts.query)


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
    """Raises Interdite unless the address, and the IPv4 one that it may embed, are public."""
    if autoriser_loopback and address.is_loopback:
        return
    for one in (address, *_embedded(address)):
        refused = one.is_multicast or one.is_reserved or one.is_unspecified or one.is_loopback or one.is_link_local
        if refused or not one.is_global:
            raise Interdite("L'adresse n'est pas publique.")


def _embedded(address: Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


class Resolver:
    """Names to addresses, every one of them checked. One question at a time per name, in threads of its own: a name
    server that does not answer holds up nobody else."""

    def __init__(self, *, autoriser_loopback: bool, threads: int = 16) -> None:
        self.autoriser_loopback = autoriser_loopback
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
            check_address(ipaddress.ip_address(text), autoriser_loopback=self.autoriser_loopback)
        return found

    async def check(self, url: str) -> None:
        """What registration asks: is the text admitted, and everything behind the name? A name that does not resolve
        today is admitted: it is checked again at each connection."""
        destination = lire(url, autoriser_loopback=self.autoriser_loopback)
        try:
            await self.addresses(destination.host, destination.port)
        except OSError:  # TimeoutError is one
            return


def _lookup(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))
