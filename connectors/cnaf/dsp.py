"""The first socio-professional data of a demand (`vird`): the codes that say what a criterion of orientation says.

The others say something else than our criteria, or less: a difficulty without its impact, a level that two of ours
share. They stay in the file. Labels: nomenclature of the flow `vird0201`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

BLOCK: Final = "DonneesSocioProfessionnelles"
_LIBELLES = ("LIB", "ANN")
"""Begin the names of free texts and years, which are no codes."""
Said = Mapping[str, tuple[str, ...]]

CRITERES: Final[Mapping[tuple[str, str], tuple[str, Any]]] = MappingProxyType(
    {
        ("NIVETU", "1207"): ("niveau_etude", "afs"),
        ("NIVDIPMAXOBT", "2602"): ("niveau_etude", "nv3"),
        ("NIVDIPMAXOBT", "2603"): ("niveau_etude", "nv4"),
        ("NIVDIPMAXOBT", "2604"): ("niveau_etude", "nv5"),
        ("HISPRO", "1904"): ("situation_professionnelle", "jamais"),
        ("TOPMOYLOCO", "0"): ("contrainte_mobilite", "aucun-moyen-de-transport"),
        ("NATLOG", "0912"): ("contrainte_logement", "sans-logement"),
        ("DIFSOC", "0403"): ("boe", True),
    }
)
"""Never schooled; diploma of bac + 2, of bac, CAP or BEP; never worked; no means of transport; no lodging; RQTH."""


def said(personne: etree._Element) -> Said:
    """Name of the element → its codes, as many as there are."""
    found: dict[str, tuple[str, ...]] = {}
    for block in personne.findall(f"{{*}}{BLOCK}"):
        for element in block.iter():
            name, text = etree.QName(element).localname, (element.text or "").strip()
            if len(element) == 0 and text and not name.startswith(_LIBELLES):
                found[name] = (*found.get(name, ()), text)
    return found


def criteria(codes: Said) -> dict[str, Any]:
    """What the codes say of our criteria; a criterion on which two codes contradict each other is left out."""
    found: dict[str, set[Any]] = {}
    for pair in _pairs(codes):
        if pair in CRITERES:
            name, value = CRITERES[pair]
            found.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def left_out(codes: Said) -> int:
    """How many codes no criterion says."""
    return sum(pair not in CRITERES for pair in _pairs(codes))


def _pairs(codes: Said) -> Iterable[tuple[str, str]]:
    return ((name, code) for name, many in codes.items() for code in many)
