"""One message: its timeline, then its deliveries per receiver."""

from urllib.parse import urlencode

from console import presentation as dire
from console.chronology import Fait, tell
from console.lookup import Message
from console.views.elements import Element, Node, h
from console.views.layout import deliveries, facts, frame, identifier, instant, refusal, state


def view(message: Message) -> bytes:
    first, last = message.premier, message.dernier
    known: list[tuple[str, Node, str]] = [
        (f"Identifiant chez {message.partenaire}", identifier(message.id), "large"),
        ("Déposé le", [dire.jour(first.depose_a), ", ", instant(first.depose_a)], ""),
    ]
    known += [("Type", message.type, "")] if message.type else []
    known += [("Identifiant du dépôt", identifier(last.id), "large")] if last.id else []
    of_partner = h.a(f"de {message.partenaire}", href=f"/traces?{urlencode({'partenaire': message.partenaire})}")
    return frame(
        f"Message {message.id}",
        h.p(h.a("Traces", href="/traces"), " · ", of_partner, class_="fil"),
        h.h1("Message ", state(last.issue) if last.issue else None),
        facts(*known),
        h.section(
            h.h2("Chronologie", id="chronologie"),
            h.ol(map(_fact, tell(message)), class_="frise"),
            aria_labelledby="chronologie",
        ),
        h.section(h.h2("Livraisons", id="livraisons"), _deliveries(message), aria_labelledby="livraisons"),
    )


def _fact(fait: Fait) -> Element:
    day = [h.span(fait.jour, class_="date"), " "] if fait.jour else None
    detail = [" ", h.span(fait.detail, class_="detail")] if fait.detail else None
    link = h.p(h.a("Voir la trace", href=f"/traces/{fait.trace}"), class_="renvoi") if fait.trace else None
    return h.li(
        h.span(day, instant(fait.instant), class_="heure"),
        h.div(h.p(h.b(fait.titre), detail), refusal(fait.motif) if fait.motif else None, link, class_="fait"),
        class_=fait.ton or "",
    )


def _deliveries(message: Message) -> Element:
    if message.recit.livraisons:
        return deliveries(message.recit.livraisons)
    if message.dernier.issue == "refuse":
        return h.p("Un message refusé n'est livré à personne.", class_="aide")
    feed = h.code("GET /v1/evenements", class_="code")
    return h.p(
        "Aucun envoi par webhook. Les destinataires sans abonnement le lisent dans leur fil, ", feed, ".", class_="aide"
    )
