"""The dossier of one parcours: the events about it, and their composition."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from services.feuille_de_route.domain.carnet import Action, Objectif, StatutAction
from services.feuille_de_route.domain.echeances import Prochaine
from services.feuille_de_route.domain.ensemble import Ensemble, replier
from services.feuille_de_route.domain.prescriptions import statut_effectif
from services.feuille_de_route.domain.recu import NOUS, Json, Recu, avec
from services.feuille_de_route.domain.regles import Dit, Message
from services.feuille_de_route.domain.vue import Document, composer


@dataclass(frozen=True, slots=True)
class Sous:
    """The origin of an entry on the sheet: its message, author, instant, and the moment of the decision."""

    type: str
    auteur: str
    dit_a: datetime
    decide_a: datetime


@dataclass(frozen=True)
class Dossier:
    """`recus`: the events of this parcours and of its absorbed ones, in the order of arrival, that may still be shown
    or cancelled; an absorbed dossier has none. `rendus`: parcours that it had absorbed and gave back.

    `recus` are folded once, on demand.
    """

    parcours: UUID
    absorbe_par: UUID | None = None
    recus: tuple[Recu, ...] = ()
    rendus: tuple[UUID, ...] = ()

    @cached_property
    def ensemble(self) -> Ensemble:
        return replier(self.parcours, self.recus)

    @cached_property
    def composee(self) -> tuple[Document, tuple[Prochaine, ...]]:
        """The view, and the due dates."""
        return composer(self.ensemble)

    @property
    def departement(self) -> str:
        return self.ensemble.departement

    @property
    def est_clos(self) -> bool:
        return self.ensemble.vie.est_close

    @cached_property
    def objectifs(self) -> Mapping[str, Objectif]:
        """By key; where parcours that were merged share one, that of the survivor, else of the latest."""
        return {objectif.objectif_id: objectif for _, objectif in self.ensemble.carnet.objectifs.values()}

    @cached_property
    def actions(self) -> Mapping[str, Action]:
        return {action.action_id: action for _, action in self.ensemble.carnet.actions.values()}

    def statut(self, action: Action) -> StatutAction:
        return statut_effectif(action, list(self.ensemble.prescriptions.connues.values()))

    def avec(self, recu: Recu) -> "Dossier":
        return replace(self, recus=avec(self.recus, recu))

    def ecrit(self, donnees: Json, sous: Sous, departement: str) -> "Dossier":
        """Return the dossier with the entry, at the next place among the facts of this service."""
        rangs = (recu.sequence for recu in self.recus if (recu.parcours, recu.brique) == (self.parcours, NOUS))
        return self.avec(
            Recu(
                id=_moment(sous.decide_a),
                parcours=self.parcours,
                brique=NOUS,
                sequence=max(rangs, default=0) + 1,
                type=sous.type,
                departement=departement,
                auteur=sous.auteur,
                survenu_a=sous.dit_a,
                donnees=donnees,
            )
        )


def dit(dossier: Dossier, message: Message[Any], data: Any, maintenant: datetime) -> Dit[Any, Sous]:
    """Return the fact that a deposit publishes: `data`, as deposited or completed."""
    sous = Sous(message.type, message.auteur, message.dit_a or message.recu_a, maintenant)
    return Dit(dossier.parcours, dossier.departement, data, sous)


def ecrire(dossier: Dossier, fait: Dit[Any, Sous]) -> Dossier:
    """The fold of all that is written on the sheet."""
    return dossier.ecrit(fait.data.en_json(), fait.garde, fait.departement)


def _moment(instant: datetime) -> UUID:
    """A UUIDv7 of that millisecond: what is written takes its place among what the siblings tell."""
    return UUID(int=(int(instant.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
