"""The table of the briques: each answers for the facts of one subject, and a service of the hub decides them.

Processes, purposes, pages and lists of services follow this table. It imports nothing: commands start fast.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brique:
    """`nom` names the service, its schema and its subjects. `titre` and `objet` present it to readers, in French.

    `finalites`: the purposes for which its messages are exchanged, unless `finalites` says otherwise of one of them.
    `est_suivie`: whether another service or the fan-out acts on its facts. A reader then waits for them.
    """

    nom: str
    titre: str
    objet: str
    finalites: tuple[str, ...]
    est_suivie: bool = True


USAGERS = Brique(
    "usagers", "Usagers", "identité, droits, vie du parcours", ("orientation", "accompagnement", "engagement")
)
ORIENTATION = Brique("orientation", "Orientation", "entrée et orientation", ("orientation", "accompagnement"))
REFERENTS = Brique(
    "referents", "Référents", "référent unique, accompagnants, rendez-vous", ("accompagnement", "engagement")
)
ENGAGEMENTS = Brique("engagements", "Engagements", "contrat, réexamen, sanctions", ("engagement", "accompagnement"))
OFFRES = Brique("offres", "Offres", "offre de services et prescriptions", ("offre", "accompagnement"))
FEUILLE_DE_ROUTE = Brique(
    "feuille_de_route",
    "Feuille de route",
    "objectifs, actions, observations",
    ("accompagnement",),
    est_suivie=False,
)

BRIQUES = (USAGERS, ORIENTATION, REFERENTS, ENGAGEMENTS, OFFRES, FEUILLE_DE_ROUTE)
"""In the order in which readers meet them."""

PASSERELLE = Brique(
    "passerelle",
    "Passerelle",
    "ce que le hub dit d'un échange à celui qu'il concerne",
    ("orientation", "accompagnement", "engagement", "offre", "pilotage"),
    est_suivie=False,
)
"""What the gateway itself tells a partner: no service, and nothing of it travels on the bus."""
