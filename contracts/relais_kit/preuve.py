"""`relais-kit preuve verifier`: a partner checks its own receipts, offline, with the keys that the hub publishes."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from relais_kit.arguments import Analyseur, Commandes
from relais_kit.sorties import abandonner, ecrire_json

if TYPE_CHECKING:
    from relais_kit.racines import Racines

_EXEMPLES = """\
Les reçus sont ceux que le relais vous a rendus (`recu`) : un par ligne, ou les réponses entières, en
JSON, où ils sont cherchés. L'ordre et les doublons ne comptent pas. Les clés sont celles de
GET /v1/recus/cles, gardées quand vous les avez lues.

Chaque reçu porte l'empreinte de celui qui le précède dans sa chaîne : un reçu changé, retiré ou
ajouté après coup se voit. Ce qui manque à la fin d'une chaîne se voit par la racine du jour : chaque jour,
gardez ce que rend GET /v1/recus/racine?jour=AAAA-MM-JJ. Elle scelle le dernier reçu de chaque chaîne.

exemples :
  curl https://relais.exemple.fr/v1/recus/cles > cles.json
  relais-kit preuve verifier recus.txt --cles cles.json
  relais-kit preuve verifier reponses.ndjson --cles cles.json --partenaire caf-59 --json
  relais-kit preuve verifier recus.txt --cles cles.json --racine 2026-11-30.json --racine 2026-12-01.json

code de sortie :
  0  tout se suit
  1  une preuve au moins est rompue
  2  la commande ne peut pas se faire (aucun reçu, clés illisibles…)
"""


class Recu(NamedTuple):
    """A receipt at the place that it says."""

    chaine: str
    rang: int
    jws: str
    dit: Mapping[str, Any]


def ajouter(commandes: Commandes) -> None:
    preuve = commandes.add_parser("preuve", help="vérifie vos reçus, hors ligne", description="Vérifie des reçus.")
    actions = preuve.add_subparsers(title="actions ", metavar="ACTION", required=True, parser_class=Analyseur)
    verifier = actions.add_parser(
        "verifier",
        help="signatures, places et enchaînement",
        description="Vérifie des reçus avec les clés publiées du relais, sans rien lui demander.",
        epilog=_EXEMPLES,
    )
    verifier.add_argument(
        "fichiers", metavar="FICHIER", nargs="+", type=Path, help="des reçus, ou les réponses du relais"
    )
    verifier.add_argument("--cles", metavar="FICHIER", type=Path, required=True, help="ce que rend GET /v1/recus/cles")
    verifier.add_argument(
        "--racine",
        metavar="FICHIER",
        type=Path,
        action="append",
        default=[],
        help="ce que rend GET /v1/recus/racine, pour un jour ; répétable",
    )
    verifier.add_argument("--partenaire", metavar="CODE", help="celui que tous ces reçus doivent nommer")
    verifier.add_argument("--json", action="store_true", help="le résultat en JSON, pour un programme")
    verifier.set_defaults(executer=_verifier)


def _verifier(options: argparse.Namespace) -> int:
    try:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        from relais_contrats.recus import Suite, contenu
        from relais_kit.racines import Racines
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    publiees = _lire(options.cles)
    try:
        dites = json.loads(publiees)
        cles, emetteur = KeySet.import_key_set({"keys": dites["keys"]}), dites["issuer"]
    except (ValueError, KeyError, TypeError, JoseError) as erreur:
        abandonner(f"{options.cles} n'est pas ce que rend GET /v1/recus/cles ({type(erreur).__name__})")
    ecrits = list(dict.fromkeys(jws for fichier in options.fichiers for jws in _recus(_lire(fichier))))
    if not ecrits:
        abandonner(f"aucun reçu dans {', '.join(map(str, options.fichiers))}")
    recus = [_place(jws, contenu(jws)) for jws in ecrits]
    ruptures = [f"reçu illisible : {jws[:12]}…" for jws, recu in zip(ecrits, recus, strict=True) if recu is None]
    suite = Suite(cles)
    code = options.partenaire or next((str(r.dit.get("partenaire")) for r in recus if r), "")
    chaines = 0
    for recu in sorted((r for r in recus if r), key=lambda r: (r.chaine, r.rang, r.jws)):
        chaines += suite.commence(recu.chaine)
        fautes = suite.fautes(recu.jws, recu.chaine, recu.rang)
        if recu.dit.get("iss") != emetteur:
            fautes.append("il ne nomme pas le relais de ces clés.")
        if recu.dit.get("partenaire") != code:
            fautes.append(f"il n'est pas de {code}.")
        ruptures += [f"reçu {recu.chaine} n° {recu.rang} : {faute}" for faute in fautes]
    par_place = {(recu.chaine, recu.rang): recu.jws for recu in recus if recu}
    ruptures += _des_racines(options.racine, Racines(cles, emetteur, par_place))
    _dire(len(ecrits), chaines, ruptures, en_json=options.json)
    return 1 if ruptures else 0


def _des_racines(fichiers: Sequence[Path], racines: "Racines") -> Iterator[str]:
    from relais_kit.racines import RacineIllisible

    for fichier in fichiers:
        try:
            yield from racines.ruptures(_json(_lire(fichier)))
        except RacineIllisible:
            abandonner(f"{fichier} n'est pas ce que rend GET /v1/recus/racine")


def _dire(lus: int, chaines: int, ruptures: list[str], *, en_json: bool) -> None:
    if en_json:
        ecrire_json({"lus": lus, "chaines": chaines, "ruptures": ruptures, "est_intact": not ruptures})
        return
    sys.stdout.write(f"{lus} reçus en {chaines} chaînes : {len(ruptures)} rupture(s).\n")
    for rupture in ruptures:
        sys.stdout.write(f"  {rupture}\n")


def _lire(fichier: Path) -> str:
    try:
        return fichier.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as erreur:
        abandonner(f"{fichier} ne peut pas être lu : {getattr(erreur, 'strerror', None) or 'ce n’est pas du texte'}")


def _place(jws: str, dit: Mapping[str, Any]) -> Recu | None:
    chaine, rang = dit.get("chaine"), dit.get("rang")
    try:
        return Recu(str(UUID(str(chaine))), rang, jws, dit) if type(rang) is int else None
    except ValueError:
        return None


def _recus(texte: str) -> Iterator[str]:
    """Every receipt of a file: one a line, or wherever JSON (whole or by line) holds a `recu`."""
    entier = _json(texte)
    if entier is not None:
        yield from _dans(entier)
        return
    for ligne in filter(None, map(str.strip, texte.splitlines())):
        lu = _json(ligne)
        yield from [ligne] if lu is None else _dans(lu)


def _json(texte: str) -> Any:
    """The value, None when it is not JSON."""
    try:
        return json.loads(texte)
    except ValueError:
        return None


def _dans(objet: Any) -> Iterator[str]:
    if isinstance(objet, dict):
        if isinstance(recu := objet.get("recu"), str):
            yield recu
        for valeur in objet.values():
            yield from _dans(valeur)
    elif isinstance(objet, list):
        for element in objet:
            yield from _dans(element)
