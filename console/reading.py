"""What spans say of a message, in the words of the mission: deposited by whom, decided, received by whom. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from console.spans import DECIDER, DEPOSER, LIVRER, SERVEUR, Issue, Span, issue
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.refus import REFUS

_SHOWN_OF_A_LOT = 50


@dataclass(frozen=True, slots=True)
class Motif:
    """Why it was refused. The words are those that the partner read; an HTTP status has no entry in the catalogue."""

    code: str
    titre: str
    explication: str
    conseil: str


@dataclass(frozen=True, slots=True)
class Depot:
    """One time that a partner gave a message. `id` is the hub's; None when the journal did not take it."""

    partenaire: str
    message: str | None
    type: str | None
    trace: str
    depose_a: datetime
    repondu_a: datetime
    id: str | None
    inscrit_a: datetime | None
    issue: Issue | None
    motif: Motif | None
    reponse: int | None

    @property
    def est_reprise(self) -> bool:
        """Journalled before it was given this time: the message had been deposited already."""
        return self.inscrit_a is not None and self.inscrit_a < self.depose_a - timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a service decided, on a deposit, on a sibling's event or on a due date."""

    service: str
    type: str
    instant: datetime
    duree: timedelta
    entree: str | None
    issue: Issue | None


@dataclass(frozen=True, slots=True)
class Tentative:
    """One request to a receiver. `raison` is ours when no answer came."""

    numero: int
    instant: datetime
    duree: timedelta
    reponse: int | None
    raison: str | None
    est_livree: bool
    nombre: int
    """Events in the request."""


@dataclass(frozen=True, slots=True)
class Livraison:
    """An event pushed to one subscription of one receiver, with its attempts in order."""

    receveur: str
    abonnement: str
    evenement: str
    type: str
    tentatives: Sequence[Tentative]

    @property
    def est_livree(self) -> bool:
        return self.tentatives[-1].est_livree


@dataclass(frozen=True, slots=True)
class Lot:
    """A bulk deposit, or the part of it that this process took together."""

    partenaire: str
    nombre: int
    refuses: int
    messages: Sequence[str]
    """The first ones."""


@dataclass(frozen=True, slots=True)
class Recit:
    depots: Sequence[Depot]
    lots: Sequence[Lot]
    decisions: Sequence[Decision]
    livraisons: Sequence[Livraison]


def read(spans: Sequence[Span]) -> Recit:
    by_id = {(span.trace, span.id): span for span in spans}
    ordered = sorted(spans, key=lambda span: (span.debut, span.id))
    deposits = [span for span in ordered if span.verbe == DEPOSER]
    return Recit(
        depots=[single(span, by_id) for span in deposits if not is_lot(span)],
        lots=[_lot(span) for span in deposits if is_lot(span)],
        decisions=[_decision(span) for span in ordered if span.verbe == DECIDER],
        livraisons=_deliveries(span for span in ordered if span.verbe == LIVRER),
    )


def is_lot(span: Span) -> bool:
    return isinstance(span.attributs.get("relais.message"), list)


def single(span: Span, by_id: Mapping[tuple[str, str], Span]) -> Depot:
    """A deposit made alone; `by_id` may hold the request around it, which knows the answer."""
    request = by_id.get((span.trace, span.parent or ""))
    around = request if request and request.genre == SERVEUR else span
    return _deposit(span, around, _Place(issue(span), *(span.texte(f"relais.{n}") for n in ("message", "id", "code"))))


@dataclass(frozen=True, slots=True)
class _Place:
    """What a span says of one message, alone or at its place in a bulk deposit."""

    issue: Issue | None
    message: str | None
    id: str | None
    code: str | None


def _deposit(span: Span, around: Span, given: _Place) -> Depot:
    return Depot(
        partenaire=span.partenaire or "inconnu",
        message=given.message,
        type=None if is_lot(span) else next(iter(span.types), None),
        trace=span.trace,
        depose_a=around.debut,
        repondu_a=around.fin,
        id=given.id or None,
        inscrit_a=instant_of(given.id),
        issue=given.issue,
        motif=motif(given.code) if given.code else None,
        reponse=around.reponse,
    )


def _lot(span: Span) -> Lot:
    messages = span.liste("relais.message")
    refused = sum(bool(code) for code in span.liste("relais.code"))
    return Lot(span.partenaire or "inconnu", len(messages), refused, messages[:_SHOWN_OF_A_LOT])


def _decision(span: Span) -> Decision:
    nomme = span.nom.partition(" ")[2]
    return Decision(span.service, nomme, span.debut, span.duree, span.texte("relais.id"), issue(span))


def _deliveries(attempts: Iterable[Span]) -> list[Livraison]:
    """An event sent again has a span per attempt; the same event may go to several subscriptions."""
    grouped: dict[tuple[str, str, str], list[Span]] = {}
    for span in attempts:
        abonnement, evenement = span.texte("relais.abonnement") or "", span.texte("relais.livraison") or ""
        key = (span.partenaire or "inconnu", abonnement, evenement)
        grouped.setdefault(key, []).append(span)
    return [
        Livraison(receveur, abonnement, evenement, spans[0].nom.partition(" ")[2], [_attempt(span) for span in spans])
        for (receveur, abonnement, evenement), spans in grouped.items()
    ]


def _attempt(span: Span) -> Tentative:
    number, count = span.attributs.get("relais.tentative"), span.attributs.get("relais.lot")
    return Tentative(
        numero=number if isinstance(number, int) else 1,
        instant=span.debut,
        duree=span.duree,
        reponse=span.reponse,
        raison=span.texte("relais.code"),
        est_livree=issue(span) == "livre",
        nombre=count if isinstance(count, int) else 1,
    )


def motif(code: str) -> Motif:
    refus = REFUS.get(code)
    if refus:
        return Motif(refus.code, refus.titre, refus.explication, refus.conseil)
    return Motif(code, "Requête non admise", "Le message n'a pas été lu : la requête elle-même a été refusée.", "")


def titre(type_court: str) -> str:
    """The catalogue's title of a message; the hub's own signals and due dates keep their names."""
    message = CATALOGUE.get(type_court)
    return message.titre if message else type_court


def instant_of(id_: str | None) -> datetime | None:
    """The instant that a UUIDv7 carries (RFC 9562 § 5.7): our ids are made when the journal takes the deposit."""
    try:
        uuid = UUID(id_ or "")
    except ValueError:
        return None
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC) if uuid.version == 7 else None
