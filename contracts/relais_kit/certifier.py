"""`relais-kit certifier`: a run that the hub witnesses, for a certificate of conformance; and the reading of one."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from relais_kit.arguments import Analyseur, Commandes
from relais_kit.sorties import abandonner, ecrire_json

if TYPE_CHECKING:
    from relais_contrats.conformite import Conformite

_EXEMPLES = """\
Un rapport ne prouve rien : qui le tient l'a écrit. Un certificat vient d'une vérification que le relais a menée ou
vue. L'opérateur la lance ; il vous dit l'adresse du témoin, ou vérifie lui-même votre récepteur.

exemples :
  relais-kit certifier emetteur --temoin https://temoin.exemple.fr --acces acces --commande "python envoyer.py"
  curl https://relais.exemple.fr/v1/recus/cles > cles.json
  relais-kit certifier verifier certificat-emetteur.jws --cles cles.json --partenaire caf-59
"""
_EMETTEUR = """\
Le témoin donne un défi, qui ne sert qu'une fois : il est signé avec la clé de votre accès. Puis votre programme est
lancé à chaque étape, devant le relais joué par le témoin, comme par `verifier emetteur` : c'est le témoin qui juge.

code de sortie :
  0  certificat délivré
  1  la vérification n'a pas suffi : ce qui manque est dit
  2  elle ne peut pas se faire (témoin injoignable, défi expiré, accès illisible…)
"""
_VERIFIER = """\
Hors ligne. Les clés sont celles de GET /v1/recus/cles, gardées quand vous les avez lues. Un certificat retiré par
l'opérateur avant son terme ne se reconnaît pas ici : demandez-le au relais.

code de sortie :
  0  le certificat vaut
  1  il ne vaut rien : la raison est dite
  2  la commande ne peut pas se faire (fichier ou clés illisibles…)
"""


def ajouter(commandes: Commandes) -> None:
    certifier = commandes.add_parser(
        "certifier",
        help="obtient un certificat de conformité, et en vérifie un hors ligne",
        description="Obtient un certificat de conformité du relais, et en vérifie un.",
        epilog=_EXEMPLES,
    )
    actions = certifier.add_subparsers(title="actions ", metavar="ACTION", required=True, parser_class=Analyseur)
    emetteur = actions.add_parser(
        "emetteur",
        help="fait juger votre émetteur par le témoin du relais",
        description="Répond au défi du relais et fait juger votre émetteur devant son témoin.",
        epilog=_EMETTEUR,
    )
    emetteur.add_argument("--temoin", metavar="URL", required=True, help="l'adresse que l'opérateur vous donne")
    emetteur.add_argument(
        "--acces", metavar="DIR", type=Path, required=True, help="le dossier de client.json et cle.pem"
    )
    emetteur.add_argument("--commande", metavar="COMMANDE", required=True, help="ce qui lance votre programme")
    emetteur.add_argument(
        "--certificat",
        metavar="FICHIER",
        type=Path,
        default=Path("certificat-emetteur.jws"),
        help="où l'écrire (certificat-emetteur.jws)",
    )
    emetteur.set_defaults(executer=_emetteur)
    verifier = actions.add_parser(
        "verifier",
        help="la signature, les dates, le partenaire d'un certificat",
        description="Vérifie un certificat avec les clés publiées du relais, sans rien lui demander.",
        epilog=_VERIFIER,
    )
    verifier.add_argument("certificat", metavar="FICHIER", type=Path, help="le certificat")
    verifier.add_argument("--cles", metavar="FICHIER", type=Path, required=True, help="ce que rend GET /v1/recus/cles")
    verifier.add_argument("--partenaire", metavar="CODE", help="celui qu'il doit nommer")
    verifier.add_argument("--programme", choices=("emetteur", "recepteur"), metavar="PROGRAMME", help="et lequel")
    verifier.add_argument("--json", action="store_true", help="ce qu'il dit, en JSON, pour un programme")
    verifier.set_defaults(executer=_verifier)


def _emetteur(options: argparse.Namespace) -> int:
    try:
        from relais_kit.certification.candidat import Candidat, Recale, SeanceImpossible
        from relais_kit.emetteur.conduite import Inexecutable
        from relais_kit.resultats import Progression
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    progression = Progression(sys.stderr)
    candidat = Candidat(options.acces, options.temoin.rstrip("/"), options.commande)
    try:
        certificat = candidat.passer(progression.avancer_sans_fin)
        options.certificat.write_text(certificat + "\n", encoding="utf-8")
    except Recale as recale:
        progression.effacer()
        sys.stdout.write("Pas de certificat :\n" + "".join(f"  {manque}\n" for manque in recale.manques))
        return 1
    except (SeanceImpossible, Inexecutable) as erreur:
        progression.effacer()
        abandonner(str(erreur))
    except OSError as erreur:
        abandonner(f"{options.certificat} ne peut pas être écrit : {erreur.strerror}")
    progression.effacer()
    sys.stdout.write(f"Certificat délivré : {options.certificat} (relais-kit certifier verifier le lit).\n")
    return 0


def _verifier(options: argparse.Namespace) -> int:
    try:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        from relais_contrats.conformite import CertificatRefuse, lire
    except ModuleNotFoundError as absent:
        abandonner(f"il manque {absent.name} : pip install 'relais-contrats[kit]'")
    publiees, certificat = _texte(options.cles), _texte(options.certificat)
    try:
        dites = json.loads(publiees)
        cles, emetteur = KeySet.import_key_set({"keys": dites["keys"]}), str(dites["issuer"])
    except (ValueError, KeyError, TypeError, JoseError) as erreur:
        abandonner(f"{options.cles} n'est pas ce que rend GET /v1/recus/cles ({type(erreur).__name__})")
    try:
        dit = lire(certificat, cles, emetteur, datetime.now(UTC))
        for nom, attendu in (("partenaire", options.partenaire), ("programme", options.programme)):
            if attendu not in (None, str(getattr(dit, nom))):
                raise CertificatRefuse(f"il est pour {getattr(dit, nom)}, pas pour {attendu}")
    except CertificatRefuse as refus:
        if options.json:
            ecrire_json({"vaut": False, "raison": str(refus)})
        else:
            sys.stdout.write(f"✗ Ce certificat ne vaut rien : {refus}.\n")
        return 1
    _dire(dit, en_json=options.json)
    return 0


def _dire(dit: "Conformite", *, en_json: bool) -> None:
    from relais_kit.certification.merite import empreinte

    est_le_jeu = dit.exigences == empreinte(dit.programme)
    if en_json:
        ecrire_json({"vaut": True, "jeu_de_ce_kit": est_le_jeu, **dit.model_dump(mode="json", exclude_none=True)})
        return
    de_quoi = f"clé {dit.cle}" if dit.url is None else f"adresse {dit.url}"
    passees, autres = dit.compte("passee"), dit.compte("non-couverte")
    jeu = "celui de ce kit" if est_le_jeu else "un autre que celui de ce kit"
    sys.stdout.write(
        f"✓ Certificat de conformité : {dit.programme} de {dit.partenaire} ({de_quoi}).\n"
        f"  Délivré par {dit.iss} le {dit.delivre_le:%d/%m/%Y}, jusqu'au {dit.expire_le:%d/%m/%Y}.\n"
        f"  Contrats {dit.contrats} ; exigences passées : {passees}, non couvertes : {autres} ; jeu : {jeu}.\n"
    )


def _texte(fichier: Path) -> str:
    try:
        return fichier.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as erreur:
        abandonner(f"{fichier} ne peut pas être lu : {getattr(erreur, 'strerror', None) or 'ce n’est pas du texte'}")
