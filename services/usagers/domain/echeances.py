"""The due dates: the erasure of a closed parcours at the end of its legal retention, and transfers to come."""

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
