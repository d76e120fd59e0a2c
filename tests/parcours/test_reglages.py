"""What a département sets, on a running hub: read by its territory, changed by itself alone, version after version."""

import json
from typing import Any

import pytest

from relais_contrats.client import Partner, RequestRefused
from tests.hub import Hub
from tests.parcours.reorientation import opened, send

pytestmark = pytest.mark.anyio
AGENT = {"Relais-Agent": "Essai Camille agent-1"}
REGLE = {
    "critere": "boe",
    "valeur": "oui",
    "priorite": 1,
    "organisme": "cap-emploi",
    "explication": "Bénéficiaire de l'obligation d'emploi : Cap emploi.",
}


async def put(partner: Partner, path: str, content: dict[str, Any], **headers: str) -> Any:
    return await partner.call("PUT", f"/v1/departements/{path}", content, headers or AGENT)


async def refusal(partner: Partner, path: str, content: dict[str, Any], **headers: str) -> tuple[int, str, list[str]]:
    with pytest.raises(RequestRefused) as refused:
        await put(partner, path, content, **headers)
    problem = refused.value.problem
    return refused.value.status, problem["code"], [one["pointeur"] for one in problem["erreurs"]]


async def test_a_departement_replaces_its_rules_and_everybody_of_its_territory_reads_them(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd, hub.partner("ft-hauts-de-france") as ft:
        before = await cd.get("/v1/departements/59/regles")
        change = {"version": before["version"], "motif": "Délibération du 12 mars.", "table": [REGLE]}

        changed = await put(cd, "59/regles", change)
        read = await ft.get("/v1/departements/59/regles")
        late = await refusal(cd, "59/regles", change)
        await put(cd, "59/regles", {"version": changed["version"], "motif": "Retour.", "table": []})
        after = await cd.get("/v1/departements/59/regles")

    assert read["table"] == changed["table"] == [{**REGLE, "parcours_type": None}]
    assert (read["versions"][0]["agent"], read["versions"][0]["motif"]) == (AGENT["Relais-Agent"], change["motif"])
    assert late == (409, "version-perimee", ["/version"])
    assert (after["origine"], after["table"]) == ("defaut", before["table"])


async def test_a_rule_looks_for_a_value_that_exists_and_says_something(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        version = (await cd.get("/v1/departements/59/regles"))["version"]
        change = {"version": version, "motif": "Essai."}
        unknown = await refusal(cd, "59/regles", change | {"table": [REGLE | {"critere": "couleur"}]})
        impossible = await refusal(cd, "59/regles", change | {"table": [REGLE | {"valeur": "peut-etre"}]})
        silent = await refusal(cd, "59/regles", change | {"table": [REGLE | {"organisme": None}]})
        nobody = await refusal(cd, "59/delegations", change | {"delegations": ["association"]})

    assert (unknown[0], unknown[2]) == (422, ["/table/0/critere"])
    assert (impossible[0], impossible[2]) == (422, ["/table/0/valeur"])
    assert (silent[0], silent[2]) == (422, ["/table/0"])
    assert (nobody[0], nobody[2]) == (422, ["/delegations/0"])


async def test_only_the_departement_of_the_territory_changes_them_and_says_who_does(hub: Hub) -> None:
    change = {"version": 0, "motif": "Essai.", "delegations": ["france-travail"]}
    async with hub.partner("cd-59") as cd, hub.partner("ft-hauts-de-france") as ft, hub.partner("caf-59") as caf:
        elsewhere = await refusal(cd, "62/delegations", change)
        another_kind = await refusal(ft, "59/delegations", change)
        payer = await refusal(caf, "59/delegations", change)
        nobody = await refusal(cd, "59/delegations", change, Accept="application/json")

    assert elsewhere[:2] == (403, "hors-territoire")
    assert another_kind[:2] == payer[:2] == (403, "non-autorise")
    assert nobody == (422, "schema-invalide", ["relais-agent"])


def test_the_command_reads_and_changes_them(hub: Hub) -> None:
    shown = json.loads(hub.relais("departement delegations cd-59", "--json").stdout)
    changed = hub.relais("departement delegations cd-59", "--a", "france-travail", "--motif", "Convention.").stdout
    ended = hub.relais("departement delegations cd-59", "--aucune", "--motif", "Fin.").stdout
    without_reason = hub.relais("departement delegations cd-59", "--aucune", check=False)

    assert shown["delegations"] == []
    assert "Délègue à : france-travail." in changed
    assert "Délègue à : personne." in ended
    assert without_reason.returncode == 2


async def test_the_diagnostic_is_read_by_who_may_see_it_and_its_health_by_who_may_read_health(hub: Hub) -> None:
    constraint = {"contrainte_logement": "sans-logement", "contrainte_sante": "aucune"}
    async with hub.partner("cd-59") as cd, hub.partner("caf-59") as caf:
        prc = await opened(hub, cd)
        answer = await send(cd, prc, "diagnostic.realise", {"criteres": constraint})
        assert answer.etat == "accepte", answer
        read = await cd.get(f"/v1/parcours/{prc}/diagnostic")
        with pytest.raises(RequestRefused) as unknown:
            await caf.get(f"/v1/parcours/{prc}/diagnostic")

    assert read["parcours"] == prc
    assert read["criteres"].items() >= {"contrainte_logement": "sans-logement"}.items()
    assert ("contrainte_sante" in read["criteres"]) == ("sante:lire" in cd.client.scopes)
    assert "projet_pro" in read["criteres_manquants"]
    assert unknown.value.status == 404
