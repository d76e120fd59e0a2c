"""Synthetic messages by a seed: the same command gives the same bytes. Every person is invented, and marked as one.

Numbers have right keys and name nobody: a NIR of these declares a birth in a country that does not exist (99999).
"""

import copy
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from relais_contrats.catalogue import TypeMessage
from relais_contrats.exemples import exemples
from relais_contrats.identifiants import cle_nir
from relais_contrats.lecture import MessageInvalide, lire_objet

AGENT = "ESSAI relais-kit"
_SIGNALE = "usager.signale"
_NOMS = ("Aubépine", "Bruyère", "Charme", "Dahlia", "Érable", "Fougère", "Genêt", "Houx", "Iris", "Jasmin", "Lierre")
_PRENOMS = {
    "feminin": ("Alix", "Blandine", "Clémence", "Diane", "Edwige", "Flore"),
    "masculin": ("Anselme", "Barnabé", "Côme", "Denis", "Émile", "Félix"),
}
_SEXES = ("masculin", "feminin")
# Sexes, years from 1960, months, orders of birth: as many persons as have different NIRs.
_ANNEES, _MOIS, _ORDRES = 40, 12, 999
_PERSONNES = 2 * _ANNEES * _MOIS * _ORDRES
# Prime with their number: ranks are spread over sexes and ages, and no two meet.
_PAS = 611_953
_DEBUT = date(2026, 3, 2)


def messages(type_: TypeMessage, nombre: int, graine: int, partenaire: str | None = None) -> Iterator[dict[str, Any]]:
    """Valid deposits of one type, each with an id of its own; `partenaire` (a code) is their emitter."""
    modeles = [dict(exemple.message) for exemple in exemples(type_.nom) if exemple.est_valide]
    for rang in range(nombre):
        hasard = random.Random(f"{graine}/{type_.nom}/{rang}")  # noqa: S311  # to be repeated, not to be secret
        message = copy.deepcopy(modeles[rang % len(modeles)])
        message |= {"id": f"essai-{graine}-{type_.nom}-{rang}", "agent": AGENT}
        if partenaire:
            message["source"] = f"/partenaires/{partenaire}"
        if type_.nom == _SIGNALE:
            message["data"] = signalement(hasard, rang + graine * _ORDRES)
        yield message


def signalement(hasard: random.Random, numero: int) -> dict[str, Any]:
    """A person, coherent with her own numbers; two numbers under 959,040 give two NIRs."""
    reste = numero * _PAS % _PERSONNES
    reste, ordre = divmod(reste, _ORDRES)
    reste, mois = divmod(reste, _MOIS)
    annee, sexe = 1960 + reste % _ANNEES, _SEXES[reste // _ANNEES]
    treize = f"{_SEXES.index(sexe) + 1}{annee % 100:02d}{mois + 1:02d}99999{ordre + 1:03d}"
    droit = _DEBUT + timedelta(days=hasard.randrange(90))
    return {
        "identite": {
            "nom_naissance": f"Essai {hasard.choice(_NOMS)}",
            "prenoms": hasard.choice(_PRENOMS[sexe]),
            "date_naissance": date(annee, mois + 1, hasard.randint(1, 28)).isoformat(),
            "sexe": sexe,
        },
        "identifiants": [
            {"type": "nir", "valeur": treize + cle_nir(treize)},
            {"type": "matricule-caf", "valeur": f"{numero % 9_000_000 + 1_000_000}", "role": "demandeur"},
        ],
        "brsa": True,
        "date_reception_droit": droit.isoformat(),
        "origine": "inscription-auto-caf",
    }


def fausser(message: Mapping[str, Any], graine: int) -> dict[str, Any]:
    """The same message with one fault, which the contract refuses."""
    hasard = random.Random(f"{graine}/{message['id']}")  # noqa: S311
    while True:
        faux = copy.deepcopy(dict(message))
        objet: dict[str, Any] = hasard.choice([faux, faux["data"] or faux])
        cle = hasard.choice(sorted(objet))
        match hasard.randrange(3):
            case 0:
                del objet[cle]
            case 1:
                objet[cle] = hasard.choice(["", 0, [], {}, "2026-02-30"])
            case _:
                objet["champ_de_trop"] = True
        try:
            lire_objet(faux)
        except MessageInvalide:
            return faux
