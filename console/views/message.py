"""One message: where it is and why, its timeline, who receives it and who does not. What is said is the gateway's."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from console import presentation as dire
from console.lookup import Trace
from console.views.elements import Element, Node, h
from console.views.layout import facts, frame, identifier, instant, message_link
from console.views.trace import waterfall

Chemin = Mapping[str, Any]
"""A message as `gateway.inbound.timeline` tells it."""

_TONS = {
    "livre": "livre",
    "lu": "livre",
    "a-lire": "attente",
    "en-cours": "attente",
    "retenu": "attente",
    "en-echec": "echec",
    "arrete": "erreur",
    "publie": "accepte",
    "rebut": "echec",
    "ecarte": "refuse",
}


def view(chemins: Sequence[Chemin], traces: Sequence[Trace]) -> bytes:
    """One message, or several that the same id names, with the traces that were sampled of them."""
    first = chemins[0]
    named = first["message"] or first["type"] or "sans identifiant"
    return frame(f"Message {named}", *(part for chemin in chemins for part in _message(chemin)), _traces(traces))


def silent() -> bytes:
    said = h.p("La passerelle ne répond pas. Rechargez la page dans quelques secondes.")
    return frame("Message", h.h1("Message"), h.div(said, class_="vide"))


def of_parcours(reponse: Mapping[str, Any]) -> bytes:
    """The messages of the parcours that a partner calls by the pseudonym that was looked for."""
    rows = [
        h.tr(
            h.td(_when(row["recu_a"]), data_nom="Déposé"),
            h.td(message_link(row["partenaire"], row["message"]), data_nom="Message", class_="quoi"),
            h.td(row["type"], data_nom="Type"),
            h.td(h.span(row["partenaire"], class_="code"), data_nom="Émetteur"),
            h.td(_state(row["etat"], row["etat_lisible"]), data_nom="État"),
        )
        for row in reponse["parcours"]
    ]
    head = h.thead(h.tr([h.th(name, scope="col") for name in ("Déposé", "Message", "Type", "Émetteur", "État")]))
    nothing = h.div(h.p("Aucun message n'est gardé sur ce parcours."), class_="vide")
    return frame(
        "Parcours",
        h.h1("Parcours"),
        h.p("C'est ainsi que ", h.b(reponse["parcours_de"]), " nomme ce parcours.", class_="chapeau"),
        facts(("Pseudonyme", identifier(reponse["demande"]), "large"), *_person(reponse["personne"])),
        h.h2("Messages, le plus récent d'abord"),
        h.table(head, h.tbody(rows), class_="traces") if rows else nothing,
        cherche=reponse["demande"],
    )


def _message(chemin: Chemin) -> Iterator[Node]:
    by = chemin["partenaire"]
    of_partner = h.a(f"de {by}", href=f"/traces?{urlencode({'partenaire': by})}")
    yield h.p(h.a("Traces", href="/traces"), " · ", of_partner, class_="fil")
    yield h.h1("Message ", _state(chemin["etat"], chemin["etat_lisible"]))
    yield h.p(chemin["situation"], class_="chapeau")
    yield facts(*_known(chemin))
    if chemin["message"]:
        path = f"/messages/{quote(by, safe='')}/{quote(chemin['message'], safe='')}/contenu"
        yield h.p(h.a("Contenu du message, avec un motif", href=path))
    if chemin["causes"]:
        yield _section("Ce qui l'arrête ou le retient", "causes", h.ul(map(h.li, chemin["causes"]), class_="causes"))
    yield _section("Chronologie", "chronologie", h.ol(_steps(chemin["etapes"]), class_="frise"))
    yield _section("Destinataires", "destinataires", *_receivers(chemin["destinataires"]))


def _section(titre: str, id_: str, *content: Node) -> Element:
    return h.section(h.h2(titre, id=id_), *content, aria_labelledby=id_)


def _known(chemin: Chemin) -> Iterator[tuple[str, Node, str]]:
    if chemin["message"]:
        yield f"Identifiant chez {chemin['partenaire']}", identifier(chemin["message"]), "large"
    if chemin["type"]:
        yield "Type", chemin["type"], ""
    if chemin["depot"]:
        yield "Identifiant du dépôt", identifier(chemin["depot"]), "large"
    if chemin["est_recu_verifie"] is not None:
        yield "Reçu", "signature vérifiée" if chemin["est_recu_verifie"] else "signature fausse", ""
    yield from _person(chemin["personne"])


def _person(personne: Mapping[str, Any] | None) -> Iterator[tuple[str, Node, str]]:
    """Where the parcours is, and what closes it; nothing else is told of the person."""
    names = {"efface_a": "Personne effacée", "archive_depuis": "Archivé", "oppose_depuis": "Opposition au partage"}
    if personne and personne["departement"]:
        yield "Département", personne["departement"], ""
    for name, titre in names.items():
        if personne and personne[name]:
            yield titre, _when(personne[name]), ""


def _steps(etapes: Sequence[Mapping[str, Any]]) -> Iterator[Element]:
    """The day is told where it is not that of the step before."""
    day = ""
    for etape in etapes:
        at = datetime.fromisoformat(etape["a"]) if etape["a"] else None
        shown, day = (dire.jour(at) if at and dire.jour(at) != day else None), dire.jour(at) if at else day
        yield _step(etape, at, shown)


def _step(etape: Mapping[str, Any], at: datetime | None, day: str | None) -> Element:
    when: list[Node] = [h.span(day, class_="date"), " "] if day else []
    when.append(instant(at) if at else "à venir")
    detail = [" ", h.span(" · ".join(filter(None, (etape["detail"], *_lasting(etape)))), class_="detail")]
    link = h.p(h.a("Voir la trace", href=f"/traces/{etape['trace']}"), class_="renvoi") if etape["trace"] else None
    return h.li(
        h.span(when, class_="heure"),
        h.div(h.p(h.b(etape["titre"]), detail), _refusal(etape["motif"]), link, class_="fait"),
        class_=etape["ton"] or "",
    )


def _lasting(etape: Mapping[str, Any]) -> Iterator[str]:
    if etape["duree_ms"] is not None:
        yield dire.duree(timedelta(milliseconds=etape["duree_ms"]))
    if etape["echeance"]:
        yield f"prochain essai le {_text(etape['echeance'])}"


def _refusal(motif: Mapping[str, Any] | None) -> Element | None:
    if motif is None:
        return None
    where = [h.p("Où : ", [[h.code(ligne), " "] for ligne in motif["lignes"]])] if motif["lignes"] else None
    told = " ".join(filter(None, (motif["precision"], "Le reste de la précision est scellé." * motif["est_masque"])))
    return h.div(
        h.p(h.b(motif["titre"]), " ", h.code(motif["code"])),
        h.p(dire.prose(motif["explication"])),
        where,
        h.p(told) if told else None,
        h.p(dire.prose(motif["conseil"]), class_="conseil") if motif["conseil"] else None,
        class_="motif",
    )


def _receivers(told: Sequence[Mapping[str, Any]]) -> Iterator[Node]:
    wanted = [one for one in told if one["etat"] != "exclu"]
    excluded = [one for one in told if one["etat"] == "exclu"]
    if wanted:
        yield _table(("Destinataire", "Événement", "Par où", "Pourquoi lui", "État"), map(_receiver, wanted))
    else:
        yield h.p("Personne ne reçoit d'événement de ce message.", class_="aide")
    if excluded:
        count = dire.nombre(len(excluded), "partenaire ne le reçoit pas", "partenaires ne le reçoivent pas")
        table = _table(("Partenaire", "Événement", "Pourquoi pas"), map(_excluded, excluded))
        yield h.details(h.summary(count), table, class_="exclus")


def _table(names: Sequence[str], rows: Iterator[Element]) -> Element:
    return h.table(h.thead(h.tr([h.th(name, scope="col") for name in names])), h.tbody(list(rows)), class_="livraisons")


def _receiver(one: Mapping[str, Any]) -> Element:
    return h.tr(
        h.th(h.b(one["partenaire"]), scope="row", data_nom="Destinataire"),
        h.td(one["type"], h.br(), identifier(one["nom"]), data_nom="Événement"),
        h.td(h.ul([h.li(_way(voie)) for voie in one["voies"]], class_="envois"), data_nom="Par où"),
        h.td(one["pourquoi"], data_nom="Pourquoi lui"),
        h.td(_state(one["etat"], one["etat_lisible"]), data_nom="État"),
    )


def _way(voie: Mapping[str, Any]) -> Iterator[Node]:
    yield h.b("Webhook " if voie["abonnement"] else "Fil ")
    yield [identifier(voie["abonnement"]), " "] if voie["abonnement"] else None
    yield voie["phrase"]
    yield f" Le {_text(voie['a'])}." if voie["a"] else None
    yield f" Prochain essai le {_text(voie['echeance'])}." if voie["echeance"] else None


def _excluded(one: Mapping[str, Any]) -> Element:
    return h.tr(
        h.th(h.b(one["partenaire"]), scope="row", data_nom="Partenaire"),
        h.td(one["type"], data_nom="Événement"),
        h.td(one["pourquoi"], data_nom="Pourquoi pas"),
    )


def _traces(traces: Sequence[Trace]) -> Element:
    if not traces:
        kept = "Aucune trace n'a été gardée de ce message ; la chronologie vient du registre, et ne dépend pas d'elles."
        return _section("Cascade", "cascade", h.p(kept, class_="aide"))
    others = [h.li(h.a(h.code(trace.id), href=f"/traces/{trace.id}")) for trace in traces]
    links = h.section(h.h2("Traces gardées", id="traces"), h.ul(others, class_="liens"), aria_labelledby="traces")
    return h.div(waterfall(traces[0]), links)


def _state(etat: str, texte: str) -> Element:
    return h.span(texte, class_=f"etat {_TONS.get(etat, etat)}")


def _when(iso: str) -> Node:
    at = datetime.fromisoformat(iso)
    return h.time(_text(iso), datetime=dire.iso(at))


def _text(iso: str) -> str:
    at = datetime.fromisoformat(iso)
    return f"{dire.jour(at)} à {dire.heure(at)}"


def page_of(chemin: Chemin) -> str | None:
    """Its own address; None for what has no id at its emitter."""
    if not chemin["message"]:
        return None
    return f"/messages/{quote(chemin['partenaire'], safe='')}/{quote(chemin['message'], safe='')}"
