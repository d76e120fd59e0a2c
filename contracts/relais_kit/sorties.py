"""Output that all commands share: JSON, wrong usage, unknown type."""

import json
import sys
from typing import NoReturn

from relais_contrats.catalogue import TypeMessage
from relais_kit.verdict import type_nomme, types_voisins


def type_du_catalogue(nom: str) -> TypeMessage:
    """By its short name or its CloudEvents type; a name that is not one ends the command with status 2."""
    message = type_nomme(nom)
    if message is None:
        voisins = types_voisins(nom)
        conseil = f"vouliez-vous dire {', '.join(voisins)} ?" if voisins else "voyez relais-kit exemple --liste"
        abandonner(f"le type « {nom} » n'existe pas au catalogue ; {conseil}")
    return message


def ecrire_json(contenu: object) -> None:
    sys.stdout.write(json.dumps(contenu, ensure_ascii=False, indent=2) + "\n")


def abandonner(phrase: str) -> NoReturn:
    """One French sentence, without its full stop; status 2."""
    sys.stderr.write(f"Erreur : {phrase.removesuffix('?').rstrip()}{' ?' if phrase.endswith('?') else '.'}\n")
    raise SystemExit(2)
