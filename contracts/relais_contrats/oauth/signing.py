"""The hub's own token keys and their three states; signing always takes the active one, never a set to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from joserfc.jwk import ECKey

from relais_contrats.oauth.errors import CleInvalide
from relais_contrats.oauth.keys import empreinte, membres_publics

ALG_JETON: Final = "ES256"


class EtatCle(StrEnum):
    """A key is published before it signs, and stays published until the last token that it signed has expired."""

    SUIVANTE = "suivante"
    ACTIVE = "active"
    RETIREE = "retiree"


@dataclass(frozen=True, slots=True)
class CleServeur:
    """`cle` holds the private key; `kid` is the RFC 7638 thumbprint, so that two keys never share one."""

    cle: ECKey = field(repr=False)
    etat: EtatCle
    kid: str

    @classmethod
    def depuis_pem(cls, pem: bytes, etat: EtatCle = EtatCle.ACTIVE) -> "CleServeur":
        cle = ECKey.import_key(pem)
        if not cle.is_private:
            raise CleInvalide("the signing key must be private")
        return cls(cle, etat, empreinte(membres_publics(cle.as_dict(private=False), ALG_JETON)))

    def jwk_publique(self) -> dict[str, Any]:
        membres = {nom: self.cle.as_dict(private=False)[nom] for nom in ("kty", "crv", "x", "y")}
        return {**membres, "kid": self.kid, "use": "sig", "alg": ALG_JETON, "etat": self.etat.value}


class Trousseau:
    """The published keys, exactly one of them active."""

    def __init__(self, cles: Sequence[CleServeur]) -> None:
        actives = [cle for cle in cles if cle.etat is EtatCle.ACTIVE]
        if len(actives) != 1:
            raise ValueError("exactly one signing key must be active")
        self.active: Final = actives[0]
        self._cles: Final[Mapping[str, CleServeur]] = {cle.kid: cle for cle in cles}
        if len(self._cles) != len(cles):
            raise ValueError("a signing key is there twice")

    def cle(self, kid: object) -> ECKey | None:
        """The key that may verify a token; one that has not signed yet may, as another replica can be ahead."""
        found = self._cles.get(kid) if isinstance(kid, str) else None
        return found.cle if found is not None else None

    def jwks(self) -> dict[str, Any]:
        """RFC 7517 set; `etat` is ours, and readers ignore members that they do not know."""
        return {"keys": [cle.jwk_publique() for cle in self._cles.values()]}
