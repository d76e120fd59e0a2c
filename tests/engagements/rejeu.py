"""The story of `engagements` that `tests.services.test_rejouer` rebuilds."""

from datetime import date
from uuid import UUID

from services.dossiers.vie import DossierOuvert
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    AUTRE,
    FT,
    PARCOURS,
    a,
    decidee_json,
    depot,
    echeance,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
    signe_json,
)
from tests.engagements.test_invariants import Recus, joue, sequences
from tests.engines import Bench
from tests.services.defusions import defusion, fusion
from tests.services.rejeu import Rejeu, Vecu, Vie

CONSERVE = UUID(int=PARCOURS.int + 5)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")


async def vivre(banc: Bench) -> Vecu:
    """Two parcours followed, one of them merged into the other and given back, then merged again."""
    essai = Essai(await banc.pool("engagements"))
    await essai.engager()
    await essai.accompagner(AUTRE)
    bilan = {"contrat_id": "ce-1", "date": "2026-06-01", "points": ["Code."], "heures_realisees": 7}
    await essai.accepte(
        depot("contrat.bilan", bilan),
        depot("contrat.suspendu", etape_json(date(2026, 7, 1)), par=FT),
        depot("contrat.repris", etape_json(date(2026, 8, 3)), par=FT),
        depot("contrat.propose", propose_json("ce-2", date_debut="2027-01-01", dispense_heures={"motif": "sante"})),
        depot("contrat.signe", signe_json(date(2026, 11, 2), "ce-2")),
        evenement("diagnostic.realise", {"criteres": {"boe": True, "contrainte_logement": "sans-logement"}}),
        depot("sanction.proposee", sanction_json(date_proposition="2026-09-01", montant=30), par=FT),
        depot("sanction.decidee", sanction_json("s-2", date_notification="2026-11-30")),
    )
    essai.maintenant = a(date(2027, 1, 1), 0)
    await essai.accepte(echeance("debut-2", essai.maintenant), echeance("instruction-1", essai.maintenant))
    await essai.accepte(evenement("orientation.decidee", decidee_json(date(2026, 12, 1), "emploi")))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "62"}))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))
    efface = evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE)
    return Vecu(essai.pool, PARCOURS, {AUTRE, CONSERVE}, lambda: essai.accepte(efface), ("Code.", PARCOURS))


def _vie(recus: Recus) -> Vie:
    histoire = joue(recus)
    return [
        (dossier, [DossierOuvert(parcours, "59"), *(f for f in histoire.faits if f.parcours == parcours)])
        for parcours, dossier in histoire.dossiers.items()
    ]


REJEU = Rejeu(
    vivre,
    {
        "a row that moved": "UPDATE delais SET date_notification = date_notification - 1 WHERE parcours = $1",
        "a row twice": "INSERT INTO delais SELECT * FROM delais WHERE parcours = $1",
    },
    sequences().map(_vie),
)
