"""The stock of a département, as its files hold it: persons that it follows, and what it declares of each."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.parcours.reorientation import MAISON, REFERENT, day, decision

DEPARTEMENT = "/partenaires/cd-59"
ENGAGEMENT = {"id": "u1", "theme": "mobilite", "libelle": "Préparer le permis"}


def contrat(cle: str = "1", **autres: Any) -> dict[str, Any]:
    """Signed 290 days ago, for a year."""
    return {
        "contrat_id": cle,
        "date_debut": day(-300),
        "duree_mois": 12,
        "engagements_usager": [ENGAGEMENT],
        "engagements_organisme": [ENGAGEMENT | {"id": "o1"}],
        "date_signature": day(-290),
        "signataires": ["usager", "referent"],
    } | autres


def rdv(cle: str = "1", jour: int = 12) -> dict[str, Any]:
    return {
        "rdv_id": cle,
        "motif": "accompagnement",
        "debut": f"{day(jour)}T09:30:00+01:00",
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "statut": "planifie",
    }


def situation(structure: dict[str, str] = MAISON, organisme: str = "departement", **autres: Any) -> dict[str, Any]:
    """Oriented 400 days ago, for the second time, followed and under contract ever since."""
    return {
        "date_reprise": day(-1),
        "orientation": decision(structure, organisme, 2, -400) | {"date_notification": day(-395)},
        "referent": {"referent": REFERENT, "structure": structure, "date_debut": day(-390)},
        "contrat": contrat(),
        "rdv": [rdv()],
    } | autres


@dataclass(frozen=True)
class Personne:
    """`dossier` is the key of the département's own system; `matricule` what the CAF knows her by."""

    dossier: str
    matricule: str
    nom: str
    naissance: str = "1985-02-01"
    situation: dict[str, Any] = field(default_factory=situation)

    def signalement(self) -> dict[str, Any]:
        data = {
            "identite": {"nom_naissance": self.nom, "prenoms": "Zoé", "date_naissance": self.naissance},
            "identifiants": [
                {"type": "matricule-caf", "valeur": self.matricule, "role": "demandeur"},
                {"type": "local", "valeur": self.dossier},
            ],
            "brsa": True,
            "origine": "rds-lpe",
        }
        return self._message("usager.signale", f"signale-{self.dossier}", data)

    def reprise(self, parcours: str | None = None) -> dict[str, Any]:
        message = self._message("reprise.declaree", f"reprise-{self.dossier}", self.situation)
        return message | ({"subject": parcours} if parcours else {})

    def _message(self, fait: str, id_: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": id_,
            "source": DEPARTEMENT,
            "type": f"fr.insertion.{fait}.v1",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "departement": "59",
            "agent": "batch",
            "finalite": "accompagnement",
            "data": data,
        }


def personnes(combien: int, **autres: Any) -> Iterator[Personne]:
    """Persons that no other test knows."""
    serie = secrets.randbelow(10**6)
    for rang in range(combien):
        matricule = f"{serie:06d}{rang:04d}"
        yield Personne(f"d-{matricule}", matricule, f"STOCK{_lettres(rang)}", **autres)


def _lettres(rang: int) -> str:
    """A name of its own: two persons born on one day are told apart by it."""
    return "".join(chr(65 + (rang // 26**place) % 26) for place in range(3))
