"""What is asked of a partner's webhook endpoint: one row per requirement, with an id that does not change."""

from relais_kit.exigences import Exigences, table

_OUVERTURE, _SIGNATURE, _REPETITION = "Ouverture", "Signature", "Répétitions et ordre"
_CONTRAT, _TRANSPORT = "Contrat", "Transport"
_ABONNEMENTS = "API, POST /v1/abonnements"
_STANDARD = "Standard Webhooks 1.0, signature"
_ID = "Catalogue, § 1 : `id`, le même à chaque envoi"
_SEQUENCE = "Catalogue, § 1 : `sequence`, par parcours et par brique"
_TOLERANCE = "Catalogue, § 1 : qui lit un événement tolère l'inconnu"
_LOTS = "API, POST /v1/abonnements : `lot`"
_RELANCES = "API, événements : relances et redirections"


_TABLE = (
    ("poignee-de-main", _OUVERTURE, "Répond 2xx à la vérification qui ouvre l'abonnement.", _ABONNEMENTS),
    ("essai", _OUVERTURE, "Répond 2xx à la livraison d'essai.", "API, POST /v1/abonnements/{id}/essai"),
    ("evenement-accepte", _OUVERTURE, "Répond 2xx à un événement bien signé.", _ABONNEMENTS),
    ("evenement-traite", _OUVERTURE, "Traite, une fois, ce à quoi il a répondu 2xx.", _RELANCES),
    ("sans-signature", _SIGNATURE, "Refuse un envoi auquel il manque un en-tête de signature.", _STANDARD),
    ("signature-fausse", _SIGNATURE, "Refuse une signature faite avec une autre clé.", _STANDARD),
    ("corps-altere", _SIGNATURE, "Refuse un corps changé après sa signature.", _STANDARD),
    ("id-altere", _SIGNATURE, "Refuse un `webhook-id` changé après la signature.", _STANDARD),
    ("horodatage-altere", _SIGNATURE, "Refuse un `webhook-timestamp` changé après la signature.", _STANDARD),
    ("horodatage-ancien", _SIGNATURE, "Refuse un envoi bien signé d'il y a quinze minutes.", _STANDARD),
    ("horodatage-futur", _SIGNATURE, "Refuse un envoi bien signé daté dans quinze minutes.", _STANDARD),
    ("horodatage-illisible", _SIGNATURE, "Refuse un `webhook-timestamp` qui n'est pas un nombre.", _STANDARD),
    ("horloge-proche", _SIGNATURE, "Accepte vingt secondes d'écart entre les horloges.", _STANDARD),
    ("octets-exacts", _SIGNATURE, "Vérifie la signature sur les octets reçus, non sur du JSON réécrit.", _STANDARD),
    ("signatures-multiples", _SIGNATURE, "Accepte dès qu'une des signatures est juste (rotation).", _STANDARD),
    ("version-inconnue", _SIGNATURE, "Ignore une signature d'une version qu'il ne connaît pas.", _STANDARD),
    ("refus-sans-trace", _SIGNATURE, "Accepte le vrai envoi d'un id déjà présenté mal signé.", _STANDARD),
    ("rotation-ancien", _SIGNATURE, "Accepte l'ancien secret jusqu'à la fin du recouvrement.", _ABONNEMENTS),
    ("rotation-close", _SIGNATURE, "Refuse l'ancien secret après la fin du recouvrement.", _ABONNEMENTS),
    ("v1a-abonnement", _SIGNATURE, "Refuse, signé v1a, l'événement d'un autre abonnement.", _ABONNEMENTS),
    ("doublon-accepte", _REPETITION, "Répond 2xx au même envoi, venu une seconde fois.", _RELANCES),
    ("doublon-une-fois", _REPETITION, "Ne traite qu'une fois un envoi répété.", _ID),
    ("doublon-simultane", _REPETITION, "Ne traite qu'une fois deux envois simultanés du même événement.", _ID),
    ("doublon-en-lot", _REPETITION, "Ne traite qu'une fois un événement venu seul, puis dans un lot.", _ID),
    ("faits-distincts", _REPETITION, "Traite deux événements de même contenu et d'id différents.", _ID),
    ("ordre", _REPETITION, "Traite les faits d'un parcours dans l'ordre où ils lui sont livrés.", _SEQUENCE),
    ("retardataire", _REPETITION, "Accepte et traite un fait qui arrive après un plus récent.", _SEQUENCE),
    ("trou", _REPETITION, "Traite un fait sans attendre une `sequence` qu'il ne verra pas.", _SEQUENCE),
    ("type-inconnu", _CONTRAT, "Répond 2xx à un type qu'il ne connaît pas.", _TOLERANCE),
    ("champ-inconnu", _CONTRAT, "Accepte et traite un événement dont `data` a un champ inconnu.", _TOLERANCE),
    ("attribut-inconnu", _CONTRAT, "Accepte et traite un événement qui a un attribut inconnu.", _TOLERANCE),
    ("code-inconnu", _CONTRAT, "Répond 2xx à un code qu'il ne connaît pas.", "Catalogue, § 1 : listes ouvertes"),
    ("donnees-reduites", _CONTRAT, "Répond 2xx à un événement réduit à ses droits.", "Catalogue, § 5"),
    ("lot", _TRANSPORT, "Accepte un lot et en traite tous les événements.", _LOTS),
    ("lot-melange", _TRANSPORT, "Traite un lot malgré un type inconnu en son milieu.", _LOTS),
    ("grand", _TRANSPORT, "Accepte un événement de près de 150 ko.", "API, limites : 256 ko par message"),
    ("corps-lent", _TRANSPORT, "Lit en entier un corps qui arrive par morceaux.", "RFC 9112, § 6"),
    ("simultanes", _TRANSPORT, "Accepte et traite seize envois simultanés.", _RELANCES),
    ("sans-redirection", _TRANSPORT, "Ne répond par aucune redirection : elle n'est pas suivie.", _RELANCES),
    ("delai", _TRANSPORT, "Répond avant que le relais n'abandonne (15 s).", _RELANCES),
    ("redemarrage", _TRANSPORT, "Arrêté puis relancé, n'oublie ni ne répète ce qu'il a traité.", _RELANCES),
    ("disponible", _TRANSPORT, "Répond à chaque envoi, sans couper la connexion.", _RELANCES),
)

EXIGENCES: Exigences = table("recepteur", _TABLE)
