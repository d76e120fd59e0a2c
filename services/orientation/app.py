"""The process `orientation`: its decision, its tables and its store, put together."""

from collections.abc import Sequence
from datetime import datetime

from chassis import settings
from chassis.decision import Attente, Refus
from chassis.depots import Brique
from chassis.service import Service, run
from services.orientation import clocks, domain, subscriptions
from services.orientation.domain import faits
from services.orientation.domain.messages import Message
from services.orientation.domain.situation import Situation
from services.orientation.store.dossiers import Dossiers
from services.orientation.store.registre import Registre
from services.orientation.translation import traduire


def decider(
    charges: tuple[Dossiers, Situation], message: Message, maintenant: datetime
) -> Sequence[faits.FaitPublie] | Refus | Attente:
    """Internal facts are folded here and stay at home; the engine folds, records and tells the others."""
    dossiers, situation = charges
    decision = domain.decider(situation, message, maintenant)
    if isinstance(decision, Refus | Attente):
        return decision
    for fait in decision:
        if isinstance(fait, faits.FaitInterne):
            dossiers.appliquer(fait)
    return [fait for fait in decision if not isinstance(fait, faits.FaitInterne)]


_registre = Registre(clocks.echeances)
SERVICE = Service(
    brique=Brique(
        nom="orientation",
        lire=subscriptions.lire,
        charger=_registre.charger,
        decider=decider,
        traduire=traduire,
        enregistrer=_registre.enregistrer,
    ),
    ecoute=subscriptions.ECOUTE,
    lectures=subscriptions.LECTURES,
)


def main() -> None:
    run(SERVICE, settings.read(settings.Settings))


if __name__ == "__main__":
    main()
