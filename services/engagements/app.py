"""The process `engagements`: its rules, its dossiers and its reads, put together."""

from dataclasses import replace

from services.dossiers.brique import brique
from services.dossiers.fusions import defusable, lecture
from services.dossiers.sceaux.processus import lancer
from services.engagements.domain import decider
from services.engagements.store import lectures
from services.engagements.store.dossiers import REGISTRE
from services.engagements.store.fusions import JOURNAL
from services.service import Service

_brique = replace(brique("engagements", REGISTRE), decider=decider)
SERVICE = Service(
    brique=defusable(_brique, JOURNAL),
    lectures={
        "contrat": lectures.contrat,
        "delais": lectures.delais,
        "defusion": lecture(_brique, JOURNAL),
    },
)


def main() -> None:
    lancer(SERVICE, REGISTRE)


if __name__ == "__main__":
    main()
