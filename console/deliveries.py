"""The pages of what goes out: subscriptions, replays, what is set aside, failures. The gateway tells what they show."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from console import presentation as dire
from console.access.guard import Guard, form
from console.access.rights import Acte
from console.contents import MOTIFS, why
from console.hub import Ask
from console.shell import asked, plain
from console.templates import render
from relais_contrats.briques import BRIQUES

ETATS = {
    "actif": "actif",
    "a-verifier": "à vérifier",
    "inactif": "inactif",
    "suspendu": "suspendu",
}
RESPONSABLES = {"emetteur": "l'émetteur", "recepteur": "le récepteur", "nous": "nous"}
NATURES = {
    "depot": "dépôt",
    "evenement": "événement",
    "echeance": "échéance",
    "livraison": "livraison",
    "illisible": "illisible",
}


class Deliveries:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/livraisons", Acte.VOIR_LIVRAISONS, self.subscriptions),
            guard.route("/api/rebut.json", Acte.VOIR_LIVRAISONS, self.aside_json),
            guard.route("/api/rejeux.json", Acte.VOIR_LIVRAISONS, self.replays_json),
            guard.route("/livraisons/{id}", Acte.VOIR_LIVRAISONS, self.subscription),
            guard.route("/rejeux", Acte.VOIR_LIVRAISONS, self.replays),
            guard.route("/rebut", Acte.VOIR_LIVRAISONS, self.aside),
            guard.route("/rebut/{id}", Acte.VOIR_LIVRAISONS, self.parked),
            guard.route("/rebut/{id}/contenu", Acte.LIRE_MASQUE, self.masked, ["POST"]),
            guard.route("/rebut/{id}/contenu/clair", Acte.OUVRIR_CONTENU, self.whole, ["POST"]),
            guard.route("/pannes", Acte.VOIR_LIVRAISONS, self.failures),
        ]

    async def subscriptions(self, request: Request) -> Response:
        filtre = {name: plain(request.query_params.get(name, "")) for name in ("partenaire", "etat")}
        told = await self._ask("livraisons", filtre | {"page": _page(request)})
        suite = urlencode({**filtre, "page": told["suite"]}) if told and told["suite"] else None
        return _shown("livraisons.html", "/livraisons", told=told, filtre=filtre, suite=suite, etats=ETATS)

    async def subscription(self, request: Request) -> Response:
        told = await self._ask("abonnement", {"id": asked(request, "id")})
        if told is None:
            raise HTTPException(404)
        return _shown("abonnement.html", "/livraisons", un=told, etats=ETATS)

    async def replays(self, request: Request) -> Response:
        filtre = {"partenaire": plain(request.query_params.get("partenaire", ""))}
        told = await self._ask("rejeux", filtre)
        voulu = _wanted(request)
        compte = await self._ask("rejeu-a-blanc", voulu.demande) if voulu.demande else None
        return _shown("rejeux.html", "/rejeux", told=told, filtre=filtre, voulu=voulu, compte=compte)

    async def aside(self, request: Request) -> Response:
        query = request.query_params
        filtre = {"composant": plain(query.get("composant", "")), "tous": query.get("tous") == "1"}
        told = await self._ask("rebut", filtre)
        return _shown("rebut.html", "/rebut", told=told, filtre=filtre, natures=NATURES, composants=_COMPONENTS)

    async def parked(self, request: Request) -> Response:
        """One thing set aside; several components may have set the same one aside."""
        told = await self._ask("rebut", {"id": asked(request, "id"), "tous": True})
        if told is None or not told["elements"]:
            raise HTTPException(404)
        return _shown("rebut_un.html", "/rebut", told=told, natures=NATURES, motifs=MOTIFS)

    async def aside_json(self, request: Request) -> Response:
        query = request.query_params
        filtre = {name: plain(query.get(name, "")) for name in ("id", "composant")}
        return _json(await self._ask("rebut", {**filtre, "tous": query.get("tous") == "1"}))

    async def replays_json(self, request: Request) -> Response:
        return _json(await self._ask("rejeux", {"partenaire": plain(request.query_params.get("partenaire", ""))}))

    async def masked(self, request: Request) -> Response:
        return await self._open(request, masque=True)

    async def whole(self, request: Request) -> Response:
        return await self._open(request, masque=False)

    async def _open(self, request: Request, *, masque: bool) -> Response:
        """What was set aside, behind a motive that the gateway writes down first."""
        fields = await form(request)
        motif, reference = why(fields)
        if motif is None:
            raise HTTPException(400)
        named = {"id": asked(request, "id"), "composant": plain(fields.get("composant", ""))}
        who = {"agent": request.state.operateur.agent, "motif": motif, "reference": reference, "masque": masque}
        told = await self._ask("contenu-du-rebut", named | who)
        if told is None:
            raise HTTPException(404)
        contenu = told["contenu"]
        shown = json.dumps(contenu, ensure_ascii=False, indent=2) if contenu is not None else None
        return _shown("rebut_contenu.html", "/rebut", un=named, texte=shown, masque=masque, motif=MOTIFS[motif])

    async def failures(self, request: Request) -> Response:
        told = await self._ask("pannes", {})
        wanted = plain(request.query_params.get("responsable", ""))
        if told and wanted in RESPONSABLES:
            told["pannes"] = [one for one in told["pannes"] if one["responsable"] == wanted]
        return _shown("pannes.html", "/pannes", told=told, voulu=wanted, responsables=RESPONSABLES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form of a replay holds, as it was typed; `demande`: the same as it is asked for, once all is there."""

    abonnement: str
    du: str
    au: str
    types: str
    renvoyer: bool
    demande: dict[str, Any] | None


def _wanted(request: Request) -> Wanted:
    query = request.query_params
    abonnement, du, au, types = (plain(query.get(name, "")) for name in ("abonnement", "du", "au", "types"))
    renvoyer = query.get("renvoyer") == "1"
    demande = None
    if abonnement and du and au:
        # A form has no offset: its times are those of the wall clock.
        try:
            period = {name: dire.de_paris(text).isoformat() for name, text in (("du", du), ("au", au))}
        except ValueError as error:
            raise HTTPException(400) from error
        demande = {"abonnement": abonnement, **period, "types": types.split(), "renvoyer": renvoyer}
    return Wanted(abonnement, du, au, types, renvoyer, demande)


_COMPONENTS = ("sortant", *sorted(brique.nom for brique in BRIQUES))


def _page(request: Request) -> int:
    text = request.query_params.get("page", "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > 4:
        raise HTTPException(400)
    return int(text)


def _json(told: Any) -> Response:
    """503 when the gateway did not answer."""
    if told is None:
        raise HTTPException(503)
    return JSONResponse(told)


def _shown(name: str, page: str, **values: Any) -> Response:
    return HTMLResponse(render(name, page=page, maintenant=datetime.now(UTC), **values))
