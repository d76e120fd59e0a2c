"""`relais-kit verifier hub`: the mock raises no alarm, each defect is told by the right requirement."""

import json
import logging
import os
from collections.abc import Iterator, Mapping

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
from tests.contracts.hubs import Demande, Juste, Rendu
from tests.contracts.hubs_fautifs import FAUTIFS, ensemble, lots
from tests.contracts.quelquun import quelquun

pytestmark = pytest.mark.anyio
PAR_LOT = int(os.environ.get("RELAIS_DEFAUTS_PAR_LOT", "4"))
"""`RELAIS_DEFAUTS_PAR_LOT=1` looks at each defect alone."""
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


async def test_the_mock_passes_all_that_can_be_seen_of_it(ecoute: Ecoute) -> None:
    resultats = await juger(Juste(), ecoute)

    assert {nom: r.details for nom, r in resultats.items() if r.etat is Etat.ECHOUEE} == {}
    assert par_etat(resultats, Etat.NON_COUVERTE) == {"tls", "redemarrage"}


async def test_one_access_and_no_receiver_leave_what_they_cannot_see(ecoute: Ecoute) -> None:
    resultats = await juger(Juste(), autre=None)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert par_etat(resultats, Etat.NON_COUVERTE) >= WEBHOOKS | {"depot-d-autrui", "parcours-d-autrui", "herite", "fil"}


@pytest.mark.parametrize("fautifs", lots(PAR_LOT), ids=lambda fautifs: "-".join(f.__name__ for f in fautifs))
async def test_a_defect_is_told_by_its_requirement(
    fautifs: tuple[type[Juste], ...], ecoute: Ecoute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relais_kit.bouchon.porte.VerificateurAcces", fautifs[0].verificateur)
    attendus = set.union(*(FAUTIFS[fautif] for fautif in fautifs))

    resultats = await juger(ensemble(fautifs), ecoute if attendus & WEBHOOKS else None)

    assert par_etat(resultats, Etat.ECHOUEE) == attendus


def test_every_requirement_is_broken_by_a_hub_of_these_tests() -> None:
    assert set.union({"tls", "redemarrage"}, *FAUTIFS.values()) == set(EXIGENCES)


async def test_a_hub_that_is_not_on_this_machine_is_open_in_tls_only() -> None:
    class AvecHsts(Juste):
        def apres(self, demande: Demande, rendu: Rendu) -> None:
            rendu.entetes["strict-transport-security"] = "max-age=63072000"

    sans, avec = await juger(Juste("https://bouchon.exemple.fr")), await juger(AvecHsts("https://bouchon.exemple.fr"))

    assert par_etat(sans, Etat.ECHOUEE) == {"tls"}
    assert (par_etat(avec, Etat.ECHOUEE), avec["tls"].etat) == (set(), Etat.PASSEE)


async def test_a_hub_that_was_stopped_keeps_what_it_accepted() -> None:
    garde, oublie = Juste(), Juste()

    bon = await juger(garde, personne=quelquun(lambda: None))
    faux = await juger(oublie, personne=quelquun(oublie.porte.memoire.deposes.clear))

    assert bon["redemarrage"].etat is Etat.PASSEE
    assert par_etat(faux, Etat.ECHOUEE) == {"redemarrage"}


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


async def test_each_check_notes_what_its_table_says(ecoute: Ecoute, monkeypatch: pytest.MonkeyPatch) -> None:
    titres, notes = list[str](), set[tuple[str, str]]()
    passer = Carnet.passer

    def noter(carnet: Carnet, nom: str, *echanges: Echange) -> None:
        notes.add((titres[-1], nom))
        passer(carnet, nom, *echanges)

    monkeypatch.setattr(Carnet, "passer", noter)
    await juger(Juste(), ecoute, avancer=lambda _rang, _nombre, titre: titres.append(titre))

    dites = {(titre, nom) for titre, noms in CONTROLES for nom in noms}
    notes = {(titre, nom) for titre, nom in notes if nom not in PARTOUT}
    assert notes <= dites
    assert {nom for _, nom in dites - notes} == {*PARTOUT, "redemarrage"}


async def test_nothing_secret_is_kept_for_the_report(ecoute: Ecoute) -> None:
    hub = Juste()

    resultats = await juger(hub, ecoute)

    ecrits = json.dumps([e.masque() for r in resultats.values() for e in r.echanges])
    assert "/v1/messages" in ecrits
    for secret in ("whsec_", "Essai ", 'access_token\\": \\"ey', hub.porte.registre.secrets["cd-59"]):
        assert secret not in ecrits
