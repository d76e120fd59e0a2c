"""Load under lock the dossiers that a batch concerns, and save what it changed in them, one statement per table."""

from collections.abc import Sequence
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, grouped, write
from chassis.facts import Fait, FaitEnregistre
from services.engagements.domain import messages
from services.engagements.store import rows
from services.engagements.store.dossiers import Dossiers, Echeances
from services.lineage import lock

# A message for an absorbed parcours concerns its survivor: both are locked, all in one order.
_LOCK = f"""
SELECT {rows.DOSSIER} FROM dossiers WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbe_par FROM dossiers WHERE parcours = ANY($1))
ORDER BY parcours FOR UPDATE
"""  # noqa: S608  constants only
_CONTRATS = f"SELECT {rows.CONTRAT} FROM contrats WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608
_DELAIS = f"SELECT {rows.DELAI} FROM delais WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608
_MANQUEMENTS = f"SELECT {rows.MANQUEMENT} FROM manquements WHERE parcours = ANY($1) ORDER BY parcours, date_constat"  # noqa: S608
_SANCTIONS = f"SELECT {rows.SANCTION} FROM sanctions WHERE parcours = ANY($1) ORDER BY parcours, numero"  # noqa: S608

# Apart from the changes: a dossier opened twice at once is caught by its primary key, and nothing of it overwritten.
_ADD_DOSSIERS = f"""
INSERT INTO dossiers ({rows.DOSSIER})
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::bool[], $4::uuid[], $5::jsonb[], $6::text[], $7::jsonb[], $8::date[], $9::date[],
    $10::jsonb[], $11::jsonb[])
"""  # noqa: S608
_SAVE_DOSSIERS = f"""{_ADD_DOSSIERS}
ON CONFLICT (parcours) DO UPDATE SET
    departement = EXCLUDED.departement, est_clos = EXCLUDED.est_clos, absorbe_par = EXCLUDED.absorbe_par,
    orientation = EXCLUDED.orientation, referent = EXCLUDED.referent, criteres = EXCLUDED.criteres,
    reexamen_depuis = EXCLUDED.reexamen_depuis, reexamen_du_le = EXCLUDED.reexamen_du_le,
    avant = EXCLUDED.avant, etapes = EXCLUDED.etapes
"""
_SAVE_CONTRATS = f"""
INSERT INTO contrats ({rows.CONTRAT})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::date[], $5::int[], $6::jsonb[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::date[], $12::bool[], $13::date[], $14::text[], $15::text[], $16::date[], $17::date[],
    $18::text[], $19::jsonb[], $20::bool[])
ON CONFLICT (parcours, numero) DO UPDATE SET
    date_debut = EXCLUDED.date_debut, duree_mois = EXCLUDED.duree_mois, engagements = EXCLUDED.engagements,
    motif_dispense = EXCLUDED.motif_dispense, proposeur = EXCLUDED.proposeur,
    proposeur_role = EXCLUDED.proposeur_role, etat = EXCLUDED.etat, date_signature = EXCLUDED.date_signature,
    est_hors_delai = EXCLUDED.est_hors_delai, date_refus = EXCLUDED.date_refus, motif_refus = EXCLUDED.motif_refus,
    cause = EXCLUDED.cause, suspendu_le = EXCLUDED.suspendu_le, date_cloture = EXCLUDED.date_cloture,
    motif_cloture = EXCLUDED.motif_cloture, histoire = EXCLUDED.histoire,
    est_a_venir = EXCLUDED.est_a_venir
"""  # noqa: S608
_CANCEL_CONTRATS = """
DELETE FROM contrats k USING unnest($1::uuid[], $2::int[]) AS c(parcours, numero)
WHERE (k.parcours, k.numero) = (c.parcours, c.numero)
"""
_SAVE_DELAIS = f"""
INSERT INTO delais ({rows.DELAI})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::date[], $5::date[], $6::bool[], $7::text[], $8::date[])
ON CONFLICT (parcours, numero) DO UPDATE SET
    est_en_retard = EXCLUDED.est_en_retard, issue = EXCLUDED.issue, signe_le = EXCLUDED.signe_le
"""  # noqa: S608
_CANCEL_DELAIS = """
DELETE FROM delais d USING unnest($1::uuid[], $2::int[]) AS c(parcours, numero)
WHERE (d.parcours, d.numero) = (c.parcours, c.numero)
"""
_ADD_MANQUEMENTS = f"""
INSERT INTO manquements ({rows.MANQUEMENT})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[])
"""  # noqa: S608
_SAVE_SANCTIONS = f"""
INSERT INTO sanctions ({rows.SANCTION})
SELECT * FROM unnest(
    $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::float8[], $10::int[], $11::text[], $12::date[], $13::bool[], $14::date[], $15::date[], $16::text[])
ON CONFLICT (parcours, numero) DO UPDATE SET
    manquement_id = EXCLUDED.manquement_id, nature = EXCLUDED.nature, rang = EXCLUDED.rang, type = EXCLUDED.type,
    modalite = EXCLUDED.modalite, montant = EXCLUDED.montant, duree_mois = EXCLUDED.duree_mois, etat = EXCLUDED.etat,
    est_hors_delai = EXCLUDED.est_hors_delai, date_notification = EXCLUDED.date_notification,
    date_levee = EXCLUDED.date_levee, motif_levee = EXCLUDED.motif_levee
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
        """Lock the rows until the transaction ends."""
        nommes = _nommes(lus)
        trouves = await lock(conn, _LOCK, nommes)
        ids = list(trouves)
        contrats = grouped(await conn.fetch(_CONTRATS, ids), "parcours", rows.lire_contrat)
        delais = grouped(await conn.fetch(_DELAIS, ids), "parcours", rows.lire_delai)
        manquements = grouped(await conn.fetch(_MANQUEMENTS, ids), "parcours", rows.lire_manquement)
        sanctions = grouped(await conn.fetch(_SANCTIONS, ids), "parcours", rows.lire_sanction)
        charges = [
            rows.lire_dossier(
                row, contrats.get(id_, ()), delais.get(id_, ()), manquements.get(id_, ()), sanctions.get(id_, ())
            )
            for id_, row in trouves.items()
        ]
        oublies = await ledger.forgotten(conn, nommes)
        return Dossiers(charges, self._echeances, oublies)

    async def enregistrer(self, conn: Connection, dossiers: Dossiers, _: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
        nouveaux, changes = dossiers.nouveaux(), dossiers.changes()
        await write(conn, _ADD_DOSSIERS, [rows.du_dossier(dossier) for dossier in nouveaux])
        await write(conn, _SAVE_DOSSIERS, [rows.du_dossier(dossier) for dossier in changes])
        await write(conn, _CANCEL_CONTRATS, dossiers.contrats_annules())
        await write(conn, _SAVE_CONTRATS, [rows.du_contrat(*paire) for paire in dossiers.contrats()])
        await write(conn, _CANCEL_DELAIS, dossiers.delais_annules())
        await write(conn, _SAVE_DELAIS, [rows.du_delai(*paire) for paire in dossiers.delais()])
        await write(conn, _ADD_MANQUEMENTS, [rows.du_manquement(*paire) for paire in dossiers.manquements()])
        await write(conn, _SAVE_SANCTIONS, [rows.de_la_sanction(*paire) for paire in dossiers.sanctions()])
        if absorbes := [dossier.parcours for dossier in (*changes, *nouveaux) if dossier.absorbe_par]:
            await conn.execute(_FOLLOW, absorbes)
        if dossiers.erased:
            await _effacer(conn, dossiers.erased)


def _nommes(lus: Sequence[messages.Message]) -> set[UUID]:
    absorbes = [lu.absorbes for lu in lus if isinstance(lu, messages.UsagerFusionne)]
    return {lu.parcours for lu in lus}.union(*absorbes)


async def _effacer(conn: Connection, effaces: Sequence[UUID]) -> None:
    """Nothing stays of a person here, the parcours that it had absorbed included."""
    supprimes = [row["parcours"] for row in await conn.fetch(_ERASE, effaces)]
    await ledger.forget(conn, dict.fromkeys([*effaces, *supprimes]))
