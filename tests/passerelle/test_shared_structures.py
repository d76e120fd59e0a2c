"""One structure declared for two partners: the operator is told, since what concerns one reaches both."""

import dataclasses

import pytest
from joserfc.jwk import ECKey

from deploy import partner_registry
from deploy.demo_partners import PARTNERS
from gateway import partners
from tests.engines import Bench

pytestmark = pytest.mark.anyio


async def test_a_structure_of_another_partner_is_named_with_its_holder(banc: Bench) -> None:
    process = await banc.process("entrant", "passerelle")
    held, other = (next(one for one in PARTNERS if one.code == code) for code in ("ml-lille", "cd-59"))
    own = {"systeme": "local", "valeur": "A1", "nom": "Antenne"}
    copied = dataclasses.replace(held, code="ml-copie", structures=[own, *held.structures])

    async with process.pool.acquire() as conn:
        for partner in (held, other, copied):
            key = partner_registry.public_jwk(ECKey.generate_key("P-256").as_pem(private=True).decode())
            await partner_registry.create(conn, partner, key)
        told = [
            await partners.aussi_tenues(conn, code=partner.code, structures=partner.structures)
            for partner in (copied, held, other)
        ]

    siret = f"siret:{held.structures[0]['valeur']}"
    assert told == [[("ml-lille", siret)], [("ml-copie", siret)], []]
