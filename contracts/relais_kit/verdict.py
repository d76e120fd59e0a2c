"""The hub's verdict on one message by the contract alone: rights and states are unknown here."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pydantic_core

from relais_contrats.catalogue import CATALOGUE, TypeMessage, par_type_cloudevents
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE, avertissements
from relais_contrats.lecture import (
    Erreur,
    MessageIllisible,
    MessageInvalide,
    lire_donnees,
    lire_evenement,
    lire_json,
    lire_objet,
)
from relais_contrats.refus import REFUS
from relais_contrats.valeurs import MOTIF_ID_MESSAGE
from relais_kit.flux import Morceau
from relais_kit.proche import Proche, plus_proche

_STATUTS_HTTP = {"illisible": 400, "trop-grand": 413, "non-authentifie": 401, "type-non-admis": 415}
"""Codes of what is refused before any contract is looked at."""

_TROP_GRAND = Erreur("", "trop-grand", "Ce message dépasse 256 ko : le hub ne le lit pas.")
_LIEU_JSON = re.compile(r"at line (\d+) column (\d+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every reason to refuse, none when the message conforms; `proche` when it does not and its type is known."""

    erreurs: tuple[Erreur, ...] = ()
    type: str | None = None
    id: str | None = None
    proche: Proche | None = None
    suggestions: tuple[str, ...] = ()
    """Known types that look like the unknown one."""
    avertissements: tuple[Mapping[str, str], ...] = ()
    """What the hub would accept without keeping it: pointer and sentence."""

    @property
    def est_conforme(self) -> bool:
        return not self.erreurs

    @property
    def code(self) -> str | None:
        """The refusal code of the whole."""
        return MessageInvalide(self.erreurs).code if self.erreurs else None

    @property
    def statut(self) -> int | None:
        """The HTTP status that the hub would answer with."""
        code = self.code
        return None if code is None else _STATUTS_HTTP.get(code) or REFUS[code].statut


def type_nomme(nom: str) -> TypeMessage | None:
    """By its short name or by its CloudEvents type."""
    return CATALOGUE.get(nom) or par_type_cloudevents(nom)


def types_voisins(nom: str) -> tuple[str, ...]:
    """Types of the catalogue that a wrong name may have meant, the likeliest first."""
    court = nom.removeprefix(PREFIXE_TYPE).removesuffix(SUFFIXE_TYPE)
    return tuple(get_close_matches(court[:100].lower().replace("_", "-"), CATALOGUE, n=3))


def juger(morceau: Morceau, donnees_de: TypeMessage | None = None) -> Verdict:
    """Read as the hub reads. `donnees_de`: the input is the `data` of this type, without its envelope."""
    if morceau.erreurs:
        return Verdict(morceau.erreurs)
    if morceau.est_trop_grand:
        return Verdict((_TROP_GRAND,))
    if morceau.defaut is not None:
        return Verdict((Erreur("", "illisible", morceau.defaut),))
    try:
        objet = lire_json(morceau.corps)
    except MessageIllisible as illisible:
        return Verdict((Erreur("", "illisible", f"{illisible}{_precision(morceau.corps)}"),))
    type_ = objet.get("type")
    message = donnees_de or (par_type_cloudevents(type_) if isinstance(type_, str) else None)
    erreurs = _erreurs_recu(morceau.corps) if morceau.est_recu else _erreurs(objet, morceau.corps, message, donnees_de)
    return Verdict(
        erreurs,
        message.nom if message else None,
        None if donnees_de else _id(objet),
        plus_proche(message.nom, objet, donnees_seules=donnees_de is not None) if message and erreurs else None,
        types_voisins(type_) if message is None and not morceau.est_recu and isinstance(type_, str) else (),
        ()
        if erreurs or donnees_de or morceau.est_recu or (message and not message.se_depose)
        else tuple(avertissements(objet)),
    )


def _erreurs(
    objet: Mapping[str, Any], corps: bytes, message: TypeMessage | None, donnees_de: TypeMessage | None
) -> tuple[Erreur, ...]:
    try:
        if donnees_de is not None:
            lire_donnees(donnees_de, objet, prefixe="")
        elif message is not None and not message.se_depose:
            return _erreurs_evenement(objet, corps, message)
        else:
            lire_objet(objet)
    except MessageInvalide as invalide:
        return invalide.erreurs
    return ()


def _erreurs_recu(corps: bytes) -> tuple[Erreur, ...]:
    """An event as its receiver got it: reduced to what it may see, of a type that it may not know."""
    try:
        lire_evenement(corps)
    except MessageInvalide as invalide:
        return invalide.erreurs
    return ()


def _erreurs_evenement(objet: Mapping[str, Any], corps: bytes, message: TypeMessage) -> tuple[Erreur, ...]:
    """A message that only the hub writes is judged as the event that a partner receives."""
    erreurs: list[Erreur] = []
    try:
        lire_evenement(corps)
    except MessageInvalide as invalide:
        erreurs += invalide.erreurs
    if isinstance(objet.get("data"), dict):
        try:
            lire_donnees(message, objet["data"])
        except MessageInvalide as invalide:
            erreurs += invalide.erreurs
    return tuple(erreurs)


def _id(objet: Mapping[str, Any]) -> str | None:
    id_ = objet.get("id")
    return id_ if isinstance(id_, str) and re.fullmatch(MOTIF_ID_MESSAGE, id_) else None


def _precision(corps: bytes) -> str:
    """Where an unreadable message stops being readable, or which key it repeats; empty when neither can be told."""
    try:
        pydantic_core.from_json(corps, allow_inf_nan=False)
    except ValueError as erreur:
        lieu = _LIEU_JSON.search(str(erreur))
        return f" (ligne {lieu[1]}, colonne {lieu[2]})" if lieu else ""
    repetees: list[str] = []

    def noter(paires: list[tuple[str, Any]]) -> None:
        repetees.extend(cle for cle, fois in Counter(cle for cle, _ in paires).items() if fois > 1)

    try:
        json.loads(corps, object_pairs_hook=noter)
    except (ValueError, RecursionError):
        return ""
    return f" (« {repetees[0][:60]} »)" if repetees else ""
