"""A span as the console keeps it, and what the names and attributes of our own spans say about messages. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from relais_contrats.catalogue import CATALOGUE

Valeur = str | int | float | bool | list[str]
Issue = Literal["accepte", "refuse", "attente", "livre", "echec", "erreur"]
ISSUES: tuple[Issue, ...] = ("erreur", "refuse", "echec", "accepte", "livre", "attente")
"""From what an operator must see first to what may wait."""

SERVEUR, CLIENT = 2, 3
ERREUR = 2
"""Kinds and status of OTLP (`opentelemetry.proto.trace.v1`)."""

DEPOSER, DECIDER, LIVRER, ABONNEMENT = "deposer", "decider", "livrer", "abonnement"
DEPOSIT_ROUTE = "POST /v1/messages"
_ETATS: Mapping[str, Issue] = {
    "accepte": "accepte",
    "refuse": "refuse",
    "attente": "attente",
    "en-attente": "attente",
}


@dataclass(frozen=True, slots=True)
class Lien:
    """Another span that this one continues, in the same trace or elsewhere. Ids in hexadecimal."""

    trace: str
    span: str


@dataclass(frozen=True, slots=True)
class Span:
    """Ids in hexadecimal: 32 digits for the trace, 16 for spans; `genre` and `statut` are OTLP's numbers."""

    trace: str
    id: str
    parent: str | None
    service: str
    nom: str
    genre: int
    debut: datetime
    fin: datetime
    statut: int = 0
    attributs: Mapping[str, Valeur] = field(default_factory=dict)
    liens: tuple[Lien, ...] = ()

    @property
    def duree(self) -> timedelta:
        return self.fin - self.debut

    @property
    def verbe(self) -> str | None:
        """What our own code does in it: the first word of its name; None for a request or for somebody else's span."""
        verbe = self.nom.partition(" ")[0].partition(".")[0]
        return verbe if verbe in (DEPOSER, DECIDER, LIVRER, ABONNEMENT) else None

    @property
    def types(self) -> list[str]:
        """Short types of the messages that it handles; only those of the catalogue are believed."""
        nomme = self.nom.partition(" ")[2]
        return [type_ for type_ in (self.liste("relais.type") or [nomme]) if type_ in CATALOGUE]

    @property
    def est_entree(self) -> bool:
        return self.parent is None or self.genre == SERVEUR

    @property
    def est_message(self) -> bool:
        return self.verbe is not None or self.nom == DEPOSIT_ROUTE

    @property
    def partenaire(self) -> str | None:
        return self.texte("relais.partenaire")

    @property
    def reponse(self) -> int | None:
        """The HTTP status, given to a partner or obtained from it."""
        found = self.attributs.get("http.response.status_code")
        return found if isinstance(found, int) else None

    def texte(self, nom: str) -> str | None:
        found = self.attributs.get(nom)
        return found if isinstance(found, str) and found else None

    def liste(self, nom: str) -> list[str]:
        """An attribute that a bulk deposit holds once per message, and a single one once."""
        found = self.attributs.get(nom)
        if isinstance(found, list):
            return found
        return [found] if isinstance(found, str) and found else []


def issue(span: Span) -> Issue | None:
    """What it decided or obtained; a refusal is a decision, not an error, even when its span ended by an exception."""
    etats = [lu for etat in span.liste("relais.etat") if (lu := etat_lu(etat))]
    if etats:
        return pire(etats)
    reponse = span.reponse
    if span.verbe == LIVRER or (span.verbe == ABONNEMENT and reponse is not None):
        return "livre" if reponse is not None and 200 <= reponse < 300 else "echec"
    if reponse is not None:
        return _issue_of_request(reponse)
    return "erreur" if span.statut == ERREUR else None


def etat_lu(etat: str) -> Issue | None:
    return _ETATS.get(etat)


def _issue_of_request(reponse: int) -> Issue | None:
    if reponse >= 500:
        return "erreur"
    if reponse >= 400:
        return "refuse"
    return "attente" if reponse == 202 else None


def pire(issues: Collection[str]) -> Issue | None:
    """The one to show, of a trace or of a bulk deposit."""
    return next((known for known in ISSUES if known in issues), None)


def reperes(span: Span) -> Iterator[tuple[str, str]]:
    """(id, partner) by which its trace is found; the partner is empty for what bears an id of the hub."""
    yield from ((message, span.partenaire or "") for message in span.liste("relais.message") if message)
    for nom in ("relais.id", "relais.livraison"):
        yield from ((id_, "") for id_ in span.liste(nom) if id_)
    yield from ((lien.trace, "") for lien in span.liens if lien.trace != span.trace)
