"""The daily roots that a partner kept, against its receipts: signed by the hub, and sealing the last of each chain."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import KeySet

from relais_contrats.racines import TYP, Etape, feuille, remonter
from relais_contrats.recus import contenu, est_signe

Place = tuple[str, int]
"""The chain of a receipt and its rank there."""


class RacineIllisible(ValueError):
    """This is not what `GET /v1/recus/racine` gives."""


@dataclass(frozen=True)
class Racines:
    """`recus`: the receipts that the partner has, by their place."""

    cles: KeySet
    emetteur: str
    recus: Mapping[Place, str]

    def ruptures(self, dite: Any) -> list[str]:
        """What is broken between the receipts and this root, in French. Raises RacineIllisible."""
        try:
            jws, siennes = dite["racine"], list(dite["chaines"])
            scelle = contenu(jws)
            jour, racine = scelle.get("jour"), scelle.get("racine")
            trouvees = [faute for une in siennes for faute in self._de_la_chaine(une, bytes.fromhex(str(racine)))]
            fins = {str(une["chaine"]): int(une["rang"]) for une in siennes}
        except (ValueError, KeyError, TypeError, AttributeError) as erreur:
            raise RacineIllisible from erreur
        if not est_signe(jws, self.cles, TYP) or scelle.get("iss") != self.emetteur:
            trouvees.insert(0, "elle n'est pas signée par ce relais.")
        trouvees += self._hors_de(str(jour), fins)
        return [f"racine du {jour} : {faute}" for faute in trouvees]

    def _de_la_chaine(self, une: Mapping[str, Any], racine: bytes) -> Iterator[str]:
        chaine, rang, empreinte = str(une["chaine"]), int(une["rang"]), str(une["empreinte"])
        etapes = [Etape(etape["cote"], bytes.fromhex(etape["empreinte"])) for etape in une["chemin"]]
        if remonter(feuille(chaine, rang, empreinte), etapes) != racine:
            yield f"elle ne scelle pas le reçu {chaine} n° {rang} qu'elle montre."
        gardes = [un for sienne, un in self.recus if sienne == chaine]
        if gardes and max(gardes) < rang:
            yield f"il vous manque {rang - max(gardes)} reçu(s) de {chaine}, après le n° {max(gardes)}."
        garde = self.recus.get((chaine, rang))
        if garde and hashlib.sha256(garde.encode()).hexdigest() != empreinte:
            yield f"votre reçu {chaine} n° {rang} n'est pas celui qu'elle scelle."

    def _hors_de(self, jour: str, fins: Mapping[str, int]) -> Iterator[str]:
        """Receipts of that day that it does not seal."""
        for (chaine, rang), jws in sorted(self.recus.items()):
            fait = contenu(jws).get("iat", 0)
            if rang > fins.get(chaine, 0) and str(datetime.fromtimestamp(fait, UTC).date()) == jour:
                yield f"elle ne scelle pas votre reçu {chaine} n° {rang}, qui est de ce jour."
