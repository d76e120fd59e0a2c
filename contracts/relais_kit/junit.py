"""A JUnit report, as continuous integration reads it: one case per message, or per requirement."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Cas(NamedTuple):
    """`echec` and `omis`: one sentence, when it failed or was not run; `detail` goes below it."""

    suite: str
    nom: str
    echec: str | None = None
    omis: str | None = None
    detail: str = ""


def ecrire(fichier: Path, cas: Sequence[Cas]) -> None:
    """Write the report; suites come in the order of their first case."""
    racine = ET.Element("testsuites", name="relais-kit", tests=str(len(cas)), failures=str(_echecs(cas)))
    for suite in dict.fromkeys(un.suite for un in cas):
        siens = [un for un in cas if un.suite == suite]
        omis = sum(un.omis is not None for un in siens)
        branche = ET.SubElement(
            racine, "testsuite", name=suite, tests=str(len(siens)), failures=str(_echecs(siens)), skipped=str(omis)
        )
        for un in siens:
            feuille = ET.SubElement(branche, "testcase", classname=_lisible(suite), name=_lisible(un.nom))
            if un.echec is not None:
                ET.SubElement(feuille, "failure", message=_lisible(un.echec)).text = _lisible(un.detail)
            elif un.omis is not None:
                ET.SubElement(feuille, "skipped", message=_lisible(un.omis))
    ET.ElementTree(racine).write(fichier, encoding="utf-8", xml_declaration=True)


def _echecs(cas: Sequence[Cas]) -> int:
    return sum(un.echec is not None for un in cas)


def _lisible(texte: str) -> str:
    """XML 1.0 has no place for control characters, which a key of a message may hold."""
    return "".join(signe if signe.isprintable() or signe == "\n" else "\N{REPLACEMENT CHARACTER}" for signe in texte)
