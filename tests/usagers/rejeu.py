"""The story of `usagers` that `tests.services.test_rejouer` rebuilds."""

from dataclasses import replace
from datetime import date

from tests.engines import Bench
from tests.services.rejeu import Rejeu, Vecu
from tests.usagers.conftest import Essai
from tests.usagers.personnes import CD, Personne, corrige, depot, local, matricule, nir, signale

CAMILLE = Personne(nir=nir(1))
ALEX = Personne("Petit", "Alex", date(1990, 5, 5))


async def vivre(banc: Bench) -> Vecu:
    """A person signalled by several, corrected, merged, separated and merged again."""
    essai = Essai(await banc.process("usagers", "usagers"))
    conserve = await essai.ouvrir(signale(CAMILLE, matricule("0012345")))
    await essai.accepte(signale(CAMILLE, local("x"), emetteur=CD))
    absorbe = await essai.ouvrir(signale(ALEX, local("B")))
    await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), emetteur=CD))
    await essai.accepte(corrige({"coordonnees": {"courriel": "c@exemple.fr"}}, conserve))
    droits = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
    await essai.accepte(depot("droits.modifies", droits, absorbe))
    ailleurs = {"departement_nouveau": "62", "date_effet": "2026-09-01"}
    await essai.accepte(depot("parcours.transfere", ailleurs, absorbe))
    fusion = {"conserve": str(conserve), "absorbes": [str(absorbe)]}
    await essai.accepte(premiere := depot("usager.fusionne", fusion, conserve))
    annule = {"annule": str(premiere.id), "motif": "Erreur."}
    await essai.accepte(depot("usager.defusionne", annule, conserve, emetteur=CD))
    await essai.accepte(depot("usager.fusionne", fusion, conserve))
    await essai.accepte(depot("usager.oppose", {"motif": "Demande."}, conserve))
    efface = depot("usager.efface", {"motif": "Demande de la personne."}, conserve)
    return Vecu(essai.pool, conserve, {conserve, absorbe}, lambda: essai.accepte(efface))


REJEU = Rejeu(
    vivre,
    {
        "a key that is lost": "DELETE FROM cles WHERE parcours = $1 AND nature = 'nir'",
        "a key of somebody else": "INSERT INTO cles VALUES ($1, 'etat-civil', decode(repeat('00', 16), 'hex'), false)",
        "where it is": "UPDATE etats SET departement = '62' WHERE parcours = $1",
    },
)
