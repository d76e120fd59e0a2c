"""The process `offres`: its decision, its tables and its store, put together, and the loops of the catalogue."""

from typing import Any

from chassis import process, settings
from chassis.depots import Brique
from chassis.process import Process
from services import service
from services.dossiers.fusions import defusable, lecture
from services.offres import clocks, domain, lieux, subscriptions
from services.offres.store.fusions import JOURNAL
from services.offres.store.registre import Registre
from services.offres.translation import FLUX_DE_L_OFFRE, traduire
from services.service import Service

_registre = Registre(clocks.echeances)
_brique: Brique[Any, Any, Any, Any] = Brique(
    nom="offres",
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
    flux=("PARCOURS", FLUX_DE_L_OFFRE),
)


async def assemble(running: Process) -> None:
    lieux.communes()  # read here, not by the first search
    engine = await service.connect(SERVICE, running)
    running.loop("entretien", clocks.Entretien(running.pool, service.utc_now).run)
    running.loop("retraits", clocks.Retraits(engine, running.pool, service.utc_now).run)


def main() -> None:
    nom = SERVICE.brique.nom
    process.run(nom, nom, settings.read(settings.Settings), assemble)


if __name__ == "__main__":
    main()
