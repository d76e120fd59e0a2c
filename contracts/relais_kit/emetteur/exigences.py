"""What is asked of a partner that sends: one row per requirement, with an id that does not change."""

from relais_kit.exigences import Exigences, table

_ACCES, _DEPOT, _RELANCE = "Jeton et preuves", "Messages déposés", "Relances et refus"
_LECTURE, _STRICT = "Fil d'événements", "Ce qu'un relais strict ferait (--strict)"
_OAUTH = "API, OAuth 2.0 : profil FAPI 2.0"
_DPOP = "API, OAuth 2.0 ; RFC 9449, § 4"
_ENVELOPPE = "Catalogue, § 1 : enveloppe"
_INDISPONIBLE = "Catalogue, § 6 : `indisponible`, à refaire avec Retry-After"
_REJEU = "API, POST /v1/messages → 200 : mêmes id et corps, première réponse"
_TOLERANCE = "Catalogue, § 1 : qui lit un événement tolère l'inconnu"
_FIL = "API, GET /v1/evenements"

_TABLE = (
    ("jeton-obtenu", _ACCES, "Obtient un jeton : private_key_jwt et preuve DPoP.", _OAUTH),
    ("jeton-reutilise", _ACCES, "Garde son jeton tant qu'il vaut, au lieu d'en demander un par requête.", _OAUTH),
    ("jeton-renouvele", _ACCES, "Demande un autre jeton quand le sien a expiré.", "API, OAuth 2.0 : jeton de 300 s"),
    ("jeton-refuse", _ACCES, "Après un 401, n'insiste pas avec le jeton refusé et ne perd pas le message.", _OAUTH),
    ("assertion-unique", _ACCES, "Signe une nouvelle assertion à chaque demande de jeton.", "RFC 7523, § 3 : `jti`"),
    ("secret-hors-adresse", _ACCES, "Ne met ni jeton, ni secret, ni assertion dans une adresse.", "RFC 9700, § 4.3.2"),
    ("dpop-presente", _ACCES, "Joint une preuve DPoP, une seule, à chaque requête.", _DPOP),
    ("dpop-adresse", _ACCES, "Dit dans la preuve l'adresse de la requête (`htu`).", _DPOP),
    ("dpop-methode", _ACCES, "Dit dans la preuve la méthode de la requête (`htm`).", _DPOP),
    ("dpop-jeton", _ACCES, "Lie la preuve au jeton présenté (`ath`).", "API, OAuth 2.0 ; RFC 9449, § 7"),
    ("dpop-unique", _ACCES, "Fait une nouvelle preuve à chaque envoi, relances comprises (`jti`).", _DPOP),
    ("dpop-juste", _ACCES, "Signe la preuve avec la clé du jeton, à l'instant, sans montrer cette clé.", _DPOP),
    ("source", _DEPOT, "Dépose en son nom : `source` est le partenaire authentifié.", _ENVELOPPE),
    (
        "depot-lisible",
        _DEPOT,
        "Dépose du JSON lisible, sous un type admis, dans les limites.",
        "API, POST /v1/messages",
    ),
    ("id-unique", _DEPOT, "Donne à deux faits deux `id`.", _ENVELOPPE),
    ("nir-hors-id", _DEPOT, "Ne met aucun NIR dans un `id`, une clé d'objet ou une extension.", _ENVELOPPE),
    ("nir-hors-adresse", _DEPOT, "Ne met aucun NIR dans une adresse ou un en-tête.", "Style, § 9 ; Catalogue, § 5"),
    ("trace", _DEPOT, "Donne un contexte de trace lisible : en-tête ou attribut `traceparent`.", _ENVELOPPE),
    ("instant", _DEPOT, "Écrit `time` avec son décalage horaire (RFC 3339).", _ENVELOPPE),
    ("cles-propres", _DEPOT, "Ne crée aucun objet sous la clé `obj_…` d'un autre.", "Catalogue, § 1 : clés des objets"),
    ("ordre", _DEPOT, "N'envoie pas en même temps, et à rebours, les faits d'un même parcours.", _ENVELOPPE),
    ("relance-503", _RELANCE, "Renvoie le message après un 503.", _INDISPONIBLE),
    ("relance-429", _RELANCE, "Renvoie le message après un 429.", "API, limites : Retry-After"),
    ("retry-after", _RELANCE, "Attend le délai de Retry-After avant de renvoyer.", _INDISPONIBLE),
    ("relance-meme-id", _RELANCE, "Renvoie sous le même `id`.", _REJEU),
    ("relance-identique", _RELANCE, "Renvoie le même message, sans rien y changer.", _REJEU),
    ("rejeu-accepte", _RELANCE, "Tient un 200 « déjà reçu » pour une acceptation.", _REJEU),
    ("en-attente", _RELANCE, "Après un 202, ne dépose pas le fait une seconde fois.", "API, POST /v1/messages → 202"),
    ("refus-definitif", _RELANCE, "Ne renvoie pas tel quel un message refusé pour de bon (422…).", "Catalogue, § 6"),
    ("lot-ligne", _RELANCE, "Lit la réponse d'un lot ligne à ligne, et renvoie celle qui est à refaire.", "API, lots"),
    ("reponse-inconnue", _RELANCE, "Accepte une réponse qui a un champ de plus.", "Catalogue, § 1 : v1 s'enrichit"),
    ("acquittement", _LECTURE, "Acquitte le curseur de ce qu'il a lu.", "API, POST /v1/evenements/acquittement"),
    ("lecture-relancee", _LECTURE, "Relit son fil après un 503.", _INDISPONIBLE),
    ("code-inconnu", _LECTURE, "Lit et acquitte un événement dont un code lui est inconnu.", _TOLERANCE),
    ("champ-inconnu", _LECTURE, "Lit et acquitte un type, un champ ou un attribut inconnus.", _TOLERANCE),
    ("doublon", _LECTURE, "Ne réagit qu'une fois à un événement que le fil rend deux fois.", _FIL),
    ("nonce", _STRICT, "Reprend le `nonce` que le relais lui demande.", "RFC 9449, § 8 et 9 ; FAPI 2.0, § 5.3.3"),
    ("redirection", _STRICT, "Ne suit aucune redirection avec un message.", "API : aucune adresse ne redirige"),
    ("silence", _STRICT, "Abandonne une requête sans réponse, puis renvoie le message.", _INDISPONIBLE),
    ("jeton-indisponible", _STRICT, "Redemande un jeton après un 503, avec une autre assertion.", _OAUTH),
)

EXIGENCES: Exigences = table("emetteur", _TABLE)
STRICTES = tuple(nom for nom, theme, _, _ in _TABLE if theme == _STRICT)
"""What the hub does not do today: nothing of it is played, nor fails, unless it is asked for."""
