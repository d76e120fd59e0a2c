"""Hubs to verify: the mock in this process, and what one with a defect changes of its requests and answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from starlette.types import Receive, Scope, Send

from relais_contrats.oauth.resource import VerificateurAcces
from relais_kit.bouchon.application import Bouchon, preparer
from relais_kit.hub.acces import Acces
from relais_kit.hub.echanges import Fil

URL = "http://127.0.0.1:8430"
HERITE = "cd-59"


@dataclass
class Demande:
    methode: str
    chemin: str
    requete: dict[str, str]
    entetes: dict[str, str]
    corps: bytes

    @property
    def formulaire(self) -> dict[str, str]:
        return dict(parse_qsl(self.corps.decode()))

    def remplir(self, **champs: str | None) -> None:
        """Change fields of the form; None leaves one out."""
        tous = {**self.formulaire, **champs}
        self.ecrire(urlencode({nom: v for nom, v in tous.items() if v is not None}).encode())

    @property
    def message(self) -> dict[str, Any]:
        """The deposit; empty when it is not one message."""
        if (self.methode, self.chemin) != ("POST", "/v1/messages"):
            return {}
        try:
            lu = json.loads(self.corps)
        except ValueError:
            return {}
        return lu if isinstance(lu, dict) else {}

    def ecrire(self, corps: bytes) -> None:
        self.corps = corps
        self.entetes["content-length"] = str(len(corps))


@dataclass
class Rendu:
    statut: int
    entetes: dict[str, str]
    corps: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.corps)
        except ValueError:
            return None

    def ecrire(self, dit: Any) -> None:
        self.corps = json.dumps(dit).encode()
        self.entetes["content-length"] = str(len(self.corps))

    def changer(self, **champs: Any) -> None:
        self.ecrire({**self.json, **champs})

    def sans(self, entete: str) -> None:
        self.entetes.pop(entete, None)


def problem(statut: int, code: str, rendu: Rendu) -> None:
    """The same refusal under another status and code."""
    rendu.statut = statut
    rendu.changer(status=statut, code=code, type=f"{URL}/problemes/{code}")


class Juste:
    """The mock as it is."""

    verificateur: type[VerificateurAcces] = VerificateurAcces

    def __init__(self, url: str = URL) -> None:
        self.url = url
        self.porte = preparer(url, herites=[HERITE])
        self.bouchon = Bouchon(self.porte)
        self.preparer()

    def preparer(self) -> None:
        """What a defect changes once for all."""

    def avant(self, demande: Demande) -> None:
        """What a defect changes of a request."""

    def apres(self, demande: Demande, rendu: Rendu) -> None:
        """What a defect changes of an answer."""

    def acces(self, fil: Fil, code: str) -> Acces:
        registre = self.porte.registre
        return Acces(fil, registre.fiche(code, self.url), registre.cles[code], registre.secrets.get(code))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        corps = b""
        while (morceau := await receive())["type"] == "http.request":
            corps += morceau.get("body", b"")
            if not morceau.get("more_body"):
                break
        entetes = {nom.decode(): valeur.decode("latin-1") for nom, valeur in scope["headers"]}
        requete = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        demande = Demande(scope["method"], scope["path"], dict(requete), entetes, corps)
        self.avant(demande)
        rendu = await self._demander(scope, demande, est_change=requete != demande.requete)
        self.apres(demande, rendu)
        fins = [(nom.encode(), valeur.encode("latin-1")) for nom, valeur in rendu.entetes.items()]
        await send({"type": "http.response.start", "status": rendu.statut, "headers": fins})
        await send({"type": "http.response.body", "body": rendu.corps})

    async def _demander(self, scope: Scope, demande: Demande, *, est_change: bool) -> Rendu:
        rendu = Rendu(500, {}, b"")

        async def recevoir() -> Mapping[str, Any]:
            return {"type": "http.request", "body": demande.corps}

        async def envoyer(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                rendu.statut = message["status"]
                rendu.entetes = {nom.decode(): valeur.decode("latin-1") for nom, valeur in message["headers"]}
            rendu.corps += message.get("body", b"")

        entetes = [(nom.encode(), valeur.encode("latin-1")) for nom, valeur in demande.entetes.items()]
        change: dict[str, Any] = {"headers": entetes}
        change |= {"query_string": urlencode(demande.requete).encode()} if est_change else {}
        await self.bouchon({**scope, **change}, recevoir, envoyer)  # type: ignore[arg-type]  # as ASGI has it
        return rendu


def reunis(*fautifs: type[Juste]) -> type[Juste]:
    """Several defects that do not meet, in one hub: as many are told in one run."""
    verificateurs = {f.verificateur for f in fautifs} - {VerificateurAcces}
    changent_le_hub = [f for f in fautifs if change_le_hub(f)] or [Juste]
    passants = [f for f in fautifs if not change_le_hub(f)]

    def avant(self: Juste, demande: Demande) -> None:
        changent_le_hub[0].avant(self, demande)
        for passant in passants:
            passant.avant(self, demande)

    def apres(self: Juste, demande: Demande, rendu: Rendu) -> None:
        changent_le_hub[0].apres(self, demande, rendu)
        for passant in passants:
            passant.apres(self, demande, rendu)

    verificateur = type("Verificateur", tuple(verificateurs), {}) if verificateurs else VerificateurAcces
    return type("Ensemble", tuple(changent_le_hub), {"avant": avant, "apres": apres, "verificateur": verificateur})


def change_le_hub(fautif: type[Juste]) -> bool:
    """More than the requests and the answers that pass."""
    return fautif.preparer is not Juste.preparer or fautif.verificateur is not Juste.verificateur


@dataclass
class Signataire:
    """Makes what only a partner can: right assertions in the place of wrong ones, for a hub that accepts them."""

    hub: Juste
    _acces: dict[str, Acces] = field(default_factory=dict)

    def assertion(self, code: str) -> str:
        if code not in self._acces:
            self._acces[code] = self.hub.acces(Fil(httpx.AsyncClient(), self.hub.url), code)
        return self._acces[code].assertion()
