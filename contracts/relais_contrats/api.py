"""The table of what partners call: method, path, scope, parameters, what goes in and out. `openapi` writes it down."""

from collections.abc import Sequence

from relais_contrats.api_offres import OFFRES
from relais_contrats.api_webhooks import WEBHOOKS
from relais_contrats.operations import (
    DATE,
    FORMULAIRE,
    INSTANT,
    JSON,
    NDJSON,
    OBJET,
    TEXTE,
    Operation,
    Parametre,
    entier,
    liste,
    lu,
    objet,
    parmi,
    ref,
)

APRES = Parametre("apres", "Curseur `suite` de la page précédente.")
LIMITE = Parametre("limite", "Nombre d'éléments par page.", entier(1, 500))
QUI = (
    Parametre("Relais-Agent", "Qui consulte : « nom prenom identifiant », ou « batch »."),
    Parametre("Relais-Finalite", "Finalité de la consultation, parmi celles de la convention."),
)
SI_NON = Parametre("If-None-Match", "ETag déjà détenu : 304 si rien n'a changé.")
_PREFER = Parametre("Prefer", "`wait=10` (secondes) ou `respond-async` (RFC 7240).")
_ENREGISTRE = objet(
    ("id", "etat"), id=TEXTE, etat=parmi("accepte"), parcours=TEXTE, evenements=liste(TEXTE), recu=TEXTE
)
_LISTES = {"anyOf": [ref("VueEcheance"), ref("VueFileActive"), ref("VueEcheanceFeuille")]}
_PAGE_PARCOURS = objet(("parcours", "suite"), parcours=liste(_LISTES), suite=TEXTE)
_PAGE_EVENEMENTS = objet(("evenements",), evenements=liste(ref("Evenement")), curseur=TEXTE)

_CLIENT = {
    "client_id": {**TEXTE, "description": "Avec un certificat client (mTLS) ou dans le profil hérité."},
    "client_assertion_type": parmi("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    "client_assertion": {**TEXTE, "description": "JWT signé de la clé du partenaire (RFC 7523), à usage unique."},
    "client_secret": {**TEXTE, "description": "Profil hérité seulement, ouvert par un opérateur ; il expire."},
}
"""One method per request: an assertion, a certificate shown to the TLS front, or a secret."""
_PREUVE = Parametre("DPoP", "Preuve de possession (RFC 9449), pour un jeton lié à une clé et non à un certificat.")
_JETON = objet(
    ("access_token", "token_type", "expires_in"),
    access_token=TEXTE,
    token_type=parmi("DPoP", "Bearer"),
    expires_in=entier(1, 300),
    scope=TEXTE,
)
_ERREUR_OAUTH = objet(("error",), error=TEXTE, error_description=TEXTE)
_REFUS_OAUTH = {
    400: ("Demande refusée (RFC 6749, § 5.2).", JSON, _ERREUR_OAUTH),
    401: ("Client refusé.", JSON, _ERREUR_OAUTH),
}

OAUTH = (
    Operation(
        "GET", "/.well-known/oauth-authorization-server", "Métadonnées OAuth (RFC 8414)", None, lu("Document.", OBJET)
    ),
    Operation(
        "GET", "/.well-known/oauth-protected-resource", "Métadonnées de l'API (RFC 9728)", None, lu("Document.", OBJET)
    ),
    Operation(
        "GET",
        "/oauth/jwks",
        "Clés de signature des jetons (RFC 7517)",
        None,
        lu("Clés.", OBJET, "application/jwk-set+json"),
    ),
    Operation(
        "POST",
        "/oauth/token",
        "Obtenir un jeton d'accès (client_credentials ; private_key_jwt ou mTLS ; DPoP)",
        None,
        {200: ("Jeton.", JSON, _JETON), **_REFUS_OAUTH},
        corps={FORMULAIRE: objet(("grant_type",), grant_type=parmi("client_credentials"), scope=TEXTE, **_CLIENT)},
        en_tetes=(_PREUVE,),
    ),
    Operation(
        "POST",
        "/oauth/revoke",
        "Révoquer un de ses jetons (RFC 7009)",
        None,
        {200: ("Révoqué, ou inconnu.", None, None), **_REFUS_OAUTH},
        corps={FORMULAIRE: objet(("token",), token=TEXTE, **_CLIENT)},
    ),
)

MESSAGES = (
    Operation(
        "POST",
        "/v1/messages",
        "Déposer un message, un lot ou un flux",
        "messages:deposer",
        {
            200: ("Rejeu du même message, ou une ligne par message d'un lot.", JSON, _ENREGISTRE),
            201: ("Accepté, avec son reçu.", JSON, _ENREGISTRE),
            202: ("Enregistré, pas encore décidé.", JSON, objet(id=TEXTE, etat=parmi("en-attente"))),
        },
        corps={
            "application/cloudevents+json": ref("Depot"),
            "application/cloudevents-batch+json": liste(ref("Depot")),
            NDJSON: TEXTE,
        },
        en_tetes=(_PREFER,),
    ),
    Operation(
        "GET",
        "/v1/messages",
        "Lister ses dépôts",
        "messages:deposer",
        lu("Une page.", objet(messages=liste(OBJET), suite=TEXTE)),
        (
            Parametre("etat", "État du dépôt.", parmi("en-attente", "accepte", "refuse")),
            Parametre("type", "Type de message."),
            Parametre("depuis", "Reçus depuis cet instant.", INSTANT),
            APRES,
            LIMITE,
        ),
    ),
    Operation("GET", "/v1/messages/{id}", "Ce qu'est devenu un dépôt", "messages:deposer", lu("Le dépôt.", OBJET)),
    Operation(
        "GET",
        "/v1/reconciliation",
        "Identifiants et empreintes d'une période, à comparer",
        "messages:deposer",
        lu("Une ligne par message.", TEXTE, NDJSON),
        (
            Parametre("du", "Début de la période, inclus.", INSTANT, requis=True),
            Parametre("au", "Fin de la période, exclue.", INSTANT, requis=True),
            Parametre("sens", "Ce qui a été déposé, ou reçu.", parmi("depose", "recu"), requis=True),
        ),
    ),
    Operation("GET", "/v1/recus/cles", "Clés qui vérifient les reçus", None, lu("Clés.", OBJET)),
)

EVENEMENTS = (
    Operation(
        "GET",
        "/v1/evenements",
        "Tirer les événements, avec attente longue",
        "evenements:lire",
        lu("Une page.", _PAGE_EVENEMENTS),
        (
            Parametre("apres", "Curseur ; absent : depuis le dernier acquittement."),
            Parametre("limite", "Événements par page.", entier(1, 500)),
            Parametre("attente", "Secondes d'attente s'il n'y a rien.", entier(0, 25)),
            Parametre("types", "Types séparés par des virgules."),
        ),
    ),
    Operation(
        "POST",
        "/v1/evenements/acquittement",
        "Acquitter jusqu'à un curseur",
        "evenements:lire",
        {204: ("Acquitté ; l'en-tête `Relais-Recu` porte le reçu quand la position a avancé.", None, None)},
        corps={JSON: objet(("curseur",), curseur=TEXTE)},
    ),
)

LECTURES = (
    Operation(
        "POST",
        "/v1/usagers/recherche",
        "Retrouver le parcours d'une personne",
        "identite:resoudre",
        lu("Résultat.", objet(("resultat",), resultat=parmi("trouve", "aucun", "plusieurs"), parcours=TEXTE)),
        corps={JSON: ref("Recherche")},
        en_tetes=QUI,
    ),
    Operation(
        "GET",
        "/v1/parcours",
        "Lister les parcours visibles, ou ce qui arrive à échéance",
        "parcours:lire",
        lu("Une page.", _PAGE_PARCOURS),
        (
            Parametre("departement", "Département du parcours."),
            Parametre("etat", "État du parcours.", parmi("actif", "ambigu", "clos")),
            Parametre("echeance_avant", "Ce qui est dû au plus tard ce jour, toutes briques réunies.", DATE),
            Parametre("structure", "Sa file active : `siret:90000075300013`, ou un SIRET seul."),
            APRES,
            Parametre("limite", "Parcours par page.", entier(1, 200)),
        ),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}",
        "Lire un parcours",
        "parcours:lire",
        lu("Le parcours.", ref("VueParcours")),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/orientations",
        "Lire l'orientation d'un parcours",
        "parcours:lire",
        lu("L'orientation.", ref("VueOrientations")),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/referent",
        "Savoir qui suit la personne",
        "parcours:lire",
        lu("Le référent unique, ses prédécesseurs, les accompagnants.", ref("VueReferent")),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/rdv",
        "Lire les rendez-vous",
        "parcours:lire",
        lu("Les rendez-vous.", ref("VueRendezVous")),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/contrat",
        "Lire le contrat d'engagement",
        "parcours:lire",
        lu("Le contrat.", ref("VueContrat")),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/feuille-de-route",
        "Lire la feuille de route, en JSON ou en page à remettre à la personne (`Accept: text/html`)",
        "parcours:lire",
        {200: ("La feuille de route.", JSON, ref("VueFeuilleDeRoute"))},
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/parcours/{prc}/historique",
        "Relire les événements d'un parcours",
        "parcours:lire",
        lu("Une page.", objet(evenements=liste(ref("Evenement")), suite=TEXTE)),
        (APRES, LIMITE),
        en_tetes=(*QUI, SI_NON),
    ),
    Operation(
        "GET",
        "/v1/statistiques/delais",
        "Délais légaux par département et par mois",
        "pilotage:lire",
        lu("Les délais.", objet(orientation=liste(OBJET), engagements=liste(OBJET), referents=liste(OBJET))),
        (Parametre("departement", "Un seul département."), Parametre("depuis", "Réceptions depuis ce jour.", DATE)),
        en_tetes=(*QUI, SI_NON),
    ),
)

REPONSES = (
    Operation(
        "POST",
        "/v1/prescriptions/{id}/lien",
        "Obtenir un lien par lequel la structure répond à une prescription sans système",
        "messages:deposer",
        {201: ("Le lien, qui expire avec la prescription.", JSON, objet(lien=TEXTE, expire_a=INSTANT))},
        corps={JSON: objet(("parcours",), parcours=TEXTE)},
    ),
    Operation(
        "GET",
        "/reponses/{jeton}",
        "La page qui demande la réponse ; l'ouvrir ne change rien",
        None,
        {200: ("La page.", "text/html", TEXTE), 404: ("Lien sans effet.", "text/html", TEXTE)},
    ),
    Operation(
        "POST",
        "/reponses/{jeton}",
        "Répondre : accepter, ou refuser avec un motif",
        None,
        {200: ("Réponse enregistrée.", "text/html", TEXTE), 409: ("Déjà répondu.", "text/html", TEXTE)},
        corps={FORMULAIRE: objet(("reponse",), reponse=parmi("acceptee", "refusee"), motif=TEXTE)},
    ),
)

PUBLIQUES = (
    Operation("GET", "/v1/contrats", "Le catalogue des messages", None, lu("Le catalogue.", OBJET)),
    Operation(
        "GET",
        "/v1/contrats/{type}",
        "Schéma JSON et exemples d'un message",
        None,
        lu("Le schéma de `data`.", OBJET, "application/schema+json"),
    ),
    Operation(
        "GET",
        "/v1/contrats/{type}/depot",
        "Schéma JSON du dépôt entier d'un message",
        None,
        lu("Le schéma.", OBJET, "application/schema+json"),
    ),
    Operation("GET", "/openapi.json", "Ce document", None, lu("OpenAPI 3.1.", OBJET)),
    Operation("GET", "/asyncapi.json", "Les événements", None, lu("AsyncAPI 3.0.", OBJET)),
    Operation("GET", "/problemes/{code}", "Ce que veut dire un refus", None, lu("En français.", OBJET)),
    Operation("GET", "/sante/vivant", "Vivant", None, lu("Vivant.", OBJET)),
    Operation(
        "GET",
        "/sante/pret",
        "Prêt, par dépendance",
        None,
        {200: ("Prêt.", JSON, OBJET), 503: ("Pas prêt.", JSON, OBJET)},
    ),
)

OPERATIONS: Sequence[Operation] = (*OAUTH, *MESSAGES, *EVENEMENTS, *WEBHOOKS, *LECTURES, *OFFRES, *REPONSES, *PUBLIQUES)
"""Every operation of the API, in the order in which a developer meets them."""
