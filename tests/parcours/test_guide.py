"""The guide of a partner, § 6: what it types at a real hub, from its registration to the change of its key."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from deploy.components import ROOT
from tests.contracts.guide import Terminal, blocks
from tests.hub import Hub, free_port, until_known

pytestmark = [pytest.mark.anyio, pytest.mark.lent]


def reader(folder: Path, hub: Hub) -> dict[str, str]:
    """The environment of who reads: the commands of the guide, and `./relais`, where an operator types it."""
    python = f'PYTHONPATH="{ROOT}:{ROOT / "contracts"}" exec "{sys.executable}"'
    programs = {
        # Nobody types so fast that the hub does not know yet what its operator has just declared.
        folder / "relais": f'({python} -m deploy.cli "$@" --donnees "{hub.data.path}") && sleep 3',
        folder / "bin" / "relais-kit": f'{python} -m relais_kit "$@"',
        folder / "bin" / "python": f'{python} "$@"',
    }
    (folder / "bin").mkdir()
    for path, text in programs.items():
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    (folder / ".relais").symlink_to(hub.data.path)
    (folder / "essai" / "bin").mkdir(parents=True)
    (folder / "essai" / "bin" / "activate").touch()
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


async def test_a_partner_is_registered_deposits_is_delivered_and_changes_its_secret_and_its_key(
    hub: Hub, tmp_path: Path
) -> None:
    page = blocks({"9000": str(free_port()), "8450": str(free_port())})
    environment = reader(tmp_path, hub)
    [receiver] = [block for block in page if block.kind == "sh serveur" and "recevoir.py" in block.text]
    for block in page:
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")

    with Terminal(tmp_path, environment) as first, Terminal(tmp_path, environment) as other:
        other.serve(receiver)
        for block in page:
            if block.kind == "sh relais":
                first.run(block)

    received = (tmp_path / "recus.ndjson").read_text(encoding="utf-8")
    assert "fr.insertion.abonnement.essai.v1" in received
    assert len((tmp_path / "secrets.txt").read_text(encoding="utf-8").split()) == 2
    assert (hub.data.partners / "caf-essai" / "certificat-recepteur.jws").exists()
    shutil.move(tmp_path / "acces" / "cle.pem", hub.data.partners / "caf-essai" / "cle.pem")
    async with hub.partner("caf-essai") as with_the_new_key:
        await until_known(with_the_new_key)
        [subscription] = (await with_the_new_key.get("/v1/abonnements"))["abonnements"]
        assert subscription["etat"] == "actif"
        await with_the_new_key.call("DELETE", f"/v1/abonnements/{subscription['id']}")
    hub.relais("partenaire suspendre caf-essai")  # the other tests of this hub know one CAF in this territory
