"""Archived parcours of a whole hub: unknown to who reads them, back for a word or a motive, gone with an erasure."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.database import open_pool
from coffre.masters import Masters
from deploy.datadir import HOST
from deploy.postgres import DATABASE, connect_admin
from gateway.archivist.keeper import Keeper
from relais_contrats.client import Partner
from tests.hub import Hub
from tests.parcours.noms import parcours_of
from tests.parcours.reorientation import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.lent]
PUT_AWAY = "INSERT INTO passerelle.archives (parcours, derniere_a, depuis) SELECT unnest($1::uuid[]), now(), now()"
PLACES = """
SELECT (SELECT count(*) FROM coffre.cles WHERE id = $1 AND enveloppe IS NOT NULL),
    (SELECT count(*) FROM coffre.archives WHERE id = $1)
"""


async def deposit(partner: Partner, fait: str, data: dict[str, Any], subject: str | None = None) -> Any:
    return await partner.post(partner.message(fait, data, departement="59", subject=subject), wait_s=20)


async def signalled(partner: Partner) -> tuple[str, dict[str, Any]]:
    said = {
        "identite": {"nom_naissance": f"Archive{uuid4().hex[:8]}", "prenoms": "Essai", "date_naissance": "1990-01-02"},
        "identifiants": [{"type": "local", "valeur": f"archive-{uuid4().hex}"}],
        "brsa": True,
        "date_reception_droit": "2026-11-20",
        "origine": "inscription-auto-caf",
    }
    answer = await deposit(partner, "usager.signale", said)
    assert answer.etat == "accepte", answer
    return answer.corps["parcours"], said


async def put_away(hub: Hub, *parcours: UUID) -> None:
    """Two years later, in the first minute: the hub's own keys, under the role of the archive."""
    port, password = hub.data.known_ports().postgres, hub.data.password_file("archive").read_text().strip()
    admin = await connect_admin(hub.data, port)
    await admin.execute(PUT_AWAY, parcours)
    await admin.close()
    async with await open_pool(f"postgresql://archive@{HOST}:{port}/{DATABASE}", password, "archive") as pool:
        assert await Keeper(pool, Masters(hub.data.masters), Masters(hub.data.archive_masters)).put_away() >= 1


async def places(hub: Hub, parcours: UUID) -> tuple[int, int]:
    admin = await connect_admin(hub.data, hub.data.known_ports().postgres)
    [row] = await admin.fetch(PLACES, parcours)
    await admin.close()
    return row[0], row[1]


async def status(partner: Partner, prc: str) -> int:
    return int((await partner._send("GET", f"/v1/parcours/{prc}")).status_code)


async def test_archived_persons_come_back_for_a_word_or_a_motive_and_go_with_an_erasure(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        [(spoken, _), (signalled_again, said), (opened, _), (erased, _)] = [await signalled(cd) for _ in range(4)]
        prcs = [spoken, signalled_again, opened, erased]
        ids = [parcours_of(hub, prc) for prc in prcs]
        await eventually(lambda: places(hub, ids[-1]), lambda found: found == (1, 0))
        before = [await status(cd, prc) for prc in prcs]
        await put_away(hub, *ids)

        archived = [(await status(cd, prc), await places(hub, id_)) for prc, id_ in zip(prcs, ids, strict=True)]
        corrected = await deposit(cd, "usager.corrige", {"coordonnees": {"telephone": "0612345678"}}, spoken)
        again = await deposit(cd, "usager.signale", said)
        hub.relais("archive ouvrir cd-59", opened, "--motif", "Recours devant le juge.", "--agent", "Durand Anne a-12")
        is_open = await status(cd, opened)
        gone = await deposit(cd, "usager.efface", {"motif": "Demande de la personne."}, erased)
        await eventually(lambda: status(cd, spoken), lambda code: code == 200)
        await eventually(lambda: status(cd, signalled_again), lambda code: code == 200)
        await eventually(lambda: places(hub, ids[3]), lambda found: found == (0, 0))

    assert (await places(hub, ids[0]), await places(hub, ids[1])) == ((1, 0), (1, 0))
    assert (before, archived) == ([200] * 4, [(404, (0, 1))] * 4)
    assert (corrected.etat, again.etat, again.corps["parcours"]) == ("accepte", "accepte", signalled_again)
    assert (is_open, gone.etat) == (200, "accepte")
