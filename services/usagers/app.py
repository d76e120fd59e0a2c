"""Assembly of the service: settings, keys, tables."""

from chassis import settings
from chassis.depots import Brique
from chassis.service import Service, run
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
    return Service(brique=brique, ecoute=subscriptions.ECOUTE, lectures=subscriptions.table_lectures(coffre))


def main() -> None:
    lus = settings.read(settings.Settings)
    run(assembler(Coffre(lus.key("coffre"), lus.key("index"))), lus)


if __name__ == "__main__":
    main()
