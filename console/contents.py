"""The content of a message, behind a motive: masked for who reads only, whole for who operates."""

import json
import re
from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard, form
from console.access.rights import Acte
from console.access.sessions import Operator
from console.hub import Ask
from console.shell import asked
from console.templates import render

MOTIFS = {
    "diagnostic": "Comprendre pourquoi ce message n'est pas traité",
    "demande-partenaire": "Répondre à une demande de son émetteur",
    "demande-personne": "Répondre à une demande de la personne (RGPD, art. 15)",
    "controle": "Contrôle ou audit",
}
_REFERENCE = re.compile(r"[A-Za-z0-9._/#-]{0,40}")


NO_MOTIVE = "Choisissez un motif ; une référence n'a ni espace ni nom."


def why(fields: Mapping[str, str]) -> tuple[str | None, str]:
    """The motive and the reference that a form gives; no motive when either is not one."""
    motif, reference = fields.get("motif", ""), fields.get("reference", "").strip()
    return (motif if motif in MOTIFS and _REFERENCE.fullmatch(reference) else None), reference


class Contents:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        path = "/messages/{partenaire}/{id}/contenu"
        return [
            guard.route(path, Acte.VOIR_MESSAGES, self.page),
            guard.route(path, Acte.LIRE_MASQUE, self.masked, ["POST"]),
            guard.route(f"{path}/clair", Acte.OUVRIR_CONTENU, self.whole, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Asks why; shows nothing yet."""
        return HTMLResponse(_page(request))

    async def masked(self, request: Request) -> Response:
        return await self._show(request, masque=True)

    async def whole(self, request: Request) -> Response:
        return await self._show(request, masque=False)

    async def _show(self, request: Request, *, masque: bool) -> Response:
        motif, reference = why(await form(request))
        if motif is None:
            return HTMLResponse(_page(request, erreur=NO_MOTIVE), 400)
        operator: Operator = request.state.operateur
        demande = {
            "partenaire": asked(request, "partenaire"),
            "message": asked(request, "id"),
            "agent": operator.agent,
            "motif": motif,
            "reference": reference,
            "masque": masque,
        }
        told = await self._ask("contenu", demande)
        if told is None:
            raise HTTPException(404)
        contenu = told["contenu"]
        shown = json.dumps(contenu, ensure_ascii=False, indent=2) if contenu is not None else None
        return HTMLResponse(_page(request, montre={"texte": shown, "masque": masque, "motif": MOTIFS[motif]}))


def _page(request: Request, erreur: str = "", montre: dict[str, object] | None = None) -> str:
    return render(
        "contenu.html",
        partenaire=asked(request, "partenaire"),
        message=asked(request, "id"),
        motifs=MOTIFS,
        erreur=erreur,
        montre=montre,
    )
