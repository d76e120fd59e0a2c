"""The mock hub by its own wire, with the published client: tokens, deposits, refusals, the feed and its disorders."""

import json
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from relais_contrats.api import OPERATIONS
from relais_contrats.client import Partner, RequestRefused
from relais_contrats.exemples import exemple_valide
from relais_kit.attentes import NOM, Attentes, Champ, lire
from relais_kit.bouchon.abonnements import Abonnements
from relais_kit.bouchon.application import Bouchon, _api, _oauth, preparer
from relais_kit.bouchon.modes import MODES
from relais_kit.bouchon.porte import Porte

pytestmark = pytest.mark.anyio
URL = "http://127.0.0.1:8430"


@dataclass
class Banc:
    """A mock in this process, and clients of it."""

    porte: Porte
    transport: httpx.ASGITransport

    def partenaire(self, code: str, patience_s: float = 0.1) -> Partner:
        fiche, cle = self.porte.registre.fiche(code, URL), self.porte.registre.cles[code]
        return Partner(fiche, cle, patience_s=patience_s, transport=self.transport)

    async def page(self) -> str:
        async with httpx.AsyncClient(transport=self.transport, base_url=URL) as http:
            return (await http.get("/")).text


@pytest.fixture
def banc() -> Banc:
    porte = preparer(URL, herites=["caf-59"])
    return Banc(porte, httpx.ASGITransport(Bouchon(porte)))


@pytest.fixture
async def caf(banc: Banc) -> AsyncIterator[Partner]:
    async with banc.partenaire("caf-59") as partner:
        yield partner


def signalement(id_: str = "s1") -> dict[str, Any]:
    return {**exemple_valide("usager.signale"), "id": id_, "source": "/partenaires/caf-59"}


async def test_what_one_deposits_the_others_read_under_their_own_names(banc: Banc, caf: Partner) -> None:
    accepte = await caf.post(signalement())

    async with banc.partenaire("cd-59") as departement:
        page = await departement.events()
        await departement.acknowledge(page.curseur)
        suite = await departement.events()

    [recu] = page.evenements
    assert (accepte.etat, recu["type"], suite.evenements) == ("accepte", "fr.insertion.usager.signale.v1", [])
    assert recu["subject"].startswith("prc_")
    assert recu["subject"] != accepte.parcours


# A person opens these in a browser: a page of the hub, by a link that an operator hands over.
_D_UNE_PERSONNE = {("GET", "/reponses/{jeton}"), ("POST", "/reponses/{jeton}")}


def test_the_mock_has_every_route_that_the_hub_publishes() -> None:
    porte = preparer(URL)
    siennes = {
        (methode, route.path.replace(":path}", "}"))
        for app in (_api(porte), _oauth(porte))
        for route in app.routes
        if isinstance(route, Route)
        for methode in (route.methods or {"POST"}) - {"HEAD"}
    }

    publiees = {(operation.methode, operation.chemin) for operation in OPERATIONS}

    assert publiees - siennes == _D_UNE_PERSONNE
    assert siennes - publiees == {("GET", "/"), ("POST", "/bouchon/modes"), ("GET", "/bouchon/journal")}


async def test_who_signals_without_being_told_who_it_is_takes_no_part(banc: Banc, caf: Partner) -> None:
    accepte = await caf.post(signalement())

    lu = await caf.get(f"/v1/parcours/{accepte.parcours}")
    with pytest.raises(RequestRefused) as refus:
        await caf.get(f"/v1/parcours/{accepte.parcours}/orientations")

    assert (lu["etat"], len(accepte.corps["evenements"])) == ("signale", 1)
    assert refus.value.status == 404
    assert (await caf.events()).evenements == []


async def test_the_same_body_again_is_replayed_and_another_is_refused(caf: Partner) -> None:
    await caf.post(signalement())

    encore = await caf.post(signalement())
    autre = await caf.post(signalement() | {"agent": "AUTRE Agent X1"})

    assert (encore.etat, encore.est_rejoue) == ("accepte", True)
    assert (autre.code, set(autre.corps["empreintes"])) == ("contenu-different", {"enregistree", "presentee"})


async def test_a_refusal_is_that_of_the_contract_and_the_page_says_why(banc: Banc, caf: Partner) -> None:
    faux = signalement() | {"departement": "62"}

    refuse = await caf.post(faux)

    assert (refuse.code, refuse.corps["erreurs"][0]["pointeur"]) == ("hors-territoire", "/departement")
    page = await banc.page()
    assert "hors-territoire" in page
    assert "/departement" in page
    assert "Exemple" not in page


async def test_a_parcours_of_others_is_unknown_and_a_role_is_needed(banc: Banc, caf: Partner) -> None:
    await caf.post(signalement())
    demande = exemple_valide("orientation.decidee")

    async with banc.partenaire("cd-59") as departement:
        [recu] = (await departement.events()).evenements
        sien = await departement.post({**demande, "id": "o1", "subject": recu["subject"]})
        inconnu = await departement.post({**demande, "id": "o2"})
    le_sien = (await caf.settled("s1")).parcours
    par_la_caf = await caf.post({**demande, "id": "o3", "source": caf.source, "subject": le_sien})

    assert (sien.etat, inconnu.code, par_la_caf.code) == ("accepte", "parcours-inconnu", "non-autorise")


async def test_many_are_answered_line_by_line(caf: Partner) -> None:
    lignes = [signalement("a"), signalement("b") | {"departement": "62"}, signalement("a")]

    par_ligne, en_lot = await caf.post_many(lignes), await caf.post_batch([signalement("c")])

    assert [(r.id, r.etat, r.est_rejoue) for r in par_ligne] == [
        ("a", "accepte", False),
        ("b", "refuse", False),
        ("a", "accepte", True),
    ]
    assert [r.etat for r in en_lot] == ["accepte"]


async def test_a_token_or_a_proof_that_is_not_right_is_refused(banc: Banc, caf: Partner) -> None:
    entetes = await caf.headers("GET", "/v1/evenements")

    async with httpx.AsyncClient(transport=banc.transport, base_url=URL) as http:
        une = await http.get("/v1/evenements", headers=entetes)
        rejouee = await http.get("/v1/evenements", headers=entetes)
        sans_preuve = await http.get("/v1/evenements", headers={"Authorization": entetes["Authorization"]})

    assert [r.status_code for r in (une, rejouee, sans_preuve)] == [200, 401, 401]
    assert "used before" in rejouee.headers["WWW-Authenticate"]


async def test_the_legacy_profile_comes_by_a_secret_and_bearer(banc: Banc) -> None:
    secret = ("si:caf-59", banc.porte.registre.secrets["caf-59"])

    async with httpx.AsyncClient(transport=banc.transport, base_url=URL) as http:
        donne = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=secret)
        jeton = {"Authorization": f"Bearer {donne.json()['access_token']}"}
        fil = await http.get("/v1/evenements", headers=jeton)

    assert (donne.json()["token_type"], fil.status_code) == ("Bearer", 200)


@pytest.fixture
async def lecteur(banc: Banc, caf: Partner) -> AsyncIterator[Partner]:
    for rang in range(2):
        await caf.post(signalement(f"s{rang}"))
    async with banc.partenaire("cd-59") as partner:
        yield partner


async def test_the_disorders_of_a_feed(banc: Banc, lecteur: Partner) -> None:
    droit = [e["id"] for e in (await lecteur.events()).evenements]
    lus = {}
    for mode in ("doublon", "desordre", "code-inconnu", "champ-inconnu"):
        banc.porte.modes.poser(mode, 1)
        lus[mode] = (await lecteur.events()).evenements

    assert [e["id"] for e in lus["doublon"]] == [droit[0], droit[0], droit[1], droit[1]]
    assert [e["id"] for e in lus["desordre"]] == droit[::-1]
    assert "code-du-bouchon" in json.dumps(lus["code-inconnu"][0]["data"])
    assert "champ_du_bouchon" in lus["champ-inconnu"][0]["data"]
    assert banc.porte.modes.restants == {}


async def test_a_cursor_of_another_epoch_says_from_where_to_go_on(banc: Banc, lecteur: Partner) -> None:
    banc.porte.modes.poser("epoque", 1)

    with pytest.raises(RequestRefused) as refus:
        await lecteur.events()

    assert (refus.value.status, refus.value.problem["code"]) == (409, "curseur-d-une-autre-epoque")
    assert len((await lecteur.events(after=refus.value.problem["curseur"])).evenements) == 2


@pytest.mark.parametrize(("mode", "statut"), [("503", 503), ("429", 429), ("horloge", 401)])
async def test_a_fault_by_header_is_for_one_request(banc: Banc, caf: Partner, mode: str, statut: int) -> None:
    chemin = "/v1/evenements"

    async with httpx.AsyncClient(transport=banc.transport, base_url=URL) as http:
        gene = await http.get(chemin, headers={**await caf.headers("GET", chemin), "Relais-Bouchon": mode})
        apres = await http.get(chemin, headers=await caf.headers("GET", chemin))

    assert (gene.status_code, apres.status_code) == (statut, 200)
    assert gene.headers.get("Retry-After") == ("1" if statut != 401 else None)


async def test_a_client_lives_through_a_rotation_and_a_short_outage(banc: Banc) -> None:
    async with banc.partenaire("caf-59", patience_s=5) as caf:
        await caf.post(signalement("a"))
        banc.porte.modes.poser("rotation", 1)
        tournee = await caf.post(signalement("b"))
        banc.porte.modes.poser("503", 1)
        revenue = await caf.post(signalement("c"))

    assert (tournee.etat, revenue.etat) == ("accepte", "accepte")


async def test_an_unknown_fault_is_told(banc: Banc, caf: Partner) -> None:
    entetes = {**await caf.headers("GET", "/v1/evenements"), "Relais-Bouchon": "tempete"}

    async with httpx.AsyncClient(transport=banc.transport, base_url=URL) as http:
        refus = await http.get("/v1/evenements", headers=entetes)

    assert refus.status_code == 400
    assert all(mode in refus.json()["detail"] for mode in MODES)


async def test_the_same_story_gives_the_same_names(caf: Partner) -> None:
    autre = preparer(URL)
    async with Banc(autre, httpx.ASGITransport(Bouchon(autre))).partenaire("caf-59") as second:
        une, deux = await caf.post(signalement()), await second.post(signalement())

    assert {**une.corps, "recu": ""} == {**deux.corps, "recu": ""}


async def test_what_a_partner_sends_and_reads_is_noted_beside_its_access(banc: Banc, tmp_path: Path) -> None:
    banc.porte.registre.ecrire(tmp_path, URL)
    banc.porte.attentes.ouvrir(tmp_path, ["caf-59", "cd-59"])
    async with banc.partenaire("caf-59") as caf, banc.partenaire("cd-59") as departement:
        await caf.post(signalement())
        await caf.post(signalement("s2") | {"departement": "ailleurs"})
        page = await departement.events()
        assert not (tmp_path / "cd-59" / NOM).exists()  # what is not acknowledged may never be read
        await departement.acknowledge(page.curseur)

    sent, read = (lire(tmp_path / code / NOM) for code in ("caf-59", "cd-59"))
    assert (sent.partenaire, list(sent.envoie), sent.lit) == ("caf-59", ["usager.signale"], {})
    assert sent.envoie["usager.signale"]["/departement"].toujours
    assert (list(read.lit), read.envoie, read.tolere_codes_inconnus) == (["usager.signale"], {}, False)
    assert "/data/identite/nom_naissance" in read.lit["usager.signale"]


async def test_who_acknowledges_after_an_unknown_code_tolerates_them(banc: Banc, caf: Partner) -> None:
    await caf.post(signalement())
    banc.porte.modes.poser("code-inconnu", 1)

    async with banc.partenaire("cd-59") as departement:
        page = await departement.events()
        assert not banc.porte.attentes.de("cd-59").tolere_codes_inconnus
        await departement.acknowledge(page.curseur)

    assert banc.porte.attentes.de("cd-59").tolere_codes_inconnus


async def test_what_follows_the_acknowledged_cursor_is_not_read_yet(banc: Banc, caf: Partner) -> None:
    connu = await caf.post(signalement())
    async with banc.partenaire("cd-59") as departement:
        premiere = await departement.events(limit=1)
        droits = {**exemple_valide("droits.modifies"), "source": caf.source, "subject": connu.parcours}
        assert (await caf.post(droits)).etat == "accepte"
        await departement.events()
        await departement.acknowledge(premiere.curseur)

    assert list(banc.porte.attentes.de("cd-59").lit) == ["usager.signale"]


class _Reads(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()


async def test_what_a_webhook_accepts_is_read(banc: Banc, caf: Partner) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Reads) as receiver:
        threading.Thread(target=receiver.serve_forever).start()
        try:
            async with banc.partenaire("cd-59") as departement:
                voulu = {"url": f"http://127.0.0.1:{receiver.server_port}/", "types": ["usager.signale"]}
                await departement.call("POST", "/v1/abonnements", voulu)
            await caf.post(signalement())
            await Abonnements(banc.porte).livrer()
        finally:
            receiver.shutdown()

    assert list(banc.porte.attentes.de("cd-59").lit) == ["usager.signale"]


async def test_what_was_noted_before_is_kept(banc: Banc, caf: Partner, tmp_path: Path) -> None:
    (tmp_path / "caf-59").mkdir()
    by_hand = Attentes(partenaire="Caf du Nord", lit={"orientation.decidee": {"/data/rang": Champ()}})
    (tmp_path / "caf-59" / NOM).write_text(by_hand.en_texte(), encoding="utf-8")
    banc.porte.attentes.ouvrir(tmp_path, ["caf-59"])

    await caf.post(signalement())

    now = lire(tmp_path / "caf-59" / NOM)
    assert (now.partenaire, now.lit, list(now.envoie)) == ("Caf du Nord", by_hand.lit, ["usager.signale"])


_MESSAGES, _ACQUIT, _ABOS = "/v1/messages", "/v1/evenements/acquittement", "/v1/abonnements"
_ICI = {"url": "http://127.0.0.1:9/x", "types": ["parcours.ouvert"]}


@pytest.mark.parametrize(
    ("methode", "chemin", "corps", "entetes", "attendu"),
    [
        ("POST", _MESSAGES, b"{}", {"content-type": "application/cloudevents+json;charset=latin1"}, (415, [])),
        ("POST", _MESSAGES, b"{}", {"content-encoding": "gzip"}, (415, [])),
        ("POST", _ACQUIT, b'{"curseur":"a"}', {"content-type": "text/plain"}, (415, [])),
        ("POST", _ACQUIT, b"", {}, (400, [])),
        ("POST", _ACQUIT, b'{"curseur":"a","x":1}', {}, (422, ["/x"])),
        ("POST", _ABOS, b"[]", {}, (400, [])),
        ("POST", _ABOS, b"{}", {}, (422, ["/types", "/url"])),
        ("POST", _ABOS, json.dumps({**_ICI, "lot": 101}).encode(), {}, (422, ["/lot"])),
        ("POST", _ABOS, json.dumps({**_ICI, "types": ["zz"]}).encode(), {}, (422, ["/types/0"])),
        ("POST", _ABOS, json.dumps({**_ICI, "url": "http://127.0.0.1:99999/x"}).encode(), {}, (422, ["/url"])),
        ("POST", _ABOS, json.dumps({**_ICI, "url": "http://u:p@127.0.0.1/x"}).encode(), {}, (422, ["/url"])),
        ("POST", _ABOS, json.dumps({**_ICI, "url": "http://127.0.0.1/x#f"}).encode(), {}, (422, ["/url"])),
        ("GET", "/v1/evenements?depuis=2026-01-01", None, {}, (422, ["depuis"])),
        ("GET", "/v1/evenements/", None, {}, (400, [])),
        ("GET", "//v1/evenements", None, {}, (400, [])),
    ],
)
async def test_what_is_badly_written_is_refused_as_the_hub_refuses_it(
    banc: Banc, methode: str, chemin: str, corps: bytes | None, entetes: dict[str, str], attendu: tuple[int, list[str]]
) -> None:
    """The answers are those that the hub gave to the same requests."""
    async with (
        banc.partenaire("caf-59") as partenaire,
        httpx.AsyncClient(transport=banc.transport, base_url=URL) as http,
    ):
        signes = await partenaire.headers(methode, chemin.partition("?")[0])
        tous = {"content-type": "application/json", **signes, **entetes}
        reponse = await http.request(methode, URL + chemin, content=corps, headers=tous)

    assert (reponse.status_code, sorted(e["pointeur"] for e in reponse.json().get("erreurs", []))) == attendu
