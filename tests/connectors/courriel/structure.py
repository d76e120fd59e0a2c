"""A structure without a system, in fast tests: what the hub shows it, its mail server, its browser."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from connectors.courriel import SYSTEM
from connectors.courriel.facade import facade
from connectors.courriel.following import follow
from connectors.courriel.links import Links, recipients
from connectors.courriel.poller import Notices
from connectors.systems import Context
from relais_contrats.client import HubUnreachable, RequestRefused
from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.fakes import NOW, FakeHub, context, pseudonym

ZOE = pseudonym("zoe")
ADDRESS = "accueil@asso.exemple.fr"
DEMANDE = "obj_demande"
ORIGIN = "https://relais.exemple.fr"
SECRETS = ("FICTIVE", "Zoé", "Zo=C3=A9", "0612345678", "zoe@exemple.fr", ZOE, DEMANDE, "scooter", "Seclin")
"""What no mail may say."""
PERSONNE = {
    "parcours": ZOE,
    "etat": "actif",
    "departement": "59",
    "identite": {"nom_naissance": "FICTIVE", "prenoms": "Zoé", "date_naissance": "1985-02-01"},
    "coordonnees": {"telephone": "0612345678", "courriel": "zoe@exemple.fr"},
}
PRESCRIPTION = {
    "prescription_id": DEMANDE,
    "etat": "emise",
    "prescripteur": "/partenaires/cd-59",
    "service_id": "dora--scooter",
    "structure": {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité"},
    "motif": "Se rendre à Seclin avant le premier bus.",
    "contact_prefere": "telephone",
}
RDV = {
    "rdv_id": "page-1",
    "motif": "accompagnement",
    "debut": "2026-12-14T09:30:00+01:00",
    "duree_min": 45,
    "modalite": "physique",
    "forme": "individuel",
    "lieu": "12 rue Fictive, Lille",
    "statut": "planifie",
}
DESIGNATION = {
    "referent": {"nom": "Delattre", "prenom": "Inès", "courriel": "ines@asso.exemple.fr", "identifiant_agent": "m-17"},
    "structure": {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité"},
    "date_debut": "2026-12-01",
    "etat": "propose",
}


class Hub(FakeHub):
    """`views`: what it shows, by path; `is_away`: it answers nothing."""

    source = "/partenaires/asso-mobilite"

    def __init__(self, refuse: Any = lambda _: None) -> None:
        super().__init__(refuse)
        self.events: list[dict[str, Any]] = []
        self.views: dict[str, Any] = {"/v1/offres/services/dora--scooter": {"nom": "Louer un scooter"}}
        self.is_away = False

    async def get(self, path: str, **asked: Any) -> Any:
        if self.is_away:
            raise HubUnreachable("Le relais ne répond pas.")
        if path == "/v1/evenements":
            after = int(asked.get("apres", 0))
            return {"evenements": self.events[after:], "curseur": str(len(self.events))}
        if path not in self.views:
            raise RequestRefused(404, {"title": "inconnu"})
        return self.views[path]

    async def post_many(self, *args: Any, **options: Any) -> Any:
        if self.is_away:
            raise HubUnreachable("Le relais ne répond pas.")
        return await super().post_many(*args, **options)

    def shows(self, parcours: str = ZOE, **sheet: Any) -> None:
        self.views[f"/v1/parcours/{parcours}"] = PERSONNE | {"parcours": parcours}
        self.views[f"/v1/parcours/{parcours}/feuille-de-route"] = {"departement": "59", "etat": "ouverte"} | sheet

    def tells(self, fait: str, data: Mapping[str, Any], parcours: str = ZOE) -> None:
        self.events.append(
            {
                "id": f"e{len(self.events) + 1}",
                "type": f"fr.insertion.{fait}.v1",
                "subject": parcours,
                "time": "2026-11-28T23:30:00Z",
                "data": dict(data),
            }
        )

    def prescribes(self, **change: Any) -> None:
        """A prescription to this structure, and another one of the same person to somebody else."""
        self.tells("prescription.emise", {"prescription_id": DEMANDE})
        elsewhere = PRESCRIPTION | {"prescription_id": "obj_ailleurs", "motif": "Demande faite ailleurs."}
        self.shows(prescriptions=[PRESCRIPTION | change, elsewhere])


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclasses.dataclass
class Structure:
    """One mandate, with the loop that it would run and the browser of who reads its mails."""

    place: Context
    hub: Hub
    clock: Clock
    mails: Mailbox

    def __post_init__(self) -> None:
        self.notices = Notices(self.place)
        self.base = f"/connecteurs/{self.place.mandate.code}"
        self.app = Starlette(routes=[Mount(self.base, app=facade(self.place))])

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=ORIGIN, follow_redirects=True)

    def link(self) -> str:
        return Links(self.place).address(recipients(self.place)[0])

    async def opened(self) -> httpx.AsyncClient:
        """Return a browser in which the page is open, once the feed was read."""
        await follow(self.place)
        browser, link = self.browser(), self.link()
        await browser.post(link, data={"x": ""})
        answer = await browser.post(f"{self.base}/code", data={"code": code_in(self.mails)})
        assert answer.status_code == 200, answer.text
        return browser

    async def lines(self) -> list[tuple[str, str, str, str | None]]:
        last = await self.place.journal.last(100)
        return [(one.nature, one.reference, one.etat, one.motif) for one in reversed(last)]


def code_in(mails: Mailbox) -> str:
    found = re.search(r"Votre code : (\d{4} \d{4})", mails.received[-1].get_content())
    assert found is not None
    return found[1]


def structure(mails: Mailbox, port: int, folder: Path, hub: Hub | None = None, **settings: Any) -> Structure:
    chosen = {
        "departement": "59",
        "adresse": ORIGIN,
        "expediteur": "ne-pas-repondre@relais.exemple.fr",
        "destinataires": [ADDRESS],
        "structures": [{"systeme": "siret", "valeur": "90000083700014"}],
        "smtp": mails.settings(port),
    } | settings
    hub, clock = hub or Hub(), Clock()
    place = dataclasses.replace(context(SYSTEM, chosen, folder, hub), clock=clock)
    return Structure(place, hub, clock, mails)


def fields(page: str, form: int = 0) -> dict[str, str]:
    """The hidden fields of one form of the page, in its order; the first one of an opened page closes it."""
    text = page.split("<form")[form + 1].split("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
