"""Dossiers and read tables of every service are rebuilt from their facts, identical to the byte; damage is found."""

import asyncio
import io
import sys
from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import telemetry
from deploy.components import SERVICES
from services.dossiers import rejouer as commande
from services.dossiers.rejouer import Compte, rejouer
from tests.engines import Bench
from tests.services.ouvert import ecrit, faits
from tests.services.rejeu import derivees, registre_de, rejeu_de, stockes

REJEUX = {service: rejeu_de(service) for service in SERVICES}
SANS_FAIT = UUID(int=7)
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the lineage": f"UPDATE dossiers SET absorbe_par = '{SANS_FAIT}' WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
}
services = pytest.mark.parametrize("service", SERVICES)


class Arret(Exception):
    """The process ends in the middle."""


def s_arreter(_: Compte) -> None:
    raise Arret


@pytest.mark.parametrize("service", [service for service, rejeu in REJEUX.items() if rejeu.vies is not None])
@settings(max_examples=60, deadline=None)
@given(donnees=st.data())
def test_any_life_folds_to_the_same_dossiers_from_its_written_facts(service: str, donnees: st.DataObject) -> None:
    modele, vies = registre_de(service).modele, REJEUX[service].vies
    assert vies is not None

    for dossier, siens in donnees.draw(vies):
        replie = modele.rejouer([dict(zip(("type", "fait"), modele.ecrire_fait(f), strict=True)) for f in siens])
        assert (replie, modele.ecrire(replie)) == (dossier, modele.ecrire(dossier))
        assert modele.lire(modele.ecrire(dossier)) == dossier


@pytest.mark.anyio
@services
async def test_all_is_rebuilt_to_the_byte_by_one_that_was_stopped_in_the_middle(
    service: str, banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    registre, vecu = registre_de(service), await REJEUX[service].vivre(banc)
    avant, intact = await stockes(vecu.pool, registre), await rejouer(vecu.pool, registre, a_blanc=True)
    await vecu.pool.execute("; ".join(f"DELETE FROM {table}" for table in derivees(registre)))
    monkeypatch.setattr(commande, "_PAGE", 1)
    monkeypatch.setattr(commande, "_DIT_TOUTES_LES", 1)

    with pytest.raises(Arret):
        await rejouer(vecu.pool, registre, dire=s_arreter)
    compte = await rejouer(vecu.pool, registre)

    assert intact.differents == []
    assert len(compte.differents) == intact.total - 1 > 0  # the first one was written before
    assert await stockes(vecu.pool, registre) == avant


@pytest.mark.anyio
@services
async def test_each_damage_is_found_and_restored(service: str, banc: Bench) -> None:
    registre, rejeu = registre_de(service), REJEUX[service]
    vecu = await rejeu.vivre(banc)
    avant = await stockes(vecu.pool, registre)
    dommages = {nom: (ordre, vecu.touche) for nom, ordre in {**DOMMAGES, **rejeu.dommages}.items()}
    for table in registre.modele.tables:
        cle = table.colonnes[0]
        porte = await vecu.pool.fetchval(f"SELECT {cle} FROM {table.nom} ORDER BY 1 LIMIT 1")
        dommages[f"rows of {table.nom}"] = (f"DELETE FROM {table.nom} WHERE {cle} = $1", porte)
    sans_fait = f"INSERT INTO dossiers (parcours, etat) SELECT '{SANS_FAIT}', etat FROM dossiers WHERE parcours = $1"

    seen = {}
    for nom, (ordre, de) in (dommages | {"a dossier without facts": (sans_fait, vecu.touche)}).items():
        await vecu.pool.execute(ordre, de)
        a_blanc = await rejouer(vecu.pool, registre, a_blanc=True)
        trouve = await stockes(vecu.pool, registre)
        compte = await rejouer(vecu.pool, registre)
        seen[nom] = (
            a_blanc.differents,
            compte.differents,
            trouve != avant,
            await stockes(vecu.pool, registre) == avant,
        )

    attendus = {nom: ([de], [de], True, True) for nom, (_, de) in dommages.items()}
    assert seen == attendus | {"a dossier without facts": ([SANS_FAIT], [SANS_FAIT], True, True)}


@pytest.mark.anyio
@services
async def test_an_erased_person_is_not_rebuilt_and_one_that_was_given_back_is_nowhere_else(
    service: str, banc: Bench
) -> None:
    registre, vecu = registre_de(service), await REJEUX[service].vivre(banc)
    mot, sien = vecu.secret or ("", None)
    disent = {row["dossier"] for row in await faits(vecu.pool, registre.sceaux) if mot and mot in ecrit(row)}
    await vecu.effacer()

    await rejouer(vecu.pool, registre)

    cles = {table.nom: table.colonnes[0] for table in registre.modele.tables}
    cles |= {"dossiers": "parcours", "histoire": "dossier", "echeances": "agregat"}
    left = {
        table: await vecu.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {cle} = ANY($1)", list(vecu.effaces))
        for table, cle in cles.items()
    }
    assert left == dict.fromkeys(cles, 0)
    assert disent == ({sien} if sien else set())


@pytest.mark.anyio
async def test_the_command_runs_with_the_settings_of_the_service(banc: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    vecu = await REJEUX["referents"].vivre(banc)
    await vecu.pool.execute("DELETE FROM suivis")
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
