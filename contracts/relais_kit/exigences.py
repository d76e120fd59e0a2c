"""What is asked of a partner's programs: one row per requirement, with an id that does not change.

The rows stand beside the checks of each side (`recepteur/exigences.py`, `emetteur/exigences.py`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Exigence(NamedTuple):
    """`phrase` describes the behaviour of a right program; `source` where it is specified; `theme` groups the
    report.
    """

    id: str
    theme: str
    phrase: str
    source: str


Exigences = Mapping[str, Exigence]
"""By the short name that the checks use; the order is that of the report."""


def table(cote: str, lignes: Sequence[tuple[str, str, str, str]]) -> Exigences:
    """From rows (short name, theme, sentence, source); the id is `cote.nom`."""
    return {nom: Exigence(f"{cote}.{nom}", theme, phrase, source) for nom, theme, phrase, source in lignes}
