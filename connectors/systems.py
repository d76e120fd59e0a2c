"""The shape of a connector, and the table of all connectors."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import ASGIApp

from connectors.exchanges import Journal
from connectors.hub import Partner
from connectors.mandates import Mandate
from connectors.sealing import Vault
from connectors.state import State

Loop = Callable[[Any], Awaitable[None]]
"""A loop of a connector: it is given the event on which it stops, and is started again when it fails."""


class Configuration(BaseModel):
    """What a mandate sets for its system; each system has its own fields.

    `conservation_jours`: for how many days what was received, and the reports on it, are kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    conservation_jours: Annotated[int, Field(ge=1, le=3_650)] = 90


class ConfigurationRefused(Exception):
    """One French sentence per field that is wrong."""


@dataclass(frozen=True, slots=True)
class Context:
    """What one connector is given to work with. `folder` is its own, `configuration` an instance of its system's."""

    mandate: Mandate
    configuration: Any
    hub: Partner
    state: State
    journal: Journal
    vault: Vault
    folder: Path
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class System:
    """`loops`: name → what runs while the mandate is active. `facade`: what answers under `/connecteurs/<mandate>`.
    `try_out`: a dry run, one French line per thing that would happen; the file is what the operator gave, if any.
    """

    code: str
    titre: str
    configuration: type[Configuration]
    try_out: Callable[[Context, Path | None], AsyncIterator[str]]
    loops: Callable[[Context], Mapping[str, Loop]] = lambda _: {}
    facade: Callable[[Context], ASGIApp] | None = None
    exemple: str = ""
    """A configuration (TOML) from which to begin."""

    def configure(self, values: Mapping[str, Any]) -> Configuration:
        """The configuration, checked. Raises `ConfigurationRefused`."""
        try:
            return self.configuration.model_validate(values)
        except ValidationError as error:
            faults = [(".".join(map(str, fault["loc"])), _sentence(fault)) for fault in error.errors()]
            raise ConfigurationRefused(
                " ; ".join(f"{where or 'configuration'} : {why}" for where, why in faults)
            ) from error


_SENTENCES = {
    "missing": "champ obligatoire",
    "extra_forbidden": "champ inconnu",
    "string_type": "un texte est attendu",
    "int_type": "un nombre entier est attendu",
    "int_parsing": "un nombre entier est attendu",
    "bool_type": "« true » ou « false » est attendu",
    "bool_parsing": "« true » ou « false » est attendu",
    "dict_type": "une table est attendue",
    "list_type": "une liste est attendue",
    "string_too_short": "valeur trop courte",
    "string_too_long": "valeur trop longue",
    "string_pattern_mismatch": "la forme n'est pas celle attendue",
    "too_short": "liste trop courte",
    "greater_than_equal": "valeur trop petite",
    "less_than_equal": "valeur trop grande",
}


def _sentence(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    if fault["type"] in ("literal_error", "enum"):
        return f"valeur inconnue ; choix : {fault['ctx']['expected'].replace(' or ', ', ')}"
    explained = fault.get("ctx", {}).get("phrase")  # the contract's own values say what is expected
    return explained or _SENTENCES.get(fault["type"], "valeur refusée")


_FOLDERS = (
    "hubee",
    "fichiers",
    "rdv_insertion",
    "data_inclusion",
    "i_milo",
    "france_travail",
    "courriel",
    "webrsa",
)
"""Each folder of this room that holds a `SYSTEM`, under the code of its system with underscores."""


def system(code: str) -> System:
    """Raises `KeyError` for a system that no connector speaks."""
    folder = code.replace("-", "_")
    if folder not in _FOLDERS:
        raise KeyError(code)
    found: System = importlib.import_module(f"connectors.{folder}").SYSTEM
    return found


def systems() -> list[System]:
    return [system(folder.replace("_", "-")) for folder in _FOLDERS]
