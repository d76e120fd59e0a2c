"""rdv-insertion and RDV-Solidarités, as their documentation says: sessions, persons, invitations, refusals."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

REQUIRED = ("first_name", "last_name", "title")


class Site:
    """`failures`: status codes that are answered first. `agents`: e-mails of those who may be référents."""

    def __init__(self) -> None:
        self.sessions = 0
        self.users: list[dict[str, Any]] = []
        self.invited: list[tuple[int, dict[str, Any]]] = []
        self.agents = {"dominique.modele@exemple.fr"}
        self.failures: list[int] = []

    def app(self) -> Starlette:
        users = "/api/v1/organisations/{organisation:int}/users"
        return Starlette(
            routes=[
                Route("/sign_in", self._sign_in, methods=["POST"]),
                Route(users, self._create, methods=["POST"]),
                Route(f"{users}/create_and_invite", self._create, methods=["POST"]),
            ]
        )

    async def _sign_in(self, request: Request) -> Response:
        if await request.json() != {"email": "agent@exemple.fr", "password": "mot de passe"}:
            return JSONResponse({"errors": ["Identifiants invalides"]}, 401)
        self.sessions += 1  # the former session is no more
        return JSONResponse({"data": {}}, headers=self._session())

    def _session(self) -> dict[str, str]:
        return {"access-token": f"jeton-{self.sessions}", "client": "appareil", "uid": "agent@exemple.fr"}

    async def _create(self, request: Request) -> Response:
        if self.failures:
            return JSONResponse({"errors": ["…"]}, self.failures.pop(0), headers={"Retry-After": "90"})
        if any(request.headers.get(name) != value for name, value in self._session().items()):
            return JSONResponse({"errors": ["Les identifiants de session RDV-Solidarités sont invalides"]}, 401)
        told = (await request.json())["user"]
        if faults := self._faults(told):
            return JSONResponse({"success": False, "errors": [{"error_details": one} for one in faults]}, 422)
        invitation = told.pop("invitation", {})
        user = self._upsert(told)
        if request.url.path.endswith("/create_and_invite"):
            self.invited.append((request.path_params["organisation"], invitation))
        return JSONResponse({"success": True, "user": user, "invitations": []})

    def _faults(self, told: dict[str, Any]) -> list[str]:
        missing = [f"{name} doit être rempli(e)" for name in REQUIRED if not told.get(name)]
        unknown = [one["email"] for one in told.get("referents_to_add", ()) if one["email"] not in self.agents]
        return missing + [f"Aucun agent pour {email}" for email in unknown]

    def _upsert(self, told: dict[str, Any]) -> dict[str, Any]:
        for user in self.users:
            if any(told.get(key) and told[key] == user.get(key) for key in ("nir", "department_internal_id", "email")):
                user |= told
                return user
        self.users.append({**told, "id": 900 + len(self.users)})
        return self.users[-1]
