"""The timeline of a message: typed steps, in the order of time, each with what it waits for or why it stopped. Pure.

The console's page and `./relais trace` draw these steps and add nothing to them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from chassis.database import Record
from gateway.inbound.timeline import phrases
from gateway.inbound.timeline.rows import Lignes
from relais_contrats.lecture import Erreur
from relais_contrats.precisions import preciser
from relais_contrats.problemes import STATUS_OF, of_http
from relais_contrats.reception import ligne_de_refus
from relais_contrats.refus import REFUS

Ton = Literal["accepte", "refuse", "attente", "livre", "echec"]
Nature = Literal[
    "refus-a-l-entree",
    "depot",
    "attente",
    "decision",
    "rebut",
    "geste",
    "publication",
    "retenue",
    "sans-destinataire",
    "tentative",
    "lecture",
    "effacement",
]


@dataclass(frozen=True, slots=True)
class Motif:
    """A refusal in the words that the partner read. `lignes`: where in the message, and what; `precision` has its facts
    that are codes, the others stay sealed (`est_masque`)."""

    code: str
    titre: str
    explication: str
    conseil: str
    lignes: Sequence[str] = ()
    precision: str = ""
    est_masque: bool = False


@dataclass(frozen=True, slots=True)
class Etape:
    """One step. `a` is None for what has not happened yet: it waits, until `echeance` when that is known. `type` and
    `evenement` where it is about an event, `qui` the partner or the service of which it speaks, `suite` what to do."""

    nature: Nature
    a: datetime | None
    titre: str
    detail: str = ""
    ton: Ton | None = None
    qui: str | None = None
    type: str | None = None
    evenement: UUID | None = None
    motif: Motif | None = None
    trace: str | None = None
    duree_ms: int | None = None
    echeance: datetime | None = None
    suite: str = ""


def steps(rows: Lignes) -> list[Etape]:
    """The oldest first; what is still to come, last."""
    told = [*_at_the_door(rows), *_deposited(rows), *_told(rows), *_delivered(rows), *_erased(rows)]
    last = max((one.a for one in told if one.a), default=None)
    return sorted(told, key=lambda one: (one.a is None, one.a or last))


def _at_the_door(rows: Lignes) -> Iterator[Etape]:
    for row in rows.refus:
        line = f"ligne {row['ligne']} du lot" if row["ligne"] else ""
        motif = refusal(row["code"], row["statut"], [ligne_de_refus(row["code"], p) for p in row["pointeurs"]])
        yield Etape(
            "refus-a-l-entree",
            row["a"],
            f"Refusé à l'entrée : {motif.titre[:1].lower()}{motif.titre[1:]}",
            " · ".join(filter(None, (f"déposé par {row['partenaire']}", row["type"], line, f"HTTP {row['statut']}"))),
            "refuse",
            qui=row["partenaire"],
            type=row["type"],
            motif=motif,
            trace=row["trace"],
            suite=_of_emitter(motif),
        )


def _of_emitter(motif: Motif) -> str:
    return f"À l'émetteur : {motif.conseil}" if motif.conseil else ""


def refusal(code: str, statut: int, lines: Sequence[Erreur] = (), details: Mapping[str, Any] | None = None) -> Motif:
    """`code` of the catalogue, or of what HTTP itself refuses."""
    told = details or {}
    shown = {nom: valeur for nom, valeur in told.items() if nom in phrases.CODES}
    where = [line.pointeur for line in lines if line.pointeur]
    if refus := REFUS.get(code):
        words = (refus.titre, refus.explication, refus.conseil)
    else:
        _, titre, conseil = of_http(STATUS_OF.get(code, statut))
        words = (titre, "La requête elle-même a été refusée.", conseil)
    return Motif(code, *words, where, preciser(shown), told.keys() != shown.keys())


def _deposited(rows: Lignes) -> Iterator[Etape]:
    depot = rows.depot
    if depot is None:
        return
    by, brique = depot["partenaire"], phrases.service(depot["brique"])
    yield Etape(
        "depot",
        depot["recu_a"],
        f"Déposé par {by}",
        f"{depot['type']} · finalité {depot['finalite']} · inscrit au journal avant toute réponse",
        qui=by,
        type=depot["type"],
        trace=_trace(depot["trace"]),
    )
    if depot["etat"] == "en-attente":
        yield _waiting(rows, depot)
    elif depot["etat"] == "rebut":
        titre = f"Mis au rebut par {brique}"
        said = [row["raison"] for row in rows.ecartes if row["id"] == depot["id"]]
        why = f" ({said[-1]})" if said else ""
        detail = f"Le service n'a pas pu le décider{why} : les messages suivants du parcours l'attendent."
        yield Etape("rebut", depot["regle_a"], titre, detail, "echec", qui=depot["brique"], suite=phrases.REPRENDRE)
    elif depot["etat"] in ("accepte", "refuse"):
        yield _decided(depot, brique)
    for row in rows.gestes:
        if row["rebut"] == depot["id"]:
            yield _gesture(row)


def _waiting(rows: Lignes, depot: Mapping[str, Any]) -> Etape:
    ahead, echeance, suite = rows.devant, None, phrases.SUITES_DE_DEPOT[depot["attend"]]
    if ahead is None:
        detail = phrases.ATTENTES_DE_DEPOT[depot["attend"]].format(phrases.service(depot["brique"]))
        detail += f" Essais : {depot['essais']}." if depot["essais"] else ""
        echeance = depot["prochain_essai"]
    else:
        is_aside = ahead["etat"] == "rebut"
        reason = "est au rebut" if is_aside else "n'est pas encore décidé"
        suite = phrases.DERRIERE_UN_REBUT if is_aside else phrases.DERRIERE_UN_AUTRE
        detail = (
            f"Il attend derrière le message {ahead['message']} ({ahead['type']}) de {ahead['partenaire']}, déposé "
            f"avant lui sur ce parcours, qui {reason}."
        )
    told = {"qui": depot["brique"], "echeance": echeance, "suite": suite}
    return Etape("attente", None, "En attente de décision", detail, "attente", **told)


def _decided(depot: Mapping[str, Any], brique: str) -> Etape:
    lasted = round((depot["regle_a"] - depot["recu_a"]).total_seconds() * 1000)
    refus = (depot["reponse"] or {}).get("refus")
    motif = None
    if refus:
        line = ligne_de_refus(refus["code"], refus["pointeur"])
        motif = refusal(refus["code"], 0, [line], refus["details"])
    is_accepted = depot["etat"] == "accepte"
    detail = ""
    if depot["est_close"]:
        detail = "La réponse a été effacée avec la personne : il n'en reste que l'état."
    elif motif:
        detail = motif.titre
    return Etape(
        "decision",
        depot["regle_a"],
        f"{'Accepté' if is_accepted else 'Refusé'} par {brique}",
        detail,
        "accepte" if is_accepted else "refuse",
        qui=depot["brique"],
        motif=motif,
        duree_ms=lasted,
        suite=_of_emitter(motif) if motif else "",
    )


def _gesture(row: Record) -> Etape:
    titre = f"{phrases.GESTES[row['geste']]} par l'opérateur {row['par']}"
    is_given_up = row["geste"] == "ecarte"
    suite = phrases.ECARTE if is_given_up else ""
    return Etape("geste", row["a"], titre, row["motif"], "refuse" if is_given_up else None, qui=row["par"], suite=suite)


def _told(rows: Lignes) -> Iterator[Etape]:
    """What became of each event that the deposit led to, up to the door of its receivers."""
    for row in rows.evenements:
        said = (row["source"] or "").rpartition("/")[2]
        detail = f"dit par {said}" if rows.depot is None or said != rows.depot["partenaire"] else ""
        yield Etape(
            "publication", row["recu_a"], f"Publié : {row['type']}", detail, type=row["type"], evenement=row["id"]
        )
    for row in rows.retenus:
        yield Etape(
            "retenue",
            None,
            f"Pas encore publié : {row['type']}",
            phrases.ATTENTES_D_EVENEMENT.get(row["attend"], row["attend"]),
            "attente",
            qui=row["brique"],
            type=row["type"],
            evenement=row["id"],
            suite=phrases.REPRENDRE if row["attend"] == "rebut" else phrases.ATTENDRE,
        )
    yield from (_set_aside_by_a_service(one) for one in rows.ecartes if one["nature"] != "depot")
    for row in rows.rebuts:
        yield from _set_aside(row)
        yield from (_gesture(gesture) for gesture in rows.gestes if gesture["rebut"] == row["id"])
    for row in rows.muets:
        detail = phrases.SANS_DESTINATAIRE.get(row["motif"], row["motif"])
        titre = f"Publié sans destinataire : {row['type']}"
        suite = phrases.SUITES_SANS_DESTINATAIRE.get(row["motif"], "")
        about = {"type": row["type"], "evenement": row["id"], "suite": suite}
        yield Etape("sans-destinataire", row["a"], titre, detail, **about)


_ASIDE: Mapping[str, str] = {
    "parque": "il attend un opérateur",
    "a-reprendre": "il va être repris",
    "repris": "il a été repris",
    "ecarte": "il a été écarté",
}


def _set_aside(row: Record) -> Iterator[Etape]:
    if row["nature"] == "livraison":
        what = "Le relais ne sait pas composer ce que ses destinataires en verraient"
    else:
        what = "Le relais n'a pas su le distribuer"
    state = _ASIDE[row["etat"]]
    is_settled = row["etat"] in ("repris", "ecarte")
    yield Etape(
        "rebut",
        row["parque_a"],
        f"Mis au rebut : {row['type']}",
        f"{what} ({row['raison']}) : {state}.",
        None if is_settled else "echec",
        type=row["type"],
        evenement=row["id"],
        suite="" if is_settled else phrases.REPRENDRE,
    )


def _set_aside_by_a_service(row: Mapping[str, Any]) -> Etape:
    """It was published: its receivers have it, and one service has not taken it in."""
    service, is_settled = phrases.service(row["composant"]), row["etat"] in ("repris", "ecarte")
    return Etape(
        "rebut",
        row["parque_a"],
        f"Mis au rebut par {service} : {row['type']}",
        f"Le service n'a pas su en tenir compte ({row['raison']}) : {_ASIDE[row['etat']]}. La suite de ce parcours "
        "l'attend dans ce service.",
        None if is_settled else "echec",
        qui=row["composant"],
        type=row["type"],
        evenement=row["id"],
        suite="" if is_settled else phrases.REPRENDRE,
    )


def _delivered(rows: Lignes) -> Iterator[Etape]:
    """Each attempt of each subscription, and the pages of the feed that showed it."""
    deliveries = {row["numero"]: row for row in rows.livraisons}
    for sent in rows.envois:
        delivery = deliveries[sent["livraison"]]
        for rank, attempt in enumerate(attempts(sent), 1):
            is_last = rank == len(attempts(sent))
            delivered = attempt["code"] is not None and 200 <= attempt["code"] < 300
            who = delivery["partenaire"]
            yield Etape(
                "tentative",
                attempt["a"],
                f"Livré à {who}" if delivered else f"Envoi sans succès à {who}",
                " · ".join((delivery["type"], "webhook", phrases.reponse(attempt["code"], attempt["erreur"]))),
                "livre" if delivered else "echec" if is_last and sent["etat"] == "a-livrer" else None,
                qui=who,
                type=delivery["type"],
                evenement=delivery["evenement"],
                duree_ms=attempt["ms"],
            )
    for delivery in rows.livraisons:
        if shown := read_at(rows, delivery):
            who = delivery["partenaire"]
            yield Etape(
                "lecture",
                shown,
                f"Lu par {who} dans son fil",
                delivery["type"],
                "livre",
                qui=who,
                type=delivery["type"],
                evenement=delivery["evenement"],
            )


def attempts(sent: Record) -> list[dict[str, Any]]:
    """Those that are kept, the oldest first. Of what was sent before they were, the last one only."""
    if sent["tentatives"]:
        return [{**one, "a": datetime.fromisoformat(one["a"])} for one in sent["tentatives"]]
    if sent["essaye_a"] and sent["essais"]:
        return [{"a": sent["essaye_a"], "code": sent["code"], "erreur": sent["erreur"], "ms": None}]
    return []


def read_at(rows: Lignes, delivery: Record) -> datetime | None:
    """When a page of the feed first showed this parcours to this partner, once the event was there."""
    return next(
        (r["a"] for r in rows.lectures if r["partenaire"] == delivery["partenaire"] and r["a"] >= delivery["a"]), None
    )


def _erased(rows: Lignes) -> Iterator[Etape]:
    if rows.personne and rows.personne.efface_a:
        detail = "Ce qui parlait d'elle n'existe plus, et rien ne se distribue plus sur elle."
        suite = phrases.EFFACEMENT_SUITE
        yield Etape("effacement", rows.personne.efface_a, "Personne effacée", detail, "refuse", suite=suite)


def _trace(traceparent: str | None) -> str | None:
    return traceparent.split("-")[1] if traceparent and traceparent.count("-") == 3 else None
