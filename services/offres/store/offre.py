"""How the brique decides on the offer beside its dossiers: a deposit about it names no parcours (decision 0064)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

from chassis.database import Connection, write
from chassis.decision import Attente, Refus
from chassis.depots import Brique
from chassis.facts import Entree, Fait, FaitEnregistre
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.v1 import offres as contrat
from services.dossiers.brique import recu
from services.dossiers.modele import NOMS
from services.dossiers.regles import Dit, classe_du_fait
from services.dossiers.vie import Situation
from services.offres import lieux
from services.offres.domain import OFFRE
from services.offres.domain.offre import Depose, SourceLiee, Vitrine, cle, source_de
from services.offres.store import catalogue, doublons, retraits
from services.offres.store.catalogue import RetraitOffre

FLUX = "OFFRES"
# Of the structures and services, which have keys of their own: the same one makes the same aggregate for ever.
_ESPACE = UUID("6f0c1c1e-31f1-5d0b-9a55-2a1df0c2a7e4")

_LIVE = """
SELECT 'structure' AS genre, id FROM structures WHERE id = ANY($1) AND retire_a IS NULL
UNION ALL SELECT 'service', id FROM services WHERE id = ANY($1) AND retire_a IS NULL
"""
_WITHDRAWN = "SELECT genre, id FROM retraits WHERE genre IN ('structure', 'service') AND id = ANY($1)"
_SOURCES = "SELECT source, partenaire FROM sources_liees WHERE source = ANY($1)"
# Without ON CONFLICT: of two partners that take the same source at once, one starts again and is refused.
_BIND = "INSERT INTO sources_liees (source, partenaire) SELECT * FROM unnest($1::text[], $2::text[])"


class Lots:
    """The dossiers of a batch beside what it names of the offer: `chassis.depots.Dossiers`."""

    def __init__(self, vitrine: Vitrine, deposes: Sequence[Depose], dossiers: Any) -> None:
        self.deposes, self.dossiers = deposes, dossiers
        self.echeances = dossiers.echeances
        self.faits: list[Any] = []
        self._vitrine = vitrine

    def de(self, lu: Any) -> Any:
        return Situation(self._vitrine, contexte=lu) if isinstance(lu, Depose) else self.dossiers.de(lu)

    def appliquer(self, fait: Any) -> None:
        if _est_de_l_offre(fait):
            self._vitrine = OFFRE.replier(self._vitrine, fait)
            self.faits.append(fait)
        else:
            self.dossiers.appliquer(fait)


def avec_l_offre(parcours: Brique[Any, Any, Any, Any]) -> Brique[Any, Any, Any, Any]:
    """The same brique, that decides on the offer too. `OFFRE` has its rules and folds; its facts go to `FLUX`."""

    def lire(entree: Entree) -> Any:
        return parcours.lire(entree) if entree.agregat else _lire(entree)

    async def charger(conn: Connection, lus: Sequence[Any]) -> Lots:
        deposes = [lu for lu in lus if isinstance(lu, Depose)]
        vitrine = await _exposer(conn, deposes)  # before any other lock: an import takes that of the catalogue first
        return Lots(vitrine, deposes, await parcours.charger(conn, [lu for lu in lus if not isinstance(lu, Depose)]))

    def decider(situation: Any, lu: Any, maintenant: datetime) -> Sequence[Any] | Refus | Attente:
        if isinstance(lu, Depose):
            return OFFRE.regles[lu.recu.cle](situation, lu.recu, maintenant)
        return parcours.decider(situation, lu, maintenant)

    def traduire(fait: Any) -> Fait | None:
        return _publier(fait) if _est_de_l_offre(fait) else parcours.traduire(fait)

    async def enregistrer(conn: Connection, lots: Lots, faits: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        if lots.faits:
            await _ecrire(conn, lots.faits, max(depose.recu.recu_a for depose in lots.deposes))
        await parcours.enregistrer(conn, lots.dossiers, faits)

    return Brique(parcours.nom, lire, charger, decider, traduire, enregistrer, parcours.sceaux, parcours.entend)


def _lire(entree: Entree) -> Depose:
    """Raises KeyError on a deposit that is not about the offer."""
    data: Any = CATALOGUE[entree.type].modele.model_validate(entree.donnees)
    if type(data) not in OFFRE.regles:
        raise KeyError(entree.type)
    lu = recu(replace(entree, agregat=uuid5(_ESPACE, data.id)), entree.type, data)
    return Depose(lu, entree.donnees, lieux.lieu_inconnu(entree.donnees))


async def _exposer(conn: Connection, deposes: Sequence[Depose]) -> Vitrine:
    """Be the only writer of the catalogue, and look up what is named: a service names its structure too."""
    if not deposes:
        return Vitrine({}, frozenset(), frozenset(), {})
    await catalogue.verrouiller(conn)
    dits = [depose.recu.data for depose in deposes]
    ids = list({dit.id for dit in dits} | {dit.structure_id for dit in dits if isinstance(dit, contrat.ServicePublie)})
    sources = list({source_de(dit.id) for dit in dits})
    return Vitrine(
        {row["source"]: row["partenaire"] for row in await conn.fetch(_SOURCES, sources)},
        frozenset((row["genre"], row["id"]) for row in await conn.fetch(_LIVE, ids)),
        frozenset((row["genre"], row["id"]) for row in await conn.fetch(_WITHDRAWN, ids)),
        await retraits.prevus(conn, ids),
    )


def _est_de_l_offre(fait: Any) -> bool:
    return classe_du_fait(fait) in OFFRE.replis


def _publier(fait: Any) -> Fait | None:
    if not isinstance(fait, Dit):
        return None
    return Fait(NOMS[type(fait.data)], fait.parcours, fait.departement, fait.data.en_json(), flux=FLUX)


async def _ecrire(conn: Connection, faits: Sequence[Any], instant: datetime) -> None:
    """In the order of the deposits: what is withdrawn then published again is offered, and the other way round."""
    liees = [fait for fait in faits if isinstance(fait, SourceLiee)]
    await write(conn, _BIND, [(liee.source, liee.partenaire) for liee in liees])
    dits = [fait for fait in faits if isinstance(fait, Dit)]
    for est_retrait, suite in groupby(dits, lambda fait: isinstance(fait.data, contrat.Retrait)):
        groupe = [(cle(fait.data), fait) for fait in suite]
        await retraits.deprevoir(conn, [une for une, _ in groupe])
        if est_retrait:
            await retraits.prevoir(conn, {une: fait for une, fait in groupe if fait.garde})
            dus = [RetraitOffre(f.data.id, une[0], f.data.date, f.data.raison) for une, f in groupe if not f.garde]
            await catalogue.retirer(conn, dus, instant)
        else:
            fiches = {genre: [f.garde for une, f in groupe if une[0] == genre] for genre in ("structure", "service")}
            await catalogue.publier(conn, fiches["structure"], fiches["service"], instant)
            await doublons.signaler(conn, [structure["id"] for structure in fiches["structure"]], instant)
