"""Load under lock the dossiers that a batch concerns, and save what it changed in them, one statement per table."""

from collections.abc import Sequence
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, grouped, write
from chassis.facts import Fait, FaitEnregistre
from chassis.lineage import lock
from services.referents.domain import messages
from services.referents.store import rows
from services.referents.store.dossiers import Dossiers, Echeances

# A message for an absorbed parcours concerns its survivor, an orientation of the survivor those that it absorbed: all
# are locked, in one order.
_LOCK = f"""
SELECT {rows.DOSSIER} FROM dossiers WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe_par FROM dossiers WHERE parcours = ANY($1)
    UNION SELECT parcours FROM dossiers WHERE absorbe_par = ANY($2))
ORDER BY parcours FOR UPDATE
"""  # noqa: S608  constants only
_ORIENTATIONS = f"SELECT {rows.ORIENTATION} FROM orientations WHERE parcours = ANY($1) ORDER BY parcours, date_debut"  # noqa: S608
_DESIGNATIONS = f"SELECT {rows.DESIGNATION} FROM designations WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608
_ACCOMPAGNANTS = f"SELECT {rows.ACCOMPAGNANT} FROM accompagnants WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608
_RDVS = f"SELECT {rows.RDV} FROM rendez_vous WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608

# Without ON CONFLICT: of two replicas that open the same dossier, one starts again and finds what the other wrote.
_ADD_DOSSIERS = f"""
INSERT INTO dossiers ({rows.DOSSIER}) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::uuid[])
"""  # noqa: S608
_CHANGE_DOSSIERS = """
UPDATE dossiers d SET departement = c.departement, est_clos = c.est_clos, absorbe_par = c.absorbe_par
FROM unnest($1::uuid[], $2::text[], $3::bool[], $4::uuid[]) AS c(parcours, departement, est_clos, absorbe_par)
WHERE d.parcours = c.parcours
"""
_SAVE_ORIENTATIONS = f"""
INSERT INTO orientations ({rows.ORIENTATION})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[], $9::date[],
    $10::bool[], $11::date[], $12::date[], $13::date[])
ON CONFLICT (parcours, rang) DO UPDATE SET
    date_fin = EXCLUDED.date_fin, est_close = EXCLUDED.est_close, referent_le = EXCLUDED.referent_le,
    premier_rdv_le = EXCLUDED.premier_rdv_le
"""  # noqa: S608
_SAVE_DESIGNATIONS = f"""
INSERT INTO designations ({rows.DESIGNATION})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::date[], $13::date[], $14::date[], $15::text[], $16::date[], $17::text[])
ON CONFLICT (parcours, numero) DO UPDATE SET
    acceptee_le = EXCLUDED.acceptee_le, issue = EXCLUDED.issue, date_fin = EXCLUDED.date_fin,
    motif_fin = EXCLUDED.motif_fin
"""  # noqa: S608
_SAVE_ACCOMPAGNANTS = f"""
INSERT INTO accompagnants ({rows.ACCOMPAGNANT})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::date[], $13::date[], $14::text[])
ON CONFLICT (parcours, numero) DO UPDATE SET date_fin = EXCLUDED.date_fin, motif_fin = EXCLUDED.motif_fin
"""  # noqa: S608
_SAVE_RDVS = f"""
INSERT INTO rendez_vous ({rows.RDV})
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::int[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::int[], $14::timestamptz[])
ON CONFLICT (parcours, rdv_id) DO UPDATE SET
    motif = EXCLUDED.motif, debut = EXCLUDED.debut, duree_min = EXCLUDED.duree_min, modalite = EXCLUDED.modalite,
    forme = EXCLUDED.forme, lieu = EXCLUDED.lieu, statut = EXCLUDED.statut, annule_par = EXCLUDED.annule_par,
    rang = EXCLUDED.rang, constate_a = EXCLUDED.constate_a
"""  # noqa: S608
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
        nommes = _nommes(lus)
        trouves = await lock(conn, _LOCK, nommes, [lu.parcours for lu in lus if _regarde_les_absorbes(lu)])
        ids = list(trouves)
        orientations = grouped(await conn.fetch(_ORIENTATIONS, ids), "parcours", rows.lire_orientation)
        designations = grouped(await conn.fetch(_DESIGNATIONS, ids), "parcours", rows.lire_designation)
        accompagnants = grouped(await conn.fetch(_ACCOMPAGNANTS, ids), "parcours", rows.lire_accompagnant)
        rdvs = grouped(await conn.fetch(_RDVS, ids), "parcours", rows.lire_rdv)
        charges = [
            rows.lire_dossier(
                row,
                orientations.get(id_, ()),
                designations.get(id_, ()),
                accompagnants.get(id_, ()),
                rdvs.get(id_, ()),
            )
            for id_, row in trouves.items()
        ]
        oublies = await ledger.forgotten(conn, nommes)
        return Dossiers(charges, self._echeances, oublies)

    async def enregistrer(self, conn: Connection, dossiers: Dossiers, _: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        changes = dossiers.changed()
        await write(conn, _ADD_DOSSIERS, [rows.du_dossier(dossier) for avant, dossier in changes if avant is None])
        await write(conn, _CHANGE_DOSSIERS, [rows.du_dossier(dossier) for avant, dossier in changes if avant])
        await write(conn, _SAVE_ORIENTATIONS, dossiers.changed_parts(rows.des_orientations))
        await write(conn, _SAVE_DESIGNATIONS, dossiers.changed_parts(rows.des_designations))
        await write(conn, _SAVE_ACCOMPAGNANTS, dossiers.changed_parts(rows.des_accompagnants))
        await write(conn, _SAVE_RDVS, dossiers.changed_parts(rows.des_rdvs))
        if absorbes := [dossier.parcours for _, dossier in changes if dossier.absorbe_par]:
            await conn.execute(_FOLLOW, absorbes)
        if dossiers.erased:
            await _effacer(conn, dossiers.erased)


def _regarde_les_absorbes(lu: messages.Message) -> bool:
    """The orientation of a survivor may be the one of a dossier that it absorbed."""
    return isinstance(lu, messages.OrientationDecidee)


def _nommes(lus: Sequence[messages.Message]) -> set[UUID]:
    absorbes = [lu.absorbes for lu in lus if isinstance(lu, messages.UsagerFusionne)]
    return {lu.parcours for lu in lus}.union(*absorbes)


async def _effacer(conn: Connection, effaces: Sequence[UUID]) -> None:
    """Nothing stays of a person here, the parcours that it had absorbed included."""
    supprimes = [row["parcours"] for row in await conn.fetch(_ERASE, effaces)]
    await ledger.forget(conn, dict.fromkeys([*effaces, *supprimes]))
