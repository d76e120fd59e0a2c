"""Assembly of the service: settings, keys, tables."""

from chassis import process, settings
from chassis.depots import Brique
from chassis.process import Process
from services.service import Service, connect, utc_now
from services.usagers import clocks, subscriptions, translation
from services.usagers.domain import Etat, Fait, Message, decider
from services.usagers.store import Coffre, Dossiers, Registre


def assembler(coffre: Coffre) -> Service:
    """The service around a vault."""
    registre = Registre(coffre, clocks.echeances)
    brique: Brique[Message, Etat, Fait, Dossiers] = Brique(
        nom="usagers",
        lire=subscriptions.lire,
        charger=registre.charger,
        decider=decider,
        traduire=translation.traduire,
        enregistrer=registre.enregistrer,
    )
    return Service(
        brique=brique,
        ecoute=subscriptions.ECOUTE,
        lectures=subscriptions.table_lectures(coffre),
        reglages=subscriptions.REGLAGES,
    )


async def brancher(service: Service, running: Process) -> None:
    engine = await connect(service, running)
    running.loop("arrivees", clocks.Arrivees(engine, running.pool, utc_now).run)


def main() -> None:
    lus = settings.read(settings.Settings)
    service = assembler(Coffre(lus.key("coffre"), lus.key("index")))
    nom = service.brique.nom
    process.run(nom, nom, lus, lambda running: brancher(service, running))


if __name__ == "__main__":
    main()
