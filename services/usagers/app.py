"""Assembly of the service: settings, keys, tables, loops."""

from chassis import process, settings
from chassis.depots import Brique
from chassis.process import Process
from chassis.service import Service, connect
from services.usagers import clocks, subscriptions, translation
from services.usagers.domain import Etat, Fait, Message, decider
from services.usagers.effacement import Effaceur
from services.usagers.store import Coffre, Dossiers, Registre

NOM = "usagers"


def assembler(coffre: Coffre) -> Service:
    """The service around a vault."""
    registre = Registre(coffre, clocks.echeances)
    brique: Brique[Message, Etat, Fait, Dossiers] = Brique(
        nom=NOM,
        lire=subscriptions.lire,
        charger=registre.charger,
        decider=decider,
        traduire=translation.traduire,
        enregistrer=registre.enregistrer,
    )
    return Service(brique=brique, ecoute=subscriptions.ECOUTE, lectures=subscriptions.table_lectures(coffre))


def main() -> None:
    lus = settings.read(settings.Settings)
    service = assembler(Coffre(lus.key("coffre"), lus.key("index")))

    async def monter(running: Process) -> None:
        await connect(service, running)
        running.loop("effacements", Effaceur(running.pool, running.bus).run)

    process.run(NOM, NOM, lus, monter)


if __name__ == "__main__":
    main()
