"""What falls due for a dossier: nothing. The end of an orientation is told by `orientation`; the first appointment that
is missing refuses nothing to anybody and is read in the roadmap (`lecture.feuille_de_route.echeances`)."""

from chassis.decision import Echeance
from services.referents.domain.dossier import Dossier


def echeances(_: Dossier) -> list[Echeance]:
    return []
