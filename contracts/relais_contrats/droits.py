"""The one gate: who may send and see what (CATALOGUE § 5). Pure: who asks, its roles and the day are arguments.

Every door asks it: deposits, reads, lists, statistics, fan-out, feed, webhook, replay, reconciliation and pages.

A partner passes when a convention in force has a purpose that the message serves, when it takes part in the parcours
where this is now (`situer`), and when its kind, its roles and the scopes of its token open the group of the fields.
The matrix itself is data: `relais_contrats.matrice`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from relais_contrats import declaration
from relais_contrats.catalogue import CATALOGUE, PARTIES, TypeMessage
from relais_contrats.champs import projeter, projeter_vue
from relais_contrats.codes.acteurs import Finalite, TypeOrganisme
from relais_contrats.groupes import Groupe
from relais_contrats.matrice import (
    CIRCONSTANCES,
    CONFIES,
    LIRE_LA_SANTE,
    NOMS,
    PAYEURS,
    TERRITORIAUX,
    Acces,
    Role,
    acces,
    exerce_son_genre,
    groupes_de_la_matrice,
    lit_selon_son_genre,
)
from relais_contrats.modele import Donnees
from relais_contrats.partenaires import Partenaire

__all__ = [
    "DIT_A_TOUS",
    "DU_SIGNALANT",
    "FIN_IGNOREE",
    "Demandeur",
    "Ferme",
    "Passage",
    "Role",
    "convention_en_vigueur",
    "dit_pourquoi",
    "finalites_nominatives",
    "groupes_visibles",
    "ouvrir",
    "ouvrir_le_territoire",
    "passer",
    "peut_emettre",
    "recoit",
    "reconnait",
    "refus_d_emettre",
    "roles_ouverts",
    "situer",
    "visible",
    "vue_visible",
]

RESOUDRE = "identite:resoudre"
"""The scope that lets a partner learn who a person is (decision 0035)."""
PUBLIER = "offres:publier"
"""The scope without which nobody publishes in the offer, whatever its kind."""


FIN_IGNOREE = date.min
"""A day before every end: an event of today may be delivered later, when an ended convention is renewed."""


@dataclass(frozen=True, slots=True)
class Demandeur:
    """Who asks, with the scopes of its token (of its subscription, for what is pushed), on which legal day."""

    partenaire: Partenaire
    portees: frozenset[str]
    jour: date

    @property
    def type_organisme(self) -> str:
        return self.partenaire.type_organisme


class Ferme(Enum):
    """Why nothing passes."""

    ATTENTE = "attente"
    """No convention in force has a purpose for it: what was to be delivered waits for the renewal."""
    PARTICIPATION = "participation"
    """Nothing of it is for this partner."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The roles that count, and the groups of fields that they open."""

    roles: frozenset[Role]
    groupes: frozenset[Groupe]


# After an objection (docs/decisions/0019), only missions that the law gives go on: those of an organisation, or by a
# decision about this very person. What ends the sharing reaches all who shared.
_ROLES_CONFIES = frozenset({Role.ORIENTATION, Role.REFERENT})
_FERMES_PAR_OPPOSITION = frozenset({Groupe.SANTE})
DIT_A_TOUS = frozenset({"usager.oppose", "usager.efface"})
# What the territory that a person has left still sends for a month: it closes what is its own.
_FERMETURES = frozenset({"orientation.close", "referent.termine", "contrat.clos", "sanction.levee", "rdv.annule"})
# Who answers for a whole territory takes part there whoever signals.
_DE_DROIT = frozenset({"departement", "france-travail"})
# The payer of the RSA knows the right of those whom it signalled, whoever follows them.
DU_SIGNALANT = frozenset({"droits.modifies"})
GENRES = tuple(genre.value for genre in TypeOrganisme)
_RIEN: frozenset[Groupe] = frozenset()


def convention_en_vigueur(partenaire: Partenaire, finalites: frozenset[str], jour: date) -> bool:
    """Whether one of these purposes is open to the partner on that day."""
    return any(c.finalite in finalites and (c.fin is None or jour <= c.fin) for c in partenaire.conventions)


def situer(
    type_organisme: str, departements: frozenset[str], roles: frozenset[Role], departement: str | None
) -> frozenset[Role]:
    """The roles held on a parcours as they count while it is in `departement` (None: nowhere that is known).

    A département, France Travail, a CAF or an MSA takes part in its territory only; elsewhere, the first two through
    what an event entrusted to them, and TERRITOIRE as long as a person who has left is still theirs.
    """
    tenus = roles - {Role.SUR_PLACE, Role.SIGNALANT}
    if not tenus - CIRCONSTANCES:
        return frozenset()
    if departement in departements:
        return tenus | {Role.SUR_PLACE}
    if type_organisme not in TERRITORIAUX:
        return tenus
    confies = tenus & (CONFIES | {Role.TERRITOIRE}) if type_organisme in _DE_DROIT else frozenset()
    return confies | (tenus & CIRCONSTANCES) if confies else frozenset()


def roles_ouverts(type_organisme: str, roles: frozenset[Role]) -> frozenset[Role]:
    """The roles that open something to this kind of organisation; with OPPOSITION among them while it narrows them."""
    reels = roles - CIRCONSTANCES - {Role.SIGNALANT}
    if not reels:
        return frozenset()
    if Role.OPPOSITION not in roles or type_organisme in TERRITORIAUX:
        return roles - {Role.SIGNALANT}
    confies = reels & _ROLES_CONFIES
    return confies | (roles & {Role.OPPOSITION, Role.SUR_PLACE}) if confies else frozenset()


def ouvrir(demandeur: Demandeur, roles: frozenset[Role], finalites: frozenset[str]) -> Passage | Ferme:
    """What a partner with these roles may see of a parcours, for one of these purposes. The heart of the gate."""
    return _passage(demandeur, roles_ouverts(demandeur.type_organisme, roles), finalites)


def _passage(demandeur: Demandeur, ouverts: frozenset[Role], finalites: frozenset[str]) -> Passage | Ferme:
    if not demandeur.partenaire.est_actif or not ouverts:
        return Ferme.PARTICIPATION
    if not convention_en_vigueur(demandeur.partenaire, finalites, demandeur.jour):
        return Ferme.ATTENTE
    return Passage(ouverts, _groupes(demandeur, ouverts))


def ouvrir_le_territoire(demandeur: Demandeur, departement: str, finalites: frozenset[str]) -> frozenset[Groupe]:
    """Return what a partner may read about a whole territory, without any name: what its kind sees there without any
    role.
    """
    if departement not in demandeur.partenaire.departements:
        return _RIEN
    passage = _passage(demandeur, frozenset({Role.SUR_PLACE}), finalites)
    return _RIEN if isinstance(passage, Ferme) else passage.groupes


def reconnait(demandeur: Demandeur, roles: frozenset[Role], finalites: frozenset[str]) -> bool:
    """Whether a search may tell that it knows a person of the partner's territory: by her numbers, to who answers for
    the territory, else to who takes part in her parcours with these roles."""
    du_territoire = frozenset({Role.SUR_PLACE, Role.TERRITOIRE})
    tenus = roles | du_territoire if demandeur.type_organisme in TERRITORIAUX else roles
    passage = ouvrir(demandeur, tenus, finalites)
    return isinstance(passage, Passage) and Groupe.NUMEROS in passage.groupes


def passer(demandeur: Demandeur, roles: frozenset[Role], message: TypeMessage) -> Passage | Ferme:
    """Return what a partner with these roles may see of a message addressed to it (`recoit` decides the addressees)."""
    if message.nom in DIT_A_TOUS:
        return _passage(demandeur, roles - {Role.OPPOSITION}, _finalites(message, roles))
    return ouvrir(demandeur, roles, _finalites(message, roles))


def visible(
    demandeur: Demandeur,
    roles: frozenset[Role],
    type_message: str,
    donnees: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The data of a message as this partner may see them; None when it may see nothing of it."""
    passage = passer(demandeur, roles, CATALOGUE[type_message])
    if isinstance(passage, Ferme):
        return None
    projection = projeter(type_message, donnees, passage.groupes)
    if parties := PARTIES.get(type_message):
        return _parties_visibles(demandeur, roles, projection, parties)
    dit_quelque_chose = projection if donnees else CATALOGUE[type_message].modele.groupe in passage.groupes
    return projection if dit_quelque_chose else None


def _parties_visibles(
    demandeur: Demandeur, roles: frozenset[Role], projection: dict[str, Any], parties: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the parts of a composite message that this partner would receive as messages of their own."""
    montrees = {
        nom: valeur
        for nom, valeur in projection.items()
        if nom not in parties or isinstance(passer(demandeur, roles, CATALOGUE[parties[nom]]), Passage)
    }
    return montrees if montrees.keys() & parties.keys() else None


def vue_visible(
    demandeur: Demandeur,
    roles: frozenset[Role],
    finalites: frozenset[str],
    modele: type[Donnees],
    vue: Mapping[str, Any],
) -> dict[str, Any] | None:
    """What a service answers to a read, as this partner may see it; a field that `modele` does not name is hidden."""
    passage = ouvrir(demandeur, roles, finalites)
    if isinstance(passage, Ferme):
        return None
    return projeter_vue(modele, vue, passage.groupes)


def groupes_visibles(demandeur: Demandeur, roles: frozenset[Role], message: TypeMessage) -> frozenset[Groupe]:
    """The groups of fields of a message that this partner may see; none when it does not pass."""
    passage = passer(demandeur, roles, message)
    return _RIEN if isinstance(passage, Ferme) else passage.groupes


def recoit(message: TypeMessage, type_organisme: str, roles: frozenset[Role], *, est_la_cause: bool) -> bool:
    """Whether a participant is among the receivers of this message (CATALOGUE § 3, column R).

    `est_la_cause`: the deposit that led to this event is its own.
    """
    ouverts = roles if message.nom in DIT_A_TOUS else roles_ouverts(type_organisme, roles)
    if not ouverts - CIRCONSTANCES:
        return False
    titres = {declaration.PARTICIPANTS, *(ouverts - {Role.EMETTEUR})}
    if lit_selon_son_genre(type_organisme, ouverts):
        titres.add(type_organisme)
    if est_la_cause:
        titres.add(declaration.EMETTEUR)
    return not message.recepteurs.isdisjoint(titres)


def peut_emettre(message: TypeMessage, demandeur: Demandeur, roles: frozenset[Role]) -> bool:
    """Whether this partner, with the roles that it holds on the parcours, may emit that message (column E).

    Writing never goes further than reading: who may not see the group that a message writes may not write it.
    """
    if declaration.ABONNES_TERRITOIRE in message.recepteurs and PUBLIER not in demandeur.portees:
        return False
    genre = demandeur.type_organisme
    if not message.porte_sur_parcours:
        return genre in message.emetteurs
    if roles and not roles - CIRCONSTANCES - {Role.SIGNALANT}:
        return message.nom in DU_SIGNALANT and genre in PAYEURS
    return _est_emetteur(message, genre, roles) and _lit_ce_qu_il_ecrit(message, demandeur, roles)


def _est_emetteur(message: TypeMessage, genre: str, roles: frozenset[Role]) -> bool:
    ferme_le_sien = Role.TERRITOIRE in roles and message.nom in _FERMETURES
    par_genre = genre in message.emetteurs and (ferme_le_sien or exerce_son_genre(genre, roles))
    return par_genre or not message.roles_emetteurs.isdisjoint({declaration.PARTICIPANT, *roles})


def _lit_ce_qu_il_ecrit(message: TypeMessage, demandeur: Demandeur, roles: frozenset[Role]) -> bool:
    voit_sante = LIRE_LA_SANTE in demandeur.portees
    return message.groupe_ecrit in groupes_de_la_matrice(demandeur.type_organisme, roles, voit_sante=voit_sante)


def dit_pourquoi(message: TypeMessage, demandeur: Demandeur, roles: frozenset[Role]) -> str | None:
    """Why its emitter may not send a message that its role would allow: it may not read what it would write."""
    if not _est_emetteur(message, demandeur.type_organisme, roles) or _lit_ce_qu_il_ecrit(message, demandeur, roles):
        return None
    groupe = message.groupe_ecrit
    autres = [genre for genre in GENRES if acces(groupe, genre) is not Acces.NON]
    par_role = [genre for genre in autres if genre in message.emetteurs or message.roles_emetteurs]
    return (
        f"Qui ne peut lire ne peut écrire : pour ce parcours, votre organisme ne lit pas {NOMS[groupe]}. "
        f"Peuvent émettre ce message, selon leur rôle : {', '.join(par_role)}."
    )


def refus_d_emettre(
    demandeur: Demandeur, message: TypeMessage, departement: str, finalite: str
) -> tuple[str, str] | None:
    """Why this partner may not send that, before anybody looks at the parcours: (refusal code, JSON Pointer).

    Where a message about a parcours may go depends on the parcours: the journal looks at it.
    """
    partenaire, genre = demandeur.partenaire, demandeur.type_organisme
    est_situe = not message.porte_sur_parcours or (genre in TERRITORIAUX and message.nom not in _FERMETURES)
    if est_situe and departement not in partenaire.departements:
        return "hors-territoire", "/departement"
    if finalite not in message.finalites or not convention_en_vigueur(
        partenaire, frozenset({finalite}), demandeur.jour
    ):
        return "finalite-interdite", "/finalite"
    return None


def _finalites(message: TypeMessage, roles: frozenset[Role]) -> frozenset[str]:
    """The purposes that a message serves for somebody with these roles: see `finalites_nominatives`."""
    return message.finalites if message.brique == "offres" else finalites_nominatives(message.finalites, roles)


def finalites_nominatives(finalites: frozenset[str], roles: frozenset[Role]) -> frozenset[str]:
    """Among these purposes, return those under which a partner with these roles may learn of a person. The purpose «
    offre » alone gives that to the structure to which the person is sent.
    """
    est_de_tous = Finalite.PILOTAGE in finalites
    return finalites if est_de_tous or Role.PRESCRIPTION in roles else finalites - {Finalite.OFFRE}


def _groupes(demandeur: Demandeur, roles: frozenset[Role]) -> frozenset[Groupe]:
    voit_sante = LIRE_LA_SANTE in demandeur.portees & demandeur.partenaire.scopes
    groupes = groupes_de_la_matrice(demandeur.type_organisme, roles - {Role.OPPOSITION}, voit_sante=voit_sante)
    if Role.OPPOSITION not in roles or demandeur.type_organisme == "departement":
        return groupes
    return groupes - _FERMES_PAR_OPPOSITION
