"""The data about one person, folded brique by brique.

Each brique has its own state, which only its own events change: they may arrive in any order between briques, the
ensemble is the same. Parcours that were merged are folded together, the absorbed ones first: the survivor goes on
from what they left, and an object that is named on it may be one of theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.feuille_de_route.domain.annulations import sans_les_annules
from services.feuille_de_route.domain.carnet import Carnet
from services.feuille_de_route.domain.contrats import Contrats
from services.feuille_de_route.domain.effets import a_leur_jour
from services.feuille_de_route.domain.orientations import Orientations
from services.feuille_de_route.domain.prescriptions import Prescriptions
from services.feuille_de_route.domain.recu import DEPLACE, NOUS, REPRISE, Recu
from services.feuille_de_route.domain.sanctions import SUIVIES, Sanctions
from services.feuille_de_route.domain.suivi import Suivi
from services.feuille_de_route.domain.vie import Vie


@dataclass(frozen=True, slots=True)
class Ensemble:
    parcours: UUID
    departement: str
    vie: Vie
    orientations: Orientations
    suivi: Suivi
    contrats: Contrats
    sanctions: Sanctions
    prescriptions: Prescriptions
    carnet: Carnet


def replier(parcours: UUID, recus: Iterable[Recu]) -> Ensemble:
    """Fold the events of a parcours and of its merged ones, in any order.

    Before any event of `usagers`, the département is the one of the first event of another brique.
    """
    comptes = sans_les_annules(recus)
    deplaces = {recu.parcours for recu in comptes if recu.sequence == DEPLACE}
    ordonnes = sorted(
        comptes,
        key=lambda r: (
            *(r.parcours == parcours, r.parcours, r.brique),
            *(DEPLACE if r.parcours in deplaces else r.sequence, r.id),
        ),
    )
    vie, orientations, suivi = Vie(), Orientations(parcours), Suivi()
    contrats, sanctions = Contrats(), Sanctions()
    prescriptions, carnet = Prescriptions(), Carnet()
    par_brique = {
        "orientation": orientations.recevoir,
        "referents": suivi.recevoir,
        "engagements": lambda recu: (sanctions if recu.type in SUIVIES else contrats).recevoir(recu),
        "offres": prescriptions.recevoir,
        NOUS: carnet.recevoir,
    }
    # What was before the hub, in every brique: it is refused where the hub holds something already.
    for recu in ordonnes:
        if recu.type == REPRISE:
            suivi.reprendre(recu)
            contrats.reprendre(recu)
    for recu in a_leur_jour(ordonnes):
        if recu.brique in par_brique:
            par_brique[recu.brique](recu)
        elif recu.parcours == parcours:
            vie.recevoir(recu)
    departement = vie.departement or next((recu.departement for recu in reversed(ordonnes)), "")
    return Ensemble(parcours, departement, vie, orientations, suivi, contrats, sanctions, prescriptions, carnet)
