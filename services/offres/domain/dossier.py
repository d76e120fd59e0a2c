"""The nouns of prescriptions: the service to which a person is sent, where the prescription stands, the dossier."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.identifiants import MOTIF_CODE_STRUCTURE, siret_est_coherent
from relais_contrats.v1 import partages
from services.offres.domain.delai import EXPIRE_A_L_ETUDE_AU, EXPIRE_AU, RELANCE_TOUS_LES


class Etat(StrEnum):
    EMISE = "emise"
    A_L_ETUDE = "a-l-etude"
    ACCEPTEE = "acceptee"
    COMMENCEE = "commencee"
    TERMINEE = "terminee"
    REFUSEE = "refusee"
    ANNULEE = "annulee"
    EXPIREE = "expiree"

    @property
    def est_final(self) -> bool:
        return self in (Etat.TERMINEE, Etat.REFUSEE, Etat.ANNULEE, Etat.EXPIREE)

    @property
    def attend_une_reponse(self) -> bool:
        return self in (Etat.EMISE, Etat.A_L_ETUDE)


@dataclass(frozen=True, slots=True)
class Service:
    """A live service and the structure that renders it, as they were when the prescription was emitted."""

    id: str
    structure_id: str
    structure_nom: str
    siret: str | None

    def structure(self) -> partages.Structure | None:
        """By its SIRET, as partners declare theirs; by its key in the offer where it has none, or a wrong one."""
        if self.siret and siret_est_coherent(self.siret):
            systeme, valeur = "siret", self.siret
        elif re.fullmatch(MOTIF_CODE_STRUCTURE, self.structure_id):
            systeme, valeur = "local", self.structure_id
        else:
            return None
        return partages.Structure.model_validate({"systeme": systeme, "valeur": valeur, "nom": self.structure_nom})


@dataclass(frozen=True, slots=True)
class Retrait:
    """A service that is no longer offered, since when and why."""

    date: date
    raison: str


@dataclass(frozen=True, slots=True)
class Offre:
    """The live and the withdrawn services that a message or a dossier names, by their keys."""

    services: Mapping[str, Service]
    retraits: Mapping[str, Retrait]


@dataclass(frozen=True, slots=True)
class Demande:
    """The request of the prescriber to the service; `agent` is the professional who asks."""

    motif: str | None = None
    contact_prefere: str | None = None
    disponibilite: date | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Prescription:
    """`numero` is its rank in the dossier, for ever; `emise_le` the day on which the hub received it.

    `repondue_le` is the day of the first answer of the structure, `relances` the rank of the last reminder, `fin_le`
    the day on which it reached a final state, `message` the text that came with its state.
    """

    numero: int
    prescription_id: str
    service: Service
    prescripteur: str
    departement: str
    emise_le: date
    demande: Demande
    action_id: str | None = None
    etat: Etat = Etat.EMISE
    repondue_le: date | None = None
    relances: int = 0
    fin_le: date | None = None
    motifs: tuple[str, ...] = ()
    issue: str | None = None
    message: str | None = None

    @property
    def expire_le(self) -> date:
        """The first day on which an answer comes too late."""
        return self.emise_le + (EXPIRE_A_L_ETUDE_AU if self.etat is Etat.A_L_ETUDE else EXPIRE_AU)

    @property
    def expire_au_plus_tard(self) -> date:
        """The same, should the structure still take its time."""
        return self.emise_le + EXPIRE_A_L_ETUDE_AU

    @property
    def prochaine_date(self) -> date:
        """When time will next change something in it, as long as nobody answers."""
        return min(self.expire_le, self.emise_le + (self.relances + 1) * RELANCE_TOUS_LES)


@dataclass(frozen=True, slots=True)
class Dossier:
    """The prescriptions of one parcours, in their order. An absorbed dossier has none open: its survivor took them."""

    parcours: UUID
    departement: str
    est_clos: bool = False
    est_efface: bool = False
    absorbe_par: UUID | None = None
    prescriptions: tuple[Prescription, ...] = ()

    def prescription(self, prescription_id: str) -> Prescription | None:
        return next((p for p in self.prescriptions if p.prescription_id == prescription_id), None)

    def avec(self, nouvelle: Prescription) -> "Dossier":
        return replace(self, prescriptions=(*self.prescriptions, nouvelle))

    def changer(self, prescription_id: str, **champs: Any) -> "Dossier":
        """With these fields of that prescription."""
        changees = (replace(p, **champs) if p.prescription_id == prescription_id else p for p in self.prescriptions)
        return replace(self, prescriptions=tuple(changees))

    @property
    def prochain_numero(self) -> int:
        """The next free number. Prescriptions that left with an undone merge keep their places empty."""
        return max((connue.numero for connue in self.prescriptions), default=0) + 1

    @property
    def en_attente(self) -> tuple[Prescription, ...]:
        return () if self.absorbe_par else tuple(p for p in self.prescriptions if p.etat.attend_une_reponse)
