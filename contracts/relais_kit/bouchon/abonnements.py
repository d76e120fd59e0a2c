"""Webhooks of the mock, to this machine only: the handshake, tests, events, signed as the hub signs them (`v1`).

What is due leaves after the answer to any request; what was not answered 2xx leaves again after the next one.
"""

import base64
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats import signatures
from relais_contrats.problemes import Problem, invalid
from relais_kit.bouchon.fil import lire_objet, types_nommes
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.porte import Appel, Porte

_LOCALES = ("127.0.0.1", "localhost", "::1")
_VERIFICATION, _ESSAI = "abonnement.verification", "abonnement.essai"
_DELAI_S = 5.0


class NouvelAbonnement(BaseModel):
    """As the hub reads it; the mock delivers one by one, signed `v1`, whatever is asked."""

    model_config = ConfigDict(extra="forbid")

    url: str
    types: list[str]
    lot: Annotated[int, Field(ge=1, le=100)] = 1
    actif: bool = True
    signature: Literal["v1", "v1a"] = "v1"


@dataclass(eq=False)
class Abonnement:
    """`rang`: of the last event of the feed that was delivered, or that is older than the subscription."""

    partenaire: str
    url: str
    types: Sequence[str]
    rang: int
    id: str = field(default_factory=lambda: str(uuid4()))
    secrets: list[str] = field(default_factory=lambda: [_nouveau_secret()])
    cree_a: datetime = field(default_factory=lambda: datetime.now(UTC))
    est_verifie: bool = False
    essais_dus: int = 0
    numero: int = 0

    def montre(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "url": self.url,
            "types": list(self.types),
            "lot": 1,
            "actif": True,
            "etat": "actif" if self.est_verifie else "a-verifier",
            "signature": "v1",
            "cree_a": self.cree_a.isoformat(),
        }


@dataclass
class Abonnements:
    porte: Porte

    @property
    def _memoire(self) -> Memoire:
        return self.porte.memoire

    async def creer(self, appel: Appel, request: Request) -> Response:
        dit = await lire_objet(request, NouvelAbonnement)
        if not _est_locale(dit.url):
            raise invalid("/url", "Le bouchon n'appelle que cette machine : http://127.0.0.1…")
        code = appel.partenaire.code
        types = [nom for rang, un in enumerate(dit.types) for nom in types_nommes([un], f"/types/{rang}")]
        cree = Abonnement(code, dit.url, types, len(self._memoire.fils[code]))
        self._memoire.abonnements[cree.id] = cree
        montre = cree.montre() | {"secret": cree.secrets[-1]}
        return JSONResponse(montre, 201, {"Location": f"/v1/abonnements/{cree.id}"})

    async def lister(self, appel: Appel, _: Request) -> Response:
        siens = [un for un in self._memoire.abonnements.values() if un.partenaire == appel.partenaire.code]
        return JSONResponse({"abonnements": [un.montre() for un in siens]})

    async def lire(self, appel: Appel, request: Request) -> Response:
        return JSONResponse(self._sien(appel, request).montre())

    async def supprimer(self, appel: Appel, request: Request) -> Response:
        del self._memoire.abonnements[self._sien(appel, request).id]
        return Response(status_code=204)

    async def tourner(self, appel: Appel, request: Request) -> Response:
        """The former secret signs too, as long as the mock runs."""
        sien = self._sien(appel, request)
        sien.secrets.append(_nouveau_secret())
        return JSONResponse({"id": sien.id, "secret": sien.secrets[-1]}, 201)

    async def essayer(self, appel: Appel, request: Request) -> Response:
        sien = self._sien(appel, request)
        sien.essais_dus += 1
        return JSONResponse(sien.montre(), 202, {"Location": f"/v1/abonnements/{sien.id}"})

    async def livrer(self) -> None:
        """Send what is due, in order; an address that does not answer 2xx keeps the rest waiting."""
        if not self._memoire.abonnements:
            return
        async with httpx.AsyncClient(trust_env=False, timeout=_DELAI_S) as http:
            for un in list(self._memoire.abonnements.values()):
                await self._servir(http, un)

    async def _servir(self, http: httpx.AsyncClient, un: Abonnement) -> None:
        if not un.est_verifie:
            un.est_verifie = await _poster(http, un, _de_service(_VERIFICATION, un, defi=secrets.token_urlsafe(24)))
        while un.est_verifie and un.essais_dus:
            if not await _poster(http, un, _de_service(_ESSAI, un)):
                return
            un.essais_dus -= 1
        for evenement in self._memoire.fils[un.partenaire][un.rang :] if un.est_verifie else ():
            if not un.types or evenement["type"] in un.types:
                envoye = {**evenement, "relaisnumero": un.numero + 1}
                if not await _poster(http, un, envoye):
                    return
                self.porte.attentes.recoit(un.partenaire, envoye)
                un.numero += 1
            un.rang += 1

    def _sien(self, appel: Appel, request: Request) -> Abonnement:
        un = self._memoire.abonnements.get(request.path_params["id"])
        if un is None or un.partenaire != appel.partenaire.code:
            raise Problem(status=404)
        return un


async def _poster(http: httpx.AsyncClient, un: Abonnement, evenement: Mapping[str, Any]) -> bool:
    corps = json.dumps(evenement, ensure_ascii=False).encode()
    signataires = [signatures.v1(base64.b64decode(secret.removeprefix("whsec_"))) for secret in un.secrets]
    entetes = signatures.headers(signataires, evenement["id"], int(time.time()), corps)
    try:
        reponse = await http.post(
            un.url, content=corps, headers={**entetes, "content-type": "application/cloudevents+json"}
        )
    except httpx.HTTPError:
        return False
    return reponse.is_success


def _de_service(nom: str, un: Abonnement, **data: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/services/passerelle",
        "type": f"fr.insertion.{nom}.v1",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"abonnement": un.id, **data},
    }


def _est_locale(url: str) -> bool:
    """This machine, by an address that a client can call as it is written."""
    try:
        adresse = urlsplit(url)
        port = adresse.port
    except ValueError:  # a port above 65535, brackets that do not match
        return False
    sans_plus = "@" not in adresse.netloc and "#" not in url and port != 0
    return adresse.scheme == "http" and adresse.hostname in _LOCALES and sans_plus


def _nouveau_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
