"""The process `referents`: its rules, its dossiers and its reads, put together."""

from services.dossiers.brique import brique
from services.dossiers.fusions import defusable, lecture
from services.dossiers.sceaux.processus import lancer
from services.referents.store import lectures, portefeuille
from services.referents.store.dossiers import REGISTRE
from services.referents.store.fusions import JOURNAL
from services.service import Service

_brique = brique("referents", REGISTRE)
SERVICE = Service(
    brique=defusable(_brique, JOURNAL),
    lectures={
        "referent": lectures.referent,
        "rdv": lectures.rdv,
        "file_active": portefeuille.file_active,
        "delais": portefeuille.delais,
        "defusion": lecture(_brique, JOURNAL),
    },
)


def main() -> None:
    lancer(SERVICE, REGISTRE)


if __name__ == "__main__":
    main()
