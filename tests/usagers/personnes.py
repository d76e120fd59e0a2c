"""Synthetic persons and the deposits that speak of them. No number here belongs to anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.facts import Entree
from relais_contrats.identifiants import cle_nir

MAINTENANT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CAF = "/partenaires/caf-59"
CD = "/partenaires/cd-59"


def nir(ordre: int, *, lieu: str = "59350", sexe: str = "2", naissance: str = "8503") -> str:
    """13 characters; `ordre` makes it unique."""
    return f"{sexe}{naissance}{lieu[:2]}{ordre:06d}"


def nir_avec_cle(nir13: str) -> str:
    return nir13 + cle_nir(nir13)


@dataclass(frozen=True)
class Personne:
    nom: str = "Moreau"
    prenoms: str = "Camille"
    naissance: date = date(1985, 3, 14)
    nir: str | None = None

    def identite(self, **autres: Any) -> dict[str, Any]:
        propres = {"nom_naissance": self.nom, "prenoms": self.prenoms, "date_naissance": self.naissance.isoformat()}
        return propres | autres

    def identifiants(self, *autres: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [*([{"type": "nir", "valeur": self.nir}] if self.nir else []), *autres]

    def donnees(self, *identifiants: Mapping[str, Any], **autres: Any) -> dict[str, Any]:
        """The data of a `usager.signale`."""
        base = {
            "identite": self.identite(),
            "identifiants": self.identifiants(*identifiants),
            "brsa": True,
            "origine": "inscription-auto-caf",
        }
        return base | autres


def local(valeur: str) -> dict[str, str]:
    return {"type": "local", "valeur": valeur}


def numero_ft(valeur: str) -> dict[str, str]:
    return {"type": "numero-france-travail", "valeur": valeur}


def matricule(valeur: str, role: str = "demandeur") -> dict[str, str]:
    return {"type": "matricule-caf", "valeur": valeur, "role": role}


def depot(
    type_: str,
    donnees: Mapping[str, Any],
    agregat: UUID | None = None,
    *,
    emetteur: str = CAF,
    departement: str = "59",
    reconnait_dans: Sequence[str] = (),
) -> Entree:
    return Entree(
        id=uuid7(),
        nature="depot",
        type=type_,
        agregat=agregat,
        emetteur=emetteur,
        role="departement",
        partition=departement,
        donnees=donnees,
        survenu_a=MAINTENANT,
        recu_a=MAINTENANT,
        partitions_ouvertes=reconnait_dans,
    )


def signale(personne: Personne, *identifiants: Mapping[str, Any], emetteur: str = CAF, **autres: Any) -> Entree:
    """`autres`: `departement`, `reconnait_dans`."""
    return depot("usager.signale", personne.donnees(*identifiants), emetteur=emetteur, **autres)


def corrige(donnees: Mapping[str, Any], parcours: UUID, *, reconnait_dans: Sequence[str] = ("59",)) -> Entree:
    """By whom may be told, in these territories, who holds a number."""
    return depot("usager.corrige", donnees, parcours, emetteur=CD, reconnait_dans=reconnait_dans)


def types(faits: Sequence[Any]) -> list[str]:
    return [fait.type for fait in faits]
