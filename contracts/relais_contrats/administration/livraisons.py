"""The acts on what goes out: subscriptions, replays, what is set aside, failures."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from relais_contrats.abonnements import NouveauRejeu
from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.modele import Demande

Motif = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
"""Why; about no person."""


class UnAbonnement(Demande):
    """Un abonnement, par son identifiant."""

    abonnement: UUID


class UnRejeu(Demande):
    """Un rejeu, par son identifiant."""

    rejeu: UUID


class UnElement(Demande):
    """Un élément au rebut d'un composant, et pourquoi il est repris ou écarté."""

    element: UUID
    composant: Annotated[str, Field(pattern="^[a-z_]{2,30}$")]
    motif: Motif


class UnePanne(Demande):
    """Une cause de pannes, telle que la page des pannes la nomme."""

    cause: Annotated[str, Field(min_length=3, max_length=400)]
    note: Annotated[str, Field(max_length=500)] = ""


ACTES = (
    Acte("abonnement-suspendre", "Suspendre un abonnement", Portee.EXPLOITER, UnAbonnement),
    Acte("abonnement-reprendre", "Reprendre un abonnement suspendu", Portee.EXPLOITER, UnAbonnement),
    Acte("rejeu-demander", "Rejouer une période vers un abonnement", Portee.EXPLOITER, NouveauRejeu),
    Acte("rejeu-suspendre", "Mettre un rejeu en pause", Portee.EXPLOITER, UnRejeu),
    Acte("rejeu-poursuivre", "Poursuivre un rejeu en pause", Portee.EXPLOITER, UnRejeu),
    Acte("rebut-reprendre", "Faire traiter de nouveau un élément au rebut", Portee.EXPLOITER, UnElement),
    Acte("rebut-ecarter", "Écarter pour de bon un élément au rebut", Portee.EXPLOITER, UnElement, True),
    Acte("panne-prendre", "Prendre une panne en charge", Portee.EXPLOITER, UnePanne),
    Acte("panne-rendre", "Rendre une panne", Portee.EXPLOITER, UnePanne),
    Acte("panne-regler", "Dire une panne réglée", Portee.EXPLOITER, UnePanne),
)
