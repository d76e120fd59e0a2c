"""The part of the API that is about webhooks: subscriptions, their deliveries and receipts, redeliveries, replays."""

from relais_contrats.operations import (
    INSTANT,
    JSON,
    OBJET,
    TEXTE,
    Operation,
    Parametre,
    dit,
    entier,
    liste,
    lu,
    objet,
    parmi,
)

_ABONNEMENT = objet(
    ("url", "types"),
    url=TEXTE,
    types=liste(TEXTE),
    lot=entier(1, 100),
    actif={"type": "boolean"},
    signature=dit(
        "Standard Webhooks. `v1` : HMAC, secret montré une fois. `v1a` : ed25519, clé publiée par le hub ; chaque "
        "événement porte alors l'attribut `abonnement`, à comparer au vôtre.",
        parmi("v1", "v1a"),
    ),
)
_CHANGEMENT = objet(url=TEXTE, types=liste(TEXTE), lot=entier(1, 100), actif={"type": "boolean"})
_ABONNEMENT_LU = objet(
    ("id", "url", "types", "lot", "actif", "etat", "signature", "cree_a"),
    id=TEXTE,
    url=TEXTE,
    types=liste(TEXTE),
    lot=entier(1, 100),
    actif={"type": "boolean"},
    etat=parmi("a-verifier", "actif", "inactif", "suspendu"),
    signature=parmi("v1", "v1a"),
    cree_a=INSTANT,
    cles_publiques=dit("`v1a` : les clés du hub, `whpk_…` ; pendant une rotation, deux.", liste(TEXTE)),
    secret=dit("`v1`, à la création : `whsec_…`.", TEXTE),
    suspendu_a=dit("Suspendu après 72 h d'échecs ; `actif: true` le reprend.", INSTANT),
    ancien_secret_jusqua=INSTANT,
    echecs=OBJET,
    essai=OBJET,
)
_LIVRAISONS = objet(
    ("livraisons",),
    livraisons=liste(
        objet(
            ("id", "type", "etat", "essais", "distribuee_a"),
            id=TEXTE,
            type=TEXTE,
            parcours=TEXTE,
            distribuee_a=INSTANT,
            etat=parmi("a-livrer", "en-echec", "livre", "sans-objet"),
            essais={"type": "integer", "minimum": 0},
            code={"type": "integer"},
            erreur=TEXTE,
            dernier_essai=INSTANT,
            prochain_essai=INSTANT,
            recu=dit("Le reçu de la dernière livraison réussie : JWS ES256, chaîné au précédent.", TEXTE),
        )
    ),
)
_REJEU = objet(
    ("du", "au", "abonnement"),
    du=INSTANT,
    au=INSTANT,
    abonnement=TEXTE,
    types=liste(TEXTE),
    a_blanc={"type": "boolean"},
    renvoyer={"type": "boolean"},
)
_ESSAI = {202: ("Demandé.", JSON, OBJET)}
_FAIT = {204: ("Fait.", None, None)}

WEBHOOKS = (
    Operation(
        "POST",
        "/v1/abonnements",
        "S'abonner par webhook",
        "evenements:lire",
        {201: ("Créé ; le secret de `v1` n'est montré qu'ici.", JSON, _ABONNEMENT_LU)},
        corps={JSON: _ABONNEMENT},
    ),
    Operation(
        "GET",
        "/v1/abonnements",
        "Lister ses abonnements",
        "evenements:lire",
        lu("Les abonnements.", objet(("abonnements",), abonnements=liste(_ABONNEMENT_LU))),
    ),
    Operation(
        "GET", "/v1/abonnements/{id}", "Lire un abonnement", "evenements:lire", lu("L'abonnement.", _ABONNEMENT_LU)
    ),
    Operation(
        "PATCH",
        "/v1/abonnements/{id}",
        "Modifier un abonnement ; `actif: true` reprend, dans l'ordre, celui qui est suspendu",
        "evenements:lire",
        lu("L'abonnement.", _ABONNEMENT_LU),
        corps={JSON: _CHANGEMENT},
    ),
    Operation("DELETE", "/v1/abonnements/{id}", "Supprimer un abonnement", "evenements:lire", _FAIT),
    Operation(
        "POST",
        "/v1/abonnements/{id}/secret",
        "Changer de secret (`v1`)",
        "evenements:lire",
        {201: ("Le nouveau secret, montré une fois.", JSON, OBJET)},
    ),
    Operation("POST", "/v1/abonnements/{id}/essai", "Demander une livraison d'essai", "evenements:lire", _ESSAI),
    Operation(
        "GET",
        "/v1/abonnements/{id}/livraisons",
        "Suivre les livraisons",
        "evenements:lire",
        lu("Les livraisons, la dernière d'abord.", _LIVRAISONS),
        (
            Parametre("etat", "État.", parmi("a-livrer", "en-echec", "livre", "sans-objet")),
            Parametre("avant", "Identifiant de la dernière livraison lue."),
        ),
    ),
    Operation(
        "POST",
        "/v1/livraisons/{id}/rejeu",
        "Redemander une livraison",
        "evenements:lire",
        _ESSAI,
        (Parametre("abonnement", "Seulement vers cet abonnement."),),
    ),
    Operation(
        "POST",
        "/v1/rejeux",
        "Rejouer une période vers un abonnement",
        "evenements:lire",
        {200: ("À blanc : les comptes seuls.", JSON, OBJET), 202: ("Demandé.", JSON, OBJET)},
        corps={JSON: _REJEU},
    ),
    Operation(
        "GET",
        "/v1/rejeux/{id}",
        "Suivre un rejeu : sélectionnés = livrés + déjà livrés + refusés + en attente",
        "evenements:lire",
        lu("Le rejeu et ses comptes.", OBJET),
    ),
    Operation(
        "GET",
        "/v1/webhooks/cles",
        "Clés ed25519 qui vérifient les webhooks signés `v1a`",
        None,
        lu("Clés.", objet(("keys",), keys=liste(OBJET)), "application/jwk-set+json"),
    ),
)
