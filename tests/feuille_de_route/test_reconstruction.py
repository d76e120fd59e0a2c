"""The views are rebuilt from what was told, identical to the byte; what was damaged is found and put right."""

import asyncio
import io
import sys
from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest

from chassis import telemetry
from services.feuille_de_route import reconstruire as commande
from services.feuille_de_route.reconstruire import reconstruire
from tests.engines import Bench
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import AUTRE, PARCOURS, action, depot, evenement, evenement_neuf, objectif, oriente

pytestmark = pytest.mark.anyio

DOMMAGES = {
    "a byte of the view": "UPDATE feuilles SET vue = overlay(vue PLACING '\\x20' FROM 10) WHERE parcours = $1",
    "another order of keys": "UPDATE feuilles SET vue = convert_to(convert_from(vue, 'UTF8')::jsonb::text, 'UTF8')"
    " WHERE parcours = $1",
    "the whole row": "DELETE FROM feuilles WHERE parcours = $1",
    "the departement": "UPDATE feuilles SET departement = '62' WHERE parcours = $1",
    "a deadline that is lost": "DELETE FROM prochaines WHERE parcours = $1 AND nature = 'action'",
    "a deadline that moved": "UPDATE prochaines SET date_echeance = date_echeance + 1 WHERE parcours = $1",
    "a deadline too many": "INSERT INTO prochaines (parcours, nature, numero, departement, date_echeance)"
    " VALUES ($1, 'decision', 1, '59', '2026-01-01')",
}


async def remplir(essai: Essai) -> None:
    await essai.accepte(*[evenement(recu) for recu in oriente().recus])
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(echeance="2026-05-31")))


async def stockees(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    feuilles = await essai.pool.fetch("SELECT parcours, departement, absorbee_par, vue FROM feuilles ORDER BY 1")
    prochaines = await essai.pool.fetch("SELECT * FROM prochaines ORDER BY parcours, nature, numero")
    return [tuple(row) for row in (*feuilles, *prochaines)]


async def test_nothing_differs_from_what_the_service_wrote(essai: Essai) -> None:
    await remplir(essai)
    await essai.ouvrir(AUTRE)

    compte = await reconstruire(essai.pool)

    assert (compte.total, compte.vues, compte.differentes) == (2, 2, [])


@pytest.mark.parametrize("dommage", DOMMAGES.values(), ids=list(DOMMAGES))
async def test_what_was_damaged_is_restored_to_the_byte(essai: Essai, dommage: str) -> None:
    await remplir(essai)
    await essai.ouvrir(AUTRE)
    avant = await stockees(essai)
    await essai.pool.execute(dommage, PARCOURS)
    assert await stockees(essai) != avant

    compte = await reconstruire(essai.pool)

    assert compte.differentes == [PARCOURS]
    assert await stockees(essai) == avant


async def test_a_lost_merge_is_restored(essai: Essai) -> None:
    await remplir(essai)
    fusion = {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}
    await essai.accepte(evenement_neuf("usager.fusionne", fusion, AUTRE, sequence=3))
    avant = await stockees(essai)
    await essai.pool.execute("UPDATE feuilles SET absorbee_par = NULL, vue = '{}' WHERE parcours = $1", PARCOURS)

    await reconstruire(essai.pool)

    assert await stockees(essai) == avant


async def test_a_merge_that_nobody_told_is_undone(essai: Essai) -> None:
    await remplir(essai)
    await essai.ouvrir(AUTRE)
    avant = await stockees(essai)
    await essai.pool.execute("UPDATE feuilles SET absorbee_par = $2, vue = NULL WHERE parcours = $1", PARCOURS, AUTRE)

    await reconstruire(essai.pool)

    assert await stockees(essai) == avant


async def test_a_trial_writes_nothing(essai: Essai) -> None:
    await remplir(essai)
    await essai.pool.execute("UPDATE feuilles SET vue = '{}' WHERE parcours = $1", PARCOURS)
    dites: list[int] = []

    compte = await reconstruire(essai.pool, a_blanc=True, dire=lambda compte: dites.append(compte.vues))

    assert compte.differentes == [PARCOURS]
    assert await essai.vue() == b"{}"


async def test_progress_is_told_page_by_page(essai: Essai, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commande, "_PAGE", 2)
    monkeypatch.setattr(commande, "_DIT_TOUTES_LES", 2)
    for rang in range(5):
        await essai.ouvrir(UUID(int=PARCOURS.int + rang))
    dites: list[tuple[int, int]] = []

    await reconstruire(essai.pool, dire=lambda compte: dites.append((compte.vues, compte.total)))

    assert dites == [(2, 5), (4, 5)]


async def test_the_command_runs_with_the_settings_of_the_service(
    essai: Essai, banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await remplir(essai)
    await essai.pool.execute("UPDATE feuilles SET vue = '{}' WHERE parcours = $1", PARCOURS)
    data, ports = banc.engines.data, banc.engines.ports
    monkeypatch.setenv("RELAIS_NATS_URL", banc.engines.nats_url)
    monkeypatch.setenv("RELAIS_NATS_NKEY_FILE", str(data.nkey_file("feuille_de_route")))
    url = f"postgresql://feuille_de_route@127.0.0.1:{ports.postgres}/{banc.database}"
    monkeypatch.setenv("RELAIS_DATABASE_URL", url)
    monkeypatch.setenv("RELAIS_DATABASE_PASSWORD_FILE", str(data.password_file("feuille_de_route")))
    monkeypatch.setenv("RELAIS_SECRETS", str(data.path))
    monkeypatch.setattr(telemetry, "start", lambda *_: None)
    dit = io.StringIO()
    monkeypatch.setattr(sys, "stdout", dit)

    codes = [await en_fil(["--a-blanc"]), await en_fil([]), await en_fil(["--a-blanc"])]

    comptes = [orjson.loads(ligne) for ligne in dit.getvalue().splitlines()]
    assert codes == [1, 0, 0]
    assert [compte["differentes"] for compte in comptes] == [[str(PARCOURS)], [str(PARCOURS)], []]


async def en_fil(arguments: Sequence[str]) -> int:
    """The command has an event loop of its own."""
    return await asyncio.to_thread(commande.main, arguments)
