"""The faults that the mock can show, for one request (header `Relais-Bouchon`) or for the next ones (its page)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

EN_TETE: Final = "relais-bouchon"

MODES: Final[Mapping[str, str]] = {
    "lent": "La réponse vient après deux secondes.",
    "503": "Indisponible, avec Retry-After : la même requête est à refaire.",
    "429": "Trop de requêtes, avec Retry-After.",
    "doublon": "Le fil rend chaque événement deux fois.",
    "desordre": "Le fil rend les événements d'une page dans l'ordre inverse.",
    "code-inconnu": "Une liste ouverte porte un code que vous ne connaissez pas.",
    "champ-inconnu": "L'événement porte un champ et un attribut que vous ne connaissez pas.",
    "epoque": "Le curseur vient d'un état du hub qui a été perdu : 409, avec celui d'où reprendre.",
    "rotation": "La clé qui signe les jetons change : ceux d'avant sont refusés 401.",
    "horloge": "L'horloge du hub avance de dix minutes : les preuves d'ici lui paraissent vieilles.",
}


class ModeInconnu(ValueError):
    """One French sentence."""


@dataclass
class Modes:
    """`restants`: for how many more requests each mode that was set on the page holds."""

    restants: dict[str, int] = field(default_factory=dict)

    def poser(self, mode: str, fois: int) -> None:
        """Raises ModeInconnu."""
        self.restants[_connu(mode)] = fois

    def de(self, en_tete: str | None) -> frozenset[str]:
        """The modes of a request; each that was set in advance is used once. Raises ModeInconnu."""
        demandes = {_connu(mode.strip()) for mode in (en_tete or "").split(",") if mode.strip()}
        poses = set(self.restants)
        self.restants = {mode: fois - 1 for mode, fois in self.restants.items() if fois > 1}
        return frozenset(demandes | poses)


def _connu(mode: str) -> str:
    if mode not in MODES:
        raise ModeInconnu(f"Le mode « {mode[:40]} » n'existe pas ; il y a : {', '.join(MODES)}.")
    return mode
