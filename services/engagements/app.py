"""The process `engagements`: its decision, its tables and its store, put together."""

from chassis import settings
from chassis.depots import Brique
from chassis.service import Service, run
from services.engagements import clocks, domain, subscriptions
from services.engagements.store.registre import Registre
from services.engagements.translation.recit import traduire

_registre = Registre(clocks.echeances)
SERVICE = Service(
    brique=Brique(
        nom="engagements",
        lire=subscriptions.lire,
        charger=_registre.charger,
        decider=domain.decider,
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
