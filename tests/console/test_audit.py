"""The page of the access journal: what was asked goes to the gateway as it is meant, and what it tells is shown."""

from collections.abc import Mapping
from typing import Any

import pytest

from relais_contrats.registre import flux
from tests.console.serving import FORM, Served, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
PRC = "prc_" + "a" * 26
LINE: Mapping[str, Any] = {
    "a": "2026-03-02T08:00:00+00:00",
    "partenaire": "cd-59",
    "agent": "<Durand> Anne a-12",
    "finalite": "orientation",
    "quoi": "GET /v1/parcours",
    "resultat": 403,
    "code": "non-conventionne",
    "trace": None,
    "liaison": "aucune",
    "provenance": None,
    "nombre": 12,
    "chaine": "x",
    "rang": 1,
    "parcours": [PRC],
    "personnes": 4,
}


async def test_the_journal_is_asked_and_shown(banc: Bench) -> None:
    asked: list[Mapping[str, Any]] = []

    async def hub(view: str, demande: Mapping[str, Any]) -> Any:
        asked.append({"vue": view, **{name: value for name, value in demande.items() if value}})
        return {"lignes": [LINE], "suite": "2026-03-02/x/1", "inconnu": False}

    async with served(banc, hub=hub) as console:
        page = await console.page(f"/audit?parcours={PRC}&genre=refus&du=2026-03-01&au=2026-03-02")
        wrong = [(await console.client.get(f"/audit?{q}")).status_code for q in ("genre=x", "du=x", "agent=%00")]

    assert asked[0] == {
        "vue": "audit",
        "parcours": PRC,
        "genre": "refus",
        "depuis": "2026-03-01T00:00:00+01:00",
        "jusqua": "2026-03-03T00:00:00+01:00",
    }
    said = ("&lt;Durand&gt; Anne a-12", "non-conventionne", "jeton sans preuve", PRC, "et 3 autres", "12 fois")
    assert [one for one in said if one not in page] == []
    assert "genre=refus&amp;du=2026-03-01&amp;au=2026-03-02&amp;apres=2026-03-02%2Fx%2F1" in page
    assert wrong == [400] * 3


async def test_a_gateway_that_is_silent_is_told(console: Served) -> None:
    assert "ne répond pas" in await console.page("/audit")


async def test_a_verification_tells_its_first_break(banc: Bench) -> None:
    verdict = {"lus": 1200, "chaines": 3, "nombre_ruptures": 0, "ruptures": []}
    broken = verdict | {"nombre_ruptures": 2, "ruptures": ["accès x n° 2 : il manque 1 accès.", "autre"]}
    one: dict[str, Any] = {
        "id": "v",
        "agent": "local/camille",
        "demandee_a": "2026-03-02T08:00:00+00:00",
        "erreur": None,
    }
    done = one | {"finie_a": "2026-03-02T08:00:07+00:00", "est_intact": False}
    told = [one | {"finie_a": None, "verdicts": None, "est_intact": False}]
    told += [done | {"verdicts": {"recus": verdict, "acces": broken}}]

    async def hub(view: str, asked: Mapping[str, Any]) -> Any:
        return told

    async with served(banc, hub=hub) as console:
        page = await console.page("/audit/preuves")

    said = ("en cours", "rupture", "1\u202f200", "n° 2 : il manque 1 accès", "Relire cette page")
    assert [one for one in said if one not in page] == []


async def test_the_register_is_that_of_the_catalogue(console: Served) -> None:
    page, csv = await console.page("/audit/registre"), await console.page("/audit/registre.csv")

    assert "usager.signale" in page
    assert len(csv.splitlines()) == len(flux()) + 1


async def test_a_person_is_asked_for_with_a_motive_and_her_file_has_no_name(banc: Bench) -> None:
    asked: list[Mapping[str, Any]] = []
    held = {"fait_a": "2026-03-02", "personne": {"efface_a": None}, "vues": {"usagers": {"nom": "<MODELE>"}}}
    held |= {name: [] for name in ("evenements", "participations", "messages", "destinataires", "acces")}

    async def hub(view: str, demande: Mapping[str, Any]) -> Any:
        asked.append({"vue": view, **demande})
        jusqua = "2026-03-02T09:00:00+00:00"
        return [PRC] if view == "personne_chercher" else {"jusqua": jusqua, "contenu": held}

    given = {"jeton": FORM, "type": "nir", "valeur": "1 90 01 59 350 123", "motif": "demande-personne"}
    async with served(banc, hub=hub) as console:
        found = await console.client.post("/audit/personne", data=given)
        wrong = [
            (await console.client.post("/audit/personne", data=given | change)).status_code
            for change in ({"motif": ""}, {"valeur": "<b>"}, {"type": "matricule-caf"}, {"reference": "M. X"})
        ]
        page = await console.page(f"/audit/personne/{PRC}")
        files = [await console.client.get(f"/audit/personne/{PRC}/dossier.{kind}") for kind in ("html", "json")]

    assert asked[0]["identifiants"] == [{"type": "nir", "valeur": "1 90 01 59 350 123"}]
    assert (PRC in found.text, "350 123" in found.text, wrong) == (True, False, [400] * 4)
    assert "ouvert" in page
    assert "&lt;MODELE&gt;" in files[0].text
    assert files[1].json() == held
    assert files[1].headers["content-disposition"] == 'attachment; filename="dossier-personne.json"'


async def test_uses_are_shown_beside_those_of_the_kind(banc: Bench) -> None:
    counts = dict.fromkeys(("acces", "refus", "personnes", "agents", "recherches", "sans_nir", "d_agents"), 3)
    shares = {"sans_nir": 0.5, "hors_heures": 0.25, "ailleurs": 0.0}
    line = counts | {"partenaire": "cd-59", "genre": "departement", "hors_heures": 1, "ailleurs": 0, "parts": shares}

    async def hub(view: str, asked: Mapping[str, Any]) -> Any:
        return [line | {"medianes": dict.fromkeys(shares, 0.1), "du_genre": 2}]

    async with served(banc, hub=hub) as console:
        page = await console.page("/audit/usages")
        wrong = (await console.client.get("/audit/usages?mois=1999-01")).status_code

    assert all(said in page for said in ("50\u202f%", "25\u202f%", "10\u202f% pour son genre"))
    assert wrong == 400
