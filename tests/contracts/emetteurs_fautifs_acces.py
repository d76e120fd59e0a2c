"""Senders with one defect in how they get in: tokens, assertions, proofs."""

from typing import Any

import httpx
from joserfc.jwk import ECKey

from tests.contracts.emetteurs import Abandon, Juste, signer
from tests.contracts.emetteurs_autres import UnMessage


class UnJetonParRequete(Juste):
    async def avoir_un_jeton(self) -> None:
        self.expire_a = 0.0
        await super().avoir_un_jeton()


class DeuxMessagesDeuxJetons(UnJetonParRequete):
    async def executer(self) -> int:
        for message in self.messages():
            await self.deposer(message)
        return 0


class NeRenouvellePas(Juste):
    async def avoir_un_jeton(self) -> None:
        if not self.jeton:
            await super().avoir_un_jeton()

    def oublier(self, reponse: httpx.Response) -> bool:
        raise Abandon


class NeRenouvellePasEtUnSeul(NeRenouvellePas):
    async def executer(self) -> int:
        await self.deposer(self.signalement("seul"))
        return 0


class InsisteSurLe401(Juste):
    def oublier(self, reponse: httpx.Response) -> bool:
        return self.instant_s() < self.expire_a


class PerdSurLe401(UnMessage):
    def oublier(self, reponse: httpx.Response) -> bool:
        return False

    def noter(self, reponse: httpx.Response) -> None:
        pass


class MemeAssertion(Juste):
    connue: dict[str, str] | None = None

    def formulaire(self) -> dict[str, str]:
        self.connue = self.connue or super().formulaire()
        return self.connue


class SansPreuveAuJeton(Juste):
    def entetes_de_jeton(self, url: str) -> dict[str, str]:
        return {}


class SansPreuve(Juste):
    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        return {nom: valeur for nom, valeur in super().entetes(methode, chemin, genre).items() if nom != "DPoP"}


class EnBearer(Juste):
    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        return super().entetes(methode, chemin, genre) | {"Authorization": f"Bearer {self.jeton}"}


class PreuveAutreAdresse(Juste):
    def preuve(self, methode: str, url: str, jeton: str | None) -> str:
        return super().preuve(methode, self.client["api"] if jeton else url, jeton)


class PreuveAutreMethode(Juste):
    def preuve(self, methode: str, url: str, jeton: str | None) -> str:
        return super().preuve("GET" if jeton else methode, url, jeton)


class PreuveSansJeton(Juste):
    def dit_dans_la_preuve(self, methode: str, url: str, jeton: str | None) -> dict[str, Any]:
        return super().dit_dans_la_preuve(methode, url, None)


class MemeJti(Juste):
    def dit_dans_la_preuve(self, methode: str, url: str, jeton: str | None) -> dict[str, Any]:
        return super().dit_dans_la_preuve(methode, url, jeton) | ({"jti": "toujours-le-meme"} if jeton else {})


class MemePreuveALaRelance(UnMessage):
    garde: dict[str, str] | None = None

    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        self.garde = self.garde or super().entetes(methode, chemin, genre)
        return self.garde


class AutreCle(Juste):
    """Each proof has a key of its own: the token is bound to another."""

    def preuve(self, methode: str, url: str, jeton: str | None) -> str:
        self.cle_de_preuve = ECKey.generate_key("P-256")
        return super().preuve(methode, url, jeton)


class MontreSaCle(Juste):
    def preuve(self, methode: str, url: str, jeton: str | None) -> str:
        entete = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.cle_de_preuve.as_dict(private=True)}
        return signer(entete, self.dit_dans_la_preuve(methode, url, jeton), self.cle_de_preuve)


class JetonDansLAdresse(Juste):
    async def envoyer(self, methode: str, chemin: str, corps: bytes | None, genre: str | None) -> httpx.Response:
        await self.avoir_un_jeton()
        return await super().envoyer(methode, f"{chemin}?access_token={self.jeton}", corps, genre)
