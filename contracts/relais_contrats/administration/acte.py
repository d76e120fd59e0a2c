"""What an act is: its name, its sentence, who may ask for it, what it is asked with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from relais_contrats.codes.liste import Code


class Portee(Code):
    """Ce qu'une machine peut demander à l'API d'administration."""

    LIRE = "administration:lire", "Lire ce que la console montre."
    EXPLOITER = "administration:exploiter", "Agir sur les livraisons, les rejeux et le rebut."
    ADMINISTRER = "administration:administrer", "Gérer les partenaires, et confirmer les actes sensibles."


@dataclass(frozen=True, slots=True)
class Acte:
    """`phrase` says it to operators. A sensitive one waits for a second operator where four eyes are asked for."""

    nom: str
    phrase: str
    portee: Portee
    corps: type[BaseModel]
    est_sensible: bool = False

    @property
    def chemin(self) -> str:
        return f"/administration/v1/actes/{self.nom}"


class ActeEnAttente(BaseModel):
    """Un acte sensible : un autre opérateur le confirme avant `expire_le`, ou il n'est pas fait."""

    model_config = ConfigDict(frozen=True)

    etat: Literal["a-confirmer"] = "a-confirmer"
    id: UUID
    acte: str
    expire_le: datetime


class ActeFait(BaseModel):
    """Un acte fait : son numéro au registre, sur quoi, et ce qui était avant et après."""

    model_config = ConfigDict(frozen=True)

    numero: int
    objet: str
    avant: dict[str, Any] | None
    apres: dict[str, Any] | None
    resultat: dict[str, Any]
