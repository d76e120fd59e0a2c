"""The pages of deliveries, replays, what is set aside, failures and alarms, with rows as the gateway tells them."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from console.access.rights import Role
from tests.console.serving import FORM, Served, served
from tests.engines import Bench

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).isoformat()
ID = "01890000-0000-7000-8000-000000000001"
ABONNEMENT: dict[str, Any] = {
    "id": ID,
    "partenaire": "<cd-59>",
    "hote": "recoit.exemple.fr",
    "types": [],
    "lot": 1,
    "signature": "v1",
    "etat": "suspendu",
    "cree_a": NOW,
    "echecs": 6,
    "premier_echec_a": NOW,
    "rouvre_a": NOW,
    "suspendu_a": NOW,
    "suspendu_par": None,
    "a_livrer": 12_000,
    "arretes": 3,
    "arrete_depuis": NOW,
    "attend_depuis": NOW,
    "tentatives": [
        {"code": "500", "nombre": 7, "dernier": NOW},
        {"code": "delai-depasse", "nombre": 1, "dernier": NOW},
    ],
}
FILE = {"parcours": "prc_a", "restants": 4, "essais": 3, "premier_echec_a": NOW, "prochain_a": None, "code": 500}
COMPTES = {"selectionnes": 10, "livres": 4, "deja_livres": 3, "refuses": 1, "en_attente": 2}
ELEMENT = {
    "id": ID,
    "composant": "orientation",
    "nature": "depot",
    "type": "orientation.decidee",
    "raison": "DataError",
    "parque_a": NOW,
    "etat": "parque",
    "echecs": 3,
    "regle_a": None,
    "partenaire": "cd-59",
    "message": "m/1",
    "gestes": [{"geste": "repris", "par": "local/a", "motif": "essai", "a": NOW}],
}
PANNE = {
    "genre": "livraison",
    "qui": "cd-59",
    "objet": ID,
    "code": "500",
    "nombre": 10_000,
    "premier": NOW,
    "dernier": NOW,
    "responsable": "recepteur",
    "titre": "Le récepteur répond 500",
    "etape": "Prévenir.",
    "cause": f"livraison/cd-59/{ID}/500",
    "prise_par": None,
    "note": "",
    "reglee_a": None,
    "reglee_par": None,
    "est_ouverte": True,
    "est_revenue": True,
}
ALERTE = {
    "id": ID,
    "nature": "rebut",
    "objet": "orientation",
    "valeur": 2.0,
    "seuil": 1.0,
    "ouverte_a": NOW,
    "vue_a": NOW,
    "close_a": None,
    "acquittee_a": None,
    "acquittee_par": None,
    "note": "",
    "envoyes": 1,
    "non_envoyes": 1,
}
ADDRESSEE = {
    "id": ID,
    "canal": "courriel",
    "adresse": "a@exemple.fr",
    "ajoute_a": NOW,
    "envoye_a": None,
    "erreur": "sans-serveur",
}
TOLD: Mapping[str, Any] = {
    "livraisons": {"abonnements": [ABONNEMENT], "suite": 1},
    "abonnement": {**ABONNEMENT, "files": [{**FILE, "erreur": None, "type": "droits.modifies"}]},
    "rejeux": {
        "rejeux": [
            {
                "id": ID,
                "partenaire": "cd-59",
                "abonnement": ID,
                "du": NOW,
                "au": NOW,
                "demande_a": NOW,
                "demande_par": "local/a",
                "etat": "en-cours",
                "comptes": COMPTES,
            }
        ],
        "abonnements": [{"id": ID, "partenaire": "cd-59", "etat": "actif"}],
    },
    "rejeu-a-blanc": {"partenaire": "cd-59", "comptes": COMPTES},
    "rebut": {"elements": [ELEMENT], "muets": ["usagers"]},
    "contenu-du-rebut": {"contenu": {"donnees": "•••"}},
    "pannes": {"pannes": [PANNE, {**PANNE, "est_ouverte": False, "reglee_a": NOW, "reglee_par": "x"}], "muets": []},
    "alertes": {
        "alertes": [ALERTE, {**ALERTE, "close_a": NOW, "acquittee_a": NOW, "acquittee_par": "local/a"}],
        "destinataires": [ADDRESSEE],
        "seuils": [{"nature": "rebut", "seuil": 1.0, "actif": True}],
    },
}
COUNTED = "/rejeux?abonnement=x&du=2026-05-20T08:00&au=2026-05-21T08:00&types=a.b"
SAID = {
    "/livraisons?etat=suspendu": (
        "&lt;cd-59&gt;",
        "12\u202f000",
        "HTTP 500&nbsp;× 7",
        "pas de réponse à temps",
        "page=1",
    ),
    f"/livraisons/{ID}": ("après 72 heures", "prc_a", "aucun : un rejeu le relance", "abonnement-reprendre"),
    COUNTED: ("10 sélectionnés = 2 à envoyer", "2026-05-20T08:00:00+02:00", "Mettre en pause", "rejeu-suspendre"),
    "/rebut": ("Usagers ne répond pas", "DataError", "au rebut"),
    f"/rebut/{ID}": ("/messages/cd-59/m%2F1", "« essai »", "Écarter pour de bon"),
    "/pannes": ("10\u202f000", "revenue", "le récepteur", "Prendre", "Réglées, dont des échecs"),
    "/alertes": ("Éléments au rebut", "aucun serveur de courriel", "Prendre en charge", "Changer", "prise par local/a"),
}


async def hub(view: str, asked: Mapping[str, Any]) -> Any:
    return TOLD[view]


@pytest.fixture
async def told(banc: Bench) -> AsyncIterator[Served]:
    async with served(banc, hub=hub) as console:
        yield console


async def test_the_pages_show_what_the_gateway_told(told: Served) -> None:
    shown = {path: await told.page(path) for path in SAID}

    assert {path: [text for text in SAID[path] if text not in page] for path, page in shown.items()} == {
        path: [] for path in SAID
    }


async def test_what_is_set_aside_is_shown_with_a_motive_only(told: Served) -> None:
    form = {"jeton": FORM, "composant": "orientation", "motif": "diagnostic", "reference": "INC-1"}

    opened = await told.client.post(f"/rebut/{ID}/contenu", data=form)
    without = await told.client.post(f"/rebut/{ID}/contenu", data={**form, "motif": ""})

    assert (opened.status_code, without.status_code) == (200, 400)
    assert "Les valeurs sont masquées" in opened.text


async def test_who_reads_only_has_no_button(banc: Bench) -> None:
    async with served(banc, hub=hub, role=Role.LECTURE) as console:
        pages = [await console.page(path) for path in SAID]

    assert [page for page in pages if 'action="/actes/' in page] == []


async def test_a_gateway_that_is_silent_is_told_everywhere(console: Served) -> None:
    pages = [await console.page(path) for path in ("/livraisons", "/rejeux", "/rebut", "/pannes", "/alertes")]

    assert all("La passerelle ne répond pas" in page for page in pages)
