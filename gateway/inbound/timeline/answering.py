"""Tells the console, over the bus, the whole way of a message: found, read, told; never what it says of a person."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import orjson

from chassis.database import Pool
from coffre.keys import Vault
from gateway.inbound.operating.aside import Aside
from gateway.inbound.timeline import lookup, phrases
from gateway.inbound.timeline.lookup import Personne, Resume
from gateway.inbound.timeline.receivers import Annuaire as Repertoire
from gateway.inbound.timeline.receivers import Destinataire, receivers
from gateway.inbound.timeline.rows import Lignes, load
from gateway.inbound.timeline.steps import Etape, steps
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from relais_contrats.recus import Suite

SUBJECT = "lecture.passerelle.chemin"
_MOST_TOLD = 10

Etat = Literal["accepte", "refuse", "attente", "rebut", "ecarte", "publie"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why it does not arrive, and what to do about it."""

    phrase: str
    suite: str = ""


@dataclass(frozen=True, slots=True)
class Chemin:
    """One message: where it is (`etat`, in one sentence `situation`), what blocks it (`causes`), every step, everybody
    who may or may not receive it. `est_recu_verifie`: its receipt is signed by this hub; None when there is none."""

    partenaire: str
    message: str | None
    depot: str | None
    type: str | None
    etat: Etat
    etat_lisible: str
    situation: str
    causes: Sequence[Cause]
    etapes: Sequence[Etape]
    destinataires: Sequence[Destinataire]
    personne: Personne | None
    est_recu_verifie: bool | None
    muets: Sequence[str] = ()
    """Services that could not say what they set aside of it."""


@dataclass(frozen=True, slots=True)
class Reponse:
    """What was found: messages, whole; or a parcours, with the partner that calls it so and its latest messages.
    `autres` counts the messages of this name that are not told."""

    demande: str
    chemins: Sequence[Chemin]
    autres: int = 0
    parcours_de: str | None = None
    parcours: Sequence[Resume] = ()
    personne: Personne | None = None


class Timelines:
    """Reads ways. `aside` asks the services; `recus` holds the keys with which receipts are verified."""

    def __init__(
        self, pool: Pool, aside: Aside, vault: Vault, pseudonyms: Pseudonyms, annuaire: Annuaire, recus: Suite
    ) -> None:
        self._pool = pool
        self._aside = aside
        self._vault = vault
        self._pseudonyms = pseudonyms
        self._annuaire = annuaire
        self._recus = recus

    def answering(self) -> Callable[[bytes], Awaitable[bytes]]:
        async def answer(request: bytes) -> bytes:
            return orjson.dumps(await self.of(orjson.loads(request)["id"]))

        return answer

    async def of(self, text: str) -> Reponse:
        codes = self._annuaire.codes()
        async with self._pool.acquire() as conn:
            if found := await lookup.parcours(conn, self._pseudonyms, codes, text):
                return Reponse(text, (), parcours_de=found.de, parcours=found.messages, personne=found.personne)
            named = await lookup.messages(conn, self._pseudonyms, codes, text)
            loaded = [await load(conn, self._vault, self._pseudonyms, cle) for cle in named[:_MOST_TOLD]]
        for rows in loaded:
            if ids := rows.ids:
                rows.ecartes, rows.muets_services = await self._aside.of(ids)
        now = datetime.now(UTC)
        ways = [told(rows, self._annuaire, self._pseudonyms, self._recus, now) for rows in loaded]
        return Reponse(text, ways, len(named) - len(ways))


def told(rows: Lignes, annuaire: Repertoire, pseudonyms: Pseudonyms, recus: Suite | None, now: datetime) -> Chemin:
    """The whole way, from the rows."""
    cle, depot, etapes = rows.cle, rows.depot, steps(rows)
    found = receivers(rows, annuaire, pseudonyms, now)
    answer = (depot or {}).get("reponse") or {}
    etat, sentence = situation(rows, found)
    return Chemin(
        cle.partenaire,
        cle.message,
        str(depot["id"]) if depot else None,
        next((one.type for one in etapes if one.type), None),
        etat,
        phrases.ETATS[etat],
        sentence,
        [*_of_person(rows.personne), *causes_of(etapes, found)],
        etapes,
        found,
        rows.personne,
        recus.est_signe(answer["recu"]) if recus and "recu" in answer else None,
        [phrases.service(name) for name in rows.muets_services],
    )


def situation(rows: Lignes, told: Sequence[Destinataire]) -> tuple[Etat, str]:
    """In one sentence, what an operator is asked on the telephone."""
    depot = rows.depot
    if depot is None:
        if rows.refus:
            return "refuse", "Refusé à l'entrée : il n'est jamais entré dans le relais."
        return "publie", _received(told) or "Dit par un service, à une échéance."
    brique = phrases.service(depot["brique"])
    match depot["etat"]:
        case "en-attente":
            return "attente", "Enregistré, pas encore décidé : il n'y a rien à renvoyer."
        case "rebut":
            return "rebut", f"Mis au rebut par {brique} : un opérateur doit le reprendre ou l'écarter."
        case "ecarte":
            return "ecarte", "Écarté par un opérateur : il n'a eu aucun effet."
        case "refuse":
            return "refuse", f"Refusé par {brique} : il n'a eu aucun effet et n'est livré à personne."
    if rows.personne and rows.personne.efface_a:
        return "accepte", "Accepté ; la personne a été effacée depuis, et ce qui parlait d'elle avec elle."
    return "accepte", _received(told) or "Accepté ; aucun partenaire n'en reçoit d'événement."


def _received(told: Sequence[Destinataire]) -> str:
    wanted = [one for one in told if one.etat != "exclu"]
    if not wanted:
        return ""
    waiting = [one for one in wanted if one.is_waiting]
    if not waiting:
        return f"Accepté, publié, et reçu par tous ses destinataires ({len(wanted)})."
    receptions = "réceptions" if len(waiting) > 1 else "réception"
    return f"Accepté et publié ; {len(waiting)} {receptions} en attente sur {len(wanted)}."


def causes_of(etapes: Sequence[Etape], told: Sequence[Destinataire]) -> list[Cause]:
    """What keeps it from arriving, each with what comes next: steps that stopped or wait, then each receiver that has
    not got it."""
    causes = [
        Cause(f"{one.titre}. {one.motif.explication if one.motif else one.detail}".strip(), one.suite)
        for one in etapes
        if one.ton in ("refuse", "attente") or (one.nature in ("rebut", "geste") and one.ton)
    ]
    causes += [Cause(f"{one.titre} : {one.detail}", one.suite) for one in etapes if one.nature == "sans-destinataire"]
    return list(dict.fromkeys([*causes, *_of_receivers(told)]))


def _of_receivers(told: Sequence[Destinataire]) -> Iterator[Cause]:
    """One for each partner and reason, with the events that it holds back."""
    held: dict[tuple[str, str, str], list[str]] = {}
    for one in told:
        for way in one.voies if one.is_waiting else ():
            if way.etat != "livre":
                held.setdefault((one.partenaire, way.phrase, way.suite), []).append(one.type)
    for (partenaire, phrase, suite), types in held.items():
        yield Cause(f"{partenaire}, {', '.join(dict.fromkeys(types))} : {phrase}", suite)


def _of_person(personne: Personne | None) -> Iterator[Cause]:
    if personne and personne.oppose_depuis and not personne.efface_a:
        yield Cause(phrases.OPPOSITION, phrases.OPPOSITION_SUITE)
