"""Lock the sheets that a batch concerns, keep what it was told, and fold again the sheets that it touched."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import ledger
from chassis.database import Connection, Record, write
from chassis.facts import Fait, FaitEnregistre
from services.feuille_de_route.domain import messages, replier
from services.feuille_de_route.domain.feuille import feuille_de
from services.feuille_de_route.store import repli, rows
from services.feuille_de_route.store.dossiers import Dossiers

# A message for a merged parcours concerns the one that goes on: both are locked, all in one order.
_LOCK = """
SELECT parcours, absorbee_par FROM feuilles WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT absorbee_par FROM feuilles WHERE parcours = ANY($1))
ORDER BY parcours FOR UPDATE
"""

_APPRENDRE = f"""
INSERT INTO recus ({rows.RECU})
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::jsonb[],
    $10::date[], $11::uuid[])
"""  # noqa: S608  constants only
# Whoever reached a merged sheet through another one now reaches the one that goes on in one step.
_ABSORBER = """
INSERT INTO feuilles (parcours, departement, absorbee_par)
SELECT a.parcours, '', a.par FROM unnest($1::uuid[], $2::uuid[]) AS a(parcours, par)
ON CONFLICT (parcours) DO UPDATE SET absorbee_par = EXCLUDED.absorbee_par, departement = '', vue = NULL
"""
_SUIVRE = """
UPDATE feuilles f SET absorbee_par = a.par, chemin = f.absorbee_par || f.chemin
FROM unnest($1::uuid[], $2::uuid[]) AS a(parcours, par)
WHERE f.absorbee_par = a.parcours
"""
# Each of them, and those that had been merged with it before. What is empty is folded in the same transaction.
_RENDRE = (
    """
UPDATE feuilles f SET absorbee_par = NULL, vue = '' FROM unnest($1::uuid[], $2::uuid[]) AS a(parcours, par)
WHERE f.parcours = a.parcours AND f.absorbee_par = a.par
""",
    """
UPDATE feuilles f SET absorbee_par = f.chemin[1], chemin = f.chemin[2:]
FROM unnest($1::uuid[], $2::uuid[]) AS a(parcours, par)
WHERE f.absorbee_par = a.par AND f.chemin[1] = a.parcours
""",
)
_DELIER = "DELETE FROM prochaines WHERE parcours = ANY($1)"

_PERSONNE = "SELECT parcours FROM feuilles WHERE parcours = ANY($1) OR absorbee_par = ANY($1)"
_EFFACER = (
    "DELETE FROM feuilles WHERE parcours = ANY($1)",
    "DELETE FROM recus WHERE parcours = ANY($1)",
)


async def charger(conn: Connection, lus: Sequence[messages.Message]) -> Dossiers:
    """Lock the rows until the transaction ends; what a sheet holds is read only for those who decide on it."""
    nommes = _nommes(lus)
    trouves = await _verrouiller(conn, nommes)
    alias = {id_: row["absorbee_par"] for id_, row in trouves.items() if row["absorbee_par"]}
    a_decider = {lu.parcours for lu in lus if isinstance(lu, messages.Depot)}
    survivants = {alias.get(id_, id_) for id_ in a_decider} & trouves.keys()
    contenus = await repli.lire(conn, survivants)
    feuilles = [feuille_de(replier(parcours, recus)) for parcours, recus in contenus.items()]
    oubliees = await ledger.forgotten(conn, nommes)
    return Dossiers(trouves.keys(), alias, feuilles, oubliees)


async def enregistrer(conn: Connection, dossiers: Dossiers, _: Sequence[tuple[Fait, FaitEnregistre]]) -> None:
    """The facts of the batch are in `faits` already: each sheet is folded from what the database now holds of it."""
    await write(conn, _APPRENDRE, [rows.du_recu(recu) for recu in dossiers.appris])
    if dossiers.absorptions:
        await _absorber(conn, dossiers.absorptions)
    if dossiers.rendues:
        for statement in _RENDRE:
            await conn.execute(statement, list(dossiers.rendues), list(dossiers.rendues.values()))
    if dossiers.effacees:
        await _effacer(conn, dossiers.effacees)
    if changees := dossiers.changees():
        lus = await repli.lire(conn, changees)
        pliees = [repli.plier(parcours, recus) for parcours, recus in lus.items()]
        await repli.sauver(conn, pliees, connues=dossiers.connues)


async def _verrouiller(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Record]:
    """A merge that was committed while we waited for the lock names a survivor that is to be locked too."""
    trouves = {row["parcours"]: row for row in await conn.fetch(_LOCK, list(ids))}
    while survivants := {r["absorbee_par"] for r in trouves.values() if r["absorbee_par"]} - trouves.keys():
        suite = {row["parcours"]: row for row in await conn.fetch(_LOCK, list(survivants))}
        if not suite:
            break
        trouves |= suite
    return trouves


def _nommes(lus: Sequence[messages.Message]) -> set[UUID]:
    absorbes = [lu.absorbes for lu in lus if isinstance(lu, messages.UsagerFusionne)]
    absorbes += [lu.rendus for lu in lus if isinstance(lu, messages.UsagerDefusionne)]
    repliees = {lu.absorbee_par for lu in lus if isinstance(lu, messages.Replier) and lu.absorbee_par}
    return {lu.parcours for lu in lus}.union(repliees, *absorbes)


async def _absorber(conn: Connection, absorptions: dict[UUID, UUID]) -> None:
    colonnes = (list(absorptions), list(absorptions.values()))
    await conn.execute(_ABSORBER, *colonnes)
    await conn.execute(_SUIVRE, *colonnes)
    await conn.execute(_DELIER, colonnes[0])


async def _effacer(conn: Connection, effacees: Collection[UUID]) -> None:
    """Nothing stays of a person here, the parcours that were merged with it included."""
    ids = {*effacees, *(row["parcours"] for row in await conn.fetch(_PERSONNE, list(effacees)))}
    for statement in _EFFACER:
        await conn.execute(statement, list(ids))
    await ledger.forget(conn, dict.fromkeys(ids))
