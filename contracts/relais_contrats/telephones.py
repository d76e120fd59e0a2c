"""Telephone numbers: of France and overseas by their numbering plan, of other countries by their length alone.

Plan: Arcep, décision 2018-0881 modifiée; indicatifs: UIT-T E.164. No look-up says whether a number is allocated.
"""

import re
from collections.abc import Mapping

_OUTRE_MER: Mapping[str, tuple[str, ...]] = {
    "590": ("590", "690", "691"),
    "594": ("594", "694"),
    "596": ("596", "696", "697"),
    "262": ("262", "263", "269", "639", "692", "693"),
    "508": ("508",),
}
"""Indicatif → how the numbers begin there, the 0 left out: Guadeloupe (977 and 978 too), Guyane, Martinique, La Réunion
and Mayotte, Saint-Pierre-et-Miquelon."""
_INDICATIF_DE = {debut: indicatif for indicatif, debuts in _OUTRE_MER.items() for debut in debuts}

_NATIONAL = "0[1-9][0-9]{8}"
_METROPOLE = (
    "33([134789][0-9]{8}|2([0-57-9][0-9]|6[0145678])[0-9]{6}|5([1-8][0-9]|0[0-79]|9[1235789])[0-9]{6}"
    "|6([0-24-8][0-9]|3[0-8]|9[589])[0-9]{6})"
)
_AVEC_INDICATIF_D_OUTRE_MER = "(262|590|594|596)[1-9][0-9]{8}|508([1-9][0-9]{5}|[1-9][0-9]{8})"
_AILLEURS = (
    "[146789][0-9]{6,14}|2([0-57-9][0-9]|6[013-9])[0-9]{4,12}|3[0-24-9][0-9]{5,13}"
    "|5([1-8][0-9]|0[0-79]|9[1235789])[0-9]{4,12}"
)
_INTERNATIONAL = f"\\+({_METROPOLE}|{_AVEC_INDICATIF_D_OUTRE_MER}|{_AILLEURS})"
_COURT = "1[0-9]{1,3}|11[68][0-9]{3}|3[0-9]{3}"
MOTIF_PERSONNE = f"^({_NATIONAL}|{_INTERNATIONAL})$"
MOTIF_SERVICE = f"^({_NATIONAL}|{_INTERNATIONAL}|{_COURT})$"

_UN_ZERO_DE_TROP = re.compile(r"\+(33|262|508|590|594|596)0")
_SOUS_33 = re.compile(r"\+33([0-9]{3})[0-9]{6}")


def expliquer(numero: str) -> str | None:
    """Why a number that is written for dialling abroad is wrong, in French, without repeating it; None otherwise."""
    if trop := _UN_ZERO_DE_TROP.match(numero):
        return f"Après +{trop[1]}, le 0 du numéro s'ôte."
    sous_33 = _SOUS_33.fullmatch(numero)
    indicatif = _INDICATIF_DE.get(sous_33[1]) if sous_33 else None
    return f"Ce numéro est d'outre-mer : son indicatif est +{indicatif}, et non +33." if indicatif else None
