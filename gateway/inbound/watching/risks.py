"""What an operator should look at, told to the console over the bus: partners and queues by code, never a person."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from chassis.database import Pool, Record
from gateway import conformity
from gateway.inbound.request.counters import DES_PERSONNES
from gateway.inbound.watching.exploration import Parts, alarmes
from gateway.inbound.watching.watch import Anomalie, Watch

SUBJECT = "lecture.passerelle.risques"

# One row per risk: `echeance` is when it comes true, or since when it is.
_RISKS = """
SELECT 'profil-herite' AS nature, partenaire, NULL::uuid AS abonnement, max(expire_le) AS echeance, 1 AS nombre
FROM secrets_herites GROUP BY partenaire
UNION ALL
SELECT 'cle-bientot-finie', p.code, NULL, max(c.fin), 1
FROM partenaires p JOIN (
    SELECT partenaire, fin FROM cles_partenaire UNION ALL SELECT partenaire, fin FROM certificats_partenaire
) c ON c.partenaire = p.code
WHERE p.etat = 'actif' GROUP BY p.code HAVING max(c.fin) < $1::timestamptz + interval '30 days'
UNION ALL
SELECT 'abonnement-suspendu', partenaire, id, premier_echec_a, 1 FROM abonnements WHERE etat = 'suspendu'
UNION ALL
SELECT 'livraisons-arretees', a.partenaire, a.id, min(f.premier_echec_a), count(*)
FROM files f JOIN abonnements a ON a.id = f.abonnement
WHERE f.restants > 0 AND f.essais > 0 GROUP BY a.id
UNION ALL
SELECT 'depots-en-attente', partenaire, NULL, min(recu_a), count(*)
FROM depots WHERE etat = 'en-attente' AND recu_a < $1::timestamptz - interval '1 minute' GROUP BY partenaire
ORDER BY nature, echeance, partenaire
"""


_PERSONS = """
SELECT partenaire, debut, jsonb_object_agg(nature, nombre) AS nombres FROM compteurs
WHERE nature = ANY($1) AND debut > $2::timestamptz - interval '24 hours' GROUP BY partenaire, debut ORDER BY debut DESC
"""


def answering(pool: Pool, watch: Watch, parts: Parts) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(_: bytes) -> bytes:
        now = datetime.now(UTC)
        async with pool.acquire() as conn:
            rows = [dict(row) for row in await conn.fetch(_RISKS, now)]
            hours = await conn.fetch(_PERSONS, list(DES_PERSONNES), now)
            certificates = map(_of_a_certificate, await conformity.to_renew(conn, now))
        components = map(_of_a_component, watch.anomalies())
        return orjson.dumps([*components, *_explorations(hours, parts), *certificates, *rows])

    return answer


def _of_a_component(anomalie: Anomalie) -> dict[str, Any]:
    told = {"nature": anomalie.nature, "partenaire": anomalie.composant, "abonnement": None}
    return told | {"echeance": anomalie.depuis, "nombre": anomalie.nombre}


def _of_a_certificate(one: conformity.ToRenew) -> dict[str, Any]:
    told = {"nature": f"{one.nature}-{one.programme}", "partenaire": one.partenaire, "abonnement": None}
    return told | {"echeance": one.echeance, "nombre": 1}


def _explorations(hours: Iterable[Record], parts: Parts) -> Iterator[dict[str, Any]]:
    """Who named too many persons, in which hour of the last day."""
    for row in hours:
        heure = parts.heure(row["nombres"])
        for alarme in sorted(alarmes(heure)):
            yield {
                "nature": alarme,
                "partenaire": row["partenaire"],
                "abonnement": None,
                "echeance": row["debut"],
                "nombre": heure.personnes,
            }
