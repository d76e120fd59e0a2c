"""What each receiver may see of a message, and where its references to a parcours are, read from the models.

Everything works on plain JSON objects. A field that the models do not know is never shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.groupes import PROTEGES, Groupe
from relais_contrats.modele import Donnees
from relais_contrats.valeurs import MarqueReference

__all__ = [
    "PROTEGES",
    "Groupe",
    "GroupeManquant",
    "plan",
    "projeter",
    "projeter_vue",
    "referencer",
    "referencer_vue",
    "reunir",
    "separer",
]

JsonObjet = dict[str, Any]
Variables = Callable[[Mapping[str, Any]], Mapping[str, Groupe]]


class GroupeManquant(TypeError):
    """A field of the contract belongs to no group: nobody has decided who may see it."""


@dataclass(frozen=True, slots=True)
class Champ:
    """One field: its group, the plan of the object(s) it holds, and whether it names a parcours."""

    groupe: Groupe
    enfant: "Plan | None"
    reference: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The fields of an object, and the function that changes their groups according to its content."""

    champs: Mapping[str, Champ]
    selon: Variables
    tient_reference: bool

    def groupes(self) -> set[Groupe]:
        """Every group that the fields declare, at any depth (content-dependent ones apart)."""
        trouves = set[Groupe]()
        for champ in self.champs.values():
            trouves |= champ.enfant.groupes() if champ.enfant else {champ.groupe}
        return trouves


def _deplier(annotation: Any) -> tuple[list[Any], list[Any]]:
    """The concrete types inside an annotation (through lists, unions, Annotated) and the metadata met on the way."""
    origine = get_origin(annotation)
    if origine is Annotated:
        base, *metadonnees = get_args(annotation)
        types, autres = _deplier(base)
        return types, [*metadonnees, *autres]
    if origine in (Union, UnionType, list, tuple, set, frozenset):
        types, metadonnees = [], []
        for argument in get_args(annotation):
            plus_types, plus_metadonnees = _deplier(argument)
            types += plus_types
            metadonnees += plus_metadonnees
        return types, metadonnees
    return [annotation], []


def _champ(modele: type[Donnees], nom: str, info: FieldInfo, herite: Groupe | None) -> Champ:
    types, metadonnees = _deplier(info.annotation)
    tout = [*info.metadata, *metadonnees]
    groupe = next((m for m in tout if isinstance(m, Groupe)), modele.groupe or herite)
    enfants = [t for t in types if isinstance(t, type) and issubclass(t, Donnees)]
    if groupe is None:
        raise GroupeManquant(f"{modele.__name__}.{nom}")
    enfant = _plan(enfants[0], groupe) if enfants else None
    marque = any(m is MarqueReference or isinstance(m, MarqueReference) for m in tout)
    return Champ(groupe, enfant, marque)


def _plan(modele: type[Donnees], herite: Groupe | None) -> Plan:
    champs = {nom: _champ(modele, nom, info, herite) for nom, info in modele.model_fields.items()}
    tient = any(c.reference or (c.enfant is not None and c.enfant.tient_reference) for c in champs.values())
    return Plan(champs, modele.groupes_selon, tient)


@cache
def plan_du_modele(modele: type[Donnees]) -> Plan:
    """The plan of any model. Raises `GroupeManquant` when a field has no group."""
    return _plan(modele, None)


def plan(type_message: str) -> Plan:
    """The plan of a message type of the catalogue (`usager.signale`)."""
    return plan_du_modele(CATALOGUE[type_message].modele)


def projeter(type_message: str, donnees: Mapping[str, Any], visibles: frozenset[Groupe]) -> JsonObjet:
    """Keep what a receiver may see. What it may not see is absent, never null; emptied containers disappear."""
    return _projeter(plan(type_message), donnees, visibles)


def projeter_vue(modele: type[Donnees], vue: Mapping[str, Any], visibles: frozenset[Groupe]) -> JsonObjet:
    """Like `projeter`, for what a model outside the catalogue describes: the views that a hub answers to reads."""
    return _projeter(plan_du_modele(modele), vue, visibles)


def _projeter(plan_: Plan, objet: Mapping[str, Any], visibles: frozenset[Groupe]) -> JsonObjet:
    variables = plan_.selon(objet)
    garde: JsonObjet = {}
    for nom, valeur in objet.items():
        champ = plan_.champs.get(nom)
        if champ is None or valeur is None:
            continue
        impose = variables.get(nom)
        if champ.enfant is None or impose is not None:
            if (impose or champ.groupe) in visibles:
                garde[nom] = valeur
        elif isinstance(valeur, list):
            if restes := [r for v in valeur if (r := _projeter(champ.enfant, v, visibles))]:
                garde[nom] = restes
        elif reste := _projeter(champ.enfant, valeur, visibles):
            garde[nom] = reste
    return garde


def referencer(type_message: str, donnees: Mapping[str, Any], traduire: Callable[[str], str]) -> JsonObjet:
    """Translate every reference to a parcours: pseudonym → UUID at the door, UUID → pseudonym at delivery."""
    plan_ = plan(type_message)
    return _referencer(plan_, donnees, traduire) if plan_.tient_reference else dict(donnees)


def referencer_vue(modele: type[Donnees], vue: Mapping[str, Any], traduire: Callable[[str], str]) -> JsonObjet:
    """Like `referencer`, for a view."""
    return _referencer(plan_du_modele(modele), vue, traduire)


def _referencer(plan_: Plan, objet: Mapping[str, Any], traduire: Callable[[str], str]) -> JsonObjet:
    traduit = dict(objet)
    for nom, champ in plan_.champs.items():
        valeur = objet.get(nom)
        if valeur is None:
            continue
        if champ.reference:
            traduit[nom] = [traduire(v) for v in valeur] if isinstance(valeur, list) else traduire(valeur)
        elif champ.enfant is not None and champ.enfant.tient_reference:
            enfant = champ.enfant
            traduit[nom] = (
                [_referencer(enfant, v, traduire) for v in valeur]
                if isinstance(valeur, list)
                else _referencer(enfant, valeur, traduire)
            )
    return traduit


def separer(type_message: str, donnees: Mapping[str, Any]) -> tuple[JsonObjet, JsonObjet]:
    """Split into (public, protected): the protected part stays in the identity vault, never on the bus.

    Inside a list whose items are partly protected, the protected part is an object keyed by position.
    """
    return _separer(plan(type_message), donnees)


def _separer(plan_: Plan, objet: Mapping[str, Any]) -> tuple[JsonObjet, JsonObjet]:
    variables = plan_.selon(objet)
    publiques: JsonObjet = {}
    protegees: JsonObjet = {}
    for nom, valeur in objet.items():
        champ = plan_.champs.get(nom)
        impose = variables.get(nom)
        if champ is None:
            # Nobody has said who may see it: keep it, but in the vault.
            protegees[nom] = valeur
        elif champ.enfant is None or impose is not None or not isinstance(valeur, (dict, list)) or not valeur:
            cote = protegees if (impose or champ.groupe) in PROTEGES else publiques
            cote[nom] = valeur
        elif isinstance(valeur, dict):
            _ranger(nom, valeur, *_separer(champ.enfant, valeur), publiques, protegees)
        else:
            _ranger_liste(nom, valeur, [_separer(champ.enfant, v) for v in valeur], publiques, protegees)
    return publiques, protegees


def _ranger(
    nom: str, entier: Any, publique: JsonObjet, protegee: JsonObjet, publiques: JsonObjet, protegees: JsonObjet
) -> None:
    if not protegee:
        publiques[nom] = entier
    elif not publique:
        protegees[nom] = entier
    else:
        publiques[nom], protegees[nom] = publique, protegee


def _ranger_liste(
    nom: str, entiere: list[Any], parts: list[tuple[JsonObjet, JsonObjet]], publiques: JsonObjet, protegees: JsonObjet
) -> None:
    if not any(protegee for _, protegee in parts):
        publiques[nom] = entiere
    elif not any(publique for publique, _ in parts):
        protegees[nom] = entiere
    else:
        publiques[nom] = [publique for publique, _ in parts]
        protegees[nom] = {str(rang): protegee for rang, (_, protegee) in enumerate(parts) if protegee}


def reunir(publiques: Mapping[str, Any], protegees: Mapping[str, Any]) -> JsonObjet:
    """Put back together what `separer` split."""
    entier = dict(publiques)
    for nom, protegee in protegees.items():
        publique = entier.get(nom)
        if isinstance(publique, list) and isinstance(protegee, Mapping):
            entier[nom] = [reunir(v, protegee.get(str(rang), {})) for rang, v in enumerate(publique)]
        elif isinstance(publique, Mapping) and isinstance(protegee, Mapping):
            entier[nom] = reunir(publique, protegee)
        else:
            entier[nom] = protegee
    return entier
