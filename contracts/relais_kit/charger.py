"""`relais-kit charger`: deposits a file of stories to a hub or to the mock, as each of its partners."""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from relais_kit.arguments import Commandes
from relais_kit.sorties import abandonner, ecrire_json

if TYPE_CHECKING:
    from relais_contrats.client import Partner
    from relais_kit.histoires.chargement import Bilan

_EXEMPLES = """\
Le fichier vient de `relais-kit generer HISTOIRE`. Chaque ligne est déposée par le partenaire qu'elle
nomme (`source`), avec le pseudonyme que le relais lui a donné : dans la réponse à son signalement, ou
dans son fil. Rien n'est acquitté. Un parcours dont une ligne est refusée s'arrête là, les autres
continuent. Le même fichier, chargé de nouveau, est rejoué sans effet : interrompue, la même commande
reprend.

exemples :
  relais-kit generer premiere-orientation -n 100 --graine 7 > histoires.ndjson
  relais-kit bouchon --dossier partenaires &
  relais-kit charger histoires.ndjson --partenaires partenaires
  relais-kit charger histoires.ndjson --url https://relais.exemple.fr --partenaires acces --json

code de sortie :
  0  tout est accepté
  1  une ligne au moins est refusée, ou n'a pas pu être déposée
  2  la commande ne peut pas se faire (fichier illisible, accès absents, relais injoignable…)
"""


def ajouter(commandes: Commandes) -> None:
    charger = commandes.add_parser(
        "charger",
        help="dépose un fichier d'histoires au relais ou au bouchon",
        description="Dépose des histoires, chaque ligne par son partenaire, et compte ce qui est accepté.",
        epilog=_EXEMPLES,
    )
    charger.add_argument(
        "fichier", metavar="FICHIER", type=Path, help="les lignes (NDJSON) d'une ou de plusieurs histoires"
    )
    charger.add_argument(
        "--partenaires",
        metavar="DIR",
        type=Path,
        default=Path("partenaires"),
        help="les accès : DIR/<code>/client.json et cle.pem (« partenaires » par défaut)",
    )
    charger.add_argument("--url", metavar="URL", help="le relais, si ce n'est pas celui de client.json")
    charger.add_argument(
        "--patience", metavar="S", type=int, default=30, help="combien attendre ce que le relais doit dire (30 s)"
    )
    charger.add_argument("--json", action="store_true", help="le bilan en JSON, pour un programme")
    charger.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    try:
        from relais_kit.histoires import bloc, chargement  # the extra `kit`, which `valider` and `exemple` do without
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    from relais_contrats.client import PartnerError

    bilan = chargement.Bilan()
    try:
        with options.fichier.open("rb") as entree:
            asyncio.run(_charger(options, entree, bilan))
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrompu. La même commande reprend : ce qui est déjà déposé est rejoué sans effet.\n")
        raise
    except (OSError, PartnerError, bloc.FichierIllisible, ExceptionGroup) as erreur:
        match _premiere(erreur):
            case OSError() as illisible:
                abandonner(f"{illisible.filename} ne peut pas être lu : {illisible.strerror}")
            case (PartnerError() | bloc.FichierIllisible()) as dite:
                abandonner(str(dite).removesuffix("."))
        raise
    if not bilan.deposees + bilan.laissees:
        abandonner(f"aucune ligne à déposer dans {options.fichier}")
    _dire(bilan, en_json=options.json)
    return 0 if bilan.est_entier else 1


async def _charger(options: argparse.Namespace, entree: BinaryIO, bilan: "Bilan") -> None:
    from relais_kit.histoires.chargement import Chargement

    async with contextlib.AsyncExitStack() as ouverts:
        partenaires = {p.code: await ouverts.enter_async_context(p) for p in _partenaires(options)}
        if not partenaires:
            abandonner(
                f"aucun accès dans {options.partenaires} (un dossier par partenaire, avec client.json et cle.pem)"
            )
        debut = time.monotonic()

        entier = options.fichier.stat().st_size if entree.seekable() else 0

        def avancer(fait: "Bilan") -> None:
            duree_s = max(time.monotonic() - debut, 0.001)
            compte = (
                f"{fait.deposees} messages déposés, {fait.acceptees} acceptés ({fait.deposees / duree_s:.0f} par s)"
            )
            sys.stderr.write(f"{_part(entree.tell() / entier, duree_s) if entier else ''}{compte}\n")

        chargement = Chargement(partenaires, float(options.patience), bilan)
        await chargement.charger(_lignes(entree, partenaires), avancer)


def _part(lu: float, duree_s: float) -> str:
    return f"{lu:4.0%}, encore {duree_s * (1 - lu) / lu / 60:.0f} min : " if lu else ""


def _partenaires(options: argparse.Namespace) -> "Iterator[Partner]":
    from relais_contrats.client import Client, Partner, read_key

    for fiche in sorted(options.partenaires.glob("*/client.json")):
        if not fiche.with_name("cle.pem").exists():
            continue  # a partner that keeps its key: its lines are reported as lines without an access
        client = Client.read(fiche)
        if options.url:
            url = options.url.rstrip("/")
            jetons = url + urlsplit(client.token_endpoint).path
            client = replace(client, issuer=url, api=url, token_endpoint=jetons)
        yield Partner(client, read_key(fiche.with_name("cle.pem"), client.alg))


def _lignes(entree: BinaryIO, partenaires: Collection[str]) -> Iterator[Mapping[str, Any]]:
    from relais_kit.histoires.bloc import FichierIllisible, emetteur

    for numero, ecrite in enumerate(entree, 1):
        if not ecrite.strip():
            continue
        try:
            ligne = json.loads(ecrite)
            code = emetteur(ligne)
        except (ValueError, AttributeError, TypeError, KeyError) as erreur:
            raise FichierIllisible(f"ligne {numero} : ce n'est pas une ligne d'histoire") from erreur
        if code not in partenaires:
            raise FichierIllisible(f"ligne {numero} : aucun accès pour {code}")
        yield ligne


def _premiere(erreur: BaseException) -> BaseException:
    """The first error of those that deposits at the same time met."""
    return _premiere(erreur.exceptions[0]) if isinstance(erreur, BaseExceptionGroup) else erreur


def _dire(bilan: "Bilan", *, en_json: bool) -> None:
    refus = [{"type": type_, "code": code, "nombre": n} for (type_, code), n in sorted(bilan.refus.items())]
    comptes = {nom: getattr(bilan, nom) for nom in ("deposees", "acceptees", "rejouees", "laissees", "signalements")}
    if en_json:
        ecrire_json({**comptes, "refus": refus, "jamais_dits": sorted(bilan.muets)})
        return
    sys.stdout.write(
        f"{bilan.deposees} messages déposés : {bilan.acceptees} acceptés, dont {bilan.rejouees} déjà connus ; "
        f"{sum(bilan.refus.values())} refusés ; {bilan.laissees} laissés.\n"
    )
    for dit in refus:
        sys.stdout.write(f"  refusé  {dit['type']} : {dit['code']} ({dit['nombre']})\n")
    for fait in sorted(bilan.muets):
        sys.stdout.write(f"  {fait} était attendu, et n'a pas été dit : les lignes ont été déposées sans lui.\n")
