"""A file as a stream of records, each as the bytes of one JSON object: JSONL, a JSON array, Parquet, gzip or not.

Memory does not grow with the file. Blanks, and the size that a few compressed bytes may inflate to, are bounded.

    FichierRefuse   the file as a whole cannot be read: one French sentence
"""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

import orjson

_CHUNK_BYTES = 1 << 20
_LINE_MAX_BYTES = 4 << 20
_BATCH = 1_000
_BLANKS_MAX_BYTES = 1 << 20
"""In a row, before a record, between two of them or after the last."""
_BLANK_LINES_MAX = 100_000
_RECORDS_MAX = 5_000_000
"""Twenty times the national catalogue."""
# A catalogue is ten to twenty times smaller once compressed, a thousand times at most for any file.
_RATIO_MAX = 50
_FREE_BYTES = 16 << 20
_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class FichierRefuse(Exception):
    pass


class Enregistrement(NamedTuple):
    """`ligne` is its line in the file for JSONL, its rank elsewhere; the first is 1."""

    ligne: int
    corps: bytes


class Bloc(NamedTuple):
    """Records of the file from the rank `debut` (the first is 0) up to `fin`, left out: all of them, or some."""

    debut: int
    fin: int
    enregistrements: Sequence[Enregistrement]


def empreinte(chemin: Path) -> str:
    """The content of the file, in 32 hexadecimal digits."""
    somme = blake2b(digest_size=16)
    with chemin.open("rb") as source:
        while morceau := source.read(_CHUNK_BYTES):
            somme.update(morceau)
    return somme.hexdigest()


def lire(chemin: Path) -> Iterator[Enregistrement]:
    """The records in their order. Raises FichierRefuse, also on the way."""
    for rang, enregistrement in enumerate(_lire(chemin)):
        if rang == _RECORDS_MAX:
            raise FichierRefuse(f"le fichier compte plus de {_RECORDS_MAX} enregistrements.")
        yield enregistrement


def _lire(chemin: Path) -> Iterator[Enregistrement]:
    with chemin.open("rb") as source:
        debut = source.read(4)
    if debut == b"PAR1":
        yield from _parquet(chemin)
        return
    try:
        with _ouvert(chemin, est_gzip=debut[:2] == b"\x1f\x8b") as flux:
            premier = _premier_signe(flux)
            if premier == b"[":
                yield from _tableau(flux)
            elif premier == b"{":
                yield from _lignes(flux)
            elif premier:
                raise FichierRefuse("le fichier n'est ni du JSON, ni du JSON par ligne, ni du Parquet.")
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise FichierRefuse(f"le fichier ne se lit pas jusqu'au bout ({type(error).__name__}).") from error


class _Degonfle(gzip.GzipFile):
    """A compressed file that refuses to become out of proportion to what was read of it."""

    def __init__(self, brut: BinaryIO) -> None:
        super().__init__(fileobj=brut, mode="rb")
        self._brut = brut

    def read(self, size: int | None = -1) -> bytes:
        return self._mesure(super().read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._mesure(super().readline(size))

    def _mesure(self, lu: bytes) -> bytes:
        if self.tell() > _FREE_BYTES + _RATIO_MAX * self._brut.tell():
            raise FichierRefuse(f"le fichier grossit plus de {_RATIO_MAX} fois à la décompression.")
        return lu


@contextmanager
def _ouvert(chemin: Path, *, est_gzip: bool) -> Iterator[BinaryIO]:
    with chemin.open("rb") as brut:
        if est_gzip:
            with _Degonfle(brut) as clair:
                yield clair  # type: ignore[misc]  # a GzipFile reads like a binary file
        else:
            yield brut


def _premier_signe(flux: BinaryIO) -> bytes:
    """The first sign that is not blank; leaves the stream at its beginning, after a mark of byte order."""
    debut = flux.read(len(_BOM))
    flux.seek(len(_BOM) if debut == _BOM else 0)
    origine = flux.tell()
    debut = flux.read(_BLANKS_MAX_BYTES).lstrip(_BLANKS)
    if not debut and flux.read(1):
        raise _trop_de_blancs()
    flux.seek(origine)
    return debut[:1]


def _trop_de_blancs() -> FichierRefuse:
    return FichierRefuse(
        f"trop de blancs se suivent : plus de {_BLANKS_MAX_BYTES >> 20} Mo ou {_BLANK_LINES_MAX} lignes."
    )


def _lignes(flux: BinaryIO) -> Iterator[Enregistrement]:
    ligne = pleine = blancs = 0
    while corps := flux.readline(_LINE_MAX_BYTES):
        ligne += 1
        if len(corps) == _LINE_MAX_BYTES and not corps.endswith(b"\n"):
            raise FichierRefuse(f"la ligne {ligne} dépasse {_LINE_MAX_BYTES >> 20} Mo.")
        if corps.strip(_BLANKS):
            pleine, blancs = ligne, 0
            yield Enregistrement(ligne, corps)
        elif (blancs := blancs + len(corps)) > _BLANKS_MAX_BYTES or ligne - pleine > _BLANK_LINES_MAX:
            raise _trop_de_blancs()


def _tableau(flux: BinaryIO) -> Iterator[Enregistrement]:
    """Objects cut out of the array as the bytes come; what is between them is checked."""
    decodeur = json.JSONDecoder()
    texte, rang, blancs, fini = "", 0, 0, False
    lecteur = _textes(flux)
    texte = next(lecteur).lstrip()[1:]
    while True:
        texte = texte.lstrip(" \t\r\n," if rang else " \t\r\n")
        if texte.startswith("]"):
            return
        try:
            if not texte:
                raise ValueError
            _, fin = decodeur.raw_decode(texte)
        except (ValueError, RecursionError):
            if fini or len(texte) > _LINE_MAX_BYTES:
                raise FichierRefuse(f"le JSON est illisible après {rang} enregistrements.") from None
            blancs = 0 if texte else blancs + 1
            if blancs > 2 * (_BLANKS_MAX_BYTES // _CHUNK_BYTES):
                raise _trop_de_blancs() from None
            suite = next(lecteur, None)
            fini = suite is None
            texte += suite or ""
            continue
        rang += 1
        yield Enregistrement(rang, texte[:fin].encode())
        texte = texte[fin:]


def _textes(flux: BinaryIO) -> Iterator[str]:
    reste = b""
    while morceau := flux.read(_CHUNK_BYTES):
        morceau = reste + morceau
        try:
            texte, reste = morceau.decode(), b""
        except UnicodeDecodeError as error:
            # A sign cut between two chunks, at most three bytes from the end; anything else is not UTF-8.
            if len(morceau) - error.start > 3:
                raise FichierRefuse("le fichier n'est pas en UTF-8.") from None
            texte, reste = morceau[: error.start].decode(), morceau[error.start :]
        yield texte
    if reste:
        raise FichierRefuse("le fichier n'est pas en UTF-8.")


def _parquet(chemin: Path) -> Iterator[Enregistrement]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise FichierRefuse("lire du Parquet demande la bibliothèque pyarrow ; donnez du JSON par ligne.") from error
    try:
        rang = 0
        with ParquetFile(chemin) as fichier:
            if fichier.metadata.num_rows > _RECORDS_MAX:
                raise FichierRefuse(f"le fichier compte plus de {_RECORDS_MAX} enregistrements.")
            for lot in fichier.iter_batches(_BATCH):
                for objet in lot.to_pylist():
                    rang += 1
                    yield Enregistrement(rang, orjson.dumps(objet))
    except ArrowException as error:
        raise FichierRefuse(f"le fichier Parquet est illisible ({type(error).__name__}).") from error
