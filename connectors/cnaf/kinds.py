"""Which flow a file is, told from all that it says of itself; a file that contradicts itself is refused, never guessed.

The démarches of HubEE carry eight kinds: `vrsb` (beneficiaries), `virs` and `vird` (instruction), `vrsc` (debts that
are transferred), `vrsf` (financial), and the contacts of allocataires, which are a CSV file.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import BinaryIO

from lxml import etree

from connectors.cnaf import flow
from connectors.cnaf.flow import FlowRefused

_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
_CONTACTS = ("MATRICULE", "ROLE PERSONNE", "NUMERO DEMANDE RSA")
_BEGINNING_BYTES = 64 * 1024


class Flux(StrEnum):
    BENEFICIAIRES = "vrsb"
    INSTRUCTION = "virs"
    SUIVI_INSTRUCTION = "vird"
    CREANCES = "vrsc"
    FINANCIER = "vrsf"
    CONTACTS = "contacts"


TITRES: Mapping[Flux, str] = MappingProxyType(
    {
        Flux.BENEFICIAIRES: "bénéficiaires du RSA",
        Flux.INSTRUCTION: "instruction : arrivée d'une demande",
        Flux.SUIVI_INSTRUCTION: "instruction : données socio-professionnelles et parcours calculé",
        Flux.CREANCES: "créances transférées",
        Flux.FINANCIER: "flux financier",
        Flux.CONTACTS: "coordonnées des allocataires",
    }
)
LUS = frozenset({Flux.BENEFICIAIRES, Flux.INSTRUCTION, Flux.SUIVI_INSTRUCTION, Flux.CONTACTS})
"""Flows that become messages; the others are recognised and kept."""

_NATURES = {
    "D": Flux.BENEFICIAIRES,
    "I": Flux.INSTRUCTION,
    "R": Flux.SUIVI_INSTRUCTION,
    "C": Flux.CREANCES,
    "F": Flux.FINANCIER,
}
_SCHEMAS = {"vrsd": Flux.BENEFICIAIRES} | {flux.value: flux for flux in Flux if flux is not Flux.CONTACTS}
_BLOCKS = {
    flow.HOUSEHOLD: frozenset({Flux.BENEFICIAIRES}),
    flow.DEMAND: frozenset({Flux.INSTRUCTION, Flux.SUIVI_INSTRUCTION}),
    "InfosFinancieresFoyerRSA": frozenset({Flux.FINANCIER}),
}


def kind_of(source: BinaryIO) -> Flux:
    """The flow that this file is; leaves `source` at its beginning. Raises `FlowRefused`."""
    source.seek(0)
    beginning = source.read(_BEGINNING_BYTES)
    source.seek(0)
    if not beginning.strip():
        raise FlowRefused("le fichier est vide.")
    if _is_contacts(beginning):
        return Flux.CONTACTS
    flow.open_flow(source)
    return _of_xml(source)


def _is_contacts(beginning: bytes) -> bool:
    heading = beginning.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("cp1252", "replace").upper()
    return all(name in heading for name in _CONTACTS)


def _of_xml(source: BinaryIO) -> Flux:
    said: dict[str, frozenset[Flux]] = {}
    for element in flow.skeleton(source):
        name = etree.QName(element).localname
        if name == flow.ROOT_TAG:
            location = str(element.get(_LOCATION, ""))[:4].lower()
            if location in _SCHEMAS:
                said["le schéma annoncé"] = frozenset({_SCHEMAS[location]})
        elif name == flow.HEADER:
            nature = flow.nature_of(element)
            if nature not in _NATURES:
                raise FlowRefused(
                    f"NATFLUX « {nature[:3]} » est inconnu : ce flux n'est pas reconnu.", flow.line_of(element)
                )
            said["NATFLUX"] = frozenset({_NATURES[nature]})
        else:
            if name in _BLOCKS:
                said["son contenu"] = _BLOCKS[name]
            break
    if "NATFLUX" not in said:
        raise FlowRefused(f"« {flow.HEADER} » manque : ce n'est pas un flux RSA de la CNAF.")
    possible = frozenset.intersection(*said.values())
    if not possible:
        told = ", ".join(f"{where} {' ou '.join(sorted(kinds))}" for where, kinds in said.items())
        raise FlowRefused(f"le flux se contredit sur ce qu'il est : {told}.")
    [found] = possible
    return found
