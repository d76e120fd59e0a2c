"""`relais-kit certifier`: the challenge of the witness, what earns a certificate, and the reading of one."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from joserfc import jws
from joserfc.jwk import ECKey

from relais_contrats.conformite import TYP_DEFI, Programme, signer
from relais_contrats.oauth.clients import ClientOAuth
from relais_contrats.partenaires import Partenaire
from relais_kit.bouchon import serveur
from relais_kit.bouchon.partenaires import Registre
from relais_kit.bouchon.repertoire import PARTENAIRES
from relais_kit.carnet import Etat, Resultat
from relais_kit.certification.merite import JEUX, empreinte, manques
from relais_kit.certification.seance import SansReponse, Seance
from relais_kit.commande import main
from relais_kit.emetteur.deroulement import Muet
from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.temoin import Etape, Passage
from tests.contracts.test_conformite import CLE, dit

RELAIS, TEMOIN = "https://relais.exemple.fr", "http://127.0.0.1:8430"
[CAF] = [partenaire for partenaire in PARTENAIRES if partenaire.code == "caf-59"]


@pytest.fixture
def registre() -> Registre:
    """The real partners, as the operator registered them; the test holds their private keys."""
    inscrits = Registre()
    for partenaire in PARTENAIRES:
        inscrits.inscrire(partenaire, datetime.now(UTC))
    return inscrits


def client(registre: Registre, partenaire: Partenaire = CAF) -> ClientOAuth:
    connu = registre.client(f"si:{partenaire.code}")
    assert connu is not None
    return connu


def seance(registre: Registre, **options: Any) -> Seance:
    return Seance(TEMOIN, RELAIS, CAF, client(registre), **{"attente_s": 60.0, **options})


def repondre(s: Seance, cle: ECKey, *, entete: dict[str, Any] | None = None, **changements: Any) -> str:
    """The answer to its challenge, right but for the changes."""
    maintenant = int(time.time())
    claims = {"iss": "si:caf-59", "aud": RELAIS, "defi": s.defi, "iat": maintenant, "exp": maintenant + 60}
    signe = {"alg": "ES256", "kid": cle.thumbprint(), "typ": TYP_DEFI, **(entete or {})}
    return str(jws.serialize_compact(signe, json.dumps(claims | changements).encode(), cle))


@asynccontextmanager
async def guichet(s: Seance) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(s.application), base_url=TEMOIN) as http:
        yield http


@pytest.mark.anyio
async def test_the_challenge_opens_the_run_once_to_a_key_of_the_partner(registre: Registre) -> None:
    s = seance(registre)
    reponse = repondre(s, registre.cles["caf-59"])

    async with guichet(s) as http:
        presente = (await http.get("/certification")).json()
        ouverte = await http.post("/certification", content=reponse)
        rejouee = await http.post("/certification", content=reponse)
        etat = await http.get("/certification/etape", headers={"authorization": f"Bearer {ouverte.json()['seance']}"})
        etrangere = await http.get("/certification/etape", headers={"authorization": "Bearer autre"})

    assert (presente["defi"], presente["partenaire"], presente["emetteur"]) == (s.defi, "caf-59", RELAIS)
    assert [r.status_code for r in (ouverte, rejouee, etat, etrangere)] == [201, 409, 200, 401]
    assert s.cle == registre.cles["caf-59"].thumbprint()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "forge",
    [
        {"defi": "celui d'une autre séance"},
        {"aud": "https://autre.exemple.fr"},
        {"iss": "si:cd-59"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"entete": {"typ": "JWT"}},
        {"entete": {"kid": "inconnue"}},
    ],
    ids=str,
)
async def test_an_answer_that_is_not_of_this_run_opens_nothing(registre: Registre, forge: dict[str, Any]) -> None:
    s = seance(registre)

    async with guichet(s) as http:
        reponse = await http.post("/certification", content=repondre(s, registre.cles["caf-59"], **forge))

    assert (reponse.status_code, s.cle) == (401, None)


@pytest.mark.anyio
@pytest.mark.parametrize("code", ["cd-59", None])
async def test_the_key_of_somebody_else_opens_nothing(registre: Registre, code: str | None) -> None:
    s, le_sien = seance(registre), registre.cles["caf-59"].thumbprint()
    cle = registre.cles[code] if code else ECKey.generate_key("P-256")

    async with guichet(s) as http:
        reponses = [
            await http.post("/certification", content=repondre(s, cle)),
            await http.post("/certification", content=repondre(s, cle, entete={"kid": le_sien})),
            await http.post("/certification", content=b"x" * 100_000),
        ]

    assert ([r.status_code for r in reponses], s.cle) == ([401, 401, 401], None)


@pytest.mark.anyio
async def test_after_its_term_a_challenge_is_worth_nothing(registre: Registre) -> None:
    s = seance(registre, attente_s=1.0, horloge=lambda: datetime.now(UTC) - timedelta(minutes=5))
    s.horloge = lambda: datetime.now(UTC)

    async with guichet(s) as http:
        reponse = await http.post("/certification", content=repondre(s, registre.cles["caf-59"]))

    assert reponse.status_code == 410
    with pytest.raises(SansReponse):
        seance(registre, attente_s=0.01).mener(lambda *_: None)


@pytest.mark.anyio
@pytest.mark.parametrize("chemin", ["/", "/bouchon/journal", "/v1/abonnements", "/v1/livraisons/1/rejeu"])
async def test_the_witness_calls_nobody_and_shows_nothing(registre: Registre, chemin: str) -> None:
    async with guichet(seance(registre)) as http:
        reponses = [await http.request(methode, chemin) for methode in ("GET", "POST")]
        joue = await http.get("/v1/evenements", headers={"Relais-Bouchon": "inconnu"})

    assert [r.status_code for r in reponses] == [404, 404]
    assert joue.status_code == 401  # with the header, the mock would say 400


@pytest.fixture
def acces(registre: Registre, tmp_path: Path) -> Path:
    registre.ecrire(tmp_path / "acces", RELAIS)
    return tmp_path / "acces" / "caf-59"


@pytest.fixture
def temoin(registre: Registre) -> Iterator[Seance]:
    """A witness that really listens."""
    prise = serveur.ecouter(0)
    s = Seance(f"http://127.0.0.1:{prise.getsockname()[1]}", RELAIS, CAF, client(registre), 30.0)
    config = uvicorn.Config(s.application, interface="asgi3", log_level="error", lifespan="off")
    with serveur.servi(uvicorn.Server(config), prise):
        yield s


def test_a_program_that_asks_nothing_of_the_witness_earns_nothing(
    temoin: Seance, acces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificat, vus = tmp_path / "c.jws", list[BaseException]()

    def mener() -> None:
        try:
            temoin.mener(lambda *_: None)
        except Muet as muet:
            vus.append(muet)
            temoin.conclure(None, [str(muet)])

    fil = threading.Thread(target=mener)
    fil.start()
    commande = ["certifier", "emetteur", "--temoin", temoin.adresse, "--acces", str(acces), "--commande", "true"]
    statut = main([*commande, "--certificat", str(certificat)])
    fil.join()

    assert (statut, len(vus), certificat.exists()) == (1, 1, False)
    assert "n'a rien demandé" in capsys.readouterr().out


def test_a_step_at_which_the_program_was_not_run_leaves_the_run_unfinished(
    registre: Registre, monkeypatch: pytest.MonkeyPatch
) -> None:
    s, vu = seance(registre), Recu("GET", "/v1/evenements", (), b"", 0.0)
    passages = [Passage(Etape("sans panne", ()), [vu]), Passage(Etape("jeton refusé (401)", ()))]
    monkeypatch.setattr(s._deroulement, "derouler", lambda _: passages)
    s._ouverte.set()

    s.mener(lambda *_: None)

    assert s.arret == "rien n'est venu du programme à l'étape « jeton refusé (401) »"


def test_the_partner_signs_no_challenge_of_another_hub_or_partner(
    temoin: Seance, registre: Registre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registre.ecrire(tmp_path / "ici", RELAIS)
    registre.ecrire(tmp_path / "ailleurs", "https://autre.exemple.fr")
    commande = ["certifier", "emetteur", "--temoin", temoin.adresse, "--commande", "true", "--acces"]

    for dossier in ("ailleurs/caf-59", "ici/cd-59"):
        with pytest.raises(SystemExit):
            main([*commande, str(tmp_path / dossier)])

    assert temoin.cle is None
    dits = capsys.readouterr().err
    assert "ce témoin parle pour" in dits
    assert "ce défi est pour caf-59" in dits


def bilan(programme: Programme, **etats: Etat) -> list[Resultat]:
    """Every requirement passed, but those named."""
    return [Resultat(e, etats.get(nom, Etat.PASSEE), ("constat",)) for nom, e in JEUX[programme].items()]


@pytest.mark.parametrize("programme", Programme)
def test_a_certificate_needs_a_whole_run_without_a_failure(programme: Programme) -> None:
    nom = next(iter(JEUX[programme]))
    rien = dict.fromkeys(JEUX[programme], Etat.NON_COUVERTE)

    assert manques(programme, bilan(programme), None) == []
    assert manques(programme, bilan(programme, **{nom: Etat.ECHOUEE}), None) == [f"{programme}.{nom} : constat"]
    assert manques(programme, bilan(programme), "temps épuisé") == ["la vérification s'est arrêtée : temps épuisé"]
    assert len(manques(programme, bilan(programme, **rien), None)) >= 4


def test_who_only_reads_its_feed_may_be_certified_too() -> None:
    lecteur = bilan(Programme.EMETTEUR, **{"relance-503": Etat.NON_COUVERTE, "source": Etat.NON_COUVERTE})

    assert manques(Programme.EMETTEUR, lecteur, None) == []


@pytest.fixture
def cles(tmp_path: Path) -> str:
    fichier = tmp_path / "cles.json"
    publique = {**CLE.as_dict(private=False), "kid": CLE.thumbprint(), "use": "sig", "alg": "ES256"}
    fichier.write_text(json.dumps({"issuer": RELAIS, "keys": [publique]}))
    return str(fichier)


def certificat(tmp_path: Path, texte: str) -> str:
    fichier = tmp_path / "certificat.jws"
    fichier.write_text(texte + "\n")
    return str(fichier)


def en_cours(**changements: Any) -> str:
    maintenant = int(datetime.now(UTC).timestamp())
    return signer(dit(iat=maintenant, exp=maintenant + 3_600, **changements), CLE)


def test_a_certificate_is_verified_offline(tmp_path: Path, cles: str, capsys: pytest.CaptureFixture[str]) -> None:
    fichier = certificat(tmp_path, en_cours(exigences=empreinte(Programme.EMETTEUR)))
    commande = ["certifier", "verifier", fichier, "--cles", cles, "--partenaire", "caf-59", "--programme", "emetteur"]

    assert (main(commande), main([*commande, "--json"])) == (0, 0)

    ecrit, _, en_json = capsys.readouterr().out.partition("{")
    assert "✓ Certificat de conformité : emetteur de caf-59" in ecrit
    assert "jeu : celui de ce kit" in ecrit
    assert json.loads("{" + en_json)["partenaire"] == "caf-59"


@pytest.mark.parametrize(
    ("texte", "options", "raison"),
    [
        (en_cours(), ["--partenaire", "cd-59"], "il est pour caf-59, pas pour cd-59"),
        (en_cours(), ["--programme", "recepteur"], "il est pour emetteur, pas pour recepteur"),
        (en_cours(iss="https://autre.exemple.fr"), [], "pas délivré par"),
        ('{"cible": "emetteur", "conforme": true}', [], "signature"),
    ],
    ids=["partenaire", "programme", "relais", "rapport"],
)
def test_a_certificate_of_another_or_a_report_is_refused(
    tmp_path: Path, cles: str, capsys: pytest.CaptureFixture[str], texte: str, options: list[str], raison: str
) -> None:
    assert main(["certifier", "verifier", certificat(tmp_path, texte), "--cles", cles, *options]) == 1

    ecrit = capsys.readouterr().out
    assert ecrit.startswith("✗ Ce certificat ne vaut rien : ")
    assert raison in ecrit


def test_another_set_of_requirements_is_told(tmp_path: Path, cles: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["certifier", "verifier", certificat(tmp_path, en_cours()), "--cles", cles]) == 0

    assert "un autre que celui de ce kit" in capsys.readouterr().out
