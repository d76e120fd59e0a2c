"""The one table of who may do what. A route names its act; an act that is not here opens nothing."""

from collections.abc import Mapping
from enum import StrEnum

from relais_contrats.administration.acte import Portee
from relais_contrats.administration.actes import ACTES


class Role(StrEnum):
    """From the least to the most; each may what the one before may."""

    LECTURE = "lecture"
    EXPLOITATION = "exploitation"
    ADMINISTRATION = "administration"


ROLES: Mapping[Portee, Role] = {
    Portee.LIRE: Role.LECTURE,
    Portee.EXPLOITER: Role.EXPLOITATION,
    Portee.ADMINISTRER: Role.ADMINISTRATION,
}
"""The role that each scope of the administration API gives, and the least one of the acts that ask for it."""


class Acte(StrEnum):
    """What the console does by itself; what it asks of the gateway is in `relais_contrats.administration.actes`."""

    ADMINISTRER_LIRE = "administration-lire"
    VOIR_ACCUEIL = "voir-accueil"
    VOIR_MESSAGES = "voir-messages"
    EXPORTER_MESSAGES = "exporter-messages"
    VOIR_TRACES = "voir-traces"
    VOIR_ATTENTION = "voir-attention"
    VOIR_DELAIS = "voir-delais"
    VOIR_LIVRAISONS = "voir-livraisons"
    VOIR_ALERTES = "voir-alertes"
    VOIR_PARTENAIRES = "voir-partenaires"
    VOIR_DROITS = "voir-droits"
    VOIR_AUDIT = "voir-audit"
    VOIR_REGISTRE = "voir-registre"
    CHERCHER_PERSONNE = "chercher-personne"
    VOIR_EXERCICES = "voir-exercices"
    LIRE_MASQUE = "lire-masque"
    CONFIRMER = "confirmer"
    OUVRIR_CONTENU = "ouvrir-contenu"
    SORTIR = "sortir"
    VOIR_OPERATEURS = "voir-operateurs"


TABLE: Mapping[str, tuple[str, Role]] = {
    Acte.ADMINISTRER_LIRE: ("Lire les vues de l'API d'administration", Role.LECTURE),
    Acte.VOIR_ACCUEIL: ("Voir l'accueil : débits, refus, files, partenaires en difficulté", Role.LECTURE),
    Acte.VOIR_MESSAGES: ("Chercher et lire les messages, sans leur contenu ; garder ses recherches", Role.LECTURE),
    Acte.EXPORTER_MESSAGES: ("Exporter la liste des messages, sans leur contenu", Role.EXPLOITATION),
    Acte.VOIR_TRACES: ("Chercher et lire les traces", Role.LECTURE),
    Acte.VOIR_ATTENTION: ("Lire les points d'attention", Role.LECTURE),
    Acte.VOIR_DELAIS: ("Lire et exporter les délais par département", Role.LECTURE),
    Acte.VOIR_LIVRAISONS: ("Voir les livraisons, les rejeux, le rebut et les pannes", Role.LECTURE),
    Acte.VOIR_ALERTES: ("Voir les alertes, leurs seuils et leurs destinataires", Role.LECTURE),
    Acte.VOIR_PARTENAIRES: ("Voir les partenaires, leurs clés, leurs conventions et leurs droits", Role.LECTURE),
    Acte.VOIR_DROITS: ("Lire ce tableau", Role.LECTURE),
    Acte.VOIR_REGISTRE: ("Lire et exporter le registre des traitements et des flux", Role.LECTURE),
    Acte.VOIR_AUDIT: ("Lire le journal des accès : qui a fait et vu quoi", Role.EXPLOITATION),
    Acte.CHERCHER_PERSONNE: ("Chercher une personne qui demande l'accès à ses données", Role.ADMINISTRATION),
    Acte.VOIR_EXERCICES: ("Lire les exercices d'un bac à sable et leurs bilans", Role.LECTURE),
    Acte.LIRE_MASQUE: ("Lire la forme d'un message, valeurs masquées, avec un motif journalisé", Role.LECTURE),
    Acte.CONFIRMER: (
        "Voir, confirmer ou écarter ce qu'un autre opérateur demande",
        Role.EXPLOITATION,
    ),
    Acte.OUVRIR_CONTENU: ("Ouvrir le contenu d'un message, avec un motif journalisé", Role.EXPLOITATION),
    Acte.SORTIR: ("Se déconnecter", Role.LECTURE),
    Acte.VOIR_OPERATEURS: ("Voir les opérateurs, leurs sessions et leurs entrées", Role.ADMINISTRATION),
    **{nom: (acte.phrase, ROLES[acte.portee]) for nom, acte in ACTES.items()},
}
"""What each act is, in French, and the least role that may do it."""

_RANKS = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, acte: str) -> bool:
    return _RANKS[role] >= _RANKS[TABLE[acte][1]]


def strongest(roles: "set[Role]") -> Role | None:
    return max(roles, key=_RANKS.__getitem__, default=None)
