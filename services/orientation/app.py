"""The process `orientation`: its rules, its dossiers, its reads and its settings, put together."""

from services.dossiers.brique import brique
from services.dossiers.fusions import defusable, lecture
from services.dossiers.sceaux.processus import lancer
from services.orientation.store import lectures, reglages
from services.orientation.store.dossiers import REGISTRE
from services.orientation.store.fusions import JOURNAL
from services.service import Service

_brique = brique("orientation", REGISTRE)
SERVICE = Service(
    brique=defusable(_brique, JOURNAL),
    lectures={
        "orientations": lectures.orientations,
        "diagnostic": lectures.diagnostic,
        "delais": lectures.delais,
        "regles": reglages.lire_regles,
        "delegations": reglages.lire_delegations,
        "defusion": lecture(_brique, JOURNAL),
    },
    reglages={"changer": reglages.changer},
)


def main() -> None:
    lancer(SERVICE, REGISTRE)


if __name__ == "__main__":
    main()
