"""Messages from the hub to a partner about their own exchange: no parcours, no person, no other reader."""

from typing import Annotated, ClassVar

from pydantic import Field

from relais_contrats.briques import PASSERELLE
from relais_contrats.declaration import HUB, TITULAIRE, message
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.valeurs import MOTIF_UUID, Instant, Texte, dit


class AbonnementSuspendu(Donnees):
    """L'adresse d'un abonnement est en échec depuis 72 heures : plus rien n'y est envoyé, et tout y est gardé.

    `PATCH /v1/abonnements/{id}` avec `actif: true` vérifie l'adresse, puis reprend les livraisons dans l'ordre.
    """

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    abonnement: Annotated[
        Annotated[str, Field(pattern=MOTIF_UUID)], dit("Identifiant de l'abonnement, celui de `/v1/abonnements`.")
    ]
    echecs_depuis: Annotated[Instant, dit("Premier échec de la série.", "RFC 3339")]
    suspendu_a: Annotated[Instant, dit("Instant de la suspension.", "RFC 3339")]
    motif: Annotated[Texte, dit("Ce qui a été observé, en une phrase.")]


MESSAGES = (
    message(
        "abonnement.suspendu",
        PASSERELLE,
        AbonnementSuspendu,
        "Abonnement suspendu",
        (HUB,),
        (TITULAIRE,),
        sujet=False,
    ),
)
