"""The outgoing half on a bench: partners, events published by hand, `usagers` answering for the fields it keeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import orjson
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from chassis.database import Pool
from chassis.facts import sujet_du_fait, type_cloudevents
from chassis.process import Process
from coffre.keys import Vault
from coffre.masters import Masters
from deploy.keys import new_ed25519_key, new_es256_key
from gateway import partners
from gateway.bodies import Bodies
from gateway.destinations import Resolver
from gateway.outbound.app import push
from gateway.outbound.delivery import Limits, Sender
from gateway.outbound.fanout import Fanout
from gateway.outbound.http_client import HttpClient
from gateway.outbound.signals import Signals
from gateway.outbound.suspensions import Suspensions
from gateway.outbound.targets import Targets
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.quiescence import Quiescence
from gateway.receipts import Chains
from gateway.sealing import open_events
from gateway.webhook_keys import Cles
from gateway.webhook_secrets import Safe, new_secret
from relais_contrats.cles_webhooks import CleWebhook, EtatCle
from tests.engines import Bench

KEY = bytes(range(32))
BASE_URL = "https://relais.test"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SIRET = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}

FINALITES = ("orientation", "accompagnement", "engagement", "offre")
PARTNERS = {
    "cd-59": ("departement", ["59"], None, ["sante:lire"]),
    "cd-62": ("departement", ["62"], None, ["sante:lire"]),
    "ft-hdf": ("france-travail", ["59", "62"], None, []),
    "ml-lille": ("mission-locale", ["59"], SIRET, []),
    "asso-mobilite": ("association", ["59"], {"systeme": "local", "valeur": "asso", "nom": "Association"}, []),
    "caf-59": ("caf", ["59"], None, []),
}

SIGNALE: dict[str, Any] = {"brsa": True, "origine": "demande-rsa-en-ligne"}
PROTEGE: dict[str, Any] = {
    "identite": {"nom_naissance": "Essai", "prenoms": "Camille", "date_naissance": "1990-01-02"},
    "identifiants": [
        {"type": "nir", "valeur": "190015935012345"},
        {"type": "numero-france-travail", "valeur": "12345678901"},
        {"type": "local", "valeur": "dossier-1"},
    ],
}
DECISION: dict[str, Any] = {
    "decision": "acceptee",
    "parcours_type": "emploi",
    "organisme": "mission-locale",
    "structure": SIRET,
    "date_decision": "2026-03-02",
    "date_debut": "2026-03-09",
    "rang": 1,
}
DROITS: dict[str, Any] = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
OUVERT: dict[str, Any] = {
    "parcours": "00000000-0000-4000-8000-000000000000",
    "motif": "Personne inconnue jusqu'ici.",
    "rapprochement": {"regle": "aucune", "confiance": "certaine"},
}
_PUBLIC_KEY = ECKey.generate_key("P-256").as_dict(private=False)


def vault_of(banc: Bench, pool: Pool) -> Vault:
    return Vault(pool, Masters(banc.engines.data.masters))


async def until(condition: Callable[[], Awaitable[bool] | bool], timeout_s: float = 5) -> None:
    """Wait until it is true; raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.01)


@dataclass
class Usagers:
    """Stands for the service: the protected fields by fact; silent when told so."""

    champs: dict[str, Any] = field(default_factory=dict)
    est_muet: bool = False
    demandes: list[list[str]] = field(default_factory=list)

    async def answer(self, body: bytes) -> bytes:
        faits = orjson.loads(body)["faits"]
        self.demandes.append(faits)
        if self.est_muet:
            await asyncio.sleep(3)  # longer than anybody waits
        return orjson.dumps({fait: self.champs[fait] for fait in faits if fait in self.champs})


@dataclass
class Sortant:
    banc: Bench
    process: Process
    annuaire: Annuaire
    usagers: Usagers
    pseudonyms: Pseudonyms
    bodies: Bodies
    vault: Vault
    cle_recus: bytes = field(default_factory=lambda: new_es256_key().encode())
    cles: Cles = field(default_factory=lambda: [webhook_key()])
    client: HttpClient = field(default_factory=lambda: HttpClient(Resolver(autoriser_loopback=True)))
    sequences: dict[tuple[UUID, str], int] = field(default_factory=dict)

    async def body(self, query: str, *arguments: Any) -> dict[str, Any]:
        """The one event of this query (`id`, `corps`, `scelle`), whole."""
        async with self.process.pool.acquire() as conn:
            [row] = await open_events(self.vault, conn, await conn.fetch(query, *arguments))
        return cast(dict[str, Any], row["corps"])

    def fanout(self) -> Fanout:
        return Fanout(self.process.pool, self.vault, self.annuaire, Quiescence(self.process.bus), lambda: None)

    def sender(self, limits: Limits | None = None) -> Sender:
        chains = Chains(self.cle_recus, BASE_URL)
        return Sender(self.process.pool, self.bodies, self.client, Targets(Safe(KEY), self.cles), chains, limits=limits)

    def push(self, sender: Sender) -> None:
        signals = Signals(self.process.pool, self.client, Targets(Safe(KEY), self.cles), sender.wake)
        self.process.loop("envois", lambda stop: push(sender, signals, self.client, stop))

    def start(self) -> None:
        """Everything that `gateway.outbound.app` runs."""
        sender = self.sender()
        self.push(sender)
        self.process.loop("suspensions", Suspensions(self.process.pool, self.vault, sender.wake).run)
        self.distribute(Fanout(self.process.pool, self.vault, self.annuaire, Quiescence(self.process.bus), sender.wake))

    def distribute(self, fanout: Fanout | None = None) -> None:
        fanout = fanout or self.fanout()
        handle = fanout.handle
        self.process.loop("retenus", fanout.keep_trying)

        async def consume(stop: asyncio.Event) -> None:
            await self.process.bus.consume("PARCOURS", "sortant", ["parcours.>"], handle, stop)

        self.process.loop("distribution", consume)

    def event(
        self,
        type_: str,
        parcours: UUID,
        data: Mapping[str, Any],
        *,
        source: str = "/partenaires/caf-59",
        brique: str | None = None,
        departement: str = "59",
        cause: UUID | None = None,
    ) -> dict[str, Any]:
        """The next event of this parcours, as a service would publish it."""
        brique = brique or ("usagers" if type_.startswith(("usager.", "parcours.", "droits.")) else "orientation")
        sequence = self.sequences.get((parcours, brique), 0) + 1
        self.sequences[parcours, brique] = sequence
        return {
            "specversion": "1.0",
            "id": str(uuid7()),
            "source": source,
            "type": type_cloudevents(type_),
            "time": "2026-03-02T09:30:00Z",
            "datacontenttype": "application/json",
            "subject": str(parcours),
            "departement": departement,
            "sequence": sequence,
            "brique": brique,
            "causeid": str(cause or uuid4()),
            "traceparent": TRACE,
            "data": dict(data),
        }

    async def publish(self, event: Mapping[str, Any]) -> None:
        court = event["type"].removeprefix("fr.insertion.").rpartition(".")[0]
        sujet = sujet_du_fait(event["departement"], event["brique"], court, UUID(event["subject"]))
        await self.banc.bus.publish("PARCOURS", sujet, event["id"], orjson.dumps(event))

    async def tell(self, type_: str, parcours: UUID, data: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        event = self.event(type_, parcours, data, **options)
        await self.publish(event)
        return event

    async def signale(
        self, parcours: UUID, source: str = "/partenaires/caf-59", cause: UUID | None = None
    ) -> dict[str, Any]:
        """A signalement: the département and France Travail of 59 take part from here on."""
        event = self.event("usager.signale", parcours, SIGNALE, source=source, cause=cause)
        self.usagers.champs[event["id"]] = PROTEGE
        await self.publish(event)
        return event

    async def subscribe(
        self,
        partenaire: str,
        url: str,
        *types: str,
        lot: int = 1,
        etat: str = "actif",
        secret: bytes | None = None,
        signature: str = "v1",
        portees: list[str] | None = None,
    ) -> UUID:
        id_ = uuid7()
        await self.process.pool.execute(
            "INSERT INTO abonnements (id, partenaire, url, types, lot, etat, signature, secret, cree_a, portees) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9)",
            id_,
            partenaire,
            url,
            list(types),
            lot,
            etat,
            signature,
            Safe(KEY).seal(id_, secret or new_secret()) if signature == "v1" else None,
            PARTNERS[partenaire][3] if portees is None else portees,
        )
        return id_

    def id_at(self, partenaire: str, event: Mapping[str, Any]) -> str:
        """The id under which this partner receives an event that was published."""
        return str(self.pseudonyms.event_of(partenaire, UUID(event["id"])))

    async def deliveries(self, partenaire: str) -> list[dict[str, Any]]:
        """The rows of this partner in their order."""
        rows = await self.process.pool.fetch(
            "SELECT numero, type, parcours, roles, evenement FROM livraisons WHERE partenaire = $1 ORDER BY numero",
            partenaire,
        )
        return [dict(row) for row in rows]

    async def types_of(self, partenaire: str, parcours: UUID) -> list[str]:
        return [row["type"] for row in await self.deliveries(partenaire) if row["parcours"] == parcours]

    async def delivered(self, count: int, timeout_s: float = 5) -> None:
        """Wait until that many rows exist, over all partners."""

        async def are_there() -> bool:
            return bool(await self.process.pool.fetchval("SELECT count(*) FROM livraisons") >= count)

        await until(are_there, timeout_s)

    async def field(self, query: str, *arguments: Any) -> Any:
        return await self.process.pool.fetchval(query, *arguments)

    async def field_is(self, query: str) -> bool:
        """Whether the query's one value is true."""
        return await self.process.pool.fetchval(query) is True


def webhook_key(etat: EtatCle = EtatCle.ACTIVE) -> CleWebhook:
    return CleWebhook.depuis_pem(new_ed25519_key().encode(), etat)


async def register(process: Process, code: str) -> None:
    type_organisme, departements, structure, scopes = PARTNERS[code]
    async with process.pool.acquire() as conn:
        await partners.creer(
            conn,
            code=code,
            type_organisme=type_organisme,
            nom=code,
            departements=departements,
            structures=[structure] if structure else [],
            conventions=[{"finalite": finalite} for finalite in FINALITES],
            scopes=scopes,
            hotes=["exemple.fr"] if code == "cd-59" else [],
            jwk=_PUBLIC_KEY | {"kid": code, "alg": "ES256"},
        )


@asynccontextmanager
async def outgoing(banc: Bench) -> AsyncIterator[Sortant]:
    process = await banc.process("sortant", "passerelle")
    for code in PARTNERS:
        await register(process, code)
    annuaire = Annuaire(process.pool)
    await annuaire.reload()
    usagers = Usagers()
    service = await banc.process("usagers", "usagers")
    await service.bus.respond("lecture.usagers.champs", "usagers", usagers.answer)
    pseudonyms = Pseudonyms(KEY)
    vault = vault_of(banc, process.pool)
    bodies = Bodies(process.bus, annuaire, pseudonyms, BASE_URL, vault)
    yield Sortant(banc, process, annuaire, usagers, pseudonyms, bodies, vault)


def in_a_day() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)
