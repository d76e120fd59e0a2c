"""`relais-kit verifier emetteur`: the arguments, the run, the report."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from relais_kit import resultats as rapport
from relais_kit.bouchon import serveur
from relais_kit.bouchon.application import preparer
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.carnet import Resultat
from relais_kit.echange import sans_nir
from relais_kit.emetteur.conduite import Conduite, Ecoute, Inexecutable, ParCommande
from relais_kit.emetteur.deroulement import Avancer, Deroulement, Muet
from relais_kit.emetteur.exigences import EXIGENCES
from relais_kit.emetteur.jugement import Dossier
from relais_kit.emetteur.regles import juger
from relais_kit.personne import au_terminal
from relais_kit.rapport.commande import refuser_les_dossiers_absents, rendre
from relais_kit.reprise import Reprise, ouvrir
from relais_kit.sorties import abandonner, type_du_catalogue

_LIMITE_S, _LIMITE_RAPIDE_S = 540.0, 48.0
_ETAPE_S, _ETAPE_RAPIDE_S, _ETAPE_ECOUTE_S = 60.0, 20.0, 300.0


def executer(options: argparse.Namespace) -> int:
    if options.exigences:
        rapport.lister(EXIGENCES, sys.stdout, est_en_json=options.json)
        return 0
    if bool(options.commande) == options.ecoute:
        abandonner("il faut --commande, ou bien --ecoute")
    if options.partenaire not in {p.code for p in PARTENAIRES}:
        abandonner(f"--partenaire est l'un de : {', '.join(p.code for p in PARTENAIRES)}")
    refuser_les_dossiers_absents(options)
    types = tuple(type_du_catalogue(nom).nom for nom in options.types.split(",")) if options.types else ()
    reprise = ouvrir(options.reprendre, _contexte(options) | {"cible": "emetteur", "strict": str(options.strict)})
    progression = rapport.Progression(sys.stderr)
    try:
        with reprise.interruptible():
            resultats = _verifier(options, types, progression.avancer, reprise)
    except (Muet, Inexecutable) as erreur:
        progression.effacer()
        abandonner(str(erreur))
    progression.effacer()
    rendre("emetteur", _contexte(options), resultats, options)
    return 0 if rapport.est_conforme(resultats) else 1


def _verifier(
    options: argparse.Namespace, types: Sequence[str], avancer: Avancer, reprise: Reprise
) -> Sequence[Resultat]:
    try:
        prise = serveur.ecouter(options.port)
    except OSError:
        abandonner(f"le port {options.port} est pris : choisissez-en un autre avec --port")
    url = f"http://127.0.0.1:{prise.getsockname()[1]}"
    porte = preparer(url)
    with tempfile.TemporaryDirectory(prefix="relais-kit-") as temporaire:
        dossier = (options.dossier or Path(temporaire)) / "partenaires"
        porte.registre.ecrire(dossier, url)
        sien = dossier / options.partenaire
        environnement = {"HUB": url, "CLIENT_JSON": str(sien / "client.json"), "KEY_PEM": str(sien / "cle.pem")}
        conduite: Conduite = Ecoute() if options.ecoute else ParCommande(options.commande, environnement)
        if options.ecoute:
            sys.stderr.write("".join(f"{nom}={valeur}\n" for nom, valeur in environnement.items()))
        etape_s = _ETAPE_RAPIDE_S if options.rapide else _ETAPE_S
        deroulement = Deroulement(
            porte,
            options.partenaire,
            conduite,
            types,
            limite_s=_LIMITE_RAPIDE_S if options.rapide else _LIMITE_S * (10 if options.ecoute else 1),
            etape_max_s=_ETAPE_ECOUTE_S if options.ecoute else etape_s,
            attentes_s=(2, 3) if options.rapide else (4, 7),
            est_strict=options.strict,
            silence_s=options.silence,
            reprise=reprise,
            personne=au_terminal(est_demandee=options.pas_a_pas),
        )
        config = uvicorn.Config(
            deroulement.application, interface="asgi3", log_level="error", access_log=False, lifespan="off"
        )
        with serveur.sans_journal(), serveur.servi(uvicorn.Server(config), prise):
            passages = deroulement.derouler(avancer)
    reprise.finir()
    dossier_juge = Dossier(passages, url, f"/partenaires/{options.partenaire}")
    return juger(dossier_juge, est_strict=options.strict, arret=deroulement.arret)


def _contexte(options: argparse.Namespace) -> dict[str, str]:
    lance = " ".join(options.commande.split()[:2]) if options.commande else "à l'écoute"
    return {"Partenaire": options.partenaire, "Commande": sans_nir(lance)}
