"""The results of a run: each requirement passed, failed or not covered, why, and the exchanges that show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from relais_kit.echange import Echange, relu
from relais_kit.exigences import Exigence, Exigences

_ECHANGES_MAX = 4


class Etat(StrEnum):
    PASSEE = "passee"
    ECHOUEE = "echouee"
    NON_COUVERTE = "non-couverte"


@dataclass(frozen=True, slots=True)
class Resultat:
    """`details` are French sentences: the observation behind a failure, the reason why a requirement was not covered, a
    remark on a success. `echanges` are the recorded proof.
    """

    exigence: Exigence
    etat: Etat
    details: tuple[str, ...] = ()
    echanges: tuple[Echange, ...] = ()


@dataclass(slots=True)
class _Page:
    est_passee: bool = False
    echecs: list[str] = field(default_factory=list)
    omissions: list[str] = field(default_factory=list)
    remarques: list[str] = field(default_factory=list)
    bons: list[Echange] = field(default_factory=list)
    mauvais: list[Echange] = field(default_factory=list)


class Carnet:
    """Requirements by their short name. One failure fails a requirement; a part not seen leaves it not covered."""

    def __init__(self, exigences: Exigences) -> None:
        self._exigences = exigences
        self._pages = {nom: _Page() for nom in exigences}

    def passer(self, nom: str, *echanges: Echange) -> None:
        page = self._pages[nom]
        page.est_passee = True
        _garder(page.bons, echanges)

    def remarquer(self, nom: str, remarque: str) -> None:
        """Something to tell of a requirement that passes."""
        self._pages[nom].remarques.append(remarque)

    def echouer(self, nom: str, constat: str, *echanges: Echange) -> None:
        page = self._pages[nom]
        page.echecs.append(constat)
        _garder(page.mauvais, echanges)

    def omettre(self, nom: str, raison: str) -> None:
        self._pages[nom].omissions.append(raison)

    def a_echoue(self, nom: str) -> bool:
        return bool(self._pages[nom].echecs)

    def en_json(self) -> dict[str, Any]:
        """What was noted, with masked exchanges, to be taken up by `reprendre`."""
        return {
            nom: {
                "est_passee": page.est_passee,
                "echecs": page.echecs,
                "omissions": page.omissions,
                "remarques": page.remarques,
                "bons": [e.masque() for e in page.bons],
                "mauvais": [e.masque() for e in page.mauvais],
            }
            for nom, page in self._pages.items()
        }

    def reprendre(self, dit: Mapping[str, Any]) -> None:
        """Add what an interrupted run had noted; a requirement that is not asked any more is left."""
        for nom in dit.keys() & self._pages.keys():
            page, lue = self._pages[nom], dit[nom]
            page.est_passee |= bool(lue["est_passee"])
            page.echecs += map(str, lue["echecs"])
            page.omissions += map(str, lue["omissions"])
            page.remarques += map(str, lue.get("remarques", ()))
            _garder(page.bons, [relu(e) for e in lue["bons"]])
            _garder(page.mauvais, [relu(e) for e in lue["mauvais"]])

    def resultats(self, raison_du_reste: str) -> tuple[Resultat, ...]:
        """In the order of the table; `raison_du_reste` explains what nothing was noted about."""
        return tuple(_resultat(self._exigences[nom], page, raison_du_reste) for nom, page in self._pages.items())


def _garder(gardes: list[Echange], echanges: Sequence[Echange]) -> None:
    nouveaux = [e for e in echanges if all(e is not garde for garde in gardes)]
    gardes += nouveaux[: _ECHANGES_MAX - len(gardes)]


def _resultat(exigence: Exigence, page: _Page, raison_du_reste: str) -> Resultat:
    if page.echecs:
        return Resultat(exigence, Etat.ECHOUEE, tuple(dict.fromkeys(page.echecs)), tuple(page.mauvais))
    if page.omissions:
        return Resultat(exigence, Etat.NON_COUVERTE, tuple(dict.fromkeys(page.omissions)))
    if page.est_passee:
        return Resultat(exigence, Etat.PASSEE, tuple(dict.fromkeys(page.remarques)), tuple(page.bons))
    return Resultat(exigence, Etat.NON_COUVERTE, (raison_du_reste,))
