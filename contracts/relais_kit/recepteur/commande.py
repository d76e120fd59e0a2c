"""`relais-kit verifier recepteur`: the arguments, the run, the report."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from relais_contrats.signatures import v1a
from relais_kit import resultats as rapport
from relais_kit.personne import au_terminal
from relais_kit.rapport.commande import refuser_les_dossiers_absents, rendre
from relais_kit.recepteur.deroulement import Injoignable, jouer
from relais_kit.recepteur.exigences import EXIGENCES
from relais_kit.recepteur.identite import Identite, cle_v1a, nouveau_secret, publique, signataire_v1
from relais_kit.recepteur.sonde import SondeIllisible
from relais_kit.reprise import ouvrir
from relais_kit.sorties import abandonner, type_du_catalogue


def executer(options: argparse.Namespace) -> int:
    if options.exigences:
        rapport.lister(EXIGENCES, sys.stdout, est_en_json=options.json)
        return 0
    if not options.url:
        abandonner("il manque --url")
    for url in filter(None, (options.url, options.sonde)):
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            abandonner("--url et --sonde sont des adresses http:// ou https://")
    if not 1 <= options.lot <= 100:
        abandonner("--lot va de 1 à 100")
    refuser_les_dossiers_absents(options)
    types = tuple(type_du_catalogue(nom).nom for nom in options.types.split(",")) if options.types else ()
    identite = _identite(options)
    reprise = ouvrir(options.reprendre, _contexte(options) | {"cible": "recepteur"})
    progression = rapport.Progression(sys.stderr)
    try:
        with reprise.interruptible():
            resultats, _ = asyncio.run(
                jouer(
                    options.url,
                    identite,
                    progression.avancer,
                    sonde=options.sonde,
                    lot=options.lot,
                    est_rapide=options.rapide,
                    types=types,
                    personne=au_terminal(est_demandee=options.pas_a_pas),
                    reprise=reprise,
                )
            )
    except (Injoignable, SondeIllisible) as erreur:
        progression.effacer()
        abandonner(str(erreur))
    progression.effacer()
    rendre("recepteur", _contexte(options), resultats, options)
    return 0 if rapport.est_conforme(resultats) else 1


def _identite(options: argparse.Namespace) -> Identite:
    """Return the signers; without a given secret, make one, show it, and wait until the receiver has it."""
    try:
        if options.cle_v1a:
            return _identite_v1a(options)
        if options.abonnement or (options.ancien_jusqua and not options.ancien_secret):
            raise ValueError("--abonnement va avec --cle-v1a, --ancien-jusqua avec --ancien-secret")
        secret = options.secret or nouveau_secret()
        ancien = signataire_v1(options.ancien_secret) if options.ancien_secret else None
        identite = Identite(signataire_v1(secret), ancien, _instant(options.ancien_jusqua))
    except (ValueError, OSError) as erreur:
        abandonner(str(erreur))
    if not options.secret:
        _montrer("Secret", secret)
    return identite


def _identite_v1a(options: argparse.Namespace) -> Identite:
    if options.secret or options.ancien_secret:
        raise ValueError("--cle-v1a ne va pas avec un secret")
    if not options.cle_v1a.is_file():
        raise ValueError(f"{options.cle_v1a} n'est pas un fichier")
    cle = cle_v1a(options.cle_v1a.read_bytes())
    abonnement = str(UUID(options.abonnement)) if options.abonnement else str(uuid4())
    if not options.abonnement:
        _montrer("Clé publiée et abonnement", f"{publique(cle)} {abonnement}")
    return Identite(v1a(cle), abonnement=abonnement)


def _instant(ecrit: str | None) -> datetime | None:
    """Without an offset, it is UTC. Raises ValueError."""
    if ecrit is None:
        return None
    try:
        instant = datetime.fromisoformat(ecrit)
    except ValueError as erreur:
        raise ValueError("--ancien-jusqua est un instant : 2026-12-01T10:00:00Z") from erreur
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _montrer(quoi: str, valeur: str) -> None:
    sys.stderr.write(f"{quoi}, à donner au récepteur : {valeur}\nEntrée quand il l'a. ")
    sys.stderr.flush()
    sys.stdin.readline()


def _contexte(options: argparse.Namespace) -> dict[str, str]:
    return {"Adresse": _sans_requete(options.url), "Sonde": _sans_requete(options.sonde or "aucune")}


def _sans_requete(url: str) -> str:
    """For the report: a query or user information may hold a secret."""
    parties = urlsplit(url)
    return parties._replace(netloc=parties.netloc.rpartition("@")[2], query="", fragment="").geturl()
