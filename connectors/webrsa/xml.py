"""The files of the exchange: read without entities or network, bounded in size, and held to their schema both ways."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from connectors.webrsa.codes import Erreur

LARGEST_BYTES = 32 << 20
"""A stock of ten thousand persons has about a third of it."""
ALI_WEBRSA, WEBRSA_ALI = "ALI-WebRSA", "WebRSA-ALI"
_SCHEMAS = Path(__file__).parent / "schemas"


class FileRefused(Exception):
    """The file as a whole, under the name that WebRSA has for it; one French sentence that cites nobody."""

    def __init__(self, erreur: Erreur, sentence: str) -> None:
        super().__init__(f"{erreur} : {sentence}")


def read(source: BinaryIO) -> etree._Element:
    """The root of a file of an ALI. Raises `FileRefused`."""
    content = source.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise FileRefused(Erreur.VALIDATION_SCHEMA, f"le fichier a plus de {LARGEST_BYTES >> 20} Mo.")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise FileRefused(Erreur.VALIDATION_SCHEMA, f"ligne {error.lineno} : ce n'est pas du XML lisible.") from None
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise FileRefused(Erreur.VALIDATION_SCHEMA, "une déclaration DOCTYPE n'est pas admise.")
    _valid(root, ALI_WEBRSA)
    return root


def written(root: etree._Element) -> bytes:
    """Raises `FileRefused` for what the ALI would refuse."""
    _valid(root, WEBRSA_ALI)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _valid(root: etree._Element, name: str) -> None:
    schema = _schema(name)
    if not schema.validate(root):
        log: Any = schema.error_log
        first = log[0]
        # The message of libxml2 may repeat a value: the line and the element are enough.
        where = (first.path or "").rsplit("/", 1)[-1]
        raise FileRefused(
            Erreur.VALIDATION_SCHEMA, f"ligne {first.line}, élément {where} : le schéma {name} n'est pas suivi."
        )


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMAS / f"{name.lower()}.xsd"))


def text(element: etree._Element, path: str) -> str:
    """Trimmed; empty when it is not there."""
    return (element.findtext(path) or "").strip()


def number(element: etree._Element, path: str) -> int | None:
    found = text(element, path)
    return int(found) if found else None
