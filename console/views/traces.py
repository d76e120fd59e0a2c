"""The list of recent traces, with its filters, and the result of a search by id."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from console import presentation as dire
from console.lookup import Resume
from console.store import Filtre
from console.views.elements import Element, Node, h, joined
from console.views.layout import frame, identifier, service, trace_state

_COLUMNS = ("Début", "Message", "De → vers", "Services", "Durée", "État")


def listing(traces: Sequence[Resume], filtre: Filtre, older: str | None, retention: timedelta) -> bytes:
    """`older`: the query of the next page, if there is one."""
    following = (
        h.p(h.a("Traces plus anciennes →", href=f"/traces?{older}", rel="next"), class_="suite") if older else None
    )
    shown = _table(traces) if traces else _empty(filtre, retention)
    return frame("Traces récentes", h.h1("Traces récentes"), _filters(filtre), shown, following, page="/traces")


def search(traces: Sequence[Resume], searched: str, retention: timedelta) -> bytes:
    count = dire.nombre(len(traces), "trace porte", "traces portent")
    found: list[Node] = [h.p(count, " l'identifiant ", identifier(searched), ".", class_="chapeau")]
    unknown = "Aucun message, aucun parcours ni aucune trace ne porte cet identifiant."
    nothing = h.div(h.p(unknown), h.p(_kept(retention)), class_="vide")
    return frame(
        "Recherche", h.h1("Recherche"), *(([*found, _table(traces)]) if traces else [nothing]), cherche=searched
    )


def _filters(filtre: Filtre) -> Element:
    chosen = filtre.type or ""
    types = [h.option(nom, value=nom, selected=nom == chosen, title=titre) for nom, titre in dire.types()]
    is_filtered = filtre != Filtre()
    return h.form(
        h.p(
            h.label("Type déposé", for_="type"),
            h.select(h.option("tous", value=""), types, id="type", name="type"),
        ),
        h.p(
            h.label("Partenaire", for_="partenaire"),
            h.input(
                id="partenaire",
                name="partenaire",
                value=filtre.partenaire or "",
                placeholder="caf-59",
                maxlength=64,
                spellcheck="false",
                autocomplete="off",
            ),
        ),
        _checkbox("anomalies", "avec refus, échec ou erreur", checked=filtre.avec_anomalie),
        _checkbox("tout", "lectures et autres requêtes aussi", checked=filtre.tout),
        h.p(h.button("Filtrer"), h.a("Tout effacer", href="/traces") if is_filtered else None, class_="actions"),
        class_="filtres",
        action="/traces",
        aria_label="Filtrer les traces",
    )


def _checkbox(name: str, label: str, *, checked: bool) -> Element:
    box = h.input(id=name, name=name, type="checkbox", value="1", checked=checked)
    return h.p(box, h.label(label, for_=name), class_="case")


def _table(traces: Sequence[Resume]) -> Element:
    head = h.thead(h.tr([h.th(name, scope="col", class_="nombre" if name == "Durée" else "") for name in _COLUMNS]))
    return h.table(head, h.tbody(list(_rows(traces))), class_="traces")


def _rows(traces: Sequence[Resume]) -> Iterator[Element]:
    """A line of its own for each day."""
    day = ""
    for trace in traces:
        if dire.jour(trace.debut) != day:
            day = dire.jour(trace.debut)
            yield h.tr(h.th(day, scope="rowgroup", colspan=len(_COLUMNS)), class_="jour")
        yield _row(trace)


def _row(trace: Resume) -> Element:
    when = h.time(dire.heure(trace.debut), datetime=dire.iso(trace.debut))
    state = trace_state(trace.issues)
    receivers: list[Node] = [" ", h.span("→", class_="fleche", aria_label="vers"), " ", _partners(trace.receveurs)]
    return h.tr(
        h.td(when, data_nom="Début", class_="quand"),
        h.td(h.a(_what(trace), href=f"/traces/{trace.id}"), data_nom="Message", class_="quoi"),
        h.td(
            _partners(trace.emetteurs) or "—",
            receivers if trace.receveurs else None,
            data_nom="De → vers",
            class_="qui",
        ),
        h.td(joined(map(service, dire.dans_l_ordre(trace.services))), data_nom="Services", class_="services"),
        h.td(dire.duree(trace.fin - trace.debut), data_nom="Durée", class_="nombre"),
        h.td(state if state is not None else h.span("—", class_="discret"), data_nom="État"),
    )


def _partners(codes: Sequence[str]) -> list[Node]:
    return joined([h.span(code, class_="code") for code in codes], ", ")


def _what(trace: Resume) -> str:
    if len(trace.types) == 1:
        return trace.types[0]
    if trace.types:
        return dire.nombre(len(trace.types), "type")
    return dire.entree(trace.entrees[0], trace.issues) if trace.entrees else "suite d'une autre trace"


def _empty(filtre: Filtre, retention: timedelta) -> Element:
    if filtre != Filtre():
        return h.div(
            h.p("Aucune trace ne correspond à ces critères parmi les plus récentes."),
            h.p(h.a("Voir toutes les traces", href="/traces")),
            class_="vide",
        )
    return h.div(
        h.p("Aucun message pour l'instant."),
        h.p(_kept(retention), " Pour en produire : ", h.code("./relais demo")),
        class_="vide",
    )


def _kept(retention: timedelta) -> str:
    days = dire.nombre(retention.days, "jour")
    return f"Une trace apparaît une seconde environ après le message ; elle est gardée {days}."
