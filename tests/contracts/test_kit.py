"""`relais-kit` as a partner's developer runs it: output, exit status, pipes."""

import json
import os
import pty
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.exemples import exemple_valide, exemples
from relais_kit.commande import main

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
KIT = [sys.executable, "-m", "relais_kit"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(CONTRACTS), "COLUMNS": "100", "TERM": "xterm"}


def kit(*arguments: str, entree: str | bytes = b"") -> subprocess.CompletedProcess[str]:
    octets = entree.encode() if isinstance(entree, str) else entree
    rendu = subprocess.run([*KIT, *arguments], input=octets, capture_output=True, env=ENVIRONMENT, timeout=60)
    return subprocess.CompletedProcess(rendu.args, rendu.returncode, rendu.stdout.decode(), rendu.stderr.decode())


def invalide(type_: str, fragment: str) -> Any:
    return next(e.message for e in exemples(type_) if fragment in e.titre)


def test_a_valid_message_passes() -> None:
    rendu = kit("valider", "-", entree=json.dumps(exemple_valide("usager.signale")))

    assert (rendu.returncode, rendu.stdout) == (0, "✓ Message conforme : usager.signale.\n")


def test_what_is_accepted_without_being_kept_is_told() -> None:
    message = {**exemple_valide("usager.signale"), "notreattribut": "x", "traceparent": "illisible"}

    rendu = kit("valider", "-", entree=json.dumps(message))
    lu = json.loads(kit("valider", "-", "--json", entree=json.dumps(message)).stdout)

    assert (rendu.returncode, rendu.stdout.count("avertissement")) == (0, 2)
    assert [un["pointeur"] for un in lu["messages"][0]["avertissements"]] == ["/notreattribut", "/traceparent"]
    assert lu["messages"][0]["conforme"]


def test_a_refused_message_is_explained_without_repeating_its_values() -> None:
    message = invalide("usager.signale", "NIR")

    rendu = kit("valider", "-", entree=json.dumps(message))

    assert rendu.returncode == 1
    assert "/data/identifiants/0/valeur  identifiant-invalide" in rendu.stdout
    assert "« Usager signalé » (relais-kit exemple usager.signale)" in rendu.stdout
    assert "c'est une valeur qui est refusée" in rendu.stdout
    assert message["data"]["identifiants"][0]["valeur"] not in rendu.stdout + rendu.stderr


def test_a_batch_reports_each_refused_message_at_its_place(tmp_path: Path) -> None:
    fichier = tmp_path / "lot.json"
    fichier.write_text(json.dumps([exemple_valide("usager.signale"), invalide("usager.signale", "postal")]))

    rendu = kit("valider", str(fichier))

    assert rendu.returncode == 1
    assert "message 2 · usager.signale" in rendu.stdout
    assert "message 1 ·" not in rendu.stdout
    assert rendu.stdout.endswith("1 message non conforme sur 2.\n")


def test_the_extension_tells_ndjson_and_lines_are_counted(tmp_path: Path) -> None:
    fichier = tmp_path / "envois.ndjson"
    fichier.write_text("\n{\n" + json.dumps(exemple_valide("rdv.planifie")))

    rendu = kit("valider", str(fichier))

    assert "message 1 (ligne 2)" in rendu.stdout
    assert rendu.stdout.endswith("1 message non conforme sur 2.\n")


def test_the_machine_readable_report_is_one_document() -> None:
    lignes = [exemple_valide("usager.signale"), invalide("usager.signale", "postal"), {"type": "rien"}]

    rendu = kit("valider", "--json", "-", entree="\n".join(map(json.dumps, lignes)))

    rapport = json.loads(rendu.stdout)
    assert (rapport["total"], rapport["non_conformes"], rapport["conforme"]) == (3, 2, False)
    assert [m["conforme"] for m in rapport["messages"]] == [True, False, False]
    fautif = rapport["messages"][1]
    assert (fautif["ligne"], fautif["code"], fautif["statut"]) == (2, "schema-invalide", 422)
    assert fautif["erreurs"][0]["pointeur"] == "/data/coordonnees/adresse/code_commune"
    assert fautif["erreurs"][0]["dans_l_exemple"] == "59350"
    assert fautif["exemple"]["message"] == exemple_valide("usager.signale")
    assert fautif["exemple"]["differences"] == {"manquent": [], "en_plus": [], "autres_genres": []}


def test_several_files_are_named_and_the_junit_report_has_a_case_for_each_message(tmp_path: Path) -> None:
    (tmp_path / "bon.json").write_text(json.dumps(exemple_valide("usager.signale")))
    (tmp_path / "lot.json").write_text(json.dumps([exemple_valide("rdv.planifie"), {"type": "\x1b"}]))

    rendu = kit(
        "valider", *(str(tmp_path / nom) for nom in ("bon.json", "lot.json")), "--junit", str(tmp_path / "r.xml")
    )

    assert rendu.returncode == 1
    assert f"message 3 ({tmp_path / 'lot.json'})" in rendu.stdout
    cas = ET.parse(tmp_path / "r.xml").getroot().findall(".//testcase")  # noqa: S314  # we wrote it
    assert [un.find("failure") is not None for un in cas] == [False, False, True]
    assert "/id schema-invalide" in str(cas[2].find("failure").text)  # type: ignore[union-attr]


def test_the_nearest_example_is_shown_as_a_difference() -> None:
    message = json.loads(json.dumps(exemple_valide("orientation.decidee")))
    message["data"] |= {"rang": "1", "datedebut": message["data"].pop("date_debut")}

    rendu = kit("valider", "-", entree=json.dumps(message))

    assert '    + /data/date_debut  "2026-03-16"\n' in rendu.stdout
    assert "    - /data/datedebut\n" in rendu.stdout
    assert "    ~ /data/rang  un texte → un nombre\n" in rendu.stdout


def test_data_alone_is_checked_against_the_type_given() -> None:
    donnees = json.dumps(exemple_valide("orientation.decidee")["data"])

    assert kit("valider", "--donnees", "orientation.decidee", "-", entree=donnees).returncode == 0
    assert kit("valider", "--donnees", "fr.insertion.usager.signale.v1", "-", entree=donnees).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["valider", "absent.json"], "absent.json ne peut pas être lu : il n'existe pas."),
        (["valider", "/"], "/ ne peut pas être lu : c'est un dossier."),
        (["valider", "-"], "aucun message à vérifier dans l'entrée standard."),
        (["valider", "--donnees", "usager.signaler", "-"], "vouliez-vous dire usager.signale"),
        (["exemple", "zzz"], "voyez relais-kit exemple --liste."),
        (["exemple", "usager.signale", "--numero", "9"], "--numero va de 1 à 2."),
        (["valider"], "il manque : FICHIER."),
        (["valider", "-", "--jsson"], "argument inconnu : --jsson."),
        (["valider", "-", "--format", "xml"], "--format : "),
        ([], "il manque : COMMANDE."),
    ],
)
def test_wrong_usage_is_told_in_french_with_status_2(arguments: list[str], phrase: str) -> None:
    rendu = kit(*arguments)

    assert (rendu.returncode, rendu.stdout) == (2, "")
    assert phrase in rendu.stderr


@pytest.mark.parametrize("nom", CATALOGUE)
def test_the_valid_example_of_each_type_is_accepted_and_the_invalid_ones_refused(
    nom: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fichier = tmp_path / "message.json"

    main(["exemple", nom])
    fichier.write_text(capsys.readouterr().out)
    valide = main(["valider", str(fichier)])
    capsys.readouterr()
    main(["exemple", nom, "--invalide"])
    fichier.write_text(capsys.readouterr().out)
    refuse = main(["valider", str(fichier)])

    assert (valide, refuse) == (0, 1)


def test_the_list_names_every_type_with_its_title() -> None:
    rendu = kit("exemple", "--liste")

    assert all(f"  {m.nom}" in rendu.stdout and m.titre in rendu.stdout for m in CATALOGUE.values())
    assert kit("exemple").stdout == rendu.stdout
    assert {m["type"] for m in json.loads(kit("exemple", "--liste", "--json").stdout)} == set(CATALOGUE)


def test_an_invalid_example_announces_its_errors_beside_the_message() -> None:
    rendu = kit("exemple", "usager.signale", "--invalide", "--numero", "1")

    assert "/data/identifiants/0/valeur  identifiant-invalide" in rendu.stderr
    assert json.loads(rendu.stdout) == invalide("usager.signale", "NIR")


def test_all_examples_of_a_type_come_as_json_with_their_errors() -> None:
    lus = json.loads(kit("exemple", "usager.signale", "--invalide", "--json").stdout)

    assert [tuple((e["pointeur"], e["code"]) for e in lu["erreurs"]) for lu in lus] == [
        e.erreurs for e in exemples("usager.signale") if not e.est_valide
    ]


@pytest.mark.parametrize("commande", [[], ["valider"], ["exemple"], ["appeler"]], ids=" ".join)
def test_the_help_is_in_french_and_gives_examples(commande: list[str]) -> None:
    rendu = kit(*commande, "--help")

    assert rendu.returncode == 0
    assert "exemples :\n  " in rendu.stdout
    assert rendu.stdout.startswith("usage : relais-kit")
    assert [mot for mot in ("options:", "show this help", "positional", "usage:") if mot in rendu.stdout] == []


def test_colours_are_for_terminals_only() -> None:
    corps = json.dumps(invalide("usager.signale", "NIR"))
    lecture, ecriture = pty.openpty()

    subprocess.run([*KIT, "valider", "-"], input=corps.encode(), stdout=ecriture, env=ENVIRONMENT, timeout=60)
    vu = os.read(lecture, 65536)
    os.close(lecture)
    os.close(ecriture)

    assert b"\x1b[31m" in vu
    assert "\x1b" not in kit("valider", "-", entree=corps).stdout


def test_a_key_of_the_message_cannot_command_the_terminal() -> None:
    message = {**exemple_valide("usager.signale"), "\x1b[2J\n": 1}

    rendu = kit("valider", "-", entree=json.dumps(message))

    assert rendu.returncode == 1
    assert "\x1b" not in rendu.stdout


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    ligne = json.dumps({"type": "rien"}).encode() + b"\n"
    shell = f"{sys.executable} -m relais_kit valider - | head -n 1"

    rendu = subprocess.run(  # noqa: S602  # a fixed line, for the pipe that it opens
        shell, shell=True, input=ligne * 2000, capture_output=True, env=ENVIRONMENT, timeout=60
    )

    assert rendu.stdout.count(b"\n") == 1
    assert rendu.stderr == b""


def test_a_junit_report_has_a_folder_to_go_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = tmp_path / "m.json"
    message.write_text(json.dumps(exemple_valide("usager.signale")))

    with pytest.raises(SystemExit, match="2"):
        main(["valider", str(message), "--junit", str(tmp_path / "rien" / "r.xml")])

    assert "n'existe pas" in capsys.readouterr().err
