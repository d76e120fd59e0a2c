"""The process `offres`: its decision, its tables and its store, put together, and the loops of the catalogue."""

from chassis import process, service, settings
from chassis.depots import Brique
from chassis.process import Process
from chassis.service import Service
from services.offres import clocks, domain, lieux, subscriptions
from services.offres.store.registre import Registre
from services.offres.translation import FLUX_DE_L_OFFRE, traduire

_registre = Registre(clocks.echeances)
SERVICE = Service(
    brique=Brique(
        nom="offres",
        lire=subscriptions.lire,
        charger=_registre.charger,
        decider=domain.decider,
        traduire=traduire,
        enregistrer=_registre.enregistrer,
    ),
    ecoute=subscriptions.ECOUTE,
    lectures=subscriptions.LECTURES,
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
