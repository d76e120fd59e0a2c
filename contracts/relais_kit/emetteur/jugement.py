"""From the record of the runs to the results: each rule names the requirements that it judges, and notes its
findings.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from relais_kit.carnet import Carnet
from relais_kit.emetteur.pannes import Panne
from relais_kit.emetteur.recu import Depot, Recu
from relais_kit.emetteur.temoin import Passage

P = TypeVar("P", bound=Panne)


@dataclass(frozen=True)
class Dossier:
    """All the runs of one program; the first is without a fault. `url`: the played hub; `source`: the partner."""

    passages: Sequence[Passage]
    url: str
    source: str

    @property
    def reference(self) -> Passage:
        return self.passages[0]

    def echanges(self) -> Iterator[Recu]:
        for passage in self.passages:
            yield from passage.echanges

    def avec(self, *genres: type[P]) -> Iterator[tuple[Passage, P]]:
        """The runs in which such a fault touched something."""
        for passage in self.passages:
            for panne in passage.etape.pannes:
                if isinstance(panne, genres) and panne.touches:
                    yield passage, panne


Juger = Callable[[Dossier, Carnet], None]


class Regle(NamedTuple):
    """`titre`: what the check does, in French; `exigences`: the short names that it notes."""

    titre: str
    exigences: tuple[str, ...]
    juger: Juger


_REGLES: list[Regle] = []


def regle(titre: str, *exigences: str) -> Callable[[Juger], Juger]:
    """Register a check."""

    def inscrire(juger: Juger) -> Juger:
        _REGLES.append(Regle(titre, exigences, juger))
        return juger

    return inscrire


def finit_mal(dossier: Dossier, passage: Passage) -> bool:
    """It ended in error when it does not without a fault, and no refusal and no feed left unread explains it."""
    est_refuse = any(depot.est_refuse for depot in depots(passage))
    laisse = any(recu.est_lecture and not relit(passage, recu) for recu in passage.touches())
    est_explique = est_refuse or laisse
    return dossier.reference.statut in (None, 0) and passage.statut not in (None, 0) and not est_explique


def relit(passage: Passage, lecture: Recu) -> bool:
    """The feed was read again after this reading."""
    return any(recu.est_lecture and recu.debut > lecture.debut for recu in passage.echanges)


def inscrites(module: str) -> Iterator[Regle]:
    """The rules that this module defines, in their order there."""
    return (regle for regle in _REGLES if regle.juger.__module__ == module)


def depots(passage: Passage) -> list[Depot]:
    """Every message of a run, in the order in which they were sent."""
    return [depot for recu in passage.echanges for depot in recu.depots()]
