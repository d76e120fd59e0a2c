"""The matrix of CATALOGUE § 5, cell by cell: which reason to take part opens which group to which kind.

Written from the catalogue, with decisions 0006 (an association sees the orientation that concerns it) and 0023 (health
of a mission locale). `TOUT`: every reason; the other words name those that open the group.
"""

import pytest

from relais_contrats.groupes import Groupe
from relais_contrats.matrice import Role, groupes_de_la_matrice

# Emitter, oriented to it, its référent, accompagnant, prescribed to it.
RAISONS = {
    "e": Role.EMETTEUR,
    "o": Role.ORIENTATION,
    "r": Role.REFERENT,
    "a": Role.ACCOMPAGNANT,
    "p": Role.PRESCRIPTION,
}
TOUT, RIEN, CONCERNE = "eorap", "", "orap"
COLONNES = (
    ("departement",),
    ("france-travail",),
    ("mission-locale", "cap-emploi"),
    ("delegataire",),
    ("ccas", "association", "siae"),
    ("caf", "msa"),
)
MATRICE = {
    "commun": (TOUT, TOUT, TOUT, TOUT, TOUT, TOUT),
    "nir": (TOUT, TOUT, "eor", RIEN, RIEN, TOUT),
    "numeros": (TOUT, TOUT, TOUT, TOUT, RIEN, TOUT),
    "identite": (TOUT, TOUT, TOUT, TOUT, "p", RIEN),
    "orientation": (TOUT, TOUT, CONCERNE, CONCERNE, CONCERNE, RIEN),
    "diagnostic": (TOUT, TOUT, CONCERNE, CONCERNE, RIEN, RIEN),
    "sante": (TOUT, TOUT, CONCERNE, RIEN, RIEN, RIEN),
    "contrat": (TOUT, TOUT, TOUT, TOUT, RIEN, RIEN),
    "sanctions": (TOUT, TOUT, RIEN, RIEN, RIEN, TOUT),
    "local": (TOUT, RIEN, RIEN, TOUT, RIEN, RIEN),
    "offre": (TOUT, TOUT, TOUT, TOUT, TOUT, TOUT),
}
CASES = [(genre, groupe) for colonne in COLONNES for genre in colonne for groupe in MATRICE]


def ouvrent(genre: str, groupe: str, *, voit_sante: bool) -> str:
    """The reasons that open this group to this kind, in its territory."""
    return "".join(
        lettre
        for lettre, role in RAISONS.items()
        if groupe in groupes_de_la_matrice(genre, frozenset({role, Role.SUR_PLACE}), voit_sante=voit_sante)
    )


def test_every_group_has_its_line() -> None:
    assert MATRICE.keys() == set(Groupe)


@pytest.mark.parametrize(("genre", "groupe"), CASES)
def test_a_cell_of_the_matrix(genre: str, groupe: str) -> None:
    colonne = next(rang for rang, genres in enumerate(COLONNES) if genre in genres)

    assert ouvrent(genre, groupe, voit_sante=True) == MATRICE[groupe][colonne]
    assert ouvrent(genre, groupe, voit_sante=False) == ("" if groupe == "sante" else MATRICE[groupe][colonne])


def test_a_platform_of_offers_sees_the_offer_alone() -> None:
    seen = {groupe for groupe in MATRICE if ouvrent("plateforme-offre", groupe, voit_sante=True)}

    assert seen == {"commun", "offre"}
