"""What each partner calls a parcours, an object, an event, a trace: names of its own, which only the hub can link.

A name is one AES-128 block under a key of the partner and of the kind of thing: a permutation, so nothing is kept.
"""

import base64
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX, OBJECT_PREFIX = "prc_", "obj_"
_TEXT_LENGTH = 26
_PARCOURS, _OBJETS, _EVENEMENTS, _TRACES = "pseudonymes", "objets", "evenements", "traces"


class Pseudonyms:
    """Names under keys derived from one master key. Not thread safe: the ciphers of a partner are used again."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._ciphers = lru_cache(maxsize=4096)(self._derive)

    def of(self, partenaire: str, parcours: UUID) -> str:
        """`prc_` and 26 characters of `[a-z2-7]`."""
        return PREFIX + self._write(_PARCOURS, partenaire, parcours)

    def read(self, partenaire: str, pseudonyme: str) -> UUID | None:
        """The parcours that this partner calls so; None when the text is no pseudonym. Any well-formed text decrypts to
        some UUID: whether the partner may see it is asked of the participations."""
        return self._read(_PARCOURS, PREFIX, partenaire, pseudonyme)

    def object_of(self, partenaire: str, objet: UUID) -> str:
        """`obj_` and 26 characters of `[a-z2-7]`: what this partner calls an object that another one created."""
        return OBJECT_PREFIX + self._write(_OBJETS, partenaire, objet)

    def read_object(self, partenaire: str, nom: str) -> UUID | None:
        """Like `read`: whether there is such an object is asked of what was noted."""
        return self._read(_OBJETS, OBJECT_PREFIX, partenaire, nom)

    def event_of(self, partenaire: str, evenement: UUID) -> UUID:
        """The id under which this partner receives an event. Its version digit is as random as the rest."""
        encryptor, _ = self._ciphers(_EVENEMENTS, partenaire)
        return _walk(encryptor, evenement)

    def read_event(self, partenaire: str, nom: UUID) -> UUID:
        """The event that this partner knows by that id; some UUID that names nothing when there is none."""
        _, decryptor = self._ciphers(_EVENEMENTS, partenaire)
        return _walk(decryptor, nom)

    def trace_of(self, partenaire: str, traceparent: str) -> str:
        """A W3C `traceparent` of this partner's own for one of the hub's: the same again at each retry."""
        version, trace, span, flags = traceparent.split("-")
        encryptor, _ = self._ciphers(_TRACES, partenaire)
        own_trace = encryptor.update(bytes.fromhex(trace)).hex()
        own_span = encryptor.update(bytes.fromhex(span) * 2).hex()[:16]
        return f"{version}-{own_trace}-{own_span}-{flags}"

    def _write(self, kind: str, partenaire: str, thing: UUID) -> str:
        encryptor, _ = self._ciphers(kind, partenaire)
        return base64.b32encode(encryptor.update(thing.bytes)).decode().rstrip("=").lower()

    def _read(self, kind: str, prefix: str, partenaire: str, name: str) -> UUID | None:
        text = name.removeprefix(prefix)
        if text == name or len(text) != _TEXT_LENGTH or not text.isascii():
            return None
        try:
            block = base64.b32decode(text.upper() + "======")
        except ValueError:
            return None
        _, decryptor = self._ciphers(kind, partenaire)
        return UUID(bytes=decryptor.update(block))

    def _derive(self, kind: str, partenaire: str) -> tuple[CipherContext, CipherContext]:
        key = HKDF(SHA256(), 16, salt=None, info=f"{kind} {partenaire}".encode()).derive(self._master_key)
        # One block never repeats under one key: ECB of a single UUID is the permutation that is wanted here.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        return cipher.encryptor(), cipher.decryptor()


def belonging(partenaire: str, id_: str) -> str:
    """An id that a partner chose, as the hub keeps it: with whose it is."""
    return f"{partenaire}:{id_}"


def own(partenaire: str, id_: str | None) -> str | None:
    """An id that this partner chose, as it wrote it; None for that of another one."""
    owner, _, text = (id_ or "").partition(":")
    return text if owner == partenaire else None


def whole_second(instant: datetime) -> datetime:
    """An instant of the hub's own as partners read it: to the microsecond, two of them would know one event by it
    (decision 0065)."""
    return instant.astimezone(UTC).replace(microsecond=0)


def _walk(context: CipherContext, start: UUID) -> UUID:
    """Again until the block is a UUID that every validator takes (RFC 9562: its variant, versions 1 to 8). Walking in
    cycles keeps it a permutation, of these UUIDs among themselves."""
    block = start.bytes
    while True:
        block = context.update(block)
        if block[8] >> 6 == 0b10 and 1 <= block[6] >> 4 <= 8:
            return UUID(bytes=block)
