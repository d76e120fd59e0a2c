"""The six demonstration partners that `up` registers, each with a key and a `client.json` in the data folder.

They are those of the mock hub of the kit, so that a partner's developer goes from the one to the other unchanged.
"""

from __future__ import annotations

from dataclasses import asdict

from deploy import partner_registry
from deploy.datadir import DataDir, Ports
from gateway.declarations import Partner, convention
from relais_contrats.partenaires import Partenaire
from relais_kit.bouchon.repertoire import PARTENAIRES


def _declared(known: Partenaire) -> Partner:
    return Partner(
        code=known.code,
        type_organisme=known.type_organisme,
        nom=known.nom,
        departements=sorted(known.departements),
        scopes=sorted(known.scopes),
        structures=[asdict(structure) for structure in known.structures],
        conventions=[convention(c.finalite, c.fin) for c in known.conventions if c.fin],
    )


PARTNERS: tuple[Partner, ...] = tuple(map(_declared, PARTENAIRES))


async def ensure(data: DataDir, ports: Ports) -> list[str]:
    """Register those that the database does not know yet and refresh every `client.json`; return the new codes."""
    created: list[str] = []
    async with partner_registry.connection(data, ports) as conn:
        known = await partner_registry.listed(conn)
        for partner in PARTNERS:
            jwk = partner_registry.ensure_key(data, partner.code)
            partner_registry.write_client(data, partner_registry.issuer_of(ports), partner.code, jwk, partner.scopes)
            if partner.code not in known:
                await partner_registry.create(conn, partner, jwk)
                created.append(partner.code)
    return created
