"""What a partner sees of a parcours, and why: asked of the gate itself, message by message. Never of the person."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection, Pool
from gateway import participations
from gateway.inbound.timeline import lookup
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from relais_contrats import droits
from relais_contrats.catalogue import CATALOGUE, TypeMessage
from relais_contrats.droits import Demandeur, Ferme, Passage, Role
from relais_contrats.matrice import NOMS
from relais_contrats.partenaires import jour_des_conventions

SUBJECT = "lecture.passerelle.droits"


class PartnerSight:
    def __init__(self, pool: Pool, annuaire: Annuaire, pseudonyms: Pseudonyms) -> None:
        self._pool = pool
        self._annuaire = annuaire
        self._pseudonyms = pseudonyms

    async def answer(self, asked: bytes) -> bytes:
        """`{partenaire, parcours}`: with its roles there; `{partenaire, roles}`: with these. Null when unknown."""
        demande = orjson.loads(asked)
        partner = self._annuaire.partenaire(demande["partenaire"])
        if partner is None:
            return b"null"
        if "parcours" in demande:
            async with self._pool.acquire() as conn:
                found = await self._parcours(conn, demande["parcours"])
                if found is None:
                    return orjson.dumps({"connu": False, "roles": [], "messages": []})
                roles = (await participations.of_pairs(conn, [(found, partner.code)])).get((found, partner.code))
        else:
            roles = frozenset(map(Role, demande["roles"]))
        asker = Demandeur(partner, partner.scopes, jour_des_conventions(datetime.now(UTC)))
        rows = [
            _row(asker, roles or frozenset(), message) for message in CATALOGUE.values() if message.porte_sur_parcours
        ]
        return orjson.dumps({"connu": True, "roles": sorted(roles or ()), "messages": rows})

    async def _parcours(self, conn: Connection, text: str) -> UUID | None:
        found = await lookup.known(conn, self._pseudonyms, self._annuaire.codes(), text)
        return (await lookup.family(conn, found[0]))[0] if found else None


def _row(asker: Demandeur, roles: frozenset[Role], message: TypeMessage) -> Mapping[str, Any]:
    passage = droits.passer(asker, roles, message)
    sees = isinstance(passage, Passage)
    return {
        "type": message.nom,
        "titre": message.titre,
        "recoit": sees and droits.recoit(message, asker.type_organisme, roles, est_la_cause=False),
        "voit": [NOMS[groupe] for groupe in passage.groupes] if isinstance(passage, Passage) else [],
        "emet": sees and droits.peut_emettre(message, asker, roles),
        "pourquoi": _why(asker, roles, message, passage),
    }


def _why(asker: Demandeur, roles: frozenset[Role], message: TypeMessage, passage: Passage | Ferme) -> str:
    if not asker.partenaire.est_actif:
        return "Le partenaire est coupé, ou sa demande n'est pas approuvée."
    match passage:
        case Ferme.ATTENTE:
            return f"Aucune convention en vigueur pour {', '.join(sorted(message.finalites))} : cela l'attend."
        case Ferme.PARTICIPATION:
            return "Il ne participe pas à ce parcours." if not roles else "Ses rôles n'ouvrent rien ici."
        case Passage(opened, _):
            return f"Par son type ({asker.type_organisme}) et ses rôles : {', '.join(sorted(opened)) or 'aucun'}."
