"""CSV and XLSX as lines, whatever program wrote them: separator, encoding, byte order mark, dates and numbers of Excel.

Constant memory. `TableRefused` says in French why a file is not a table.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

_SAMPLE_BYTES = 64 * 1024
_SEPARATORS = (";", ",", "\t", "|")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_LARGEST_CELL = 100_000
_EMPTY_LINES_MAX = 1_000
csv.field_size_limit(_LARGEST_CELL)


class TableRefused(Exception):
    """One French sentence, with the line where it is known."""


@dataclass(frozen=True, slots=True)
class Line:
    """`number` as a reader of the file sees it, the heading being the first; `cells` by name of column, trimmed."""

    number: int
    cells: Mapping[str, str]
    raw: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written: what its report is written with."""

    is_xlsx: bool
    separator: str = ";"
    encoding: str = "utf-8-sig"
    sheet: str = ""


class Table:
    """`columns`, then `lines()` once. Use as a context manager."""

    def __init__(
        self,
        source: BinaryIO,
        *,
        separator: str | None = None,
        encoding: str | None = None,
        sheet: str | None = None,
    ) -> None:
        self._source = source
        source.seek(0)
        beginning = source.read(_SAMPLE_BYTES)
        source.seek(0)
        if not beginning:
            raise TableRefused("Le fichier est vide.")
        if beginning.startswith(_OLE):
            raise TableRefused("C'est un ancien fichier Excel (.xls) : enregistrez-le en .xlsx ou en .csv.")
        self._book: Any = None
        if beginning.startswith(_ZIP):
            self._rows = self._of_xlsx(sheet)
        else:
            self._rows = self._of_csv(beginning, separator, encoding)
        try:
            heading = next((row for _, row in self._rows if any(map(_text, row))), ())
            self.columns = [_text(cell) for cell in heading]
            self.heading = list(heading)
            self._check()
        except TableRefused:
            self.close()
            raise

    def close(self) -> None:
        """Before the source is: what reads it must not outlive it."""
        if isinstance(self._rows, Generator):
            self._rows.close()
        if self._book is not None:
            self._book.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    form: Form

    def lines(self) -> Iterator[Line]:
        """Lines that are wholly empty are passed over, as Excel leaves them."""
        width, empty = len(self.columns), 0
        for number, row in self._rows:
            cells = [_text(cell) for cell in row]
            if not any(cells):
                empty += 1
                if empty > _EMPTY_LINES_MAX and self.form.is_xlsx:
                    return  # a sheet that was formatted down to its last line
                continue
            empty = 0
            if len(cells) > width and any(cells[width:]):
                raise TableRefused(
                    f"Ligne {number} : {len(cells)} valeurs pour {width} colonnes ; un séparateur est-il de trop ?"
                )
            padded = cells[:width] + [""] * (width - len(cells))
            yield Line(number, dict(zip(self.columns, padded, strict=True)), list(row[:width]))

    def _check(self) -> None:
        if not any(self.columns):
            raise TableRefused("Le fichier n'a pas de ligne d'en-tête.")
        named = [name for name in self.columns if name]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise TableRefused(f"Colonnes en double : {', '.join(twice)}.")

    def _of_csv(
        self, beginning: bytes, separator: str | None, encoding: str | None
    ) -> Iterator[tuple[int, Sequence[Any]]]:
        read_as = _encoding(beginning, encoding)
        text = beginning.decode(read_as, "replace")
        heading = next((line for line in text.splitlines() if line.strip()), "")
        chosen = separator or max(_SEPARATORS, key=lambda one: (heading.count(one), one == ";"))
        self.form = Form(is_xlsx=False, separator=chosen, encoding=read_as)
        return self._csv_rows(read_as, chosen)

    def _csv_rows(self, encoding: str, separator: str) -> Generator[tuple[int, Sequence[Any]], None, None]:
        text = io.TextIOWrapper(self._source, encoding, newline="")
        try:
            reader = csv.reader(text, delimiter=separator, strict=True)
            while True:
                number = reader.line_num + 1
                try:
                    yield number, next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    raise TableRefused(f"Ligne {number} : des guillemets ne se referment pas.") from None
        except UnicodeDecodeError:
            raise TableRefused(f"Le fichier n'est pas écrit en {encoding} : donnez son encodage.") from None
        finally:
            text.detach()

    def _of_xlsx(self, sheet: str | None) -> Iterator[tuple[int, Sequence[Any]]]:
        try:
            self._book = openpyxl.load_workbook(self._source, read_only=True, data_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
            raise TableRefused("Le fichier n'est pas un classeur Excel lisible, ou il est tronqué.") from None
        names = self._book.sheetnames
        if sheet is not None and sheet not in names:
            raise TableRefused(f"Feuille absente : {sheet} ; le classeur a {', '.join(names)}.")
        chosen = self._book[sheet or names[0]]
        self.form = Form(is_xlsx=True, sheet=chosen.title)
        # Some programs write a size that is not that of the sheet: without it, all lines are read.
        chosen.reset_dimensions()
        return enumerate(chosen.iter_rows(values_only=True), 1)


def _encoding(beginning: bytes, given: str | None) -> str:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if beginning.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if given is not None:
        return given
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _text(cell: Any) -> str:
    """As the person who filled the sheet reads it."""
    match cell:
        case None:
            return ""
        case bool():
            return "oui" if cell else "non"
        case datetime():
            return cell.strftime("%Y-%m-%d") if cell.time() == time(0) else cell.strftime("%Y-%m-%d %H:%M:%S")
        case date() | time():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell).replace("\u00a0", " ").strip()


class Report:
    """The same table with the columns that tell what became of each line, written as it goes; whole once closed."""

    COLUMNS = ("Relais : résultat", "Relais : motif")

    def __init__(self, target: Path, table: Table) -> None:
        self._target = target
        self._draft = target.with_name(f".{target.name}.en-cours")
        self._form = table.form
        heading = [*table.heading, *self.COLUMNS]
        if self._form.is_xlsx:
            self._book = openpyxl.Workbook(write_only=True)
            self._sheet: Any = self._book.create_sheet(self._form.sheet)
            self._sheet.append(heading)
        else:
            self._stream = self._draft.open("w", encoding=self._form.encoding, newline="", errors="replace")
            self._writer = csv.writer(self._stream, delimiter=self._form.separator)
            self._writer.writerow(heading)

    def add(self, line: Line, width: int, result: str, why: str) -> None:
        row = [*line.raw, *[""] * (width - len(line.raw)), result, why]
        if self._form.is_xlsx:
            self._sheet.append(row)
        else:
            self._writer.writerow(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whole, or not there at all."""
        if self._form.is_xlsx:
            self._book.save(self._draft)
        else:
            self._stream.close()
        if error is None:
            self._draft.replace(self._target)
        else:
            self._draft.unlink()
