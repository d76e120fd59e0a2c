"""Where the bars of a chart stand: the template draws them as SVG, beside the same figures in a table. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

_HEIGHT, _STEP = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Barre:
    x: float
    y: float
    largeur: float
    hauteur: float
    serie: int


@dataclass(frozen=True, slots=True)
class Barres:
    """`plus_haut`: what the whole height is."""

    largeur: float
    hauteur: float
    plus_haut: int
    barres: Sequence[Barre]


def barres(rows: Sequence[Sequence[int]]) -> Barres:
    """Side by side, the figures of each row in their order; what is more than nothing is seen."""
    highest = max((value for row in rows for value in row), default=0)
    drawn = []
    for place, row in enumerate(rows):
        width = (_STEP - 2) / max(1, len(row))
        for serie, value in enumerate(row):
            height = max(1.0, _HEIGHT * value / highest) if value else 0.0
            x = place * _STEP + 1 + serie * width
            drawn.append(Barre(round(x, 2), round(_HEIGHT - height, 2), round(width, 2), round(height, 2), serie))
    return Barres(max(1, len(rows)) * _STEP, _HEIGHT, highest, drawn)
