"""A subscription of the mock, its deliveries, and one POST of it, signed as the hub signs."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx

from relais_contrats import signatures
from relais_contrats.cles_webhooks import CleWebhook

RECOUVREMENT = timedelta(hours=24)
_UN, _LOT = "application/cloudevents+json", "application/cloudevents-batch+json"


@dataclass(eq=False)
class Livraison:
    """One event for one subscription. `rang`: of the event in the feed; `numero`: of the delivery in the subscription;
    `etat`: `a-livrer` or `livre`."""

    rang: int
    numero: int
    evenement: Mapping[str, Any]
    distribuee_a: datetime
    etat: str = "a-livrer"
    essais: int = 0
    code: int | None = None
    erreur: str | None = None
    essayee_a: datetime | None = None
    recu: str | None = None

    def nom(self, abonnement: "Abonnement") -> str:
        return str(uuid5(NAMESPACE_URL, f"{abonnement.id} {self.evenement['id']}"))

    @property
    def etat_montre(self) -> str:
        return "en-echec" if self.etat == "a-livrer" and self.essais else self.etat

    def montre(self, abonnement: "Abonnement") -> dict[str, Any]:
        evenement = self.evenement
        dit = {
            "id": self.nom(abonnement),
            "evenement": evenement["id"],
            "parcours": evenement.get("subject"),
            "type": evenement["type"],
            "relaisnumero": self.numero,
            "distribuee_a": self.distribuee_a.isoformat(timespec="seconds"),
            "etat": self.etat_montre,
            "essais": self.essais,
            "code": self.code,
            "erreur": self.erreur,
            "dernier_essai": self.essayee_a and self.essayee_a.isoformat(timespec="seconds"),
            "recu": self.recu,
        }
        return {nom: valeur for nom, valeur in dit.items() if valeur is not None}


@dataclass(eq=False)
class Abonnement:
    """`rang`: of the last event of the feed that was queued, or that is older than the subscription. `anciens`: former
    secrets, and until when they sign too."""

    partenaire: str
    url: str
    types: Sequence[str]
    rang: int
    lot: int
    etat: str
    signature: str
    id: str = field(default_factory=lambda: str(uuid4()))
    secret: str = field(default_factory=lambda: nouveau_secret())
    anciens: list[tuple[str, datetime]] = field(default_factory=list)
    cree_a: datetime = field(default_factory=lambda: datetime.now(UTC))
    livraisons: list[Livraison] = field(default_factory=list)
    essai: dict[str, Any] | None = None
    echecs: dict[str, Any] | None = None

    def compter(self, reponse: "Reponse", instant: datetime) -> None:
        """Failures since the last 2xx; the next attempt is after any request."""
        dits = self.echecs or {"nombre": 0, "depuis": instant.isoformat()}
        suite = {"nombre": dits["nombre"] + 1, "prochain_essai": instant.isoformat()}
        self.echecs = None if reponse.est_2xx else {**dits, **suite}

    def en_recouvrement(self, maintenant: datetime) -> list[tuple[str, datetime]]:
        return [(secret, fin) for secret, fin in self.anciens if fin > maintenant]

    def montre(self, cle: CleWebhook) -> dict[str, Any]:
        dit: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "types": list(self.types),
            "lot": self.lot,
            "actif": self.etat != "inactif",
            "etat": self.etat,
            "signature": self.signature,
            "cree_a": self.cree_a.isoformat(),
        }
        if self.signature == signatures.V1A:
            dit["cles_publiques"] = [cle.montree()]
        if recouvrent := self.en_recouvrement(datetime.now(UTC)):
            dit["ancien_secret_jusqua"] = max(fin for _, fin in recouvrent).isoformat()
        if self.echecs:
            dit["echecs"] = self.echecs
        return dit | ({"essai": self.essai} if self.essai else {})

    def dues(self) -> list[Livraison]:
        return [une for une in self.livraisons if une.etat == "a-livrer"]

    def ajouter(self, rang: int, evenement: Mapping[str, Any], distribuee_a: datetime) -> Livraison:
        self.livraisons.append(Livraison(rang, len(self.livraisons) + 1, evenement, distribuee_a))
        return self.livraisons[-1]


class Reponse(NamedTuple):
    """What came back: a status, or why there is none."""

    code: int | None
    erreur: str | None

    @property
    def est_2xx(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


class Envoi(NamedTuple):
    """The `webhook-id`, the events in order, the exact body."""

    message: str
    evenements: Sequence[str]
    corps: bytes

    def a_signer(self, abonnement: Abonnement, reponse: Reponse) -> dict[str, Any]:
        """What a receipt of delivery states."""
        return {
            "abonnement": abonnement.id,
            "webhook": self.message,
            "evenements": list(self.evenements),
            "empreinte": hashlib.sha256(self.corps).hexdigest(),
            "livre_a": datetime.now(UTC).isoformat(timespec="seconds"),
            "resultat": "livre",
            "code": reponse.code,
        }


async def livrer(
    http: httpx.AsyncClient, un: Abonnement, cle: CleWebhook, evenements: Sequence[Mapping[str, Any]], *, en_lot: bool
) -> tuple[Envoi, Reponse]:
    """POST these events, together when `en_lot`."""
    propre = {"abonnement": un.id} if un.signature == signatures.V1A else {}
    dits = [{**evenement, **propre} for evenement in evenements]
    corps = json.dumps(dits if en_lot else dits[0], ensure_ascii=False).encode()
    noms = [evenement["id"] for evenement in dits]
    envoi = Envoi(signatures.message_id(noms), noms, corps)
    entetes = signatures.headers(_signataires(un, cle), envoi.message, int(time.time()), corps)
    try:
        reponse = await http.post(un.url, content=corps, headers={**entetes, "content-type": _LOT if en_lot else _UN})
    except httpx.TimeoutException:
        return envoi, Reponse(None, "delai-depasse")
    except httpx.ConnectError:
        return envoi, Reponse(None, "connexion")
    except httpx.HTTPError:
        return envoi, Reponse(None, "coupure")
    return envoi, Reponse(reponse.status_code, None if reponse.is_success else f"http-{reponse.status_code}")


def _signataires(un: Abonnement, cle: CleWebhook) -> list[signatures.Signer]:
    if un.signature == signatures.V1A:
        return [signatures.v1a(cle.privee)]
    tous = [un.secret, *(secret for secret, _ in un.en_recouvrement(datetime.now(UTC)))]
    return [signatures.v1(base64.b64decode(secret.removeprefix("whsec_"))) for secret in tous]


def de_service(type_: str, un: Abonnement, **data: str) -> dict[str, Any]:
    """A CloudEvent of the hub itself, about no parcours."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/services/passerelle",
        "type": type_,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"abonnement": un.id, **data},
    }


def nouveau_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
