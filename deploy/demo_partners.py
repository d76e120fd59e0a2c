"""The six demonstration partners that `up` registers, each with a key and a `client.json` in the data folder."""

from __future__ import annotations

from datetime import date

from deploy import partner_registry
from deploy.datadir import DataDir, Ports
from deploy.partner_registry import Partner, convention

LAST_DAY = date(2030, 12, 31)
EXCHANGE = ["messages:deposer", "evenements:lire", "parcours:lire"]
FINALITES = ("orientation", "accompagnement", "engagement", "offre", "pilotage")
ALL_DEPARTEMENTS = [
    *(f"{number:02}" for number in range(1, 96) if number != 20),
    "2A",
    "2B",
    *(str(number) for number in (971, 972, 973, 974, 976)),
]


def _agreed(*finalites: str) -> list[dict[str, str]]:
    return [convention(finalite, LAST_DAY) for finalite in finalites]


def _structure(siret: str, nom: str) -> dict[str, str]:
    return {"systeme": "siret", "valeur": siret, "nom": nom}


# The SIRETs have a right check digit and belong to nobody.
PARTNERS: tuple[Partner, ...] = (
    Partner(
        code="cd-59",
        type_organisme="departement",
        nom="Département du Nord",
        departements=["59"],
        scopes=[*EXCHANGE, "identite:resoudre", "offres:lire", "sante:lire", "pilotage:lire"],
        structures=[_structure("90000059700014", "Maison Nord Solidarités de Lille")],
        conventions=_agreed(*FINALITES),
    ),
    Partner(
        code="ft-hauts-de-france",
        type_organisme="france-travail",
        nom="France Travail Hauts-de-France",
        departements=["59", "62", "80", "02", "60"],
        scopes=[*EXCHANGE, "identite:resoudre", "offres:lire", "sante:lire", "pilotage:lire"],
        structures=[_structure("90000062100012", "Agence France Travail de Lille")],
        conventions=_agreed(*FINALITES),
    ),
    Partner(
        code="ml-lille",
        type_organisme="mission-locale",
        nom="Mission locale de Lille",
        departements=["59"],
        scopes=[*EXCHANGE, "offres:lire"],
        structures=[_structure("90000075300013", "Mission locale de Lille")],
        conventions=_agreed("orientation", "accompagnement", "engagement", "offre"),
    ),
    Partner(
        code="asso-mobilite",
        type_organisme="association",
        nom="Association Mobilité pour tous",
        departements=["59"],
        scopes=[*EXCHANGE, "offres:lire", "offres:publier"],
        structures=[_structure("90000083700014", "Plateforme mobilité de Lille")],
        conventions=_agreed("accompagnement", "offre"),
    ),
    Partner(
        code="caf-59",
        type_organisme="caf",
        nom="Caisse d'allocations familiales du Nord",
        departements=["59"],
        scopes=EXCHANGE,
        structures=[_structure("90000091000019", "Caf du Nord")],
        conventions=_agreed("orientation", "accompagnement", "engagement"),
    ),
    Partner(
        code="di-offres",
        type_organisme="plateforme-offre",
        nom="Catalogue d'offres data·inclusion",
        departements=ALL_DEPARTEMENTS,
        scopes=["messages:deposer", "evenements:lire", "offres:lire", "offres:publier"],
        conventions=_agreed("offre"),
    ),
)


async def ensure(data: DataDir, ports: Ports) -> list[str]:
    """Register those that the database does not know yet and refresh every `client.json`; return the new codes."""
    created: list[str] = []
    async with partner_registry.connection(data, ports) as conn:
        known = await partner_registry.listed(conn)
        for partner in PARTNERS:
            jwk = partner_registry.ensure_key(data, partner.code)
            partner_registry.write_client(data, ports, partner.code, jwk, partner.scopes)
            if partner.code not in known:
                await partner_registry.create(conn, partner, jwk)
                created.append(partner.code)
    return created
