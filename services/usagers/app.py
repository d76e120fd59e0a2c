"""The process `usagers`: its rules, its dossiers and its reads, put together."""

from chassis import settings
from chassis.depots import Brique
from chassis.process import Process
from services.dossiers.sceaux.processus import lancer
from services.service import Service, connect, utc_now
from services.usagers import clocks, subscriptions
from services.usagers.domain import Etat, Fait, Message, decider
from services.usagers.store.anciens import Ancien, Reprise
from services.usagers.store.dossiers import REGISTRE
from services.usagers.store.lot import Dossiers
from services.usagers.translation import faits

_brique: Brique[Message, Etat, Fait, Dossiers] = Brique(
    nom="usagers",
    lire=subscriptions.lire,
    charger=REGISTRE.charger,
    decider=decider,
    traduire=faits.traduire,
    enregistrer=REGISTRE.enregistrer,
    sceaux=REGISTRE.sceaux,
)
SERVICE = Service(
    brique=_brique,
    lectures=subscriptions.LECTURES,
    reglages=subscriptions.REGLAGES,
)


async def brancher(running: Process) -> None:
    await Reprise(running.pool, REGISTRE, Ancien(settings.read(settings.Settings).key("coffre"))).tout()
    engine = await connect(SERVICE, running)
    running.loop("arrivees", clocks.Arrivees(engine, running.pool, utc_now).run)


def main() -> None:
    lancer(SERVICE, REGISTRE, brancher)


if __name__ == "__main__":
    main()
