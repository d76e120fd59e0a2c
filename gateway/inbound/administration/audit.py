"""The acts of the audit and of the exercises."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import asyncpg
from uuid_utils.compat import uuid7

from chassis.database import Connection
from gateway.inbound.administration.office import Fait, Geste, Refusee
from gateway.inbound.administration.partners import declared
from gateway.inbound.audit import exercises, persons, proof
from gateway.inbound.reading.contents import OPERATORS
from gateway.pseudonyms import Pseudonyms
from relais_contrats.administration.audit import Panne, Rien, UnePersonne, UnExercice, UnExerciceEnCours

_OPENED_FOR = timedelta(hours=1)


def gestes(pseudonyms: Pseudonyms, *, bac_a_sable: bool) -> Mapping[str, Geste]:
    def in_a_sandbox() -> None:
        if not bac_a_sable:
            raise Refusee("hors-bac-a-sable", "Ce relais n'est pas un bac à sable (RELAIS_BAC_A_SABLE=1).")

    async def verifier(conn: Connection, _: Rien, now: datetime) -> Fait:
        id_ = uuid7()
        if not await proof.ask(conn, id_, now):
            raise Refusee("deja-demande", "Une vérification est déjà en cours.")
        return Fait(str(id_))

    async def ouvrir(conn: Connection, corps: UnePersonne, now: datetime) -> Fait:
        parcours, until = pseudonyms.read(OPERATORS, corps.parcours), now + _OPENED_FOR
        if parcours is None or not await persons.open_for(conn, uuid7(), parcours, now, until):
            raise Refusee("parcours-inconnu", "Aucune personne n'est connue sous ce pseudonyme.", "/parcours")
        return Fait(corps.parcours, None, {"jusqua": until.isoformat()})

    async def demarrer(conn: Connection, corps: UnExercice, now: datetime) -> Fait:
        in_a_sandbox()
        await declared(conn, corps.partenaire)
        slow = corps.lenteur_s if corps.panne is Panne.LENT else None
        until = now + timedelta(minutes=corps.minutes)
        try:
            async with conn.transaction():
                await exercises.start(conn, uuid7(), corps.partenaire, corps.panne, slow, now, until)
        except asyncpg.ExclusionViolationError as error:
            raise Refusee("deja-en-cours", "Un exercice de ce partenaire est en cours : arrêtez-le.") from error
        return Fait(corps.partenaire, None, {"panne": corps.panne, "fin": until.isoformat()})

    async def arreter(conn: Connection, corps: UnExerciceEnCours, now: datetime) -> Fait:
        in_a_sandbox()
        partenaire = await exercises.end(conn, corps.exercice, now)
        if partenaire is None:
            raise Refusee("inconnu", "Cet exercice n'est pas en cours.", "/exercice")
        return Fait(partenaire, None, {"exercice": str(corps.exercice)})

    return {
        "preuve-verifier": verifier,
        "personne-ouvrir": ouvrir,
        "exercice-demarrer": demarrer,
        "exercice-arreter": arreter,
    }
