"""One parcours of a story, as its partners write it: a person, her placeholder, her messages in the order of deposit.

No parcours has a name before the hub gives one to each partner. The `agent` of every line ends with the name of the
dossier, which events repeat; `subject` and references hold a placeholder made of it, which the loader replaces.
"""

import base64
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from relais_contrats.catalogue import CATALOGUE
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.generation import AGENT, signalement

TERRITOIRE = "59"
ATTENDRE = "attendre"
"""Extension attribute of a line: the fact of the hub (`orientation.dessaisie`) before which it is not deposited."""

_FINALITES = {p.code: [c.finalite for c in p.conventions] for p in PARTENAIRES}
_STRUCTURES = {p.code: s for p in PARTENAIRES for s in p.structures}
_PAS = timedelta(minutes=5)
_MATIN = time(6, tzinfo=UTC)


def reserve(dossier: str) -> str:
    """The placeholder of this dossier's parcours, in the form of a pseudonym."""
    return "prc_" + base64.b32encode(hashlib.sha256(dossier.encode()).digest()).decode().lower()[:26]


def dossier_de(agent: str | None) -> str | None:
    """The dossier that a line or an event is about; None for anything that is not of a story."""
    debut, _, nom = (agent or "").rpartition(" ")
    return nom if debut == AGENT else None


def structure(code: str) -> dict[str, str]:
    """The structure of a partner, as messages name it."""
    sienne = _STRUCTURES[code]
    return {"systeme": sienne.systeme, "valeur": sienne.valeur, "nom": sienne.nom}


@dataclass
class Recit:
    """One telling of a story: `rang` is its place in the file, `jour` the day on which it will be deposited."""

    histoire: str
    graine: int
    jour: date
    rang: int
    lignes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def nom(self) -> str:
        return f"{self.histoire}.g{self.graine}.j{self.jour:%Y%m%d}.n{self.rang}"

    def personne(self, lettre: str = "a") -> "Dossier":
        hasard = random.Random(f"{self.nom}.{lettre}")  # noqa: S311  # to be repeated, not to be secret
        depart = int.from_bytes(hashlib.sha256(f"{self.histoire}/{self.graine}/{self.jour}".encode()).digest()[:4])
        return Dossier(self, f"{self.nom}.{lettre}", signalement(hasard, depart + self.rang), hasard)

    def il_y_a(self, jours: int) -> str:
        """The date of that many days before the deposit; negative for a day to come."""
        return (self.jour - timedelta(days=jours)).isoformat()

    def dire(self, code: str, fait: str, data: Mapping[str, Any], jours: int, dossier: str) -> dict[str, Any]:
        """Add a line: what this partner deposits of a fact of that many days ago."""
        type_ = CATALOGUE[fait]
        instant = datetime.combine(self.jour - timedelta(days=jours), _MATIN) + _PAS * len(self.lignes)
        ligne: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"{dossier}.{len(self.lignes) + 1}",
            "source": f"/partenaires/{code}",
            "type": type_.type_cloudevents,
            "time": instant.isoformat(),
            "departement": TERRITOIRE,
            "agent": f"{AGENT} {dossier}",
            "finalite": next(f for f in _FINALITES[code] if f in type_.finalites),
            "data": dict(data),
        }
        if type_.porte_sur_parcours:
            ligne["subject"] = reserve(dossier)
        self.lignes.append(ligne)
        return ligne


@dataclass
class Dossier:
    """A person of a story. `donnees` is the content of a first signalement."""

    recit: Recit
    nom: str
    donnees: dict[str, Any]
    hasard: random.Random

    @property
    def parcours(self) -> str:
        return reserve(self.nom)

    def dire(
        self,
        code: str,
        fait: str,
        data: Mapping[str, Any],
        jours: int,
        attendre: str | None = None,
    ) -> None:
        ligne = self.recit.dire(code, fait, data, jours, self.nom)
        if attendre:
            ligne[ATTENDRE] = attendre
