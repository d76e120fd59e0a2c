"""What falls due with time: a closed parcours is erased when its legal retention has run out."""

from chassis.decision import Echeance
from services.usagers.domain.conservation import fin_de_conservation
from services.usagers.domain.parcours import Parcours

CONSERVATION = "conservation"


def echeances(parcours: Parcours) -> list[Echeance]:
    fin = fin_de_conservation(parcours)
    return [Echeance(parcours.id, CONSERVATION, fin)] if fin else []
