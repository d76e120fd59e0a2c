"""Stories: the same bytes again, valid line by line, and told to a hub by partners that only know what it told them."""

import contextlib
import copy
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from relais_contrats.client import Partner
from relais_contrats.lecture import lire_objet
from relais_kit.bouchon.application import Bouchon, preparer
from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.serveur import en_marche
from relais_kit.commande import main
from relais_kit.histoires.bloc import Bloc
from relais_kit.histoires.chargement import Bilan, Chargement
from relais_kit.histoires.recits import HISTOIRES, lignes

URL = "http://127.0.0.1:8430"
JOUR = date(2026, 11, 30)
# What the services of a hub tell, and a mock does not.
JAMAIS_DITS = {
    "decision-tardive": {"orientation.dessaisie"},
    "personne-ambigue": {"usager.ambigu", "usager.fusionne"},
}
_Charger = Callable[[Sequence[dict[str, Any]]], Any]


@pytest.fixture
def porte() -> Porte:
    return preparer(URL)


@pytest.fixture
def charger(porte: Porte) -> _Charger:
    """Loads lines into the mock by clients of it, new ones each time."""

    async def deposer(quoi: Sequence[dict[str, Any]]) -> Bilan:
        transport = httpx.ASGITransport(Bouchon(porte))
        async with contextlib.AsyncExitStack() as ouverts:
            clients = [
                Partner(porte.registre.fiche(code, URL), cle, patience_s=1, transport=transport)
                for code, cle in porte.registre.cles.items()
            ]
            partenaires = {c.code: await ouverts.enter_async_context(c) for c in clients}
            return await Chargement(partenaires, patience_s=0.05).charger(quoi, lambda _: None)

    return deposer


@pytest.fixture(scope="module")
def bouchon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of accesses of a mock that answers."""
    dossier = tmp_path_factory.mktemp("bouchon")
    with en_marche(dossier):
        yield dossier


def ecrites(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["generer", *arguments, "--jour", "2026-11-30"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("nom", HISTOIRES)
def test_the_same_command_gives_the_same_bytes_and_another_seed_others(
    nom: str, capsys: pytest.CaptureFixture[str]
) -> None:
    une, encore = (ecrites(capsys, nom, "-n", "3", "--graine", "7") for _ in range(2))
    autre = ecrites(capsys, nom, "-n", "3", "--graine", "8")

    assert une == encore
    assert set(une.splitlines()).isdisjoint(autre.splitlines())


@pytest.mark.parametrize("nom", HISTOIRES)
def test_every_line_is_valid_marked_as_a_test_and_of_one_of_several_partners(nom: str) -> None:
    dites = list(lignes(nom, 20, 7, JOUR))

    for ligne in dites:
        lire_objet(ligne)
    assert len({ligne["id"] for ligne in dites}) == len(dites)
    assert all(ligne["agent"].startswith("ESSAI relais-kit ") for ligne in dites)
    assert len({ligne["source"] for ligne in dites}) > 1
    signalees = [ligne["data"]["identite"] for ligne in dites if ligne["type"].endswith(".signale.v1")]
    assert all(identite["nom_naissance"].startswith("Essai ") for identite in signalees)


@pytest.mark.parametrize("nom", HISTOIRES)
def test_the_facts_of_a_telling_follow_one_another(nom: str) -> None:
    instants = [ligne["time"] for ligne in lignes(nom, 1, 7, JOUR)]

    assert instants == sorted(instants)
    assert instants[-1] < JOUR.isoformat()


def test_persons_of_many_tellings_have_numbers_of_their_own() -> None:
    dites = [ligne for ligne in lignes("decision-tardive", 2_000, 7, JOUR) if "subject" not in ligne]

    assert len({ligne["data"]["identifiants"][0]["valeur"] for ligne in dites}) == len(dites) == 2_000


@pytest.mark.anyio
@pytest.mark.parametrize("nom", HISTOIRES)
async def test_a_story_is_accepted_whole_by_the_mock(nom: str, charger: _Charger, porte: Porte) -> None:
    dites = list(lignes(nom, 2, 7, JOUR))

    bilan = await charger(dites)

    assert (bilan.acceptees, bilan.deposees, bilan.laissees) == (len(dites), len(dites), 0)
    assert bilan.muets == JAMAIS_DITS.get(nom, set())
    assert all("avertissements" not in depose.reponse for depose in porte.memoire.deposes.values())


@pytest.mark.anyio
async def test_a_file_loaded_again_has_no_further_effect(charger: _Charger, porte: Porte) -> None:
    dites = list(lignes("prescription-refusee", 2, 7, JOUR))
    await charger(dites)
    deposes = len(porte.memoire.deposes)

    encore = await charger(dites)

    assert (encore.rejouees, len(porte.memoire.deposes)) == (len(dites), deposes)


@pytest.mark.anyio
async def test_a_refused_line_stops_its_parcours_and_no_other(charger: _Charger) -> None:
    dites = list(lignes("reorientation", 2, 7, JOUR))
    dites[1] = copy.deepcopy(dites[1]) | {"departement": "62"}

    bilan = await charger(dites)

    par_recit = len(dites) // 2
    assert dict(bilan.refus) == {("orientation.decidee", "hors-territoire"): 1}
    assert (bilan.acceptees, bilan.laissees) == (par_recit + 1, par_recit - 2)


@pytest.mark.anyio
async def test_a_partner_that_is_told_nothing_deposits_nothing(charger: _Charger) -> None:
    sans_decision = [ligne for ligne in lignes("referent-decline", 1, 7, JOUR) if "decidee" not in ligne["type"]]

    bilan = await charger(sans_decision)

    assert (bilan.acceptees, bilan.laissees, bilan.muets) == (2, len(sans_decision) - 2, set())


def test_an_object_of_another_is_called_as_the_event_called_it() -> None:
    dites = list(lignes("prescription-refusee", 1, 7, JOUR))
    emise, reponse = (next(d for d in dites if fait in d["type"]) for fait in ("emise", "etude"))
    bloc = Bloc.de(dites)
    bloc.entendre("asso-mobilite", next(d for d in dites if "accepte" in d["type"]) | {"subject": "prc_sien"})

    avant = bloc.sait_nommer(reponse)
    recu = {"subject": "prc_sien", "data": {**emise["data"], "prescription_id": "obj_sien"}}
    bloc.entendre("asso-mobilite", emise | recu)

    assert (avant, bloc.sait_nommer(reponse)) == (False, True)
    depot = bloc.traduire(reponse)
    assert (depot["subject"], depot["data"]["prescription_id"]) == ("prc_sien", "obj_sien")


def test_a_line_waits_for_what_the_hub_tells_of_its_own_parcours() -> None:
    signalement, decision, *_ = lignes("decision-tardive", 1, 7, JOUR)
    bloc, fait = Bloc.de([signalement, decision]), "fr.insertion.orientation.dessaisie.v1"
    dit = {"source": "/services/orientation", "type": fait, "time": signalement["time"], "data": {}}
    bloc.entendre("ft-hauts-de-france", signalement | {"subject": "prc_sien"})

    bloc.entendre("ft-hauts-de-france", dit | {"subject": "prc_autre"})
    d_un_autre = bloc.a_entendu(decision)
    bloc.entendre("ft-hauts-de-france", dit | {"subject": "prc_sien"})

    assert (d_un_autre, bloc.a_entendu(decision)) == (False, True)
    assert "attendre" not in bloc.traduire(decision)


def test_the_command_loads_a_file_and_counts(bouchon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fichier = tmp_path / "histoires.ndjson"
    fichier.write_text(ecrites(capsys, "prescription-suivie", "-n", "2"), encoding="utf-8")

    statut = main(["charger", str(fichier), "--partenaires", str(bouchon), "--json"])

    dit = capsys.readouterr()
    compte = json.loads(dit.out[dit.out.index("{") :])  # after what the mock of the same process writes
    assert statut == 0
    assert compte["deposees"] == compte["acceptees"] == len(fichier.read_text(encoding="utf-8").splitlines())
    assert "messages déposés" in dit.err


@pytest.mark.parametrize(
    ("ecrit", "dossier", "phrase"),
    [
        ("{", "partenaires", "ligne 1 : ce n'est pas une ligne d'histoire"),
        ('{"type": "fr.insertion.usager.signale.v1", "agent": "batch"}', "partenaires", "ligne 1"),
        ("", "vide", "aucun accès dans"),
        ("", "partenaires", "aucune ligne à déposer dans"),
        (None, "partenaires", "ne peut pas être lu"),
    ],
)
def test_what_cannot_be_loaded_is_told(
    ecrit: str | None, dossier: str, phrase: str, bouchon: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fichier = tmp_path / "f.ndjson"
    if ecrit is not None:
        fichier.write_text(ecrit, encoding="utf-8")

    with pytest.raises(SystemExit) as fin:
        main(["charger", str(fichier), "--partenaires", str(bouchon if dossier == "partenaires" else tmp_path)])

    assert fin.value.code == 2
    assert phrase in capsys.readouterr().err


def test_the_stories_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generer", "--liste"]) == 0

    dit = capsys.readouterr().out
    assert all(nom in dit and histoire.titre in dit for nom, histoire in HISTOIRES.items())


@pytest.mark.parametrize("options", [["--invalides"], ["--partenaire", "caf-59"], ["--jour", "demain"], ["-n", "-1"]])
def test_options_that_a_story_does_not_have_are_refused(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["generer", "reorientation", *options])

    assert fin.value.code == 2
    assert "Erreur" in capsys.readouterr().err
