"""The part of the API that is about webhooks: subscriptions, their deliveries and receipts, redeliveries, replays."""

from relais_contrats.abonnements import Changement, NouveauRejeu, NouvelAbonnement
from relais_contrats.echanges import Cles
from relais_contrats.echanges_webhooks import (
    Abonnement,
    Abonnements,
    LivraisonRedemandee,
    Livraisons,
    NouveauSecret,
    Rejeu,
    TrousAbonnement,
)
from relais_contrats.operations import (
    BORNES_DE_NUMEROS,
    JSON,
    UUID,
    Operation,
    Parametre,
    lu,
    parmi,
    rendu,
)

_ESSAI = {202: rendu("Demandé.", Abonnement)}
_FAIT = {204: rendu("Fait.")}

_ID = Parametre("id", "Identifiant de l'abonnement.", UUID, requis=True)
_LIVRAISON = Parametre("id", "Identifiant de la livraison : d'un événement pour un abonnement.", UUID, requis=True)
_REJEU_NOMME = Parametre("id", "Identifiant du rejeu.", UUID, requis=True)

WEBHOOKS = (
    Operation(
        "POST",
        "/v1/abonnements",
        "S'abonner par webhook",
        "evenements:lire",
        {201: rendu("Créé ; le secret de `v1` n'est montré qu'ici.", Abonnement)},
        corps={JSON: NouvelAbonnement},
    ),
    Operation(
        "GET",
        "/v1/abonnements",
        "Lister ses abonnements",
        "evenements:lire",
        lu("Les abonnements.", Abonnements),
    ),
    Operation(
        "GET",
        "/v1/abonnements/{id}",
        "Lire un abonnement",
        "evenements:lire",
        lu("L'abonnement.", Abonnement),
        cle=_ID,
    ),
    Operation(
        "PATCH",
        "/v1/abonnements/{id}",
        "Modifier un abonnement ; `actif: true` reprend, dans l'ordre, celui qui est suspendu",
        "evenements:lire",
        lu("L'abonnement.", Abonnement),
        corps={JSON: Changement},
        cle=_ID,
    ),
    Operation("DELETE", "/v1/abonnements/{id}", "Supprimer un abonnement", "evenements:lire", _FAIT, cle=_ID),
    Operation(
        "POST",
        "/v1/abonnements/{id}/secret",
        "Changer de secret (`v1`)",
        "evenements:lire",
        {201: rendu("Le nouveau secret, montré une fois.", NouveauSecret)},
        cle=_ID,
    ),
    Operation(
        "POST", "/v1/abonnements/{id}/essai", "Demander une livraison d'essai", "evenements:lire", _ESSAI, cle=_ID
    ),
    Operation(
        "GET",
        "/v1/abonnements/{id}/livraisons",
        "Suivre les livraisons",
        "evenements:lire",
        lu("Les livraisons, la dernière d'abord.", Livraisons),
        (
            Parametre("etat", "État.", parmi("a-livrer", "en-echec", "livre", "sans-objet", "retenu")),
            Parametre("avant", "Identifiant de la dernière livraison lue.", UUID),
        ),
        cle=_ID,
    ),
    Operation(
        "GET",
        "/v1/abonnements/{id}/trous",
        "Savoir quels numéros d'un abonnement manquent, et pourquoi",
        "evenements:lire",
        lu(
            "Par 1 000 numéros : ceux qui n'ont pas été livrés. `efface` : la personne l'est, ou la livraison n'existe "
            "plus.",
            TrousAbonnement,
        ),
        BORNES_DE_NUMEROS,
        cle=_ID,
    ),
    Operation(
        "POST",
        "/v1/livraisons/{id}/rejeu",
        "Redemander une livraison, vers son abonnement",
        "evenements:lire",
        {202: rendu("Demandée.", LivraisonRedemandee)},
        cle=_LIVRAISON,
    ),
    Operation(
        "POST",
        "/v1/rejeux",
        "Rejouer une période vers un abonnement",
        "evenements:lire",
        {200: rendu("À blanc : les comptes seuls.", Rejeu), 202: rendu("Demandé.", Rejeu)},
        corps={JSON: NouveauRejeu},
    ),
    Operation(
        "GET",
        "/v1/rejeux/{id}",
        "Suivre un rejeu : sélectionnés = livrés + déjà livrés + refusés + en attente",
        "evenements:lire",
        lu("Le rejeu et ses comptes.", Rejeu),
        cle=_REJEU_NOMME,
    ),
    Operation(
        "GET",
        "/v1/webhooks/cles",
        "Clés ed25519 qui vérifient les webhooks signés `v1a`",
        None,
        lu("Clés.", Cles, "application/jwk-set+json"),
    ),
)
