"""Query strings read as strictly as bodies: names of the published API only, each once, of the published form, nothing
echoed. The hub and its mock refuse with this.
"""

import re
from collections.abc import Mapping, Sequence

from relais_contrats import territoires
from relais_contrats.api import OPERATIONS
from relais_contrats.identifiants import MOTIF_DEPARTEMENT
from relais_contrats.operations import Parametre
from relais_contrats.problemes import invalid

_TEXTE_MAX = 1_000
_AUCUN = "Aucun paramètre n'est admis ici."
_ADMIS: Mapping[tuple[str, str], Mapping[str, Parametre]] = {
    (operation.chemin, operation.methode): {parametre.nom: parametre for parametre in operation.parametres}
    for operation in OPERATIONS
}


def lire_parametres(methode: str, chemin: str, donnes: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """`chemin` as OpenAPI writes it. Raises a Problem for an unknown, repeated, empty or oversized parameter, and for
    one of another form."""
    if not donnes:
        return {}
    admis = _ADMIS[chemin, methode.replace("HEAD", "GET")]
    if not {nom for nom, _ in donnes} <= admis.keys():
        raise invalid("", f"Paramètres admis : {', '.join(sorted(admis))}." if admis else _AUCUN)
    if len({nom for nom, _ in donnes}) != len(donnes):
        raise invalid("", "Un paramètre est répété.")
    if any(len(valeur) > _TEXTE_MAX or "\0" in valeur for _, valeur in donnes):
        raise invalid("", "La valeur d'un paramètre est trop longue, ou contient un caractère interdit.")
    if not all(valeur for _, valeur in donnes):
        raise invalid("", "Un paramètre n'a pas de valeur : ôtez-le, ou donnez-lui la sienne.")
    for nom, valeur in donnes:
        if not _a_la_forme(admis[nom], valeur):
            raise invalid(nom, _attendu(admis[nom], valeur))
    return dict(donnes)


def _a_la_forme(parametre: Parametre, valeur: str) -> bool:
    """Return whether the value has the published form. Dates, numbers and codes pass here: their own readers give a
    better error.
    """
    schema = parametre.schema
    if "pattern" not in schema or "format" in schema or parametre.est_une_liste_de_codes:
        return True
    return len(valeur) <= schema.get("maxLength", _TEXTE_MAX) and re.fullmatch(schema["pattern"], valeur) is not None


def _attendu(parametre: Parametre, valeur: str) -> str:
    """A territory that is two is told which ones."""
    if parametre.schema.get("pattern") == MOTIF_DEPARTEMENT:
        return territoires.expliquer(valeur)
    return "La valeur n'a pas la forme publiée."
