"""The register of treatments (RGPD, art. 30) and of data flows, derived from the catalogue and the matrix of rights."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache

from relais_contrats.briques import BRIQUES, PASSERELLE, Brique
from relais_contrats.catalogue import CATALOGUE, HUB, ROLES, TypeMessage
from relais_contrats.champs import Plan, plan
from relais_contrats.codes.acteurs import Finalite, TypeOrganisme
from relais_contrats.groupes import Groupe
from relais_contrats.matrice import Acces, acces
from relais_contrats.v1.partages import Identifiant

GROUPES: Mapping[Groupe, str] = {
    Groupe.COMMUN: "faits communs",
    Groupe.NIR: "NIR",
    Groupe.NUMEROS: "numéros d'organismes",
    Groupe.IDENTITE: "état civil et coordonnées",
    Groupe.ORIENTATION: "orientation et suivi",
    Groupe.DIAGNOSTIC: "diagnostic",
    Groupe.SANTE: "santé et handicap",
    Groupe.CONTRAT: "contrat d'engagement",
    Groupe.SANCTIONS: "droits et sanctions",
    Groupe.LOCAL: "identifiant propre au partenaire",
    Groupe.OFFRE: "offre et prescriptions",
}
_PARCOURS = "deux ans après la dernière communication, puis deux ans en archive intermédiaire (CASF R. 263-8)"
_OFFRE = "jusqu'au retrait par son éditeur"
_NATURES = frozenset({Groupe.NIR, Groupe.NUMEROS, Groupe.LOCAL})


@dataclass(frozen=True, slots=True)
class Flux:
    """One group of fields of one message. `destinataires` are sent it; `lecteurs` are the kinds of organisation among
    these to whom the matrix opens the group, and how far."""

    message: str
    titre: str
    brique: str
    groupe: str
    emetteurs: str
    destinataires: str
    lecteurs: str
    finalites: str
    conservation: str


@dataclass(frozen=True, slots=True)
class Traitement:
    nom: str
    objet: str
    finalites: str
    donnees: str
    lecteurs: str
    conservation: str
    messages: int


@cache
def flux() -> tuple[Flux, ...]:
    """Every flow, by message in the order of the catalogue, by group."""
    return tuple(_flux(message, groupe) for message in CATALOGUE.values() for groupe in groupes(message))


@cache
def traitements() -> tuple[Traitement, ...]:
    return tuple(_traitement(brique) for brique in (*BRIQUES, PASSERELLE))


def groupes(message: TypeMessage) -> list[Groupe]:
    """Return every group that a field may have, groups that depend on its content included."""
    tous = _possibles(plan(message.nom)) or {message.modele.groupe or Groupe.COMMUN}
    return [groupe for groupe in Groupe if groupe in tous]


def _possibles(un: Plan) -> set[Groupe]:
    trouves = un.groupes() | _selon_le_contenu(un)
    for champ in un.champs.values():
        if champ.enfant:
            trouves |= _possibles(champ.enfant)
    return trouves


def _selon_le_contenu(un: Plan) -> set[Groupe]:
    """An identifier is of the group of its kind; everything else that changes of group becomes a matter of health."""
    modele = getattr(un.selon, "__self__", None)
    if isinstance(modele, type) and issubclass(modele, Identifiant):
        return set(_NATURES)
    change = getattr(un.selon, "__qualname__", "").partition(".")[0] != "Donnees"
    return {Groupe.SANTE} if change else set()


def _flux(message: TypeMessage, groupe: Groupe) -> Flux:
    return Flux(
        message.nom,
        message.titre,
        message.brique,
        GROUPES[groupe],
        _acteurs(message.emetteurs | message.roles_emetteurs),
        _acteurs(message.recepteurs),
        _lecteurs(groupe, _organismes(message)),
        _finalites(message.finalites),
        _PARCOURS if message.porte_sur_parcours or message.ouvre_parcours else _OFFRE,
    )


def _traitement(brique: Brique) -> Traitement:
    messages = [message for message in CATALOGUE.values() if message.brique == brique.nom]
    presents = {groupe for message in messages for groupe in groupes(message)}
    siens = [groupe for groupe in Groupe if groupe in presents]
    return Traitement(
        brique.titre,
        brique.objet,
        _finalites(frozenset().union(*(message.finalites for message in messages))),
        ", ".join(GROUPES[groupe] for groupe in siens),
        ", ".join(genre for genre in TypeOrganisme if any(_lu(message, genre) for message in messages)),
        _PARCOURS,
        len(messages),
    )


def _lu(message: TypeMessage, genre: str) -> bool:
    """Whether some organisation of this kind may read something of it."""
    return genre in _organismes(message) and any(acces(groupe, genre) is not Acces.NON for groupe in groupes(message))


def _acteurs(codes: frozenset[str]) -> str:
    return ", ".join("le hub" if code == HUB else ROLES.get(code, code) for code in sorted(codes))


def _organismes(message: TypeMessage) -> list[str]:
    """The kinds of organisation that it may reach: all of them when a role is enough."""
    genres = [str(genre) for genre in TypeOrganisme]
    return genres if message.recepteurs & ROLES.keys() else [genre for genre in genres if genre in message.recepteurs]


def _lecteurs(groupe: Groupe, organismes: Iterable[str]) -> str:
    cells = {genre: acces(groupe, genre) for genre in organismes}
    return ", ".join(
        genre if cell is Acces.OUI else f"{genre} ({cell})" for genre, cell in cells.items() if cell is not Acces.NON
    )


def _finalites(codes: frozenset[str]) -> str:
    return ", ".join(finalite for finalite in Finalite if finalite in codes)


def registre_csv() -> str:
    """The flows, for a spreadsheet: semicolons, as French ones read them."""
    ecrit = io.StringIO()
    lignes = csv.writer(ecrit, delimiter=";", lineterminator="\n")
    noms = [champ.name for champ in fields(Flux)]
    lignes.writerow(noms)
    lignes.writerows([getattr(un, nom) for nom in noms] for un in flux())
    return ecrit.getvalue()


def registre_markdown() -> str:
    return "\n".join(_lignes()) + "\n"


def _lignes() -> Iterator[str]:
    yield "# Registre des traitements et des flux de données, version 1\n"
    yield "Fichier produit par `python -m relais_contrats.generer` depuis le catalogue : ne pas le modifier à la main."
    yield "Personnes concernées : bénéficiaires du RSA et personnes accompagnées vers l'insertion. Fondement : CASF"
    yield "R. 263-1 et suivants. Un partenaire ne lit que les parcours auxquels il participe, pour une finalité que sa"
    yield "convention ouvre ; chaque accès est journalisé et gardé un an.\n"
    yield "## Traitements\n"
    yield "| traitement | objet | finalités | données | organismes qui en lisent | conservation | messages |"
    yield "|---|---|---|---|---|---|---|"
    for un in traitements():
        cells = (un.nom, un.objet, un.finalites, un.donnees, un.lecteurs, un.conservation, str(un.messages))
        yield f"| {' | '.join(cells)} |"
    yield "\n## Flux\n"
    yield "`destinataires` : à qui le message est envoyé. `lecteurs` : auxquels d'entre eux le groupe de champs est"
    yield "ouvert, et jusqu'où.\n"
    yield "| message | données | émetteurs | destinataires | lecteurs | finalités |"
    yield "|---|---|---|---|---|---|"
    for une in flux():
        dits = (f"`{une.message}`", une.groupe, une.emetteurs, une.destinataires, une.lecteurs, une.finalites)
        yield f"| {' | '.join(dits)} |"
