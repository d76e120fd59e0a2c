"""What i-milo says of an event, a person, an appointment, a session; and these in the words of the catalogue.

Shapes: those that its published clients read. Fields that nothing here uses are not checked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors.i_milo.codes import MODALITES, NON_PRECISE, SEANCE
from connectors.i_milo.configuration import ImiloConfiguration
from relais_contrats.codes.suivi import Modalite
from relais_contrats.correspondances import IMILO, CodeSansCorrespondance, Correspondance, correspondance
from relais_contrats.territoires import fuseau

_RDV = correspondance(IMILO, "rdv_statut")
_PARIS = ZoneInfo("Europe/Paris")
_PLACE_MAX = 200
_SHORTEST_MIN, _LONGEST_MIN = 5, 1_440
Id = Annotated[int, Field(gt=0)]
Texte = Annotated[str, Field(max_length=4_000)]
M = TypeVar("M", bound=BaseModel)


class ContentRefused(Exception):
    """One French sentence: the field, never its value."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def _of_paris(written: Any) -> Any:
    """An instant without an offset is one of metropolitan France."""
    try:
        read = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        return written
    return read if read.tzinfo else read.replace(tzinfo=_PARIS)


class Event(_Read):
    identifiant: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    idDossier: Id
    type: Texte
    action: Texte
    idType: Id | None = None
    date: Annotated[AwareDatetime, BeforeValidator(_of_paris)]


class Named(_Read):
    """An event of which nothing but its id can be read."""

    identifiant: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Dossier(_Read):
    idDossier: Id
    numeroDE: Texte | None = None
    nomNaissance: Texte | None = None
    nomUsage: Texte | None = None
    prenom: Texte | None = None
    dateNaissance: Texte | None = None


class _Meeting(_Read):
    id: Id
    dateHeureDebut: datetime
    dateHeureFin: datetime | None = None
    lieu: Texte | None = None
    statut: Texte


class Rdv(_Meeting):
    """`dateHeureDebut` is in the time of the mission locale, without an offset."""

    type: Texte | None = None


class Seance(_Meeting):
    """The place of one young person at a collective session."""


def content_of(model: type[M], content: Any) -> M:
    """Raises `ContentRefused`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        places = dict.fromkeys(".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False))
        told = ", ".join(list(places)[:10]) or "corps"
        raise ContentRefused(f"{model.__name__.lower()} : {told} absent, ou d'une forme inattendue") from error


def data_of(one: Rdv | Seance, settings: ImiloConfiguration) -> dict[str, Any]:
    """The appointment whole, but for its key (`data` of `rdv.*`). Raises `ContentRefused`."""
    return appointment(one, settings) if isinstance(one, Rdv) else attendance(one, settings)


def appointment(rdv: Rdv, settings: ImiloConfiguration) -> dict[str, Any]:
    modalite = MODALITES.get(rdv.type or "", Modalite.PHYSIQUE)
    statut = "planifie" if rdv.statut == NON_PRECISE else _code(_RDV, rdv.statut)
    told = _common(rdv, statut, settings) | {"modalite": str(modalite), "forme": "individuel"}
    return told | _place(rdv) if modalite is Modalite.PHYSIQUE else told


def attendance(seance: Seance, settings: ImiloConfiguration) -> dict[str, Any]:
    told = _common(seance, _code(SEANCE, seance.statut), settings)
    return told | {"modalite": str(Modalite.PHYSIQUE), "forme": "collectif"} | _place(seance)


def _common(one: _Meeting, said: str, settings: ImiloConfiguration) -> dict[str, Any]:
    statut, _, par = said.partition(":")
    there = fuseau(settings.departement)
    debut = one.dateHeureDebut if one.dateHeureDebut.tzinfo else one.dateHeureDebut.replace(tzinfo=there)
    duree_min = settings.duree_min
    if one.dateHeureFin:
        fin = one.dateHeureFin if one.dateHeureFin.tzinfo else one.dateHeureFin.replace(tzinfo=there)
        duree_min = round((fin - debut).total_seconds() / 60)
        if not _SHORTEST_MIN <= duree_min <= _LONGEST_MIN:
            raise ContentRefused("dateHeureFin : la durée n'est pas celle d'un rendez-vous")
    told = {"motif": str(settings.motif), "debut": debut.isoformat(), "duree_min": duree_min, "statut": statut}
    return told | ({"annule_par": par or str(settings.annule_par)} if statut == "annule" else {})


def _code(table: Correspondance, code: str) -> str:
    try:
        return table.vers_nous(code)
    except CodeSansCorrespondance as error:
        raise ContentRefused("statut : code inconnu") from error


def _place(one: _Meeting) -> dict[str, str]:
    lieu = " ".join((one.lieu or "").split())[:_PLACE_MAX]
    return {"lieu": lieu} if lieu else {}


def identifiants(dossier: Dossier) -> list[dict[str, str]]:
    """The surest first."""
    numero = "".join((dossier.numeroDE or "").split()).upper()
    held = [{"type": "numero-france-travail", "valeur": numero}] if numero else []
    return [*held, {"type": "imilo", "valeur": str(dossier.idDossier)}]


def signalement(dossier: Dossier, settings: ImiloConfiguration) -> dict[str, Any]:
    """`data` of `usager.signale`. Raises `ContentRefused` when i-milo knows too little of the person."""
    nom = dossier.nomNaissance or dossier.nomUsage
    if settings.signalement is None or not (nom and dossier.prenom and dossier.dateNaissance):
        raise ContentRefused("dossier : nom, prénom et date de naissance sont nécessaires pour signaler la personne")
    identite = {"nom_naissance": nom, "prenoms": dossier.prenom, "date_naissance": dossier.dateNaissance[:10]}
    if dossier.nomUsage and dossier.nomUsage != nom:
        identite["nom_usage"] = dossier.nomUsage
    return {
        "identite": identite,
        "identifiants": identifiants(dossier),
        "brsa": settings.signalement.brsa,
        "origine": str(settings.signalement.origine),
    }
