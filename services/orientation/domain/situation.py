"""All that a decision looks at: the dossier, what its département has set, and the dossiers that a merge absorbs."""

from dataclasses import dataclass

from services.orientation.domain.dossier import Dossier
from services.orientation.domain.preconisation import Regle


@dataclass(frozen=True, slots=True)
class Reglage:
    """What a département sets: the table of its rules, and the kinds of organisation to which it delegates."""

    regles: tuple[Regle, ...] = ()
    delegataires: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Situation:
    """`dossier` is None while the parcours is not known here, or `est_oublie`: its person was erased.

    `absorbes` is empty but for a merge.
    """

    dossier: Dossier | None
    reglage: Reglage = Reglage()
    absorbes: tuple[Dossier, ...] = ()
    est_oublie: bool = False
