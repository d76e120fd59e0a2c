"""`relais-kit verifier emetteur` as a command: programs in three languages, exit status, what it complains of."""

import json
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

from deploy.allowed_skips import NO_LANGUAGE
from relais_kit.commande import main
from relais_kit.emetteur.conduite import Ecoute, Inexecutable, ParCommande, est_fini
from relais_kit.emetteur.exigences import EXIGENCES, STRICTES
from relais_kit.emetteur.pannes import Indisponible, SansPanne
from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.temoin import Etape, Passage

RACINE = Path(__file__).parents[2]
JUSTES = RACINE / "tests" / "contracts" / "emetteurs_justes"
VERIFIER = ["verifier", "emetteur", "--rapide", "--json"]


def programme(module: str, nom: str) -> str:
    return shlex.join([sys.executable, "-m", f"tests.contracts.{module}", nom])


@pytest.fixture(autouse=True)
def _a_la_racine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(RACINE)
    monkeypatch.setenv("PYTHONPATH", f"{RACINE}:{RACINE / 'contracts'}")


@pytest.mark.parametrize(
    "commande",
    [
        [sys.executable, "-m", "tests.contracts.emetteurs_autres", "UnMessage"],
        [sys.executable, str(JUSTES / "client_publie.py")],
        ["node", str(JUSTES / "juste.mjs")],
        ["php", str(JUSTES / "juste.php")],
    ],
    ids=["python", "client", "node", "php"],
)
def test_a_right_program_raises_no_alarm_in_less_than_a_minute(
    commande: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which(commande[0]) is None:
        pytest.skip(NO_LANGUAGE)
    debut = time.monotonic()

    statut = main([*VERIFIER, "--commande", shlex.join(commande)])

    lu = json.loads(capsys.readouterr().out)
    assert (statut, [e["id"] for e in lu["exigences"] if e["etat"] == "echouee"]) == (0, [])
    assert lu["passees"] >= 20
    assert time.monotonic() - debut < 60


def test_a_program_with_a_defect_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    commande = programme("emetteurs_fautifs", "SansPreuve")

    statut = main([*VERIFIER, "--commande", commande, "--junit", str(tmp_path / "rapport.xml")])

    lu = json.loads(capsys.readouterr().out)
    assert (statut, [e["id"] for e in lu["exigences"] if e["etat"] == "echouee"]) == (1, ["emetteur.dpop-presente"])
    assert 'failures="1"' in (tmp_path / "rapport.xml").read_text()


@pytest.mark.parametrize(
    ("arguments", "plainte"),
    [
        ([], "--commande"),
        (["--commande", "true", "--ecoute"], "--commande"),
        (["--commande", "true", "--partenaire", "personne"], "caf-59"),
        (["--commande", "/nulle/part"], "ne peut pas être lancée"),
        (["--commande", f"{sys.executable} -c 'print(1)'"], "n'a rien demandé au relais (code de sortie 0)"),
        (["--commande", "true", "--types", "rdv.planifi"], "rdv.planifie"),
        (["--commande", "true", "--junit", "/nulle/part/rapport.xml"], "n'existe pas"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_2(
    arguments: list[str], plainte: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["verifier", "emetteur", *arguments])

    assert (fin.value.code, plainte in capsys.readouterr().err) == (2, True)


def passage() -> Passage:
    return Passage(Etape("essai", (SansPanne(),)))


def recu(chemin: str, debut: float) -> Recu:
    return Recu("GET", chemin, (), b"", debut, fin=debut)


def test_a_program_that_does_not_end_is_stopped_once_it_is_calm() -> None:
    joue, debut = passage(), time.monotonic()
    joue.echanges.append(recu("/v1/messages", debut))

    ParCommande(f"{sys.executable} -c 'import time; time.sleep(600)'", {}).jouer(joue, debut + 60)

    assert (joue.statut, joue.est_ecourte) == (None, False)
    assert time.monotonic() - debut < 20


def depot(debut: float, id_: str) -> Recu:
    entetes = (("content-type", "application/cloudevents+json"),)
    return Recu("POST", "/v1/messages", entetes, json.dumps({"id": id_}).encode(), debut, fin=debut)


def test_a_program_that_is_never_calm_is_watched_for_a_while_only() -> None:
    joue, maintenant = passage(), time.monotonic()
    joue.echanges += [depot(maintenant - 7, "a"), depot(maintenant, "b")]
    jeune = passage()
    jeune.echanges += [depot(maintenant - 1, "a"), depot(maintenant, "b")]

    assert (est_fini(joue), est_fini(jeune)) == (True, False)


def test_what_was_answered_503_is_waited_for_until_it_comes_again() -> None:
    maintenant, panne = time.monotonic(), Indisponible(lambda _: True, 503, 2)
    joue = Passage(Etape("essai", (panne,)))
    panne.touches = [depot(maintenant - 8, "a")]
    joue.echanges += [*panne.touches, depot(maintenant - 7, "b"), depot(maintenant, "c")]

    avant = est_fini(joue)
    joue.echanges.append(depot(maintenant - 1, "a"))

    assert (avant, est_fini(joue)) == (False, True)


def test_a_program_is_given_its_access_and_its_words_are_kept() -> None:
    joue = passage()

    ParCommande(f"{sys.executable} -c 'import os; print(os.environ[\"HUB\"]); exit(3)'", {"HUB": "ici"}).jouer(
        joue, time.monotonic() + 30
    )

    assert (joue.statut, joue.sortie) == (3, "ici\n")


def test_a_command_that_does_not_exist_is_told() -> None:
    with pytest.raises(Inexecutable):
        ParCommande("/nulle/part", {}).jouer(passage(), time.monotonic() + 5)


def test_who_listens_waits_for_calm_where_nobody_can_press_a_key() -> None:
    joue = passage()
    joue.echanges.append(recu("/v1/messages", time.monotonic()))

    Ecoute().jouer(joue, time.monotonic() + 30)

    assert joue.est_ecourte is False


def test_requirements_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    statut = main(["verifier", "emetteur", "--exigences", "--json"])

    lues = json.loads(capsys.readouterr().out)
    assert (statut, [e["id"] for e in lues]) == (0, [e.id for e in EXIGENCES.values()])
    assert all(e["phrase"].endswith(".") and e["source"] for e in lues)
    assert set(STRICTES) == {"nonce", "redirection", "silence", "jeton-indisponible"}
