"""The territory of a household and of the organisation that takes it over, from the numbers that the CNAF writes."""

from __future__ import annotations

from connectors.cnaf.flow import Foyer
from relais_contrats.territoires import est_un_territoire, territoire_de

_SHARED_CODES = {"69": ("69D", "69M"), "20": ("2A", "2B")}


def departement_of(foyer: Foyer) -> str:
    """The receiver of the flow (IDEPARTE), else the seat of the organisation, else where the household lives.

    The flow knows one code for the Rhône and the Métropole de Lyon, as for the two of Corsica: the commune tells which.
    """
    lieu = territoire_de(foyer.adresse.commune) if foyer.adresse else None
    for text in (foyer.departement, foyer.numero_organisme):
        code = _code_of(text)
        if est_un_territoire(code):
            return code
        if code in _SHARED_CODES:
            return lieu if lieu in _SHARED_CODES[code] else code
    return lieu or foyer.departement


def _code_of(text: str) -> str:
    code = text.removeprefix("0") if len(text) == 3 else text
    return code[:3] if code.startswith("97") else code[:2]


def _seat_of(numero: str) -> str | None:
    """The territory of a CAF by its number, which begins with it; None where one number stands for two of them."""
    code = _code_of(numero) if not numero.startswith("0") else numero[:2]
    return code if est_un_territoire(code) else None


def taken_by(organisme: str, numero: str, lieu: str | None) -> str | None:
    """The territory of the organisation that takes over, which its number does not always tell: one CAF for two
    territories, and an MSA for two or three départements. `lieu`: where the household lives, which tells then."""
    if organisme == "MSA":
        return lieu
    if organisme != "CAF":
        return None
    shared = _SHARED_CODES.get(_code_of(numero), ())
    return _seat_of(numero) or (lieu if lieu in shared else None)
