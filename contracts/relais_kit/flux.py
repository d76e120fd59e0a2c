"""Cuts an input into messages as it comes: one message, a JSON array (batch) or one message a line (NDJSON).

Whatever the size of the input, no more than one message of it is held.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import BinaryIO, NamedTuple

from relais_contrats.lecture import Erreur

MESSAGE_MAX_OCTETS = 256 * 1024
"""What the hub takes as one message; anything longer is answered 413."""

_BLOC_OCTETS = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_BLANCS = b" \t\r\n"
_JETONS = re.compile(rb'\\.|["\[\]{},]', re.DOTALL)
_OUVRE, _FERME = (b"[", b"{"), (b"]", b"}")


class Format(StrEnum):
    AUTO = "auto"
    MESSAGE = "message"
    LOT = "lot"
    NDJSON = "ndjson"
    HAR = "har"


class Morceau(NamedTuple):
    """One message as it was written. `ligne` counts from 1, in NDJSON only; `defaut` says why it cannot be read."""

    corps: bytes
    ligne: int | None = None
    est_trop_grand: bool = False
    defaut: str | None = None
    echange: str | None = None
    """The HTTP exchange that carried it."""
    est_recu: bool = False
    """Written by the hub: an event, not a deposit."""
    erreurs: tuple[Erreur, ...] = ()
    """What is wrong with the exchange itself; without `corps`, there is no message to read."""


def decouper(entree: BinaryIO, format_: Format = Format.AUTO) -> Iterator[Morceau]:
    """The messages of the input, in order. `AUTO` looks at its beginning."""
    avant, ligne, est_entiere = _premiere_ligne(entree)
    debut = ligne.removeprefix(_BOM).strip(_BLANCS)
    if format_ is Format.LOT or (format_ is Format.AUTO and debut.startswith(b"[")):
        if ligne.lstrip(_BLANCS).startswith(b"["):
            yield from _lot(_Suite(ligne, entree))
        elif ligne:
            yield Morceau(b"", defaut="Un lot est une liste JSON, et commence par « [ ».")
    elif format_ is Format.MESSAGE:
        yield from _message(_Suite(ligne, entree))
    elif format_ is Format.NDJSON:
        yield from _lignes(_Suite(ligne, entree), avant)
    else:
        vides, seconde, _ = _premiere_ligne(entree) if est_entiere else (0, b"", True)
        suite = _Suite(ligne + b"\n" * vides + seconde, entree)
        est_ndjson = bool(seconde) and _est_une_ligne_de_ndjson(debut, seconde)
        yield from _lignes(suite, avant) if est_ndjson else _message(suite)


def _premiere_ligne(entree: BinaryIO) -> tuple[int, bytes, bool]:
    """Blank lines passed over, the first line with something on it, and whether it was read to its end."""
    avant = 0
    while ligne := entree.readline(MESSAGE_MAX_OCTETS + 2):
        if ligne.strip(_BLANCS):
            return avant, ligne, ligne.endswith(b"\n")
        avant += ligne.endswith(b"\n")
    return avant, b"", True


def _est_une_ligne_de_ndjson(premiere: bytes, seconde: bytes) -> bool:
    """Whether what another line follows is a message by itself, be it a faulty one, not the start of a longer one."""
    try:
        json.loads(premiere)
    except (ValueError, RecursionError):
        return premiere.endswith(b"}") and seconde.lstrip(_BLANCS).startswith(b"{")
    return True


class _Suite:
    """The input again from its beginning: what was looked at, then the rest."""

    def __init__(self, lu: bytes, entree: BinaryIO) -> None:
        self._lu = lu
        self._entree = entree

    def read(self, taille: int) -> bytes:
        if self._lu:
            bloc, self._lu = self._lu[:taille], self._lu[taille:]
            return bloc
        return self._entree.read(taille)

    def readline(self, taille: int) -> bytes:
        if not self._lu:
            return self._entree.readline(taille)
        fin = min(self._lu.find(b"\n") + 1 or len(self._lu), taille)
        ligne, self._lu = self._lu[:fin], self._lu[fin:]
        if not ligne.endswith(b"\n") and len(ligne) < taille:
            ligne += self._entree.readline(taille - len(ligne))
        return ligne


def _message(suite: _Suite) -> Iterator[Morceau]:
    corps = bytearray()
    while len(corps) <= MESSAGE_MAX_OCTETS and (bloc := suite.read(_BLOC_OCTETS)):
        corps += bloc
    if corps.strip(_BLANCS):
        yield Morceau(bytes(corps), est_trop_grand=len(corps) > MESSAGE_MAX_OCTETS)


def _lignes(suite: _Suite, avant: int) -> Iterator[Morceau]:
    numero = avant
    while ligne := suite.readline(MESSAGE_MAX_OCTETS + 2):
        numero += 1
        corps = ligne.rstrip(b"\r\n")
        est_trop_grand = len(corps) > MESSAGE_MAX_OCTETS
        while not ligne.endswith(b"\n") and (ligne := suite.readline(_BLOC_OCTETS)):
            est_trop_grand = True
        if corps.strip(_BLANCS):
            yield Morceau(corps, numero, est_trop_grand)


class _Lot:
    """Where the reading of a JSON array stands. Brackets are counted, not matched: each element is parsed after."""

    def __init__(self) -> None:
        self.element = bytearray()
        self.taille = 0
        self.profondeur = 0
        self.dans_texte = False
        self.est_commence = False

    def garder(self, octets: bytes) -> None:
        self.taille += len(octets)
        if len(self.element) <= MESSAGE_MAX_OCTETS:
            self.element += octets

    def rendre(self) -> Morceau:
        morceau = Morceau(bytes(self.element), est_trop_grand=self.taille > MESSAGE_MAX_OCTETS)
        self.element.clear()
        self.taille = 0
        return morceau

    def avancer(self, bloc: bytes) -> Iterator[Morceau]:
        """The elements that end in `bloc`; the array itself is over when `profondeur` is back to 0."""
        garde = 0
        for trouve in _JETONS.finditer(bloc):
            jeton, place = trouve.group(), trouve.start()
            if self.dans_texte or jeton == b'"':
                self.dans_texte ^= jeton == b'"'
            elif jeton in _OUVRE:
                self.profondeur += 1
                if self.profondeur == 1:
                    garde = trouve.end()
            elif jeton in _FERME and self.profondeur > 1:
                self.profondeur -= 1
            elif self.profondeur == 1 and (jeton == b"," or jeton in _FERME):
                self.garder(bloc[garde:place])
                garde = trouve.end()
                if jeton == b"," or self.est_commence or self.element.strip(_BLANCS):
                    yield self.rendre()
                self.est_commence = True
                if jeton != b",":
                    self.profondeur = 0
                    self.garder(bloc[garde:])
                    return
        self.garder(bloc[garde:])


def _lot(suite: _Suite) -> Iterator[Morceau]:
    lot, est_ouvert = _Lot(), False
    while bloc := _bloc(suite):
        if est_ouvert and lot.profondeur == 0:
            lot.garder(bloc)
            break
        yield from lot.avancer(bloc)
        est_ouvert = True
    if lot.profondeur > 0:
        if lot.element.strip(_BLANCS):
            yield lot.rendre()
        yield Morceau(b"", defaut="Le lot n'est pas terminé : il manque « ] ».")
    elif lot.element.strip(_BLANCS):
        yield Morceau(b"", defaut="Après la fin du lot, « ] », plus rien n'est attendu.")


def _bloc(suite: _Suite) -> bytes:
    """The next bytes; never cut in the middle of an escape."""
    bloc = suite.read(_BLOC_OCTETS)
    while (len(bloc) - len(bloc.rstrip(b"\\"))) % 2 and (octet := suite.read(1)):
        bloc += octet
    return bloc
