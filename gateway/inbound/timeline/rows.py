"""All that the hub keeps about one message, read in one go. SQL only: `steps` and `receivers` say what it means."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from coffre.keys import Vault
from gateway import sealing
from gateway.inbound.timeline.lookup import Cle, Personne, family, person
from gateway.pseudonyms import Pseudonyms, belonging

_DEPOSIT = """
SELECT id, numero, partenaire, message, type, brique, parcours, finalite, recu_a, trace, etat, essais, prochain_essai,
    regle_a, reponse, reponse_scellee, attend
FROM depots WHERE (partenaire, message) = ($1, $2)
"""
# By its id where it had one; one that could not be read has its own number only.
_REFUSALS = """
SELECT numero, partenaire, message, type, code, statut, pointeurs, ligne, trace, a FROM refus_de_depot
WHERE (partenaire, message) = ($1, $2::text) OR numero = $3::bigint ORDER BY numero LIMIT 20
"""
_AHEAD = """
SELECT partenaire, message, type, etat, recu_a FROM depots
WHERE parcours = $1 AND etat IN ('en-attente', 'rebut') AND numero < $2 ORDER BY numero LIMIT 1
"""
_EVENTS = """
SELECT id, parcours, type, recu_a, corps ->> 'causeid' AS cause, corps ->> 'source' AS source,
    corps ->> 'departement' AS departement
FROM evenements WHERE parcours = ANY($1) OR id = ANY($2) ORDER BY recu_a, id
"""
_HELD = """
SELECT id, type, brique, attend, depuis, entree ->> 'causeid' AS cause, entree ->> 'source' AS source
FROM retenus WHERE agregat = ANY($1) OR id = ANY($2) ORDER BY depuis, id
"""
_ASIDE = """
SELECT id, nature, type, brique, etat, raison, echecs, parque_a, entree ->> 'causeid' AS cause,
    entree ->> 'source' AS source
FROM rebut WHERE agregat = ANY($1) OR id = ANY($2) ORDER BY parque_a, id
"""
_NOBODY = "SELECT evenement AS id, type, motif, a FROM sans_destinataire WHERE evenement = ANY($1) ORDER BY a"
_GESTURES = "SELECT rebut, geste, par, motif, a FROM gestes WHERE rebut = ANY($1) ORDER BY numero"
_DELIVERIES = """
SELECT numero, partenaire, evenement, parcours, type, roles, a, retenue, relaisnumero
FROM livraisons WHERE evenement = ANY($1) ORDER BY numero
"""
# `tete`: what its queue, one parcours of one subscription, is at.
_SENDINGS = """
SELECT v.livraison, v.abonnement, v.etat, v.essais, v.code, v.erreur, v.essaye_a, v.tentatives,
    f.essais AS echecs_de_file, f.prochain_a, (
        SELECT min(w.livraison) FROM envois w
        WHERE (w.abonnement, w.parcours, w.etat) = (v.abonnement, v.parcours, 'a-livrer')
    ) AS tete
FROM envois v LEFT JOIN files f USING (abonnement, parcours) WHERE v.livraison = ANY($1)
ORDER BY v.livraison, v.abonnement
"""
_SUBSCRIPTIONS = """
SELECT id, partenaire, types, etat, cree_a, suspendu_a, echecs, rouvre_a FROM abonnements
WHERE partenaire = ANY($1) ORDER BY cree_a
"""
_CURSORS = "SELECT partenaire, numero, acquitte_a FROM curseurs WHERE partenaire = ANY($1)"
# Which pages of their feeds showed the parcours.
_READS = """
SELECT partenaire, a FROM acces
WHERE parcours && $1 AND partenaire = ANY($2) AND a >= $3 AND quoi = 'GET /v1/evenements' AND resultat = 200
ORDER BY a LIMIT 500
"""
_PARTICIPANTS = """
SELECT partenaire, role, depuis, fin FROM participations WHERE parcours = ANY($1) ORDER BY depuis, partenaire, role
"""


@dataclass
class Lignes:
    """The rows that one message left. `depot` has its answer in `reponse`, unless an erasure closed it (`est_close`);
    an event that a clock led to has none."""

    cle: Cle
    refus: Sequence[Record] = ()
    depot: dict[str, Any] | None = None
    devant: Record | None = None
    personne: Personne | None = None
    evenements: Sequence[Record] = ()
    retenus: Sequence[Record] = ()
    rebuts: Sequence[Record] = ()
    muets: Sequence[Record] = ()
    gestes: Sequence[Record] = ()
    livraisons: Sequence[Record] = ()
    envois: Sequence[Record] = ()
    abonnements: Sequence[Record] = ()
    curseurs: Mapping[str, Record] = field(default_factory=dict)
    lectures: Sequence[Record] = ()
    participants: Sequence[Record] = ()
    ecartes: Sequence[Mapping[str, Any]] = ()
    """What services set aside of it: theirs to tell, over the bus."""
    muets_services: Sequence[str] = ()
    """Services that could not be asked."""

    @property
    def ids(self) -> list[UUID]:
        """The deposit and its events: what a service may have set aside."""
        deposits = [self.depot["id"]] if self.depot else []
        return [*deposits, *(row["id"] for row in (*self.evenements, *self.retenus))]


async def load(conn: Connection, vault: Vault, pseudonyms: Pseudonyms, cle: Cle) -> Lignes:
    found = Lignes(cle)
    found.refus = await conn.fetch(_REFUSALS, cle.partenaire, cle.message, cle.refus)
    deposits = await conn.fetch(_DEPOSIT, cle.partenaire, cle.message)
    found.depot = next(iter(await sealing.open_answers(vault, conn, deposits)), None)
    parcours = found.depot["parcours"] if found.depot else cle.parcours
    names = await family(conn, parcours) if parcours else []
    if names:
        found.personne = await person(conn, names)
        found.participants = await conn.fetch(_PARTICIPANTS, names)
        if found.depot and found.personne.efface_a and found.depot["type"] != sealing.EFFACEMENT:
            # Its key is destroyed; this process may still have it for a moment.
            found.depot |= {"reponse": None, "est_close": True}
    if found.depot and parcours and found.depot["etat"] == "en-attente":
        found.devant = await conn.fetchrow(_AHEAD, parcours, found.depot["numero"])
    await _follow(conn, found, names, _named(found, pseudonyms))
    await _received(conn, found)
    return found


def _named(found: Lignes, pseudonyms: Pseudonyms) -> set[UUID]:
    """The events that the answer to the deposit names, as its emitter reads them; the one that was looked for."""
    ids = {found.cle.evenement} if found.cle.evenement else set()
    answer = (found.depot or {}).get("reponse") or {}
    return ids | {pseudonyms.read_event(found.cle.partenaire, UUID(name)) for name in answer.get("evenements", ())}


async def _follow(conn: Connection, found: Lignes, names: Collection[UUID], ids: set[UUID]) -> None:
    """Of all that was told of the parcours, what the deposit led to, one from the other."""
    events, held, aside = [await conn.fetch(query, list(names), list(ids)) for query in (_EVENTS, _HELD, _ASIDE)]
    causes = {str(id_) for id_ in ids}
    if found.depot:
        causes |= {str(found.depot["id"]), belonging(found.depot["partenaire"], found.depot["message"])}
        ids.add(found.depot["id"])
    rows = [*events, *held, *aside]
    while following := [row for row in rows if row["id"] not in ids and row["cause"] in causes]:
        ids |= {row["id"] for row in following}
        causes |= {str(row["id"]) for row in following}
    found.evenements, found.retenus, found.rebuts = (_among(rows, ids) for rows in (events, held, aside))
    found.muets = await conn.fetch(_NOBODY, list(ids))
    found.gestes = await conn.fetch(_GESTURES, list(ids))


def _among(rows: Iterable[Record], ids: Collection[UUID]) -> list[Record]:
    return [row for row in rows if row["id"] in ids]


async def _received(conn: Connection, found: Lignes) -> None:
    if not found.evenements:
        return
    found.livraisons = await conn.fetch(_DELIVERIES, [row["id"] for row in found.evenements])
    if not found.livraisons:
        return
    partners = sorted({row["partenaire"] for row in found.livraisons})
    found.envois = await conn.fetch(_SENDINGS, [row["numero"] for row in found.livraisons])
    found.abonnements = await conn.fetch(_SUBSCRIPTIONS, partners)
    found.curseurs = {row["partenaire"]: row for row in await conn.fetch(_CURSORS, partners)}
    shown = list({row["parcours"] for row in found.livraisons})
    since = min(row["a"] for row in found.livraisons)
    found.lectures = await conn.fetch(_READS, shown, partners, since)
