"""Whether a flow may be imported: read wholly once, against the XSD when there is one, before anything is sent."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from connectors.cnaf import flow
from connectors.cnaf.flow import FlowRefused, Header, SchemaBroken

_ELEMENT = re.compile(r"Element '(?:\{[^}]*\})?([^']+)'")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( (.*?) \)")
_SENTENCES = {
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "la valeur n'a pas la forme attendue (date, nombre, heure ou 0/1)",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "la valeur est trop longue",
    "SCHEMAV_CVC_MINLENGTH_VALID": "la valeur est trop courte",
    "SCHEMAV_CVC_LENGTH_VALID": "la valeur n'a pas la longueur attendue",
    "SCHEMAV_CVC_TOTALDIGITS_VALID": "le nombre a trop de chiffres",
    "SCHEMAV_CVC_FRACTIONDIGITS_VALID": "le nombre a trop de décimales",
    "SCHEMAV_CVC_PATTERN_VALID": "la valeur ne suit pas le format imposé",
    "SCHEMAV_CVC_ENUMERATION_VALID": "la valeur n'est pas dans la liste admise",
    "SCHEMAV_CVC_ELT_1": "l'élément n'est pas attendu ici",
}


@dataclass(frozen=True, slots=True)
class Contenu:
    """What the first reading counted."""

    entete: Header
    foyers: int
    personnes: int
    foyers_annonces: int | None
    """NBTOTDOSRSATRANSM, as the sender counted."""
    ailleurs: Counter[str] = field(default_factory=Counter)
    """Households that the flow addresses to another département than the one for which they are deposited."""


def load_schema(path: Path) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError, OSError):
        raise FlowRefused(f"{path} n'est pas un schéma XSD utilisable.") from None


def check(source: BinaryIO, schema: etree.XMLSchema | None) -> Contenu:
    """Read the whole flow without keeping it. Raises `FlowRefused`; then nothing was sent and nothing changed."""
    flow.open_flow(source)
    contenu = _skeleton(source)
    if schema is not None:
        # On its own: while it validates, the parser may let pass that the file is cut short.
        try:
            deque(flow.blocks(source, schema), maxlen=0)
        except SchemaBroken as broken:
            raise _not_valid(source, schema, broken.entry) from None
    return contenu


def _skeleton(source: BinaryIO) -> Contenu:
    entete: Header | None = None
    foyers = personnes = 0
    annonces: int | None = None
    trailer = False
    for block in flow.blocks(source):
        match etree.QName(block).localname:
            case flow.HEADER:
                entete = flow.header(block)
            case flow.HOUSEHOLD | flow.DEMAND:
                _require(entete is not None, f"« {flow.HEADER} » doit précéder les foyers.", block)
                _require(block.find("{*}IdentificationRSA") is not None, "foyer sans « IdentificationRSA ».", block)
                found = len(block.findall("{*}Personne"))
                _require(found > 0, "foyer sans « Personne ».", block)
                foyers, personnes = foyers + 1, personnes + found
            case _:
                trailer = True
                names = ("NBTOTDOSRSATRANSM", "NBTOTDEMRSATRANSM")
                counted = next(filter(None, ((block.findtext(f"{{*}}{name}") or "").strip() for name in names)), "")
                annonces = int(counted) if counted.isdigit() else None
    if entete is None:
        raise FlowRefused(f"« {flow.HEADER} » manque : ce n'est pas un flux RSA de la CNAF.")
    if not trailer:
        raise FlowRefused(f"« {flow.TRAILER} » manque : le flux est incomplet.")
    return Contenu(entete, foyers, personnes, annonces)


def _require(condition: bool, sentence: str, block: etree._Element) -> None:
    if not condition:
        raise FlowRefused(sentence, flow.line_of(block))


def _not_valid(source: BinaryIO, schema: etree.XMLSchema, first: Any) -> FlowRefused:
    """The streaming validator knows no lines: find the first block that the schema refuses by itself."""
    for block in flow.blocks(source):
        # Validated in place, a block is taken for the document: the schema declares each of them globally.
        if not schema.validate(block):
            log: Any = schema.error_log
            found = log[0]
            if "No matching global declaration" not in found.message:
                return FlowRefused(_sentence(found), found.line or flow.line_of(block))
    return FlowRefused(_sentence(first))


def _sentence(entry: Any) -> str:
    """In French, and without the value that the file holds."""
    element = _ELEMENT.search(entry.message)
    name = f"élément « {element.group(1)} »" if element else "document"
    expected = _EXPECTED.search(entry.message)
    if entry.type_name == "SCHEMAV_ELEMENT_CONTENT":
        missing = "Missing child" in entry.message
        reason = "un élément obligatoire manque" if missing else "l'élément n'est pas attendu ici"
        reason += f" (attendu : {expected.group(1).replace(' , ', ', ')})" if expected else ""
    else:
        reason = _SENTENCES.get(entry.type_name, "non conforme au schéma")
    return f"{name} : {reason}."
