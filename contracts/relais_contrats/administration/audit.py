"""The acts of the audit and of the exercises, and what each is asked with."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.administration.partenaires import UnPartenaire
from relais_contrats.codes.liste import Code
from relais_contrats.modele import Demande

Reference = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9._/#-]{1,40}$")]


class Motif(Code):
    """Pourquoi ce que le relais tient sur une personne est ouvert."""

    DEMANDE_PERSONNE = "demande-personne", "Répondre à une demande de la personne (RGPD, art. 15)"
    CONTROLE = "controle", "Contrôle ou audit"
    JUSTICE = "justice", "Réquisition ou contentieux"


class Panne(Code):
    """Ce qu'un exercice fait aux envois d'un partenaire."""

    LENT = "lent", "Lent : chaque envoi attend avant de partir"
    MUET = "muet", "Muet : aucune réponse"
    ERREUR = "erreur", "En erreur : chaque envoi reçoit HTTP 503"
    SIGNATURE = "signature", "Signature fausse : chaque envoi part mal signé, le receveur doit le refuser"


class Rien(Demande):
    """Cet acte ne demande rien de plus."""


class UnePersonne(Demande):
    """Une personne, par le pseudonyme que la console a d'elle, et pourquoi."""

    parcours: Annotated[str, StringConstraints(pattern="^prc_[a-z2-7]{26}$")]
    motif: Motif
    reference: Reference | None = None


class UnExercice(UnPartenaire):
    """Une panne d'un partenaire, et pour combien de temps. `lenteur_s` : pour « lent » seulement."""

    panne: Panne
    minutes: Annotated[int, Field(ge=1, le=1440)]
    lenteur_s: Annotated[int, Field(ge=1, le=14)] = 5


class UnExerciceEnCours(Demande):
    """Un exercice, par son identifiant."""

    exercice: UUID


ACTES = (
    Acte("preuve-verifier", "Vérifier les chaînes des reçus et du journal des accès", Portee.EXPLOITER, Rien),
    Acte(
        "personne-ouvrir",
        "Ouvrir pour une heure ce que le relais tient sur une personne",
        Portee.ADMINISTRER,
        UnePersonne,
        True,
    ),
    Acte("exercice-demarrer", "Mettre un partenaire en panne, dans un bac à sable", Portee.EXPLOITER, UnExercice),
    Acte("exercice-arreter", "Arrêter un exercice, aussitôt", Portee.EXPLOITER, UnExerciceEnCours),
)
