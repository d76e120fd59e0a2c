"""A convention that ends closes every door the same minute, and its renewal opens them again: one line per door.

The list is compared with the published operations: a new door without a line fails.
"""

import asyncio
import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from relais_contrats.api import OPERATIONS
from relais_contrats.client import CLOUDEVENT, Partner
from relais_contrats.vues import VUES
from tests.hub import Hub, free_port
from tests.jour import aujourdhui
from tests.parcours.reorientation import eventually
from tests.persons import nir, signalement
from tests.receiver import Endpoint, listening
from tests.rest import at_rest

pytestmark = pytest.mark.lent
CD = "cd-59"
FERMEE, SIENNE = "fermee", "sienne"
"""`sienne`: what the partner said or set up itself, which it reads without a convention."""


@dataclass(frozen=True)
class Porte:
    """How to knock: `{prc}`, `{message}`, `{abonnement}`, `{livraison}`, `{rejeu}`… are those of the scene."""

    regle: str
    query: str = ""
    corps: Mapping[str, Any] | None = None
    type_contenu: str = "application/json"


_PERIODE = {"du": "2026-01-01T00:00:00Z", "au": "2099-01-01T00:00:00Z"}
_REGLES = {"version": 0, "motif": "Essai.", "regles": []}
PORTES: Mapping[tuple[str, str], Porte] = {
    ("POST", "/v1/messages"): Porte(FERMEE, type_contenu=CLOUDEVENT),
    ("GET", "/v1/messages"): Porte(SIENNE),
    ("GET", "/v1/messages/{id}"): Porte(SIENNE),
    ("GET", "/v1/reconciliation"): Porte(FERMEE, f"?sens=recu&du={_PERIODE['du']}&au={_PERIODE['au']}"),
    ("GET", "/v1/recus/racine"): Porte(SIENNE, "?jour=2026-01-01"),
    ("GET", "/v1/evenements"): Porte(FERMEE, "?depuis=2026-01-01T00:00:00Z"),
    ("GET", "/v1/evenements/trous"): Porte(SIENNE),
    ("POST", "/v1/evenements/acquittement"): Porte(SIENNE, corps={"curseur": "{curseur}"}),
    ("POST", "/v1/abonnements"): Porte(SIENNE, corps={"url": "{url}", "types": ["usager.efface"]}),
    ("GET", "/v1/abonnements"): Porte(SIENNE),
    ("GET", "/v1/abonnements/{id}"): Porte(SIENNE),
    ("PATCH", "/v1/abonnements/{id}"): Porte(SIENNE, corps={"actif": True}),
    ("DELETE", "/v1/abonnements/{id}"): Porte(SIENNE),
    ("POST", "/v1/abonnements/{id}/secret"): Porte(SIENNE),
    ("POST", "/v1/abonnements/{id}/essai"): Porte(SIENNE),
    ("GET", "/v1/abonnements/{id}/livraisons"): Porte(FERMEE),
    ("GET", "/v1/abonnements/{id}/trous"): Porte(SIENNE),
    ("POST", "/v1/livraisons/{id}/rejeu"): Porte(FERMEE),
    ("POST", "/v1/rejeux"): Porte(FERMEE, corps={**_PERIODE, "abonnement": "{abonnement}", "renvoyer": True}),
    ("GET", "/v1/rejeux/{id}"): Porte(FERMEE),
    ("POST", "/v1/usagers/recherche"): Porte(FERMEE, corps={"identifiants": ["{identifiant}"]}),
    ("GET", "/v1/parcours"): Porte(FERMEE),
    ("GET", "/v1/parcours/{prc}"): Porte(FERMEE),
    **{("GET", vue.chemin): Porte(FERMEE) for vue in VUES},
    ("GET", "/v1/parcours/{prc}/feuille-de-route"): Porte(FERMEE),
    ("GET", "/v1/parcours/{prc}/historique"): Porte(FERMEE),
    ("GET", "/v1/statistiques/delais"): Porte(FERMEE),
    ("GET", "/v1/departements/{code}/regles"): Porte(FERMEE),
    ("PUT", "/v1/departements/{code}/regles"): Porte(FERMEE, corps=_REGLES),
    ("GET", "/v1/departements/{code}/delegations"): Porte(FERMEE),
    ("PUT", "/v1/departements/{code}/delegations"): Porte(FERMEE, corps=_REGLES),
    ("GET", "/v1/offres/services"): Porte(FERMEE, "?code_commune=59350"),
    ("GET", "/v1/offres/services/{id}"): Porte(FERMEE),
    ("GET", "/v1/offres/structures"): Porte(FERMEE),
    ("GET", "/v1/offres/structures/{id}"): Porte(FERMEE),
    ("GET", "/v1/offres/changements"): Porte(FERMEE),
    ("GET", "/v1/statistiques/offres"): Porte(FERMEE, "?departement=59"),
    ("POST", "/v1/prescriptions/{id}/lien"): Porte(FERMEE, corps={"parcours": "{prc}"}),
}
# Doors that answer of a thing that the scene does not have: open, they refuse for another reason.
SANS_OBJET = {"/v1/offres/services/{id}", "/v1/offres/structures/{id}", "/v1/prescriptions/{id}/lien"}


@dataclass
class Scene:
    hub: Hub
    partenaire: Partner
    endpoint: Endpoint
    noms: dict[str, Any] = field(default_factory=dict)
    reponses: dict[tuple[str, str, str], tuple[int, str | None]] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    flux: dict[str, list[str]] = field(default_factory=dict)
    pousses: dict[str, list[str]] = field(default_factory=dict)

    async def frappe(self, temps: str) -> None:
        """Knock at every door, the one that ends the subscription last."""
        for methode, chemin in sorted(PORTES, key=lambda porte: porte[0] == "DELETE"):
            if chemin.startswith("/v1/abonnements/{id}") and methode == "DELETE" and temps != "renouvelee":
                continue
            response = await self._envoie(methode, chemin, PORTES[methode, chemin])
            self.reponses[temps, methode, chemin] = (response.status_code, _code(response))
        page = f"/v1/parcours/{self.noms['prc']}/feuille-de-route"
        html = await self.partenaire._send("GET", page, headers={"Accept": "text/html"})
        self.pages[temps] = html.status_code

    async def _envoie(self, methode: str, chemin: str, porte: Porte) -> httpx.Response:
        corps: Any = porte.corps
        if chemin == "/v1/messages" and methode == "POST":
            corps = self.partenaire.message(
                "observation.ajoutee",
                {"texte": "Essai.", "sensibilite": "courante"},
                departement="59",
                subject=self.noms["prc"],
                finalite="accompagnement",
            )
        texte = None if corps is None else json.dumps(_nommer(corps, self.noms)).encode()
        path = _nommer(chemin.replace("{id}", "{" + _de(chemin) + "}"), self.noms) + porte.query
        headers = {"Content-Type": porte.type_contenu} if texte else {}
        return await self.partenaire._send(methode, path, **({"content": texte} if texte else {}), headers=headers)

    async def convention(self, fin: str, statut: int) -> None:
        """What an operator does; it is in force once the door answers so."""
        fins = [f"{finalite}:{fin}" for finalite in _FINALITES]
        options = [part for une in fins for part in ("--convention", une)]
        await asyncio.to_thread(self.hub.relais, "partenaire modifier", CD, *options)
        await eventually(self._statut, lambda lu: lu == statut)

    async def _statut(self) -> int:
        return (await self.partenaire._send("GET", f"/v1/parcours/{self.noms['prc']}")).status_code

    async def raconte(self, temps: str) -> None:
        """Something more is told of her by her CAF, while the convention is in force or not."""
        async with self.hub.partner("caf-59") as caf:
            marque = {"identifiants": [self.noms["identifiant"]], "identite": self.noms["identite"]}
            await caf.post(caf.message("usager.signale", signalement(**marque), departement="59"))
        await at_rest(self.hub)
        self.pousses[temps] = [one.event["type"] for one in self.endpoint.received]


_FINALITES = ("orientation", "accompagnement", "engagement", "offre", "pilotage")


def _de(chemin: str) -> str:
    """Whose id is in this path."""
    return chemin.split("/")[2].rstrip("sx")


def _nommer(valeur: Any, noms: Mapping[str, Any]) -> Any:
    if isinstance(valeur, Mapping):
        return {nom: _nommer(v, noms) for nom, v in valeur.items()}
    if isinstance(valeur, list):
        return [_nommer(v, noms) for v in valeur]
    if isinstance(valeur, str) and valeur.startswith("{") and valeur[1:-1] in noms:
        return noms[valeur[1:-1]]
    if isinstance(valeur, str):
        for nom, vrai in noms.items():
            valeur = valeur.replace("{" + nom + "}", vrai if isinstance(vrai, str) else "")
    return valeur


def _code(response: httpx.Response) -> str | None:
    if response.status_code < 400:
        return None
    code: str | None = response.json().get("code")
    return code


async def _joue(hub: Hub) -> Scene:
    async with listening() as endpoint, hub.partner(CD) as cd, hub.partner("caf-59") as caf:
        scene = Scene(hub, cd, endpoint)
        abonnement = await cd.call("POST", "/v1/abonnements", {"url": endpoint.url, "types": []})
        await endpoint.wait_for(lambda e: e.received)
        personne = signalement(identifiants=[{"type": "nir", "valeur": nir(411)}])
        await caf.post(caf.message("usager.signale", personne, departement="59"))
        await endpoint.wait_for(lambda e: e.of_type("orientation.demandee"))
        page = await cd.events()
        livraisons = await cd.get(f"/v1/abonnements/{abonnement['id']}/livraisons")
        demande = {**_PERIODE, "abonnement": abonnement["id"]}
        rejeu = await cd.call("POST", "/v1/rejeux", demande)
        prc = next(event["subject"] for event in page.evenements if "subject" in event)
        sien = cd.message("observation.ajoutee", {"texte": "Vue.", "sensibilite": "courante"}, departement="59")
        message = {**sien, "subject": prc, "finalite": "accompagnement", "id": secrets.token_hex(8)}
        await cd.post(message)
        scene.noms = {
            "prc": prc,
            "code": "59",
            "curseur": page.curseur,
            "url": endpoint.url,
            "abonnement": abonnement["id"],
            "livraison": livraisons["livraisons"][0]["id"],
            "rejeu": rejeu["id"],
            "message": message["id"],
            "identifiant": personne["identifiants"][0],
            "identite": personne["identite"],
            "offre": "inconnue--1",
            "prescription": "p-1",
        }
        await scene.frappe("en cours")
        await scene.convention((aujourdhui() - timedelta(days=1)).isoformat(), 403)
        recus = len(endpoint.received)
        await scene.raconte("terminee")
        await scene.frappe("terminee")
        scene.pousses["terminee"] = [one.event["type"] for one in endpoint.received[recus:] if "subject" in one.event]
        await scene.convention("2099-12-31", 200)
        await endpoint.wait_for(lambda e: [one for one in e.received[recus:] if "subject" in one.event], 30)
        await at_rest(hub)
        scene.pousses["renouvelee"] = [one.event["type"] for one in endpoint.received[recus:] if "subject" in one.event]
        await scene.frappe("renouvelee")
    return scene


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="relais-portes-") as folder:
        hub = Hub(Path(folder), free_port())
        hub.up()
        try:
            yield asyncio.run(_joue(hub))
        finally:
            hub.down()


def test_every_door_that_asks_for_a_token_has_its_line() -> None:
    assert set(PORTES) == {(o.methode, o.chemin) for o in OPERATIONS if o.portee}


@pytest.mark.parametrize(("methode", "chemin"), sorted(PORTES))
def test_a_door_follows_the_convention(scene: Scene, methode: str, chemin: str) -> None:
    def reponse(temps: str) -> tuple[int, str | None]:
        return scene.reponses.get((temps, methode, chemin), (0, None))

    attendu = {"en cours": False, "terminee": PORTES[methode, chemin].regle == FERMEE, "renouvelee": False}
    assert {t: reponse(t) == (403, "finalite-interdite") for t in attendu} == attendu
    if PORTES[methode, chemin].regle == SIENNE and methode != "DELETE":
        assert {reponse(t)[0] < 400 for t in attendu} == {True}, scene.reponses
    if methode == "GET" and chemin not in SANS_OBJET:
        assert (reponse("en cours")[0], reponse("renouvelee")[0]) == (200, 200)


def test_the_page_follows_the_convention(scene: Scene) -> None:
    assert scene.pages == {"en cours": 200, "terminee": 403, "renouvelee": 200}


def test_nothing_is_pushed_until_the_renewal_and_then_what_waited_is(scene: Scene) -> None:
    assert scene.pousses["terminee"] == []
    assert "fr.insertion.usager.signale.v1" in scene.pousses["renouvelee"]
