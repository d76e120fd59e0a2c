"""The dossiers of the service as the engine stores them: their model, their read table, the offer that they name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Connection
from relais_contrats.v1 import offres as contrat
from services.dossiers.modele import Contexte, Ligne, Modele, Table
from services.dossiers.registre import Registre
from services.dossiers.regles import Recu
from services.offres.domain import REGLES
from services.offres.domain.dossier import Dossier, Offre, Retrait, Service
from services.offres.domain.prescription import echeances

# Shared until commit: a withdrawal waits, then finds the prescription that is being written, and expires it.
_SERVICES = """
SELECT v.id, v.structure_id, coalesce(s.donnees->>'nom', v.structure_id) AS structure_nom, s.siret
FROM services v LEFT JOIN structures s ON s.id = v.structure_id AND s.retire_a IS NULL
WHERE v.id = ANY($1) AND v.retire_a IS NULL FOR SHARE OF v
"""
_WITHDRAWN = "SELECT id, date, raison FROM retraits WHERE genre = 'service' AND id = ANY($1)"


async def _exposer(conn: Connection, lus: Sequence[Recu[Any]], charges: Mapping[UUID, Dossier]) -> Contexte:
    """The services that are prescribed; where time passes, also those of what still waits for an answer."""
    ids = {lu.data.service_id for lu in lus if isinstance(lu.data, contrat.PrescriptionEmise)}
    if any(lu.nature == "echeance" for lu in lus):
        ids |= {une.service.id for dossier in charges.values() for une in dossier.en_attente}
    offre = await _offre(conn, ids)
    return lambda recu, dossier: offre


async def _offre(conn: Connection, ids: set[str]) -> Offre:
    """A service that is published again while we wait for it is found at the second look, under its new row."""
    services: dict[str, Service] = {}
    for _ in range(2):
        if manquants := ids - services.keys():
            services |= {row["id"]: Service(**row) for row in await conn.fetch(_SERVICES, list(manquants))}
    retires = await conn.fetch(_WITHDRAWN, list(manquants)) if (manquants := ids - services.keys()) else ()
    return Offre(services, {row["id"]: Retrait(row["date"], row["raison"]) for row in retires})


def _prescriptions(dossier: Dossier) -> Iterable[Ligne]:
    """`motifs` as codes separated by spaces; the `departement` is that of the parcours when it was emitted."""
    for une in () if dossier.absorbe_par else dossier.prescriptions:
        motifs = " ".join(une.motifs)
        yield dossier.parcours, une.departement, une.service.id, une.emise_le, une.etat, une.repondue_le, motifs


MODELE: Modele[Dossier] = Modele(
    dossier=Dossier,
    regles=REGLES,
    replier=REGLES.replier,
    echeances=echeances,
    tables=(
        Table(
            "prescriptions",
            ("parcours", "departement", "service_id", "emise_le", "etat", "repondue_le", "motifs"),
            _prescriptions,
        ),
    ),
    contexte=_exposer,
)
REGISTRE = Registre(MODELE, "offres")
