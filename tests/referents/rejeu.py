"""The story of `referents` that `tests.services.test_rejouer` rebuilds."""

from datetime import timedelta
from uuid import UUID

from services.dossiers.vie import DossierOuvert
from tests.engines import Bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    MAINTENANT,
    PARCOURS,
    accompagne_json,
    demain,
    depot,
    evenement,
    rdv_json,
    remplace_json,
)
from tests.referents.test_invariants import Recu, joue, sequences
from tests.services.defusions import defusion, fusion
from tests.services.rejeu import Rejeu, Vecu, Vie

APRES = demain(DEBUT, 60)
CONSERVE = UUID(int=PARCOURS.int + 5)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")


async def vivre(banc: Bench) -> Vecu:
    """Two parcours followed, one of them merged into the other and given back, then merged again."""
    essai = Essai(await banc.pool("referents"))
    await essai.suivre()
    await essai.orienter(AUTRE)
    await essai.accepte(depot("accompagnant.ajoute", accompagne_json()))
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.accepte(depot("referent.remplace", remplace_json(APRES, demain(APRES))))
    essai.maintenant = MAINTENANT + timedelta(days=10, microseconds=120)
    await essai.accepte(depot("rdv.constate", rdv_json(statut="honore"), recu_a=essai.maintenant))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))
    efface = evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE)
    return Vecu(essai.pool, PARCOURS, {AUTRE, CONSERVE}, lambda: essai.accepte(efface), ("rdv-1", PARCOURS))


def _vie(recus: list[Recu]) -> Vie:
    histoire = joue(recus)
    return [
        (dossier, [DossierOuvert(parcours, "59"), *(f for f in histoire.faits if f.parcours == parcours)])
        for parcours, dossier in histoire.dossiers.items()
    ]


REJEU = Rejeu(
    vivre,
    {
        "a row that moved": "UPDATE delais SET date_decision = date_decision - 1 WHERE parcours = $1",
        "a row twice": "INSERT INTO delais SELECT * FROM delais WHERE parcours = $1",
    },
    sequences().map(_vie),
)
