"""One trace: what happened to the message, then every step on an axis of time."""

from collections.abc import Iterator, Sequence

from console import presentation as dire
from console.lookup import Trace
from console.reading import Depot, Lot
from console.spans import Lien, Span
from console.views.elements import Element, Node, h, joined
from console.views.layout import (
    deliveries,
    facts,
    frame,
    identifier,
    instant,
    message_link,
    refusal,
    service,
    state,
    trace_state,
)
from console.waterfall import Cascade, Ligne, Pause

_THINNEST = 0.6
"""Per cent of the axis: what is shorter is drawn so, to be seen at all."""


def view(trace: Trace) -> bytes:
    start = trace.cascade.debut
    return frame(
        f"Trace {trace.id[:8]}",
        h.p(h.a("Traces", href="/traces"), class_="fil"),
        h.h1("Trace ", trace_state(trace.issues)),
        facts(
            ("Identifiant", identifier(trace.id), "large"),
            ("Début", [dire.jour(start), ", ", instant(start)], ""),
            ("Durée", dire.duree(trace.cascade.duree), ""),
            ("Étapes", trace.nombre, ""),
        ),
        _story(trace),
        waterfall(trace),
        _continuations(trace.suites),
    )


def _story(trace: Trace) -> Element | None:
    recit = trace.recit
    if not (recit.depots or recit.lots or recit.livraisons):
        return None
    sent = [h.h3("Livraisons"), deliveries(recit.livraisons)] if recit.livraisons else None
    return h.section(
        h.h2("Le message" if len(recit.depots) == 1 else "Les messages", id="recit"),
        map(_deposit, recit.depots),
        map(_bulk, recit.lots),
        sent,
        aria_labelledby="recit",
    )


def _deposit(depot: Depot) -> Element:
    verb = "a déposé de nouveau" if depot.est_reprise else "a déposé"
    named = [" sous l'identifiant ", message_link(depot.partenaire, depot.message)] if depot.message else None
    what = h.b(depot.type) if depot.type else "un message qui n'a pas été lu"
    badge = state(depot.issue) if depot.issue else None
    sentence = h.p(h.b(depot.partenaire), f" {verb} ", what, named, " ", badge, class_="phrase")
    return h.div(sentence, refusal(depot.motif) if depot.motif else None, class_="carte")


def _bulk(lot: Lot) -> Element:
    refused = f", dont {dire.nombre(lot.refuses, 'refusé')}" if lot.refuses else ""
    left = f" (les {len(lot.messages)} premiers)" if lot.nombre > len(lot.messages) else ""
    ids = [h.li(message_link(lot.partenaire, message)) for message in lot.messages if message]
    return h.div(
        h.p(
            h.b(lot.partenaire), f" a déposé un lot de {dire.nombre(lot.nombre, 'message')}{refused}.", class_="phrase"
        ),
        h.details(h.summary(f"Identifiants des messages{left}"), h.ul(ids, class_="liens serres")),
        class_="carte",
    )


def waterfall(trace: Trace) -> Element:
    cascade = trace.cascade
    help_: list[Node] = ["Chaque étape s'ouvre pour montrer ses attributs."]
    if cascade.pauses:
        waits = ", ".join(dire.duree(pause.duree) for pause in cascade.pauses)
        help_.append(f" Les attentes ({waits}) sont resserrées, en hachures.")
    left = None
    if trace.nombre > len(cascade.lignes):
        shown = dire.nombre(len(cascade.lignes), "première étape", "premières étapes")
        left = h.p(f"Seules les {shown} sont montrées ; la page d'un message montre les siennes.", class_="aide")
    return h.section(
        h.h2("Cascade", id="cascade"),
        h.p(help_, class_="aide"),
        _hatching() if cascade.pauses else None,
        h.ol([_step(trace.id, cascade, ligne) for ligne in cascade.lignes], class_="cascade"),
        left,
        aria_labelledby="cascade",
    )


def _hatching() -> Element:
    pattern = h.pattern(
        h.path(class_="hachure", d="M0 0V5"),
        id="hachures",
        width=5,
        height=5,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return h.svg(h.defs(pattern), class_="motifs", width=0, height=0, aria_hidden="true", focusable="false")


def _step(trace: str, cascade: Cascade, ligne: Ligne) -> Element:
    span = ligne.span
    attempt = span.attributs.get("relais.tentative", 1)
    label = h.span(
        service(span.service),
        " ",
        h.span(dire.etape(span), class_="nom"),
        [" ", h.span(f"n°\u00a0{attempt}", class_="rang")] if attempt != 1 else None,
        class_=f"etape p{ligne.profondeur}",
    )
    times = h.span(
        h.span(f"+{dire.duree(ligne.decalage)}", class_="decalage"), " ", h.b(dire.duree(span.duree)), class_="durees"
    )
    return h.li(
        h.details(h.summary(label, _bar(cascade.pauses, ligne), times), h.dl(_details(trace, span), class_="attributs"))
    )


def _bar(pauses: Sequence[Pause], ligne: Ligne) -> Element:
    width = max(ligne.largeur, _THINNEST)
    quiet = [h.rect(class_="pause", x=f"{p.x}%", width=f"{p.largeur}%", height="100%") for p in pauses]
    busy = h.rect(class_="temps", x=f"{min(ligne.x, 100 - width):.3f}%", width=f"{width}%", y=4, height=12, rx=2)
    family = dire.famille(ligne.span.service)
    return h.svg(quiet, busy, class_=f"barre s-{family}", aria_hidden="true", focusable="false")


def _details(trace: str, span: Span) -> Iterator[Element]:
    yield _pair("nom", h.code(span.nom))
    yield _pair("début", instant(span.debut))
    for name, value in sorted(span.attributs.items()):
        yield _pair(dire.attribut(name), identifier(dire.valeur(value)))
    for lien in span.liens:
        yield _pair("fait suite à", _link(trace, lien))
    yield _pair("étape", identifier(span.id))


def _pair(name: str, value: Node) -> Element:
    return h.div(h.dt(name), h.dd(value))


def _link(trace: str, lien: Lien) -> Node:
    if lien.trace == trace:
        return identifier(lien.span)
    return h.a(h.code(lien.trace), href=f"/traces/{lien.trace}")


def _continuations(spans: Sequence[Span]) -> Element | None:
    if not spans:
        return None
    lines = [
        h.li(
            joined([service(span.service), dire.etape(span), instant(span.debut)]),
            " : ",
            h.a(h.code(span.trace), href=f"/traces/{span.trace}"),
        )
        for span in spans
    ]
    return h.section(
        h.h2("Suites dans d'autres traces", id="suites"), h.ul(lines, class_="liens"), aria_labelledby="suites"
    )
