"""One record of a file: the row that it makes, or why it is refused. Pure, so that worker processes run it.

A refusal never repeats a value. A field that the schema does not know is left out and counted: the files of
data·inclusion carry computed ones. An empty text says nothing, like an absent one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from relais_contrats.modele import Donnees
from relais_contrats.phrases import Erreur, traduire
from relais_contrats.v1.offres import ServicePublie, StructurePubliee
from services.offres.importer.fichier import Enregistrement
from services.offres.store import lignes
from services.offres.store.catalogue import Genre
from services.offres.store.lignes import Ligne

GENRES: tuple[Genre, Genre] = ("structure", "service")

_MODELES: Mapping[Genre, type[Donnees]] = {"structure": StructurePubliee, "service": ServicePublie}
_LECTEURS = {genre: TypeAdapter(modele) for genre, modele in _MODELES.items()}
_CHAMPS = {genre: frozenset(modele.model_fields) for genre, modele in _MODELES.items()}
_LIGNE = {"structure": lignes.de_structure, "service": lignes.de_service}
_RIEN = (None, "")
_MARQUE = b"structure_id"


@dataclass(frozen=True, slots=True)
class Refus:
    """`champ` and `pointeur` are empty when it is about the whole line."""

    ligne: int
    champ: str
    pointeur: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Controle:
    """What a block of records became; `lues` counts those of the genre."""

    lues: int
    acceptes: Sequence[tuple[int, Ligne]]
    refus: Sequence[Refus]
    ignores: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Vus:
    """A first look at a block: the (genre, id) that it names, and how many records are of each genre."""

    ids: Sequence[tuple[Genre, str]]
    nombres: Counter[Genre]


def regarder(bloc: Sequence[Enregistrement], impose: Genre | None) -> Vus:
    """Read no more than the ids: what cannot be read has none."""
    ids: list[tuple[Genre, str]] = []
    nombres: Counter[Genre] = Counter()
    for enregistrement in bloc:
        objet = _lire(enregistrement)
        genre = impose or _genre(objet)
        nombres[genre] += 1
        id_ = objet.get("id") if objet else None
        if isinstance(id_, str) and id_ and "\0" not in id_:
            ids.append((genre, id_))
    return Vus(ids, nombres)


def controler(bloc: Sequence[Enregistrement], genre: Genre, impose: Genre | None, source: str, jour: date) -> Controle:
    """The records of one genre among these; those of the other one are not looked at."""
    acceptes: list[tuple[int, Ligne]] = []
    refus: list[Refus] = []
    ignores: Counter[str] = Counter()
    lues = 0
    for enregistrement in bloc:
        # Most records of the other kind are told apart without being read.
        if impose is None and genre == "service" and _MARQUE not in enregistrement.corps:
            continue
        objet = _lire(enregistrement)
        if (impose or _genre(objet)) != genre:
            continue
        lues += 1
        if objet is None:
            refus.append(Refus(enregistrement.ligne, "", "", "illisible", "Un objet JSON valide est attendu."))
            continue
        connus, inconnus = _separer(objet, genre)
        ignores.update(inconnus)
        erreurs = _erreurs(connus, genre, source, jour)
        if erreurs:
            refus += [_refus(enregistrement.ligne, erreur) for erreur in erreurs]
        else:
            acceptes.append((enregistrement.ligne, _LIGNE[genre](connus)))
    return Controle(lues, acceptes, refus, ignores)


def _lire(enregistrement: Enregistrement) -> dict[str, Any] | None:
    try:
        objet = orjson.loads(enregistrement.corps)
    except orjson.JSONDecodeError:
        return None
    return objet if isinstance(objet, dict) else None


def _genre(objet: Mapping[str, Any] | None) -> Genre:
    """A service names its structure; what cannot be read is counted with the structures, which come first."""
    return "service" if objet and objet.get("structure_id") not in _RIEN else "structure"


def _separer(objet: Mapping[str, Any], genre: Genre) -> tuple[dict[str, Any], list[str]]:
    champs = _CHAMPS[genre]
    connus = {champ: valeur for champ, valeur in objet.items() if champ in champs and valeur not in _RIEN}
    return connus, [champ for champ in objet if champ not in champs] if len(connus) < len(objet) else []


def _erreurs(connus: Mapping[str, Any], genre: Genre, source: str, jour: date) -> Sequence[Erreur]:
    try:
        valide: Any = _LECTEURS[genre].validate_python(connus)
    except ValidationError as erreur:
        return list(traduire(erreur))
    if valide.source != source:
        return [Erreur("/source", "source-inattendue", "La source n'est pas celle de l'import (`--source`).")]
    if valide.date_maj > jour:
        return [Erreur("/date_maj", "dates-incoherentes", "La date de mise à jour est dans le futur.")]
    return ()


def _refus(ligne: int, erreur: Erreur) -> Refus:
    champ = erreur.pointeur.split("/")[1] if erreur.pointeur else ""
    return Refus(ligne, champ, erreur.pointeur, erreur.code, erreur.message)
