"""What pages share: the frame, and the small pieces (a state, a service, an instant, an id, a refusal, deliveries)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import quote

from lxml import etree
from markupsafe import Markup

from console import presentation as dire
from console.reading import Livraison, Motif, Tentative
from console.spans import Issue
from console.templates import render
from console.views.elements import Element, Node, elements, h, joined


def frame(titre: str, *content: Node, cherche: str = "", page: str = "") -> bytes:
    """The page in the frame of all, which is a template; `page`: which of those that the frame leads to."""
    made = "".join(etree.tostring(node, encoding="unicode", method="html") for node in elements(content))
    escaped = Markup(made)  # noqa: S704  # by the tree that made it
    return render("page.html", nom=titre, contenu=escaped, cherche=cherche, page=page).encode()


def error(titre: str, explication: str) -> bytes:
    back = h.p(h.a("Revenir à l'accueil", href="/"))
    return frame(titre, h.div(h.h1(titre), h.p(explication), back, class_="vide"))


def state(issue: Issue, texte: str | None = None) -> Element:
    return h.span(texte or dire.issue(issue), class_=f"etat {issue}")


def trace_state(issues: Collection[str]) -> Element | None:
    found = dire.etat(issues)
    return state(*found) if found else None


def service(nom: str) -> Element:
    return h.span(dire.service(nom), class_=f"service s-{dire.famille(nom)}")


def instant(value: datetime) -> Element:
    return h.time(dire.heure_fine(value), datetime=dire.iso(value))


def identifier(value: str) -> Element:
    """One click selects it whole."""
    return h.code(value, class_="id")


def message_link(partenaire: str, message: str) -> Element:
    return h.a(h.code(message), href=f"/messages/{quote(partenaire, safe='')}/{quote(message, safe='')}")


def facts(*pairs: tuple[str, Node, str]) -> Element:
    """Name, value, class of a description list."""
    return h.dl([h.div(h.dt(name), h.dd(value), class_=kind) for name, value, kind in pairs], class_="faits")


def refusal(motif: Motif) -> Element:
    advice = h.p(dire.prose(motif.conseil), class_="conseil") if motif.conseil else None
    return h.div(
        h.p(h.b(motif.titre), " ", h.code(motif.code)), h.p(dire.prose(motif.explication)), advice, class_="motif"
    )


def deliveries(livraisons: Sequence[Livraison]) -> Element:
    names = ("Destinataire", "Événement", "Envois", "État")
    head = h.thead(h.tr([h.th(name, scope="col") for name in names]))
    return h.table(head, h.tbody([_delivery(livraison) for livraison in livraisons]), class_="livraisons")


def _delivery(livraison: Livraison) -> Element:
    event = (livraison.type, h.br(), identifier(livraison.evenement))
    attempts = h.ol([_attempt(tentative) for tentative in livraison.tentatives], class_="envois")
    return h.tr(
        h.th(h.b(livraison.receveur), scope="row", data_nom="Destinataire"),
        h.td(event, data_nom="Événement"),
        h.td(attempts, data_nom="Envois"),
        h.td(state("livre" if livraison.est_livree else "echec"), data_nom="État"),
    )


def _attempt(tentative: Tentative) -> Element:
    parts: list[Node] = [instant(tentative.instant), answer(tentative), dire.duree(tentative.duree)]
    parts += [f"lot de {tentative.nombre}"] if tentative.nombre > 1 else []
    return h.li(h.span(f"n°\u00a0{tentative.numero}", class_="rang"), " ", joined(parts, " · "))


def answer(tentative: Tentative) -> str:
    if tentative.reponse is not None:
        return f"HTTP {tentative.reponse}"
    return dire.raison(tentative.raison) if tentative.raison else "sans réponse"
