"""The process `engagements`: its decision, its tables and its store, put together."""

from typing import Any

from chassis import settings
from chassis.depots import Brique
from services.dossiers.fusions import defusable, lecture
from services.engagements import clocks, domain, subscriptions
from services.engagements.store.fusions import JOURNAL
from services.engagements.store.registre import Registre
from services.engagements.translation.recit import traduire
from services.service import Service, run

_registre = Registre(clocks.echeances)
_brique: Brique[Any, Any, Any, Any] = Brique(
    nom="engagements",
    lire=subscriptions.lire,
    charger=_registre.charger,
    decider=domain.decider,
    traduire=traduire,
    enregistrer=_registre.enregistrer,
)
SERVICE = Service(
    brique=defusable(_brique, JOURNAL),
    ecoute=subscriptions.ECOUTE,
    lectures={**subscriptions.LECTURES, "defusion": lecture(_brique, JOURNAL)},
)


def main() -> None:
    run(SERVICE, settings.read(settings.Settings))


if __name__ == "__main__":
    main()
