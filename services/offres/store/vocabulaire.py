"""The words of a question as a `tsquery` over the stems of the catalogue."""

from chassis.database import Connection
from services.offres import mots
from services.offres.store.requete import Erreur

_SEMBLABLE = 0.45
_SEMBLABLES = """
SELECT mot, public.similarity(mot, $1) AS proximite FROM mots WHERE mot OPERATOR(public.%) $1
ORDER BY proximite DESC, mot LIMIT 6
"""


async def tsquery(conn: Connection, q: str) -> str:
    """Every word that says something must be there, by its stem, or by that of a name it resembles when no name has
    its stem. Stems hold letters and digits only."""
    dits = [mot for mot in mots.decouper(q) if mots.racine(mot)]
    if not dits:
        raise Erreur("schema-invalide", "q", "Aucun mot de cette recherche ne dit ce qui est cherché.")
    termes = []
    for mot in dict.fromkeys(dits):
        stems = [mots.racine(mot)]
        semblables = await conn.fetch(_SEMBLABLES, mot)
        if stems[0] not in mots.racines(autre["mot"] for autre in semblables):
            stems += [mots.racine(autre["mot"]) for autre in semblables if autre["proximite"] >= _SEMBLABLE]
        termes.append("(" + " | ".join(dict.fromkeys(stems)) + ")")
    return " & ".join(termes)
