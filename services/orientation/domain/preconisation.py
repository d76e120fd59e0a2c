"""The rule engine: criteria of a complete diagnostic → a recommendation with the criteria that led to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.orientation.domain.dossier import Critere, Criteres, MotifPreconisation, Preconisation

CRITERES_REQUIS = (
    "situation_professionnelle",
    "niveau_etude",
    "projet_pro",
    "contrainte_sante",
    "contrainte_logement",
    "contrainte_mobilite",
    "contrainte_familiale",
    "contrainte_financiere",
    "contrainte_administrative_juridique",
    "contrainte_francais_calcul",
    "contrainte_numerique",
)
"""Without them nothing is recommended. `type_emploi` has no meaning for who never worked, the yes/no criteria say
nothing when absent, and the MSA's own are known to the MSA only."""


@dataclass(frozen=True, slots=True)
class Regle:
    """When `critere` has `valeur`, it speaks for a parcours, an organisme, or both; the lowest `priorite` wins."""

    critere: str
    valeur: str
    priorite: int
    explication: str
    parcours_type: str | None = None
    organisme: str | None = None


def criteres_manquants(criteres: Criteres) -> tuple[str, ...]:
    return tuple(nom for nom in CRITERES_REQUIS if nom not in criteres)


def preconiser(criteres: Criteres, regles: Sequence[Regle]) -> Preconisation | None:
    """Return a recommendation; None while criteria are missing, or when no rule matches."""
    if criteres_manquants(criteres):
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
