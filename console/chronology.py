"""One message told in the order of time: deposited, journalled, decided, heard by the other services, sent. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from console import presentation as dire
from console.lookup import Message
from console.reading import Decision, Depot, Livraison, Motif, Tentative
from console.spans import Issue


@dataclass(frozen=True, slots=True)
class Fait:
    """`ton` colours the mark; `jour` is told when it is not the day of the fact before."""

    instant: datetime
    titre: str
    detail: str = ""
    ton: Issue | None = None
    motif: Motif | None = None
    trace: str | None = None
    jour: str | None = None


def tell(message: Message) -> list[Fait]:
    faits = sorted(_facts(message), key=lambda fait: fait.instant)
    days = [dire.jour(fait.instant) for fait in faits]
    return [_dated(fait, day, before) for fait, day, before in zip(faits, days, ["", *days], strict=False)]


def _dated(fait: Fait, day: str, before: str) -> Fait:
    shown = day if day != before else None
    return Fait(fait.instant, fait.titre, fait.detail, fait.ton, fait.motif, fait.trace, shown)


def _facts(message: Message) -> Iterator[Fait]:
    seen: set[str] = set()
    for depot in message.depots:
        yield _deposited(depot, est_premier=not seen and depot is message.premier)
        if depot.id and depot.inscrit_a and depot.id not in seen:
            seen.add(depot.id)
            yield Fait(depot.inscrit_a, "Inscrit au journal", "sur disque, avant toute réponse")
    motifs = {depot.id: depot.motif for depot in message.depots if depot.id and depot.motif}
    for decision in message.recit.decisions:
        is_own = decision.entree in seen
        yield _decided(decision, motifs.get(decision.entree or "")) if is_own else _heard(decision)
    for livraison in message.recit.livraisons:
        yield from (_sent(livraison, tentative) for tentative in livraison.tentatives)


def _deposited(depot: Depot, *, est_premier: bool) -> Fait:
    answer = f"réponse HTTP {depot.reponse}" if depot.reponse is not None else "réponse"
    within = dire.duree(depot.repondu_a - depot.depose_a)
    return Fait(
        depot.depose_a,
        f"Déposé par {depot.partenaire}" if est_premier else f"Déposé de nouveau par {depot.partenaire}",
        f"{answer} en {within}",
        None if depot.id else depot.issue,
        None if depot.id else depot.motif,
        depot.trace,
    )


def _decided(decision: Decision, motif: Motif | None) -> Fait:
    """On the deposit itself."""
    mots = {"accepte": "Accepté", "refuse": "Refusé", "attente": "Mis en attente"}
    titre = f"{mots.get(decision.issue or '', 'Traité')} par {dire.service(decision.service)}"
    return Fait(decision.instant, titre, "", decision.issue, motif if decision.issue == "refuse" else None)


def _heard(decision: Decision) -> Fait:
    """On an event that the deposit led to."""
    verbe = {"refuse": "écarté", "attente": "mis en attente"}.get(decision.issue or "", "pris en compte")
    titre = f"Événement {verbe} par {dire.service(decision.service)}"
    return Fait(decision.instant, titre, decision.type, None if decision.issue == "accepte" else decision.issue)


def _sent(livraison: Livraison, tentative: Tentative) -> Fait:
    titre = f"Livré à {livraison.receveur}" if tentative.est_livree else f"Envoi sans succès à {livraison.receveur}"
    answer = (
        f"HTTP {tentative.reponse}"
        if tentative.reponse is not None
        else dire.raison(tentative.raison or "sans réponse")
    )
    parts: Sequence[str] = (livraison.type, answer, f"tentative n° {tentative.numero}")
    return Fait(tentative.instant, titre, " · ".join(parts), "livre" if tentative.est_livree else "echec")
