"""Spans as the hub's processes make them, at instants that a test chooses."""

from datetime import UTC, datetime, timedelta

from console.spans import CLIENT, SERVEUR, Lien, Span, Valeur

TRACE = "0af7651916cd43dd8448eb211c80319c"
DEPOT = "01a20596-bbc8-76fd-bb78-0032d3fade91"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


def span(
    number: int,
    nom: str,
    at_ms: float = 0,
    lasts_ms: float = 1,
    *,
    parent: int | None = None,
    trace: str = TRACE,
    service: str = "entrant",
    genre: int = 1,
    liens: tuple[Lien, ...] = (),
    **attributs: Valeur,
) -> Span:
    """`relais_message="m"` is the attribute `relais.message`; `reponse` the HTTP status."""
    named = {key.replace("_", ".", 1): value for key, value in attributs.items() if key != "reponse"}
    if "reponse" in attributs:
        named["http.response.status_code"] = attributs["reponse"]
    debut = START + timedelta(milliseconds=at_ms)
    return Span(
        trace=trace,
        id=f"{number:016x}",
        parent=f"{parent:016x}" if parent else None,
        service=service,
        nom=nom,
        genre=genre,
        debut=debut,
        fin=debut + timedelta(milliseconds=lasts_ms),
        attributs=named,
        liens=liens,
    )


def accepted(message: str = "m-1", *, trace: str = TRACE, at_ms: float = 0) -> list[Span]:
    """A signalement of caf-59, decided by usagers, refused once by cd-59's endpoint, delivered five seconds later."""
    told = {"relais_partenaire": "caf-59", "relais_message": message, "relais_id": DEPOT, "relais_etat": "accepte"}
    sent = {"relais_partenaire": "cd-59", "relais_abonnement": "a-1", "relais_livraison": "e-1", "relais_lot": 1}
    usagers, sortant = {"service": "usagers", "trace": trace}, {"service": "sortant", "trace": trace, "genre": CLIENT}
    name = "usager.signale"
    decided = {"relais_id": DEPOT, "relais_etat": "accepte"}
    first, second = {"relais_tentative": 1, "reponse": 503}, {"relais_tentative": 2, "reponse": 204}
    return [
        span(1, "POST /v1/messages", at_ms, 40, trace=trace, genre=SERVEUR, reponse=201),
        span(2, f"deposer {name}", at_ms + 2, 36, parent=1, trace=trace, **told),  # type: ignore[arg-type]
        span(3, f"decider {name}", at_ms + 12, 1, parent=2, **usagers, **decided),  # type: ignore[arg-type]
        span(4, f"livrer {name}", at_ms + 60, 9, parent=3, **sortant, **sent, **first),  # type: ignore[arg-type]
        span(5, f"livrer {name}", at_ms + 5100, 8, parent=3, **sortant, **sent, **second),  # type: ignore[arg-type]
    ]


def refused(message: str, code: str, *, trace: str) -> list[Span]:
    told = {"relais_partenaire": "caf-59", "relais_message": message, "relais_etat": "refuse"}
    return [
        span(11, "POST /v1/messages", 0, 20, trace=trace, genre=SERVEUR, reponse=422),
        span(12, "deposer droits.modifies", 1, 18, parent=11, trace=trace, relais_code=code, **told),  # type: ignore[arg-type]
    ]
