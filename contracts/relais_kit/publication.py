"""The changes of a candidate contract that break one partner: those of each schema at the partner's fields."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from relais_contrats.compatibilite import Rupture, Schema, Touche, resoudre, ruptures
from relais_contrats.schemas import EVENEMENT
from relais_kit.attentes import Attentes, AttentesIllisibles, Champs, evenement_entier


class Casse(NamedTuple):
    """One change that breaks one partner. `pointeur` is empty for the whole message."""

    type: str
    sens: str
    pointeur: str
    quoi: str
    codes: tuple[str, ...] = ()


class Contrats:
    """The schemas of one version, as `relais_contrats.generer` writes them: `<type>.json`, `<type>.depot.json`."""

    def __init__(self, dossier: Path) -> None:
        """Raises OSError, ValueError."""
        self._schemas = {p.name: json.loads(p.read_bytes()) for p in sorted(dossier.glob("*.json"))}
        if f"{EVENEMENT}.json" not in self._schemas:
            raise ValueError(f"{dossier} ne contient pas les schémas d'un contrat")

    def depot(self, nom: str) -> Schema | None:
        return self._schemas.get(f"{nom}.depot.json")

    def evenement(self, nom: str) -> Schema | None:
        donnees = self._schemas.get(f"{nom}.json")
        return evenement_entier(self._schemas[f"{EVENEMENT}.json"], donnees) if donnees else None


def casses(attentes: Attentes, publies: Contrats, candidat: Contrats) -> list[Casse]:
    """Raises AttentesIllisibles for a field or a type that the published contract does not have."""
    trouvees: list[Casse] = []
    for nom, champs in attentes.envoie.items():
        avant = _publie(publies.depot(nom), nom, champs, "ne se dépose pas")
        trouvees += _du_type(nom, "envoie", champs, avant, candidat.depot(nom))
    for nom, champs in attentes.lit.items():
        avant = _publie(publies.evenement(nom), nom, champs, "n'existe pas")
        trouvees += _du_type(nom, "lit", champs, avant, candidat.evenement(nom), attentes.tolere_codes_inconnus)
    return trouvees


def _publie(schema: Schema | None, nom: str, champs: Champs, absent: str) -> Schema:
    if schema is None:
        raise AttentesIllisibles(f"le type « {nom} » {absent} dans le contrat publié")
    for pointeur in champs:
        if not _existe(schema, pointeur):
            raise AttentesIllisibles(f"« {nom} » n'a pas de champ {pointeur} dans le contrat publié")
    return schema


def _existe(racine: Schema, pointeur: str) -> bool:
    noeud: Schema | None = racine
    for nom in pointeur.split("/")[1:]:
        noeud = resoudre(racine, noeud or {})
        noeud = noeud.get("items") if nom == "*" else noeud.get("properties", {}).get(nom)
        if noeud is None:
            return False
    return True


def _du_type(
    nom: str, sens: str, champs: Champs, avant: Schema, apres: Schema | None, tolere_codes: bool = False
) -> Iterator[Casse]:
    if apres is None:
        yield Casse(nom, sens, "", "type retiré")
        return
    envoie = sens == "envoie"
    for rupture in ruptures(avant, apres, nous_lisons=envoie, listes_closes=not envoie and not tolere_codes):
        if not _concerne(rupture, champs):
            continue
        codes = _codes_en_cause(rupture, champs, envoie)
        if codes or not rupture.codes:
            yield Casse(nom, sens, rupture.lieu, rupture.quoi, codes)


def _concerne(rupture: Rupture, champs: Champs) -> bool:
    champ = champs.get(rupture.lieu)
    match rupture.touche:
        case Touche.NUL:
            return champ is not None and not champ.toujours
        case Touche.ABSENT if champ is None or not champ.toujours:
            return _a(rupture.lieu.rpartition("/")[0], champs)
        case Touche.ABSENT:
            return False
    return _a(rupture.lieu, champs)


def _a(pointeur: str, champs: Mapping[str, object]) -> bool:
    """The partner has this field, or one inside it."""
    return not pointeur or any(f"{champ}/".startswith(f"{pointeur}/") for champ in champs)


def _codes_en_cause(rupture: Rupture, champs: Champs, envoie: bool) -> tuple[str, ...]:
    """Return the changed codes that the partner sends, or the changed codes that it does not know."""
    champ = champs.get(rupture.lieu)
    if champ is None or champ.codes is None:
        return rupture.codes
    return tuple(code for code in rupture.codes if (code in champ.codes) is envoie)
