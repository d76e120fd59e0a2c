"""What falls due with time: a closed parcours is erased when its legal retention has run out; one that moves, moves."""

from chassis.decision import Echeance
from relais_contrats.territoires import debut_du_jour
from services.usagers.domain.conservation import fin_de_conservation
from services.usagers.domain.parcours import EtatParcours, Parcours

CONSERVATION = "conservation"
TRANSFERT = "transfert"


def echeances(parcours: Parcours) -> list[Echeance]:
    fin = fin_de_conservation(parcours)
    dues = [Echeance(parcours.id, CONSERVATION, fin)] if fin else []
    if parcours.transfert and not parcours.attend_un_partenaire and parcours.etat is EtatParcours.ACTIF:
        dues.append(Echeance(parcours.id, TRANSFERT, debut_du_jour(parcours.departement, parcours.transfert[1])))
    return dues
