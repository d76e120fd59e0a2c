"""`/metrics` for Prometheus, on the operators' port: requests, messages and what waits. Labels never name a person."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.database import TRANSIENT, Pool, Record
from gateway.inbound.watching import meter
from gateway.inbound.watching.meter import Mesure
from gateway.inbound.watching.watch import Watch

_log = structlog.get_logger()
REGISTRY = CollectorRegistry()
_DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("relais_requetes", "Requêtes des partenaires.", ("partenaire", "route", "statut"), registry=REGISTRY)
DURATIONS = Histogram(
    "relais_requete_duree_secondes", "Durée des requêtes.", ("route",), buckets=_DURATIONS_S, registry=REGISTRY
)
MESSAGES = Counter("relais_messages", "Messages décidés.", ("partenaire", "type", "etat"), registry=REGISTRY)
PERSONS = Counter(
    "relais_personnes_demandees",
    "Personnes recherchées ou signalées : connues, inconnues, d'un autre territoire, refusées au-delà du quota.",
    ("partenaire", "issue"),
    registry=REGISTRY,
)
# Read in the database when asked for, over all processes.
NAMED = Gauge(
    "relais_personnes_cette_heure",
    "Personnes recherchées ou signalées par ce partenaire dans l'heure en cours.",
    ("partenaire",),
    registry=REGISTRY,
)
NAMED_AT_MOST = Gauge(
    "relais_personnes_par_heure_max",
    "De même, dans son heure la plus chargée des dernières 24.",
    ("partenaire",),
    registry=REGISTRY,
)
KNOWN = Gauge(
    "relais_personnes_part_connue",
    "Part de celles que le relais connaissait, dans cette heure la plus chargée.",
    ("partenaire",),
    registry=REGISTRY,
)
ELSEWHERE = Gauge(
    "relais_personnes_part_hors_territoire",
    "Part de celles d'un autre territoire, dans cette heure la plus chargée.",
    ("partenaire",),
    registry=REGISTRY,
)
SUSPENDED = Gauge(
    "relais_partenaire_suspendu_par_compteur",
    "1 si le compteur des personnes a suspendu ce partenaire, et que personne ne l'a repris.",
    ("partenaire",),
    registry=REGISTRY,
)
OLDEST_DEPOSIT = Gauge("relais_depot_en_attente_age_secondes", "Âge du plus ancien dépôt non réglé.", registry=REGISTRY)
OLDEST_DELIVERY = Gauge(
    "relais_livraison_en_attente_age_secondes",
    "Âge de la plus ancienne livraison à faire à ce partenaire.",
    ("partenaire",),
    registry=REGISTRY,
)
STOPPED_QUEUES = Gauge(
    "relais_parcours_en_echec", "Files arrêtées derrière un échec, par partenaire.", ("partenaire",), registry=REGISTRY
)
# As each component told it last.
ANSWERS = Gauge("relais_composant_repond", "1 si le composant répond.", ("composant",), registry=REGISTRY)
PARKED = Gauge("relais_rebut", "Éléments au rebut, qui retiennent leur parcours.", ("composant",), registry=REGISTRY)
UNPUBLISHED = Gauge("relais_faits_a_publier", "Faits à publier.", ("composant",), registry=REGISTRY)
OLDEST_UNPUBLISHED = Gauge(
    "relais_fait_a_publier_age_secondes", "Âge du plus ancien fait à publier.", ("composant",), registry=REGISTRY
)
LATE = Gauge("relais_echeances_en_retard", "Échéances dépassées d'une minute.", ("composant",), registry=REGISTRY)
TO_READ = Gauge("relais_lecteur_a_lire", "Événements à lire.", ("composant", "flux"), registry=REGISTRY)
STUCK = Gauge(
    "relais_lecteur_bloque_secondes",
    "Depuis quand ce lecteur n'avance pas.",
    ("composant", "flux"),
    registry=REGISTRY,
)
HELD = Gauge(
    "relais_evenements_retenus",
    "Événements qui attendent leur tour, par ce qu'ils attendent.",
    ("attend",),
    registry=REGISTRY,
)
OWED = Gauge("relais_faits_a_distribuer", "Faits acceptés et non distribués.", registry=REGISTRY)
NOBODY = Gauge(
    "relais_evenements_sans_destinataire",
    "Événements que personne ne reçoit, par motif.",
    ("motif",),
    registry=REGISTRY,
)

_OLDEST_DEPOSIT = """
SELECT coalesce(extract(epoch FROM now() - min(recu_a)), 0)::float8 FROM depots WHERE etat = 'en-attente'
"""
DELIVERIES = """
SELECT p.code AS partenaire, coalesce(extract(epoch FROM now() - l.a), 0)::float8 AS age,
       coalesce(f.arretees, 0) AS arretees
FROM partenaires p
LEFT JOIN (
    SELECT a.partenaire, min(e.livraison) AS premiere FROM envois e JOIN abonnements a ON a.id = e.abonnement
    WHERE e.etat = 'a-livrer' GROUP BY 1
) w ON w.partenaire = p.code
LEFT JOIN livraisons l ON l.numero = w.premiere
LEFT JOIN (
    SELECT a.partenaire, count(*) AS arretees FROM files q JOIN abonnements a ON a.id = q.abonnement
    WHERE q.restants > 0 AND q.essais > 0 GROUP BY 1
) f ON f.partenaire = p.code
WHERE EXISTS (SELECT FROM abonnements a WHERE a.partenaire = p.code)
"""


def application(pool: Pool, watch: Watch) -> Starlette:
    """To be served on a port that partners do not reach."""

    async def metrics(_: Request) -> Response:
        """Without the database, the counters of this process are told all the same."""
        tell_components(watch.state()["composants"])
        try:
            async with pool.acquire(timeout=2) as conn:
                OLDEST_DEPOSIT.set(await conn.fetchval(_OLDEST_DEPOSIT))
                tell_deliveries(await conn.fetch(DELIVERIES))
                tell_persons(await meter.read(conn, datetime.now(UTC)))
        except (*TRANSIENT, asyncpg.PostgresError):
            await _log.awarning("metrics.database_away")
        return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"])])


def tell_components(components: Mapping[str, Mapping[str, Any]]) -> None:
    for name, told in components.items():
        ANSWERS.labels(name).set(told["repond"])
        PARKED.labels(name).set(told.get("rebut", 0))
        UNPUBLISHED.labels(name).set(told.get("a_publier", 0))
        OLDEST_UNPUBLISHED.labels(name).set(told["a_publier_s"])
        LATE.labels(name).set(told.get("echeances_en_retard", 0))
        for stream, reader in told["lecteurs"].items():
            TO_READ.labels(name, stream).set(reader["a_lire"] + reader["en_cours"])
            STUCK.labels(name, stream).set(reader["bloque_s"])
        tell_distribution(told)


def tell_distribution(told: Mapping[str, Any]) -> None:
    """What the outgoing half alone tells."""
    if "a_distribuer" not in told:
        return
    OWED.set(told["a_distribuer"])
    HELD.clear()
    for attend, nombre in told["retenus"].items():
        HELD.labels(attend).set(nombre)
    for motif, nombre in told["sans_destinataire"].items():
        NOBODY.labels(motif).set(nombre)


def tell_persons(measures: Sequence[Mesure]) -> None:
    for one in measures:
        NAMED.labels(one.partenaire).set(one.cette_heure)
        NAMED_AT_MOST.labels(one.partenaire).set(one.personnes)
        KNOWN.labels(one.partenaire).set(one.part_connue)
        ELSEWHERE.labels(one.partenaire).set(one.part_ailleurs)
        SUSPENDED.labels(one.partenaire).set(one.est_suspendu)


def tell_deliveries(rows: Sequence[Record]) -> None:
    """Each partner by itself: one receiver that is dead hides no other."""
    OLDEST_DELIVERY.clear()
    STOPPED_QUEUES.clear()
    for row in rows:
        OLDEST_DELIVERY.labels(row["partenaire"]).set(row["age"])
        STOPPED_QUEUES.labels(row["partenaire"]).set(row["arretees"])
