"""What each receiver may see of a message, and where it names a parcours or an object, read from the models.

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
from relais_contrats.valeurs import MarqueObjet, MarqueReference

__all__ = [
    "PROTEGES",
    "Groupe",
    "GroupeManquant",
    "nommer_objets",
    "nommer_objets_vue",
    "nommes_dans",
    "nommes_dans_la_vue",
    "objet_principal",
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
    """One field: its group, the plan of the object(s) it holds, whether it names a parcours, what object it names."""

    groupe: Groupe
    enfant: "Plan | None"
    reference: bool
    objet: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The fields of an object, and the function that changes their groups according to its content."""

    champs: Mapping[str, Champ]
    selon: Variables
    tient_reference: bool
    tient_objet: bool

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
    objet = next((m.nature for m in tout if isinstance(m, MarqueObjet)), None)
    return Champ(groupe, enfant, marque, objet)


def _plan(modele: type[Donnees], herite: Groupe | None) -> Plan:
    champs = {nom: _champ(modele, nom, info, herite) for nom, info in modele.model_fields.items()}
    tient = any(c.reference or (c.enfant is not None and c.enfant.tient_reference) for c in champs.values())
    objets = any(c.objet or (c.enfant is not None and c.enfant.tient_objet) for c in champs.values())
    return Plan(champs, modele.groupes_selon, tient, objets)


@cache
def plan_du_modele(modele: type[Donnees]) -> Plan:
    """The plan of any model. Raises `GroupeManquant` when a field has no group."""
    return _plan(modele, None)


def plan(type_message: str) -> Plan:
    """The plan of a message type of the catalogue (`usager.signale`)."""
    return plan_du_modele(CATALOGUE[type_message].modele)


def projeter(type_message: str, donnees: Mapping[str, Any], visibles: frozenset[Groupe]) -> JsonObjet:
    """Return the fields that a receiver may see. Other fields are absent, never null; emptied containers disappear."""
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
    return _traduire(plan(type_message), donnees, lambda champ, nom: traduire(nom) if champ.reference else nom)


def referencer_vue(modele: type[Donnees], vue: Mapping[str, Any], traduire: Callable[[str], str]) -> JsonObjet:
    """Like `referencer`, for a view."""
    return _traduire(plan_du_modele(modele), vue, lambda champ, nom: traduire(nom) if champ.reference else nom)


def nommer_objets(type_message: str, donnees: Mapping[str, Any], nommer: Callable[[str, str], str]) -> JsonObjet:
    """Translate the key of every object; `nommer` is given what it is (`rdv`, `contrat`…) and its key."""
    return _traduire(plan(type_message), donnees, lambda champ, cle: nommer(champ.objet, cle) if champ.objet else cle)


def nommer_objets_vue(modele: type[Donnees], vue: Mapping[str, Any], nommer: Callable[[str, str], str]) -> JsonObjet:
    """Like `nommer_objets`, for a view."""
    plan_ = plan_du_modele(modele)
    return _traduire(plan_, vue, lambda champ, cle: nommer(champ.objet, cle) if champ.objet else cle)


def nommes_dans(type_message: str, donnees: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every object that these data name: what it is, and its key."""
    return _nommes(plan(type_message), donnees)


def nommes_dans_la_vue(modele: type[Donnees], vue: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Like `nommes_dans`, for a view."""
    return _nommes(plan_du_modele(modele), vue)


def _nommes(plan_: Plan, objet: Mapping[str, Any]) -> list[tuple[str, str]]:
    noms: list[tuple[str, str]] = []

    def retenir(champ: Champ, cle: str) -> str:
        if champ.objet:
            noms.append((champ.objet, cle))
        return cle

    _traduire(plan_, objet, retenir)
    return noms


@cache
def objet_principal(type_message: str) -> tuple[str, str] | None:
    """The field that names the object which a message is about, and what it is: (`rdv_id`, `rdv`)."""
    champs = plan(type_message).champs
    return next(((nom, champ.objet) for nom, champ in champs.items() if champ.objet), None)


def _traduire(plan_: Plan, objet: Mapping[str, Any], traduire: Callable[[Champ, str], str]) -> JsonObjet:
    traduit = dict(objet)
    if not (plan_.tient_reference or plan_.tient_objet):
        return traduit
    for nom, champ in plan_.champs.items():
        valeur = objet.get(nom)
        if valeur is None:
            continue
        if champ.reference or champ.objet:
            traduit[nom] = [traduire(champ, v) for v in valeur] if isinstance(valeur, list) else traduire(champ, valeur)
        elif champ.enfant is not None:
            enfant = champ.enfant
            traduit[nom] = (
                [_traduire(enfant, v, traduire) for v in valeur]
                if isinstance(valeur, list)
                else _traduire(enfant, valeur, traduire)
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
