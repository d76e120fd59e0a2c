"""Load under lock what a batch concerns, persons and offer, and save what it changed, one statement per table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, write
from chassis.facts import Fait, FaitEnregistre
from services.lineage import lock
from services.offres.domain import faits, messages
from services.offres.domain.dossier import Dossier, Prescription, Retrait, Service
from services.offres.domain.messages import Genre
from services.offres.store import catalogue, doublons, retraits, rows
from services.offres.store.catalogue import RetraitOffre
from services.offres.store.dossiers import Dossiers, Echeances, Vitrine, cles_nommees, services_nommes

# A message for an absorbed parcours concerns its survivor: both are locked, in one order.
_LOCK = f"""
SELECT {rows.DOSSIER} FROM dossiers WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe_par FROM dossiers WHERE parcours = ANY($1))
ORDER BY parcours FOR UPDATE
"""  # noqa: S608  constants only
_PRESCRIPTIONS = f"SELECT {rows.PRESCRIPTION} FROM prescriptions WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608

# Shared until commit: a withdrawal waits, then finds the prescription that is being written, and expires it.
_SERVICES = """
SELECT v.id, v.structure_id, coalesce(s.donnees->>'nom', v.structure_id) AS nom, s.siret
FROM services v LEFT JOIN structures s ON s.id = v.structure_id AND s.retire_a IS NULL
WHERE v.id = ANY($1) AND v.retire_a IS NULL FOR SHARE OF v
"""
_WITHDRAWN = "SELECT id, genre, date, raison FROM retraits WHERE id = ANY($1)"
_LIVE_STRUCTURES = "SELECT id FROM structures WHERE id = ANY($1) AND retire_a IS NULL"
_LIVE_SERVICES = "SELECT id FROM services WHERE id = ANY($1) AND retire_a IS NULL"
_SOURCES = "SELECT source, partenaire FROM sources_liees WHERE source = ANY($1)"
# Without ON CONFLICT: of two partners that take the same source at once, one starts again and is refused.
_BIND = "INSERT INTO sources_liees (source, partenaire) SELECT * FROM unnest($1::text[], $2::text[])"

# Without ON CONFLICT: of two replicas that open the same dossier, one starts again and finds what the other wrote.
_ADD_DOSSIERS = f"""
INSERT INTO dossiers ({rows.DOSSIER}) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::uuid[])
"""  # noqa: S608
_CHANGE_DOSSIERS = """
UPDATE dossiers d SET departement = c.departement, est_clos = c.est_clos, absorbe_par = c.absorbe_par
FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::uuid[]) AS c(parcours, departement, est_clos, absorbe_par)
WHERE d.parcours = c.parcours
"""
_SAVE_PRESCRIPTIONS = f"""
INSERT INTO prescriptions ({rows.PRESCRIPTION})
SELECT parcours, prescription_id, numero, service_id, structure_id, structure_nom, siret, prescripteur, departement,
    emise_le, action_id, etat, repondue_le, relances, fin_le, string_to_array(motifs, ' '), issue, message, motif,
    contact_prefere, disponibilite, agent
FROM unnest(
    $1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::date[], $11::text[], $12::text[], $13::date[], $14::int[], $15::date[], $16::text[], $17::text[],
    $18::text[], $19::text[], $20::text[], $21::date[], $22::text[])
    AS p({rows.PRESCRIPTION})
ON CONFLICT (parcours, prescription_id) DO UPDATE SET
    etat = EXCLUDED.etat, repondue_le = EXCLUDED.repondue_le, relances = EXCLUDED.relances, fin_le = EXCLUDED.fin_le,
    motifs = EXCLUDED.motifs, issue = EXCLUDED.issue, message = EXCLUDED.message
"""  # noqa: S608
_LEFT = "DELETE FROM prescriptions WHERE parcours = ANY($1)"
# Whoever reached an absorbed dossier through another one now reaches the survivor in one step.
_FOLLOW = """
UPDATE dossiers d SET absorbe_par = dernier.absorbe_par FROM dossiers dernier
WHERE dernier.parcours = ANY($1) AND dernier.absorbe_par IS NOT NULL AND d.absorbe_par = dernier.parcours
"""
_ERASE = "DELETE FROM dossiers WHERE parcours = ANY($1) OR absorbe_par = ANY($1) RETURNING parcours"


class Registre:
    """The dossiers in the database. `echeances` tells what falls due for one of them."""

    def __init__(self, echeances: Echeances) -> None:
        self._echeances = echeances

    async def charger(self, conn: Connection, lus: Sequence[messages.Message]) -> Dossiers:
        """Lock the rows until the transaction ends. A dossier opened twice at once is caught by its primary key."""
        if any(isinstance(lu, messages.SurLOffre) for lu in lus):
            await catalogue.verrouiller(conn)  # before any other lock: an import takes this one first too
        nommes = _nommes(lus)
        charges = await _dossiers(conn, nommes) if nommes else []
        oublies = await ledger.forgotten(conn, nommes)
        return Dossiers(charges, await _vitrine(conn, lus, charges), self._echeances, oublies)

    async def enregistrer(
        self, conn: Connection, dossiers: Dossiers, faits_dits: Sequence[tuple[Fait, FaitEnregistre]]
    ) -> None:
        if dossiers.offres:
            await _ecrire_l_offre(conn, dossiers.offres, faits_dits[0][1].survenu_a)
        if absorbes := dossiers.absorbes():
            await conn.execute(_LEFT, absorbes)
        changes = dossiers.changed()
        await write(conn, _ADD_DOSSIERS, [rows.du_dossier(dossier) for avant, dossier in changes if avant is None])
        await write(conn, _CHANGE_DOSSIERS, [rows.du_dossier(dossier) for avant, dossier in changes if avant])
        await write(conn, _SAVE_PRESCRIPTIONS, dossiers.changed_parts(rows.des_prescriptions))
        if absorbes:
            await conn.execute(_FOLLOW, absorbes)
        if dossiers.erased:
            await _effacer(conn, dossiers.erased)


async def _dossiers(conn: Connection, nommes: set[UUID]) -> list[Dossier]:
    trouves = await lock(conn, _LOCK, nommes)
    prescriptions: dict[UUID, list[Prescription]] = {}
    for row in await conn.fetch(_PRESCRIPTIONS, list(trouves)):
        prescriptions.setdefault(row["parcours"], []).append(rows.lire_prescription(row))
    return [rows.lire_dossier(row, prescriptions.get(id_, ())) for id_, row in trouves.items()]


async def _vitrine(conn: Connection, lus: Sequence[messages.Message], charges: Iterable[Dossier]) -> Vitrine:
    vitrine = Vitrine()
    await _exposer_les_services(conn, vitrine, sorted(services_nommes(lus, charges)))
    nommees = cles_nommees(lus)
    if structures := nommees[Genre.STRUCTURE]:
        vivantes = await conn.fetch(_LIVE_STRUCTURES, structures)
        vitrine.vivantes |= {(Genre.STRUCTURE, row["id"]) for row in vivantes}
    if services := nommees[Genre.SERVICE]:
        vitrine.vivantes |= {(Genre.SERVICE, row["id"]) for row in await conn.fetch(_LIVE_SERVICES, services)}
    if cles := [*structures, *services]:
        retires = await conn.fetch(_WITHDRAWN, cles)
        vitrine.retirees = {(Genre(row["genre"]), row["id"]) for row in retires}
        vitrine.prevus = await retraits.prevus(conn, cles)
        sources = {lu.source for lu in lus if isinstance(lu, messages.SurLOffre)}
        vitrine.sources = {r["source"]: r["partenaire"] for r in await conn.fetch(_SOURCES, list(sources))}
    return vitrine


async def _exposer_les_services(conn: Connection, vitrine: Vitrine, ids: list[str]) -> None:
    """A service that is published again while we wait for it is found at the second look, under its new row."""
    for _ in range(2):
        manquants = [id_ for id_ in ids if id_ not in vitrine.services]
        if not manquants:
            return
        for row in await conn.fetch(_SERVICES, manquants):
            vitrine.services[row["id"]] = Service(row["id"], row["structure_id"], row["nom"], row["siret"])
    for row in await conn.fetch(_WITHDRAWN, [id_ for id_ in ids if id_ not in vitrine.services]):
        vitrine.retraits[row["id"]] = Retrait(row["date"], row["raison"])


async def _ecrire_l_offre(conn: Connection, offres: Sequence[faits.SurLOffre], instant: datetime) -> None:
    """In the order of the deposits: what is withdrawn then published again is offered, and the other way round."""
    liees = [fait for fait in offres if isinstance(fait, faits.SourceLiee)]
    await write(conn, _BIND, [(liee.source, liee.partenaire) for liee in liees])
    for est_retrait, suite in groupby(offres, lambda fait: isinstance(fait, faits.OffreRetiree)):
        groupe = list(suite)
        await retraits.deprevoir(conn, [(f.genre, f.cle) for f in groupe if not isinstance(f, faits.SourceLiee)])
        if est_retrait:
            retires = [fait for fait in groupe if isinstance(fait, faits.OffreRetiree)]
            await retraits.prevoir(conn, [fait for fait in retires if fait.est_prevu])
            dus = [RetraitOffre(f.cle, f.genre.value, f.date, f.raison) for f in retires if not f.est_prevu]
            await catalogue.retirer(conn, dus, instant)
        else:
            publiees = [fait for fait in groupe if isinstance(fait, faits.OffrePubliee)]
            structures = [p.donnees for p in publiees if p.genre is Genre.STRUCTURE]
            services = [p.donnees for p in publiees if p.genre is Genre.SERVICE]
            await catalogue.publier(conn, structures, services, instant)
            await doublons.signaler(conn, [structure["id"] for structure in structures], instant)


def _nommes(lus: Sequence[messages.Message]) -> set[UUID]:
    absorbes = [lu.absorbes for lu in lus if isinstance(lu, messages.UsagerFusionne)]
    return {lu.parcours for lu in lus if not isinstance(lu, messages.SurLOffre)}.union(*absorbes)


async def _effacer(conn: Connection, effaces: Sequence[UUID]) -> None:
    """Nothing stays of a person here, the parcours that it had absorbed included."""
    supprimes = [row["parcours"] for row in await conn.fetch(_ERASE, effaces)]
    await ledger.forget(conn, dict.fromkeys([*effaces, *supprimes]))
