"""`relais-kit exemple`: the published examples, ready to be redirected or to be sent by one partner."""

import argparse
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.exemples import Exemple, exemples
from relais_kit.affichage import Couleurs, exemple_en_json
from relais_kit.arguments import Commandes
from relais_kit.sorties import abandonner, ecrire_json, type_du_catalogue

_EXEMPLES = """\
Le message est écrit sur la sortie, prêt à être redirigé ; son titre et les erreurs
qu'il provoque le sont à côté. Les personnes et les numéros sont inventés.

exemples :
  relais-kit exemple --liste
  relais-kit exemple --liste usager.signale
  relais-kit exemple usager.signale
  relais-kit exemple usager.signale --invalide --numero 2 | relais-kit valider -
  relais-kit exemple usager.signale --partenaire caf-59
  relais-kit exemple orientation.decidee --json
"""


def ajouter(commandes: Commandes) -> None:
    exemple = commandes.add_parser(
        "exemple",
        help="montre un exemple, valide ou non",
        description="Montre les exemples publiés de chaque type de message.",
        epilog=_EXEMPLES,
    )
    exemple.add_argument("type", metavar="TYPE", nargs="?", help="par exemple usager.signale")
    exemple.add_argument("--invalide", action="store_true", help="un exemple refusé, avec les erreurs attendues")
    exemple.add_argument("--numero", metavar="N", type=int, default=1, help="le N-ième de ces exemples (1 par défaut)")
    exemple.add_argument("--liste", action="store_true", help="la liste des types, ou des exemples de TYPE")
    exemple.add_argument("--partenaire", metavar="CODE", help="prêt à être déposé par ce partenaire, sous un nouvel id")
    exemple.add_argument("--json", action="store_true", help="tous ces exemples, ou la liste, en JSON")
    exemple.set_defaults(executer=_exemple)


def _exemple(options: argparse.Namespace) -> int:
    if options.type is None:
        _lister_types(options.json)
        return 0
    nom = type_du_catalogue(options.type).nom
    if options.liste and not options.json:
        _lister_exemples(nom)
        return 0
    choisis = [e for e in exemples(nom) if e.est_valide is not options.invalide]
    if options.json:
        ecrire_json([exemple_en_json(numero, e) for numero, e in enumerate(choisis, 1)])
        return 0
    if not 1 <= options.numero <= len(choisis):
        abandonner(f"ce type a {len(choisis)} exemple(s) de cette sorte : --numero va de 1 à {len(choisis)}")
    choisi = choisis[options.numero - 1]
    if options.partenaire:
        choisi = choisi._replace(message=_de(options.partenaire, choisi.message))
    _montrer(choisi, options.numero, len(choisis))
    return 0


def _de(partenaire: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The example as this partner would send it now, once."""
    maintenant = datetime.now(UTC).isoformat(timespec="seconds")
    return {**message, "id": secrets.token_hex(16), "source": f"/partenaires/{partenaire}", "time": maintenant}


def _montrer(exemple: Exemple, numero: int, nombre: int) -> None:
    attendues = "".join(f"\n  {pointeur}  {code}" for pointeur, code in exemple.erreurs)
    verdict = "valide" if exemple.est_valide else "refusé :"
    sys.stderr.write(f"« {exemple.titre} » ({numero} sur {nombre}), {verdict}{attendues}\n")
    ecrire_json(exemple.message)


def _lister_types(en_json: bool) -> None:
    if en_json:
        ecrire_json(
            [{"type": m.nom, "titre": m.titre, "brique": m.brique, "se_depose": m.se_depose} for m in _catalogue()]
        )
        return
    couleurs = Couleurs(sys.stdout)
    largeur = max(map(len, CATALOGUE))
    brique = None
    for message in _catalogue():
        if message.brique != brique:
            sys.stdout.write(("\n" if brique else "") + couleurs.fort(message.brique) + "\n")
            brique = message.brique
        ecrit_par_le_hub = "" if message.se_depose else couleurs.pale(" (écrit par le hub seul)")
        sys.stdout.write(f"  {message.nom:{largeur}}  {message.titre}{ecrit_par_le_hub}\n")


def _lister_exemples(nom: str) -> None:
    couleurs = Couleurs(sys.stdout)
    numeros = {True: 0, False: 0}
    for exemple in exemples(nom):
        numeros[exemple.est_valide] += 1
        sorte = couleurs.bon("valide ") if exemple.est_valide else couleurs.mauvais("refusé ")
        sys.stdout.write(f"  {sorte} {numeros[exemple.est_valide]}  {exemple.titre}\n")


def _catalogue() -> list[TypeMessage]:
    """By brique, each in the order of the catalogue."""
    briques = list(dict.fromkeys(m.brique for m in CATALOGUE.values()))
    return sorted(CATALOGUE.values(), key=lambda m: briques.index(m.brique))
