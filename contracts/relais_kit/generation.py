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
_PLANTES = """
Acanthe Ajonc Aneth Armoise Aubépine Aulne Bégonia Bleuet Bouleau Bourrache Bruyère Buis Camomille Campanule
Capucine Cèdre Charme Châtaignier Chèvrefeuille Ciste Colchique Coquelicot Cormier Cosmos Cyprès Dahlia Digitale
Églantier Épicéa Érable Estragon Euphorbe Fenouil Figuier Fougère Frêne Fusain Garance Genêt Genévrier Gentiane
Glycine Hêtre Hortensia Houblon Houx Immortelle Iris Jasmin Jonquille Laurier Lavande Lierre Liseron Lotus
Mélèze Mélisse Mimosa Muguet Myrte Narcisse Nénuphar Noisetier Orchis Orme Osier Pervenche Peuplier Pivoine
Platane Primevère Réséda Romarin Roseau Sapin Sauge Saule Sorbier Sureau Tamaris Thuya Tilleul Troène Tulipe
Valériane Verveine Violette Yucca
"""
_FEMININS = """
Adèle Agathe Alix Anaïs Apolline Aude Blandine Cécile Céleste Clémence Colette Delphine Diane Edwige Élise
Estelle Fanny Flore Gisèle Hélène Inès Irène Jeanne Judith Léonie Lucie Madeleine Margot Noémie Odile Pauline
Prune Rosalie Sabine Solène Suzanne Thérèse Ursule Valentine Zoé
"""
_MASCULINS = """
Achille Alban Anselme Armand Aurèle Barnabé Basile Bastien Célestin Côme Cyprien Damien Denis Émile Ernest
Étienne Eugène Fabien Félix Firmin Gaspard Gaston Hector Hugo Isidore Jules Lazare Léon Léopold Lucien Marius
Maxence Octave Oscar Paulin Raoul Rémi Simon Théo Ulysse
"""
_NOMS = tuple(_PLANTES.split())
_PRENOMS = {"feminin": tuple(_FEMININS.split()), "masculin": tuple(_MASCULINS.split())}
"""Many enough that a hub with 100,000 of them does not take each for a few dozen others, as no real population does."""
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
