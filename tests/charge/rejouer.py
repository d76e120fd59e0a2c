"""Many parcours through the engine of a service, then all rebuilt: `python -m tests.charge.rejouer referents 20000`."""

import asyncio
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from chassis.facts import Entree
from services.dossiers.registre import Registre
from services.dossiers.rejouer import rejouer
from services.engagements.store.dossiers import REGISTRE as ENGAGEMENTS
from services.feuille_de_route.store.dossiers import REGISTRE as FEUILLE
from services.orientation.store.dossiers import REGISTRE as ORIENTATION
from services.referents.store.dossiers import REGISTRE as REFERENTS
from services.usagers.store.dossiers import REGISTRE as USAGERS
from tests.engagements import conftest as conf_engagements
from tests.engagements import fabrique as engagements
from tests.engines import Engines, bench
from tests.feuille_de_route import conftest as conf_feuille
from tests.feuille_de_route import fabrique as feuille
from tests.orientation import conftest as conf_orientation
from tests.orientation import fabrique as orientation
from tests.referents import conftest as conf_referents
from tests.referents import fabrique as referents
from tests.usagers import conftest as conf_usagers
from tests.usagers import personnes as usagers

_LOT = 256
_DROITS = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
_UNE_FUSION_SUR = 50


@dataclass(frozen=True)
class Charge:
    """What each parcours of a service lives."""

    essai: Callable[[Any], Any]
    registre: Registre[Any]
    vie: tuple[Callable[[UUID], Entree], ...]
    evenement: Callable[..., Entree] = referents.evenement

    @property
    def tables(self) -> tuple[str, ...]:
        return "dossiers", *(table.nom for table in self.registre.modele.tables)


CHARGES = {
    "usagers": Charge(
        lambda pool: conf_usagers.Essai(SimpleNamespace(pool=pool)),  # type: ignore[arg-type]  # all that it asks for
        USAGERS,
        (
            lambda parcours: usagers.corrige({"coordonnees": {"courriel": "c@exemple.fr"}}, parcours),
            lambda parcours: usagers.depot("droits.modifies", _DROITS, parcours),
        ),
        usagers.depot,
    ),
    "engagements": Charge(
        conf_engagements.Essai,
        ENGAGEMENTS,
        (
            lambda parcours: engagements.evenement("orientation.decidee", engagements.decidee_json(), parcours),
            lambda parcours: engagements.evenement(
                "orientation.notifiee", {"date_notification": engagements.NOTIFICATION.isoformat()}, parcours
            ),
            lambda parcours: engagements.evenement("referent.accepte", {}, parcours),
            lambda parcours: engagements.depot("contrat.propose", engagements.propose_json(), parcours),
            lambda parcours: engagements.depot("contrat.signe", engagements.signe_json(), parcours),
        ),
    ),
    "orientation": Charge(
        conf_orientation.Essai,
        ORIENTATION,
        (
            lambda parcours: orientation.evenement(
                "usager.signale", {"brsa": True, "date_reception_droit": orientation.RECEPTION.isoformat()}, parcours
            ),
            lambda parcours: orientation.depot("diagnostic.realise", {"criteres": orientation.COMPLETS}, parcours),
            lambda parcours: orientation.depot("orientation.decidee", orientation.decidee_json(), parcours),
            lambda parcours: orientation.depot(
                "orientation.notifiee", {"date_notification": orientation.RECEPTION.isoformat()}, parcours
            ),
            lambda parcours: orientation.depot("reorientation.demandee", orientation.reorientation_json(), parcours),
        ),
    ),
    "feuille_de_route": Charge(
        conf_feuille.Essai,
        FEUILLE,
        (
            lambda parcours: feuille.evenement_neuf("parcours.ouvert", {}, parcours),
            lambda parcours: feuille.evenement_neuf("orientation.decidee", feuille.decision(), parcours),
            lambda parcours: feuille.evenement_neuf("referent.designe", feuille.designation(), parcours),
            lambda parcours: feuille.evenement_neuf("contrat.propose", feuille.contrat(), parcours),
            lambda parcours: feuille.depot("objectif.ajoute", feuille.objectif(), parcours),
        ),
        feuille.evenement_neuf,
    ),
    "referents": Charge(
        conf_referents.Essai,
        REFERENTS,
        (
            lambda parcours: referents.evenement("orientation.decidee", referents.decidee_json(), parcours),
            lambda parcours: referents.depot("referent.designe", referents.designe_json(), parcours),
            lambda parcours: referents.depot("referent.accepte", {}, parcours),
            lambda parcours: referents.depot("rdv.planifie", referents.rdv_json(), parcours),
        ),
    ),
}


def _usager(parcours: UUID) -> Entree:
    """Somebody whom nobody resembles."""
    numero = parcours.int % 10**11
    naissance = date(1950, 1, 1) + timedelta(days=numero % 18_000)
    personne = usagers.Personne(f"Nom{parcours.hex}", f"Prenom{numero}", naissance)
    return usagers.signale(personne, usagers.numero_ft(f"{numero:011d}"), usagers.matricule(f"{numero % 10**7:07d}"))


async def _ouvrir(essai: Any, ids: Sequence[UUID]) -> list[UUID]:
    """The parcours that the hub opens for these persons."""
    lots = [ids[debut : debut + _LOT] for debut in range(0, len(ids), _LOT)]
    reponses = [reponse for lot in lots for reponse in await essai.decider(*map(_usager, lot))]
    return [reponse.faits[0].agregat for reponse in reponses]


async def _remplir(essai: Any, charge: Charge, nombre: int) -> None:
    ids = [uuid4() for _ in range(nombre)]
    if charge.registre is USAGERS:
        ids = await _ouvrir(essai, ids)
    for entree in charge.vie:
        for debut in range(0, nombre, _LOT):
            await essai.decider(*map(entree, ids[debut : debut + _LOT]))
    for conserve, absorbe in zip(ids[::_UNE_FUSION_SUR], ids[1::_UNE_FUSION_SUR], strict=False):
        fusion = {"conserve": str(conserve), "absorbes": [str(absorbe)]}
        await essai.accepte(charge.evenement("usager.fusionne", fusion, conserve))


async def _empreintes(essai: Any, charge: Charge) -> list[str]:
    """Of each table, what its rows say: cells are opened, for no two of them are the same bytes."""
    scellees = {"dossiers": "etat", **{table.nom: table.scellee for table in charge.registre.modele.tables}}
    return [await _empreinte(essai, charge, table, colonne) for table, colonne in scellees.items()]


async def _empreinte(essai: Any, charge: Charge, table: str, colonne: str | None) -> str:
    async with essai.pool.acquire() as conn:
        rows = [dict(row) for row in await conn.fetch(f"SELECT * FROM {table}")]
        if colonne:
            cellules = [(row["parcours"], row[colonne]) for row in rows]
            clairs = await charge.registre.sceaux.ouvrir(conn, table, cellules)
            rows = [row | {colonne: clair} for row, clair in zip(rows, clairs, strict=True)]
    return hashlib.sha256("\n".join(sorted(map(str, rows))).encode()).hexdigest()


async def main(service: str, nombre: int) -> None:
    charge = CHARGES[service]
    with tempfile.TemporaryDirectory() as dossier:
        engines = Engines(Path(dossier) / "donnees")
        try:
            async with bench(engines) as banc:
                essai = charge.essai(await banc.pool(service))
                await _remplir(essai, charge, nombre)
                avant = await _empreintes(essai, charge)
                for table in charge.tables:
                    await essai.pool.execute(f"DELETE FROM {table}")
                debut_s, processeur_s = time.monotonic(), time.process_time()
                compte = await rejouer(essai.pool, charge.registre)
                durees = f"{time.monotonic() - debut_s:.1f} s, Python {time.process_time() - processeur_s:.1f} s"
                memes = await _empreintes(essai, charge) == avant
                print(f"{compte.dossiers} dossiers, {durees}, same bytes: {memes}")  # noqa: T201
        finally:
            engines.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
