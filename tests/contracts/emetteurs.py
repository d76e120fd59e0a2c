"""A right sender, written as a partner would, and how it runs as a program, given CLIENT_JSON and KEY_PEM."""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from joserfc import jws
from joserfc.jwk import ECKey

from relais_contrats.exemples import exemple_valide

Message = dict[str, Any]
UN, LOT, NDJSON = (f"application/{nom}" for nom in ("cloudevents+json", "cloudevents-batch+json", "x-ndjson"))
ESSAIS = 6
CONNUS = {
    "fr.insertion.orientation.decidee.v1": ("parcours_type", {"emploi", "socio-professionnel", "social"}),
    "fr.insertion.rdv.planifie.v1": ("modalite", {"physique", "telephone", "visio"}),
}


class Abandon(Exception):
    """The hub did not answer in time."""


def signer(entete: Mapping[str, Any], dit: Mapping[str, Any], cle: ECKey) -> str:
    return str(jws.serialize_compact(dict(entete), json.dumps(dit).encode(), cle, algorithms=["ES256"]))


class Juste:
    """A right sender: two messages, a stream, its feed. Its defects are subclasses that change one thing."""

    def __init__(
        self,
        client: Mapping[str, Any],
        cle: ECKey,
        http: httpx.AsyncClient,
        dormir: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.client, self.cle, self.http, self.dormir = client, cle, http, dormir
        self.code = client["client_id"].removeprefix("si:")
        self.cle_de_preuve = ECKey.generate_key("P-256")
        self.jeton, self.expire_a = "", 0.0
        self.refuses = 0
        self.lus: set[str] = set()
        self.instant_s = time.monotonic

    async def executer(self) -> int:
        for message in self.messages():
            await self.deposer(message)
        await self.deposer_ensemble([self.signalement(f"lot-{rang}") for rang in range(3)])
        await self.lire_le_fil()
        return 1 if self.refuses else 0

    def messages(self) -> list[Message]:
        return [self.signalement("premier"), self.signalement("second")]

    def signalement(self, quoi: str) -> Message:
        exemple = dict(exemple_valide("usager.signale"))
        numero = str(9_000_000 + secrets.randbelow(900_000))
        data = {**exemple["data"], "identifiants": [{"type": "matricule-caf", "valeur": numero, "role": "demandeur"}]}
        return self.message("usager.signale", data, quoi)

    def message(self, fait: str, data: Mapping[str, Any], quoi: str, subject: str | None = None) -> Message:
        return {
            "specversion": "1.0",
            "id": self.id(quoi),
            "source": f"/partenaires/{self.code}",
            "type": f"fr.insertion.{fait}.v1",
            "time": self.instant(),
            "departement": "59",
            "agent": "batch",
            "finalite": "orientation",
            "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            **({"subject": subject} if subject else {}),
            "data": dict(data),
        }

    def id(self, quoi: str) -> str:
        return str(uuid4())

    def instant(self) -> str:
        return datetime.now(UTC).isoformat()

    # Deposits.

    async def deposer(self, message: Message) -> httpx.Response:
        reponse = await self.demander("POST", "/v1/messages", json.dumps(message).encode(), UN)
        self.noter(reponse)
        return reponse

    def noter(self, reponse: httpx.Response) -> None:
        if reponse.is_error:
            self.refuses += 1
            self.dire(f"refusé : {reponse.status_code}")

    async def deposer_ensemble(self, messages: list[Message]) -> None:
        for _ in range(ESSAIS):
            reponse = await self.demander("POST", "/v1/messages", self.corps_ensemble(messages), NDJSON)
            lignes = [json.loads(ligne) for ligne in reponse.content.splitlines() if ligne.strip()]
            messages = await self.a_refaire(messages, lignes)
            if not messages:
                return
            await self.dormir(0.5)
        raise Abandon

    def corps_ensemble(self, messages: list[Message]) -> bytes:
        return b"".join(json.dumps(message).encode() + b"\n" for message in messages)

    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        refusees = [(m, ligne) for m, ligne in zip(messages, lignes, strict=True) if ligne["etat"] == "refuse"]
        self.refuses += sum(not ligne["relancable"] for _, ligne in refusees)
        return [message for message, ligne in refusees if ligne["relancable"]]

    # The feed.

    async def lire_le_fil(self) -> None:
        while (page := (await self.demander("GET", "/v1/evenements?limite=20")).json())["evenements"]:
            for evenement in page["evenements"]:
                if evenement["id"] not in self.lus:
                    self.lus.add(evenement["id"])
                    await self.traiter(evenement)
            await self.acquitter(page["curseur"])

    async def acquitter(self, curseur: str) -> None:
        corps = json.dumps({"curseur": curseur}).encode()
        await self.demander("POST", "/v1/evenements/acquittement", corps, "application/json")

    async def traiter(self, evenement: Message) -> None:
        if evenement["type"] in CONNUS:
            champ, valeurs = CONNUS[evenement["type"]]
            if evenement["data"].get(champ) not in valeurs:
                self.dire("code inconnu, gardé tel quel")

    # One request.

    async def demander(
        self, methode: str, chemin: str, corps: bytes | None = None, genre: str | None = None
    ) -> httpx.Response:
        for essai in range(ESSAIS):
            if essai:
                corps = self.retoucher(corps)
            try:
                reponse = await self.envoyer(methode, chemin, corps, genre)
            except httpx.TransportError:
                await self.dormir(2.0**essai / 2)
                continue
            if reponse.status_code == 401 and self.oublier(reponse):
                continue
            if not self.est_a_refaire(reponse):
                return reponse
            await self.dormir(self.attente_s(reponse, essai))
        raise Abandon

    def retoucher(self, corps: bytes | None) -> bytes | None:
        return corps

    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return reponse.status_code in (429, 502, 503, 504)

    def attente_s(self, reponse: httpx.Response, essai: int) -> float:
        return float(reponse.headers.get("retry-after", 2**essai))

    def oublier(self, reponse: httpx.Response) -> bool:
        self.expire_a = 0.0
        return True

    async def envoyer(self, methode: str, chemin: str, corps: bytes | None, genre: str | None) -> httpx.Response:
        await self.avoir_un_jeton()
        entetes = self.entetes(methode, chemin, genre)
        return await self.http.request(methode, f"{self.client['api']}{chemin}", content=corps, headers=entetes)

    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        url = f"{self.client['api']}{chemin}".partition("?")[0]
        entetes = {"Authorization": f"DPoP {self.jeton}", "DPoP": self.preuve(methode, url, self.jeton)}
        return entetes | ({"Content-Type": genre} if genre else {})

    # Tokens and proofs.

    async def avoir_un_jeton(self) -> None:
        if self.instant_s() < self.expire_a:
            return
        url = self.client["token_endpoint"]
        for essai in range(ESSAIS):
            reponse = await self.http.post(url, data=self.formulaire(), headers=self.entetes_de_jeton(url))
            if reponse.status_code != 503:
                break
            await self.dormir(self.attente_s(reponse, essai))
        donne = reponse.raise_for_status().json()
        self.jeton = donne["access_token"]
        self.expire_a = self.instant_s() + donne["expires_in"] - min(30, donne["expires_in"] / 2)

    def entetes_de_jeton(self, url: str) -> dict[str, str]:
        return {"DPoP": self.preuve("POST", url, None)}

    def formulaire(self) -> dict[str, str]:
        maintenant, moi = int(time.time()), self.client["client_id"]
        dit = {"iss": moi, "sub": moi, "aud": self.client["issuer"], "iat": maintenant, "exp": maintenant + 60}
        dit["jti"] = self.jti()
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signer({"alg": "ES256", "kid": self.client["kid"], "typ": "JWT"}, dit, self.cle),
        }

    def preuve(self, methode: str, url: str, jeton: str | None) -> str:
        entete = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.cle_de_preuve.as_dict(private=False)}
        return signer(entete, self.dit_dans_la_preuve(methode, url, jeton), self.cle_de_preuve)

    def dit_dans_la_preuve(self, methode: str, url: str, jeton: str | None) -> dict[str, Any]:
        dit: dict[str, Any] = {"htm": methode, "htu": url, "iat": int(time.time()), "jti": self.jti()}
        if jeton:
            dit["ath"] = base64.urlsafe_b64encode(hashlib.sha256(jeton.encode()).digest()).rstrip(b"=").decode()
        return dit

    def jti(self) -> str:
        return secrets.token_urlsafe(16)

    def dire(self, phrase: str) -> None:
        sys.stderr.write(phrase + "\n")


async def lancer(genre: type[Juste]) -> int:
    client = json.loads(Path(os.environ["CLIENT_JSON"]).read_text())
    cle = ECKey.import_key(Path(os.environ["KEY_PEM"]).read_text())
    async with httpx.AsyncClient(timeout=10) as http:
        try:
            return await genre(client, cle, http).executer()
        except (Abandon, httpx.HTTPError) as erreur:
            sys.stderr.write(f"abandon : {erreur!r}\n")
            return 1
