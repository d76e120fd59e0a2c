"""`/v1/abonnements`: a partner declares where its events are pushed, watches the deliveries, asks for one again.

An address is verified before its first delivery: `gateway.outbound.signals` says how. The queue fills meanwhile, so
that nothing is missed from the declaration on; only one made inactive (by its partner, by a 410) stops filling.
Deliveries are signed with a secret shown once (`v1`) or with the hub's own key (`v1a`), published for everybody.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from uuid_utils.compat import uuid7

from chassis.database import Pool, Record
from chassis.facts import type_cloudevents
from gateway.destinations import Interdite, Resolver
from gateway.inbound.events import subscriptions_store as store
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_model
from gateway.inbound.request.problems import Problem, invalid
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared, opened
from gateway.pseudonyms import Pseudonyms, whole_second
from gateway.webhook_keys import Cles
from gateway.webhook_secrets import Safe, new_secret, shown
from relais_contrats.abonnements import (
    PAR_PARTENAIRE_MAX,
    RECOUVREMENTS_MAX,
    Changement,
    NouvelAbonnement,
    etat_suivant,
    interdit,
    sans_secret,
    trop_d_abonnements,
    trop_de_recouvrements,
)
from relais_contrats.demandes import ETATS_LIVRAISON, identifiant, types_courts, un_de
from relais_contrats.partenaires import Partenaire

OVERLAP = timedelta(hours=24)
_PAGE = 100
_LAST = 2**63 - 1

_V1, _V1A = "v1", "v1a"
# Shorter than a rotation ever is, so that the next key is known everywhere before it signs alone.
_CACHE = {"Cache-Control": "public, max-age=300"}


class Subscriptions:
    """`keys` are the hub's own, that sign for subscriptions of `v1a`."""

    def __init__(
        self,
        pool: Pool,
        master_key: bytes,
        keys: Cles,
        resolver: Resolver,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._pool = pool
        self._safe = Safe(master_key)
        self._keys = {"keys": [key.jwk() for key in keys]}
        self._cles_publiques = [key.montree() for key in keys]
        self._resolver = resolver
        self._pseudonyms = pseudonyms

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("POST /v1/abonnements", self.create, changes=True, own_books=True),
            door.route("GET /v1/abonnements", self.list, own_books=True),
            door.route("GET /v1/abonnements/{id}", self.get, own_books=True),
            door.route("PATCH /v1/abonnements/{id}", self.change, changes=True, own_books=True),
            door.route("DELETE /v1/abonnements/{id}", self.delete, changes=True, own_books=True),
            door.route("POST /v1/abonnements/{id}/secret", self.rotate, changes=True, own_books=True),
            door.route("POST /v1/abonnements/{id}/essai", self.test, changes=True, own_books=True),
            door.route("GET /v1/abonnements/{id}/livraisons", self.deliveries),
            door.route("POST /v1/livraisons/{id}/rejeu", self.send_again, changes=True),
            opened("GET /v1/webhooks/cles", self.public_keys),
        ]

    async def create(self, call: Call, request: Request) -> Response:
        asked = await read_model(request, NouvelAbonnement)
        types = types_courts(asked.types, "/types")
        await self._check(call.partenaire, asked.url)
        id_, code, now = uuid7(), call.partenaire.code, datetime.now(UTC)
        secret = new_secret() if asked.signature == _V1 else None
        sealed = self._safe.seal(id_, secret) if secret else None
        etat = "a-verifier" if asked.actif else "inactif"
        columns = (asked.url, types, asked.lot, etat, asked.signature, sealed, now, sorted(call.jeton.scopes))
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn, code)
            if await store.count(conn, code) >= PAR_PARTENAIRE_MAX:
                raise trop_d_abonnements()
            row = await store.insert(conn, id_, code, *columns)
        once = {"secret": shown(secret)} if secret else {}
        return _json(self._shown(row) | once, 201, {"Location": f"/v1/abonnements/{id_}"})

    async def public_keys(self, request: Request) -> Response:
        """What verifies every delivery of `v1a`: a JWK set (RFC 7517), each key also as `whpk_…`."""
        parameters(request)
        return Response(orjson.dumps(self._keys), headers=_CACHE, media_type="application/jwk-set+json")

    async def list(self, call: Call, _: Request) -> Response:
        async with self._pool.acquire() as conn:
            rows = await store.all_of(conn, call.partenaire.code)
        return _json({"abonnements": [self._shown(row) for row in rows]})

    async def get(self, call: Call, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            return _json(self._shown(_found(await store.one(conn, call.partenaire.code, _id(request)))))

    async def change(self, call: Call, request: Request) -> Response:
        """A new address is verified like a first one; so is one that comes back from rest."""
        asked = await read_model(request, Changement)
        types = types_courts(asked.types, "/types") if asked.types is not None else None
        if asked.url is not None:
            await self._check(call.partenaire, asked.url)
        code, id_ = call.partenaire.code, _id(request)
        async with self._pool.acquire() as conn, conn.transaction():
            row = _found(await store.lock_one(conn, code, id_))
            is_moved = asked.url not in (None, row["url"])
            changed = {
                "url": asked.url or row["url"],
                "types": row["types"] if types is None else types,
                "lot": asked.lot or row["lot"],
                "etat": etat_suivant(row["etat"], asked.actif, change_d_adresse=is_moved),
            }
            if row["suspendu_par"] and changed["etat"] != "suspendu":
                raise interdit("L'exploitation du relais a suspendu cet abonnement : voyez avec elle.", "/actif")
            is_new = is_moved or row["etat"] != "a-verifier" or bool(asked.actif)
            restarts = changed["etat"] == "a-verifier" and is_new
            row = await store.update(conn, code, id_, changed, restarts=restarts, now=datetime.now(UTC))
        return _json(self._shown(row))

    async def delete(self, call: Call, request: Request) -> Response:
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.delete(conn, call.partenaire.code, _id(request)):
                raise Problem(status=404)
        return Response(status_code=204)

    async def rotate(self, call: Call, request: Request) -> Response:
        """A new secret, shown once; deliveries are signed with each earlier one too, for a day. `v1a` has none."""
        code, id_, secret, now = call.partenaire.code, _id(request), new_secret(), datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            row = _found(await store.lock_one(conn, code, id_))
            if row["signature"] == _V1A:
                raise sans_secret()
            if await store.overlaps(conn, id_, now) >= RECOUVREMENTS_MAX:
                raise trop_de_recouvrements()
            await store.rotate(conn, code, id_, self._safe.seal(id_, secret), now + OVERLAP)
        return _json({"id": str(id_), "secret": shown(secret), "ancien_secret_jusqua": now + OVERLAP}, 201)

    async def test(self, call: Call, request: Request) -> Response:
        """A signed `fr.insertion.abonnement.essai.v1` leaves at once; `GET` of the subscription says how it ended."""
        async with self._pool.acquire() as conn:
            row = _found(await store.ask_test(conn, call.partenaire.code, _id(request), datetime.now(UTC)))
        return _json(self._shown(row), 202, {"Location": f"/v1/abonnements/{row['id']}"})

    async def deliveries(self, call: Call, request: Request) -> Response:
        """The latest first; `etat=en-echec` lists what is parked behind a failure."""
        query = request.query_params
        etat, place = un_de(query.get("etat"), "etat", ETATS_LIVRAISON), query.get("avant")
        before = identifiant(place, "avant") if place else None
        code, id_ = call.partenaire.code, _id(request)
        async with self._pool.acquire() as conn:
            _found(await store.one(conn, code, id_))
            start = await store.number_of(conn, code, id_, self._delivered(code, id_, before)) if before else _LAST
            if start is None:
                raise invalid("avant", "Cette livraison n'est pas des vôtres.")
            rows = await store.sendings(conn, id_, start, etat, _PAGE)
        return _json({"livraisons": [self._delivery(code, id_, row) for row in rows]})

    async def send_again(self, call: Call, request: Request) -> Response:
        """A delivery is one event for one subscription: it goes again to that one, before what follows it in its
        parcours."""
        code, id_ = call.partenaire.code, _id(request)
        async with self._pool.acquire() as conn, conn.transaction():
            own = await store.own_ids(conn, code)
            row = _found(await store.sending(conn, code, [(one, self._delivered(code, one, id_)) for one in own]))
            await store.send_again(conn, row, datetime.now(UTC))
        return _json({"id": str(id_), "abonnement": str(row["abonnement"])}, 202)

    def _delivered(self, partenaire: str, abonnement: UUID, nom: UUID) -> UUID:
        """The event of the delivery that bears this id, if it is of that subscription."""
        return self._pseudonyms.read_event(f"{partenaire} {abonnement}", nom)

    async def _check(self, partenaire: Partenaire, url: str) -> None:
        try:
            await self._resolver.check(url, partenaire.hotes)
        except Interdite as error:
            raise invalid("/url", str(error)) from None

    def _shown(self, row: Record) -> dict[str, Any]:
        keys = {"cles_publiques": self._cles_publiques} if row["signature"] == _V1A else {}
        return _row(row) | keys

    def _delivery(self, partenaire: str, abonnement: UUID, row: Record) -> dict[str, Any]:
        """`en-echec` is all that waits behind a failure; without `prochain_essai`, only a redelivery helps."""
        is_parked = row["etat"] == "a-livrer" and row["echecs_de_file"] > 0
        delivery = {
            "id": str(self._pseudonyms.event_of(f"{partenaire} {abonnement}", row["evenement"])),
            "evenement": str(self._pseudonyms.event_of(partenaire, row["evenement"])),
            "parcours": self._pseudonyms.of(partenaire, row["parcours"]),
            "type": type_cloudevents(row["type"]),
            "relaisnumero": row["relaisnumero"],
            "distribuee_a": whole_second(row["a"]),
            "etat": "en-echec" if is_parked else row["etat"],
            "essais": row["essais"],
            "code": row["code"],
            "erreur": row["erreur"],
            "dernier_essai": row["essaye_a"] and whole_second(row["essaye_a"]),
            "prochain_essai": row["prochain_a"],
            "recu": row["recu"],
        }
        return {name: value for name, value in delivery.items() if value is not None}


def _row(row: Record) -> dict[str, Any]:
    shown_row: dict[str, Any] = {
        "id": str(row["id"]),
        "url": row["url"],
        "types": [type_cloudevents(nom) for nom in row["types"]],
        "lot": row["lot"],
        "actif": row["etat"] != "inactif",
        "etat": row["etat"],
        "signature": row["signature"],
        "cree_a": row["cree_a"],
    }
    if row["etat"] == "suspendu":
        shown_row["suspendu_a"] = row["suspendu_a"]
    if row["echecs"]:
        shown_row["echecs"] = {
            "nombre": row["echecs"],
            "depuis": row["premier_echec_a"],
            "prochain_essai": row["rouvre_a"],
        }
    if row["ancien_jusqua"] and row["ancien_jusqua"] > datetime.now(UTC):
        shown_row["ancien_secret_jusqua"] = row["ancien_jusqua"]
    if row["essai_demande_a"]:
        shown_row["essai"] = {"etat": "en-cours", "demande_a": row["essai_demande_a"]}
    elif row["essai_a"]:
        etat = "reussi" if row["essai_erreur"] is None and row["essai_code"] != 410 else "echoue"
        code, erreur = row["essai_code"], row["essai_erreur"]
        shown_row["essai"] = {"etat": etat, "a": row["essai_a"], "code": code, "erreur": erreur}
    return shown_row


def _found(row: Record | None) -> Record:
    if row is None:
        raise Problem(status=404)
    return row


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Problem(status=404) from None


def _json(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, "application/json")
