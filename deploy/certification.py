"""Runs that the hub drives or witnesses for a certificate of conformance, and the certificate that a good one earns.

No report is ever read: the results come from the run of this very process.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from socket import socket
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from cryptography.exceptions import InvalidTag
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from chassis.database import Connection
from deploy.components import ROOT
from deploy.datadir import HOST, DataDir, LaunchError, Ports
from gateway import conformity, partners
from gateway.inbound.events import subscriptions_store
from gateway.webhook_secrets import Safe
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.cles_webhooks import CleWebhook
from relais_contrats.conformite import DUREE, Conformite, Programme, signer
from relais_contrats.oauth.clients import ClientOAuth
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire
from relais_contrats.signatures import V1A, v1, v1a
from relais_kit.bouchon import serveur
from relais_kit.carnet import Resultat
from relais_kit.certification.merite import empreinte, manques
from relais_kit.certification.seance import SansReponse, Seance
from relais_kit.emetteur.deroulement import Avancer, Muet
from relais_kit.recepteur.deroulement import Injoignable, jouer
from relais_kit.recepteur.identite import Identite
from relais_kit.recepteur.sonde import SondeIllisible


@dataclass(frozen=True, slots=True)
class Outcome:
    """A certificate, or why there is none (French sentences)."""

    certificate: str | None
    missing: Sequence[str]
    results: Sequence[Resultat] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """The hub that signs: its published issuer, and the private key of its receipts."""

    conn: Connection
    issuer: str
    key: ECKey

    @classmethod
    async def of(cls, data: DataDir, ports: Ports, conn: Connection) -> Judge:
        """Raises LaunchError unless the running hub publishes the key of this folder."""
        key = ECKey.import_key((data.secrets / "passerelle" / "recu.pem").read_bytes())
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                published = (
                    (await http.get(f"http://{HOST}:{ports.passerelle}/v1/recus/cles")).raise_for_status().json()
                )
            issuer, kids = str(published["issuer"]), [key["kid"] for key in published["keys"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise LaunchError(f"Le relais de {data.path} ne rend pas ses clés de reçus : est-il en marche ?") from error
        if key.thumbprint() not in kids:
            raise LaunchError("La clé de reçus de ce dossier n'est pas celle que le relais publie.")
        return cls(conn, issuer, key)

    async def conclude(
        self, partner: Partenaire, programme: Programme, results: Sequence[Resultat], stop: str | None, **bound: Any
    ) -> Outcome:
        """Sign and keep a certificate when the run earns one. `bound`: the key, or the receiver; and the challenge."""
        missing = manques(programme, results, stop)
        if missing:
            return Outcome(None, missing, results)
        now = datetime.now(UTC)
        stated = Conformite(
            iss=self.issuer,
            iat=int(now.timestamp()),
            exp=int((now + DUREE).timestamp()),
            jti=uuid7(),
            partenaire=partner.code,
            programme=programme,
            contrats=_contracts(),
            exigences=empreinte(programme),
            resultats={result.exigence.id: result.etat.value for result in results},
            **bound,
        )
        certificate = signer(stated, self.key)
        await conformity.deliver(self.conn, stated, certificate)
        return Outcome(certificate, (), results)


async def partner_of(conn: Connection, code: str) -> tuple[Partenaire, ClientOAuth]:
    """An active partner, with its registered keys. Raises LaunchError."""
    known, clients = await partners.lire(conn)
    if code not in known:
        raise LaunchError(f"Partenaire inconnu : {code}.")
    if not known[code].est_actif:
        raise LaunchError(f"Le partenaire {code} est suspendu : partenaire reprendre d'abord.")
    return known[code], clients[CLIENT_PREFIX + code]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription of the partner, as the hub sends to it: its own address, its own signature."""

    id: UUID
    url: str
    types: tuple[str, ...]
    lot: int
    identity: Identite

    @classmethod
    async def of(cls, data: DataDir, conn: Connection, code: str, id_: UUID | None) -> Receiver:
        """The subscription named, or the only one in service. Raises LaunchError."""
        rows = [row for row in await subscriptions_store.all_of(conn, code) if row["etat"] == "actif"]
        found = [row for row in rows if id_ in (None, row["id"])]
        if len(found) != 1:
            urls = "".join(f"\n  {row['id']} {row['url']}" for row in rows) or " aucun"
            raise LaunchError(f"Choisissez par --abonnement l'un des abonnements actifs de {code} :{urls}")
        [row] = found
        folder, types = data.secrets / "passerelle", tuple(nom for nom in row["types"] if nom in CATALOGUE)
        if row["signature"] == V1A:
            identity = Identite(
                v1a(CleWebhook.depuis_pem((folder / "webhooks.pem").read_bytes()).privee), abonnement=str(row["id"])
            )
        else:
            safe = Safe(base64.urlsafe_b64decode((folder / "webhooks.cle").read_text().strip() + "=="))
            sealed = await subscriptions_store.sealed_secret(conn, code, row["id"])
            try:
                identity = Identite(v1(safe.open(row["id"], sealed)))
            except InvalidTag as error:
                raise LaunchError("Le secret de cet abonnement ne s'ouvre pas avec la clé de ce dossier.") from error
        return cls(row["id"], row["url"], types, row["lot"], identity)


async def drive_receiver(
    judge: Judge, partner: Partenaire, receiver: Receiver, probe: str | None, advance: Avancer, *, quick: bool
) -> Outcome:
    """Play the hub against the receiver of a subscription; address and secret come from the hub's own rows only."""
    challenge = secrets.token_urlsafe(32)
    try:
        results, stop = await jouer(
            receiver.url,
            receiver.identity,
            advance,
            sonde=probe,
            lot=receiver.lot,
            est_rapide=quick,
            types=receiver.types,
        )
    except (Injoignable, SondeIllisible) as error:
        return Outcome(None, [str(error)])
    bound = {"url": receiver.url, "abonnement": receiver.id, "defi": challenge}
    return await judge.conclude(partner, Programme.RECEPTEUR, results, stop, **bound)


async def witness_sender(judge: Judge, seance: Seance, taken: socket, advance: Avancer) -> Outcome:
    """Serve the witness on this listening socket until its run is over, and tell the partner how it ended."""
    config = uvicorn.Config(seance.application, interface="asgi3", log_level="error", access_log=False, lifespan="off")
    with serveur.sans_journal(), serveur.servi(uvicorn.Server(config), taken):
        try:
            results = await asyncio.to_thread(seance.mener, advance)
        except (Muet, SansReponse) as error:
            outcome = Outcome(None, [str(error)])
        else:
            bound = {"cle": seance.cle, "defi": seance.defi}
            outcome = await judge.conclude(seance.partenaire, Programme.EMETTEUR, results, seance.arret, **bound)
        await asyncio.to_thread(seance.conclure, outcome.certificate, outcome.missing)
    return outcome


def _contracts() -> str:
    """The version of the contracts of this hub."""
    return str(tomllib.loads((ROOT / "contracts" / "pyproject.toml").read_text())["project"]["version"])
