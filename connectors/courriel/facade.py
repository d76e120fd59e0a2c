"""The page of a structure: the link, the code, then what waits for it and its answers.

Opening an address changes nothing, since mail scanners open them all: whatever acts is a POST, from a form of the page.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connectors.courriel.answers import Fate
from connectors.courriel.codes import Nature
from connectors.courriel.delivery import deliver
from connectors.courriel.desk import Closed, Desk, Fault, Seen
from connectors.courriel.links import Doors, Links, Session
from connectors.courriel.mail import MailError, code_for
from connectors.courriel.pages import HEADERS, notice, page
from connectors.courriel.reading import FORM_BYTES, Form, FormRefused
from connectors.hub import PartnerError
from connectors.systems import Context

_log = structlog.get_logger()
_FORM: Final = "application/x-www-form-urlencoded"
_READING_S: Final = 15.0
_CODE, _PAGE = "relais-code", "relais-page"
Answer = Callable[["Page", Request], Awaitable[Response]]


class Stopped(Exception):
    """The request leads to this answer at once."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def facade(context: Context) -> ASGIApp:
    here = Page(context)

    def route(path: str, answer: Answer, method: str = "GET") -> BaseRoute:
        async def answered(request: Request) -> Response:
            try:
                async with asyncio.timeout(_READING_S):
                    return await answer(here, request)
            except Stopped as stopped:
                return stopped.answer
            except Closed:
                return _closed()
            except FormRefused as refused:
                return notice(400, "Réponse illisible", str(refused))
            except (PartnerError, TimeoutError) as error:
                _log.info("courriel.page_later", mandat=context.mandate.code, error=type(error).__name__)
                return _away()

        return Route(path, answered, methods=[method])

    routes = [
        route("/", Page.list),
        route("/lien/{jeton}", Page.show_link),
        route("/lien/{jeton}", Page.send_code, "POST"),
        route("/code", Page.show_code),
        route("/code", Page.enter, "POST"),
        route("/fermer", Page.leave, "POST"),
        route("/parcours/{parcours}", Page.person),
        route("/parcours/{parcours}", Page.answer, "POST"),
    ]
    return FastAPI(title="courriel", openapi_url=None, docs_url=None, redoc_url=None, routes=routes)


class Page:
    """What one mandate answers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._links = Links(context)
        self._doors = Doors(context)
        self._desk = Desk(context)
        self._base = f"/connecteurs/{context.mandate.code}"
        prefix = "__Secure-" if context.configuration.is_secure else ""
        self._code_cookie, self._page_cookie = f"{prefix}{_CODE}", f"{prefix}{_PAGE}"

    async def show_link(self, request: Request) -> Response:
        """Nothing of anybody, and nothing changes: this is what a scanner sees."""
        if self._session(request):
            return self._to("/")
        if self._links.read(request.path_params["jeton"]) is None:
            return _ended()
        return page("lien")

    async def send_code(self, request: Request) -> Response:
        await self._form(request)
        to = self._links.read(request.path_params["jeton"])
        if to is None:
            return _ended()
        asked = self._doors.ask(to)
        if asked is None:
            return notice(429, "Trop de codes demandés", "Attendez une heure, ou utilisez le dernier code reçu.",
                          {"Retry-After": "3600"})  # fmt: skip
        browser, code = asked
        try:
            await deliver(self._context, to, Nature.CODE, code_for(self._context, to, code))
        except MailError:
            return notice(503, "Le code n'a pas pu être envoyé", "Le serveur de courriel ne l'a pas pris : réessayez "
                          "dans quelques minutes.", {"Retry-After": "300"})  # fmt: skip
        answer = self._to("/code")
        self._give(answer, self._code_cookie, browser, 900, "strict")
        return answer

    async def show_code(self, request: Request) -> Response:
        if not self._doors.is_asked(request.cookies.get(self._code_cookie, "")):
            return _closed()
        return page("code", erreur="")

    async def enter(self, request: Request) -> Response:
        """The cookie, which other sites cannot send here, binds the code to the browser that asked for it."""
        form, browser = await self._form(request), request.cookies.get(self._code_cookie, "")
        session = self._doors.enter(browser, form.one("code"))
        if session is None:
            if not self._doors.is_asked(browser):
                return _closed()
            return page("code", 422, erreur="Ce code n'est pas celui qui a été envoyé.")
        answer = self._to("/")
        self._give(answer, self._page_cookie, session, self._context.configuration.session_h * 3600, "lax")
        answer.delete_cookie(self._code_cookie, path=self._base)
        return answer

    async def leave(self, request: Request) -> Response:
        await self._form(request, self._opened(request))
        self._doors.leave(request.cookies.get(self._page_cookie, ""))
        answer = notice(200, "Page fermée", "Pour la rouvrir, utilisez le lien d'un courriel.")
        answer.delete_cookie(self._page_cookie, path=self._base)
        return answer

    async def list(self, request: Request) -> Response:
        session = self._opened(request)
        persons, kept = await self._desk.waiting()
        return page("liste", base=self._base, jeton=session.jeton, personnes=persons, gardees=kept)

    async def person(self, request: Request) -> Response:
        session = self._opened(request)
        seen = await self._desk.person(request.path_params["parcours"])
        suite = request.query_params.get("suite", "")
        return self._shown(seen, session, suite=suite)

    async def answer(self, request: Request) -> Response:
        """Kept first, then sent; what is wrong is shown beside what was typed."""
        session = self._opened(request)
        form = await self._form(request, session)
        objet = self._desk.open(form.one("objet"), session)
        try:
            fate = await self._desk.answer(objet, form, session.to.rang)
        except FormRefused as refused:
            fault = Fault(objet.formulaire, refused.champ, str(refused))
            seen = await self._desk.person(objet.parcours)
            return self._shown(seen, session, 422, faute=fault, saisie=form.values)
        if fate is Fate.GARDEE:
            return page("gardee", 202, base=self._base, jeton=session.jeton)
        return self._to(f"/parcours/{objet.parcours}?suite={fate}")

    def _shown(self, seen: Seen, session: Session, status: int = 200, **said: Any) -> Response:
        values = {"faute": None, "saisie": {}, "suite": "", "base": self._base, "jeton": session.jeton} | said
        values |= {"qui": seen.qui, "gardees": seen.gardees, "aujourd_hui": seen.aujourd_hui}
        values["objets"] = {one.formulaire: self._desk.seal(one, session) for one in seen.objets}
        return page("personne", status, envoi=secrets.token_urlsafe(12), **values)

    def _session(self, request: Request) -> Session | None:
        return self._doors.session(request.cookies.get(self._page_cookie, ""))

    def _opened(self, request: Request) -> Session:
        if (session := self._session(request)) is None:
            raise Closed
        return session

    async def _form(self, request: Request, session: Session | None = None) -> Form:
        """A form of this page: bounded, from this site, and with the token of the session where there is one."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Stopped(notice(415, "Réponse illisible", "Ce n'est pas le formulaire de cette page."))
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Stopped(notice(403, "Demande refusée", "Elle vient d'un autre site : ouvrez la page elle-même."))
        received = bytearray()
        async for chunk in request.stream():
            received += chunk
            if len(received) > FORM_BYTES:
                raise Stopped(notice(413, "Réponse trop longue", "Revenez en arrière et raccourcissez le message."))
        form = Form.read(bytes(received))
        if session and not secrets.compare_digest(form.one("jeton").encode(), session.jeton.encode()):
            raise Stopped(notice(403, "Page périmée", "Rechargez la page, puis répondez à nouveau."))
        return form

    def _to(self, path: str) -> Response:
        """See other: reloading what comes does not send the form again."""
        return RedirectResponse(f"{self._base}{path}", 303, dict(HEADERS))

    def _give(self, answer: Response, name: str, value: str, life_s: int, same_site: Any) -> None:
        secure = self._context.configuration.is_secure
        answer.set_cookie(
            name, value, max_age=life_s, path=self._base, secure=secure, httponly=True, samesite=same_site
        )


def _closed() -> Response:
    return notice(
        403,
        "Cette page est fermée",
        "Ouvrez le lien du dernier courriel reçu : un code vous sera envoyé. Par prudence, une page ouverte se ferme "
        "d'elle-même.",
    )


def _ended() -> Response:
    return notice(
        410,
        "Ce lien ne vaut plus",
        "Il a expiré, a été retiré, ou n'est pas entier : un courriel peut l'avoir coupé en deux. Utilisez celui du "
        "dernier courriel reçu.",
    )


def _away() -> Response:
    return notice(
        503,
        "Le relais ne répond pas",
        "Rien de ce que vous avez envoyé n'est perdu. Réessayez dans quelques minutes.",
        {"Retry-After": "60"},
    )
