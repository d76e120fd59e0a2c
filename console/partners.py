"""The partners: on which step, proven by what, until when, with which risk; what each sees of a parcours, and why."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.hub import Ask
from console.shell import asked, plain
from console.templates import render
from relais_contrats.codes.acteurs import Finalite, Scope, TypeOrganisme
from relais_contrats.matrice import CIRCONSTANCES, Role
from relais_contrats.partenaires import jour_des_conventions

ETAPES = {"demande": "demande", "bac-a-sable": "bac à sable", "production": "production"}
NATURES = {"cle": "Clé", "certificat": "Certificat client", "secret": "Secret du profil hérité"}
ROLES = [role.value for role in Role if role not in CIRCONSTANCES and role is not Role.SIGNALANT]
_SOON, _VERY_SOON = timedelta(days=30), timedelta(days=7)


class Partners:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/partenaires", Acte.VOIR_PARTENAIRES, self.page),
            guard.route("/partenaires/{code}", Acte.VOIR_PARTENAIRES, self.one),
        ]

    async def page(self, _: Request) -> Response:
        told, now = await self._ask("partenaires", {}), datetime.now(UTC)
        rows = [_read(row, now) for row in told] if told is not None else []
        page = render(
            "partenaires.html",
            page="/partenaires",
            repond=told is not None,
            partenaires=rows,
            etapes=ETAPES,
            types=list(TypeOrganisme),
            scopes=list(Scope),
        )
        return HTMLResponse(page)

    async def one(self, request: Request) -> Response:
        code, params = asked(request, "code"), request.query_params
        told = await self._ask("partenaires", {"partenaire": code})
        if told is None:
            raise HTTPException(404)
        parcours, role = plain(params.get("parcours", "")), plain(params.get("role", ""))
        if role and role not in ROLES:
            raise HTTPException(400)
        narrowed = {"parcours": parcours} if parcours else {"roles": [role] if role else []}
        sight = await self._ask("droits", {"partenaire": code, **narrowed}) if parcours or role else None
        page = render(
            "partenaire.html",
            page="/partenaires",
            un=_read(told, datetime.now(UTC)),
            etapes=ETAPES,
            natures=NATURES,
            finalites=list(Finalite),
            roles=ROLES,
            parcours=parcours,
            role=role,
            vue=sight,
        )
        return HTMLResponse(page)


def _read(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """As the pages show it: instants read, and a reminder beside each end that comes."""
    proofs = [{**one, "fin": datetime.fromisoformat(one["fin"])} for one in row["justificatifs"]]
    proofs = [{**one, "rappel": _reminder(one["fin"] - now)} for one in proofs]
    last = max((one["fin"] for one in proofs if one["nature"] != "secret"), default=None)
    return {
        **row,
        "justificatifs": proofs,
        "fin_des_cles": last,
        "rappel": _reminder(last - now) if last else "sans clé ni certificat",
        "conventions": [_convention(one, now) for one in row["conventions"]],
        "conformites": [{**one, "expire_a": datetime.fromisoformat(one["expire_a"])} for one in row["conformites"]],
        "herite_jusqua": datetime.fromisoformat(row["herite_jusqua"]) if row["herite_jusqua"] else None,
        "vu_a": datetime.fromisoformat(row["vu_a"]) if row.get("vu_a") else None,
        "registre": [{**one, "a": datetime.fromisoformat(one["a"])} for one in row.get("registre", ())],
    }


def _convention(one: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    end, day = one.get("date_fin"), jour_des_conventions(now)
    if not end:
        return {**one, "rappel": ""}
    last = date.fromisoformat(end)
    return {**one, "rappel": "terminée" if last < day else _reminder(last - day)}


def _reminder(left: timedelta) -> str:
    """Said from thirty days before the end on, as the page of the points of attention does."""
    if left <= timedelta(0):
        return "terminée"
    if left > _SOON:
        return ""
    return f"{'URGENT : ' if left <= _VERY_SOON else ''}finit dans {max(left.days, 1)} j"
