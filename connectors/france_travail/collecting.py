"""The baskets of France Travail, read for its partner: recommendations and proposals become messages to the hub.

A basket has no event and no acknowledgement: it is read whole each time, and only what the hub does not hold is
deposited.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import structlog

from connectors.exchanges import Exchange
from connectors.france_travail import reading
from connectors.france_travail.api import FranceTravail, FranceTravailRefused, FranceTravailUnavailable
from connectors.france_travail.codes import CONSEQUENCE, EN_ATTENTE, PRECONISE
from connectors.france_travail.faults import Fault
from connectors.hub import ACCEPTED, WAITING, HubUnreachable, PartnerError, RequestRefused, deposit, find
from connectors.systems import Context
from relais_contrats.lecture import forme_canonique

Json = dict[str, Any]
_log = structlog.get_logger()
_BASKET = "/activites-operationnelles/v2/activites/chercher"
DECISIONS, SANCTIONS = "ACT382", ("ACT366", "ACT370")
_RETRY_S = 30.0
_PERSON, _UNKNOWN = "usager chez France Travail", "inconnu ici"
_SAME_ACT = "contenu-different"


async def collect(context: Context, there: FranceTravail) -> float:
    """Look once; the seconds to wait when France Travail, or the hub, asks for a pause, else 0."""
    try:
        for code in (DECISIONS, *SANCTIONS):
            async with context.journal.exchange("entrant", "france-travail.panier", code) as exchange:
                await _basket(Collecting(context, there, exchange), there, code)
    except FranceTravailUnavailable as error:
        return error.pause_s
    except FranceTravailRefused as refused:  # a basket that this client may not read: the exchange tells it
        _log.warning("france_travail.basket_refused", mandat=context.mandate.code, code=refused.code)
    except PartnerError as error:
        _log.info("france_travail.later", mandat=context.mandate.code, error=type(error).__name__)
        return _RETRY_S
    return 0.0


async def _basket(one: Collecting, there: FranceTravail, code: str) -> None:
    together = asyncio.Semaphore(one.settings.parallele)

    async def one_activity(activity: Mapping[str, Any]) -> None:
        async with together:
            await one.activity(code, activity)

    async for page in _pages(there, code):
        outcomes = await asyncio.gather(*map(one_activity, page), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


async def _pages(there: FranceTravail, code: str) -> AsyncIterator[list[Mapping[str, Any]]]:
    """Until the cursor ends; a list without one is a single page."""
    cursor: str | None = None
    while True:
        asked = urlencode({"codeActivite": code} | ({"cursor": cursor} if cursor else {}))
        found = await there.call("GET", f"{_BASKET}?{asked}")
        is_paged = isinstance(found, dict)
        yield (found.get("activites") if is_paged else found) or []
        before, cursor = cursor, found.get("cursor") if is_paged else None
        if not cursor or cursor == before:
            return


class Collecting:
    """One look at one basket. `counts`: inconnu (nobody here), inchange, accepte, refuse."""

    def __init__(self, context: Context, there: FranceTravail, exchange: Exchange) -> None:
        self.settings = context.configuration.sortie
        self._context = context
        self._there = there
        self._exchange = exchange

    async def activity(self, code: str, activity: Mapping[str, Any]) -> None:
        """Raises `FranceTravailUnavailable` and `PartnerError`: to be looked at again."""
        numero = (activity.get("usager") or {}).get("identifiant")
        parcours = await self._person(str(numero)) if numero else None
        if parcours is None:
            self._exchange.counts["inconnu"] += 1
            return
        try:
            jeton = await self._there.jeton(parcours, {"identifiants": _numbers(str(numero))})
            if code == DECISIONS:
                await self._recommended(parcours, jeton)
            else:
                await self._proposed(parcours, jeton, activity)
        except (FranceTravailRefused, Fault) as refused:
            self._exchange.counts["refuse"] += 1
            self._exchange.motif = str(refused)
        except RequestRefused as refused:
            if refused.status not in (403, 404):
                raise
            self._exchange.counts["inconnu"] += 1

    async def _person(self, numero: str) -> str | None:
        """Searched once, or once a day while nobody here has this number: the hub counts searches."""
        state, today = self._context.state, self._context.clock().date().isoformat()
        if known := await state.ours(_PERSON, numero):
            return known
        if await state.ours(_UNKNOWN, numero) == today:
            return None
        found = await find(self._context.hub, self._context.mandate, _numbers(numero))
        await state.link(*((_PERSON, [(numero, found)]) if found else (_UNKNOWN, [(numero, today)])))
        return found

    async def _recommended(self, parcours: str, jeton: str) -> None:
        read = await self._there.call("GET", "/orientationusager/v1/lectureOrientation", jeton=jeton) or []
        waiting = [one for one in read if (one.get("statut"), one.get("etat")) == (PRECONISE, EN_ATTENTE)]
        view = await self._view(parcours, "orientations")
        if not waiting or view.get("ouverte"):
            self._exchange.counts["inchange"] += 1
            return
        data = recommendation(waiting[0])
        held = view.get("preconisation") or {}
        if all(held.get(name) == data.get(name) for name in ("parcours_type", "organisme")):
            self._exchange.counts["inchange"] += 1
            return
        told = [held.get("parcours_type"), held.get("organisme")]
        await self._deposit("orientation.preconisee", parcours, view["departement"], data, "orientation", told)

    async def _proposed(self, parcours: str, jeton: str, activity: Mapping[str, Any]) -> None:
        attributes = {one.get("nom"): one.get("valeur") for one in activity.get("attributsSpecifiques") or ()}
        asked = urlencode({"identifiantSanction": str(attributes.get(CONSEQUENCE) or "")})
        read = await self._there.call("GET", f"/gestion-sanctions-rsa/v1/detailManquement?{asked}", jeton=jeton)
        view = await self._view(parcours, "contrat")
        today = self._context.clock().isoformat()
        data = proposal(str(attributes.get(CONSEQUENCE)), read or {}, activity, view["departement"], today)
        if any(one["sanction_id"] == data["sanction_id"] for one in view.get("sanctions") or ()):
            self._exchange.counts["inchange"] += 1
            return
        await self._deposit("sanction.proposee", parcours, view["departement"], data, "engagement", None)

    async def _view(self, parcours: str, name: str) -> Mapping[str, Any]:
        headers = {"traceparent": self._exchange.traceparent}
        found: Mapping[str, Any] = await self._context.hub.call(
            "GET", f"/v1/parcours/{parcours}/{name}", headers=headers
        )
        return found

    async def _deposit(
        self, fait: str, parcours: str, departement: str, data: Json, finalite: str, before: Any
    ) -> None:
        """The same again has no second effect, whether it was accepted or refused."""
        content = forme_canonique([fait, parcours, data, before])
        message = self._context.hub.message(
            fait,
            data,
            departement=departement,
            subject=parcours,
            id_=f"ftp-{hashlib.sha256(content).hexdigest()[:40]}",
            instant=self._context.clock(),
            finalite=finalite,
        )
        [answer] = await deposit(self._context.hub, [message], self._exchange.traceparent)
        if answer.etat == WAITING or answer.est_relancable:
            raise HubUnreachable("Le relais n'a pas tout décidé.")
        if answer.code == _SAME_ACT:
            self._exchange.counts["inchange"] += 1
            return
        self._exchange.counts[answer.etat] += 1
        if answer.etat != ACCEPTED:
            self._exchange.motif = f"{fait} : {answer.code}"


def _numbers(numero: str) -> list[dict[str, str]]:
    return [{"type": "numero-france-travail", "valeur": numero}]


def recommendation(one: Mapping[str, Any]) -> Json:
    """`data` of `orientation.preconisee`, with the criteria that they give back. Raises `Fault`."""
    known = {name: value for name, value in (one.get("criteres_orientation") or {}).items() if value is not None}
    motifs = [
        {
            "critere": name,
            "valeur": reading.coded(name, str(known[name])),
            "explication": "Critère connu de France Travail.",
        }
        for name in reading.CODED
        if name in known
    ]
    structure = reading.StructureDite.model_validate(one.get("structure") or {}).ours()
    return {
        "parcours_type": reading.coded("parcours", str(one.get("parcours"))),
        "organisme": reading.coded("organisme", str(one.get("organisme"))),
        "motifs": motifs or [{"critere": "preconisation", "explication": "France Travail n'en rend pas les critères."}],
    } | ({"structure": structure} if structure else {})


def proposal(id_: str, read: Mapping[str, Any], activity: Mapping[str, Any], departement: str, today: str) -> Json:
    """`data` of `sanction.proposee`. Raises `Fault` for a code that has no equivalent."""
    said = reading.instant_or_date(read.get("dateProposition") or activity.get("dateCreation") or today)
    told: Json = {
        "sanction_id": f"ft-{id_}",
        "nature": reading.coded("nature_manquement", str(read.get("natureManquement"))),
        "rang": reading.coded("rang_manquement", str(read.get("rangManquement"))),
        "type": reading.coded("type_sanction", str(read.get("typeConsequenceSanction"))),
        "montant": read.get("montantPropose"),
        "duree_mois": read.get("dureeProposee"),
        "date_proposition": reading.day_there(said, departement),
    }
    if read.get("modaliteProposee"):
        told["modalite"] = reading.coded("modalite_sanction", str(read["modaliteProposee"]))
    return {name: value for name, value in told.items() if value is not None}
