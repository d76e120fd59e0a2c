"""Codes of France Travail that no table of the contracts holds: return codes, basket, scopes."""

from types import MappingProxyType
from typing import Final, NamedTuple


class Retour(NamedTuple):
    """How an answer is said: its HTTP status, its code, its sentence."""

    status: int
    code: str
    message: str


TROUVE: Final = Retour(200, "S001", "Usager trouvé")
AUCUN: Final = Retour(200, "S002", "Aucun usager trouvé")
PLUSIEURS: Final = Retour(200, "S003", "Plusieurs usagers trouvés")
VALIDATION: Final = Retour(400, "R997", "Une erreur de validation s'est produite")
NON_AUTORISE: Final = Retour(403, "R001", "Accès non autorisé")
NON_RATTACHE: Final = Retour(403, "R002", "L'usager n'est pas rattaché à la structure de l'accédant")
EN_ERREUR: Final = Retour(500, "R998", "Un service a répondu en erreur")
INDISPONIBLE: Final = Retour(503, "R999", "Service indisponible, veuillez réessayer ultérieurement")

JETON_ABSENT: Final = Retour(400, "JETON_USAGER_ABSENT", "L'en-tête ft-jeton-usager est obligatoire")
JETON_INVALIDE: Final = Retour(403, "JETON_USAGER_INVALIDE", "Le jeton usager n'est pas reconnu")
JETON_EXPIRE: Final = Retour(403, "JETON_USAGER_EXPIRE", "Le jeton usager a expiré")
TROP_D_APPELS: Final = Retour(429, "TROP_D_APPELS", "Le nombre d'appels autorisé est dépassé")
CORPS_TROP_GRAND: Final = Retour(413, "CORPS_TROP_GRAND", "Le corps de la requête est trop grand")
ADRESSE_REFUSEE: Final = Retour(403, "ADRESSE_NON_AUTORISEE", "L'adresse d'appel n'est pas autorisée")
JETON_D_ACCES: Final = Retour(401, "ACCES_NON_AUTHENTIFIE", "Le jeton d'accès est absent, inconnu ou expiré")
HORS_PERIMETRE: Final = Retour(403, "SCOPE_INSUFFISANT", "Le jeton d'accès ne porte pas le scope de cette API")
CHEMIN_INCONNU: Final = Retour(404, "RESSOURCE_INCONNUE", "Cette adresse n'existe pas")

ACCES_S: Final = 1_499
"""How long an access token lives, in seconds."""
JETON_H: Final = 24
"""How long `ft-jeton-usager` lives, in hours."""

RIGHTS: Final = frozenset({"non-autorise", "hors-territoire", "finalite-interdite", "emetteur-inconnu"})
"""Refusals of the hub that are said 403; a parcours that is not known any more is `NON_RATTACHE`."""

INDETERMINE: Final = "IND"
"""`parcours` or `organisme` that nobody chose yet."""
ETATS: Final = MappingProxyType({"ouverte": "OUVERT", "close": "CLOTURE", "a-venir": "OUVERT"})
"""`etat` of an orientation that was decided; France Travail has no word for one whose first day is to come."""
PRECONISE, DECIDE, EN_ATTENTE, BROUILLON = "PRECONISE", "DECIDE", "EN_ATTENTE", "BROUILLON"

ACTIVITES: Final = MappingProxyType(
    {
        "decision": ("ACT382", "INSEA"),
        "premier-rendez-vous": ("ACT380", "MSACC"),
        "sanction": ("ACT366", "GLI100"),
    }
)
"""What falls due at the hub: the activity and its family."""
SUSPENSION_A_TRAITER, SUPPRESSION_A_TRAITER = "ACT367", "ACT370"
"""Of a suspension that is being instructed, and of a suppression: other activities of the same family."""
FAMILLES: Final = MappingProxyType(
    {
        "ACT382": "INSEA",
        "ACT380": "MSACC",
        **dict.fromkeys(("ACT366", SUSPENSION_A_TRAITER, "ACT368", "ACT369", SUPPRESSION_A_TRAITER), "GLI100"),
    }
)
CONSEQUENCE: Final = "idConsequenceSanction"
"""The attribute of an activity that the API of sanctions wants."""
SORTIE: Final = "C001"
"""`codeSortie` of a sanction that was taken."""
CIVILITES: Final = MappingProxyType({"feminin": "MME", "masculin": "M"})

SCOPES: Final = MappingProxyType(
    {
        "recherche": "api_rechercher-usager",
        "orientation": "api_orientationusager",
        "activites": "api_activites-operationnelles",
        "rendez-vous": "api_rendez-vous-partenaire",
        "informations": "api_informations-administratives",
        "sanctions": "api_gestion-sanctions-rsa",
    }
)
"""The beginning of the scope of each published API, whatever its version."""
