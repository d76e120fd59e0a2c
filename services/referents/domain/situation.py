"""All that a decision looks at: the dossier, and the dossiers of the same person that it absorbed or absorbs."""

from dataclasses import dataclass

from services.referents.domain.dossier import Dossier


@dataclass(frozen=True, slots=True)
class Situation:
    """`dossier` is None while the parcours is not known here, or `est_oublie`: its person was erased.

    `absorbes` is empty but for a merge, and for an orientation, which may be the one of an absorbed dossier.
    """

    dossier: Dossier | None
    absorbes: tuple[Dossier, ...] = ()
    est_oublie: bool = False
