"""The acts on what proves who a partner is: its keys, its client certificates, the secret of the profil hérité."""

from datetime import datetime, timedelta

import asyncpg

from chassis.database import Connection
from gateway import partners
from gateway.inbound.administration.office import Fait, Geste, Refusee
from gateway.inbound.administration.partners import declared, told
from relais_contrats.administration import partenaires as demandes
from relais_contrats.oauth.keys import cle_a_inscrire
from relais_contrats.partenaires import CLIENT_PREFIX

_KEYS = "SELECT kid FROM cles_partenaire WHERE partenaire = $1 AND fin > $2 ORDER BY debut"


async def cle(conn: Connection, corps: demandes.CleChangee, now: datetime) -> Fait:
    row, code = await declared(conn, corps.partenaire), corps.partenaire
    previous = [one["kid"] for one in await conn.fetch(_KEYS, code, now)]
    end = now + timedelta(days=corps.recouvrement)
    with told():
        jwk = cle_a_inscrire(corps.cle)
        try:
            await partners.ajouter_cle(conn, code=code, jwk=jwk, debut=now, fin=now + partners.KEY_LIFETIME)
        except asyncpg.UniqueViolationError as error:
            raise Refusee("deja-la", f"Le partenaire {code} a déjà cette clé.", "/cle") from error
    for kid in previous:
        await partners.retirer_cle(conn, code=code, kid=kid, maintenant=end)
    after = {"kid": jwk["kid"], "fin": now + partners.KEY_LIFETIME, "fin_des_precedentes": end}
    return Fait(code, {"cles": previous}, after, {"kid": jwk["kid"], "alg": jwk["alg"], "scopes": row["scopes"]})


async def certificat(conn: Connection, corps: demandes.CertificatChange, now: datetime) -> Fait:
    await declared(conn, corps.partenaire)
    end = now + timedelta(days=corps.recouvrement)
    with told():
        try:
            registered = await partners.changer_certificat(
                conn, code=corps.partenaire, pem=corps.certificat.encode(), maintenant=now, fin_des_autres=end
            )
        except asyncpg.UniqueViolationError as error:
            raise Refusee("deja-la", "Ce certificat est déjà enregistré : il désigne un partenaire.") from error
    after = {"x5t": registered.x5t, "fin": registered.fin, "fin_des_precedents": end}
    return Fait(corps.partenaire, None, after, {"x5t": registered.x5t})


async def herite(conn: Connection, corps: demandes.HeriteOuvert, now: datetime) -> Fait:
    """The secret is in the answer, and nowhere else."""
    await declared(conn, corps.partenaire)
    end = now + timedelta(days=corps.jours)
    secret = await partners.ouvrir_herite(
        conn,
        code=corps.partenaire,
        maintenant=now,
        expire_le=end,
        fin_des_autres=now + timedelta(days=corps.recouvrement),
    )
    shown = {"client_id": CLIENT_PREFIX + corps.partenaire, "client_secret": secret, "expire_le": end}
    return Fait(corps.partenaire, None, {"expire_le": end}, shown)


async def sortir_herite(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    await declared(conn, corps.partenaire)
    if not await partners.fermer_herite(conn, code=corps.partenaire):
        raise Refusee("deja-traite", f"Le partenaire {corps.partenaire} n'est pas au profil hérité.")
    return Fait(corps.partenaire, {"profil_herite": True}, {"profil_herite": False})


GESTES: dict[str, Geste] = {
    "partenaire-cle": cle,
    "partenaire-certificat": certificat,
    "partenaire-herite": herite,
    "partenaire-sortir-herite": sortir_herite,
}
