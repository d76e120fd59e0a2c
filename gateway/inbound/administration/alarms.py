"""The acts on alarms: acknowledge one, set thresholds, set recipients."""

from collections.abc import Mapping
from datetime import datetime

from uuid_utils.compat import uuid7

from chassis.database import CONFLICT, Connection
from gateway.inbound.administration.office import AUTEUR, Fait, Geste, Refusee
from gateway.inbound.alarms import store
from relais_contrats.administration.alertes import (
    ESSAI,
    NouveauDestinataire,
    UnDestinataire,
    UneAlerte,
    UnEssai,
    UnSeuil,
)

_ACKNOWLEDGE = """
UPDATE alertes SET acquittee_a = $2, acquittee_par = $3, note = $4
WHERE id = $1 AND close_a IS NULL AND acquittee_a IS NULL RETURNING nature, objet
"""
_TRY = "INSERT INTO alertes (id, nature, objet, valeur, seuil, ouverte_a, vue_a) VALUES ($1, $2, $3, 0, 0, $4, $4)"
_SET = """
INSERT INTO alertes_seuils (nature, seuil, actif, change_a) VALUES ($1, $2, $3, $4)
ON CONFLICT (nature) DO UPDATE SET seuil = EXCLUDED.seuil, actif = EXCLUDED.actif, change_a = EXCLUDED.change_a
"""
_ADD = """
INSERT INTO alertes_destinataires (id, canal, adresse, ajoute_a) VALUES ($1, $2, $3, $4)
ON CONFLICT (canal, adresse) DO NOTHING RETURNING id
"""
_REMOVE = "DELETE FROM alertes_destinataires WHERE id = $1 RETURNING canal, adresse"


async def acquitter(conn: Connection, corps: UneAlerte, now: datetime) -> Fait:
    row = await conn.fetchrow(_ACKNOWLEDGE, corps.alerte, now, AUTEUR.get(), corps.note)
    if row is None:
        raise Refusee("deja-traite", "Cette alerte est finie, ou quelqu'un l'a prise.", "/alerte")
    return Fait(f"{row['nature']} {row['objet']}".strip(), None, {"alerte": str(corps.alerte), "note": corps.note})


async def essayer(conn: Connection, _: UnEssai, now: datetime) -> Fait:
    """It closes by itself, like any alarm whose cause is gone: both messages are seen to arrive."""
    alerte = uuid7()
    try:
        async with conn.transaction():
            await conn.execute(_TRY, alerte, ESSAI, AUTEUR.get(), now)
    except CONFLICT as error:
        raise Refusee("deja-traite", "Votre essai précédent n'est pas fini : attendez quelques minutes.") from error
    await store.send(conn, [alerte], "ouverture", now)
    return Fait("essai", None, {"alerte": str(alerte)})


async def regler_seuil(conn: Connection, corps: UnSeuil, now: datetime) -> Fait:
    before = (await store.thresholds(conn))[corps.nature]
    await conn.execute(_SET, corps.nature, corps.seuil, corps.actif, now)
    told = {"seuil": before.valeur, "actif": before.est_actif}
    return Fait(corps.nature, told, {"seuil": corps.seuil, "actif": corps.actif})


async def ajouter(conn: Connection, corps: NouveauDestinataire, now: datetime) -> Fait:
    added = await conn.fetchval(_ADD, uuid7(), corps.canal, corps.adresse, now)
    if added is None:
        raise Refusee("deja-traite", "Les alertes y sont déjà envoyées.", "/adresse")
    return Fait(str(added), None, {"canal": corps.canal, "adresse": corps.adresse})


async def retirer(conn: Connection, corps: UnDestinataire, _: datetime) -> Fait:
    row = await conn.fetchrow(_REMOVE, corps.destinataire)
    if row is None:
        raise Refusee("inconnu", "Ce destinataire n'existe pas.", "/destinataire")
    return Fait(str(corps.destinataire), dict(row), None)


GESTES: Mapping[str, Geste] = {
    "alerte-acquitter": acquitter,
    "alerte-essayer": essayer,
    "alerte-seuil": regler_seuil,
    "alerte-destinataire-ajouter": ajouter,
    "alerte-destinataire-retirer": retirer,
}
