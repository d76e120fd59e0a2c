"""Adds to a service the undoing of its merges, and the read that reports on one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, write
from chassis.decision import Attente, Refus
from chassis.depots import Brique
from chassis.facts import Entree, Fait, FaitEnregistre
from services.dossiers.fusions.journal import A, Journal
from services.dossiers.fusions.suivi import Defusion, Lu, Retabli, Suite, Suivi
from services.service import Lecture

FUSION, DEFUSION = "usager.fusionne", "usager.defusionne"

_RETIRER = "DELETE FROM dossiers WHERE parcours = ANY($1)"
_RENDRE = """
UPDATE dossiers SET absorbe_par = r.a FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS r(nom, de, a)
WHERE dossiers.parcours = r.nom AND dossiers.absorbe_par = r.de
"""
_OUBLIER = "DELETE FROM fusions WHERE parcours && $1::uuid[]"


def defusable(brique: Brique[Any, Any, Any, Any], journal: Journal[A]) -> Brique[Any, Any, Any, Any]:
    """The same service, that can undo its merges."""

    def lire(entree: Entree) -> Any:
        if entree.nature != "evenement":
            return brique.lire(entree)
        if entree.type == DEFUSION and entree.agregat:
            return Defusion(entree.agregat, UUID(entree.donnees["annule"]))
        message = brique.lire(entree)
        if message is None or isinstance(message, Refus):
            return message
        return Lu(message, entree.id, entree.cause, est_fusion=entree.type == FUSION)

    async def charger(conn: Connection, lus: Sequence[Any]) -> Suivi[A]:
        defaites = [lu.annule for lu in lus if isinstance(lu, Defusion)]
        causes = {lu.cause for lu in lus if isinstance(lu, Lu) and lu.cause}
        # An event of the batch may be the cause of the next one.
        connues = await journal.connues(conn, defaites, list(causes))
        messages = [lu.message if isinstance(lu, Lu) else lu for lu in lus if not isinstance(lu, Defusion)]
        messages += [journal.nommer(f.conserve, f.noms[1:]) for f in connues]
        return Suivi(await brique.charger(conn, messages), journal, connues)

    def decider(situation: Any, lu: Any, maintenant: datetime) -> Sequence[Any] | Refus | Attente:
        if isinstance(situation, Suite):
            return situation.faits
        return brique.decider(situation, lu.message if isinstance(lu, Lu) else lu, maintenant)

    def traduire(fait: Any) -> Fait | None:
        return None if isinstance(fait, Retabli) else brique.traduire(fait)

    async def enregistrer(conn: Connection, suivi: Suivi[A], faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        suivi.sceller()
        await journal.retenir(conn, list(suivi.changees.values()))
        if suivi.retablis:
            await conn.execute(_RETIRER, suivi.retablis)
        await brique.enregistrer(conn, suivi.dossiers, faits)
        await write(conn, _RENDRE, suivi.rendus)
        if suivi.dossiers.erased:
            await conn.execute(_OUBLIER, suivi.dossiers.erased)

    entend = brique.entend | {DEFUSION}
    return Brique(brique.nom, lire, charger, decider, traduire, enregistrer, brique.sceaux, entend)


def lecture(brique: Brique[Any, Any, Any, Any], journal: Journal[A]) -> Lecture:
    """`lecture.<service>.defusion` `{depot}` → whether the merge of this deposit is undone, and what stands on it."""

    async def defusion(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
        connues = await journal.connues(conn, [UUID(demande["depot"])])
        if not connues:
            return {"etat": "inconnue"}
        [fusion] = connues
        if fusion.est_defaite:
            return {"etat": "faite"}
        dossiers = await brique.charger(conn, [journal.nommer(fusion.conserve, fusion.noms[1:])])
        conserve = dossiers[fusion.conserve]
        if conserve is None or fusion.conserve not in fusion.apres:
            return {"etat": "inconnue"}
        depend = journal.depend(fusion.avant[fusion.conserve], fusion.apres[fusion.conserve], conserve)
        return {"etat": "connue"} | ({"depend": depend} if depend else {})

    return defusion
