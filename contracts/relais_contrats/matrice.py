"""The matrix of CATALOGUE § 5 as data: roles, kinds of organisation, groups of fields. `droits` applies it."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from relais_contrats import declaration
from relais_contrats.groupes import Groupe

LIRE_LA_SANTE = "sante:lire"


class Role(StrEnum):
    """Why a partner takes part in a parcours; the words of the catalogue, and the territory."""

    TERRITOIRE = "territoire"
    EMETTEUR = declaration.EMETTEUR
    SIGNALANT = "signalant"
    """It signalled the person and was not told who she is: it reads back what it sent, and takes no part yet."""
    ORIENTATION = declaration.STRUCTURE_ORIENTATION
    REFERENT = declaration.STRUCTURE_REFERENT
    ACCOMPAGNANT = declaration.ACCOMPAGNANT
    PRESCRIPTION = declaration.STRUCTURE_SERVICE
    PRESCRIPTEUR = declaration.EMETTEUR_PRESCRIPTION
    """Beside a reason to take part, for what concerns a prescription of its own: never one by itself."""
    ABONNE = declaration.ABONNES_TERRITOIRE
    TITULAIRE = declaration.TITULAIRE
    SUR_PLACE = "sur-place"
    """No reason to take part: the parcours is in the partner's territory now."""
    OPPOSITION = "opposition"
    """No reason to take part: the person has objected, which narrows what the reasons beside it open."""


CIRCONSTANCES = frozenset({Role.SUR_PLACE, Role.OPPOSITION, Role.PRESCRIPTEUR})
"""What changes the meaning of a reason to take part, without being one."""
PAYEURS = frozenset({"caf", "msa"})
CONFIES = frozenset({Role.ORIENTATION, Role.REFERENT, Role.ACCOMPAGNANT, Role.PRESCRIPTION})
"""Reasons that an event about this very person gave."""
TERRITORIAUX = frozenset({"departement", "france-travail", "caf", "msa"})
"""Kinds of organisation whose mission is a territory: elsewhere their kind opens nothing."""


class Acces(StrEnum):
    """One cell of the matrix."""

    OUI = "oui"
    NON = "non"
    SES_DOSSIERS = "ses dossiers"
    CONCERNE = "si concerné"
    ORIENTE = "si orienté ou prescrit vers lui"
    PRESCRIT = "si prescrit vers lui"
    PORTEE_SANTE = "portée sante:lire"
    PORTEE_SANTE_CONCERNE = "portée sante:lire, si concerné"


_ROLES_QUI_OUVRENT: Mapping[Acces, frozenset[Role]] = {
    Acces.SES_DOSSIERS: frozenset({Role.EMETTEUR, Role.ORIENTATION, Role.REFERENT}),
    Acces.CONCERNE: CONFIES,
    Acces.ORIENTE: CONFIES,
    Acces.PRESCRIT: frozenset({Role.PRESCRIPTION}),
}

_OUI, _NON, _SIENS, _CONCERNE, _ORIENTE, _PRESCRIT, _SANTE, _SANTE_CONCERNE = Acces
_COLONNES = ("departement", "france-travail", "mission-locale", "delegataire", "association", "caf")
_LIGNES: Mapping[Groupe, tuple[Acces, ...]] = {
    Groupe.COMMUN: (_OUI, _OUI, _OUI, _OUI, _OUI, _OUI),
    Groupe.NIR: (_OUI, _OUI, _SIENS, _NON, _NON, _OUI),
    Groupe.NUMEROS: (_OUI, _OUI, _OUI, _OUI, _NON, _OUI),
    Groupe.IDENTITE: (_OUI, _OUI, _OUI, _OUI, _PRESCRIT, _NON),
    Groupe.ORIENTATION: (_OUI, _OUI, _CONCERNE, _CONCERNE, _ORIENTE, _NON),
    Groupe.DIAGNOSTIC: (_OUI, _OUI, _CONCERNE, _CONCERNE, _NON, _NON),
    Groupe.SANTE: (_SANTE, _SANTE, _SANTE_CONCERNE, _NON, _NON, _NON),
    Groupe.CONTRAT: (_OUI, _OUI, _OUI, _OUI, _NON, _NON),
    Groupe.SANCTIONS: (_OUI, _OUI, _NON, _NON, _NON, _OUI),
    Groupe.LOCAL: (_OUI, _NON, _NON, _OUI, _NON, _NON),
    Groupe.OFFRE: (_OUI, _OUI, _OUI, _OUI, _OUI, _OUI),
}
_COLONNE_DE: Mapping[str, str] = {
    "cap-emploi": "mission-locale",
    "ccas": "association",
    "siae": "association",
    "msa": "caf",
}
# Who follows somebody of another territory does so as the délégataire of the territory would.
_AILLEURS = "delegataire"

NOMS: Mapping[Groupe, str] = {
    Groupe.COMMUN: "ce message",
    Groupe.NIR: "le NIR",
    Groupe.NUMEROS: "les numéros de la personne",
    Groupe.IDENTITE: "l'identité de la personne",
    Groupe.ORIENTATION: "l'orientation et le suivi",
    Groupe.DIAGNOSTIC: "le diagnostic",
    Groupe.SANTE: "ce qui touche à la santé",
    Groupe.CONTRAT: "le contrat d'engagement",
    Groupe.SANCTIONS: "les sanctions",
    Groupe.LOCAL: "l'identifiant local",
    Groupe.OFFRE: "l'offre et les prescriptions",
}
"""How each group is called in a refusal."""
MATRICE: Mapping[Groupe, Mapping[str, Acces]] = {
    groupe: dict(zip(_COLONNES, ligne, strict=True)) for groupe, ligne in _LIGNES.items()
}


def acces(groupe: Groupe, type_organisme: str) -> Acces:
    """The cell of the matrix; a kind of organisation that has no column (plateforme-offre) sees the offer only."""
    colonne = _COLONNE_DE.get(type_organisme, type_organisme)
    defaut = Acces.OUI if groupe in (Groupe.OFFRE, Groupe.COMMUN) else Acces.NON
    return MATRICE[groupe].get(colonne, defaut)


def exerce_son_genre(type_organisme: str, roles: frozenset[Role]) -> bool:
    """Whether what it is counts here, and not only the role that it was given: its mission stops at its territory."""
    return type_organisme not in TERRITORIAUX or Role.SUR_PLACE in roles


def lit_selon_son_genre(type_organisme: str, roles: frozenset[Role]) -> bool:
    """The same for what it reads: the territory that a person has left reads on for a month."""
    return exerce_son_genre(type_organisme, roles) or Role.TERRITOIRE in roles


@cache
def groupes_de_la_matrice(type_organisme: str, roles: frozenset[Role], *, voit_sante: bool) -> frozenset[Groupe]:
    """The groups that the matrix opens to this kind of organisation with these roles, as `droits.situer` gives them."""
    colonne = type_organisme if lit_selon_son_genre(type_organisme, roles) else _AILLEURS
    return frozenset(g for g in Groupe if _ouvert(acces(g, colonne), roles, voit_sante=voit_sante))


def _ouvert(cellule: Acces, roles: frozenset[Role], *, voit_sante: bool) -> bool:
    match cellule:
        case Acces.OUI:
            return True
        case Acces.NON:
            return False
        case Acces.PORTEE_SANTE:
            return voit_sante
        case Acces.PORTEE_SANTE_CONCERNE:
            return voit_sante and _ouvert(Acces.CONCERNE, roles, voit_sante=voit_sante)
        case _:
            return bool(roles & _ROLES_QUI_OUVRENT[cellule])
