"""Answering a prescription by a link, for a structure without any system (decision 0025).

Opening the link changes nothing: mail scanners open links. Sending the form writes an ordinary deposit in the journal,
of the structure's partner, or of the hub where it has none; under the id of the link, so that it counts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.bus import BusError
from chassis.database import TRANSIENT
from chassis.facts import Entree
from gateway import prescriptions
from gateway.inbound import answer_links, answer_page
from gateway.inbound.answer_links import Lien, Signer
from gateway.inbound.body import media_type, read_body
from gateway.inbound.door import Call, Door
from gateway.inbound.journal import IN_FLIGHT, Incoming, Known, New
from gateway.inbound.json_body import read_model
from gateway.inbound.prepared import Doorway, refusal_line
from gateway.inbound.problems import Problem
from gateway.inbound.sight import Sight
from gateway.inbound.store import Access, NewDeposit
from gateway.oauth.tokens import Liaison
from gateway.partners import Annuaire, Partenaire
from gateway.rights import Role
from relais_contrats.codes.offre import MotifRefusPrescription

_PARIS = ZoneInfo("Europe/Paris")
_FORM = "application/x-www-form-urlencoded"
_FORM_BYTES = 1024
_WAIT_S = 5.0
# No partner can bear this name: its first sign is not one of a code.
_HUB = Partenaire("_passerelle", "hub", "Relais", frozenset(), (), (), frozenset(), True)
_HUB_SOURCE = "/services/passerelle"


class DemandeDeLien(BaseModel):
    """`parcours` is the partner's pseudonym: the key of a prescription is unique within it."""

    model_config = ConfigDict(extra="forbid")

    parcours: Annotated[str, Field(min_length=1, max_length=64)]


class Answers:
    def __init__(self, doorway: Doorway, sight: Sight, annuaire: Annuaire, signer: Signer) -> None:
        self._doorway = doorway
        self._sight = sight
        self._annuaire = annuaire
        self._signer = signer

    def routes(self, door: Door) -> list[Route]:
        link = "/v1/prescriptions/{id}/lien"
        return [
            Route(link, door.guard("messages:deposer", self.create, changes=True), methods=["POST"]),
            Route("/reponses/{jeton}", self.show, methods=["GET"]),
            Route("/reponses/{jeton}", self.take, methods=["POST"]),
        ]

    async def create(self, call: Call, request: Request) -> Response:
        """For who emitted the prescription, or holds its structure; ends with the prescription."""
        now, key = datetime.now(UTC), request.path_params["id"]
        asked = await read_model(request, DemandeDeLien)
        seen = await self._sight.find(call, asked.parcours)
        async with self._doorway.pool.acquire() as conn:
            suivie = (await prescriptions.suivies(conn, [(seen.parcours, key)])).get((seen.parcours, key))
        roles = prescriptions.roles_dans(suivie, call.partenaire.code, seen.roles)
        if roles.isdisjoint({Role.PRESCRIPTEUR, Role.PRESCRIPTION}):
            raise Problem("non-autorise", erreurs=[refusal_line("non-autorise", "")])
        vue = await self._asked(seen.parcours, key)
        if not vue or not vue["attend_une_reponse"]:
            raise Problem("deja-traite", erreurs=[refusal_line("deja-traite", "")])
        expire_a = datetime.combine(datetime.fromisoformat(vue["expire_le"]), time.min, _PARIS).astimezone(UTC)
        if expire_a <= now:
            raise Problem("delai-depasse", erreurs=[refusal_line("delai-depasse", "")])
        lien = Lien(uuid7(), seen.parcours, key, expire_a)
        async with self._doorway.pool.acquire() as conn:
            await answer_links.insert(conn, lien, call.partenaire.code, now)
        made = {"lien": f"{self._doorway.base_url}/reponses/{self._signer.sign(lien)}", "expire_a": expire_a}
        return Response(orjson.dumps(made), 201, {"Cache-Control": "no-store"}, "application/json")

    async def show(self, request: Request) -> Response:
        """The question; nothing but the access is written."""
        return await self._answered(request, self._show)

    async def take(self, request: Request) -> Response:
        return await self._answered(request, self._take)

    async def _answered(self, request: Request, handler: Any) -> Response:
        """No partner is behind a link: what it did is traced under the name of the hub."""
        route = f"{request.method} {request.scope['route'].path}"
        with telemetry.span(route) as span:
            try:
                lien = await self._find(request.path_params["jeton"])
                status, page = await handler(request, lien) if lien else (404, answer_page.unknown())
                access = (lien.parcours if lien else None, "offre", route, status, telemetry.trace_id())
                await self._doorway.journal.record_access(
                    Access(_HUB.code, f"lien {lien.id}" if lien else None, *access, Liaison.AUCUNE.value)
                )
            except Problem as problem:
                status, page = problem.status, answer_page.unknown()
            except (*TRANSIENT, BusError):
                status, page = 503, answer_page.unknown()
            telemetry.annotate(span, http__response__status_code=status)
        return HTMLResponse(page, status, dict(answer_page.HEADERS))

    async def _find(self, token: str) -> Lien | None:
        now = datetime.now(UTC)
        id_ = self._signer.read(token, now)
        if id_ is None:
            return None
        async with self._doorway.pool.acquire() as conn:
            return await answer_links.find(conn, id_, now)

    async def _asked(self, parcours: UUID, prescription_id: str) -> Any:
        demande = {"parcours": str(parcours), "prescription_id": prescription_id}
        return await self._sight.ask("offres.prescription", demande)

    async def _show(self, _: Request, lien: Lien) -> tuple[int, str]:
        vue = await self._asked(lien.parcours, lien.prescription_id)
        awaited = vue and vue["attend_une_reponse"]
        return 200, answer_page.question(vue) if vue and awaited else answer_page.answered()

    async def _take(self, request: Request, lien: Lien) -> tuple[int, str]:
        if media_type(request) != _FORM:
            raise Problem(status=415)
        form = parse_qs((await read_body(request, _FORM_BYTES)).decode("ascii", "replace"))
        verdict, motif = form.get("reponse", [""])[0], form.get("motif", [""])[0]
        vue = await self._asked(lien.parcours, lien.prescription_id)
        is_refusal = verdict == "refusee"
        is_known = verdict == "acceptee" or (is_refusal and motif in set(MotifRefusPrescription))
        if not vue or not is_known:
            raise Problem(status=400)
        motifs = {"motifs": [motif]} if is_refusal else {}
        by_link = await self._by_link(lien, f"prescription.{verdict}", motifs, vue["departement"])
        reception = await self._doorway.journal.receive(by_link.incoming)
        match reception:
            case Known(answer=answer):
                return _told(answer)
            case New():
                return await self._settled(by_link.entree)
            case _:  # answered already, otherwise
                return 409, answer_page.answered()

    async def _settled(self, entree: Entree) -> tuple[int, str]:
        answer = await self._doorway.dispatch.decide(entree, "offres")
        answer = answer or await self._doorway.journal.settled(entree.id, _WAIT_S)
        return _told(answer)

    async def _by_link(self, lien: Lien, fait: str, motifs: dict[str, Any], departement: str) -> "_ByLink":
        cle = (lien.parcours, lien.prescription_id)
        async with self._doorway.pool.acquire() as conn:
            suivie = (await prescriptions.suivies(conn, [cle])).get(cle)
        codes = sorted(suivie.partenaires) if suivie else []
        partenaire = next((p for code in codes if (p := self._annuaire.partenaire(code)) and p.est_actif), _HUB)
        now = datetime.now(UTC)
        donnees = {"prescription_id": lien.prescription_id, "date": now.astimezone(_PARIS).date().isoformat()} | motifs
        entree = Entree(
            id=uuid7(),
            nature="depot",
            type=fait,
            agregat=lien.parcours,
            emetteur=_HUB_SOURCE if partenaire is _HUB else partenaire.source,
            role=partenaire.type_organisme,
            partition=departement,
            donnees=donnees,
            survenu_a=now,
            recu_a=now,
            trace=telemetry.traceparent(),
            message=f"lien-{lien.id}",
            # Without the day: the same answer sent again is the same.
            empreinte=sha256(orjson.dumps([fait, motifs])).hexdigest(),
        )
        depot = self._sealed(partenaire, entree, lien.id)
        incoming = Incoming(
            partenaire=partenaire,
            message=depot.message,
            empreinte=depot.empreinte,
            type=depot.type,
            subject=lien.parcours,
            prescription=None,
            references=frozenset(),
            usages=(),
            seal=lambda _: depot,
            est_par_lien=True,
        )
        return _ByLink(incoming, entree)

    def _sealed(self, partenaire: Partenaire, entree: Entree, lien: UUID) -> NewDeposit:
        return NewDeposit(
            id=entree.id,
            partenaire=partenaire.code,
            message=entree.message or "",
            empreinte=bytes.fromhex(entree.empreinte or ""),
            type=entree.type,
            brique="offres",
            parcours=entree.agregat,
            agent=f"lien {lien}",
            finalite="offre",
            corps=self._doorway.cabinet.seal(entree.id, orjson.dumps(entree.en_json())),
            trace=entree.trace,
            prochain_essai=entree.recu_a + IN_FLIGHT,
        )


def _told(answer: Mapping[str, Any] | None) -> tuple[int, str]:
    """What is journalled but not decided yet will be: the hub tries again by itself."""
    is_refused = answer is not None and answer["etat"] == "refuse"
    return (409, answer_page.answered()) if is_refused else (200, answer_page.recorded())


@dataclass(frozen=True, slots=True)
class _ByLink:
    """A deposit whose right is the link, and what the service decides on."""

    incoming: Incoming
    entree: Entree
