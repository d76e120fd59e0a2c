"""Of two messages on one object, the later instant holds, in whichever order they arrive.

The one rule of the order (decisions 0020 and 0034), put around the decision of a service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, write
from chassis.decision import Attente, Refus
from chassis.depots import Brique
from chassis.facts import Entree, Fait, FaitEnregistre
from relais_contrats.ordre import dit_a, objets_dits

_KNOWN = "SELECT objet, dit_a FROM derniers_mots WHERE objet = ANY($1)"
_SAVE = """
INSERT INTO derniers_mots AS d (objet, agregat, dit_a) SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[])
ON CONFLICT (objet) DO UPDATE SET dit_a = greatest(d.dit_a, EXCLUDED.dit_a)
"""


@dataclass(frozen=True, slots=True)
class Dit:
    """A message, and the keys of the objects that it changes, by pointer into the deposit."""

    message: Any
    agregat: UUID | None
    objets: Mapping[str, str]
    dit_a: datetime


@dataclass(slots=True)
class Mots:
    """The instant of the last message on each object; `dits`: the instants that a batch changes."""

    connus: dict[str, datetime]
    dits: dict[str, tuple[UUID | None, datetime]] = field(default_factory=dict)

    def refus(self, dit: Dit) -> Refus | None:
        """Of two words of one instant, the one that came last holds."""
        for pointeur, objet in dit.objets.items():
            if (connu := self.connus.get(objet)) and dit.dit_a < connu:
                return Refus("version-perimee", "/time", {"objet": pointeur, "dit_a": connu.isoformat()})
        return None

    def retenir(self, dit: Dit, decision: Sequence[Any] | Refus | Attente) -> None:
        """Store the instant of an accepted message, or of one that came too early for the state of its object: an older
        one that arrives later is out of date."""
        for pointeur, objet in dit.objets.items():
            if isinstance(decision, Refus):
                retenu = (decision.code, decision.pointeur) == ("etat-interdit", pointeur)
            else:
                retenu = not isinstance(decision, Attente)
            if retenu:
                self.connus[objet] = max(self.connus.get(objet, dit.dit_a), dit.dit_a)
                self.dits[objet] = (dit.agregat, self.connus[objet])


class Suivis:
    """The dossiers of a batch, with the words on their objects."""

    def __init__(self, dossiers: Any, mots: Mots) -> None:
        self.dossiers, self.mots = dossiers, mots
        self.appliquer, self.echeances = dossiers.appliquer, dossiers.echeances

    def de(self, dit: Dit) -> tuple[Any, Mots]:
        return self.dossiers.de(dit.message), self.mots


def in_order(brique: Brique[Any, Any, Any, Any]) -> Brique[Dit, tuple[Any, Mots], Any, Suivis]:
    """Return the same service, which refuses a message older than the last one on its object."""

    def lire(entree: Entree) -> Dit | Refus | None:
        lu = brique.lire(entree)
        if lu is None or isinstance(lu, Refus):
            return lu
        objets = objets_dits(entree.type, entree.donnees, str(entree.agregat)) if entree.nature == "depot" else {}
        return Dit(lu, entree.agregat, objets, dit_a(entree.survenu_a, entree.recu_a))

    async def charger(conn: Connection, dits: Sequence[Dit]) -> Suivis:
        dossiers = await brique.charger(conn, [dit.message for dit in dits])
        objets = {objet for dit in dits for objet in dit.objets.values()}
        rows = await conn.fetch(_KNOWN, list(objets)) if objets else []
        return Suivis(dossiers, Mots({row["objet"]: row["dit_a"] for row in rows}))

    def decider(situation: tuple[Any, Mots], dit: Dit, maintenant: datetime) -> Sequence[Any] | Refus | Attente:
        dossier, mots = situation
        decision = mots.refus(dit) or brique.decider(dossier, dit.message, maintenant)
        mots.retenir(dit, decision)
        return decision

    async def enregistrer(conn: Connection, suivis: Suivis, faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        await write(conn, _SAVE, [(objet, *mot) for objet, mot in sorted(suivis.mots.dits.items())])
        await brique.enregistrer(conn, suivis.dossiers, faits)  # what it erases leaves no word either

    return Brique(brique.nom, lire, charger, decider, brique.traduire, enregistrer, brique.sceaux, brique.entend)
