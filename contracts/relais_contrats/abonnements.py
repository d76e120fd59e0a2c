"""What a partner writes to have events pushed, or sent again. The hub and its mock read it, and refuse with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from relais_contrats.demandes import moment
from relais_contrats.lecture import Erreur
from relais_contrats.modele import Demande
from relais_contrats.operations import CURSEUR, LISTE_DE_TYPES, MOMENT, UUID
from relais_contrats.problemes import Problem, invalid
from relais_contrats.valeurs import Entier, dit

PAR_PARTENAIRE_MAX = 20
RECOUVREMENTS_MAX = 4
"""A delivery bears one signature for each."""

_URL: dict[str, Any] = {"type": "string", "pattern": "^https?://", "minLength": 8, "maxLength": 2000}
_LOT: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 100}
Url = Annotated[str, Field(min_length=8, max_length=2000), WithJsonSchema(_URL)]
Types = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=120)]], Field(max_length=100), WithJsonSchema({**LISTE_DE_TYPES})
]
"""Whoever reads them tells a type that does not exist from a form that is wrong."""
Lot = Annotated[Entier, Field(ge=1, le=100), WithJsonSchema(_LOT)]
_Moment = Annotated[str, Field(min_length=1, max_length=40), WithJsonSchema({**MOMENT})]


class NouvelAbonnement(Demande):
    """Où recevoir des événements, et lesquels."""

    url: Annotated[Url, dit("https, port 443 ou 8443, sur un hôte que l'opérateur du relais a déclaré pour vous.")]
    types: Types
    lot: Lot = 1
    actif: bool = True
    signature: Annotated[
        Literal["v1", "v1a"],
        dit(
            "Standard Webhooks. `v1` : HMAC, secret montré une fois. `v1a` : ed25519, clé publiée par le hub ; chaque "
            "événement porte alors l'attribut `abonnement`, à comparer au vôtre."
        ),
    ] = "v1"


class Changement(Demande):
    """Ce qui change ; un champ absent garde sa valeur."""

    url: Url | None = None
    types: Types | None = None
    lot: Lot | None = None
    actif: bool | None = None


class NouveauRejeu(Demande):
    """Une période à rejouer. `types` vide : ceux de l'abonnement ; `renvoyer` : ce qui est livré déjà, aussi."""

    du: _Moment
    au: _Moment
    abonnement: Annotated[str, Field(min_length=1, max_length=40), WithJsonSchema({**UUID})]
    types: Types = Field(default=[])
    a_blanc: bool = False
    renvoyer: bool = False

    def periode(self) -> tuple[datetime, datetime]:
        """[du, au[. Raises a Problem."""
        du, au = moment(self.du, "/du"), moment(self.au, "/au")
        if du is None or au is None or du >= au:
            raise invalid("/au", "`au` doit suivre `du`.")
        return du, au


class Acquittement(Demande):
    """Jusqu'où le fil a été traité."""

    curseur: Annotated[str, Field(min_length=1, max_length=100), WithJsonSchema({**CURSEUR})]


def etat_suivant(etat: str, actif: bool | None, *, change_d_adresse: bool) -> str:
    """Of a subscription after a `Changement`: a new address is verified, and one that comes back from rest."""
    if actif is False or (actif is None and etat == "inactif"):
        return "inactif"
    return "a-verifier" if change_d_adresse or (actif and etat in ("inactif", "suspendu")) else etat


def types_rejoues(etat: str, pris: Sequence[str], voulus: Sequence[str]) -> Sequence[str]:
    """Return the types that a replay selects: those of the subscription that are asked for. Raises a Problem."""
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
