"""`/metrics` for Prometheus, on the operators' port: requests, messages and what waits. Labels never name a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.database import TRANSIENT, Pool

REGISTRY = CollectorRegistry()
_DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("relais_requetes", "Requêtes des partenaires.", ("partenaire", "route", "statut"), registry=REGISTRY)
DURATIONS = Histogram(
    "relais_requete_duree_secondes", "Durée des requêtes.", ("route",), buckets=_DURATIONS_S, registry=REGISTRY
)
MESSAGES = Counter("relais_messages", "Messages décidés.", ("partenaire", "type", "etat"), registry=REGISTRY)
# Read in the database when asked for, over all processes.
OLDEST_DEPOSIT = Gauge("relais_depot_en_attente_age_secondes", "Âge du plus ancien dépôt non réglé.", registry=REGISTRY)
OLDEST_DELIVERY = Gauge(
    "relais_livraison_en_attente_age_secondes", "Âge de la plus ancienne livraison à faire.", registry=REGISTRY
)
PARKED = Gauge("relais_parcours_en_echec", "Files de livraison arrêtées derrière un échec.", registry=REGISTRY)

_WAITING = """
SELECT
    coalesce(extract(epoch FROM now() - (SELECT min(recu_a) FROM depots WHERE etat = 'en-attente')), 0)::float8
        AS depot,
    coalesce(extract(epoch FROM now() - (
        SELECT l.a FROM envois e JOIN livraisons l ON l.numero = e.livraison WHERE e.etat = 'a-livrer'
        ORDER BY e.livraison LIMIT 1
    )), 0)::float8 AS livraison,
    (SELECT count(*) FROM files WHERE restants > 0 AND essais > 0) AS en_echec
"""


def application(pool: Pool) -> Starlette:
    """To be served on a port that partners do not reach."""

    async def metrics(_: Request) -> Response:
        """Without the database, the counters of this process are told all the same."""
        try:
            async with pool.acquire(timeout=2) as conn:
                row = await conn.fetchrow(_WAITING)
        except TRANSIENT:
            row = None
        if row is not None:
            OLDEST_DEPOSIT.set(row["depot"])
            OLDEST_DELIVERY.set(row["livraison"])
            PARKED.set(row["en_echec"])
        return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"])])
