"""The results of a run, for a person, for a program, for continuous integration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from relais_kit import junit
from relais_kit.affichage import Couleurs
from relais_kit.carnet import Etat, Resultat
from relais_kit.exigences import Exigence, Exigences
from relais_kit.junit import Cas
from relais_kit.sorties import ecrire_json


class Progression:
    """One line that changes, on a terminal only: `sortie` is not that of the report."""

    def __init__(self, sortie: TextIO) -> None:
        self._sortie = sortie
        self._est_visible = sortie.isatty()

    def avancer(self, rang: int, nombre: int, titre: str) -> None:
        self._ecrire(f"\r\033[K[{rang}/{nombre}] {titre}…")

    def avancer_sans_fin(self, rang: int, titre: str) -> None:
        """Where nobody knows how many steps there are."""
        self._ecrire(f"\r\033[K[{rang}] {titre}…")

    def effacer(self) -> None:
        self._ecrire("\r\033[K")

    def _ecrire(self, texte: str) -> None:
        if self._est_visible:
            self._sortie.write(texte)
            self._sortie.flush()


def texte(resultats: Sequence[Resultat], sortie: TextIO) -> None:
    c = Couleurs(sortie)
    marques = {Etat.PASSEE: c.bon("✓"), Etat.ECHOUEE: c.mauvais("✗"), Etat.NON_COUVERTE: c.pale("–")}
    theme = None
    for resultat in resultats:
        exigence = resultat.exigence
        if exigence.theme != theme:
            sortie.write(("\n" if theme else "") + c.fort(exigence.theme) + "\n")
            theme = exigence.theme
        sortie.write(f"  {marques[resultat.etat]} {exigence.phrase} {c.pale(exigence.id)}\n")
        for detail in resultat.details:
            sortie.write(f"      {c.mauvais(detail) if resultat.etat is Etat.ECHOUEE else c.pale(detail)}\n")
        if resultat.etat is Etat.ECHOUEE:
            sortie.write(c.pale(f"      Voyez : {exigence.source}\n"))
    sortie.write(f"\n{_bilan(resultats)}\n")


def lister(exigences: Exigences, sortie: TextIO, *, est_en_json: bool) -> None:
    """The table of requirements, without a run."""
    if est_en_json:
        ecrire_json([e._asdict() for e in exigences.values()])
        return
    for exigence in exigences.values():
        sortie.write(f"{exigence.id}\n  {exigence.phrase}\n  {exigence.source}\n")


def en_json(resultats: Sequence[Resultat]) -> Mapping[str, Any]:
    """`{conforme, passees, echouees, non_couvertes, exigences[]{id, theme, exigence, source, etat, details}}`."""
    comptes = Counter(r.etat for r in resultats)
    return {
        "conforme": est_conforme(resultats),
        "passees": comptes[Etat.PASSEE],
        "echouees": comptes[Etat.ECHOUEE],
        "non_couvertes": comptes[Etat.NON_COUVERTE],
        "exigences": [
            {
                "id": r.exigence.id,
                "theme": r.exigence.theme,
                "exigence": r.exigence.phrase,
                "source": r.exigence.source,
                "etat": r.etat.value,
                "details": list(r.details),
            }
            for r in resultats
        ],
    }


def document(cible: str, contexte: Mapping[str, str], resultats: Sequence[Resultat]) -> dict[str, Any]:
    """A whole run as a document: `en_json`, with `{cible, instant, contrats, contexte}` and each requirement's masked
    `echanges`. `contexte`: what was verified, by its French names.
    """
    dit = dict(en_json(resultats))
    gardees = [
        {**exigence, "echanges": [e.masque() for e in r.echanges]}
        for exigence, r in zip(dit.pop("exigences"), resultats, strict=True)
    ]
    entete = {
        "cible": cible,
        "instant": datetime.now(UTC).isoformat(timespec="seconds"),
        "contrats": _version(),
        "contexte": dict(contexte),
    }
    return {**entete, **dit, "exigences": gardees}


def relire(dit: Mapping[str, Any]) -> Sequence[Resultat]:
    """The results of a document, without their exchanges. Raises KeyError, TypeError, ValueError when it is none."""
    return tuple(
        Resultat(
            Exigence(e["id"], e["theme"], e["exigence"], e["source"]), Etat(e["etat"]), tuple(map(str, e["details"]))
        )
        for e in dit["exigences"]
    )


def en_junit(suite: str, resultats: Sequence[Resultat], fichier: Path) -> None:
    """One case per requirement; what was not covered is skipped. Raises OSError."""
    junit.ecrire(fichier, [_cas(suite, r) for r in resultats])


def _version() -> str:
    try:
        return version("relais-contrats")
    except PackageNotFoundError:
        return "du dépôt"


def est_conforme(resultats: Sequence[Resultat]) -> bool:
    """True when nothing failed; uncovered requirements are listed and do not count."""
    return all(r.etat is not Etat.ECHOUEE for r in resultats)


def _cas(suite: str, resultat: Resultat) -> Cas:
    exigence, premier = resultat.exigence, next(iter(resultat.details), "")
    detail = "\n".join((exigence.phrase, *resultat.details, exigence.source))
    return Cas(
        suite,
        exigence.id,
        echec=premier if resultat.etat is Etat.ECHOUEE else None,
        omis=premier if resultat.etat is Etat.NON_COUVERTE else None,
        detail=detail,
    )


def _bilan(resultats: Sequence[Resultat]) -> str:
    comptes = Counter(r.etat for r in resultats)
    passees, echouees, autres = (comptes[etat] for etat in (Etat.PASSEE, Etat.ECHOUEE, Etat.NON_COUVERTE))
    return f"{len(resultats)} exigences. Passées : {passees} ; échouées : {echouees} ; non couvertes : {autres}."
