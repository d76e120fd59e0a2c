"""Wait and resume: a human who stops and starts what is verified, a run that is interrupted and taken up again."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from relais_kit.carnet import Carnet, Etat
from relais_kit.echange import Echange
from relais_kit.emetteur.jugement import Dossier
from relais_kit.emetteur.regles import juger
from relais_kit.hub.deroulement import derouler as derouler_hub
from relais_kit.hub.echanges import Fil, SansReponse
from relais_kit.hub.verification import Verification as VerificationHub
from relais_kit.personne import Personne, au_terminal
from relais_kit.recepteur.deroulement import derouler
from relais_kit.recepteur.envoi import Hub
from relais_kit.recepteur.exigences import EXIGENCES
from relais_kit.recepteur.identite import Identite, signataire_v1
from relais_kit.recepteur.sonde import Sonde
from relais_kit.recepteur.verification import Verification
from relais_kit.reprise import Reprise, ouvrir
from tests.contracts import hubs, recepteurs
from tests.contracts.emetteurs import Juste
from tests.contracts.emetteurs_autres import UnLot
from tests.contracts.emetteurs_fautifs import PasDeRelance
from tests.contracts.emetteurs_fautifs_acces import InsisteSurLe401
from tests.contracts.quelquun import quelquun
from tests.contracts.test_verifier_emetteur import URL as EMETTEUR_URL
from tests.contracts.test_verifier_emetteur import EnMemoire

pytestmark = pytest.mark.anyio
URL = "http://recepteur.exemple"


@pytest.fixture(autouse=True)
def _sans_journal() -> Iterator[None]:
    avant = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**avant)


class Interrupteur:
    """A receiver that can be stopped; started again, it is another process that reads what the first had kept."""

    def __init__(self, recepteur: recepteurs.Juste) -> None:
        self.recepteur = recepteur
        self.est_lance = True

    def arreter(self) -> None:
        self.est_lance = False

    def relancer(self) -> None:
        self.est_lance = True

    def relancer_sans_memoire(self) -> None:
        self.relancer()
        self.recepteur.repondre = self._tout_traiter  # type: ignore[method-assign]

    async def _tout_traiter(self, _: Any, evenements: list[dict[str, Any]]) -> Any:
        self.recepteur.traites += [e["id"] for e in evenements if e["type"] in recepteurs.CONNUS]
        return Response(status_code=204)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.est_lance and scope["path"] != "/traites":
            raise httpx.ConnectError("stopped")
        await self.recepteur.app(scope, receive, send)


async def verifier(
    app: Interrupteur,
    personne: Personne | None = None,
    reprise: Reprise | None = None,
    avancer: Callable[[int, int, str], None] = lambda *_: None,
) -> dict[str, Etat]:
    identite = Identite(signataire_v1(recepteurs.SECRET))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        verification = Verification(
            Hub(http, f"{URL}/webhooks", identite.bon),
            identite,
            Sonde(http, f"{URL}/traites", patience_s=0.2, calme_s=0.05),
            lot=5,
            personne=personne or Personne(),
            est_rapide=True,
        )
        resultats = await derouler(verification, avancer, reprise)
    return {r.exigence.id.removeprefix("recepteur."): r.etat for r in resultats}


async def test_a_receiver_that_was_stopped_forgets_nothing() -> None:
    juste, oublieux, lance = (Interrupteur(recepteurs.Juste()) for _ in range(3))

    bon = await verifier(juste, quelquun(juste.arreter, juste.relancer))
    faux = await verifier(oublieux, quelquun(oublieux.arreter, oublieux.relancer_sans_memoire))
    sans = await verifier(lance, quelquun(lambda: None))

    assert (bon["redemarrage"], Etat.ECHOUEE in bon.values()) == (Etat.PASSEE, False)
    assert faux["redemarrage"] is Etat.ECHOUEE
    assert sans["redemarrage"] is Etat.NON_COUVERTE


async def test_a_run_of_a_receiver_is_taken_up_where_it_was_cut(tmp_path: Path) -> None:
    app, fichier, titres = Interrupteur(recepteurs.Juste()), tmp_path / "essai.json", list[str]()

    def couper(_rang: int, _nombre: int, titre: str) -> None:
        if titre == "désordre":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await verifier(app, reprise=ouvrir(fichier, {}), avancer=couper)
    etats = await verifier(app, reprise=ouvrir(fichier, {}), avancer=lambda _r, _n, titre: titres.append(titre))

    assert Etat.ECHOUEE not in etats.values()
    assert (etats["octets-exacts"], etats["doublon-une-fois"]) == (Etat.PASSEE, Etat.PASSEE)
    assert ("doublons" in titres, "désordre" in titres, fichier.exists()) == (False, True, False)


async def test_what_was_sent_before_the_cut_is_judged_at_the_end(tmp_path: Path) -> None:
    app, fichier = Interrupteur(recepteurs.Juste()), tmp_path / "essai.json"

    def couper(_rang: int, _nombre: int, titre: str) -> None:
        if titre == "désordre":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await verifier(app, reprise=ouvrir(fichier, {}), avancer=couper)
    app.recepteur.traites.clear()
    etats = await verifier(app, reprise=ouvrir(fichier, {}))

    assert etats["evenement-traite"] is Etat.ECHOUEE


async def test_a_run_of_a_hub_that_went_away_is_taken_up(tmp_path: Path) -> None:
    class SEnVa(hubs.Juste):
        reste = 60

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            self.reste -= 1
            if not self.reste:
                raise httpx.ConnectError("gone")
            await super().__call__(scope, receive, send)

        def apres(self, demande: hubs.Demande, rendu: hubs.Rendu) -> None:
            if demande.chemin == "/oauth/jwks":  # before the cut
                rendu.entetes["access-control-allow-origin"] = "*"

    hub, fichier, titres = SEnVa(), tmp_path / "essai.json", list[str]()

    async def une_fois() -> dict[str, Etat]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(hub)) as http:
            fil = Fil(http, hub.url)
            v = VerificationHub(fil, hub.acces(fil, "caf-59"), hub.acces(fil, "cd-59"), est_rapide=True, calme_s=0)
            reprise = ouvrir(fichier, {"cible": "hub"})
            resultats = await derouler_hub(v, lambda _r, _n, titre: titres.append(titre), reprise)
        return {r.exigence.id: r.etat for r in resultats}

    with pytest.raises(SansReponse):
        await une_fois()
    coupee = len(titres)
    etats = await une_fois()

    assert {nom for nom, etat in etats.items() if etat is Etat.ECHOUEE} == {"hub.sans-cors"}
    assert (etats["hub.preuve-cle"], etats["hub.redemarrage"]) == (Etat.PASSEE, Etat.NON_COUVERTE)
    assert set(titres[:coupee]) & set(titres[coupee:]) == {"jeton", "premier dépôt", titres[coupee - 1]}


@pytest.mark.parametrize("genre", [UnLot, InsisteSurLe401, PasDeRelance])
def test_a_run_of_a_sender_is_judged_with_what_came_before_the_cut(genre: type[Juste], tmp_path: Path) -> None:
    fichier, titres = tmp_path / "essai.json", list[str]()

    def passer(avancer: Callable[[int, int, str], None], reprise: Reprise | None = None) -> tuple[Any, int]:
        """The results, and how long the feed has become: a reader that keeps its cursor finds its place."""
        banc = EnMemoire(genre)
        banc.deroulement.est_strict = True
        banc.deroulement.silence_s = 0.1
        banc.deroulement.reprise = reprise or Reprise()
        passages = banc.deroulement.derouler(avancer)
        dossier = Dossier(passages, EMETTEUR_URL, "/partenaires/caf-59")
        resultats = {(r.exigence.id, r.etat) for r in juger(dossier, est_strict=True)}
        return resultats, len(banc.deroulement.porte.memoire.fils["caf-59"])

    def couper(rang: int, _nombre: int, titre: str) -> None:
        titres.append(titre)
        if rang == len(titres) == 7:
            raise KeyboardInterrupt

    entiere = passer(lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        passer(couper, ouvrir(fichier, {}))
    reprise = ouvrir(fichier, {})
    gardees = list(reprise.faites)
    en_deux = passer(lambda *_: None, reprise)

    assert en_deux == entiere
    assert gardees == titres[:6]
    assert reprise.faites[6] == titres[6]


def test_what_was_noted_is_taken_up_masked() -> None:
    avant, apres = Carnet(EXIGENCES), Carnet(EXIGENCES)
    avant.echouer("essai", "répond 500", Echange("POST", "/webhooks", (("dpop", "preuve"),), b"{}", 1.0, statut=500))
    avant.omettre("ordre", "sans sonde")

    apres.reprendre(json.loads(json.dumps(avant.en_json())))

    vus = {r.exigence.id: r for r in apres.resultats("")}
    assert (vus["recepteur.essai"].etat, vus["recepteur.ordre"].details) == (Etat.ECHOUEE, ("sans sonde",))
    [echange] = vus["recepteur.essai"].echanges
    assert (echange.masque()["statut"], "preuve" in json.dumps(echange.masque())) == (500, False)


@pytest.mark.parametrize(
    ("contenu", "plainte"),
    [
        ("", "n'est pas une vérification à reprendre"),
        ("[]", "n'est pas une vérification à reprendre"),
        ('{"contexte": {"cible": "hub"}, "faites": [], "suite": {}, "carnet": {}}', "est d'une autre vérification"),
    ],
)
def test_a_file_of_something_else_is_refused(
    contenu: str, plainte: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fichier = tmp_path / "essai.json"
    fichier.write_text(contenu)

    with pytest.raises(SystemExit) as fin:
        ouvrir(fichier, {"cible": "recepteur"})

    assert (fin.value.code, plainte in capsys.readouterr().err) == (2, True)


async def test_somebody_is_asked_at_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    sans_terminal = au_terminal(est_demandee=True)
    monkeypatch.setattr("sys.stdin", Terminal("\nn\n"))
    au_clavier = au_terminal(est_demandee=True)
    reponses = [await au_clavier.faire("Arrêtez le relais.") for _ in range(3)]

    assert (sans_terminal.est_la, au_terminal(est_demandee=False).est_la) == (False, False)
    assert reponses == [True, False, False]
    assert "Arrêtez le relais. Entrée quand c'est fait" in capsys.readouterr().err
