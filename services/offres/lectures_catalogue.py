"""The reads of the catalogue that the service answers: `lecture.offres.<vue>`."""

from collections.abc import Mapping

from services.offres.store import changements, fiches, recherche, statistiques
from services.service import Lecture

LECTURES_CATALOGUE: Mapping[str, Lecture] = {
    "services": recherche.services,
    "service": fiches.service,
    "structures": fiches.structures,
    "structure": fiches.structure,
    "changements": changements.changements,
    "statistiques_catalogue": statistiques.statistiques_catalogue,
}
