"""Synthetic messages: valid by the contract, coherent, marked, and the same bytes again."""

import json

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.identifiants import nir_contredit
from relais_contrats.lecture import lire_objet
from relais_kit.commande import main
from relais_kit.generation import messages

DEPOSES = [m.nom for m in CATALOGUE.values() if m.se_depose]


def sortie(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["generer", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("nom", DEPOSES)
def test_every_type_is_generated_valid_or_wrong(nom: str, capsys: pytest.CaptureFixture[str]) -> None:
    bons, faux = sortie(capsys, nom, "-n", "5"), sortie(capsys, nom, "-n", "5", "--invalides")

    for ligne in bons:
        lire_objet(json.loads(ligne))
    for ligne in faux:
        with pytest.raises(ValueError):
            lire_objet(json.loads(ligne))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(capsys: pytest.CaptureFixture[str]) -> None:
    une, encore = (sortie(capsys, "usager.signale", "-n", "20", "--graine", "7") for _ in range(2))

    assert une == encore
    assert set(une).isdisjoint(sortie(capsys, "usager.signale", "-n", "20", "--graine", "8"))


def test_persons_are_distinct_coherent_and_marked_as_invented() -> None:
    donnees = [m["data"] for m in messages(CATALOGUE["usager.signale"], 3_000, 7, "caf-59")]

    nirs = [d["identifiants"][0]["valeur"] for d in donnees]
    assert len(set(nirs)) == len(nirs)
    assert all(nir[5:10] == "99999" for nir in nirs)
    assert not any(
        nir_contredit(nir, d["identite"]["sexe"], d["identite"]["date_naissance"])
        for nir, d in zip(nirs, donnees, strict=True)
    )
    assert all(d["identite"]["nom_naissance"].startswith("Essai ") for d in donnees)


def test_the_partner_is_the_emitter(capsys: pytest.CaptureFixture[str]) -> None:
    [ligne] = sortie(capsys, "usager.signale", "-n", "1", "--partenaire", "msa-nord")

    assert json.loads(ligne)["source"] == "/partenaires/msa-nord"


def test_what_only_the_hub_writes_is_not_generated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["generer", "parcours.ouvert"])

    assert fin.value.code == 2
    assert "ne se dépose pas" in capsys.readouterr().err
