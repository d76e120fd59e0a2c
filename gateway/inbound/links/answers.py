"""Answering a prescription by a link, for a structure without any system (decision 0025).

The emitter of the prescription asks for a link and never holds it: an operator hands it over to the contact of the
structure (decision 0048). Opening it changes nothing: mail scanners open links. Sending the form writes an ordinary
deposit in the journal, of `/liens/<id>`, under the id of the link, so that it counts once; that the request is studied
is told before, under an id of its own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.bus import BusError
from chassis.database import TRANSIENT
from chassis.facts import Entree
from gateway import prescriptions
from gateway.accesses import Access
from gateway.inbound.deposit.journal import IN_FLIGHT
from gateway.inbound.deposit.prepared import Doorway
from gateway.inbound.deposit.receptions import Incoming, Known, New
from gateway.inbound.deposit.store import NewDeposit
from gateway.inbound.links import answer_form, answer_links, answer_page
from gateway.inbound.links.answer_form import A_L_ETUDE, FORM_BYTES, Saisie
from gateway.inbound.links.answer_links import Contact, Lien, Signer
from gateway.inbound.reading.sight import Sight
from gateway.inbound.request.body import media_type, read_body
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_model
from gateway.inbound.request.refusals import Refusals
from gateway.inbound.request.routes import Declared, opened
from gateway.partners import Annuaire
from relais_contrats.droits import Demandeur, Role
from relais_contrats.liens import DemandeDeLien, structure_reliee
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.freins import Freins
from relais_contrats.partenaires import Partenaire, jour_des_conventions
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_contrats.territoires import debut_du_jour, jour_legal

_FORM = "application/x-www-form-urlencoded"
_WAIT_S = 5.0
# No partner can bear this name: its first sign is not one of a code.
_HUB = Partenaire("_passerelle", "hub", "Relais", frozenset(), (), (), frozenset(), True)
# Status and page.
_Answer: TypeAlias = tuple[int, str]
_UNREADABLE: Mapping[int, Callable[[], str]] = {413: answer_page.too_long}
# Per link and per address: at once, then per minute.
_BURST, _PER_MINUTE = 20, 10


class Answers:
    def __init__(
        self,
        doorway: Doorway,
        sight: Sight,
        annuaire: Annuaire,
        signer: Signer,
        proxy: ProxyDeConfiance,
        refusals: Refusals,
    ) -> None:
        self._doorway = doorway
        self._proxy = proxy
        self._refusals = refusals
        self._brakes = Freins(_BURST, _PER_MINUTE)
        self._sight = sight
        self._annuaire = annuaire
        self._signer = signer

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("POST /v1/prescriptions/{id}/lien", self.create, changes=True),
            opened("GET /reponses/{jeton}", self.show),
            opened("POST /reponses/{jeton}", self.take),
        ]

    async def create(self, call: Call, request: Request) -> Response:
        """Asked by who emitted the prescription, for a structure without any system; ends with the prescription. The
        answer does not hold the link."""
        now = datetime.now(UTC)
        asked = await read_model(request, DemandeDeLien)
        seen = await self._sight.find(call, asked.parcours)
        key = await self._sight.object_named(call, asked.parcours, "prescription", request.path_params["id"])
        async with self._doorway.pool.acquire() as conn:
            suivie = (await prescriptions.suivies(conn, [(seen.parcours, key)])).get((seen.parcours, key))
        roles = prescriptions.roles_dans(suivie, call.partenaire.code, seen.roles)
        if Role.PRESCRIPTEUR not in roles or suivie is None:
            raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
        vue = await self._asked(seen.parcours, key)
        if not vue or not vue["attend_une_reponse"]:
            raise Problem("deja-traite", erreurs=[ligne_de_refus("deja-traite", "")])
        if suivie.partenaires or self._has_a_system(vue):
            raise structure_reliee()
        if debut_du_jour(vue["departement"], date.fromisoformat(vue["expire_le"])) <= now:
            raise Problem("delai-depasse", erreurs=[ligne_de_refus("delai-depasse", "")])
        expire_a = debut_du_jour(vue["departement"], date.fromisoformat(vue["expire_au_plus_tard"]))
        lien = Lien(uuid7(), seen.parcours, key, expire_a)
        service = vue.get("service_nom") or vue["service_id"]
        contact = Contact(vue["structure_nom"], vue["courriel"], service)
        async with self._doorway.pool.acquire() as conn:
            await answer_links.insert(conn, lien, call.partenaire.code, now, contact)
        made = {"etat": "a-remettre", "expire_a": expire_a}
        return Response(orjson.dumps(made), 202, {"Cache-Control": "no-store"}, "application/json")

    def _has_a_system(self, vue: Any) -> bool:
        """Whether a partner, even a suspended one, holds the structure now."""
        reference = ("siret", vue["siret"]) if vue["siret"] else ("local", vue["structure_id"])
        return self._annuaire.a_la_structure(*reference)

    async def show(self, request: Request) -> Response:
        """The question; nothing but the access is written."""
        return await self._answered(request, self._show)

    async def take(self, request: Request) -> Response:
        return await self._answered(request, self._take)

    async def _answered(self, request: Request, handler: Any) -> Response:
        route = f"{request.method} {request.scope['route'].path}"
        lien: Lien | None = None
        with telemetry.span(route) as span:
            try:
                lien, (status, page) = await self._find(request.path_params["jeton"])
                is_refused = self._brakes.depasse(self._authors(request, lien), time.monotonic())
                if is_refused:
                    status, page = 429, answer_page.too_often()
                elif lien:
                    status, page = await handler(request, lien)
                await self._trace(request, lien, route, status)
            except Problem as problem:
                status, page = problem.status, _UNREADABLE.get(problem.status, answer_page.not_a_form)()
                await self._trace(request, lien, route, status)
            except (*TRANSIENT, BusError):
                status, page = 503, answer_page.unavailable()
            telemetry.annotate(span, http__response__status_code=status)
        again = {"Retry-After": "60"} if status in (429, 503) else {}
        return HTMLResponse(page, status, {**answer_page.HEADERS, **again})

    async def _trace(self, request: Request, lien: Lien | None, route: str, status: int) -> None:
        """No partner is behind a link: the hub stands in its place. What leads nowhere is counted."""
        access = Access(
            partenaire=_HUB.code if lien else "",
            agent=f"lien {lien.id}" if lien else None,
            parcours=(lien.parcours,) if lien else (),
            finalite="offre",
            quoi=route,
            resultat=status,
            trace=telemetry.trace_id(),
            liaison=None,
            provenance=None if lien else self._proxy.adresse(request),
        )
        if lien and status != 429:
            await self._doorway.journal.record_access(access)
            async with self._doorway.pool.acquire() as conn:
                await answer_links.note_use(conn, lien.id, datetime.now(UTC))
        else:
            await self._refusals.note(access)

    def _authors(self, request: Request, lien: Lien | None) -> list[str]:
        of_link = [f"lien {lien.id}"] if lien else []
        return [f"adresse {self._proxy.adresse(request)}", *of_link]

    async def _find(self, token: str) -> tuple[Lien | None, _Answer]:
        """The link, and what to answer where there is none any more."""
        now = datetime.now(UTC)
        signed = self._signer.read(token, now)
        if signed is None or signed.est_expire:
            return None, (410, answer_page.expired()) if signed else (404, answer_page.unknown())
        async with self._doorway.pool.acquire() as conn:
            return await answer_links.find(conn, signed.id, now), (404, answer_page.unknown())

    async def _asked(self, parcours: UUID, prescription_id: str) -> Any:
        demande = {"parcours": str(parcours), "prescription_id": prescription_id}
        return await self._sight.ask("offres.prescription", demande)

    async def _show(self, _: Request, lien: Lien) -> _Answer:
        vue = await self._asked(lien.parcours, lien.prescription_id)
        if ended := self._ended(vue):
            return ended
        awaited = vue["attend_une_reponse"]
        return 200, (answer_page.question if awaited else answer_page.answered)(vue, self._prescriber(vue))

    async def _take(self, request: Request, lien: Lien) -> _Answer:
        if media_type(request) != _FORM:
            raise Problem(status=415)
        body = await read_body(request, FORM_BYTES)
        vue = await self._asked(lien.parcours, lien.prescription_id)
        if ended := self._ended(vue):
            return ended
        lue = answer_form.lire(body)
        if lue.erreurs:
            return 400, answer_page.question(vue, self._prescriber(vue), lue)
        by_link = self._by_link(lien, lue.saisie, vue["departement"])
        reception = await self._doorway.journal.receive(by_link.incoming)
        match reception:
            case Known(answer=answer):
                return await self._told(answer, lien, lue.saisie)
            case New():
                return await self._told(await self._settled(by_link.entree), lien, lue.saisie)
            case _:  # answered already, otherwise
                return 409, await self._refused(lien)

    def _ended(self, vue: Any) -> _Answer | None:
        """Why nobody is asked by a link any more, though it has not expired."""
        if not vue:
            return 404, answer_page.unknown()
        return (410, answer_page.has_a_system()) if self._has_a_system(vue) else None

    def _prescriber(self, vue: Any) -> str:
        """The name of the organisation that prescribes."""
        code = vue["prescripteur"].rpartition("/")[2]
        partenaire = self._annuaire.partenaire(code)
        return partenaire.nom if partenaire else code

    async def _settled(self, entree: Entree) -> Mapping[str, Any] | None:
        answer = await self._doorway.dispatch.decide(entree, "offres")
        return answer or await self._doorway.journal.settled(entree.id, _WAIT_S)

    async def _told(self, answer: Mapping[str, Any] | None, lien: Lien, saisie: Saisie) -> _Answer:
        """What is journalled but not decided yet will be: the hub tries again by itself."""
        is_refused = answer is not None and answer["etat"] == "refuse"
        return (409, await self._refused(lien)) if is_refused else (200, answer_page.recorded(saisie))

    async def _refused(self, lien: Lien) -> str:
        vue = await self._asked(lien.parcours, lien.prescription_id)
        if not vue or vue["attend_une_reponse"]:
            return answer_page.refused()
        return answer_page.answered(vue, self._prescriber(vue))

    def _by_link(self, lien: Lien, saisie: Saisie, departement: str) -> "_ByLink":
        now = datetime.now(UTC)
        day, said = jour_legal(departement, now).isoformat(), saisie.donnees()
        step = f"-{saisie.reponse}" if saisie.reponse == A_L_ETUDE else ""
        entree = Entree(
            id=uuid7(),
            nature="depot",
            type=saisie.fait,
            agregat=lien.parcours,
            emetteur=f"/liens/{lien.id}",
            role=_HUB.type_organisme,
            partition=departement,
            donnees={"prescription_id": lien.prescription_id, "date": day, **said},
            survenu_a=now,
            recu_a=now,
            trace=telemetry.traceparent(),
            message=f"lien-{lien.id}{step}",
            # Without the day: the same answer sent again is the same.
            empreinte=sha256(orjson.dumps([saisie.fait, said])).hexdigest(),
        )
        depot = self._sealed(entree, lien.id)
        incoming = Incoming(
            demandeur=Demandeur(_HUB, frozenset(), jour_des_conventions(now)),
            message=depot.message,
            empreinte=depot.empreinte,
            type=depot.type,
            departement=departement,
            subject=lien.parcours,
            references=frozenset(),
            usages=(),
            seal=lambda *_: depot,
            est_par_lien=True,
        )
        return _ByLink(incoming, entree)

    def _sealed(self, entree: Entree, lien: UUID) -> NewDeposit:
        return NewDeposit(
            id=entree.id,
            partenaire=_HUB.code,
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
            departement=entree.partition,
        )


@dataclass(frozen=True, slots=True)
class _ByLink:
    """A deposit whose right is the link, and what the service decides on."""

    incoming: Incoming
    entree: Entree
