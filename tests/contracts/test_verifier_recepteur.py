"""`relais-kit verifier recepteur`: a right receiver raises no alarm, each defect is told by the right requirement."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.lecture import lire_evenement
from relais_contrats.signatures import v1a
from relais_kit.carnet import Carnet, Etat, Resultat
from relais_kit.echange import Echange
from relais_kit.recepteur.deroulement import CONTROLES, Avancer, Injoignable, derouler
from relais_kit.recepteur.envoi import Hub
from relais_kit.recepteur.exigences import EXIGENCES
from relais_kit.recepteur.faits import TYPES_COURANTS, Faits
from relais_kit.recepteur.identite import Identite, nouveau_secret, publique, signataire_v1
from relais_kit.recepteur.sonde import Sonde, SondeIllisible
from relais_kit.recepteur.verification import Verification
from tests.contracts.recepteurs import (
    ANCIEN,
    SECRET,
    DemandeDeRevenir,
    Juste,
    NeTraiteQueLesRdv,
    RepondPageDeConnexion,
    TraiteApresCoup,
)
from tests.contracts.recepteurs_fautifs import (
    FAUTIFS,
    DedoublonneParSignature,
    NeVerifieRien,
    RefuseLesLots,
    SeTaitApresDix,
    SeTaitDevantLeGrand,
    TraiteAvantDeVerifier,
)

pytestmark = pytest.mark.anyio
URL = "http://recepteur.exemple"


def jamais() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def juger(
    recepteur: Juste,
    identite: Identite | None = None,
    *,
    sonde: bool = True,
    lot: int = 20,
    delai_s: float = 15.0,
    types: tuple[str, ...] = (),
    avancer: Avancer = lambda _rang, _nombre, _titre: None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> dict[str, Resultat]:
    transport = transport or httpx.ASGITransport(recepteur.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport) as http:
        identite = identite or Identite(signataire_v1(SECRET))
        verification = Verification(
            Hub(http, f"{URL}/webhooks", identite.bon, delai_s),
            identite,
            Sonde(http, f"{URL}/traites", patience_s=0.3, calme_s=0.05) if sonde else None,
            lot=lot,
            est_rapide=True,
            types=types,
        )
        resultats = await derouler(verification, avancer)
    return {r.exigence.id.removeprefix("recepteur."): r for r in resultats}


def par_etat(resultats: Mapping[str, Resultat], etat: Etat) -> set[str]:
    return {nom for nom, resultat in resultats.items() if resultat.etat is etat}


async def test_a_right_receiver_passes_all_that_v1_asks() -> None:
    recepteur = Juste()
    recepteur.ancien_jusqua = jamais()
    identite = Identite(signataire_v1(SECRET), signataire_v1(ANCIEN), recepteur.ancien_jusqua)

    resultats = await juger(recepteur, identite, lot=100)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert par_etat(resultats, Etat.NON_COUVERTE) == {"rotation-close", "v1a-abonnement", "redemarrage"}


class CoupeAuLieuDeRefuser(httpx.ASGITransport):
    """Closes the connection instead of a 401; `est_mort`: and never answers again."""

    def __init__(self, recepteur: Juste, *, est_mort: bool = False) -> None:
        super().__init__(recepteur.app)
        self.est_mort, self.a_coupe = est_mort, False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.est_mort and self.a_coupe and request.method == "POST":
            raise httpx.ConnectError("refused")
        reponse = await super().handle_async_request(request)
        if reponse.status_code == 401:
            self.a_coupe = True
            raise httpx.RemoteProtocolError("closed")
        return reponse


async def test_to_close_the_connection_is_a_refusal_and_is_told() -> None:
    recepteur = Juste()

    resultats = await juger(recepteur, transport=CoupeAuLieuDeRefuser(recepteur))

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert resultats["signature-fausse"].etat is Etat.PASSEE
    assert "sans répondre, en coupant la connexion" in resultats["signature-fausse"].details[0]


async def test_a_receiver_that_dies_of_a_bad_signature_has_refused_nothing() -> None:
    recepteur = Juste()

    resultats = await juger(recepteur, transport=CoupeAuLieuDeRefuser(recepteur, est_mort=True))

    assert par_etat(resultats, Etat.ECHOUEE) == {"disponible"}
    assert resultats["sans-signature"].etat is Etat.NON_COUVERTE


class FileCourte(httpx.ASGITransport):
    """A server of one thread, whose queue of connections holds five: the others are cut."""

    def __init__(self, recepteur: Juste) -> None:
        super().__init__(recepteur.app)
        self.en_cours, self.coupees = 0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.en_cours += 1
        try:
            await asyncio.sleep(0)
            if self.en_cours > 6:
                self.coupees += 1
                raise httpx.ReadError("reset")
            return await super().handle_async_request(request)
        finally:
            self.en_cours -= 1


async def test_what_a_short_queue_cuts_is_sent_again_as_the_hub_does() -> None:
    recepteur = Juste()
    transport = FileCourte(recepteur)

    resultats = await juger(recepteur, transport=transport)

    assert transport.coupees > 0
    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert resultats["simultanes"].etat is Etat.PASSEE


async def test_a_former_secret_is_refused_once_its_overlap_is_over() -> None:
    fin = datetime.now(UTC) - timedelta(minutes=1)
    identite = Identite(signataire_v1(SECRET), signataire_v1(ANCIEN), fin)
    encore_bon = Juste(SECRET, ANCIEN)

    juste, trop_large = await juger(Juste(), identite), await juger(encore_bon, identite)

    assert (juste["rotation-close"].etat, juste["rotation-ancien"].etat) == (Etat.PASSEE, Etat.NON_COUVERTE)
    assert par_etat(trop_large, Etat.ECHOUEE) == {"rotation-close"}


async def test_a_receiver_that_forgets_the_former_secret_too_early_is_caught() -> None:
    identite = Identite(signataire_v1(SECRET), signataire_v1(ANCIEN), jamais())

    assert par_etat(await juger(Juste(), identite), Etat.ECHOUEE) == {"rotation-ancien"}


async def test_with_v1a_the_subscription_is_compared() -> None:
    cle, abonnement = Ed25519PrivateKey.generate(), str(uuid4())
    identite = Identite(v1a(cle), abonnement=abonnement)
    juste, credule = Juste(publique(cle), abonnement=abonnement), Juste(publique(cle))

    resultats = await juger(juste, identite)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert resultats["v1a-abonnement"].etat is Etat.PASSEE
    assert par_etat(await juger(credule, identite), Etat.ECHOUEE) == {"v1a-abonnement"}


async def test_without_a_probe_only_answers_are_judged() -> None:
    resultats = await juger(Juste(), sonde=False)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert {"doublon-une-fois", "ordre", "evenement-traite"} <= par_etat(resultats, Etat.NON_COUVERTE)
    assert {"lot", "signature-fausse", "retardataire"} <= par_etat(resultats, Etat.PASSEE)


@pytest.mark.parametrize(
    "juste", [NeTraiteQueLesRdv, RepondPageDeConnexion, DemandeDeRevenir], ids=lambda c: c.__name__
)
async def test_other_right_receivers_raise_no_alarm(juste: type[Juste]) -> None:
    assert par_etat(await juger(juste()), Etat.ECHOUEE) == set()


async def test_a_receiver_that_processes_later_is_waited_for() -> None:
    recepteur = TraiteApresCoup()
    transport = httpx.ASGITransport(recepteur.app)

    async with httpx.AsyncClient(transport=transport) as http:
        identite = Identite(signataire_v1(SECRET))
        sonde = Sonde(http, f"{URL}/traites", patience_s=600.0, calme_s=0.05)
        verification = Verification(Hub(http, f"{URL}/webhooks", identite.bon), identite, sonde, lot=5, est_rapide=True)
        resultats = await derouler(verification, lambda *_: None)

    assert [r.exigence.id for r in resultats if r.etat is Etat.ECHOUEE] == []


@pytest.mark.parametrize(("fautif", "attendues"), FAUTIFS.items(), ids=[f.__name__ for f in FAUTIFS])
async def test_a_defect_is_told_by_the_requirement_that_it_breaks(fautif: type[Juste], attendues: set[str]) -> None:
    assert par_etat(await juger(fautif()), Etat.ECHOUEE) == attendues


SIGNATURE = {
    "sans-signature",
    "signature-fausse",
    "corps-altere",
    "id-altere",
    "horodatage-altere",
    "horodatage-ancien",
    "horodatage-futur",
    "horodatage-illisible",
}


@pytest.mark.parametrize("fautif", [NeVerifieRien, TraiteAvantDeVerifier], ids=lambda c: c.__name__)
async def test_every_bad_signature_is_told_when_none_is_checked_in_time(fautif: type[Juste]) -> None:
    assert par_etat(await juger(fautif()), Etat.ECHOUEE) == SIGNATURE


async def test_an_answer_that_comes_after_the_hub_has_left_is_too_late() -> None:
    resultats = await juger(SeTaitDevantLeGrand(), delai_s=0.5, lot=5)

    assert "delai" in par_etat(resultats, Etat.ECHOUEE)
    assert resultats["grand"].etat is Etat.NON_COUVERTE


async def test_a_receiver_that_never_answers_is_left_after_two_silences() -> None:
    class SeTait(Juste):
        async def recevoir(self, request: Request) -> Response:
            await asyncio.Event().wait()
            raise AssertionError

    etapes: list[str] = []
    resultats = await juger(SeTait(), delai_s=0.05, avancer=lambda _rang, _nombre, titre: etapes.append(titre))

    assert par_etat(resultats, Etat.ECHOUEE) == {"delai"}
    assert par_etat(resultats, Etat.PASSEE) == set()
    assert etapes == ["ouverture de l'abonnement", "premiers événements", "ce que la sonde montre"]


async def test_a_receiver_that_falls_silent_is_left_after_two_silences() -> None:
    recepteur = SeTaitApresDix()

    resultats = await juger(recepteur, delai_s=0.5)

    assert par_etat(resultats, Etat.ECHOUEE) == {"delai"}
    assert recepteur.recus <= 12


async def test_a_retry_is_signed_anew() -> None:
    assert "doublon-une-fois" in par_etat(await juger(DedoublonneParSignature()), Etat.ECHOUEE)


async def test_nothing_is_judged_of_a_wrong_address_or_of_a_wrong_probe() -> None:
    class SansSonde(Juste):
        async def sonde(self, _: Request) -> Response:
            return JSONResponse([])

    class Coupe(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

    identite = Identite(signataire_v1(SECRET))
    async with httpx.AsyncClient(transport=Coupe()) as http:
        with pytest.raises(Injoignable, match="vérifiez --url"):
            await derouler(Verification(Hub(http, URL, identite.bon), identite), lambda *_: None)
    with pytest.raises(SondeIllisible, match="traites"):
        await juger(SansSonde())


async def test_a_connection_that_is_cut_is_told_apart_from_a_refusal() -> None:
    class CoupeLeGrand(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if int(request.headers.get("content-length", 0)) > 100_000:
                raise httpx.ReadError("cut")
            return await super().handle_async_request(request)

    recepteur = Juste()
    resultats = await juger(recepteur, transport=CoupeLeGrand(recepteur.app))

    assert par_etat(resultats, Etat.ECHOUEE) == {"disponible"}
    assert resultats["grand"].etat is Etat.NON_COUVERTE


def test_every_requirement_is_broken_by_a_receiver_of_these_tests() -> None:
    ailleurs = {"evenement-accepte", "rotation-ancien", "rotation-close", "v1a-abonnement", "delai", "disponible"}
    ailleurs.add("redemarrage")  # tests/contracts/test_kit_reprise.py

    assert set.union(ailleurs, SIGNATURE, *FAUTIFS.values()) == set(EXIGENCES)


async def test_a_wrong_secret_stops_the_run_with_what_to_look_at() -> None:
    resultats = await juger(Juste(nouveau_secret()))

    assert par_etat(resultats, Etat.ECHOUEE) == {"poignee-de-main", "essai", "evenement-accepte"}
    assert resultats["lot"].details == ("aucun événement bien signé n'est accepté : vérifiez le secret",)


async def test_a_redirected_subscription_never_opens() -> None:
    class Ailleurs(Juste):
        async def recevoir(self, request: Request) -> Response:
            return Response(status_code=308, headers={"location": "/webhooks/"})

    resultats = await juger(Ailleurs())

    assert par_etat(resultats, Etat.ECHOUEE) == {"sans-redirection"}
    assert resultats["lot"].etat is Etat.NON_COUVERTE


async def test_a_receiver_that_asked_for_no_batch_gets_none() -> None:
    resultats = await juger(RefuseLesLots(), lot=1)

    assert par_etat(resultats, Etat.ECHOUEE) == set()
    assert {"lot", "lot-melange", "doublon-en-lot"} <= par_etat(resultats, Etat.NON_COUVERTE)


async def test_a_type_that_a_receiver_says_to_process_must_be() -> None:
    resultats = await juger(NeTraiteQueLesRdv(), types=("contrat.propose",))

    assert par_etat(resultats, Etat.ECHOUEE) == {"evenement-traite"}


@pytest.mark.parametrize("type_", TYPES_COURANTS)
def test_what_is_sent_is_an_event_as_the_contract_has_it(type_: str) -> None:
    faits = Faits()
    fait = faits.fait(type_, sequence=3)

    lu = lire_evenement(json.dumps(fait).encode())

    assert (lu.sequence, lu.relaisnumero, lu.subject) == (3, 1, fait["subject"])
    assert faits.fait(type_)["id"] != fait["id"]


def test_the_large_event_is_large_and_conforms() -> None:
    corps = json.dumps(Faits().grand(), ensure_ascii=False).encode()

    assert 140_000 < len(corps) < 256_000
    assert lire_evenement(corps).type == "fr.insertion.contrat.bilan.v1"


async def test_each_check_notes_what_its_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    titres, notes = list[str](), set[tuple[str, str]]()
    passer = Carnet.passer

    def noter(carnet: Carnet, nom: str, *echanges: Echange) -> None:
        notes.add((titres[-1], nom))
        passer(carnet, nom, *echanges)

    monkeypatch.setattr(Carnet, "passer", noter)
    await juger(Juste(), avancer=lambda _rang, _nombre, titre: titres.append(titre))

    dits = {titre: set(noms) for titre, noms in CONTROLES}
    assert {(titre, nom) for titre, nom in notes if titre in dits and nom not in dits[titre]} == set()
    assert {nom for titre, nom in notes if titre not in dits} <= {n for noms in dits.values() for n in noms}
