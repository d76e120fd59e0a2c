"""The process `feuille_de_route`: its decision, its tables and its store, put together."""

from chassis import settings
from chassis.depots import Brique
from services.feuille_de_route import domain, subscriptions
from services.feuille_de_route.store import registre
from services.feuille_de_route.translation import traduire
from services.service import Service, run

SERVICE = Service(
    brique=Brique(
        nom="feuille_de_route",
        lire=subscriptions.lire,
        charger=registre.charger,
        decider=domain.decider,
        traduire=traduire,
        enregistrer=registre.enregistrer,
    ),
    ecoute=subscriptions.ECOUTE,
    lectures=subscriptions.LECTURES,
)


def main() -> None:
    run(SERVICE, settings.read(settings.Settings))


if __name__ == "__main__":
    main()
