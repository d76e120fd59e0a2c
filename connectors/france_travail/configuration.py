"""What a mandate sets for the API of France Travail: who may call it, how often, and what its requests do not say."""

from base64 import urlsafe_b64decode
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from connectors.systems import Configuration
from relais_contrats.codes.suivi import AnnulePar, Theme
from relais_contrats.v1.partages import Structure

EXEMPLE = """\
# France Travail : le logiciel qui appelle l'API « Loi plein emploi » appelle https://…/connecteurs/<code> à sa place,
# pour le jeton (/connexion/oauth2/access_token) et pour les API (/partenaire/…), avec son jeton pour secret.
# client_id = "PAR_cd59_..."         # celui du connecteur sans cette ligne
organisme = "CD"                     # ce que le partenaire est, pour France Travail

# Les adresses d'où l'API est appelée ; toutes sans cette ligne. Derrière un frontal TLS, « frontal » est la preuve
# qu'il écrit dans Relais-Proxy : sans elle, seule l'adresse de la connexion compte.
# adresses = ["192.0.2.0/24"]
# frontal = "…"

recherches_par_min = 300             # au-delà : 429 et Retry-After

# Ce que France Travail ne dit pas d'un rendez-vous.
duree_min = 30
annule_par = "structure"

# Signer un contrat qui n'existe pas encore : France Travail n'en dit que la date, le relais veut ses engagements. Sans
# cette section, l'appel est refusé tant qu'aucun contrat n'est proposé.
# [contrat]
# duree_mois = 6
# engagement_usager = "Participer aux actions du contrat tenu par le département"
# engagement_organisme = "Proposer un accompagnement et des actions adaptés"

# La structure qui accueille, quand la décision ne la dit pas : une par organisme.
[structures.CD]
systeme = "aurore"
valeur = "NAQ0405"
nom = "Conseil départemental"

[structures.FT]
systeme = "safir"
valeur = "59025"
nom = "France Travail Lille"

# Pour le partenaire France Travail : ce que le relais lui dit des autres est envoyé à son API.
# [sortie]
# jeton = "https://entreprise.francetravail.fr/connexion/oauth2/access_token?realm=/agent"
# base = "https://api.francetravail.io/partenaire"
# client_id = "PAR_..."
# client_secret = "..."
# scopes = "profil_accedant api_rechercher-usagerv2 rechercheusager api_orientationusagerv1 orientationusager"
# toutes_les_s = 30               # ce que dit le relais
# paniers_toutes_les_s = 600      # ce qui attend chez France Travail
"""

_Adresse = Annotated[str, AfterValidator(lambda written: str(ip_network(written)))]


class _Own(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contrat(_Own):
    """The parts of a contract that France Travail does not send with its signature."""

    duree_mois: Annotated[int, Field(ge=1, le=36)]
    theme: Theme = Theme.TROUVER_UN_EMPLOI
    engagement_usager: Annotated[str, Field(min_length=1, max_length=200)]
    engagement_organisme: Annotated[str, Field(min_length=1, max_length=200)]


class Sortie(_Own):
    """Where France Travail's own API is, and how it knows the hub. `organisme`: who decides, for France Travail.

    `parallele`: calls at once; `toutes_les_s`: pause between two looks at what was told, in seconds;
    `paniers_toutes_les_s`: at the baskets of France Travail.
    """

    jeton: Annotated[str, Field(pattern=r"^https?://", max_length=255)]
    base: Annotated[str, Field(pattern=r"^https?://[^ ]*[^/ ]$", max_length=255)]
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret: Annotated[str, Field(min_length=1, max_length=255)]
    scopes: Annotated[str, Field(min_length=1, max_length=2_000)]
    organisme: Literal["CD", "DCD", "FT", "ML", "CE"] = "CD"
    parallele: Annotated[int, Field(ge=1, le=10)] = 10
    toutes_les_s: Annotated[int, Field(ge=1, le=3_600)] = 30
    paniers_toutes_les_s: Annotated[int, Field(ge=1, le=86_400)] = 600


class FranceTravailConfiguration(Configuration):
    """`client_id`: what the caller says that it is; the code of the mandate unless it is set.

    `adresses`: networks from which calls are answered, all when empty; `frontal`: what the TLS front writes in
    `Relais-Proxy` to be believed about the address. `recherches_par_min`: searches of persons, per minute.
    `structures`: where a person is oriented to, by organisme of France Travail, when a decision does not say it.
    `duree_min`, `annule_par`: what France Travail does not say of an appointment; `contrat`, of a contract.
    `sortie`: for the partner France Travail itself, whose API is called.
    """

    client_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,120}$")] | None = None
    organisme: Literal["CD", "DCD", "FT", "ML", "CE"] = "CD"
    adresses: Annotated[list[_Adresse], Field(default_factory=list)]
    frontal: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,200}$")] | None = None
    recherches_par_min: Annotated[int, Field(ge=1, le=10_000)] = 300
    duree_min: Annotated[int, Field(ge=5, le=1_440)] = 30
    annule_par: AnnulePar = AnnulePar.STRUCTURE
    contrat: Contrat | None = None
    sortie: Sortie | None = None
    structures: Annotated[dict[Literal["CD", "DCD", "FT", "ML", "CE"], Structure], Field(default_factory=dict)]

    @field_validator("adresses", mode="before")
    @classmethod
    def _networks(cls, written: Any) -> Any:
        for one in written if isinstance(written, list) else ():
            try:
                ip_network(one)
            except (TypeError, ValueError) as error:
                raise ValueError("une adresse est un réseau, par exemple 192.0.2.0/24") from error
        return written

    @property
    def proof(self) -> bytes | None:
        """The secret of the TLS front, as `ProxyDeConfiance` takes it."""
        return urlsafe_b64decode(self.frontal + "=" * (-len(self.frontal) % 4)) if self.frontal else None
