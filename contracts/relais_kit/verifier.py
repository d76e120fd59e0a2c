"""`relais-kit verifier`: judges the program of a partner by playing the hub, or a hub by playing partners."""

import argparse
import importlib
from pathlib import Path

from relais_kit.arguments import Commandes
from relais_kit.rapport.commande import ajouter_sorties
from relais_kit.sorties import abandonner

_EXEMPLES = """\
exemples :
  relais-kit verifier recepteur --url http://127.0.0.1:9000/webhooks --secret whsec_…
  relais-kit verifier emetteur --commande "python envoyer.py"
  relais-kit verifier hub --url http://127.0.0.1:8430 --acces partenaires/caf-59
"""
_RECEPTEUR = """\
Le kit joue le relais : il ouvre l'abonnement, puis envoie des événements bien et mal signés,
anciens, répétés, en désordre, inconnus, grands, lents, en lots. Tout 2xx est une acceptation. Un fait
en retard est accepté et traité ; d'un type inconnu, le récepteur fait ce qu'il veut, s'il répond 2xx.

--sonde URL dit au kit ce que le récepteur a vraiment traité. GET URL y rend
{"traites": ["id d'événement", …]}, dans l'ordre du traitement. Sans elle, une partie des exigences
n'est pas couverte.

Lancez-le contre un récepteur d'essai : il y dépose des événements, d'usagers inventés.
--pas-a-pas demande de l'aide dans le terminal (« arrêtez votre récepteur ») ; sans personne, l'exigence n'est pas
couverte. --reprendre FICHIER garde où en est la vérification : interrompue, la même commande la reprend.

exemples :
  relais-kit verifier recepteur --url http://127.0.0.1:9000/webhooks
  relais-kit verifier recepteur --url … --secret whsec_… --sonde http://127.0.0.1:9000/traites
  relais-kit verifier recepteur --url … --secret whsec_… --rapide --rapport essai
  relais-kit verifier recepteur --url … --secret whsec_… \\
      --ancien-secret whsec_… --ancien-jusqua 2026-12-01T10:00:00Z
  relais-kit verifier recepteur --url … --cle-v1a cle.pem --abonnement 01234567-…
  relais-kit verifier recepteur --url … --secret whsec_… --pas-a-pas --reprendre essai.json
  relais-kit verifier recepteur --exigences

code de sortie :
  0  aucune exigence n'a échoué
  1  au moins une a échoué
  2  la vérification ne peut pas se faire (récepteur ou sonde injoignable, usage…)
"""
_EMETTEUR = """\
Le kit joue le relais devant votre programme, et le lance plusieurs fois : une fois sans panne, puis avec une
panne à chaque fois (503, 429, 422, jeton expiré ou refusé, réponse perdue, lot refusé en partie, codes
inconnus dans le fil…). Il juge tout ce qu'il voit passer. Ce que votre programme ne fait pas (lire le fil,
déposer des lots…) n'est pas couvert, et n'est pas un défaut.

Votre programme trouve dans son environnement :
  HUB          l'adresse du relais joué
  CLIENT_JSON  le fichier client.json du partenaire (client_id, token_endpoint…)
  KEY_PEM      le fichier de sa clé privée

Il peut finir avec le code 1 quand un message lui est refusé pour de bon. S'il ne finit pas, le kit l'arrête.

--pas-a-pas vous demande, avant chaque étape, de préparer votre programme ; « n » laisse l'étape de côté.
--ecoute ne lance rien : à chaque étape, le kit attend que vous le lanciez. --reprendre FICHIER garde où en est la
vérification, avec ce qu'il a envoyé : interrompue, la même commande la reprend.
--strict joue aussi ce que le relais ne fait pas aujourd'hui : nonce, redirection, silence.

exemples :
  relais-kit verifier emetteur --commande "python envoyer.py"
  relais-kit verifier emetteur --commande "node envoyer.mjs" --partenaire cd-59 --rapide
  relais-kit verifier emetteur --commande "./envoyer" --strict --silence 40 --rapport essai
  relais-kit verifier emetteur --ecoute --port 8430 --dossier ./essai
  relais-kit verifier emetteur --exigences

code de sortie :
  0  aucune exigence n'a échoué
  1  au moins une a échoué
  2  la vérification ne peut pas se faire (commande introuvable, rien n'est envoyé, usage…)
"""
_HUB = """\
Le kit joue un partenaire, ou deux, devant un relais : jetons et preuves justes et faux, dépôts justes et faux,
fil, lectures, documents publiés, webhooks. Il juge tout ce qui lui est répondu.

--acces DIR est le dossier de client.json et de cle.pem. Le premier accès dépose (usager.signale) ; un second,
d'un partenaire qui reçoit ces signalements (le département…), montre ce qu'un autre voit et ne voit pas.

Lancez-le contre un relais d'essai : il y dépose des personnes inventées, et acquitte le fil des accès donnés.
Avec --ecoute PORT il ouvre un récepteur, et éprouve les webhooks ; --url-ecoute dit au relais où le joindre.
--pas-a-pas demande de l'aide dans le terminal (« arrêtez le relais, puis relancez-le ») ; sans personne, l'exigence
n'est pas couverte. --reprendre FICHIER garde où en est la vérification : interrompue, la même commande la reprend.

exemples :
  relais-kit verifier hub --url http://127.0.0.1:8430 --acces partenaires/caf-59 --acces partenaires/cd-59
  relais-kit verifier hub --url … --acces … --acces … --ecoute 9001 --profil rapide --rapport essai
  relais-kit verifier hub --url https://relais.exemple.fr --ca autorite.pem --acces … --junit hub.xml --html hub.html
  relais-kit verifier hub --exigences

code de sortie :
  0  aucune exigence n'a échoué
  1  au moins une a échoué
  2  la vérification ne peut pas se faire (relais injoignable, accès refusé, usage…)
"""


def ajouter(commandes: Commandes) -> None:
    verifier = commandes.add_parser(
        "verifier",
        help="vérifie le récepteur de webhooks ou l'émetteur d'un partenaire, ou un relais",
        description="Vérifie le programme d'un partenaire en jouant le relais, ou un relais en jouant un partenaire.",
        epilog=_EXEMPLES,
    )
    cibles = verifier.add_subparsers(title="cibles ", metavar="CIBLE", required=True)
    _ajouter_recepteur(cibles)
    _ajouter_emetteur(cibles)
    _ajouter_hub(cibles)


def _ajouter_recepteur(cibles: Commandes) -> None:
    recepteur = cibles.add_parser(
        "recepteur",
        help="un récepteur de webhooks",
        description="Vérifie un récepteur de webhooks, exigence par exigence.",
        epilog=_RECEPTEUR,
    )
    recepteur.add_argument("--url", metavar="URL", help="où le récepteur attend les événements")
    recepteur.add_argument("--secret", metavar="whsec_…", help="son secret ; sans lui, le kit en fait un et le montre")
    recepteur.add_argument("--ancien-secret", metavar="whsec_…", help="celui d'avant la rotation, qu'il connaît encore")
    recepteur.add_argument("--ancien-jusqua", metavar="INSTANT", help="la fin du recouvrement des deux secrets")
    recepteur.add_argument("--cle-v1a", metavar="PEM", type=Path, help="signe en v1a avec cette clé privée Ed25519")
    recepteur.add_argument("--abonnement", metavar="UUID", help="avec --cle-v1a, l'abonnement que le récepteur attend")
    recepteur.add_argument("--sonde", metavar="URL", help="où lire ce qu'il a traité")
    recepteur.add_argument("--types", metavar="TYPE,…", help="les types qu'il traite (sinon, les plus courants)")
    recepteur.add_argument("--lot", metavar="N", type=int, default=100, help="événements par lot (100) ; 1 : sans lot")
    recepteur.add_argument("--rapide", action="store_true", help="moins d'une minute : attentes plus courtes")
    _ajouter_attente(recepteur)
    ajouter_sorties(recepteur)
    recepteur.add_argument("--exigences", action="store_true", help="liste les exigences, sans rien envoyer")
    recepteur.set_defaults(executer=lambda options: _executer("recepteur", options))


def _ajouter_emetteur(cibles: Commandes) -> None:
    emetteur = cibles.add_parser(
        "emetteur",
        help="un programme qui dépose des messages, ou lit son fil",
        description="Vérifie un programme qui dépose des messages ou lit son fil, exigence par exigence.",
        epilog=_EMETTEUR,
    )
    emetteur.add_argument("--commande", metavar="COMMANDE", help="ce qui lance votre programme")
    emetteur.add_argument("--ecoute", action="store_true", help="ne lance rien : vous lancez votre programme")
    emetteur.add_argument("--partenaire", metavar="CODE", default="caf-59", help="au nom de qui il envoie (caf-59)")
    emetteur.add_argument("--port", metavar="N", type=int, default=0, help="port du relais joué (un port libre)")
    emetteur.add_argument("--dossier", metavar="DIR", type=Path, help="où écrire partenaires/<code>/, pour --ecoute")
    emetteur.add_argument("--types", metavar="TYPE,…", help="les types d'événements de son fil (les plus courants)")
    emetteur.add_argument("--strict", action="store_true", help="nonce, redirection, silence : échouent aussi")
    emetteur.add_argument(
        "--silence", metavar="S", type=float, default=30.0, help="avec --strict, secondes sans réponse (30)"
    )
    emetteur.add_argument("--rapide", action="store_true", help="moins d'une minute : moins d'étapes au besoin")
    _ajouter_attente(emetteur)
    ajouter_sorties(emetteur)
    emetteur.add_argument("--exigences", action="store_true", help="liste les exigences, sans rien lancer")
    emetteur.set_defaults(executer=lambda options: _executer("emetteur", options))


def _ajouter_hub(cibles: Commandes) -> None:
    hub = cibles.add_parser(
        "hub",
        help="un relais, vu d'un partenaire",
        description="Vérifie un relais, exigence par exigence, en jouant un partenaire ou deux.",
        epilog=_HUB,
    )
    hub.add_argument("--url", metavar="URL", help="le relais, tel que client.json le nomme")
    hub.add_argument("--acces", metavar="DIR", type=Path, action="append", help="client.json et cle.pem ; deux fois")
    hub.add_argument("--departement", metavar="CODE", default="59", help="où signaler des personnes inventées (59)")
    hub.add_argument("--ca", metavar="PEM", type=Path, help="l'autorité qui a signé le certificat du relais")
    hub.add_argument("--ecoute", metavar="PORT", type=int, help="ouvre un récepteur de webhooks (0 : un port libre)")
    hub.add_argument("--url-ecoute", metavar="URL", help="où le relais joint ce récepteur, s'il est ailleurs")
    hub.add_argument("--profil", choices=("rapide", "complet"), default="complet", help="rapide : moins de schémas lus")
    _ajouter_attente(hub)
    ajouter_sorties(hub)
    hub.add_argument("--exigences", action="store_true", help="liste les exigences, sans rien envoyer")
    hub.set_defaults(executer=lambda options: _executer("hub", options))


def _ajouter_attente(cible: argparse.ArgumentParser) -> None:
    """Options of a run that waits for a person or may be interrupted."""
    cible.add_argument("--pas-a-pas", action="store_true", help="demande de l'aide dans le terminal (arrêt, relance)")
    _ajouter_reprise(cible)


def _ajouter_reprise(cible: argparse.ArgumentParser) -> None:
    cible.add_argument(
        "--reprendre",
        metavar="FICHIER",
        type=Path,
        help="y garde où en est la vérification ; interrompue, la même commande la reprend",
    )


def _executer(cible: str, options: argparse.Namespace) -> int:
    try:  # the extra `kit`, which `valider` and `exemple` do without
        commande = importlib.import_module(f"relais_kit.{cible}.commande")
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    statut: int = commande.executer(options)
    return statut
