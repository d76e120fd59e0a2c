"""Load under lock the dossiers that a batch concerns, and save what it changed in them, one statement per table."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, grouped, write
from chassis.facts import Fait, FaitEnregistre
from services.lineage import lock
from services.orientation.domain import messages
from services.orientation.domain.preconisation import Regle
from services.orientation.domain.regles import PAR_DEFAUT
from services.orientation.domain.situation import Reglage
from services.orientation.store import rows
from services.orientation.store.dossiers import Dossiers, Echeances
from services.orientation.store.reglages import delegations_de, regles_de

# A message for an absorbed parcours concerns its survivor: both are locked, all in one order.
_LOCK = f"""
SELECT {rows.DOSSIER} FROM dossiers WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe_par FROM dossiers WHERE parcours = ANY($1))
ORDER BY parcours FOR UPDATE
"""  # noqa: S608  constants only
_DEMANDES = f"SELECT {rows.DEMANDE} FROM demandes WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608
_ORIENTATIONS = f"SELECT {rows.ORIENTATION} FROM orientations WHERE parcours = ANY($1) ORDER BY parcours, rang"  # noqa: S608

# Apart from the changes: a dossier opened twice at once is caught by its primary key, and nothing of it overwritten.
_ADD_DOSSIERS = f"""
INSERT INTO dossiers ({rows.DOSSIER})
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::bool[], $4::bool[], $5::uuid[], $6::jsonb[], $7::jsonb[], $8::jsonb[], $9::jsonb[],
    $10::timestamptz[], $11::date[], $12::bool[], $13::bool[], $14::timestamptz[], $15::date[],
    $16::jsonb[])
"""  # noqa: S608
_SAVE_DOSSIERS = f"""{_ADD_DOSSIERS}
ON CONFLICT (parcours) DO UPDATE SET
    departement = EXCLUDED.departement, brsa = EXCLUDED.brsa, est_clos = EXCLUDED.est_clos,
    absorbe_par = EXCLUDED.absorbe_par, criteres = EXCLUDED.criteres, contraintes = EXCLUDED.contraintes,
    preconisation = EXCLUDED.preconisation, reorientation = EXCLUDED.reorientation,
    droit_dit_a = EXCLUDED.droit_dit_a, droit_effet = EXCLUDED.droit_effet, est_oppose = EXCLUDED.est_oppose,
    annonce_brsa = EXCLUDED.annonce_brsa, annonce_dit_a = EXCLUDED.annonce_dit_a,
    annonce_effet = EXCLUDED.annonce_effet, tenus = EXCLUDED.tenus
"""
_SAVE_DEMANDES = f"""
INSERT INTO demandes ({rows.DEMANDE})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::date[], $5::date[], $6::text[], $7::bool[], $8::text[], $9::date[])
ON CONFLICT (parcours, numero) DO UPDATE SET
    est_dessaisie = EXCLUDED.est_dessaisie, issue = EXCLUDED.issue, decidee_le = EXCLUDED.decidee_le
"""  # noqa: S608
_ADD_ORIENTATIONS = f"""
INSERT INTO orientations ({rows.ORIENTATION})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[],
    $9::date[], $10::date[], $11::bool[], $12::text[], $13::text[], $14::text[], $15::date[], $16::text[], $17::text[],
    $18::bool[], $19::uuid[], $20::jsonb[], $21::jsonb[], $22::bool[])
"""  # noqa: S608
# Apart from the insertion: an upsert would weigh the exclusion constraint of a row that only changes.
_CHANGE_ORIENTATIONS = """
UPDATE orientations o
SET date_fin = c.date_fin, est_close = c.est_close, motif_fin = c.motif_fin, notifiee_le = c.notifiee_le,
    est_effective = c.est_effective, appuis = c.appuis
FROM unnest($1::uuid[], $2::int[], $3::date[], $4::bool[], $5::text[], $6::date[], $7::bool[],
    $8::jsonb[]) AS c(parcours, rang, date_fin, est_close, motif_fin, notifiee_le, est_effective, appuis)
WHERE (o.parcours, o.rang) = (c.parcours, c.rang)
"""
_CANCEL_ORIENTATIONS = """
DELETE FROM orientations o USING unnest($1::uuid[], $2::int[]) AS c(parcours, rang)
WHERE (o.parcours, o.rang) = (c.parcours, c.rang)
"""
# Whoever reached an absorbed dossier through another one now reaches the survivor in one step.
_FOLLOW = """
UPDATE dossiers d SET absorbe_par = dernier.absorbe_par FROM dossiers dernier
WHERE dernier.parcours = ANY($1) AND dernier.absorbe_par IS NOT NULL AND d.absorbe_par = dernier.parcours
"""
_ERASE = "DELETE FROM dossiers WHERE parcours = ANY($1) OR absorbe_par = ANY($1) RETURNING parcours"

_APPORTE_UN_DEPARTEMENT = (
    messages.ParcoursOuvert
    | messages.UsagerSignale
    | messages.DroitsModifies
    | messages.UsagerFusionne
    | messages.ParcoursTransfere
)


class Registre:
    """The dossiers in the database. `echeances` tells what falls due for one of them."""

    def __init__(self, echeances: Echeances) -> None:
        self._echeances = echeances

    async def charger(self, conn: Connection, lus: Sequence[messages.Message]) -> Dossiers:
        """Lock the rows until the transaction ends. A dossier opened twice at once is caught by its primary key."""
        trouves = await lock(conn, _LOCK, _nommes(lus))
        ids = list(trouves)
        demandes = grouped(await conn.fetch(_DEMANDES, ids), "parcours", rows.lire_demande)
        decidees = grouped(await conn.fetch(_ORIENTATIONS, ids), "parcours", rows.lire_orientation)
        charges = [rows.lire_dossier(row, demandes.get(id_, ()), decidees.get(id_, ())) for id_, row in trouves.items()]
        departements = {dossier.departement for dossier in charges} | _departements(lus)
        reglages = await _reglages(conn, lus, departements)
        oublies = await ledger.forgotten(conn, _nommes(lus))
        return Dossiers(charges, reglages, self._echeances, oublies)

    async def enregistrer(self, conn: Connection, dossiers: Dossiers, _: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        nouveaux, changes = dossiers.nouveaux(), dossiers.changes()
        demandes, nouvelles = dossiers.demandes_changees(), dossiers.orientations_nouvelles()
        changees = dossiers.orientations_changees()
        await write(conn, _ADD_DOSSIERS, [rows.du_dossier(dossier) for dossier in nouveaux])
        await write(conn, _SAVE_DOSSIERS, [rows.du_dossier(dossier) for dossier in changes])
        await write(conn, _SAVE_DEMANDES, [rows.de_la_demande(*paire) for paire in demandes])
        await write(conn, _CANCEL_ORIENTATIONS, dossiers.orientations_annulees())
        # One that ends leaves its place to the one that begins.
        closes, autres = [p for p in changees if p[1].est_close], [p for p in changees if not p[1].est_close]
        await write(conn, _CHANGE_ORIENTATIONS, [rows.du_changement(*paire) for paire in closes])
        await write(conn, _CHANGE_ORIENTATIONS, [rows.du_changement(*paire) for paire in autres])
        await write(conn, _ADD_ORIENTATIONS, [rows.de_l_orientation(*paire) for paire in nouvelles])
        if absorbes := [dossier.parcours for dossier in (*changes, *nouveaux) if dossier.absorbe_par]:
            await conn.execute(_FOLLOW, absorbes)
        if dossiers.erased:
            await _effacer(conn, dossiers.erased)


def _nommes(lus: Sequence[messages.Message]) -> set[UUID]:
    absorbes = [lu.absorbes for lu in lus if isinstance(lu, messages.UsagerFusionne)]
    return {lu.parcours for lu in lus}.union(*absorbes)


def _departements(lus: Sequence[messages.Message]) -> set[str]:
    """Those that this batch may bring in: of a dossier that it opens, or transfers."""
    return {lu.departement for lu in lus if isinstance(lu, _APPORTE_UN_DEPARTEMENT)}


async def _reglages(
    conn: Connection, lus: Sequence[messages.Message], departements: Collection[str]
) -> dict[str, Reglage]:
    """Read only for the messages that look at it: a diagnostic at the rules, a decision at the delegations."""
    regles: dict[str, tuple[Regle, ...]] = {}
    delegations: dict[str, frozenset[str]] = {}
    if any(isinstance(lu, messages.RealiserDiagnostic | messages.UsagerFusionne) for lu in lus):
        regles = await regles_de(conn, departements)
    if any(isinstance(lu, messages.DeciderOrientation | messages.DeciderReorientation) for lu in lus):
        delegations = await delegations_de(conn, departements)
    return {d: Reglage(regles.get(d, PAR_DEFAUT), delegations.get(d, frozenset())) for d in departements}


async def _effacer(conn: Connection, effaces: Sequence[UUID]) -> None:
    """Nothing stays of a person here, the parcours that it had absorbed included."""
    supprimes = [row["parcours"] for row in await conn.fetch(_ERASE, effaces)]
    await ledger.forget(conn, dict.fromkeys([*effaces, *supprimes]))
