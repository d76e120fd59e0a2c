"""`attentes.json`: the fields that a partner sends and reads, as it registers them or as the mock recorded them.

Fields are JSON Pointers, `*` for each element of a list. Of their values only codes of the contract are stored: nothing
about a person.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.compatibilite import Schema, resoudre
from relais_contrats.schemas import schema_depot, schema_donnees, schema_enveloppe_evenement

NOM = "attentes.json"
Pointeur = Annotated[str, Field(pattern=r"^(/[^/]+)+$")]


class AttentesIllisibles(Exception):
    """One French sentence, without its full stop."""


class Champ(BaseModel):
    """One field. `toujours`: every message has a value there. `codes`: the codes that are sent, or that the reader
    knows; None when unknown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    toujours: bool = False
    codes: tuple[str, ...] | None = None

    def et(self, autre: Self) -> Self:
        """Return the union of both registrations."""
        codes = self.codes
        if autre.codes is not None and not set(autre.codes) <= set(codes or ()):
            codes = tuple(sorted({*(codes or ()), *autre.codes}))
        return self.model_copy(update={"toujours": self.toujours and autre.toujours, "codes": codes})


Champs = dict[Pointeur, Champ]


class Attentes(BaseModel):
    """`envoie`, `lit`: the fields by type of message (`usager.signale`). `tolere_codes_inconnus`: the partner reads a
    code that it does not know without harm, as v1 asks."""

    model_config = ConfigDict(extra="forbid")

    partenaire: str
    tolere_codes_inconnus: bool = False
    envoie: dict[str, Champs] = {}
    lit: dict[str, Champs] = {}

    def noter_envoi(self, nom: str, message: Mapping[str, Any]) -> bool:
        """Learn from a message of the type `nom` that it sent; returns whether that was new."""
        return _apprendre(self.envoie, nom, observer(_depot(nom), message))

    def noter_lecture(self, nom: str, evenement: Mapping[str, Any]) -> bool:
        """The same of an event that it read. Which codes it knows, only the partner can say."""
        vus = observer(_evenement(nom), evenement)
        return _apprendre(self.lit, nom, dict.fromkeys(vus, Champ()))

    def en_texte(self) -> str:
        dites = self.model_dump(exclude_defaults=True)
        for sens in {"envoie", "lit"} & set(dites):
            dites[sens] = {nom: dict(sorted(champs.items())) for nom, champs in sorted(dites[sens].items())}
        return json.dumps(dites, ensure_ascii=False, indent=1) + "\n"


def lire(fichier: Path) -> Attentes:
    """Raises AttentesIllisibles."""
    try:
        return Attentes.model_validate_json(fichier.read_bytes())
    except OSError as erreur:
        raise AttentesIllisibles(f"{fichier} ne peut pas être lu : {erreur.strerror}") from erreur
    except ValidationError as erreur:
        lieu = "/".join(map(str, erreur.errors()[0]["loc"]))
        raise AttentesIllisibles(f"{fichier} n'est pas un fichier d'attentes (à /{lieu})") from erreur


def observer(schema: Schema, message: Mapping[str, Any]) -> Champs:
    """The fields of one message that its schema knows."""
    fois: Counter[str] = Counter()
    codes: dict[str, set[str]] = {}
    for pointeur, noeud, valeur in _parcourir(schema, schema, message, ""):
        fois[pointeur] += valeur is not None
        if "enum" in noeud and valeur is not None:
            codes.setdefault(pointeur, set()).add(str(valeur))
    return {
        pointeur: Champ(
            toujours=0 < nombre == fois[_parent(pointeur)] and not pointeur.endswith("/*"),
            codes=tuple(sorted(codes[pointeur])) if pointeur in codes else None,
        )
        for pointeur, nombre in fois.items()
        if pointeur
    }


def _parcourir(racine: Schema, schema: Schema, valeur: Any, pointeur: str) -> Iterator[tuple[str, Schema, Any]]:
    noeud = resoudre(racine, schema)
    yield pointeur, noeud, valeur
    if isinstance(valeur, Mapping):
        for nom, sien in noeud.get("properties", {}).items():
            if nom in valeur:
                yield from _parcourir(racine, sien, valeur[nom], f"{pointeur}/{nom}")
    elif isinstance(valeur, list):
        for element in valeur:
            yield from _parcourir(racine, noeud.get("items", {}), element, f"{pointeur}/*")


def _apprendre(sens: dict[str, Champs], nom: str, vus: Champs) -> bool:
    avant = sens.get(nom, {})
    sens[nom] = _ajouter(avant, vus)
    return sens[nom] != avant


def _ajouter(connus: Champs, vus: Champs) -> Champs:
    """What one more message of the same type teaches."""
    ajoutes = dict(connus)
    for pointeur, champ in connus.items():
        if pointeur not in vus and _est_dans(_parent(pointeur), vus):
            ajoutes[pointeur] = champ.model_copy(update={"toujours": False})
    for pointeur, champ in vus.items():
        if pointeur in connus:
            ajoutes[pointeur] = connus[pointeur].et(champ)
        else:
            etait_vu_sans = _est_dans(_parent(pointeur), connus)
            ajoutes[pointeur] = champ.model_copy(update={"toujours": champ.toujours and not etait_vu_sans})
    return ajoutes


def _parent(pointeur: str) -> str:
    return pointeur.rpartition("/")[0]


def _est_dans(pointeur: str, champs: Champs) -> bool:
    return pointeur in champs if pointeur else bool(champs)


@cache
def _depot(nom: str) -> Schema:
    return schema_depot(CATALOGUE[nom])


@cache
def _evenement(nom: str) -> Schema:
    """The envelope that the hub writes, and the data of this type."""
    enveloppe, donnees = schema_enveloppe_evenement(), schema_donnees(CATALOGUE[nom])
    return evenement_entier(enveloppe, donnees)


def evenement_entier(enveloppe: Schema, donnees: Schema) -> Schema:
    """One schema of a whole event, from the two that are published."""
    definitions = {**enveloppe.get("$defs", {}), **donnees.get("$defs", {})}
    return {**enveloppe, "properties": {**enveloppe["properties"], "data": donnees}, "$defs": definitions}
