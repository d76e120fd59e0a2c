"""The settings of a département, which rules read beside the dossier (`Situation.contexte`)."""

from dataclasses import dataclass

from services.orientation.domain.preconisation import Regle


@dataclass(frozen=True, slots=True)
class Reglage:
    """The table of its rules, and the kinds of organisation to which it delegates its decisions."""

    regles: tuple[Regle, ...] = ()
    delegataires: frozenset[str] = frozenset()
