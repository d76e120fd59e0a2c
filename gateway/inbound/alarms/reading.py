"""Alarms as the console shows them: what is open, what was, the thresholds, whom to tell and whether it arrived."""

from collections.abc import Mapping
from typing import Any

from chassis.database import Pool
from gateway.inbound.alarms import store
from relais_contrats.administration.alertes import NATURES

_LAST = 100
_ALARMS = """
SELECT a.id, nature, objet, valeur, seuil, ouverte_a, vue_a, close_a, acquittee_a, acquittee_par, note,
    (SELECT count(*) FROM alertes_envois e WHERE e.alerte = a.id AND e.etat = 'envoye') AS envoyes,
    (SELECT count(*) FROM alertes_envois e WHERE e.alerte = a.id AND e.etat <> 'envoye') AS non_envoyes
FROM alertes a ORDER BY close_a IS NOT NULL, ouverte_a DESC LIMIT $1
"""
_ADDRESSEES = """
SELECT d.id, canal, adresse, ajoute_a, e.envoye_a, e.erreur FROM alertes_destinataires d
LEFT JOIN LATERAL (
    SELECT envoye_a, erreur FROM alertes_envois WHERE destinataire = d.id AND essais > 0
    ORDER BY coalesce(envoye_a, prochain_a) DESC LIMIT 1
) e ON true
ORDER BY ajoute_a
"""


class Alerts:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def all(self, _: Mapping[str, Any]) -> dict[str, Any]:
        async with self._pool.acquire() as conn:
            rows = [dict(row) for row in await conn.fetch(_ALARMS, _LAST)]
            addressees = [dict(row) for row in await conn.fetch(_ADDRESSEES)]
            seuils = await store.thresholds(conn)
        shown = [{"nature": nom, "seuil": seuils[nom].valeur, "actif": seuils[nom].est_actif} for nom in NATURES]
        return {"alertes": rows, "destinataires": addressees, "seuils": shown}
