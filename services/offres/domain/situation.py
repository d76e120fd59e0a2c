"""All that a decision looks at: the dossier of a parcours and the services that it names, or a part of the offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.offres.domain.dossier import Dossier, Retrait, Service


@dataclass(frozen=True, slots=True)
class Situation:
    """`dossier` is None while the parcours is not known here, or `est_oublie`: its person was erased.

    `services` are the live ones and `retraits` the withdrawn ones among those that the message or the dossier names.
    """

    dossier: Dossier | None
    absorbes: tuple[Dossier, ...] = ()
    est_oublie: bool = False
    services: Mapping[str, Service] = field(default_factory=dict)
    retraits: Mapping[str, Retrait] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offre:
    """`editeur` is the partner to which the source of the message is bound; `est_vivante` says whether its key is
    offered now, `est_retiree` that it was before, `retrait_prevu` the day on which it is to leave;
    `structure_est_connue` is about the structure that it names."""

    editeur: str | None
    est_vivante: bool
    est_retiree: bool
    structure_est_connue: bool
    retrait_prevu: date | None = None
