"""All that a decision looks at: the dossier, and the dossiers that a merge absorbs."""

from dataclasses import dataclass

from services.engagements.domain.dossier import Dossier


@dataclass(frozen=True, slots=True)
class Situation:
    """`dossier` is None while the parcours is not known here, or `est_oublie`: its person was erased.

    `absorbes` is empty but for a merge.
    """

    dossier: Dossier | None
    absorbes: tuple[Dossier, ...] = ()
    est_oublie: bool = False
