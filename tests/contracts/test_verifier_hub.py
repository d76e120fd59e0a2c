"""`relais-kit verifier hub`: the mock raises no alarm, each defect is told by the right requirement."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest
import structlog

from relais_kit.carnet import Carnet, Etat, Resultat
from relais_kit.echange import Echange
from relais_kit.hub.acces import SansJeton
from relais_kit.hub.conclusion import PARTOUT
from relais_kit.hub.deroulement import CONTROLES, Avancer, derouler
from relais_kit.hub.echanges import Fil, SansReponse
from relais_kit.hub.ecoute import Ecoute, ouverte
from relais_kit.hub.epreuves_depots import Injugeable
from relais_kit.hub.exigences import EXIGENCES
from relais_kit.hub.verification import Verification
from relais_kit.personne import Personne
from tests.contracts.hubs import Demande, Juste, Rendu, reunis
from tests.contracts.hubs_fautifs import FAUTIFS, lots
from tests.contracts.quelquun import quelquun

pytestmark = pytest.mark.anyio
PAR_UN = "RELAIS_DEFAUTS_PAR_UN" in os.environ
"""`RELAIS_DEFAUTS_PAR_UN=1` looks at each defect alone."""
WEBHOOKS = {"secret-une-fois", "poignee-de-main", "signature", "livraison", "rotation", "abonnement-d-autrui"}


@pytest.fixture(scope="module", autouse=True)
def _sans_journal() -> Iterator[None]:
    avant = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**avant)


@pytest.fixture
def ecoute() -> Iterator[Ecoute]:
    with ouverte(0) as une:
        yield une


async def juger(
    hub: Juste,
    ecoute: Ecoute | None = None,
    *,
    autre: str | None = "cd-59",
    personne: Personne | None = None,
    avancer: Avancer = lambda *_: None,
    departement: str = "59",
) -> dict[str, Resultat]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hub)) as http:
        fil = Fil(http, hub.url)
        verification = Verification(
            fil,
            hub.acces(fil, "caf-59"),
            hub.acces(fil, autre) if autre else None,
            ecoute=ecoute,
            personne=personne or Personne(),
            est_rapide=True,
            revocation_s=0.3,
            calme_s=0,
            patience_s=0.5,
            departement=departement,
        )
        resultats = await derouler(verification, avancer)
    return {r.exigence.id.removeprefix("hub."): r for r in resultats}


def par_etat(resultats: Mapping[str, Resultat], etat: Etat) -> set[str]:
    return {nom for nom, resultat in resultats.items() if resultat.etat is etat}


@dataclass
class Vue:
    """One run against the mock: what was found, and which check noted what."""

    hub: Juste
    resultats: dict[str, Resultat]
    notes: set[tuple[str, str]]


@pytest.fixture(scope="module")
def vue() -> Vue:
    hub, titres, notes = Juste(), list[str](), set[tuple[str, str]]()
    passer = Carnet.passer

    def noter(carnet: Carnet, nom: str, *echanges: Echange) -> None:
        notes.add((titres[-1], nom))
        passer(carnet, nom, *echanges)

    with pytest.MonkeyPatch.context() as monkeypatch, ouverte(0) as ecoute:
        monkeypatch.setattr(Carnet, "passer", noter)
        resultats = asyncio.run(juger(hub, ecoute, avancer=lambda _rang, _nombre, titre: titres.append(titre)))
    return Vue(hub, resultats, notes)


def test_the_mock_passes_all_that_can_be_seen_of_it(vue: Vue) -> None:
    assert {nom: r.details for nom, r in vue.resultats.items() if r.etat is Etat.ECHOUEE} == {}
    assert par_etat(vue.resultats, Etat.NON_COUVERTE) == {"tls", "redemarrage"}


def test_each_check_notes_what_its_table_says(vue: Vue) -> None:
    dites = {(titre, nom) for titre, noms in CONTROLES for nom in noms}
    notes = {(titre, nom) for titre, nom in vue.notes if nom not in PARTOUT}

    assert notes <= dites
    assert {nom for _, nom in dites - notes} == {*PARTOUT, "redemarrage"}


def test_nothing_secret_is_kept_for_the_report(vue: Vue) -> None:
    ecrits = json.dumps([e.masque() for r in vue.resultats.values() for e in r.echanges])

    assert "/v1/messages" in ecrits
    for secret in ("whsec_", "Essai ", "eyJ", vue.hub.porte.registre.secrets["cd-59"]):
        assert secret not in ecrits


async def test_one_access_and_no_receiver_leave_what_they_cannot_see(ecoute: Ecoute) -> None:
    resultats = await juger(Juste(), autre=None)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert par_etat(resultats, Etat.NON_COUVERTE) >= WEBHOOKS | {"depot-d-autrui", "parcours-d-autrui", "herite", "fil"}


@pytest.mark.parametrize("fautifs", lots(PAR_UN), ids=lambda fautifs: "-".join(f.__name__ for f in fautifs))
async def test_a_defect_is_told_by_its_requirement(
    fautifs: tuple[type[Juste], ...], ecoute: Ecoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    fautif = reunis(*fautifs)
    monkeypatch.setattr("relais_kit.bouchon.porte.VerificateurAcces", fautif.verificateur)
    attendus = set.union(*(FAUTIFS[fautif] for fautif in fautifs))

    resultats = await juger(fautif(), ecoute if attendus & WEBHOOKS else None)

    assert par_etat(resultats, Etat.ECHOUEE) == attendus


def test_every_requirement_is_broken_by_a_hub_of_these_tests() -> None:
    assert set.union({"tls", "redemarrage"}, *FAUTIFS.values()) == set(EXIGENCES)


async def test_a_hub_elsewhere_is_open_in_tls_only_and_forgets_nothing_when_it_stops() -> None:
    class AvecHsts(Juste):
        def apres(self, demande: Demande, rendu: Rendu) -> None:
            rendu.entetes["strict-transport-security"] = "max-age=63072000"

    juste, fautif = AvecHsts("https://bouchon.exemple.fr"), Juste("https://bouchon.exemple.fr")

    bon = await juger(juste, personne=quelquun(lambda: None))
    faux = await juger(fautif, personne=quelquun(fautif.porte.memoire.deposes.clear))

    assert (par_etat(bon, Etat.ECHOUEE), bon["tls"].etat, bon["redemarrage"].etat) == (set(), *[Etat.PASSEE] * 2)
    assert par_etat(faux, Etat.ECHOUEE) == {"tls", "redemarrage"}


async def test_what_cannot_be_judged_is_told() -> None:
    class Ferme(Juste):
        def apres(self, demande: Demande, rendu: Rendu) -> None:
            if demande.chemin == "/oauth/token":
                rendu.statut = 401

    class Coupe(Juste):
        async def __call__(self, *_: object) -> None:
            raise httpx.ConnectError("refused")

    with pytest.raises(SansJeton, match="ne donne pas de jeton à caf-59"):
        await juger(Ferme())
    with pytest.raises(SansReponse, match="ne répond pas"):
        await juger(Coupe())
    with pytest.raises(Injugeable, match="--departement"):
        await juger(Juste(), departement="13")
