"""Fold sheets from what was told, and save what changed: the live service and the rebuilding go through here alike."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.database import Connection, write
from services.feuille_de_route.domain import composer, replier
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.recu import Recu
from services.feuille_de_route.store import rows

# The facts of this brique and the events of the others, with the parcours that goes on after a merge.
_LUS = f"""
WITH lignees AS (
    SELECT parcours AS survivant, parcours FROM unnest($1::uuid[]) AS s(parcours)
    UNION ALL SELECT absorbee_par, parcours FROM feuilles WHERE absorbee_par = ANY($1)
)
SELECT l.survivant, {", ".join(f"r.{colonne}" for colonne in rows.RECU.split(", "))}
FROM lignees l JOIN recus r USING (parcours)
UNION ALL
SELECT l.survivant, f.agregat, 'feuille_de_route', f.sequence, f.id, f.type, f.partition, f.source, f.survenu_a,
    f.donnees, NULL::date, f.cause
FROM lignees l JOIN faits f ON f.agregat = l.parcours
"""  # noqa: S608  constants only

# What was given back, by whom to whom, and was not merged again.
_RENDUS = """
SELECT r.parcours AS rendu, d.parcours AS par
FROM recus r JOIN recus d ON d.type = 'usager.defusionne' AND d.donnees ->> 'annule' = r.donnees ->> 'annule'
WHERE r.type = 'parcours.rendu' AND (r.parcours = ANY($1) OR d.parcours = ANY($1))
    AND NOT EXISTS (SELECT FROM feuilles f WHERE (f.parcours, f.absorbee_par) = (r.parcours, d.parcours))
"""

_AJOUTER = """
INSERT INTO feuilles (parcours, departement, vue) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])
"""
_CHANGER = """
UPDATE feuilles f SET departement = c.departement, vue = c.vue, absorbee_par = NULL
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS c(parcours, departement, vue)
WHERE f.parcours = c.parcours AND (f.departement, f.vue) IS DISTINCT FROM (c.departement, c.vue)
"""
_PROCHAINES = f"""
INSERT INTO prochaines AS p ({rows.PROCHAINE})
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::int[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[])
ON CONFLICT (parcours, nature, numero) DO UPDATE SET
    departement = EXCLUDED.departement, date_echeance = EXCLUDED.date_echeance,
    objet = EXCLUDED.objet, libelle = EXCLUDED.libelle, sensibilite = EXCLUDED.sensibilite
WHERE (p.departement, p.date_echeance, p.objet, p.libelle, p.sensibilite) IS DISTINCT FROM
    (EXCLUDED.departement, EXCLUDED.date_echeance, EXCLUDED.objet, EXCLUDED.libelle, EXCLUDED.sensibilite)
"""  # noqa: S608
_RETIRER = """
DELETE FROM prochaines p WHERE p.parcours = ANY($1) AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::text[], $4::int[]) AS c(parcours, nature, numero)
    WHERE (c.parcours, c.nature, c.numero) = (p.parcours, p.nature, p.numero))
"""


# What the events of a kind are about, of the objects that go with a parcours.
_OBJETS = {
    "objectif": "objectif_id",
    "action": "action_id",
    "rdv": "rdv_id",
    "prescription": "prescription_id",
    "participation": "prescription_id",
    "manquement": "manquement_id",
    "sanction": "sanction_id",
}


@dataclass(frozen=True, slots=True)
class Pliee:
    """A sheet as it is to be stored: its bytes, and the rows of what falls due."""

    ensemble: Ensemble
    vue: bytes
    prochaines: Sequence[tuple[Any, ...]]


async def lire(conn: Connection, survivants: Collection[UUID]) -> dict[UUID, list[Recu]]:
    """All that was told about each of these and about those merged with them."""
    if not survivants:
        return {}
    rendus = [(row["rendu"], row["par"]) for row in await conn.fetch(_RENDUS, list(survivants))]
    lus: dict[UUID, list[Recu]] = {parcours: [] for parcours in {*survivants, *(par for _, par in rendus)}}
    for row in await conn.fetch(_LUS, list(lus)):
        champs = dict(row)
        lus[champs.pop("survivant")].append(Recu(**champs))
    for rendu, par in rendus:
        siens, autres = a_qui(rendu, lus[par])
        lus[par] = autres
        if rendu in lus and siens:
            lus[rendu] = _inserer(rendu, siens, lus[rendu])
    return {parcours: lus[parcours] for parcours in survivants}


def a_qui(rendu: UUID, recus: Iterable[Recu]) -> tuple[list[Recu], list[Recu]]:
    """What was told of the objects that `rendu` gave its name to while it was merged, and all the rest."""
    siens: list[Recu] = []
    autres: list[Recu] = []
    for recu in recus:
        (siens if recu.parcours != rendu and _objet(recu).endswith(f"@{rendu.hex}") else autres).append(recu)
    return siens, autres


def _inserer(parcours: UUID, siens: Iterable[Recu], connus: Iterable[Recu]) -> list[Recu]:
    """As if they had been told of this parcours, each when it was: a brique tells in the order of the ids."""
    tous = sorted([*connus, *(replace(recu, parcours=parcours) for recu in siens)], key=lambda recu: recu.id)
    return [replace(recu, sequence=rang) if recu.parcours == parcours else recu for rang, recu in enumerate(tous, 1)]


def _objet(recu: Recu) -> str:
    """The key of the object that an event is about; empty when it is about none."""
    return str(recu.donnees.get(_OBJETS.get(recu.type.partition(".")[0], ""), ""))


def plier(parcours: UUID, recus: Iterable[Recu]) -> Pliee:
    ensemble = replier(parcours, recus)
    vue, dues = composer(ensemble)
    return Pliee(ensemble, rows.canonique(vue), [rows.de_la_prochaine(ensemble, due) for due in dues])


async def sauver(conn: Connection, pliees: Sequence[Pliee], *, connues: Collection[UUID]) -> None:
    """Write only what differs. A sheet opened twice at once is caught by its primary key."""
    nouvelles = [_ligne(pliee) for pliee in pliees if pliee.ensemble.parcours not in connues]
    anciennes = [_ligne(pliee) for pliee in pliees if pliee.ensemble.parcours in connues]
    await write(conn, _AJOUTER, nouvelles)
    await write(conn, _CHANGER, anciennes)
    dues = [due for pliee in pliees for due in pliee.prochaines]
    if anciennes:
        cles = [list(colonne) for colonne in zip(*(due[:3] for due in dues), strict=True)] or [[], [], []]
        await conn.execute(_RETIRER, [ligne[0] for ligne in anciennes], *cles)
    await write(conn, _PROCHAINES, dues)


def _ligne(pliee: Pliee) -> tuple[UUID, str, bytes]:
    return (pliee.ensemble.parcours, pliee.ensemble.departement, pliee.vue)
