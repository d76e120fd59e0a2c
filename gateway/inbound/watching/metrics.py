"""`/metrics` for Prometheus, on the operators' port: requests, messages and what waits. Labels never name a person."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
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

ALARMS = Gauge("relais_alertes_ouvertes", "Alertes ouvertes, par nature.", ("nature",), registry=REGISTRY)
KEY_ENDS = Gauge(
    "relais_cle_fin_jours",
    "Jours avant la fin de la dernière clé de ce partenaire.",
    ("partenaire",),
    registry=REGISTRY,
)
CONVENTION_ENDS = Gauge(
    "relais_convention_fin_jours",
    "Jours avant la fin de cette convention.",
    ("partenaire", "finalite"),
    registry=REGISTRY,
)
DISK = Gauge(
    "relais_disque_libre_part", "Part libre du disque de ce dossier, de 0 à 1.", ("dossier",), registry=REGISTRY
)
REPLICATION = Gauge(
    "relais_replication_retard_octets",
    "Journal que cette copie de la base n'a pas rejoué.",
    ("copie",),
    registry=REGISTRY,
)

_OPEN_ALARMS = "SELECT nature, count(*) AS nombre FROM alertes WHERE close_a IS NULL GROUP BY 1"
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

# Keys and conventions that end, in days; copies of the database, in MB of its log that they have not replayed.
ENDS = """
SELECT 'cle-bientot-finie' AS nature, p.code AS objet,
    extract(epoch FROM max(c.fin) - $1)::float8 / 86400 AS valeur
FROM partenaires p JOIN (
    SELECT partenaire, fin FROM cles_partenaire UNION ALL SELECT partenaire, fin FROM certificats_partenaire
) c ON c.partenaire = p.code
WHERE p.etat = 'actif' GROUP BY p.code
UNION ALL
SELECT 'convention-bientot-finie', p.code || '/' || (c ->> 'finalite'),
    extract(epoch FROM max((c ->> 'date_fin')::date + 1)::timestamptz - $1)::float8 / 86400
FROM partenaires p, jsonb_array_elements(p.conventions) AS c
WHERE p.etat = 'actif' GROUP BY p.code, c ->> 'finalite' HAVING bool_and(c ->> 'date_fin' IS NOT NULL)
UNION ALL
SELECT 'replication', copie, max(octets) / 1e6 FROM retards_de_replication() GROUP BY copie
"""


def application(pool: Pool, watch: Watch, folders: Sequence[Path] = ()) -> Starlette:
    """To be served on a port that partners do not reach."""

    async def metrics(_: Request) -> Response:
        """Without the database, the counters of this process are told all the same."""
        tell_components(watch.state()["composants"])
        tell_disks(folders)
        try:
            async with pool.acquire(timeout=2) as conn:
                OLDEST_DEPOSIT.set(await conn.fetchval(_OLDEST_DEPOSIT))
                tell_deliveries(await conn.fetch(DELIVERIES))
                tell_persons(await meter.read(conn, now := datetime.now(UTC)))
                tell_ends(await conn.fetch(ENDS, now))
                tell_alarms(await conn.fetch(_OPEN_ALARMS))
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


def tell_disks(folders: Sequence[Path]) -> None:
    for folder, used in disks(folders):
        DISK.labels(str(folder)).set(used.free / used.total)


def disks(folders: Sequence[Path]) -> list[tuple[Path, Any]]:
    """The folders that are there, each with the room of its disk."""
    return [(folder, shutil.disk_usage(folder)) for folder in folders if folder.exists()]


def tell_ends(rows: Sequence[Record]) -> None:
    """What will end, and how late the copies of the database are."""
    for gauge in (KEY_ENDS, CONVENTION_ENDS, REPLICATION):
        gauge.clear()
    for row in rows:
        match row["nature"]:
            case "cle-bientot-finie":
                KEY_ENDS.labels(row["objet"]).set(row["valeur"])
            case "convention-bientot-finie":
                CONVENTION_ENDS.labels(*row["objet"].split("/", 1)).set(row["valeur"])
            case "replication":
                REPLICATION.labels(row["objet"]).set(row["valeur"] * 1e6)


def tell_alarms(rows: Sequence[Record]) -> None:
    ALARMS.clear()
    for row in rows:
        ALARMS.labels(row["nature"]).set(row["nombre"])


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
