"""The acts on partners."""

from datetime import datetime

from chassis.database import Connection, Record
from gateway import partners
from gateway.inbound.administration.office import Fait, Geste, Refusee
from relais_contrats.administration import partenaires as demandes


async def suspendre(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _set_state(conn, corps.partenaire, "suspendu", now)


async def reprendre(conn: Connection, corps: demandes.UnPartenaire, now: datetime) -> Fait:
    return await _set_state(conn, corps.partenaire, "actif", now)


async def _set_state(conn: Connection, code: str, etat: str, now: datetime) -> Fait:
    before = await declared(conn, code)
    if before["etat"] == etat:
        raise Refusee("deja-traite", f"Le partenaire {code} est déjà {etat}.")
    await partners.changer_etat(conn, code=code, etat=etat, maintenant=now)
    return Fait(code, {"etat": before["etat"]}, {"etat": etat})


async def declared(conn: Connection, code: str) -> Record:
    """The partner as it is declared, locked. Raises Refusee."""
    row = await partners.declare(conn, code=code)
    if row is None:
        raise Refusee("inconnu", f"Partenaire inconnu : {code}.", "/partenaire")
    return row


GESTES: dict[str, Geste] = {
    "partenaire-suspendre": suspendre,
    "partenaire-reprendre": reprendre,
}
