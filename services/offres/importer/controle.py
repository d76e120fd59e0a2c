"""One record of a file: the row that it makes, or why it is refused. Pure, so that worker processes run it.

A refusal names the field and the rule. A field outside the schema is left out and counted: the files of data·inclusion
carry computed ones. An empty text is an absent one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from relais_contrats.modele import Donnees
from relais_contrats.phrases import Erreur, traduire
from relais_contrats.saisies import a_dire
from relais_contrats.v1.offres import ServicePublie, StructurePubliee
from relais_contrats.valeurs import DEPOT
from services.offres import lieux
from services.offres.domain.offre import Genre
from services.offres.importer.fichier import Bloc, Enregistrement
from services.offres.store import importation, lignes
from services.offres.store.lignes import Ligne

GENRES: tuple[Genre, Genre] = ("structure", "service")

_MODELES: Mapping[Genre, type[Donnees]] = {"structure": StructurePubliee, "service": ServicePublie}
_LECTEURS = {genre: TypeAdapter(modele) for genre, modele in _MODELES.items()}
_CHAMPS = {genre: frozenset(modele.model_fields) for genre, modele in _MODELES.items()}
_LIGNE = {"structure": lignes.de_structure, "service": lignes.de_service}
_RIEN = (None, "")


@dataclass(frozen=True, slots=True)
class Refus:
    """`champ` and `pointeur` are empty when it is about the whole line."""

    ligne: int
    champ: str
    pointeur: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Avertissement:
    """A record that is accepted with a warning: an invalid contact, a text read in a wrong encoding."""

    ligne: int
    champ: str
    pointeur: str
    avertissement: str


@dataclass(frozen=True, slots=True)
class Controle:
    """The outcome of the records of one genre."""

    acceptes: Sequence[tuple[int, Ligne]]
    refus: Sequence[Refus]
    avertissements: Sequence[Avertissement] = ()


@dataclass(frozen=True, slots=True)
class Vus:
    """A first look at a whole block: the genre of each record (its rank in GENRES), what the block names (rows made by
    `importation.vu`), and how often it has a field that is not of the schema."""

    genres: bytes
    nommes: bytes
    ignores: Counter[str]


def regarder(bloc: Bloc, impose: Genre | None, source: str, jour: date, a_comparer: bool) -> Vus:
    """Return genre and id of each record, unchecked; an unreadable one has no id. `a_comparer`: with its hash."""
    genres = bytearray()
    nommes: list[bytes] = []
    ignores: Counter[str] = Counter()
    for rang, enregistrement in enumerate(bloc.enregistrements, bloc.debut):
        objet = _lire(enregistrement)
        genre = impose or _genre(objet)
        genres.append(GENRES.index(genre))
        if objet is None:
            continue
        ignores.update(objet.keys() - _CHAMPS[genre])
        id_ = objet.get("id")
        if isinstance(id_, str) and id_ and "\0" not in id_:
            empreinte = _empreinte(_connus(objet, genre), source, jour) if a_comparer else None
            nommes.append(importation.vu(rang, genre, id_, empreinte))
    return Vus(bytes(genres), b"".join(nommes), ignores)


def controler(bloc: Bloc, genre: Genre, source: str, jour: date) -> Controle:
    """These records are of one genre."""
    acceptes: list[tuple[int, Ligne]] = []
    refus: list[Refus] = []
    avertissements: list[Avertissement] = []
    for enregistrement in bloc.enregistrements:
        objet = _lire(enregistrement)
        if objet is None:
            refus.append(Refus(enregistrement.ligne, "", "", "illisible", "Un objet JSON valide est attendu."))
            continue
        connus = _connus(objet, genre)
        erreurs = _erreurs(connus, genre, source, jour)
        if erreurs:
            refus += [_refus(enregistrement.ligne, erreur) for erreur in erreurs]
        else:
            acceptes.append((enregistrement.ligne, _LIGNE[genre](connus)))
            avertissements += _avertissements(enregistrement.ligne, connus)
    return Controle(acceptes, refus, avertissements)


def _empreinte(connus: Mapping[str, Any], source: str, jour: date) -> bytes | None:
    """What the catalogue has of the same record; None when this import would refuse it all the same (`_erreurs`)."""
    if connus.get("source") != source or str(connus.get("date_maj")) > jour.isoformat():
        return None
    try:
        return lignes.ecrire(connus)[0]
    except orjson.JSONEncodeError:  # nested deeper than any record is
        return None


def _lire(enregistrement: Enregistrement) -> dict[str, Any] | None:
    try:
        objet = orjson.loads(enregistrement.corps)
    except orjson.JSONDecodeError:
        return None
    return objet if isinstance(objet, dict) else None


def _genre(objet: Mapping[str, Any] | None) -> Genre:
    """A service names its structure; what cannot be read is counted with the structures, which come first."""
    return "service" if objet and objet.get("structure_id") not in _RIEN else "structure"


def _connus(objet: Mapping[str, Any], genre: Genre) -> dict[str, Any]:
    """What the record says, in the fields of the schema."""
    champs = _CHAMPS[genre]
    return {champ: valeur for champ, valeur in objet.items() if champ in champs and (valeur or valeur not in _RIEN)}


def _erreurs(connus: Mapping[str, Any], genre: Genre, source: str, jour: date) -> Sequence[Erreur]:
    try:
        valide: Any = _LECTEURS[genre].validate_python(connus, context=DEPOT)  # texts are judged as in a deposit
    except ValidationError as erreur:
        return list(traduire(erreur))
    if valide.source != source:
        return [Erreur("/source", "source-inattendue", "La source n'est pas celle de l'import (`--source`).")]
    if pointeur := lieux.lieu_inconnu(connus):
        return [Erreur(pointeur, "code-inconnu", "Ce lieu n'est aujourd'hui ni commune, ni EPCI, ni département.")]
    if valide.date_maj > jour:
        return [Erreur("/date_maj", "dates-incoherentes", "La date de mise à jour est dans le futur.")]
    return ()


def _refus(ligne: int, erreur: Erreur) -> Refus:
    return Refus(ligne, _champ(erreur.pointeur), erreur.pointeur, erreur.code, erreur.message)


def _avertissements(ligne: int, connus: Mapping[str, Any]) -> Iterator[Avertissement]:
    for dit in a_dire(connus, ""):
        yield Avertissement(ligne, _champ(dit["pointeur"]), dit["pointeur"], dit["message"])


def _champ(pointeur: str) -> str:
    return pointeur.split("/")[1] if pointeur else ""
