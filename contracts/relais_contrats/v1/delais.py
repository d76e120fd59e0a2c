"""The delays of the field, each once with its source: rules count by them, refusals and the contract name them.

To change a delay, change its line here. `./relais test tests/recettes` proves that rules and texts follow.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

_NOMBRES = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    *("onze", "douze", "treize", "quatorze", "quinze", "seize"),
)
_JOURS = {"jour": 1, "semaine": 7}


def decaler(jour: date, mois: int) -> date:
    """The same day `mois` months later (earlier, when negative), or the last of that month if it has no such day.

    That is how a delay in months expires (CPC art. 641): 31 January + 1 month is 28 or 29 February.
    """
    annee, rang = divmod(jour.year * 12 + jour.month - 1 + mois, 12)
    return date(annee, rang + 1, min(jour.day, monthrange(annee, rang + 1)[1]))


@dataclass(frozen=True, slots=True)
class Delai:
    """`nombre` days, weeks or calendar months. `str` is how French writes it: « six semaines »."""

    nombre: int
    unite: Literal["jour", "semaine", "mois"]
    source: str
    """The article of law, or the system of the field whose delay it is."""

    def fin(self, depuis: date) -> date:
        """The last day that is in time, included."""
        if self.unite == "mois":
            return decaler(depuis, self.nombre)
        return depuis + timedelta(days=self.jours)

    @property
    def jours(self) -> int:
        """Raises KeyError on a delay in months: they have no fixed number of days."""
        return self.nombre * _JOURS[self.unite]

    def __str__(self) -> str:
        en_lettres = self.nombre < len(_NOMBRES)
        nombre = _NOMBRES[self.nombre] if en_lettres else str(self.nombre)
        if nombre == "un" and self.unite == "semaine":
            nombre = "une"
        pluriel = "s" if self.nombre > 1 and self.unite != "mois" else ""
        return f"{nombre} {self.unite}{pluriel}"


ORIENTATION = Delai(6, "semaine", "CASF D. 262-65-2")
"""To orient, from the day on which the département receives the opening, or the transfer, of the right."""
SIGNATURE = Delai(1, "mois", "C. trav. D. 5411-14-1")
"""To sign the contract, from the notification of the orientation."""
SUIVI = Delai(30, "jour", "rdv-insertion, cible de ses statistiques")
"""To the référent and to the first appointment, from the decision. No text of law sets it."""
DEBUT_DU_CONTRAT = Delai(3, "mois", "WebRSA, intervale_debut_contrat")
"""How far ahead of its proposal a contract may begin."""
REEXAMEN = Delai(6, "mois", "CASF L. 262-31")
"""To look again at the situation of a person in a social parcours, from its beginning or from the last time."""
REEXAMEN_AVEC_DIFFICULTE = Delai(12, "mois", "CASF D. 262-65-2-1")
"""The same, for some difficulties."""
INSTRUCTION = Delai(15, "jour", "France Travail, API gestion des sanctions RSA")
"""To instruct a proposed sanction."""
SUSPENSION = Delai(12, "mois", "France Travail, API contrat d'engagement")
"""A contract that stays suspended longer is closed."""
