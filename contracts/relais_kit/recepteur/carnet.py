"""The results of a run: each requirement passed, failed or not covered, and why."""

from dataclasses import dataclass, field
from enum import StrEnum

from relais_kit.recepteur.exigences import EXIGENCES, Exigence


class Etat(StrEnum):
    PASSEE = "passee"
    ECHOUEE = "echouee"
    NON_COUVERTE = "non-couverte"


@dataclass(frozen=True, slots=True)
class Resultat:
    """`details` are French sentences: what was seen when it failed, why it was not looked at."""

    exigence: Exigence
    etat: Etat
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class _Page:
    est_passee: bool = False
    echecs: list[str] = field(default_factory=list)
    omissions: list[str] = field(default_factory=list)


class Carnet:
    """Requirements by their short name. One failure fails a requirement; a part not seen leaves it not covered."""

    def __init__(self) -> None:
        self._pages = {nom: _Page() for nom in EXIGENCES}

    def passer(self, nom: str) -> None:
        self._pages[nom].est_passee = True

    def echouer(self, nom: str, constat: str) -> None:
        self._pages[nom].echecs.append(constat)

    def omettre(self, nom: str, raison: str) -> None:
        self._pages[nom].omissions.append(raison)

    def a_echoue(self, nom: str) -> bool:
        return bool(self._pages[nom].echecs)

    def resultats(self, raison_du_reste: str) -> tuple[Resultat, ...]:
        """In the order of the table; `raison_du_reste` explains what nothing was noted about."""
        return tuple(_resultat(EXIGENCES[nom], page, raison_du_reste) for nom, page in self._pages.items())


def _resultat(exigence: Exigence, page: _Page, raison_du_reste: str) -> Resultat:
    if page.echecs:
        return Resultat(exigence, Etat.ECHOUEE, tuple(dict.fromkeys(page.echecs)))
    if page.omissions:
        return Resultat(exigence, Etat.NON_COUVERTE, tuple(dict.fromkeys(page.omissions)))
    if page.est_passee:
        return Resultat(exigence, Etat.PASSEE)
    return Resultat(exigence, Etat.NON_COUVERTE, (raison_du_reste,))
