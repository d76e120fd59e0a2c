"""The parcours that a message names: it must exist, in a state that the message admits."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis.decision import Attente, Refus
from services.usagers.domain.faits import Fait
from services.usagers.domain.parcours import Etat, EtatParcours, Parcours

Decision = Sequence[Fait] | Refus | Attente
ACTIF = frozenset({EtatParcours.ACTIF})


def sur(
    etat: Etat, id_: UUID, suite: Callable[[Parcours], Decision], admis: frozenset[EtatParcours] = ACTIF
) -> Decision:
    """Decide about a parcours that must exist, in one of the states `admis`."""
    parcours = etat.nommes.get(id_)
    if parcours is None or parcours.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/subject")
    if parcours.etat in admis:
        return suite(parcours)
    if parcours.etat is EtatParcours.AMBIGU:
        return Refus("usager-ambigu", "/subject")
    return Refus("etat-interdit", "/subject", {"etat": str(parcours.etat)})
