"""The pages of a person's right of access: found, opened by an act, read on the screen or in one file."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

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
from relais_contrats.administration.audit import Motif
from relais_contrats.codes.usagers import Role, TypeIdentifiant

TYPES = {type_.value: type_.description for type_ in TypeIdentifiant if type_ is not TypeIdentifiant.LOCAL}
_HOUSEHOLD = {TypeIdentifiant.MATRICULE_CAF.value, TypeIdentifiant.MATRICULE_MSA.value}
_MOTIFS = {motif.value: motif.description for motif in Motif}
_REFERENCE = re.compile(r"[A-Za-z0-9._/#-]{0,40}")
_VALUE = re.compile(r"[A-Za-z0-9 ./_-]{1,64}")


class PersonPages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        path, acte = "/audit/personne", Acte.CHERCHER_PERSONNE
        return [
            guard.route(path, acte, self.page),
            guard.route(path, acte, self.search, ["POST"]),
            guard.route(f"{path}/{{parcours}}", acte, self.person),
            guard.route(f"{path}/{{parcours}}/dossier.json", acte, self.as_json),
            guard.route(f"{path}/{{parcours}}/dossier.html", acte, self.as_html),
        ]

    async def page(self, _: Request) -> Response:
        return HTMLResponse(_page())

    async def search(self, request: Request) -> Response:
        """What was typed goes to the gateway and to no page, address or log."""
        fields = await form(request)
        demande = _demande(fields)
        if demande is None:
            error = "Donnez un identifiant ou un parcours, et un motif ; une référence n'a ni espace ni nom."
            return HTMLResponse(_page(erreur=error), 400)
        found = await self._ask("personne_chercher", {**demande, "agent": _operator(request).agent})
        if found is None:
            raise HTTPException(503)
        return HTMLResponse(_page(trouves=found))

    async def person(self, request: Request) -> Response:
        told = await self._file(request, contenu=False)
        page = render(
            "audit_personne_une.html",
            page="/audit",
            parcours=asked(request, "parcours"),
            jusqua=datetime.fromisoformat(told["jusqua"]) if told["jusqua"] else None,
            motifs=_MOTIFS,
        )
        return HTMLResponse(page)

    async def as_json(self, request: Request) -> Response:
        told = await self._opened(request)
        text = json.dumps(told, ensure_ascii=False, indent=2)
        return Response(text, media_type="application/json", headers=_attachment("json"))

    async def as_html(self, request: Request) -> Response:
        return HTMLResponse(
            render("dossier_personne.html", dossier=await self._opened(request)), headers=_attachment("html")
        )

    async def _opened(self, request: Request) -> Any:
        """What is held on the person. Raises HTTPException 403 when no act opened it to this operator."""
        told = await self._file(request, contenu=True)
        if told["contenu"] is None:
            raise HTTPException(403)
        return told["contenu"]

    async def _file(self, request: Request, *, contenu: bool) -> Mapping[str, Any]:
        demande = {"parcours": asked(request, "parcours"), "agent": _operator(request).agent, "contenu": contenu}
        told = await self._ask("personne", demande)
        if told is None:
            raise HTTPException(404)
        found: Mapping[str, Any] = told
        return found


def _demande(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """What to look for and why; None when it cannot be understood."""
    motif, reference = fields.get("motif", ""), fields.get("reference", "").strip()
    valeur, type_, role = fields.get("valeur", "").strip(), fields.get("type", ""), fields.get("role", "")
    if motif not in _MOTIFS or not _REFERENCE.fullmatch(reference) or not _VALUE.fullmatch(valeur):
        return None
    why = {"motif": motif, "reference": reference}
    if valeur.startswith("prc_"):
        return why | {"parcours": valeur}
    if type_ not in TYPES or (type_ in _HOUSEHOLD and role not in set(Role)):
        return None
    identifiant = {"type": type_, "valeur": valeur} | ({"role": role} if type_ in _HOUSEHOLD else {})
    return why | {"identifiants": [identifiant]}


def _page(erreur: str = "", trouves: Sequence[str] | None = None) -> str:
    roles = {role.value: role.description for role in Role}
    return render(
        "audit_personne.html",
        page="/audit",
        types=TYPES,
        roles=roles,
        motifs=_MOTIFS,
        erreur=erreur,
        trouves=trouves,
    )


def _operator(request: Request) -> Operator:
    operator: Operator = request.state.operateur
    return operator


def _attachment(kind: str) -> dict[str, str]:
    """The name of the file tells nothing of the person."""
    return {"Content-Disposition": f'attachment; filename="dossier-personne.{kind}"'}
