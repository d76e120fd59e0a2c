"""The process `offres`: its rules, its dossiers and its reads, put together, and the loops of the catalogue."""

from chassis.process import Process
from services import service
from services.dossiers.brique import brique
from services.dossiers.fusions import defusable, lecture
from services.dossiers.sceaux.processus import lancer
from services.offres import clocks, lieux
from services.offres.store import changements, fiches, lectures, recherche, statistiques
from services.offres.store.dossiers import REGISTRE
from services.offres.store.fusions import JOURNAL
from services.offres.store.offre import FLUX, avec_l_offre
from services.service import Service

_brique = brique("offres", REGISTRE)
SERVICE = Service(
    brique=avec_l_offre(defusable(_brique, JOURNAL)),
    lectures={
        "services": recherche.services,
        "service": fiches.service,
        "structures": fiches.structures,
        "structure": fiches.structure,
        "changements": changements.changements,
        "statistiques_catalogue": statistiques.statistiques_catalogue,
        "prescription": lectures.prescription,
        "statistiques_prescriptions": lectures.statistiques_prescriptions,
        "defusion": lecture(_brique, JOURNAL),
    },
    flux=("PARCOURS", FLUX),
)


async def assemble(running: Process) -> None:
    lieux.communes()  # read here, not by the first search
    engine = await service.connect(SERVICE, running)
    running.loop("entretien", clocks.Entretien(running.pool, service.utc_now).run)
    running.loop("retraits", clocks.Retraits(engine, running.pool, service.utc_now).run)


def main() -> None:
    lancer(SERVICE, REGISTRE, assemble)


if __name__ == "__main__":
    main()
