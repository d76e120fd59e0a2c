"""A webhook of rdv-insertion, read: which thing, when, and what it says of each person, in the words of the catalogue.

Shapes: documentation of the API v1 of rdv-insertion, « Webhooks ». Fields that nothing here uses are not checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors.rdv_insertion.codes import MODALITE, PUBLIC_OFFICE, motif_of
from connectors.rdv_insertion.configuration import RdvInsertionConfiguration
from relais_contrats.correspondances import RDVI, CodeSansCorrespondance, correspondance

_STATUT = correspondance(RDVI, "rdv_statut")
_PLACE_MAX = 200
M = TypeVar("M", bound=BaseModel)


class ContentRefused(Exception):
    """One French sentence per fault: the field, never its value."""


def _instant(written: Any) -> Any:
    """Rails writes « 2024-08-15 19:23:12 +0200 », « … UTC » or ISO 8601."""
    if not isinstance(written, str):
        return None
    try:
        return datetime.strptime(written.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return written


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
Id = Annotated[int, Field(gt=0, strict=True)]
Texte = Annotated[str, Field(max_length=1_000)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Meta(_Read):
    model: Annotated[str, Field(max_length=60)]
    event: Annotated[str, Field(max_length=60)]
    timestamp: Instant


class Webhook(_Read):
    data: dict[str, Any]
    meta: Meta


def user_ids(webhook: Webhook) -> set[int]:
    """Whom a webhook is about, whatever its model."""
    own = {webhook.data.get("id")} if webhook.meta.model == "User" else set()
    return {id_ for id_ in own | set(_users(webhook.data)) if isinstance(id_, int)}


def _users(content: Any) -> Iterator[Any]:
    for value in content if isinstance(content, list) else ():
        yield from _users(value)
    for name, value in content.items() if isinstance(content, dict) else ():
        users = value if name == "users" and isinstance(value, list) else [value] if name == "user" else []
        yield from (user["id"] for user in users if isinstance(user, dict) and isinstance(user.get("id"), int))
        yield from _users(value)


class User(_Read):
    """What a receiver may not see (`nir`, `department_internal_id`) is absent or null."""

    id: Id
    first_name: Texte | None = None
    last_name: Texte | None = None
    birth_name: Texte | None = None
    birth_date: Texte | None = None
    role: Literal["demandeur", "conjoint"] | None = None
    nir: Texte | None = None
    france_travail_id: Texte | None = None
    affiliation_number: Texte | None = None
    department_internal_id: Texte | None = None
    phone_number: Texte | None = None
    email: Texte | None = None


class Participation(_Read):
    id: Id
    status: Texte
    user: User


class _Category(_Read):
    short_name: Texte


class _Motif(_Read):
    collectif: bool = False
    location_type: Texte
    motif_category: _Category


class _Lieu(_Read):
    name: Texte | None = None
    address: Texte | None = None


class _Organisation(_Read):
    department_number: Texte


class Rdv(_Read):
    id: Id
    starts_at: AwareDatetime
    duration_in_min: Annotated[int, Field(strict=True)]
    address: Texte | None = None
    lieu: _Lieu | None = None
    motif: _Motif
    organisation: _Organisation
    participations: Annotated[list[Participation], Field(max_length=1_000)]


def webhook(body: bytes) -> Webhook:
    """Raises `ContentRefused`."""
    try:
        content = json.loads(body)
        json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair is no text elsewhere
    except (ValueError, RecursionError) as error:
        raise ContentRefused("corps : un objet JSON est attendu") from error
    return content_of(Webhook, content, "")


def content_of(model: type[M], content: Any, under: str = "data.") -> M:
    """Raises `ContentRefused`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        places = [".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)]
        told = [f"{under}{place} : absent, ou d'une forme inattendue" for place in dict.fromkeys(places)]
        raise ContentRefused(" ; ".join(told[:10])) from error


def appointment(rdv: Rdv, status: str, settings: RdvInsertionConfiguration) -> dict[str, Any]:
    """The appointment of one participant, whole but for its key (`data` of `rdv.*`). Raises `ContentRefused`."""
    if rdv.organisation.department_number != settings.departement:
        raise ContentRefused("data.organisation.department_number : ce n'est pas le département de ce connecteur")
    statut, _, annule_par = _code(_STATUT.vers_nous, status, "status").partition(":")
    category, location = rdv.motif.motif_category.short_name, rdv.motif.location_type
    told = {
        "motif": str(settings.motifs.get(category) or motif_of(category)),
        "debut": rdv.starts_at.isoformat(),
        "duree_min": rdv.duration_in_min,
        "modalite": _code(MODALITE.vers_nous, location, "motif.location_type"),
        "forme": "collectif" if rdv.motif.collectif else "individuel",
        "lieu": _place(rdv) if location == PUBLIC_OFFICE else None,
        "statut": statut,
        "annule_par": annule_par or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _code(translate: Callable[[str], str], code: str, where: str) -> str:
    try:
        return translate(code)
    except CodeSansCorrespondance as error:
        raise ContentRefused(f"data.{where} : code inconnu") from error


def _place(rdv: Rdv) -> str | None:
    """Of a public office only: an appointment at home has the address of the person."""
    lieu = rdv.lieu or _Lieu()
    told = ", ".join(filter(None, (lieu.name, lieu.address or rdv.address)))
    return " ".join(told.split())[:_PLACE_MAX] or None


def identifiants(user: User, settings: RdvInsertionConfiguration) -> list[dict[str, str]]:
    """What the person is known by elsewhere, the surest first; at last her id at rdv-insertion."""
    found = [
        {"type": "nir", "valeur": _plain(user.nir)},
        {"type": "numero-france-travail", "valeur": _plain(user.france_travail_id)},
    ]
    if settings.caisse and user.role and user.affiliation_number:
        matricule = {"type": f"matricule-{settings.caisse}", "valeur": _plain(user.affiliation_number)}
        found.append(matricule | {"role": user.role})
    found.append({"type": "local", "valeur": user.department_internal_id or f"rdv-insertion-{user.id}"})
    return [one for one in found if one["valeur"]]


def _plain(number: str | None) -> str:
    return "".join((number or "").split()).upper()


def coordonnees(user: User) -> dict[str, str]:
    told = {"telephone": _plain(user.phone_number), "courriel": (user.email or "").strip()}
    return {name: value for name, value in told.items() if value}


def signalement(user: User, settings: RdvInsertionConfiguration) -> dict[str, Any]:
    """`data` of `usager.signale`. Raises `ContentRefused` when rdv-insertion knows too little of the person."""
    missing = [name for name in ("first_name", "last_name", "birth_date") if not getattr(user, name)]
    if missing or settings.signalement is None:
        raise ContentRefused(" ; ".join(f"user.{name} : nécessaire pour signaler la personne" for name in missing))
    identite: dict[str, Any] = {
        "nom_naissance": user.birth_name or user.last_name,
        "prenoms": user.first_name,
        "date_naissance": user.birth_date,
    }
    if user.birth_name and user.birth_name != user.last_name:
        identite["nom_usage"] = user.last_name
    joined = coordonnees(user)
    return {
        "identite": identite,
        "identifiants": identifiants(user, settings),
        "brsa": settings.signalement.brsa,
        "origine": str(settings.signalement.origine),
    } | ({"coordonnees": joined} if joined else {})
