"""What a mandate sets for a structure without a system: whom to write to, by which mail server, and when."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import time
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.systems import Configuration
from relais_contrats.valeurs import Courriel, Departement

EXEMPLE = """\
# Courriel : une structure sans système reçoit des courriels, et répond par une page.
departement = "59"
adresse = "https://relais.exemple.fr"         # où la page est publiée : …/connecteurs/<code>/
expediteur = "ne-pas-repondre@relais.exemple.fr"
destinataires = ["accueil@association.exemple.fr"]
heure = "08:30"                               # le point du jour, à l'heure légale de Paris
# lien_jours = 15                             # durée d'un lien
# avis_espaces_min = 30                       # deux avis sont espacés d'autant, en minutes

[smtp]
hote = "smtp.exemple.fr"
port = 587
securite = "starttls"                         # ou "tls" (port 465)
utilisateur = "relais"
mot_de_passe = "le mot de passe du compte d'envoi"
# autorite = "-----BEGIN CERTIFICATE-----…"   # d'un serveur dont l'autorité est privée

# Les structures pour lesquelles un référent désigné est à accepter ici.
[[structures]]
systeme = "siret"
valeur = "90000083700014"
"""


class Smtp(BaseModel):
    """`securite`: TLS from the first byte, or begun by STARTTLS, which is then required; `delai_s`: per step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hote: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:-]+$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    securite: Literal["starttls", "tls", "aucune"] = "starttls"
    utilisateur: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    mot_de_passe: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    autorite: Annotated[str, Field(max_length=100_000)] | None = None
    delai_s: Annotated[int, Field(ge=1, le=120)] = 20

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.securite == "aucune" and not is_loopback(self.hote):
            raise ValueError('« securite = "aucune" » n\'est admis que vers cette machine même (127.0.0.1)')
        if (self.utilisateur is None) != (self.mot_de_passe is None):
            raise ValueError("« utilisateur » et « mot_de_passe » vont ensemble")
        return self

    @field_validator("autorite")
    @classmethod
    def _certificate(cls, autorite: str | None) -> str | None:
        try:
            if autorite is not None:
                ssl.create_default_context(cadata=autorite)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError("un certificat au format PEM est attendu") from error
        return autorite


class Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    systeme: Literal["siret", "aurore", "safir", "local"]
    valeur: Annotated[str, Field(min_length=1, max_length=100)]


class CourrielConfiguration(Configuration):
    """`adresse`: the origin at which partners reach this process; `heure`: of the daily mail, in Paris.

    `toutes_les_s`: pause between two looks at the feed; `session_h`: how long an opened page stays so.
    """

    departement: Departement
    adresse: Annotated[str, Field(max_length=255)]
    expediteur: Courriel
    destinataires: Annotated[list[Courriel], Field(min_length=1, max_length=20)]
    structures: Annotated[tuple[Structure, ...], Field(max_length=50)] = ()
    heure: time = time(8, 30)
    lien_jours: Annotated[int, Field(ge=1, le=60)] = 15
    session_h: Annotated[int, Field(ge=1, le=12)] = 8
    avis_espaces_min: Annotated[int, Field(ge=0, le=1_440)] = 30
    toutes_les_s: Annotated[int, Field(ge=1, le=3_600)] = 60
    smtp: Smtp

    @property
    def is_secure(self) -> bool:
        return self.adresse.startswith("https://")

    @field_validator("heure", mode="before")
    @classmethod
    def _hour(cls, heure: object) -> object:
        if not isinstance(heure, str):
            return heure
        try:
            return time.fromisoformat(heure)
        except ValueError as error:
            raise ValueError("une heure est attendue, par exemple 08:30") from error

    @field_validator("adresse")
    @classmethod
    def _origin(cls, adresse: str) -> str:
        parts = urlsplit(adresse)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/")
        if not is_origin or parts.query or parts.fragment or parts.username:
            raise ValueError("une origine est attendue, par exemple https://relais.exemple.fr")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ValueError("https est obligatoire : la page montre qui est attendu")
        return adresse.rstrip("/")

    @field_validator("destinataires")
    @classmethod
    def _once(cls, destinataires: list[str]) -> list[str]:
        if len({one.lower() for one in destinataires}) != len(destinataires):
            raise ValueError("une adresse y est deux fois")
        return destinataires


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
