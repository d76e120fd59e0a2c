"""Which persons are followed: the feed names them; what they are is read from the hub each time, and kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.courriel.codes import A_REPONDRE, FINALS
from connectors.courriel.mail import Count
from connectors.hub import RequestRefused
from connectors.systems import Context

Json = Mapping[str, Any]
FOLLOWED: Final = "courriel suivi"
PRESCRIPTIONS: Final = "courriel prescription"
"""Those that were sent to this structure, with their instant: who takes part sees those of the others too."""
FAILED: Final = "courriel refus"
FEED, NEWS, REMINDED = "courriel fil", "courriel nouveau", "courriel rappel"
_FAITS: Final = (
    *("prescription.emise", "prescription.relancee", "referent.designe", "referent.remplace"),
    *("rdv.planifie", "rdv.modifie", "rdv.annule"),
)
_BEFORE: Final = timedelta(days=60)
"""How long a prescription may wait: those from before the mandate are still to be answered."""
_PAGE, _AT_ONCE = 200, 8
_RDV: Final = ("rdv_id", "motif", "debut", "duree_min", "modalite", "forme", "lieu", "statut", "annule_par")


@dataclass(frozen=True, slots=True)
class Rdv:
    """`data`: as the contract says it. `is_ours`: this structure may change it."""

    data: Json
    debut: datetime
    is_ours: bool
    is_past: bool

    @property
    def id(self) -> str:
        return str(self.data["rdv_id"])

    @property
    def is_planned(self) -> bool:
        return bool(self.data["statut"] == "planifie")

    @property
    def awaits_outcome(self) -> bool:
        return self.is_planned and self.is_past and self.is_ours


@dataclass(frozen=True, slots=True)
class Dossier:
    """One person, as the hub shows her to this partner now. `designation`: the référent whom it is to accept."""

    parcours: str
    departement: str
    personne: Json
    prescriptions: tuple[Json, ...]
    rendez_vous: tuple[Rdv, ...]
    designation: Json | None
    echecs: tuple[str, ...]

    @property
    def count(self) -> Count:
        return Count(
            demandes=sum(one["etat"] in A_REPONDRE for one in self.prescriptions),
            designations=int(self.designation is not None),
            a_renseigner=sum(one.awaits_outcome for one in self.rendez_vous),
            a_venir=sum(one.is_planned and not one.is_past and one.is_ours for one in self.rendez_vous),
            refusees=len(self.echecs),
        )

    @property
    def is_over(self) -> bool:
        """Nothing of it waits, or will: another message of the feed brings it back."""
        return self.count.is_empty and all(one["etat"] in FINALS for one in self.prescriptions)


async def follow(context: Context) -> None:
    """Read the feed to its end. Raises `PartnerError`: read again from the last page that was kept."""
    cursor = await context.state.position(FEED)
    while True:
        start = {"apres": cursor} if cursor else {"depuis": (context.mandate.cree_a - _BEFORE).isoformat()}
        try:
            page = await context.hub.get("/v1/evenements", limite=_PAGE, types=",".join(_FAITS), **start)
        except RequestRefused as refused:
            if refused.status != 409 or cursor is None:
                raise
            cursor = None  # of a database that was restored since: from the beginning, which tells nothing twice
            continue
        for event in page["evenements"]:
            await _note(context, event)
        cursor = page["curseur"]
        await context.state.move(FEED, cursor)
        if not page["evenements"]:
            return


async def _note(context: Context, event: Json) -> None:
    state, parcours, data = context.state, event.get("subject"), event["data"]
    fait = event["type"].removeprefix("fr.insertion.").removesuffix(".v1")
    if not parcours or fait not in _FAITS:
        return
    if fait == "prescription.emise":
        await state.link(PRESCRIPTIONS, [(f"{data['prescription_id']} {event['time']}", parcours)])
    if fait == "prescription.relancee":
        if data["prescription_id"] not in await _emitted(context):
            return
        await state.move(REMINDED, event["id"])
    else:
        await state.move(NEWS, event["id"])
    await state.link(FOLLOWED, [(parcours, parcours)])


async def _emitted(context: Context) -> dict[str, str]:
    """The instant of each prescription that was sent to this structure, by its id."""
    told = [theirs.split(" ") for theirs, _ in await context.state.pairs(PRESCRIPTIONS)]
    return {prescription_id: instant for prescription_id, instant in told}


async def dossiers(context: Context) -> list[Dossier]:
    """All that are followed, read now; one that the hub does not show is left out. Raises `PartnerError`."""
    followed = [parcours for parcours, _ in await context.state.pairs(FOLLOWED)]
    at_once = asyncio.Semaphore(_AT_ONCE)
    failures = await failed(context)

    async def one(parcours: str) -> Dossier | None:
        async with at_once:
            return await dossier(context, parcours, failures)

    read = [found for found in await asyncio.gather(*map(one, followed)) if found]
    return sorted(read, key=lambda found: (found.count.demandes + found.count.designations == 0, _soonest(found)))


async def forget_over(context: Context, read: Sequence[Dossier]) -> None:
    """So that what is over is not read for ever."""
    for found in read:
        if found.is_over:
            await context.state.unlink(FOLLOWED, found.parcours)


async def is_followed(context: Context, parcours: str) -> bool:
    """Whether the feed named this person, or a prescription of hers, to this structure."""
    if await context.state.ours(FOLLOWED, parcours) is not None:
        return True
    return any(whose == parcours for _, whose in await context.state.pairs(PRESCRIPTIONS))


async def failed(context: Context) -> Mapping[str, tuple[str, ...]]:
    """The sentences about answers that the hub refused after they were kept here, per parcours."""
    found: dict[str, tuple[str, ...]] = {}
    for sentence, parcours in await context.state.pairs(FAILED):
        found[parcours] = (*found.get(parcours, ()), sentence.partition(" ")[2])
    return found


async def dossier(
    context: Context, parcours: str, failures: Mapping[str, tuple[str, ...]] | None = None
) -> Dossier | None:
    """None when the hub shows nothing of it to this partner (any more). Raises `PartnerError`."""
    try:
        person = await context.hub.get(f"/v1/parcours/{parcours}")
        sheet = await context.hub.get(f"/v1/parcours/{parcours}/feuille-de-route")
    except RequestRefused as refused:
        if refused.status not in (403, 404):
            raise
        return None
    failures = await failed(context) if failures is None else failures
    emitted = await _emitted(context)
    ours = [
        {**one, "emise_a": emitted[one["prescription_id"]]}
        for one in sheet.get("prescriptions") or ()
        if one["prescription_id"] in emitted
    ]
    referent = sheet.get("referent")
    etat = referent["etat"] if referent and _is_ours(context, referent) else ""
    return Dossier(
        parcours=parcours,
        departement=sheet["departement"],
        personne=person,
        prescriptions=tuple(ours),
        rendez_vous=tuple(_rdv(context, one, etat == "actif") for one in sheet.get("rendez_vous") or ()),
        designation=referent if etat == "propose" else None,
        echecs=failures.get(parcours, ()),
    )


def _is_ours(context: Context, designation: Json) -> bool:
    where = designation["structure"]
    return any(
        (one.systeme, one.valeur) == (where["systeme"], where["valeur"]) for one in context.configuration.structures
    )


def _rdv(context: Context, one: Json, is_referent: bool) -> Rdv:
    debut = datetime.fromisoformat(one["debut"])
    data = {name: one[name] for name in _RDV if one.get(name) is not None}
    # The key of what is ours is our own; what another created is `obj_…`.
    is_ours = is_referent or not one["rdv_id"].startswith("obj_")
    return Rdv(data, debut, is_ours, debut <= context.clock())


def _soonest(found: Dossier) -> str:
    planned = [one.debut.isoformat() for one in found.rendez_vous if one.is_planned and not one.is_past]
    return min(planned, default="~")
