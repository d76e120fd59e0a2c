"""One run against one hub: shared state of the checks, the messages that they deposit, their notes."""

import copy
import json
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from relais_contrats.client.partner import cloudevent
from relais_kit.carnet import Carnet
from relais_kit.echange import Echange
from relais_kit.generation import AGENT, signalement
from relais_kit.hub.acces import Acces
from relais_kit.hub.echanges import Fil, lu
from relais_kit.hub.ecoute import Ecoute
from relais_kit.hub.exigences import EXIGENCES
from relais_kit.personne import Personne

SEUL, LOT, FLUX = "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"
ATTENDRE = {"Prefer": "wait=10"}
_GRAINES = 900
_ECART = timedelta(seconds=2)

Message = dict[str, Any]


@dataclass
class Verification:
    """`un` deposits and reads; `autre`, another partner, must see nothing of it. `ecoute` receives webhooks."""

    fil: Fil
    un: Acces
    autre: Acces | None = None
    departement: str = "59"
    ecoute: Ecoute | None = None
    personne: Personne = field(default_factory=Personne)
    est_rapide: bool = False
    revocation_s: float = 5.0
    calme_s: float = 0.5
    """How long after the first event of the feed its companions may come."""
    patience_s: float = 20.0
    """For an event, or a delivery, to come."""
    debut: datetime = field(default_factory=lambda: datetime.now(UTC) - _ECART)
    """From when on the feed is read: a moment before the run, as clocks differ."""
    carnet: Carnet = field(default_factory=lambda: Carnet(EXIGENCES))
    parcours: str = ""
    """The pseudonym, at `un`, of the person of its first accepted deposit."""
    premier: Message = field(default_factory=dict)
    evenements: list[Message] = field(default_factory=list)
    """The feed of `un`, as far as it was read."""
    refus: dict[str, str] = field(default_factory=dict)
    """Every code of refusal that was seen, and the address that explains it."""
    lecteur: Acces | None = None
    """The partner whose feed says something of what was deposited."""

    def message(self, data: Mapping[str, Any] | None = None, **change: Any) -> Message:
        """A deposit about an invented person, another one each time; `change` replaces attributes."""
        hasard = random.Random(secrets.randbits(64))  # noqa: S311  persons are invented, not secret
        dites = signalement(hasard, hasard.randrange(_GRAINES * 1_000)) if data is None else data
        source = self.un.source
        return {**cloudevent(source, "usager.signale", dites, departement=self.departement, agent=AGENT), **change}

    async def deposer(
        self, message: Message, entetes: Mapping[str, str] | None = None, par: Acces | None = None
    ) -> Echange:
        corps = json.dumps(message, ensure_ascii=False).encode()
        return await (par or self.un).demander("POST", "/v1/messages", corps, SEUL, {**ATTENDRE, **(entetes or {})})

    def noter(self, nom: str, est_bon: bool, constat: str, *echanges: Echange) -> bool:
        if est_bon:
            self.carnet.passer(nom, *echanges)
        else:
            self.carnet.echouer(nom, constat, *echanges)
        return est_bon

    def attendre(self, nom: str, echange: Echange, quoi: str, *statuts: int, code: str | None = None) -> bool:
        """The answer must be one of these statuses and, if `code` is given, of that refusal."""
        if echange.statut not in statuts:
            return self.noter(nom, False, f"répond {echange.statut} à {quoi}", echange)
        dit = lu(echange).get("code")
        return self.noter(nom, code is None or dit == code, f"dit le code « {dit} » à {quoi}, non « {code} »", echange)


def change(message: Message, changer: Callable[[Message], None]) -> Message:
    """A copy, changed."""
    copie = copy.deepcopy(message)
    changer(copie)
    return copie


def pointeurs(echange: Echange) -> set[tuple[str, str]]:
    """Pointer and code of each line of a refusal."""
    erreurs = lu(echange).get("erreurs")
    if not isinstance(erreurs, list):
        return set()
    return {(str(e.get("pointeur")), str(e.get("code"))) for e in erreurs if isinstance(e, dict)}


def sans_trace(echange: Echange) -> Mapping[str, Any]:
    """The body of an answer, but for what is of one request only."""
    return {nom: valeur for nom, valeur in lu(echange).items() if nom != "instance"}
