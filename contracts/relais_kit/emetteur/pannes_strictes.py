"""Faults that the hub does not have today, and that its profile or the network allow: `--strict` plays them."""

import asyncio
import json
import secrets
from collections.abc import Callable

from relais_contrats.problemes import Problem
from relais_kit.emetteur.pannes import Panne, Reponse, Suite, probleme
from relais_kit.emetteur.recu import Recu


class Nonce(Panne):
    """Both servers ask for a `nonce` in the proof (RFC 9449, §§ 8 and 9)."""

    nom = "le relais demande un nonce"

    def __init__(self) -> None:
        super().__init__(lambda recu: recu.est_jeton)
        self.valeur = secrets.token_urlsafe(12)

    async def repondre(self, recu: Recu, suite: Suite) -> Reponse:
        if not (recu.est_jeton or recu.est_garde) or recu.preuve.get("nonce") == self.valeur:
            rendu = await suite(recu.corps)
            return rendu._replace(entetes=[*rendu.entetes, ("dpop-nonce", self.valeur)])
        self.toucher(recu)
        entetes = {"dpop-nonce": self.valeur, "www-authenticate": 'DPoP error="use_dpop_nonce"'}
        if recu.est_garde:
            return probleme(Problem(status=401), entetes)
        corps = json.dumps({"error": "use_dpop_nonce", "error_description": "a nonce is needed"}).encode()
        return Reponse(400, [("content-type", "application/json"), *entetes.items()], corps)


class Redirection(Panne):
    """307 to another path, which no right client of an API follows with a message."""

    nom, chemin = "307 vers une autre adresse", "/ailleurs"

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        return Reponse(307, [("location", self.chemin)], b"")


class Silence(Panne):
    """No answer at all for some seconds."""

    def __init__(self, cible: Callable[[Recu], bool], patience_s: float) -> None:
        super().__init__(cible)
        self.nom, self.patience_s = f"aucune réponse pendant {patience_s:g} s", patience_s

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        await asyncio.sleep(self.patience_s)
        return await suite(recu.corps)


class JetonIndisponible(Panne):
    """503 at the token endpoint, once."""

    nom, retry_after_s = "503 à la demande de jeton, Retry-After: 1", 1

    def __init__(self) -> None:
        super().__init__(lambda recu: recu.est_jeton)

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        corps = json.dumps({"error": "temporarily_unavailable"}).encode()
        return Reponse(503, [("content-type", "application/json"), ("retry-after", "1")], corps)
