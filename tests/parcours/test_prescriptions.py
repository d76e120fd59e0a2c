"""Prescriptions on a whole hub: what a structure sees through them, and what it tries in vain to read beyond."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from deploy import postgres
from relais_contrats.client import Answer, Partner, RequestRefused
from tests.hub import Hub
from tests.jour import aujourdhui
from tests.parcours.noms import name_at
from tests.parcours.reorientation import eventually, opened

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

ASSO = {"siret": "90000083700014", "nom": "Plateforme mobilité de Lille"}
MISSION = {"siret": "90000075300013", "nom": "Mission locale de Lille"}
TODAY = aujourdhui().isoformat()
SOURCE = "essais-prescriptions"


async def publish(hub: Hub, structure: Mapping[str, str], run: str) -> str:
    """A structure with one service; the key of the service."""
    key = f"{SOURCE}--{structure['siret']}-{run}"
    common = {"source": SOURCE, "date_maj": TODAY, "code_insee": "59350", "code_postal": "59000", "commune": "Lille"}
    service = {"id": f"{key}-s", "structure_id": key, "nom": "Un service", "description": "Un service pour les essais."}
    async with hub.partner("di-offres") as di:
        for fait, data in (("structure.publiee", {"id": key, **structure}), ("service.publie", service)):
            answer = await di.post(di.message(fait, common | data, departement="59", finalite="offre"))
            assert answer.etat == "accepte", answer
    return service["id"]


async def send(partner: Partner, prc: str, fait: str, data: Mapping[str, Any]) -> Answer:
    answer = await partner.post(partner.message(fait, data, departement="59", subject=prc, finalite="accompagnement"))
    return await partner.settled(answer.id or "") if answer.etat == "en-attente" else answer


def prescription(key: str, service: str, **others: Any) -> dict[str, Any]:
    return {
        "prescription_id": key,
        "service_id": service,
        "motif": "Se rendre à son travail.",
        "contact_prefere": "telephone",
        "engagement_protection_donnees": True,
    } | others


async def received(partner: Partner, key: str, fait: str = "prescription.emise") -> Mapping[str, Any]:
    """The event of this prescription, in the partner's feed from its beginning."""

    async def told() -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        page = await partner.events()
        while page.evenements:
            found += page.evenements
            page = await partner.events(after=page.curseur)
        return found

    def wanted(events: list[Mapping[str, Any]]) -> Any:
        return next(
            (e for e in events if e["type"].endswith(f".{fait}.v1") and e["data"]["prescription_id"] == key), None
        )

    event: Mapping[str, Any] = await eventually(told, wanted)
    return event


async def refused(partner: Partner, path: str) -> int:
    with pytest.raises(RequestRefused) as caught:
        await partner.get(path)
    return caught.value.status


async def test_a_structure_sees_the_person_through_its_prescription_and_nothing_beyond(hub: Hub) -> None:
    run = secrets.token_hex(4)
    ours, theirs = await publish(hub, ASSO, run), await publish(hub, MISSION, run)
    async with hub.partner("cd-59") as cd, hub.partner("asso-mobilite") as asso, hub.partner("ml-lille") as ml:
        prc, other = await opened(hub, cd), await opened(hub, cd)
        for key, service, subject in (
            (f"a-{run}", ours, prc),
            (f"m-{run}", theirs, prc),
            (f"x-{run}", theirs, other),
        ):
            assert (await send(cd, subject, "prescription.emise", prescription(key, service))).etat == "accepte"
        key = name_at(hub, asso.code, prc, f"a-{run}")
        told = await received(asso, key)
        at_ml = await received(ml, name_at(hub, ml.code, prc, f"m-{run}"))
        elsewhere = await received(ml, name_at(hub, ml.code, other, f"x-{run}"))
        mine = told["subject"]

        parcours = await asso.get(f"/v1/parcours/{mine}")
        sheet = await asso.get(f"/v1/parcours/{mine}/feuille-de-route")
        history = await asso.get(f"/v1/parcours/{mine}/historique")
        contract = await asso.get(f"/v1/parcours/{mine}/contrat")
        foreign = [await refused(asso, f"/v1/parcours/{named}") for named in (prc, at_ml["subject"], other)]
        answers = [
            await send(
                asso,
                mine,
                "prescription.refusee",
                {"prescription_id": no, "date": TODAY, "motifs": ["capacite-atteinte"]},
            )
            for no in (
                name_at(hub, asso.code, prc, f"m-{run}"),
                name_at(hub, asso.code, other, f"x-{run}"),
                f"a-{run}",
                "inconnue",
            )
        ]
        cancelled = await send(asso, mine, "prescription.annulee", {"prescription_id": key, "date": TODAY})
        accepted = await send(asso, mine, "prescription.acceptee", {"prescription_id": key, "date": TODAY})
        back = await received(cd, f"a-{run}", "prescription.acceptee")

    everything = json.dumps([parcours, sheet, history, contract, told])
    assert parcours["identite"]["nom_naissance"]
    assert set(parcours) == {"parcours", "departement", "etat", "oppose", "identite"}
    assert "nir" not in everything and "numero-france-travail" not in everything
    assert set(contract) <= {"parcours", "departement"}
    assert [une["prescription_id"] for une in sheet["prescriptions"]] == [key]
    assert name_at(hub, asso.code, prc, f"m-{run}") not in json.dumps(history)
    assert foreign == [404, 404, 404]
    assert [answer.code for answer in answers] == ["non-autorise"] * 4
    assert cancelled.code == "non-autorise"
    assert accepted.etat == "accepte"
    assert back["data"]["date"] == TODAY
    assert elsewhere["subject"] != at_ml["subject"]


async def test_who_may_not_publish_is_told_so(hub: Hub) -> None:
    run = secrets.token_hex(4)
    await publish(hub, ASSO, run)
    record = {"source": SOURCE, "id": f"{SOURCE}--autre-{run}", "nom": "Une structure", "date_maj": TODAY}
    async with hub.partner("asso-mobilite") as asso, hub.partner("cd-59") as cd:
        stolen = await asso.post(asso.message("structure.publiee", record, departement="59", finalite="offre"))
        without = await cd.post(cd.message("structure.publiee", record, departement="59", finalite="offre"))
        own = record | {"source": "asso-mobilite", "id": f"asso-mobilite--{run}"}
        mine = await asso.post(asso.message("structure.publiee", own, departement="59", finalite="offre"))

    assert (stolen.code, without.code) == ("non-autorise", "non-autorise")
    assert mine.etat == "accepte"
    assert mine.parcours is None


async def test_a_withdrawn_service_expires_its_prescription_and_everybody_hears_why(hub: Hub) -> None:
    run = secrets.token_hex(4)
    service = await publish(hub, ASSO, run)
    async with hub.partner("cd-59") as cd, hub.partner("asso-mobilite") as asso, hub.partner("di-offres") as di:
        prc = await opened(hub, cd)
        await send(cd, prc, "prescription.emise", prescription(f"w-{run}", service))
        gone = {"id": service, "date": TODAY, "raison": "Fin du financement."}
        answer = await di.post(di.message("service.retire", gone, departement="59", finalite="offre"))
        told = [
            await received(partner, name_at(hub, partner.code, prc, f"w-{run}"), "prescription.expiree")
            for partner in (cd, asso)
        ]
        late = await send(cd, prc, "prescription.emise", prescription(f"l-{run}", service))

    assert answer.etat == "accepte"
    assert all("Fin du financement." in event["data"]["raison"] for event in told)
    assert late.code == "service-retire"


async def test_the_action_of_the_roadmap_follows_its_prescription(hub: Hub) -> None:
    run = secrets.token_hex(4)
    service = await publish(hub, ASSO, run)
    async with hub.partner("cd-59") as cd, hub.partner("asso-mobilite") as asso:
        prc = await opened(hub, cd)
        own_agent = {"nom": "Delattre", "prenom": "Inès", "courriel": "i@nord.example", "identifiant_agent": "n-1"}
        house = {"systeme": "siret", "valeur": "90000059700014", "nom": "Maison Nord Solidarités de Lille"}
        follower = {"accompagnant": own_agent, "structure": house, "date_debut": TODAY, "role": "accompagnant"}
        await send(cd, prc, "accompagnant.ajoute", follower)
        objective = {"objectif_id": "o-1", "theme": "mobilite", "libelle": "Aller travailler", "statut": "en-cours"}
        action = {"action_id": "a-1", "objectif_id": "o-1", "libelle": "Louer un scooter", "statut": "prevue"}
        await eventually(lambda: send(cd, prc, "objectif.ajoute", objective), lambda a: a.etat == "accepte")
        await send(cd, prc, "action.ajoutee", action)
        await send(cd, prc, "prescription.emise", prescription(f"f-{run}", service, action_id="a-1"))
        key = name_at(hub, asso.code, prc, f"f-{run}")
        mine = (await received(asso, key))["subject"]
        seen = []
        for fait, more in (
            ("prescription.acceptee", {}),
            ("participation.commencee", {}),
            ("participation.terminee", {"issue": "accomplie"}),
        ):
            answer = await send(asso, mine, fait, {"prescription_id": key, "date": TODAY} | more)
            assert answer.etat == "accepte", answer
            state = {"prescription.acceptee": "acceptee"}.get(fait) or fait.rpartition(".")[2]
            seen.append(await eventually(partial(read_action, cd, prc), partial(at, state)))

    assert seen == ["en-cours", "en-cours", "realisee"]


async def read_action(partner: Partner, prc: str) -> Mapping[str, Any]:
    sheet = await partner.get(f"/v1/parcours/{prc}/feuille-de-route")
    action: Mapping[str, Any] = sheet["objectifs"][0]["actions"][0]
    return action


def at(state: str, action: Mapping[str, Any]) -> Any:
    return action["statut"] if action.get("etat_prescription") == state else None


async def test_the_structure_leaves_thirty_days_after_the_end(hub: Hub) -> None:
    run = secrets.token_hex(4)
    service = await publish(hub, ASSO, run)
    async with hub.partner("cd-59") as cd, hub.partner("asso-mobilite") as asso:
        prc = await opened(hub, cd)
        await send(cd, prc, "prescription.emise", prescription(f"d-{run}", service))
        key = name_at(hub, asso.code, prc, f"d-{run}")
        mine = (await received(asso, key))["subject"]
        await send(
            asso, mine, "prescription.refusee", {"prescription_id": key, "date": TODAY, "motifs": ["capacite-atteinte"]}
        )
        await received(cd, f"d-{run}", "prescription.refusee")
        still = await asso.get(f"/v1/parcours/{mine}")
        moved = await move_end(hub, f"d-{run}", timedelta(days=30))
        status = await eventually(lambda: peek(asso, f"/v1/parcours/{mine}"), lambda s: s == 404 and s, 90.0)

    assert still["identite"]
    assert moved == 1
    assert status == 404


async def move_end(hub: Hub, key: str, by: timedelta) -> int:
    """As if the prescription had ended that much earlier."""
    port = hub.data.known_ports().postgres
    conn: asyncpg.Connection[Any] = await postgres.connect_admin(hub.data, port, postgres.DATABASE)
    try:
        done = await conn.execute(
            "UPDATE passerelle.prescriptions_suivies SET sort_le = sort_le - $2::interval "
            "WHERE prescription_id LIKE 'cd-59/' || $1 || '@%'",
            key,
            by,
        )
        return int(done.rpartition(" ")[2])
    finally:
        await conn.close()


async def peek(partner: Partner, path: str) -> int:
    await asyncio.sleep(1)
    try:
        await partner.get(path)
    except RequestRefused as error:
        return error.status
    return 200
