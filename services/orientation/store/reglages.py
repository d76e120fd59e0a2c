"""The settings of a département, version after version: the table of its rules, and its delegations."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from relais_contrats.v1 import orientation as contrat
from relais_contrats.v1.orientation import CRITERES_REQUIS
from services.dossiers.modele import Contexte
from services.dossiers.regles import Recu
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.preconisation import Regle
from services.orientation.domain.reglage import Reglage
from services.orientation.domain.regles_par_defaut import PAR_DEFAUT

Json = dict[str, Any]
REGLES, DELEGATIONS = "regles", "delegations"

_EN_VIGUEUR = """
SELECT DISTINCT ON (departement) departement, contenu FROM reglages
WHERE departement = ANY($1) AND nature = $2 ORDER BY departement, version DESC
"""
_VERSIONS = """
SELECT version, contenu, motif, agent, source, enregistre_a FROM reglages
WHERE departement = $1 AND nature = $2 ORDER BY version DESC
"""
# Two changes at once see the same last version: the second one meets its primary key.
_AJOUTER = """
INSERT INTO reglages (departement, nature, version, contenu, motif, agent, source, enregistre_a)
SELECT $1, $2, $3::int + 1, $4, $5, $6, $7, $8
WHERE $3 = (SELECT coalesce(max(version), 0) FROM reglages WHERE departement = $1 AND nature = $2)
ON CONFLICT DO NOTHING RETURNING version
"""


_REGARDENT_LES_REGLES = {contrat.DiagnosticRealise, "usager.fusionne"}
_REGARDENT_LES_DELEGATIONS = {contrat.OrientationDecidee, contrat.ReorientationDecidee}


async def contexte(conn: Connection, lus: Sequence[Recu[Any]], dossiers: Mapping[UUID, Dossier]) -> Contexte:
    """Return the settings of the département of each dossier, also of one that the batch opens or transfers. Read only
    for messages that need them; a département without rules of its own follows `PAR_DEFAUT`."""
    departements = {dossier.departement for dossier in dossiers.values()} | {lu.departement for lu in lus}
    departements |= {
        lu.data["departement_nouveau"] for lu in lus if lu.cle in ("parcours.transfere", "transfert.effectif")
    }
    cles = {lu.cle for lu in lus}
    regles = await _en_vigueur(conn, departements, REGLES) if cles & _REGARDENT_LES_REGLES else {}
    delegations = await _en_vigueur(conn, departements, DELEGATIONS) if cles & _REGARDENT_LES_DELEGATIONS else {}
    reglages = {
        d: Reglage(tuple(Regle(**une) for une in regles.get(d, ())) or PAR_DEFAUT, frozenset(delegations.get(d, ())))
        for d in departements
    }
    return lambda _, dossier: reglages.get(dossier.departement, Reglage()) if dossier else Reglage()


async def _en_vigueur(conn: Connection, departements: Collection[str], nature: str) -> dict[str, Any]:
    rows = await conn.fetch(_EN_VIGUEUR, list(departements), nature)
    return {row["departement"]: row["contenu"] for row in rows}


async def lire_regles(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement}` → its table, or the default one, in the order in which rules are tried, and its versions."""
    departement = demande["departement"]
    versions = await conn.fetch(_VERSIONS, departement, REGLES)
    propres = versions and versions[0]["contenu"]
    table = [Regle(**une) for une in propres] if propres else list(PAR_DEFAUT)
    return _decrit(departement, versions) | {
        "origine": "departement" if propres else "defaut",
        "criteres_requis": CRITERES_REQUIS,
        "table": [asdict(regle) for regle in sorted(table, key=lambda regle: (regle.priorite, regle.critere))],
    }


async def lire_delegations(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement}` → to whom it delegates, and the versions of that."""
    departement = demande["departement"]
    versions = await conn.fetch(_VERSIONS, departement, DELEGATIONS)
    return _decrit(departement, versions) | {DELEGATIONS: versions[0]["contenu"] if versions else []}


async def changer(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement, nature, version, contenu, motif, agent, source}` → `{version}`, the new one; None when `version`
    is no longer the last one."""
    voulu = (demande["departement"], demande["nature"], demande["version"], demande["contenu"])
    who = (demande["motif"], demande["agent"], demande["source"], datetime.now(UTC))
    return {"version": await conn.fetchval(_AJOUTER, *voulu, *who)}


def _decrit(departement: str, versions: Collection[Record]) -> Json:
    return {
        "departement": departement,
        "version": max((row["version"] for row in versions), default=0),
        "versions": [
            {cle: row[cle] for cle in ("version", "motif", "agent", "source", "enregistre_a")} for row in versions
        ],
    }
