"""The part of the API that is about webhooks: subscriptions, their deliveries and receipts, redeliveries, replays."""

from relais_contrats.operations import (
    BOOLEEN,
    BORNES_DE_NUMEROS,
    INSTANT,
    JSON,
    LISTE_DE_TYPES,
    MOMENT,
    NUMERO,
    OBJET,
    PSEUDONYME,
    TEXTE,
    UUID,
    Operation,
    Parametre,
    demande,
    dit,
    entier,
    liste,
    lu,
    objet,
    ou_nul,
    parmi,
    rendu,
    trous,
)

_URL = {"type": "string", "pattern": "^https?://", "minLength": 8, "maxLength": 2000}
_ABONNEMENT = demande(
    ("url", "types"),
    url=dit("https, port 443 ou 8443, sur un hôte que l'opérateur du relais a déclaré pour vous.", _URL),
    types=LISTE_DE_TYPES,
    lot=entier(1, 100),
    actif=BOOLEEN,
    signature=dit(
        "Standard Webhooks. `v1` : HMAC, secret montré une fois. `v1a` : ed25519, clé publiée par le hub ; chaque "
        "événement porte alors l'attribut `abonnement`, à comparer au vôtre.",
        parmi("v1", "v1a"),
    ),
)
_CHANGEMENT = demande(url=ou_nul(_URL), types=ou_nul(LISTE_DE_TYPES), lot=ou_nul(entier(1, 100)), actif=ou_nul(BOOLEEN))
_ABONNEMENT_LU = objet(
    ("id", "url", "types", "lot", "actif", "etat", "signature", "cree_a"),
    id=UUID,
    url=TEXTE,
    types=liste(TEXTE),
    lot=entier(1, 100),
    actif=BOOLEEN,
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
            ("id", "evenement", "type", "relaisnumero", "etat", "essais", "distribuee_a"),
            id=dit("De cet événement pour cet abonnement.", UUID),
            evenement=dit("Celui de l'événement livré.", UUID),
            type=TEXTE,
            parcours=PSEUDONYME,
            relaisnumero=dit("Dans cet abonnement.", NUMERO),
            distribuee_a=INSTANT,
            etat=parmi("a-livrer", "en-echec", "livre", "sans-objet", "retenu"),
            essais={"type": "integer", "minimum": 0},
            code={"type": "integer"},
            erreur=dit("Sans réponse : pourquoi ; `hote-non-declare` si l'opérateur a retiré l'hôte.", TEXTE),
            dernier_essai=INSTANT,
            prochain_essai=INSTANT,
            recu=dit("Le reçu de la dernière livraison réussie : JWS ES256, chaîné au précédent.", TEXTE),
        )
    ),
)
_REJEU = demande(
    ("du", "au", "abonnement"),
    du=MOMENT,
    au=MOMENT,
    abonnement=UUID,
    types=LISTE_DE_TYPES,
    a_blanc=BOOLEEN,
    renvoyer=BOOLEEN,
)
_ESSAI = {202: rendu("Demandé.", OBJET)}
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
        {201: rendu("Créé ; le secret de `v1` n'est montré qu'ici.", _ABONNEMENT_LU)},
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
        "GET",
        "/v1/abonnements/{id}",
        "Lire un abonnement",
        "evenements:lire",
        lu("L'abonnement.", _ABONNEMENT_LU),
        cle=_ID,
    ),
    Operation(
        "PATCH",
        "/v1/abonnements/{id}",
        "Modifier un abonnement ; `actif: true` reprend, dans l'ordre, celui qui est suspendu",
        "evenements:lire",
        lu("L'abonnement.", _ABONNEMENT_LU),
        corps={JSON: _CHANGEMENT},
        cle=_ID,
    ),
    Operation("DELETE", "/v1/abonnements/{id}", "Supprimer un abonnement", "evenements:lire", _FAIT, cle=_ID),
    Operation(
        "POST",
        "/v1/abonnements/{id}/secret",
        "Changer de secret (`v1`)",
        "evenements:lire",
        {201: rendu("Le nouveau secret, montré une fois.", OBJET)},
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
        lu("Les livraisons, la dernière d'abord.", _LIVRAISONS),
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
            trous(
                "a-livrer",
                "en-echec",
                "retenu",
                "sans-objet",
                "efface",
                livraison=dit("À redemander par `POST /v1/livraisons/{id}/rejeu`.", UUID),
                essais={"type": "integer", "minimum": 0},
                code={"type": "integer"},
                erreur=TEXTE,
                prochain_essai=INSTANT,
            ),
        ),
        BORNES_DE_NUMEROS,
        cle=_ID,
    ),
    Operation(
        "POST",
        "/v1/livraisons/{id}/rejeu",
        "Redemander une livraison, vers son abonnement",
        "evenements:lire",
        {202: rendu("Demandée.", objet(("id", "abonnement"), id=UUID, abonnement=UUID))},
        cle=_LIVRAISON,
    ),
    Operation(
        "POST",
        "/v1/rejeux",
        "Rejouer une période vers un abonnement",
        "evenements:lire",
        {200: rendu("À blanc : les comptes seuls.", OBJET), 202: rendu("Demandé.", OBJET)},
        corps={JSON: _REJEU},
    ),
    Operation(
        "GET",
        "/v1/rejeux/{id}",
        "Suivre un rejeu : sélectionnés = livrés + déjà livrés + refusés + en attente",
        "evenements:lire",
        lu("Le rejeu et ses comptes.", OBJET),
        cle=_REJEU_NOMME,
    ),
    Operation(
        "GET",
        "/v1/webhooks/cles",
        "Clés ed25519 qui vérifient les webhooks signés `v1a`",
        None,
        lu("Clés.", objet(("keys",), keys=liste(OBJET)), "application/jwk-set+json"),
    ),
)
