"""Who may send and see what: territory, participation, type, field. The one place that every door asks.

The matrix is data (CATALOGUE § 5); inbound, fan-out, feed, webhook and replay all go through `visible`, reads through
`vue_visible`: the same groups.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from gateway.partners import Partenaire
from relais_contrats import catalogue
from relais_contrats.catalogue import TypeMessage
from relais_contrats.champs import projeter, projeter_vue
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees

PUBLIER = "offres:publier"
"""The scope without which nobody publishes in the offer, whatever its kind."""


class Role(StrEnum):
    """Why a partner takes part in a parcours; the words of the catalogue, and the territory."""

    TERRITOIRE = "territoire"
    EMETTEUR = catalogue.EMETTEUR
    ORIENTATION = catalogue.STRUCTURE_ORIENTATION
    REFERENT = catalogue.STRUCTURE_REFERENT
    ACCOMPAGNANT = catalogue.ACCOMPAGNANT
    PRESCRIPTION = catalogue.STRUCTURE_SERVICE
    PRESCRIPTEUR = catalogue.EMETTEUR_PRESCRIPTION
    """Beside a reason to take part, for what concerns a prescription of its own: never one by itself."""
    ABONNE = catalogue.ABONNES_TERRITOIRE
    TITULAIRE = catalogue.TITULAIRE
    OPPOSITION = "opposition"
    """No reason to take part: the person has objected, which narrows what the reasons beside it open."""


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
    Acces.CONCERNE: frozenset({Role.ORIENTATION, Role.REFERENT, Role.ACCOMPAGNANT, Role.PRESCRIPTION}),
    Acces.ORIENTE: frozenset({Role.ORIENTATION, Role.REFERENT, Role.ACCOMPAGNANT, Role.PRESCRIPTION}),
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

MATRICE: Mapping[Groupe, Mapping[str, Acces]] = {
    groupe: dict(zip(_COLONNES, ligne, strict=True)) for groupe, ligne in _LIGNES.items()
}


# After an objection (docs/decisions/0019), only missions that the law gives go on: those of an organisation, or by a
# decision about this very person. What ends the sharing is told to all who shared.
_MISSION_LEGALE = frozenset({"departement", "france-travail", "caf", "msa"})
_ROLES_CONFIES = frozenset({Role.ORIENTATION, Role.REFERENT})
_FERMES_PAR_OPPOSITION = frozenset({Groupe.SANTE})
_DIT_A_TOUS = frozenset({"usager.oppose", "usager.efface"})


def roles_ouverts(type_organisme: str, roles: frozenset[Role]) -> frozenset[Role]:
    """The roles that open something to this kind of organisation; with OPPOSITION among them while it narrows them."""
    reels = roles - {Role.OPPOSITION}
    if reels == roles or type_organisme in _MISSION_LEGALE:
        return roles if reels else frozenset()
    confies = reels & _ROLES_CONFIES
    return confies | {Role.OPPOSITION} if confies else frozenset()


def _ouverts(partenaire: Partenaire, roles: frozenset[Role], type_message: str | None = None) -> frozenset[Role]:
    if not partenaire.est_actif:
        return frozenset()
    if type_message in _DIT_A_TOUS:
        return roles - {Role.OPPOSITION}
    return roles_ouverts(partenaire.type_organisme, roles)


def acces(groupe: Groupe, type_organisme: str) -> Acces:
    """The cell of the matrix; a kind of organisation that has no column (plateforme-offre) sees the offer only."""
    colonne = _COLONNE_DE.get(type_organisme, type_organisme)
    defaut = Acces.OUI if groupe in (Groupe.OFFRE, Groupe.COMMUN) else Acces.NON
    return MATRICE[groupe].get(colonne, defaut)


def groupes_visibles(partenaire: Partenaire, roles: frozenset[Role]) -> frozenset[Groupe]:
    """What this partner sees of a parcours in which it holds these roles."""
    ouverts = roles_ouverts(partenaire.type_organisme, roles)
    groupes = _groupes_visibles(partenaire.type_organisme, ouverts, voit_sante="sante:lire" in partenaire.scopes)
    if Role.OPPOSITION not in ouverts or partenaire.type_organisme == "departement":
        return groupes
    return groupes - _FERMES_PAR_OPPOSITION


@cache
def _groupes_visibles(type_organisme: str, roles: frozenset[Role], *, voit_sante: bool) -> frozenset[Groupe]:
    return frozenset(g for g in Groupe if _ouvert(acces(g, type_organisme), roles, voit_sante=voit_sante))


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


def visible(
    partenaire: Partenaire, roles: frozenset[Role], type_message: str, donnees: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The data of a message as this partner may see them; None when it may see nothing of it."""
    ouverts = _ouverts(partenaire, roles, type_message)
    if not ouverts:
        return None
    projection = projeter(type_message, donnees, groupes_visibles(partenaire, ouverts))
    return None if donnees and not projection else projection


def vue_visible(
    partenaire: Partenaire, roles: frozenset[Role], modele: type[Donnees], vue: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What a service answers to a read, as this partner may see it; a field that `modele` does not name is hidden."""
    if not _ouverts(partenaire, roles):
        return None
    return projeter_vue(modele, vue, groupes_visibles(partenaire, roles))


def recoit(message: TypeMessage, partenaire: Partenaire, roles: frozenset[Role], *, est_la_cause: bool) -> bool:
    """Whether a participant is among the receivers of this message (CATALOGUE § 3, column R).

    `est_la_cause`: the deposit that led to this event is its own.
    """
    ouverts = _ouverts(partenaire, roles, message.nom)
    if not ouverts:
        return False
    titres = {partenaire.type_organisme, catalogue.PARTICIPANTS, *(ouverts - {Role.EMETTEUR})}
    if est_la_cause:
        titres.add(catalogue.EMETTEUR)
    return not message.recepteurs.isdisjoint(titres)


def peut_emettre(message: TypeMessage, partenaire: Partenaire, roles: frozenset[Role]) -> bool:
    """Whether this partner, with the roles that it holds on the parcours, may emit that message (column E)."""
    if catalogue.ABONNES_TERRITOIRE in message.recepteurs and PUBLIER not in partenaire.scopes:
        return False
    if partenaire.type_organisme in message.emetteurs:
        return True
    titres = {catalogue.PARTICIPANT, *roles} if roles else set()
    return not message.roles_emetteurs.isdisjoint(titres)


def refus_d_emettre(partenaire: Partenaire, departement: str, finalite: str, jour: date) -> tuple[str, str] | None:
    """Why this partner may exchange nothing there or for that: (refusal code, JSON Pointer); None when it may."""
    if departement not in partenaire.departements:
        return "hors-territoire", "/departement"
    if not partenaire.finalite_permise(finalite, jour):
        return "finalite-interdite", "/finalite"
    return None
