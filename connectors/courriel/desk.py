"""What an opened page works on: the persons who are followed, and the answer that a form gives about one of them."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from connectors.courriel import reading, writing
from connectors.courriel.answers import Answers, Fate
from connectors.courriel.following import Dossier, dossier, dossiers, is_followed
from connectors.courriel.links import Session
from connectors.courriel.reading import Form, FormRefused, Said
from connectors.courriel.writing import Personne
from connectors.hub import RequestRefused, refused_by_contract
from connectors.sealing import Unreadable
from connectors.systems import Context
from relais_contrats.lecture import forme_canonique
from relais_contrats.territoires import fuseau, jour_legal

_FIELDS: Final = {"debut": "heure", "duree_min": "duree", "motifs": "motif"}
"""Fields of the form that are not named as those of the message."""
_SHOWN: Final = {*_FIELDS, "message", "motif", "date", "lieu"}


class Closed(Exception):
    """The page, or this person, is not open to who asks."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the list."""

    parcours: str
    nom: str
    attentes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Objet:
    """What a form is about, as it was when the page was shown: an answer needs nothing of a hub that is away."""

    formulaire: str
    quoi: str
    parcours: str
    departement: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """`gardees`: how many answers about this person the hub does not have yet."""

    qui: Personne
    objets: Sequence[Objet]
    gardees: int
    aujourd_hui: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to be put right: in which form and field, and where the page leads to it."""

    formulaire: str
    champ: str
    phrase: str

    @property
    def ancre(self) -> str:
        if self.champ:
            return f"{self.formulaire}-{self.champ}"
        return "rendez-vous" if self.formulaire.startswith(("rdv", "nouveau")) else self.formulaire


@dataclass(slots=True)
class Desk:
    context: Context
    answers: Answers = field(init=False)
    _services: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.answers = Answers(self.context)

    async def waiting(self) -> tuple[list[Waiting], int]:
        """Who waits, and how many answers the hub does not have yet. Raises `PartnerError`."""
        found = [one for one in await dossiers(self.context) if not one.is_over]
        lines = [Waiting(one.parcours, writing.nom(one), writing.attentes(one)) for one in found]
        return lines, len(await self.answers.pending())

    async def person(self, parcours: str) -> Seen:
        """Raises `Closed` for somebody who is not followed here, or whom the hub does not show; `PartnerError`."""
        found = await dossier(self.context, parcours) if await is_followed(self.context, parcours) else None
        if found is None:
            raise Closed
        prescribed = {one["service_id"] for one in found.prescriptions if one.get("service_id")}
        qui = writing.personne(found, {id_: await self._service(id_) for id_ in prescribed})
        today = jour_legal(found.departement, self.context.clock()).isoformat()
        return Seen(qui, list(_objets(found, qui)), len(await self.answers.pending(parcours)), today)

    async def _service(self, id_: str) -> str:
        """Its name in the catalogue; its id when this partner may not read it, or it is there no more."""
        if id_ not in self._services:
            try:
                self._services[id_] = (await self.context.hub.get(f"/v1/offres/services/{id_}"))["nom"]
            except RequestRefused:
                return id_
        return self._services[id_]

    def seal(self, objet: Objet, session: Session) -> str:
        """For a hidden field: opened again in the same session only, by nobody else, and not changed meanwhile."""
        content = json.dumps(asdict(objet), ensure_ascii=False).encode()
        return urlsafe_b64encode(self.context.vault.seal(self._purpose(session), content)).decode()

    def open(self, sealed: str, session: Session) -> Objet:
        """Raises `Closed`."""
        try:
            content = self.context.vault.open(self._purpose(session), urlsafe_b64decode(sealed.encode()))
        except (Unreadable, ValueError) as error:
            raise Closed from error
        return Objet(**json.loads(content))

    def _purpose(self, session: Session) -> str:
        return f"courriel objet {self.context.mandate.code} {session.jeton}"

    async def answer(self, objet: Objet, form: Form, rang: int) -> Fate:
        """Raises `FormRefused` for what the form, the contract or the hub does not admit."""
        said = self._said(objet, form)
        message = self.answers.message(said, objet.parcours, objet.departement, form.one("envoi")[:64], rang)
        if refusal := refused_by_contract(message):
            pointer, _, phrase = (refusal.detail or "").partition(" : ")
            champ = pointer.rpartition("/")[2]
            raise FormRefused(_FIELDS.get(champ, champ) if champ in _SHOWN else "", phrase or pointer)
        fate, why = await self.answers.give(message)
        if fate is Fate.REFUSEE:
            raise FormRefused("", f"Le relais refuse cette réponse : {why}")
        return fate

    def _said(self, objet: Objet, form: Form) -> Said:
        data, zone = objet.data, fuseau(objet.departement)
        match objet.quoi:
            case "repondre":
                today = jour_legal(objet.departement, self.context.clock())
                return reading.answer(form, data["prescription_id"], today)
            case "commencer" | "terminer":
                return reading.participation(form, data["prescription_id"], is_begun=objet.quoi == "terminer")
            case "referent":
                return reading.designation(form)
            case "rdv" if form.one("suite") == "modifie":
                return reading.appointment(form, data["rdv_id"], zone, is_known=True)
            case "rdv":
                return reading.outcome(form, data)
            case _:
                typed = {name: list(values) for name, values in form.values.items() if name not in ("jeton", "objet")}
                key = hashlib.sha256(forme_canonique([objet.parcours, typed])).hexdigest()[:24]
                return reading.appointment(form, f"page-{key}", zone, is_known=False)


def _objets(found: Dossier, qui: Personne) -> Iterator[Objet]:
    """One per form of the page, under the name that the page gives it."""
    where = (found.parcours, found.departement)
    for place, one in enumerate(qui.prescriptions, 1):
        if one.attend:
            yield Objet(f"demande-{place}", one.attend, *where, {"prescription_id": one.id})
    for place, rdv in enumerate(qui.rendez_vous, 1):
        if rdv.attend:
            yield Objet(f"rdv-{place}", "rdv", *where, rdv.data)
    if qui.designation:
        yield Objet("referent", "referent", *where, {})
    yield Objet("nouveau", "nouveau", *where, {})
