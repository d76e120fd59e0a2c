"""`relais-kit puis-je-publier`: whether a change of contract breaks a registered partner, and where."""

import argparse
import sys
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import relais_contrats
from relais_kit.affichage import Couleurs
from relais_kit.arguments import Commandes
from relais_kit.attentes import NOM, AttentesIllisibles, lire
from relais_kit.publication import Casse, Contrats, casses
from relais_kit.sorties import abandonner, ecrire_json

_EXEMPLES = """\
Chaque partenaire remet son attentes.json : ce qu'il envoie, ce qu'il lit. `relais-kit bouchon` l'écrit, et le
tient à jour, dans partenaires/<code>/ ; il se corrige à la main :

  {"partenaire": "caf-59",
   "envoie": {"usager.signale": {"/data/brsa": {"toujours": true},
                                 "/data/origine": {"codes": ["inscription-auto-caf"]}}},
   "lit":    {"orientation.decidee": {"/data/date_debut": {}, "/data/decision": {"codes": ["acceptee"]}}},
   "tolere_codes_inconnus": false}

Est cassé qui envoie ce qui serait refusé (champ retiré ou devenu obligatoire, code, type ou borne), et qui lit ce
qui manquerait, changerait de type, ou porterait un code qu'il n'a pas dit connaître.

exemples :
  relais-kit puis-je-publier --attentes partenaires --candidat generated/schemas
  relais-kit puis-je-publier --attentes partenaires --publies released/v1 --candidat generated/schemas --json

code de sortie :
  0  aucun partenaire n'est cassé
  1  au moins un l'est
  2  la comparaison ne peut pas se faire (fichier illisible, type ou champ inconnu…)
"""
_MODELES = Path(relais_contrats.__file__).parent
_CANDIDAT = _MODELES.parent / "generated" / "schemas"
_PUBLIES = (_MODELES if not _CANDIDAT.is_dir() else _MODELES.parent) / "released" / "v1"
"""In the repository beside the models; in the wheel under them, where a candidate is always given."""
_SENS = {"envoie": "envoyé", "lit": "lu"}


def ajouter(commandes: Commandes) -> None:
    publier = commandes.add_parser(
        "puis-je-publier",
        help="dit quel partenaire une évolution du contrat casserait",
        description="Compare un contrat candidat au contrat publié, et dit quel partenaire enregistré il casserait.",
        epilog=_EXEMPLES,
    )
    publier.add_argument(
        "--attentes", metavar="DIR", type=Path, required=True, help=f"les {NOM} des partenaires, à toute profondeur"
    )
    publier.add_argument(
        "--candidat",
        metavar="DIR",
        type=Path,
        required=not _CANDIDAT.is_dir(),
        default=_CANDIDAT,
        help="les schémas candidats ; dans le dépôt, contracts/generated/schemas par défaut",
    )
    publier.add_argument(
        "--publies",
        metavar="DIR",
        type=Path,
        default=_PUBLIES,
        help="les schémas publiés (ceux de la version installée par défaut)",
    )
    publier.add_argument("--json", action="store_true", help="en JSON, pour un programme")
    publier.set_defaults(executer=_executer)


def _executer(options: argparse.Namespace) -> int:
    publies, candidat = _contrats(options.publies), _contrats(options.candidat)
    fichiers = sorted(options.attentes.rglob(NOM))
    if not fichiers:
        abandonner(f"aucun {NOM} dans {options.attentes}")
    trouvees: dict[Path, tuple[str, list[Casse]]] = {}
    for fichier in fichiers:
        try:
            attentes = lire(fichier)
            trouvees[fichier] = attentes.partenaire, casses(attentes, publies, candidat)
        except AttentesIllisibles as erreur:
            abandonner(str(erreur) if str(fichier) in str(erreur) else f"{fichier} : {erreur}")
    (_dire_en_json if options.json else _dire)(trouvees)
    return 1 if any(siennes for _, siennes in trouvees.values()) else 0


def _contrats(dossier: Path) -> Contrats:
    try:
        return Contrats(dossier)
    except (OSError, ValueError) as erreur:
        abandonner(f"{dossier} n'est pas un dossier de schémas ({erreur})")


def _dire(trouvees: Mapping[Path, tuple[str, list[Casse]]]) -> None:
    couleurs = Couleurs(sys.stdout)
    for fichier, (partenaire, siennes) in trouvees.items():
        nombre = f"cassé en {len(siennes)} endroit{'s' * (len(siennes) > 1)}" if siennes else "rien ne le casse"
        sys.stdout.write(f"{'✗' if siennes else '✓'} {couleurs.fort(partenaire)} : {nombre} ({fichier})\n")
        for (type_, sens), du_type in groupby(siennes, lambda une: (une.type, une.sens)):
            sys.stdout.write(f"  {type_}, {_SENS[sens]}\n")
            for une in du_type:
                codes = f" : {', '.join(une.codes)}" if une.codes else ""
                sys.stdout.write(f"    {une.pointeur or 'tout le message'}  {une.quoi}{codes}\n")
    casses_ = sum(bool(siennes) for _, siennes in trouvees.values())
    sys.stdout.write(f"Partenaires : {len(trouvees)} ; cassés : {casses_}.\n")


def _dire_en_json(trouvees: Mapping[Path, tuple[str, list[Casse]]]) -> None:
    ecrire_json(
        [
            {"partenaire": partenaire, "fichier": str(fichier), "casses": [une._asdict() for une in siennes]}
            for fichier, (partenaire, siennes) in trouvees.items()
        ]
    )
