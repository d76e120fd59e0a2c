"""The story of `feuille_de_route` that `tests.services.test_rejouer` rebuilds."""

from dataclasses import replace
from uuid import UUID, uuid4

from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.parcours import EvenementAppris
from services.feuille_de_route.domain.recu import Recu
from tests.engines import Bench
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import AUTRE, PARCOURS, action, depot, evenement, evenement_neuf, objectif, oriente
from tests.feuille_de_route.histoires import entrelacements, vies
from tests.services.rejeu import Rejeu, Vecu
from tests.services.rejeu import Vie as Lignees

CONSERVE = UUID("01890000-0000-7000-8000-000000000003")
DEPOT = UUID("01890000-0000-7000-8000-00000000d001")


async def vivre(banc: Bench) -> Vecu:
    """Two parcours with all that a sheet has, one merged into the other, given back, and merged again."""
    essai = Essai(await banc.pool("feuille_de_route"))
    await essai.accepte(*[evenement(recu) for recu in oriente().recus])
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(echeance="2026-05-31")))
    await essai.ouvrir(AUTRE)
    fusion = evenement_neuf("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE, sequence=3)
    await essai.accepte(replace(fusion, cause=DEPOT))
    siens = f"cd-59/o3@{PARCOURS.hex}"
    await essai.accepte(
        depot("objectif.ajoute", objectif(siens), AUTRE), depot("objectif.ajoute", objectif("o4"), AUTRE)
    )
    dit = {"annule": str(DEPOT), "causes": [str(fusion.id)]}
    annulee = dit | {"motif": "Erreur.", "rendus": [str(PARCOURS)]}
    await essai.accepte(
        evenement_neuf("usager.defusionne", annulee, AUTRE, sequence=4),
        evenement_neuf("parcours.rendu", dit, PARCOURS, sequence=3),
    )
    encore = {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}
    await essai.accepte(replace(evenement_neuf("usager.fusionne", encore, CONSERVE, sequence=3), cause=uuid4()))
    efface = evenement_neuf("usager.efface", {"motif": "Demande de la personne."}, CONSERVE, sequence=4)
    return Vecu(essai.pool, PARCOURS, {AUTRE, CONSERVE}, lambda: essai.accepte(efface), ("MODELE", PARCOURS))


def _vie(arrives: list[Recu]) -> Lignees:
    faits, dossier = [EvenementAppris(PARCOURS, recu) for recu in arrives], None
    for fait in faits:
        dossier = REGLES.replier(dossier, fait)
    assert isinstance(dossier, Dossier)
    return [(dossier, faits)]


REJEU = Rejeu(
    vivre,
    {
        "a byte of the view": "UPDATE feuilles SET vue = set_byte(vue, 9, 255 - get_byte(vue, 9)) WHERE parcours = $1",
        "the view in the clear": "UPDATE feuilles SET vue = '{}' WHERE parcours = $1",
        "the departement": "UPDATE prochaines SET departement = '62' WHERE parcours = $1",
        "a deadline that is lost": "DELETE FROM prochaines WHERE parcours = $1 AND nature = 'action'",
        "a deadline that moved": "UPDATE prochaines SET date_echeance = date_echeance + 1 WHERE parcours = $1",
        "a deadline too many": "INSERT INTO prochaines (parcours, nature, numero, departement, date_echeance, rang)"
        " VALUES ($1, 'decision', 1, '59', '2026-01-01', 9)",
        "a merge that nobody told": "WITH vues AS (DELETE FROM feuilles WHERE parcours = $1)"
        f" UPDATE dossiers SET absorbe_par = '{AUTRE}' WHERE parcours = $1",
    },
    vies().flatmap(lambda vie: entrelacements(vie.recit.recus)).map(_vie),
)
