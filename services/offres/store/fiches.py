"""One service or one structure by its id, and the list of the structures; a withdrawn record says so."""

from collections.abc import Mapping
from typing import Any

from chassis.database import Connection
from relais_contrats.territoires import commune_actuelle
from services.offres.store.recherche import joindre, localisation, score
from services.offres.store.requete import Erreur, Json, Requete, jour, version_lue

_PAGE = 50
_SERVICE = """
SELECT date_maj, qualite_somme, qualite_criteres, qualite_age, est_approche, donnees FROM services
WHERE id = $1 AND retire_a IS NULL
"""
_STRUCTURE = "SELECT donnees FROM structures WHERE id = $1 AND retire_a IS NULL"
_WITHDRAWN = "SELECT date, raison FROM retraits WHERE genre = $1 AND id = $2"
_TWINS = """
SELECT CASE structure_id WHEN $1 THEN autre_id ELSE structure_id END AS id, raison FROM doublons
WHERE structure_id = $1 OR autre_id = $1 ORDER BY 1
"""
_FILTERS = {"departement": "departement", "code_commune": "code_commune", "siret": "siret", "source": "source"}


async def service(conn: Connection, demande: Mapping[str, Any]) -> Any:
    """`{id, maintenant?}` → the service, `{retire: {date, raison}}`, or None."""
    row = await conn.fetchrow(_SERVICE, demande["id"])
    if row is None:
        return await _retrait(conn, "service", demande["id"])
    ajout = {"score_qualite": score(row, jour(demande))} | localisation(row)
    return joindre(row["donnees"], ajout)


async def structure(conn: Connection, demande: Mapping[str, Any]) -> Any:
    """`{id}` → the structure with its probable duplicates, `{retire: {date, raison}}`, or None."""
    donnees = await conn.fetchval(_STRUCTURE, demande["id"])
    if donnees is None:
        return await _retrait(conn, "structure", demande["id"])
    jumelles = [dict(row) for row in await conn.fetch(_TWINS, demande["id"])]
    return joindre(donnees, {"doublons_probables": jumelles})


async def _retrait(conn: Connection, genre: str, id_: str) -> Json | None:
    row = await conn.fetchrow(_WITHDRAWN, genre, id_)
    return {"retire": dict(row)} if row else None


async def structures(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement?, code_commune?, siret?, source?, limite?, apres?}` → `{structures, suite, version}` in the
    order of their publication, at the version of the first page; or `{erreur}`."""
    apres, limite = demande.get("apres"), demande.get("limite") or _PAGE
    try:
        version = await version_lue(conn, apres)
    except Erreur as erreur:
        return erreur.json
    requete = Requete()
    borne = requete.arg(version)
    requete.et(f"publie_a <= {borne} AND (retire_a IS NULL OR retire_a > {borne})")
    for filtre, colonne in _FILTERS.items():
        if valeur := demande.get(filtre):
            valeur = commune_actuelle(valeur) if filtre == "code_commune" else valeur
            requete.et(f"{colonne} = {requete.arg(valeur)}")
    if apres:
        requete.et(f"numero > {requete.arg(apres[1])}")
    rows = await conn.fetch(
        f"SELECT numero, donnees FROM structures WHERE {requete.ou()} ORDER BY numero LIMIT {requete.arg(limite + 1)}",  # noqa: S608
        *requete.arguments,
    )
    trouvees = [joindre(row["donnees"], {}) for row in rows[:limite]]
    suite = [version, rows[limite - 1]["numero"]] if len(rows) > limite else None
    return {"version": version, "structures": trouvees, "suite": suite}
