"""`relais-kit exigences`: every requirement, where it is written, and the checks that judge it."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from relais_kit.arguments import Commandes
from relais_kit.exigences import Exigence, Exigences
from relais_kit.sorties import abandonner, ecrire_json

_EXEMPLES = """\
Chaque exigence a un identifiant, qui ne change pas, une source (section du catalogue, de l'API, ou norme) et au
moins un contrôle. L'identifiant commence par le programme qu'elle concerne : recepteur, emetteur ou hub.

exemples :
  relais-kit exigences
  relais-kit exigences emetteur
  relais-kit exigences --json
"""
COTES = ("recepteur", "emetteur", "hub")


class Ligne(NamedTuple):
    """One requirement, and the titles of the checks that judge it."""

    exigence: Exigence
    controles: tuple[str, ...]


def ajouter(commandes: Commandes) -> None:
    exigences = commandes.add_parser(
        "exigences",
        help="ce qui est vérifié : chaque exigence, sa source, ses contrôles",
        description="Liste ce qui est demandé à un récepteur, à un émetteur et à un relais, et ce qui le vérifie.",
        epilog=_EXEMPLES,
    )
    exigences.add_argument(
        "cote", metavar="PROGRAMME", nargs="?", choices=COTES, help="recepteur, emetteur ou hub ; tous"
    )
    exigences.add_argument("--json", action="store_true", help="en JSON, pour un programme")
    exigences.set_defaults(executer=_executer)


def toutes() -> Sequence[Ligne]:
    """The whole table, receivers first. Needs the extra `kit`."""
    from relais_kit.emetteur import exigences as emetteur
    from relais_kit.emetteur import regles
    from relais_kit.hub import deroulement as hub_deroulement
    from relais_kit.hub import exigences as hub
    from relais_kit.recepteur import deroulement
    from relais_kit.recepteur import exigences as recepteur

    return (
        *_lignes(recepteur.EXIGENCES, deroulement.CONTROLES),
        *_lignes(emetteur.EXIGENCES, ((regle.titre, regle.exigences) for regle in regles.toutes())),
        *_lignes(hub.EXIGENCES, hub_deroulement.CONTROLES),
    )


def _lignes(exigences: Exigences, controles: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Ligne]:
    par_exigence = defaultdict[str, list[str]](list)
    for titre, noms in controles:
        for nom in noms:
            par_exigence[nom].append(titre)
    for nom, exigence in exigences.items():
        yield Ligne(exigence, tuple(par_exigence[nom]))


def _executer(options: argparse.Namespace) -> int:
    try:
        lignes = [ligne for ligne in toutes() if options.cote in (None, ligne.exigence.id.partition(".")[0])]
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    if options.json:
        ecrire_json([{**ligne.exigence._asdict(), "controles": ligne.controles} for ligne in lignes])
        return 0
    for exigence, controles in lignes:
        sys.stdout.write(f"{exigence.id}\n  {exigence.phrase}\n  Source : {exigence.source}\n")
        sys.stdout.write(f"  Contrôle : {' ; '.join(controles)}\n")
    sys.stdout.write(f"\n{len(lignes)} exigences.\n")
    return 0
