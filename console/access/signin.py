"""The pages to come in and to leave: by the provider of identities, or with the password of a local operator."""

import math
from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from chassis.database import Pool
from console.access import store
from console.access.guard import FORM_FIELD, Guard, Public, form
from console.access.oidc import NotSignedIn, Oidc
from console.access.passwords import Passwords
from console.access.rights import Acte, Role
from console.access.sessions import Sessions, address, form_token, is_own_form
from console.access.throttle import Throttle
from console.templates import render

_LONGEST_NAME, _LONGEST_PASSWORD = 64, 256
_NEXT = "suite"
SAID = {
    "inconnu": "Nom ou mot de passe inconnu.",
    "formulaire": "Ce formulaire a expiré. Recommencez.",
    "fournisseur-muet": "Le fournisseur d'identité ne répond pas. Réessayez dans quelques minutes.",
    "fournisseur-refuse": "Le fournisseur d'identité n'a pas confirmé qui vous êtes. Recommencez.",
    "sans-role": "Le fournisseur d'identité vous connaît, mais aucun rôle de cette console ne vous est donné. "
    "Demandez-le à qui l'administre.",
}


class SignIn:
    """`clock` counts seconds, for those who try too often."""

    def __init__(self, pool: Pool, sessions: Sessions, oidc: Oidc | None, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._sessions = sessions
        self._oidc = oidc
        self._passwords = Passwords()
        self._throttle = Throttle(clock)

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            Public("/connexion", self.page, methods=["GET"]),
            Public("/connexion", self.enter, methods=["POST"]),
            Public("/connexion/oidc", self.leave_for_provider, methods=["GET"]),
            Public("/connexion/oidc/retour", self.back_from_provider, methods=["GET"]),
            guard.route("/deconnexion", Acte.SORTIR, self.leave, ["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        return await self._page(request, suite=local_target(request.query_params.get(_NEXT, "/")))

    async def enter(self, request: Request) -> Response:
        """Open a session for the local operator whose password was typed."""
        fields = await form(request)
        suite = local_target(fields.get(_NEXT, "/"))
        name, password = fields.get("nom", "").strip(), fields.get("mot_de_passe", "")
        if not is_own_form(request, fields.get(FORM_FIELD, "")):
            return await self._page(request, "formulaire", 403, suite=suite)
        if len(name) > _LONGEST_NAME or len(password) > _LONGEST_PASSWORD or not name.isprintable():
            raise HTTPException(400)
        came_from = address(request) or ""
        if wait_s := self._throttle.wait_s(name, came_from):
            return await self._too_often(request, wait_s)
        # Counted before it is tried: many at once are not tried for free.
        self._throttle.failed(name, came_from)
        async with self._pool.acquire() as conn:
            known = await store.digest_of(conn, name)
        if not await self._passwords.match(password, known):
            return await self._refused(request, "local", name, "inconnu", 401, suite)
        self._throttle.succeeded(name, came_from)
        async with self._pool.acquire() as conn:
            role = await store.role_of(conn, name)
        if role is None:
            return await self._refused(request, "local", name, "inconnu", 401, suite)
        await self._sessions.open(request, "local", name, Role(role))
        return RedirectResponse(suite, 303)

    async def leave_for_provider(self, request: Request) -> Response:
        """By a link: a form that ends at the provider would need its name in the policy of the page."""
        if self._oidc is None:
            raise HTTPException(404)
        suite = local_target(request.query_params.get(_NEXT, "/"))
        try:
            sent = await self._oidc.leave(request)
        except NotSignedIn as refused:
            return await self._page(request, refused.reason, 503, suite=suite)
        request.session[_NEXT] = suite
        return sent

    async def back_from_provider(self, request: Request) -> Response:
        if self._oidc is None:
            raise HTTPException(404)
        suite = local_target(request.session.get(_NEXT, "/"))
        try:
            name, role = await self._oidc.come_back(request)
        except NotSignedIn as refused:
            status = 503 if refused.reason == "fournisseur-muet" else 403
            return await self._refused(request, "oidc", refused.name, refused.reason, status, suite)
        await self._sessions.open(request, "oidc", name, role)
        return RedirectResponse(suite, 303)

    async def leave(self, request: Request) -> Response:
        await self._sessions.close(request)
        return RedirectResponse("/connexion", 303)

    async def _refused(self, request: Request, origin: str, name: str, code: str, status: int, suite: str) -> Response:
        """A name that is no operator's may be a password that was typed in the wrong field: it is not written down."""
        async with self._pool.acquire() as conn:
            known = name if origin == "oidc" or await store.role_of(conn, name) else "inconnu"
            await store.note_refused(conn, origin, known or "inconnu", address(request))
        return await self._page(request, code, status, suite=suite)

    async def _too_often(self, request: Request, wait_s: float) -> Response:
        minutes = math.ceil(wait_s / 60)
        said = f"Trop d'essais. Recommencez dans {minutes} minute{'s' if minutes > 1 else ''}."
        page = await self._page(request, said, 429)
        page.headers["Retry-After"] = str(math.ceil(wait_s))
        return page

    async def _page(self, request: Request, code: str = "", status: int = 200, suite: str = "/") -> Response:
        async with self._pool.acquire() as conn:
            local = await store.has_local(conn)
        page = render(
            "connexion.html",
            erreur=SAID.get(code, code),
            suite=suite,
            avec_fournisseur=self._oidc is not None,
            avec_mot_de_passe=local or self._oidc is None,
            formulaire=form_token(request),
        )
        return HTMLResponse(page, status)


def local_target(asked: str) -> str:
    """A path of this console, or its first page: nobody is sent elsewhere once signed in."""
    is_ours = asked.startswith("/") and asked[1:2] not in ("/", "\\") and asked.isprintable()
    return asked if is_ours and not asked.startswith("/connexion") else "/"
