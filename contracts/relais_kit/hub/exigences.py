"""What is asked of a hub: one row per requirement, with an id that does not change."""

from relais_kit.exigences import Exigences, table

_ACCES, _PREUVE, _DEPOT = "Jeton", "Preuves et accès", "Messages déposés"
_FIL, _ETANCHE, _WEBHOOK = "Fil d'événements", "Ce qu'un autre ne voit pas", "Webhooks"
_LECTURE, _DOCUMENT, _HTTP = "Lectures", "Documents publiés", "Toutes les réponses"
_FAPI = "API, OAuth 2.0 : profil FAPI 2.0"
_ASSERTION = "RFC 7523, § 3 ; FAPI 2.0, § 5.3.2.1"
_DPOP = "API, OAuth 2.0 ; RFC 9449, § 4.3"
_MESSAGES = "API, POST /v1/messages"
_PROBLEME = "API : erreurs (RFC 9457)"
_EVENEMENTS = "API, GET /v1/evenements"
_ACQUITTEMENT = "API, POST /v1/evenements/acquittement"
_ABONNEMENTS = "API, POST /v1/abonnements"
_CATALOGUE = "API, GET /v1/contrats"

_TABLE = (
    ("metadonnees", _ACCES, "Publie ses métadonnées OAuth, cohérentes et sans algorithme faible.", "RFC 8414, 9728"),
    ("cles-publiques", _ACCES, "Ne publie de ses clés que leur part publique.", "RFC 7517 ; API, /oauth/jwks"),
    ("jeton", _ACCES, "Donne un jeton contre private_key_jwt et une preuve DPoP.", _FAPI),
    ("jeton-lie", _ACCES, "Lie le jeton à la clé de la preuve, le signe d'une clé publiée, pour 300 s au plus.", _FAPI),
    ("jeton-sans-cache", _ACCES, "Interdit de garder la réponse qui porte le jeton (no-store).", "RFC 6749, § 5.1"),
    ("jeton-sans-preuve", _ACCES, "Ne donne aucun jeton sans preuve DPoP.", "FAPI 2.0, § 5.3.2.1"),
    ("assertion-signee", _ACCES, "Refuse une assertion mal signée, non signée (none) ou en HS256.", _ASSERTION),
    ("assertion-unique", _ACCES, "Refuse une assertion déjà présentée.", _ASSERTION),
    ("assertion-datee", _ACCES, "Refuse une assertion expirée, ou qui ne dit pas sa fin.", _ASSERTION),
    ("assertion-destinee", _ACCES, "Refuse une assertion faite pour un autre (`aud`).", _ASSERTION),
    ("portee", _ACCES, "S'en tient aux portées demandées, et refuse celle qui n'existe pas.", "RFC 6749, § 3.3"),
    ("revocation", _ACCES, "Refuse en cinq secondes un jeton révoqué.", "API, POST /oauth/revoke ; RFC 7009"),
    ("herite", _ACCES, "Ne donne par secret ni `sante:lire` ni `identite:resoudre`.", "API, profil hérité"),
    ("preuve-absente", _PREUVE, "Refuse un jeton sans sa preuve, ou présenté en Bearer.", "RFC 9449, § 7"),
    ("preuve-unique", _PREUVE, "Refuse une preuve déjà présentée.", _DPOP),
    ("preuve-adresse", _PREUVE, "Refuse la preuve d'une autre adresse (`htu`).", _DPOP),
    ("preuve-methode", _PREUVE, "Refuse la preuve d'une autre méthode (`htm`).", _DPOP),
    ("preuve-jeton", _PREUVE, "Refuse la preuve d'un autre jeton, ou d'aucun (`ath`).", _DPOP),
    ("preuve-cle", _PREUVE, "Refuse un jeton que présente une autre clé que la sienne.", "RFC 9449, § 6"),
    ("preuve-datee", _PREUVE, "Refuse une preuve vieille de dix minutes, ou faite dans dix minutes.", _DPOP),
    ("preuve-signee", _PREUVE, "Refuse une preuve mal signée, non signée (none) ou en HS256.", _DPOP),
    ("jeton-faux", _PREUVE, "Refuse un jeton changé, non signé (none) ou signé d'une autre clé.", "RFC 9068, § 4"),
    ("refus-d-acces", _PREUVE, "Dit dans WWW-Authenticate pourquoi l'accès est refusé (401).", "RFC 9449, § 7.1"),
    ("depot", _DEPOT, "Accepte un message conforme : 201, `etat`, `evenements`, `recu`.", _MESSAGES),
    (
        "recu",
        _DEPOT,
        "Signe le reçu d'une clé publiée, sur l'empreinte du message déposé.",
        "API, POST /v1/messages → 201",
    ),
    ("rejeu", _DEPOT, "Rend la première réponse au même message, avec Relais-Rejoue.", "API, POST /v1/messages → 200"),
    ("contenu-different", _DEPOT, "Refuse un autre contenu sous le même `id` (409).", "Catalogue, § 6"),
    ("sans-attente", _DEPOT, "Répond 202 et Location à respond-async, puis décide.", "RFC 7240 ; API, → 202"),
    ("devenir", _DEPOT, "Dit ce qu'est devenu un dépôt, refusé à l'entrée compris.", "API, GET /v1/messages/{id}"),
    ("type-de-contenu", _DEPOT, "Refuse un type non admis (415), et dit ceux qu'il admet.", "API : Accept-Post"),
    ("taille", _DEPOT, "Refuse un message de plus de 256 ko (413).", "API, limites"),
    ("illisible", _DEPOT, "Refuse ce qui n'est pas du JSON lisible par tous (400).", "Catalogue, § 6 ; RFC 8259, § 4"),
    ("contrat", _DEPOT, "Refuse ce que le contrat refuse (422), avec le code et le pointeur.", "Catalogue, § 6"),
    ("identifiant-nir", _DEPOT, "Refuse un `id` qui a la forme d'un NIR.", "Catalogue, § 1 : enveloppe"),
    ("source", _DEPOT, "Refuse le message d'un autre : `emetteur-inconnu` (403).", "API : 403 `emetteur-inconnu`"),
    ("sans-echo", _DEPOT, "Ne répète dans un refus aucune valeur reçue.", _PROBLEME),
    (
        "lot",
        _DEPOT,
        "Répond à un lot ligne à ligne, dans l'ordre ; un refus ne gêne pas les autres.",
        "API, lots",
    ),
    ("flux", _DEPOT, "De même en NDJSON ; une ligne illisible a sa réponse, avec son rang.", "API, NDJSON"),
    (
        "trace",
        _DEPOT,
        "Suit la trace reçue : `instance` d'un refus est son identifiant.",
        "W3C Trace Context",
    ),
    ("fil", _FIL, "Rend des événements conformes, et un curseur, dans la limite demandée.", _EVENEMENTS),
    ("suite", _FIL, "Rend par pages le même fil qu'en une fois, sans trou ni doublon.", _EVENEMENTS),
    (
        "numeros",
        _FIL,
        "Numérote le fil sans trou (`relaisnumero`), page vide comprise.",
        "Catalogue, § 1",
    ),
    ("trous", _FIL, "Dit quels numéros ne sont pas acquittés.", "API, GET /v1/evenements/trous"),
    ("acquittement", _FIL, "Reprend après ce qui est acquitté, et le relit avec `depuis`.", _ACQUITTEMENT),
    ("filtre", _FIL, "Ne rend que les types demandés, et refuse un type inconnu.", _EVENEMENTS),
    (
        "depot-d-autrui",
        _ETANCHE,
        "Ne dit rien d'un dépôt d'un autre : 404, comme d'un inconnu.",
        "API, GET /v1/messages/{id}",
    ),
    (
        "parcours-d-autrui",
        _ETANCHE,
        "Répond au pseudonyme d'un autre comme à un inconnu (404).",
        "API : 404, même corps",
    ),
    ("pseudonymes", _ETANCHE, "Nomme un parcours autrement pour chaque partenaire.", "Catalogue, § 5"),
    ("curseur-d-autrui", _ETANCHE, "Refuse un curseur changé, ou donné à un autre.", _EVENEMENTS),
    ("abonnement-d-autrui", _ETANCHE, "Ne montre ni ne supprime l'abonnement d'un autre.", _ABONNEMENTS),
    ("etag", _LECTURE, "Donne un ETag, et répond 304 à qui l'a déjà.", "API, lectures : If-None-Match"),
    ("parametre-inconnu", _LECTURE, "Refuse un paramètre inconnu ou répété (422).", "API ; Catalogue, § 6"),
    (
        "adresse-inconnue",
        _LECTURE,
        "Répond 404 à une adresse inconnue, 405 et Allow à une méthode.",
        "RFC 9110, § 15.5.6",
    ),
    ("descriptions", _DOCUMENT, "Publie OpenAPI 3.1 et AsyncAPI, avec ce que l'API promet.", "API, /openapi.json"),
    ("contrats", _DOCUMENT, "Publie chaque schéma, dont les exemples sont conformes.", _CATALOGUE),
    ("explications", _DOCUMENT, "Explique chaque code de refus à l'adresse de `type`.", _PROBLEME),
    ("sante", _DOCUMENT, "Dit qu'il vit et qu'il est prêt.", "API, GET /sante/vivant, /sante/pret"),
    ("adresse-interdite", _WEBHOOK, "Refuse un abonnement vers une adresse privée.", "API : adresses https publiques"),
    ("secret-une-fois", _WEBHOOK, "Ne montre le secret d'un abonnement qu'à sa création.", _ABONNEMENTS),
    ("poignee-de-main", _WEBHOOK, "Vérifie l'adresse avant tout événement.", _ABONNEMENTS),
    ("signature", _WEBHOOK, "Signe chaque envoi (Standard Webhooks).", "Standard Webhooks 1.0"),
    ("livraison", _WEBHOOK, "Livre l'essai, puis l'événement, qui est celui du fil.", "API : mêmes lignes"),
    ("rotation", _WEBHOOK, "Signe de l'ancien et du nouveau secret après une rotation.", _ABONNEMENTS),
    ("probleme", _HTTP, "Écrit chaque refus en application/problem+json, complet.", _PROBLEME),
    ("debit", _HTTP, "Dit au partenaire ce qu'il lui reste (RateLimit).", "API, limites"),
    ("sans-cors", _HTTP, "N'ouvre l'API à aucune page d'une autre origine.", "API : pas de CORS"),
    ("prive", _HTTP, "Ne laisse aucun intermédiaire garder ce qu'il dit d'une personne.", "RFC 9111, § 5.2.2"),
    ("tls", _HTTP, "Ne s'ouvre qu'en TLS, avec HSTS.", "API, adresse de base ; RFC 6797"),
    ("redemarrage", _HTTP, "Garde, arrêté puis relancé, ce qu'il a accepté.", "API, → 201 : rien n'est perdu"),
)

EXIGENCES: Exigences = table("hub", _TABLE)
