"""What the API answers about webhooks, as models: subscriptions, deliveries, gaps, replays."""

from typing import Annotated, Literal

from pydantic import Field

from relais_contrats.echanges import ABSENT, Identifiant, Instant, Numero, Objet, Pseudonyme, Rendu
from relais_contrats.valeurs import dit

Nombre = Annotated[int, Field(ge=0)]


class Abonnement(Rendu):
    """Un abonnement, tel qu'il est."""

    id: Identifiant
    url: str
    types: list[str]
    lot: Annotated[int, Field(ge=1, le=100)]
    actif: bool
    etat: Literal["a-verifier", "actif", "inactif", "suspendu"]
    signature: Literal["v1", "v1a"]
    cree_a: Instant
    cles_publiques: Annotated[list[str], dit("`v1a` : les clés du hub, `whpk_…` ; pendant une rotation, deux.")] = (
        ABSENT
    )
    secret: Annotated[str, dit("`v1`, à la création : `whsec_…`.")] = ABSENT
    suspendu_a: Annotated[Instant, dit("Suspendu après 72 h d'échecs ; `actif: true` le reprend.")] = ABSENT
    ancien_secret_jusqua: Instant = ABSENT
    echecs: Objet = ABSENT
    essai: Objet = ABSENT


class Abonnements(Rendu):
    """Les abonnements d'un partenaire."""

    abonnements: list[Abonnement]


class NouveauSecret(Rendu):
    """Le nouveau secret, montré une fois."""

    id: Identifiant
    secret: str
    ancien_secret_jusqua: Instant


class Livraison(Rendu):
    """Un événement pour un abonnement."""

    id: Annotated[Identifiant, dit("De cet événement pour cet abonnement.")]
    evenement: Annotated[Identifiant, dit("Celui de l'événement livré.")]
    type: str
    parcours: Pseudonyme = ABSENT
    relaisnumero: Annotated[Numero, dit("Dans cet abonnement.")]
    distribuee_a: Instant
    etat: Literal["a-livrer", "en-echec", "livre", "sans-objet", "retenu"]
    essais: Nombre
    code: int = ABSENT
    erreur: Annotated[str, dit("Sans réponse : pourquoi ; `hote-non-declare` si l'opérateur a retiré l'hôte.")] = ABSENT
    dernier_essai: Instant = ABSENT
    prochain_essai: Instant = ABSENT
    recu: Annotated[str, dit("Le reçu de la dernière livraison réussie : JWS ES256, chaîné au précédent.")] = ABSENT


class Livraisons(Rendu):
    """Les livraisons d'un abonnement."""

    livraisons: list[Livraison]


class TrouAbonnement(Rendu):
    """Un numéro qui n'a pas été livré, et pourquoi."""

    relaisnumero: Numero
    etat: Literal["a-livrer", "en-echec", "retenu", "sans-objet", "efface"]
    evenement: Annotated[Identifiant, dit("Son identifiant chez vous ; absent s'il est effacé.")] = ABSENT
    distribue_a: Instant = ABSENT
    livraison: Annotated[Identifiant, dit("À redemander par `POST /v1/livraisons/{id}/rejeu`.")] = ABSENT
    essais: Nombre = ABSENT
    code: int = ABSENT
    erreur: str = ABSENT
    prochain_essai: Instant = ABSENT


class TrousAbonnement(Rendu):
    """Les numéros d'un abonnement qui manquent."""

    dernier_numero: Annotated[Numero, dit("Le dernier numéro attribué ; 0 avant le premier.")]
    trous: list[TrouAbonnement]
    suite: Annotated[Numero | None, dit("Le `du` de la page suivante.")]


class LivraisonRedemandee(Rendu):
    """Une livraison qui repart."""

    id: Identifiant
    abonnement: Identifiant


class Rejeu(Rendu):
    """Un rejeu et ses comptes ; à blanc, l'état et les comptes seuls."""

    id: Identifiant = ABSENT
    etat: Literal["a-blanc", "en-cours", "termine"]
    abonnement: Identifiant = ABSENT
    du: Instant = ABSENT
    au: Instant = ABSENT
    types: list[str] = ABSENT
    demande_a: Instant = ABSENT
    comptes: dict[str, int]
