"""What a partner writes to have events pushed, or sent again. The hub and its mock read it, and refuse with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from relais_contrats.demandes import moment
from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem, invalid
from relais_contrats.valeurs import Entier

PAR_PARTENAIRE_MAX = 20
RECOUVREMENTS_MAX = 4
"""A delivery bears one signature for each."""

Url = Annotated[str, Field(min_length=8, max_length=2000)]
Types = Annotated[list[Annotated[str, Field(min_length=1, max_length=120)]], Field(max_length=100)]
Lot = Annotated[Entier, Field(ge=1, le=100)]
_Instant = Annotated[str, Field(min_length=1, max_length=40)]


class _Demande(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NouvelAbonnement(_Demande):
    url: Url
    types: Types
    lot: Lot = 1
    actif: bool = True
    signature: Literal["v1", "v1a"] = "v1"


class Changement(_Demande):
    """Absent fields keep their value."""

    url: Url | None = None
    types: Types | None = None
    lot: Lot | None = None
    actif: bool | None = None


class NouveauRejeu(_Demande):
    """`types` empty: all those of the subscription. `renvoyer`: also what was delivered already."""

    du: _Instant
    au: _Instant
    abonnement: Annotated[str, Field(min_length=1, max_length=40)]
    types: Types = []
    a_blanc: bool = False
    renvoyer: bool = False

    def periode(self) -> tuple[datetime, datetime]:
        """[du, au[. Raises a Problem."""
        du, au = moment(self.du, "/du"), moment(self.au, "/au")
        if du is None or au is None or du >= au:
            raise invalid("/au", "`au` doit suivre `du`.")
        return du, au


class Acquittement(_Demande):
    curseur: Annotated[str, Field(min_length=1, max_length=100)]


def etat_suivant(etat: str, actif: bool | None, *, change_d_adresse: bool) -> str:
    """Of a subscription after a `Changement`: a new address is verified, and one that comes back from rest."""
    if actif is False or (actif is None and etat == "inactif"):
        return "inactif"
    return "a-verifier" if change_d_adresse or (actif and etat in ("inactif", "suspendu")) else etat


def types_rejoues(etat: str, pris: Sequence[str], voulus: Sequence[str]) -> Sequence[str]:
    """What a replay selects: the types of the subscription, narrowed to those asked for. Raises a Problem."""
    if etat == "inactif":
        raise interdit("Cet abonnement est inactif : rien n'y est livré.", "/abonnement")
    if not voulus:
        return pris
    if pris and not set(voulus) <= set(pris):
        raise invalid("/types", "L'abonnement ne prend pas tous ces types.")
    return voulus


def trop_d_abonnements() -> Problem:
    return interdit(f"Un partenaire a {PAR_PARTENAIRE_MAX} abonnements au plus : supprimez-en un.")


def sans_secret() -> Problem:
    return interdit("Un abonnement `v1a` n'a pas de secret : les clés publiques du hub le vérifient.")


def trop_de_recouvrements() -> Problem:
    return interdit("Trop de secrets se recouvrent : attendez la fin du plus ancien.")


def interdit(phrase: str, pointeur: str = "") -> Problem:
    return Problem("etat-interdit", erreurs=[Erreur(pointeur, "etat-interdit", phrase)])
