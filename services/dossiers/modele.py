"""The declaration of the dossiers of a service, and the JSON of dossiers and facts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from chassis.database import Connection
from chassis.decision import Echeance
from relais_contrats.catalogue import CATALOGUE
from services.dossiers.regles import Dit, Recu, Regles, classe_du_fait

A = TypeVar("A", bound=Any)
Ligne: TypeAlias = tuple[Any, ...]
Contexte: TypeAlias = Callable[[Recu[Any], Any], Any]
"""For a message and the dossier that it concerns, None before it is opened: what else the rules look at."""

POSE = "dossier.pose"
"""The type of the fact that states a whole dossier: opened with data of release 0.2.0, or restored from a merge."""

NOMS: Mapping[type, str] = {message.modele: nom for nom, message in CATALOGUE.items()}
"""The type of each model of the catalogue."""


@dataclass(frozen=True, slots=True)
class Table(Generic[A]):
    """A read table. `lignes` returns the rows of a dossier, in the order of `colonnes`; the first column is its id.
    `scellee`: the column, of bytes, that is sealed."""

    nom: str
    colonnes: tuple[str, ...]
    lignes: Callable[[A], Iterable[Ligne]]
    scellee: str | None = None


@dataclass(frozen=True, slots=True)
class Modele(Generic[A]):
    """A dossier is a frozen dataclass with `parcours`, `departement`, `est_clos` and `absorbe_par`.

    `regles` is the table of the service; `replier` folds a fact by it, and may do more. `contexte` reads, once per
    batch and in its transaction, the data that rules need beside the dossiers.
    """

    dossier: type[A]
    regles: Regles
    replier: Callable[[A | None, Any], A]
    echeances: Callable[[A], Sequence[Echeance]]
    tables: Sequence[Table[A]] = ()
    contexte: Callable[[Connection, Sequence[Recu[Any]], Mapping[UUID, A]], Awaitable[Contexte]] | None = None
    _formes: dict[str, TypeAdapter[Any]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._formes[POSE] = TypeAdapter(self.dossier)
        for classe in self.regles.replis:
            nom, garde = self.regles.nom(classe, NOMS), self.regles.gardes[classe]
            est_dit = classe in NOMS or classe in self.regles.types
            self._formes[nom] = TypeAdapter(Dit[classe, garde] if est_dit else classe)  # type: ignore[valid-type]

    def ecrire(self, dossier: A) -> bytes:
        """A dossier as JSON. Fields stand in the order of their class."""
        return self._formes[POSE].dump_json(dossier)

    def lire(self, texte: bytes) -> A:
        dossier: A = self._formes[POSE].validate_json(texte)
        return dossier

    def ecrire_fait(self, fait: Any) -> tuple[str, bytes]:
        """Its type and its JSON, as `histoire` has them."""
        nom = self.nom(fait)
        return nom, self._formes[nom].dump_json(fait)

    def nom(self, fait: Any) -> str:
        return self.regles.nom(classe_du_fait(fait), NOMS)

    def rejouer(self, faits: Iterable[Mapping[str, Any]]) -> A:
        """Fold rows of `histoire`. Raises KeyError on an unknown type, ValueError on a fact of another shape."""
        dossier: A | None = None
        for row in faits:
            fait = self._formes[row["type"]].validate_json(row["fait"])
            dossier = fait if row["type"] == POSE else self.replier(dossier, fait)
        if dossier is None:
            raise LookupError("no fact to fold")
        return dossier

    def lignes(self, table: Table[A], dossier: A | None) -> list[Ligne]:
        return list(table.lignes(dossier)) if dossier is not None else []
