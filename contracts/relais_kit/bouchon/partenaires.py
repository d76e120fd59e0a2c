"""The partners of the mock as OAuth clients, each with a key of its own."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from joserfc.jwk import ECKey

from relais_contrats.client import Client
from relais_contrats.oauth.clients import CleClient, ClientOAuth
from relais_contrats.oauth.keys import importer_jwk
from relais_contrats.oauth.legacy import SecretHerite, empreinte_secret, nouveau_secret
from relais_contrats.oauth.profile import PORTEES
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire

ALG = "ES256"
_UN_AN = timedelta(days=365)


@dataclass
class Registre:
    """The OAuth clients of the mock, with the private keys that it hands to who tries it."""

    cles: dict[str, ECKey] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    """Of the partners in the *profil hérité*, by code."""
    _clients: dict[str, ClientOAuth] = field(default_factory=dict)

    def inscrire(self, partenaire: Partenaire, maintenant: datetime, *, est_herite: bool = False) -> None:
        """Give the partner a key, and in the *profil hérité* a secret beside it."""
        cle = ECKey.generate_key("P-256")
        publique = CleClient(
            importer_jwk(cle.as_dict(private=False), ALG), ALG, maintenant - _UN_AN, maintenant + _UN_AN
        )
        secrets = []
        if est_herite:
            self.secrets[partenaire.code] = nouveau_secret()
            secrets = [SecretHerite(empreinte_secret(self.secrets[partenaire.code]), maintenant + _UN_AN)]
        self.cles[partenaire.code] = cle
        client_id = CLIENT_PREFIX + partenaire.code
        self._clients[client_id] = ClientOAuth(
            client_id, True, partenaire.scopes, {cle.thumbprint(): publique}, secrets=secrets
        )

    def adopter(self, client: ClientOAuth) -> None:
        """Register a client with its own keys; the mock does not hold the private ones."""
        self._clients[client.client_id] = client

    def client(self, client_id: str) -> ClientOAuth | None:
        return self._clients.get(client_id)

    def a_des_secrets(self, maintenant: datetime) -> bool:
        return any(client.a_un_secret(maintenant) for client in self._clients.values())

    def fiche(self, code: str, url: str) -> Client:
        """`client.json` of a partner, as an operator hands it over."""
        client = self._clients[CLIENT_PREFIX + code]
        scopes = [portee for portee in PORTEES if portee in client.scopes]
        return Client(url, f"{url}/oauth/token", url, client.client_id, self.cles[code].thumbprint(), ALG, scopes)

    def ecrire(self, dossier: Path, url: str) -> None:
        """`DIR/<code>/{client.json, cle.pem}` for each partner, readable by their owner only."""
        for code, cle in self.cles.items():
            sien = dossier / code
            sien.mkdir(parents=True, exist_ok=True)
            fiche = self.fiche(code, url)
            contenu = {nom: getattr(fiche, nom) for nom in Client.__slots__}
            if code in self.secrets:
                contenu["client_secret"] = self.secrets[code]
            (sien / "client.json").write_text(json.dumps(contenu, indent=2) + "\n", encoding="utf-8")
            fichier = sien / "cle.pem"
            fichier.touch(mode=0o600)
            fichier.write_bytes(cle.as_pem(private=True))
