"""Dossiers and read tables are rebuilt from the facts, identical to the byte; what was damaged is found."""

import asyncio
import io
import sys
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings

from chassis import telemetry
from services.dossiers import rejouer as commande
from services.dossiers.rejouer import rejouer
from services.dossiers.vie import DossierOuvert
from services.referents.domain.dossier import Dossier
from services.referents.store.dossiers import MODELE, REGISTRE
from tests.engines import Bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    MAINTENANT,
    PARCOURS,
    accompagne_json,
    demain,
    depot,
    evenement,
    rdv_json,
    remplace_json,
)
from tests.referents.test_invariants import Recu, joue, sequences
from tests.services.defusions import defusion, fusion
from tests.services.ouvert import ecrit, faits, textes

APRES = demain(DEBUT, 60)
CONSERVE = UUID(int=PARCOURS.int + 5)
_DEFUSION = UUID("01890000-0000-7000-8000-00000000d002")
DERIVEES = ("dossiers", "suivis", "delais", "echeances")
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the lineage": f"UPDATE dossiers SET absorbe_par = '{CONSERVE}' WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
    "a line that is lost": "DELETE FROM suivis WHERE parcours = $1",
    "a line that moved": "UPDATE delais SET date_decision = date_decision - 1 WHERE parcours = $1",
    "a line twice": "INSERT INTO delais SELECT * FROM delais WHERE parcours = $1",
}


@settings(max_examples=60, deadline=None)
@given(sequences())
def test_any_life_folds_to_the_same_dossiers_from_its_written_facts(recus: list[Recu]) -> None:
    histoire = joue(recus)

    for parcours, dossier in histoire.dossiers.items():
        siens = [DossierOuvert(parcours, "59"), *(f for f in histoire.faits if f.parcours == parcours)]
        replie = MODELE.rejouer([dict(zip(("type", "fait"), MODELE.ecrire_fait(f), strict=True)) for f in siens])
        assert (replie, MODELE.ecrire(replie)) == (dossier, MODELE.ecrire(dossier))
        assert MODELE.lire(MODELE.ecrire(dossier)) == dossier


async def vivre(essai: Essai) -> None:
    """Two parcours followed, one of them merged into the other and given back, then merged again."""
    await essai.suivre()
    await essai.orienter(AUTRE)
    await essai.accepte(depot("accompagnant.ajoute", accompagne_json()))
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.accepte(depot("referent.remplace", remplace_json(APRES, demain(APRES))))
    essai.maintenant = MAINTENANT + timedelta(days=10, microseconds=120)
    await essai.accepte(depot("rdv.constate", rdv_json(statut="honore"), recu_a=essai.maintenant))
    la_fusion = fusion(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(la_fusion)
    await essai.accepte(defusion(la_fusion, _DEFUSION))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(AUTRE)]}, CONSERVE))


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


@pytest.mark.anyio
async def test_nothing_differs_from_what_the_service_wrote(essai: Essai) -> None:
    await vivre(essai)

    compte = await rejouer(essai.pool, REGISTRE, a_blanc=True)

    assert (compte.total, compte.dossiers, compte.differents) == (3, 3, [])


@pytest.mark.anyio
@pytest.mark.parametrize("page", [1, 256])
async def test_all_is_rebuilt_from_the_facts_to_the_byte(
    essai: Essai, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commande, "_PAGE", page)
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (len(compte.differents), await stockes(essai)) == (3, avant)


@pytest.mark.anyio
@pytest.mark.parametrize("dommage", DOMMAGES.values(), ids=list(DOMMAGES))
async def test_what_was_damaged_is_found_and_restored(essai: Essai, dommage: str) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute(dommage, PARCOURS)

    a_blanc = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    trouve = await stockes(essai)
    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.differents, compte.differents) == ([PARCOURS], [PARCOURS])
    assert (trouve == avant, await stockes(essai) == avant) == (False, True)


@pytest.mark.anyio
async def test_an_erased_person_is_not_rebuilt(essai: Essai) -> None:
    await vivre(essai)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}, CONSERVE))

    await rejouer(essai.pool, REGISTRE)

    assert [await essai.compte(table, AUTRE) for table in ("dossiers", "histoire", "suivis", "delais")] == [0, 0, 0, 0]


@pytest.mark.anyio
async def test_a_merge_that_was_undone_leaves_nothing_of_one_person_in_the_history_of_the_other(essai: Essai) -> None:
    await vivre(essai)

    tenus = [row for row in await faits(essai.pool, REGISTRE.sceaux) if "rdv-1" in ecrit(row)]
    assert len(tenus) == 1


@pytest.mark.anyio
async def test_a_dossier_without_facts_is_removed(essai: Essai) -> None:
    await vivre(essai)
    avant = await stockes(essai)
    seul = MODELE.ecrire(Dossier(UUID(int=7), "59"))
    await essai.pool.execute("INSERT INTO dossiers VALUES ($1, NULL, $2)", UUID(int=7), seul)

    compte = await rejouer(essai.pool, REGISTRE)

    assert (compte.differents, await stockes(essai)) == ([UUID(int=7)], avant)


@pytest.mark.anyio
async def test_the_command_runs_with_the_settings_of_the_service(
    essai: Essai, banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vivre(essai)
    await essai.pool.execute("DELETE FROM suivis")
    data, ports = banc.engines.data, banc.engines.ports
    monkeypatch.setenv("RELAIS_NATS_URL", banc.engines.nats_url)
    monkeypatch.setenv("RELAIS_NATS_NKEY_FILE", str(data.nkey_file("referents")))
    url = f"postgresql://referents@127.0.0.1:{ports.postgres}/{banc.database}"
    monkeypatch.setenv("RELAIS_DATABASE_URL", url)
    monkeypatch.setenv("RELAIS_DATABASE_PASSWORD_FILE", str(data.password_file("referents")))
    monkeypatch.setenv("RELAIS_SECRETS", str(data.path))
    monkeypatch.setenv("RELAIS_CLES_MAITRES", str(data.masters))
    monkeypatch.setattr(telemetry, "start", lambda *_: None)
    dit = io.StringIO()
    monkeypatch.setattr(sys, "stdout", dit)

    codes = [await en_fil(["referents", "--a-blanc"]), await en_fil(["referents"]), await en_fil(["referents"])]

    comptes = [orjson.loads(ligne) for ligne in dit.getvalue().splitlines()]
    assert codes == [1, 0, 0]
    assert [len(compte["differents"]) for compte in comptes] == [1, 1, 0]


async def en_fil(arguments: Sequence[str]) -> int:
    """The command has an event loop of its own."""
    return await asyncio.to_thread(commande.main, arguments)
