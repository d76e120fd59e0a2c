"""A signalement is not a search: on a whole hub, an emitter cannot tell a known, an unknown and an ambiguous person.

Everything that the mission locale gets is compared between three persons, with its own names of them left out.
"""

import base64
import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.client import Partner
from tests.hub import Hub, free_port
from tests.passerelle.test_inbound_reads import OWN_STRUCTURE, STRUCTURE, decided, found
from tests.persons import nir, signalement

pytestmark = pytest.mark.anyio
_SOUS = (
    "",
    "/orientations",
    "/referent",
    "/rdv",
    "/contrat",
    "/feuille-de-route",
    "/historique",
    "/historique?limite=1",
)
_GESTES: Mapping[str, Mapping[str, Any]] = {
    "usager.corrige": {"coordonnees": {"telephone": "0320000000"}},
    "orientation.demandee": {"date_reception": "2026-11-21"},
    "accompagnant.ajoute": {
        "structure": STRUCTURE,
        "date_debut": "2026-11-21",
        "role": "accompagnant",
        "accompagnant": {
            "nom": "Martin",
            "prenom": "Lou",
            "courriel": "lou.martin@exemple.test",
            "identifiant_agent": "a-1",
        },
    },
}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-muet-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()


def _claims(jws: str) -> dict[str, Any]:
    body = jws.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


async def _everything(partner: Partner, data: Mapping[str, Any]) -> dict[str, Any]:
    """All that a partner can get out of a signalement, twice, with its names and the ids left out."""
    sent = partner.message("usager.signale", data, departement="59")
    first = await partner.post(sent)
    prc = str(first.parcours)
    raw = (await partner._send("GET", f"/v1/messages/{sent['id']}")).json()
    enriched = {
        **data,
        "identifiants": [*data["identifiants"], {"type": "imilo", "valeur": str(secrets.randbelow(10**9) + 1)}],
    }
    again = await partner.post(partner.message("usager.signale", enriched, departement="59"))
    reads = {path: await partner._send("GET", f"/v1/parcours/{prc}{path}") for path in _SOUS}
    gestures = {
        fait: (
            await partner.post(partner.message(fait, donnees, departement="59", subject=prc, finalite="accompagnement"))
        ).code
        for fait, donnees in _GESTES.items()
    }
    stale = partner.message("usager.corrige", _GESTES["usager.corrige"], departement="59", subject=prc)
    words = reads[""].json()
    listed = [one for one in (await partner.get("/v1/parcours", limite=200))["parcours"] if one["parcours"] == prc]
    return {
        "answer": [*sorted(raw), raw["etat"], len(raw["evenements"])],
        "receipt": [*sorted(_claims(raw["recu"])), len(_claims(raw["recu"])["evenements"])],
        "same name": again.parcours == prc,
        "statuses": {path: read.status_code for path, read in reads.items()},
        "words": [*sorted(words), words["etat"], words["departement"], words["identite"]["prenoms"]],
        "its own words": words["parcours"] == prc and words["identite"] == data["identite"],
        "gestures": gestures,
        "version": (await partner.post(stale | {"versionattendue": 1})).code,
        "listed": [[*sorted(one), one["etat"]] for one in listed],
    }


async def test_a_known_an_unknown_and_an_ambiguous_person_are_one_for_who_may_not_be_told(hub: Hub) -> None:
    unknown, known, ambiguous = (
        signalement(identifiants=[{"type": "local", "valeur": f"ml-{n}"}, {"type": "nir", "valeur": nir(n)}])
        for n in range(3)
    )
    matricule = {"type": "matricule-caf", "valeur": "7654321", "role": "demandeur"}
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement, hub.partner("ml-lille") as lille:
        known_before = {**known, "identifiants": [*known["identifiants"][1:], matricule]}
        await caf.post(caf.message("usager.signale", known_before, departement="59"))
        await decided(hub, await found(departement, known_before), OWN_STRUCTURE, "departement")
        other = {**ambiguous, "identite": {**ambiguous["identite"], "prenoms": "Zoé"}}
        other |= {"identifiants": ambiguous["identifiants"][1:]}
        await caf.post(caf.message("usager.signale", other, departement="59"))
        before = (await lille.events()).curseur

        seen = [await _everything(lille, person) for person in (unknown, known, ambiguous)]
        told = (await lille.events(after=before, wait_s=2)).evenements

    assert seen[0] == seen[1] == seen[2]
    assert told == []
    assert seen[0]["its own words"]
    assert seen[0]["same name"]
    assert set(seen[0]["gestures"].values()) == {"non-autorise"}


async def test_once_oriented_towards_it_the_partner_is_given_the_whole_under_its_former_name_too(hub: Hub) -> None:
    person = signalement(identifiants=[{"type": "nir", "valeur": nir(11)}])
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement, hub.partner("ml-lille") as lille:
        await caf.post(caf.message("usager.signale", person, departement="59"))
        mine = (await lille.post(lille.message("usager.signale", person, departement="59"))).parcours
        await decided(hub, await found(departement, person))
        page = await lille.events(wait_s=10)
        [partage] = [
            e
            for e in page.evenements
            if e["type"] == "fr.insertion.parcours.partage.v1" and mine in e["data"].get("anciens", [])
        ]
        under_the_former = await lille.get(f"/v1/parcours/{mine}/orientations")
        listed = [one["parcours"] for one in (await lille.get("/v1/parcours", limite=200))["parcours"]]

    assert under_the_former["parcours"] == partage["subject"] != mine
    assert under_the_former["ouverte"]["structure"] == STRUCTURE
    assert partage["subject"] in listed
    assert mine not in listed


async def test_the_right_that_a_payer_tells_is_answered_alike_for_a_known_and_an_unknown_person(hub: Hub) -> None:
    """Nothing but the ids that differ for anybody: neither a name of the parcours, nor how much was told of it."""
    droits = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-11-01"}
    unknown, known = (signalement(identifiants=[{"type": "nir", "valeur": nir(n)}]) for n in (21, 22))
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        told_before = {**known, "origine": "inscription-conseiller-cd"}
        await departement.post(departement.message("usager.signale", told_before, departement="59"))
        seen = []
        for person in (unknown, known):
            prc = (await caf.post(caf.message("usager.signale", person, departement="59"))).parcours
            message = caf.message("droits.modifies", droits, departement="59", subject=prc)
            stale = await caf.post({**message, "id": f"{message['id']}-v", "versionattendue": 1})
            answer = await caf.post(message)
            seen.append([stale.code, stale.corps.get("details"), answer.parcours == prc, sorted(answer.corps)])

    assert seen[0] == seen[1] == ["version-perimee", None, True, ["etat", "evenements", "id", "parcours", "recu"]]
