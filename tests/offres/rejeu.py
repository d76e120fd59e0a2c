"""The story of `offres` that `tests.services.test_rejouer` rebuilds."""

from datetime import timedelta
from uuid import UUID

from services.dossiers.vie import DossierOuvert
from tests.engines import Bench
from tests.offres.prescripteurs import AUTRE, CODE, PARCOURS, a, evenement, le
from tests.offres.test_invariants_prescriptions import (
    Step,
    answer,
    elsewhere,
    emission,
    end,
    lives,
    merge,
    move,
    played,
    withdrawal,
)
from tests.offres.test_prescriptions_store import emission as emet
from tests.offres.test_prescriptions_store import ouvert, reponse
from tests.services.defusions import defusion, fusion
from tests.services.rejeu import Rejeu, Vecu, Vie

_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")


async def vivre(banc: Bench) -> Vecu:
    """Prescriptions answered, reminded, refused and expired; a merge undone, then made again."""
    essai = await ouvert(banc)
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, AUTRE))
    for cle in ("p-1", "p-2", "p-3"):
        await essai.accepte(emet(cle))
    await essai.accepte(emet("p-1", CODE.id, AUTRE))
    await essai.accepte(emet("p-9", CODE.id, AUTRE))
    await essai.accepte(reponse("prescription.acceptee", le(2), "p-1"))
    refus = {"motifs": ["hors-zone", "autre"], "message": "Nous fermons."}
    await essai.accepte(reponse("prescription.refusee", le(3), "p-2", **refus))
    await essai.attend(a(le(12)))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.attend(essai.maintenant + timedelta(days=20))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]}))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "62"}))
    efface = evenement("usager.efface", {"motif": "Demande de la personne."})
    return Vecu(essai.pool, PARCOURS, {PARCOURS, AUTRE}, lambda: essai.accepte(efface))


def _vie(life: list[Step]) -> Vie:
    histoire = played(life)
    avant = {PARCOURS: [DossierOuvert(PARCOURS, "59")]}
    return [
        (dossier, [*avant.get(parcours, []), *(f for f in histoire.faits if f.parcours == parcours)])
        for parcours, dossier in histoire.dossiers.items()
    ]


REJEU = Rejeu(
    vivre,
    {
        "a row that moved": "UPDATE prescriptions SET emise_le = emise_le - 1 WHERE parcours = $1",
        "a row twice": "INSERT INTO prescriptions SELECT * FROM prescriptions WHERE parcours = $1",
    },
    lives(emission, emission, elsewhere, answer, answer, withdrawal, merge, move, end).map(_vie),
)
