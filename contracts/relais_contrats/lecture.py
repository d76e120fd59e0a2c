"""Strict reading of one deposit: bytes → envelope and data, or every reason why not, in French, without echoing it.

MessageRefuse
├── MessageIllisible   not one JSON object that everybody reads alike → HTTP 400
└── MessageInvalide    readable, but not what the contract says       → HTTP 422
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pydantic_core
import rfc8785
from pydantic import TypeAdapter, ValidationError

from relais_contrats.catalogue import TypeMessage, par_type_cloudevents
from relais_contrats.enveloppe import Depot, Evenement, dataschema_de, est_une_extension
from relais_contrats.modele import Donnees
from relais_contrats.phrases import Erreur, traduire
from relais_contrats.valeurs import DEPOT

__all__ = [
    "Erreur",
    "MessageIllisible",
    "MessageInvalide",
    "MessageRefuse",
    "analyser",
    "empreinte",
    "lire_depot",
    "lire_donnees",
    "lire_evenement",
    "lire_json",
    "refuser_nul",
]

PROFONDEUR_MAX = 32
ENTIER_EXACT_MAX = 2**53 - 1

# A quote and a colon end every key, and now and then occur inside a text: this count is never too small. Only when it
# disagrees is the exact one made, on every string token (the group tells a key; strings cannot overlap).
_FINS_DE_CLE = re.compile(rb'"[ \t\r\n]*:')
_CHAINES = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"([ \t\r\n]*:)?', re.DOTALL)
_SUJET_ATTENDU = "Ce message porte sur un parcours : `subject` le désigne."
_NOMBRE = "Un entier dépasse ce que JSON échange sans perte (2^53 - 1)."
_SUJET_DE_TROP = "Ce message ne porte sur aucun parcours : ôtez `subject`."


class MessageRefuse(ValueError):
    """The deposit cannot be accepted as it stands."""


class MessageIllisible(MessageRefuse):
    """HTTP 400: not UTF-8, not JSON, duplicate keys, too deep, a number or a character that JSON cannot carry."""


@dataclass
class MessageInvalide(MessageRefuse):
    """HTTP 422: every error found, each with its JSON Pointer (RFC 6901), its refusal code and a French sentence."""

    erreurs: tuple[Erreur, ...]

    @property
    def code(self) -> str:
        """The refusal code of the whole: that of its errors when they agree, else `schema-invalide`."""
        codes = {erreur.code for erreur in self.erreurs}
        return codes.pop() if len(codes) == 1 else "schema-invalide"

    def __str__(self) -> str:
        return "; ".join(f"{e.pointeur or '/'} {e.code}" for e in self.erreurs)


def lire_json(corps: bytes) -> dict[str, Any]:
    """One JSON object that every parser reads alike (I-JSON, RFC 7493), or `MessageIllisible`."""
    objet = analyser(corps)
    refuser_nul(corps, objet)
    return objet


def analyser(corps: bytes) -> dict[str, Any]:
    """Like `lire_json`, of texts that may hold the character U+0000."""
    if corps.startswith(b"\xef\xbb\xbf"):
        raise MessageIllisible("Le corps commence par une marque d'ordre des octets (BOM).")
    try:
        objet = pydantic_core.from_json(corps, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        raise MessageIllisible("Le corps n'est pas du JSON valide en UTF-8.") from None
    if not isinstance(objet, dict):
        raise MessageIllisible("Un objet JSON est attendu.")
    cles = _compter_cles(objet, 1)
    if cles != len(_FINS_DE_CLE.findall(corps)) and cles != sum(map(bool, _CHAINES.findall(corps))):
        raise MessageIllisible("Une clé est répétée dans un objet.")
    return objet


def refuser_nul(corps: bytes, objet: dict[str, Any]) -> None:
    """Raises `MessageIllisible` for a text with the character U+0000, which databases do not keep."""
    if b"\\u0000" in corps and any("\0" in chaine for chaine in _chaines(objet)):
        raise MessageIllisible("Le caractère U+0000 n'est pas admis.")


def _compter_cles(valeur: dict[str, Any] | list[Any], profondeur: int) -> int:
    if profondeur > PROFONDEUR_MAX:
        raise MessageIllisible(f"Plus de {PROFONDEUR_MAX} niveaux d'imbrication.")
    if type(valeur) is dict:
        compte, contenu = len(valeur), iter(valeur.values())
    else:
        compte, contenu = 0, iter(valeur)
    for element in contenu:
        genre = type(element)
        if genre is dict or genre is list:
            compte += _compter_cles(element, profondeur + 1)
        elif genre is float and element in (float("inf"), float("-inf")):
            raise MessageIllisible("Un nombre dépasse ce que JSON échange sans perte.")
    return compte


def _chaines(valeur: Any) -> Iterator[str]:
    if isinstance(valeur, str):
        yield valeur
    elif isinstance(valeur, dict):
        for cle, element in valeur.items():
            yield cle
            yield from _chaines(element)
    elif isinstance(valeur, list):
        for element in valeur:
            yield from _chaines(element)


@cache
def _lecteur(modele: type[Donnees]) -> TypeAdapter[Donnees]:
    return TypeAdapter(modele)


_LECTEUR_DEPOT = TypeAdapter(Depot)


def lire_depot(corps: bytes) -> tuple[Depot, Donnees]:
    """Read one deposit strictly. Raises `MessageIllisible` or `MessageInvalide`; the input is never echoed."""
    return lire_objet(lire_json(corps))


def lire_objet(objet: Mapping[str, Any]) -> tuple[Depot, Donnees]:
    """Like `lire_depot`, from an object that `lire_json` has read."""
    erreurs: list[Erreur] = []
    depot: Depot | None = None
    try:
        depot = _LECTEUR_DEPOT.validate_python(objet, context=DEPOT)
    except ValidationError as erreur:
        erreurs += traduire(erreur)
    erreurs += [Erreur(f"/{nom}", "schema-invalide", _NOMBRE) for nom in objet if _est_sans_forme(nom, objet[nom])]
    type_ = objet.get("type")
    message = par_type_cloudevents(type_) if isinstance(type_, str) else None
    if message is None:
        if not any(e.pointeur == "/type" for e in erreurs):
            erreurs.append(Erreur("/type", "code-inconnu", "Ce type de message n'existe pas au catalogue."))
        raise MessageInvalide(tuple(erreurs))
    erreurs += _regles_du_type(message, objet)
    donnees: Donnees | None = None
    if isinstance(objet.get("data"), dict):
        try:
            donnees = lire_donnees(message, objet["data"])
        except MessageInvalide as invalide:
            erreurs += invalide.erreurs
    if erreurs or depot is None or donnees is None:
        raise MessageInvalide(tuple(erreurs))
    return depot, donnees


def _est_sans_forme(nom: str, valeur: Any) -> bool:
    """An attribute that the contract does not know may be anything, but for what has no canonical form, and so no
    receipt: an integer that a double does not hold."""
    if not est_une_extension(nom):
        return False
    try:
        forme_canonique(valeur)
    except rfc8785.CanonicalizationError:
        return True
    return False


def lire_donnees(message: TypeMessage, data: Mapping[str, Any], prefixe: str = "/data") -> Donnees:
    """Validate the `data` of a deposit against its model; pointers start with `prefixe`."""
    try:
        return _lecteur(message.modele).validate_python(data, context=DEPOT)
    except ValidationError as erreur:
        raise MessageInvalide(tuple(traduire(erreur, prefixe))) from None


def _regles_du_type(message: TypeMessage, objet: Mapping[str, Any]) -> Sequence[Erreur]:
    erreurs: list[Erreur] = []
    sujet = objet.get("subject")
    if message.porte_sur_parcours and sujet is None:
        erreurs.append(Erreur("/subject", "schema-invalide", _SUJET_ATTENDU))
    if not message.porte_sur_parcours and sujet is not None:
        erreurs.append(Erreur("/subject", "schema-invalide", _SUJET_DE_TROP))
    schema = objet.get("dataschema")
    if isinstance(schema, str) and re.search(dataschema_de(message.nom), schema) is None:
        erreurs.append(
            Erreur("/dataschema", "schema-invalide", "`dataschema` ne désigne pas le schéma de ce type de message.")
        )
    return erreurs


def lire_evenement(corps: bytes) -> Evenement:
    """Read an event that the hub wrote, tolerating what this version does not know."""
    try:
        return Evenement.model_validate(lire_json(corps))
    except ValidationError as erreur:
        raise MessageInvalide(tuple(traduire(erreur))) from None


def empreinte(objet: Any) -> str:
    """SHA-256, in hexadecimal, of the RFC 8785 form: the same for two writings of the same JSON value."""
    return hashlib.sha256(forme_canonique(objet)).hexdigest()


def forme_canonique(objet: Any) -> bytes:
    """RFC 8785 (JCS).

    The standard encoder with sorted keys writes it already, except for floats (ECMAScript notation) and for keys out
    of ASCII (UTF-16 order): those, rare here, go to the `rfc8785` package. Ten times faster on a usual message.
    """
    if _est_simple(objet):
        return json.dumps(objet, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    return rfc8785.dumps(objet)


def _est_simple(valeur: Any) -> bool:
    genre = type(valeur)
    if genre is str or genre is bool or valeur is None:
        return True
    if genre is dict:
        return all(c.isascii() and _est_simple(v) for c, v in valeur.items())
    if genre is list:
        return all(map(_est_simple, valeur))
    return genre is int and -ENTIER_EXACT_MAX <= valeur <= ENTIER_EXACT_MAX
