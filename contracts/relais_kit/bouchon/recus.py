"""Receipts of the mock: signed and chained like those of the hub, with a key of this process. They prove nothing."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import ECKey
from joserfc.jws import serialize_compact

from relais_contrats import racines
from relais_contrats.recus import TYP


@dataclass
class Recus:
    """One chain for each partner, from rank 1."""

    emetteur: str
    cle: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    chaine: UUID = field(default_factory=uuid4)
    _fins: dict[str, tuple[int, str]] = field(default_factory=dict)

    def cles(self) -> dict[str, Any]:
        """What `GET /v1/recus/cles` publishes."""
        publique = {**self.cle.as_dict(private=False), "kid": self.cle.thumbprint(), "use": "sig", "alg": "ES256"}
        return {"issuer": self.emetteur, "keys": [publique]}

    def racine(self, jour: str, instant: datetime) -> dict[str, Any]:
        """Of a day that is over: this process had no chain yet."""
        entete = {"alg": "ES256", "kid": self.cle.thumbprint(), "typ": racines.TYP}
        dit = {"iss": self.emetteur, "iat": int(instant.timestamp()), "jour": jour}
        dit |= {"racine": racines.racine([]).hex(), "chaines": 0}
        return {"racine": str(serialize_compact(entete, json.dumps(dit).encode(), self.cle)), "chaines": []}

    def signer(self, partenaire: str, contenu: dict[str, Any], instant: datetime) -> str:
        """The next receipt of this partner, as a compact JWS."""
        rang, precedent = self._fins.get(partenaire, (0, hashlib.sha256(self.chaine.bytes).hexdigest()))
        dit = {"iss": self.emetteur, "iat": int(instant.timestamp()), "partenaire": partenaire, **contenu}
        dit |= {"chaine": str(self.chaine), "rang": rang + 1, "precedent": precedent}
        entete = {"alg": "ES256", "kid": self.cle.thumbprint(), "typ": TYP}
        jws = str(serialize_compact(entete, json.dumps(dit).encode(), self.cle))
        self._fins[partenaire] = rang + 1, hashlib.sha256(jws.encode()).hexdigest()
        return jws
