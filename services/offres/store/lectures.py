"""The reads about prescriptions: one of them, and how a territory answers them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from services.offres.store.dossiers import REGISTRE

Json = dict[str, Any]

# The contact that the offer publishes: of the service, else of its structure.
_OFFRE = """
SELECT v.donnees->>'nom' AS nom, coalesce(v.courriel, s.courriel) AS courriel
FROM services v LEFT JOIN structures s ON s.id = v.structure_id AND s.retire_a IS NULL
WHERE v.id = $1 AND v.retire_a IS NULL
"""
# One line per département and month of emission.
_LIGNE = "departement, to_char(date_trunc('month', emise_le), 'YYYY-MM') AS mois"
_FILTRE = "($1::text IS NULL OR departement = $1) AND emise_le >= $2"
_STATISTIQUES = f"""
SELECT {_LIGNE}, count(*) AS nombre, count(DISTINCT parcours) AS personnes, count(repondue_le) AS repondues,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY repondue_le - emise_le) FILTER (WHERE repondue_le IS NOT NULL)
        AS reponse_mediane_jours,
    count(*) FILTER (WHERE etat = 'expiree') AS expirees
FROM prescriptions WHERE {_FILTRE} GROUP BY departement, mois ORDER BY departement, mois
"""  # noqa: S608  constants only
_PAR_ETAT = f"""
SELECT {_LIGNE}, etat, repondue_le IS NOT NULL AS est_repondue, count(*) AS nombre,
    count(DISTINCT parcours) AS personnes
FROM prescriptions WHERE {_FILTRE} GROUP BY departement, mois, etat, est_repondue ORDER BY departement, mois, etat
"""  # noqa: S608  constants only
# A refusal may have several reasons: it counts under each.
_PAR_MOTIF = f"""
SELECT {_LIGNE}, refus, count(*) AS nombre, count(DISTINCT parcours) AS personnes
FROM prescriptions, unnest(string_to_array(motifs, ' ')) AS refus WHERE {_FILTRE} GROUP BY departement, mois, refus
ORDER BY departement, mois, refus
"""  # noqa: S608  constants only


async def prescription(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, prescription_id}` → the request, its state, and the last day for an answer.

    `expire_au_plus_tard` is the last such day, should the structure study the request; `message` the text that came
    with the state.
    """
    famille = await REGISTRE.famille(conn, UUID(demande["parcours"]))
    connue = famille[0].prescription(demande["prescription_id"]) if famille else None
    if connue is None:
        return None
    offre = await conn.fetchrow(_OFFRE, connue.service.id)
    dite = connue.demande
    return {
        "prescription_id": connue.prescription_id,
        "service_id": connue.service.id,
        "structure_id": connue.service.structure_id,
        "structure_nom": connue.service.structure_nom,
        "siret": connue.service.siret,
        "service_nom": offre["nom"] if offre else None,
        "courriel": offre["courriel"] if offre else None,
        "prescripteur": connue.prescripteur,
        "agent": dite.agent,
        "motif": dite.motif,
        "contact_prefere": dite.contact_prefere,
        "disponibilite": dite.disponibilite,
        "departement": connue.departement,
        "emise_le": connue.emise_le,
        "etat": connue.etat.value,
        "attend_une_reponse": connue.etat.attend_une_reponse,
        "expire_le": connue.expire_le,
        "expire_au_plus_tard": connue.expire_au_plus_tard,
        "repondue_le": connue.repondue_le,
        "fin_le": connue.fin_le,
        "motifs": connue.motifs,
        "message": connue.message,
    }


async def statistiques_prescriptions(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?}` → per département and month: how many were emitted, the median days until the first
    answer, how many stand in each state, the refusals by reason; and the `cellules` by which the reader knows what may
    be shown."""
    filtre = (demande.get("departement"), date.fromisoformat(demande.get("depuis") or "1900-01-01"))
    lignes = {_cle(row): _ligne(row) for row in await conn.fetch(_STATISTIQUES, *filtre)}
    for row in await conn.fetch(_PAR_ETAT, *filtre):
        ligne, etat = lignes[_cle(row)], row["etat"]
        ligne["etats"][etat] = ligne["etats"].get(etat, 0) + row["nombre"]
        ligne["cellules"]["etats"][f"{etat}-repondue" if row["est_repondue"] else etat] = row["personnes"]
    for row in await conn.fetch(_PAR_MOTIF, *filtre):
        ligne = lignes[_cle(row)]
        refusees = ligne["cellules"]["etats"].get("refusee-repondue", 0)
        ligne["motifs_refus"][row["refus"]] = row["nombre"]
        ligne["cellules"][f"motif {row['refus']}"] = {"oui": row["personnes"], "non": refusees - row["personnes"]}
    return list(lignes.values())


def _cle(row: Record) -> tuple[str, str]:
    return row["departement"], row["mois"]


def _ligne(row: Record) -> Json:
    return dict(row) | {"etats": {}, "motifs_refus": {}, "cellules": {"etats": {}}}
