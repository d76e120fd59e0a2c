"""The rule engine: criteria of a complete diagnostic → a recommendation with the criteria that led to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relais_contrats.v1 import orientation as v1
from services.orientation.domain.dossier import Critere, Criteres, MotifPreconisation, Preconisation


@dataclass(frozen=True, slots=True)
class Regle:
    """When `critere` has `valeur`, it speaks for a parcours, an organisme, or both; the lowest `priorite` wins."""

    critere: str
    valeur: str
    priorite: int
    explication: str
    parcours_type: str | None = None
    organisme: str | None = None


def preconiser(criteres: Criteres, regles: Sequence[Regle]) -> Preconisation | None:
    """Return a recommendation; None while criteria are missing, or when no rule matches."""
    if v1.criteres_manquants(criteres):
        return None
    applicables = sorted(
        (regle for regle in regles if _s_applique(regle, criteres)), key=lambda r: (r.priorite, r.critere)
    )
    parcours_type = next((r.parcours_type for r in applicables if r.parcours_type), None)
    concordantes = [r for r in applicables if r.parcours_type in (None, parcours_type)]
    organisme = next((r.organisme for r in concordantes if r.organisme), None)
    if parcours_type is None or organisme is None:
        return None
    return Preconisation(
        parcours_type, organisme, tuple(_motifs(concordantes, parcours_type, organisme)), est_calculee=True
    )


def _motifs(regles: Iterable[Regle], parcours_type: str, organisme: str) -> Iterable[MotifPreconisation]:
    for regle in regles:
        if regle.parcours_type == parcours_type or regle.organisme == organisme:
            yield MotifPreconisation(regle.critere, regle.valeur, regle.explication)


def _s_applique(regle: Regle, criteres: Criteres) -> bool:
    return regle.critere in criteres and en_texte(criteres[regle.critere]) == regle.valeur


def en_texte(valeur: Critere) -> str:
    """The value of a criterion as the table of rules writes it."""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return str(valeur)
