"""`relais-kit verifier hub`: the arguments, the run, the report."""

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from relais_contrats.client.credentials import Client, read_key
from relais_kit import resultats as rapport
from relais_kit.carnet import Resultat
from relais_kit.hub.acces import Acces, SansJeton
from relais_kit.hub.deroulement import Avancer, derouler
from relais_kit.hub.echanges import Fil, SansReponse
from relais_kit.hub.ecoute import Ecoute, ouverte
from relais_kit.hub.epreuves_depots import Injugeable
from relais_kit.hub.exigences import EXIGENCES
from relais_kit.hub.verification import Verification
from relais_kit.personne import au_terminal
from relais_kit.rapport.commande import refuser_les_dossiers_absents, rendre
from relais_kit.reprise import Reprise, ouvrir
from relais_kit.sorties import abandonner


def executer(options: argparse.Namespace) -> int:
    if options.exigences:
        rapport.lister(EXIGENCES, sys.stdout, est_en_json=options.json)
        return 0
    if not options.url or not options.acces:
        abandonner("il manque --url, ou --acces")
    if urlsplit(options.url).scheme not in ("http", "https") or not urlsplit(options.url).hostname:
        abandonner("--url est une adresse http:// ou https://")
    if len(options.acces) > 2:
        abandonner("--acces se donne une fois ou deux")
    refuser_les_dossiers_absents(options)
    reprise = ouvrir(options.reprendre, _contexte(options) | {"cible": "hub"})
    progression = rapport.Progression(sys.stderr)
    try:
        with reprise.interruptible(), _ecoute(options) as ecoute:
            resultats = asyncio.run(_verifier(options, ecoute, progression.avancer, reprise))
    except (SansReponse, SansJeton, Injugeable) as erreur:
        progression.effacer()
        abandonner(str(erreur))
    progression.effacer()
    rendre("hub", _contexte(options), resultats, options)
    return 0 if rapport.est_conforme(resultats) else 1


async def _verifier(
    options: argparse.Namespace, ecoute: Ecoute | None, avancer: Avancer, reprise: Reprise
) -> Sequence[Resultat]:
    url = options.url.rstrip("/")
    async with httpx.AsyncClient(verify=_confiance(options.ca), trust_env=False) as http:
        fil = Fil(http, url)
        siens = [_acces(fil, dossier) for dossier in options.acces]
        verification = Verification(
            fil,
            siens[0],
            siens[1] if len(siens) > 1 else None,
            departement=options.departement,
            ecoute=ecoute,
            personne=au_terminal(est_demandee=options.pas_a_pas),
            est_rapide=options.profil == "rapide",
        )
        return await derouler(verification, avancer, reprise)


def _acces(fil: Fil, dossier: Path) -> Acces:
    try:
        client = Client.read(dossier / "client.json")
        secret = json.loads((dossier / "client.json").read_text(encoding="utf-8")).get("client_secret")
        cle = read_key(dossier / "cle.pem", client.alg)
    except OSError as erreur:
        abandonner(f"{erreur.filename} ne peut pas être lu : {erreur.strerror}")
    except (ValueError, KeyError, TypeError):
        abandonner(f"{dossier} n'est pas un accès : client.json et cle.pem")
    if client.api.rstrip("/") != fil.url:
        abandonner(f"{dossier}/client.json est un accès à {client.api}, et --url est {fil.url}")
    return Acces(fil, client, cle, secret)


def _confiance(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        abandonner(f"{ca} n'est pas un fichier de certificats (PEM)")


@contextlib.contextmanager
def _ecoute(options: argparse.Namespace) -> Iterator[Ecoute | None]:
    if options.ecoute is None:
        yield None
        return
    try:
        with ouverte(options.ecoute, options.url_ecoute) as ecoute:
            yield ecoute
    except OSError:
        abandonner(f"le port {options.ecoute} est pris : choisissez-en un autre avec --ecoute")


def _contexte(options: argparse.Namespace) -> dict[str, str]:
    return {"Adresse": options.url, "Accès": ", ".join(dossier.name for dossier in options.acces)}
