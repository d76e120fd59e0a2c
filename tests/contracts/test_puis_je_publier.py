"""`relais-kit puis-je-publier`: real changes on copies of the schemas, and whom each breaks."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.exemples import exemple_valide
from relais_kit.attentes import NOM, Attentes, lire
from relais_kit.commande import main
from tests.contracts.test_compatibilite import PUBLIES, Schema

ENVOIE, LIT = "usager.signale", "orientation.decidee"
_ROLE, _ADRESSE = ("/data/identifiants/*/role", ()), ("/data/coordonnees/adresse", ())
_ORIGINE, _AUTRE_ORIGINE = ("/data/origine", ("inscription-auto-caf",)), "rds-lpe"


@pytest.fixture
def candidat(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PUBLIES, tmp_path / "candidat"))


@pytest.fixture
def attentes(tmp_path: Path) -> Path:
    """Two partners: one sends what the other never saw, and reads what the department decides."""
    caf, autre = Attentes(partenaire="caf-59"), Attentes(partenaire="autre")
    caf.noter_envoi(ENVOIE, exemple_valide(ENVOIE))
    caf.noter_lecture(LIT, exemple_valide(LIT))
    autre.noter_envoi("rdv.planifie", exemple_valide("rdv.planifie"))
    for siennes in (caf, autre):
        ecrire(tmp_path / "attentes", siennes)
    return tmp_path / "attentes"


def ecrire(dossier: Path, siennes: Attentes) -> None:
    (dossier / siennes.partenaire).mkdir(parents=True, exist_ok=True)
    (dossier / siennes.partenaire / NOM).write_text(siennes.en_texte(), encoding="utf-8")


def changer(candidat: Path, nom: str, changement: Callable[[Schema], Any]) -> None:
    fichier = candidat / f"{nom}.json"
    schema = json.loads(fichier.read_text(encoding="utf-8"))
    changement(schema)
    fichier.write_text(json.dumps(schema), encoding="utf-8")


def juger(
    attentes: Path, candidat: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, list[tuple[Any, ...]]]]:
    statut = main(["puis-je-publier", "--attentes", str(attentes), "--candidat", str(candidat), "--json"])
    lu = json.loads(capsys.readouterr().out)
    return statut, {
        un["partenaire"]: [(c["type"], c["sens"], c["pointeur"], tuple(c["codes"])) for c in un["casses"]] for un in lu
    }


def data(schema: Schema) -> Schema:
    donnees: Schema = schema["$defs"]["data"]
    return donnees


def test_nobody_is_broken_by_what_is_published(
    attentes: Path, candidat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert juger(attentes, candidat, capsys) == (0, {"caf-59": [], "autre": []})


def definition(schema: Schema, nom: str) -> Schema:
    sienne: Schema = schema["$defs"][nom]
    return sienne


def champ_exige(schema: Schema) -> None:
    data(schema)["properties"]["neuf"] = {"type": "string"}
    data(schema)["required"].append("neuf")


def sans_nul(champs: Schema, nom: str) -> None:
    [champs[nom]] = [sorte for sorte in champs[nom]["anyOf"] if sorte.get("type") != "null"]


Cas = list[tuple[str, Callable[[Schema], Any], list[tuple[Any, ...]]]]
ENVOIS: Cas = [
    ("asked", champ_exige, [("/data/neuf", ())]),
    ("asked in each", lambda s: definition(s, "Identifiant")["required"].append("role"), [_ROLE]),
    ("field", lambda s: data(s)["properties"].pop("origine"), [("/data/origine", ())]),
    ("whole", lambda s: definition(s, "Coordonnees")["properties"].pop("adresse"), [_ADRESSE]),
    ("code", lambda s: definition(s, "Origine")["enum"].remove("inscription-auto-caf"), [_ORIGINE]),
    ("type", lambda s: data(s)["properties"].update(brsa={"type": "string"}), [("/data/brsa", ())]),
    ("bound", lambda s: s["properties"]["agent"].update(maxLength=3), [("/agent", ())]),
    ("rule", lambda s: data(s)["allOf"].append({"required": ["date_reception_droit"]}), [("/data", ())]),
    ("null", lambda s: sans_nul(definition(s, "Identifiant")["properties"], "role"), [_ROLE]),
    # What it always gives may be asked; what it never gives may be taken away.
    ("asked, given", lambda s: data(s)["required"].append("coordonnees"), []),
    ("null, given", lambda s: sans_nul(data(s)["properties"], "coordonnees"), []),
    ("other field", lambda s: definition(s, "Identite")["properties"].pop("nom_usage"), []),
    ("other code", lambda s: definition(s, "Origine")["enum"].remove(_AUTRE_ORIGINE), []),
    ("other type", lambda s: definition(s, "Identite")["properties"].update(nom_usage={"type": "integer"}), []),
    ("new code", lambda s: definition(s, "Origine")["enum"].append("neuf"), []),
    ("new field", lambda s: data(s)["properties"].update(neuf={"type": "string"}), []),
]


@pytest.mark.parametrize(("changement", "attendues"), [c[1:] for c in ENVOIS], ids=[c[0] for c in ENVOIS])
def test_who_sends_is_broken_by_what_would_refuse_it_and_by_nothing_else(
    changement: Callable[[Schema], Any],
    attendues: list[tuple[Any, ...]],
    attentes: Path,
    candidat: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changer(candidat, f"{ENVOIE}.depot", changement)

    statut, casses = juger(attentes, candidat, capsys)

    assert casses == {"caf-59": [(ENVOIE, "envoie", *une) for une in attendues], "autre": []}
    assert statut == (1 if attendues else 0)


LECTURES: Cas = [
    ("field", lambda s: s["properties"].pop("date_debut"), [("/data/date_debut", ())]),
    ("may lack", lambda s: s["required"].remove("rang"), [("/data/rang", ())]),
    ("type", lambda s: s["properties"].update(rang={"type": "string"}), [("/data/rang", ())]),
    ("code", lambda s: definition(s, "DecisionOrientation")["enum"].append("neuf"), [("/data/decision", ("neuf",))]),
    ("other field", lambda s: s["properties"].pop("date_fin"), []),
    ("other code", lambda s: definition(s, "MotifRefus")["enum"].append("neuf"), []),
    ("lost code", lambda s: definition(s, "DecisionOrientation")["enum"].remove("refusee"), []),
    ("new field", lambda s: s["properties"].update(neuf={"type": "string"}), []),
]


@pytest.mark.parametrize(("changement", "attendues"), [c[1:] for c in LECTURES], ids=[c[0] for c in LECTURES])
def test_who_reads_is_broken_by_what_it_would_miss_or_not_understand(
    changement: Callable[[Schema], Any],
    attendues: list[tuple[Any, ...]],
    attentes: Path,
    candidat: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changer(candidat, LIT, changement)

    statut, casses = juger(attentes, candidat, capsys)

    assert casses == {"caf-59": [(LIT, "lit", *une) for une in attendues], "autre": []}
    assert statut == (1 if attendues else 0)


@pytest.mark.parametrize("declare", [{"tolere_codes_inconnus": True}, {"codes": ["acceptee", "refusee", "neuf"]}])
def test_a_new_code_breaks_nobody_who_declared_it(
    declare: dict[str, Any], attentes: Path, candidat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fichier = attentes / "caf-59" / NOM
    ecrites = json.loads(fichier.read_text(encoding="utf-8"))
    (ecrites["lit"][LIT]["/data/decision"] if "codes" in declare else ecrites).update(declare)
    fichier.write_text(json.dumps(ecrites), encoding="utf-8")
    changer(candidat, LIT, lambda s: definition(s, "DecisionOrientation")["enum"].append("neuf"))

    assert juger(attentes, candidat, capsys) == (0, {"caf-59": [], "autre": []})


def test_the_envelope_of_what_is_read_counts_too(
    attentes: Path, candidat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changer(candidat, "evenement", lambda s: s["properties"].pop("departement"))

    assert juger(attentes, candidat, capsys)[1]["caf-59"] == [(LIT, "lit", "/departement", ())]


def test_a_type_taken_away_breaks_who_sends_it_and_who_reads_it(
    attentes: Path, candidat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for nom in (f"{LIT}.json", "rdv.planifie.depot.json"):
        (candidat / nom).unlink()

    assert main(["puis-je-publier", "--attentes", str(attentes), "--candidat", str(candidat)]) == 1
    dit = capsys.readouterr().out
    assert f"  {LIT}, lu\n    tout le message  type retiré\n" in dit
    assert "  rdv.planifie, envoyé\n    tout le message  type retiré\n" in dit
    assert dit.endswith("Partenaires : 2 ; cassés : 2.\n")


@pytest.mark.parametrize(
    ("contenu", "dit"),
    [
        ("{", "n'est pas un fichier d'attentes"),
        ('{"partenaire": "x", "lut": {}}', "n'est pas un fichier d'attentes (à /lut)"),
        ('{"partenaire": "x", "envoie": {"usager.inconnu": {}}}', "« usager.inconnu » ne se dépose pas"),
        ('{"partenaire": "x", "envoie": {"parcours.ouvert": {}}}', "« parcours.ouvert » ne se dépose pas"),
        ('{"partenaire": "x", "lit": {"usager.signale": {"/data/brsaa": {}}}}', "n'a pas de champ /data/brsaa"),
    ],
)
def test_a_file_that_names_nothing_of_the_contract_is_refused(
    contenu: str, dit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NOM).write_text(contenu, encoding="utf-8")

    with pytest.raises(SystemExit) as fin:
        main(["puis-je-publier", "--attentes", str(tmp_path)])

    assert fin.value.code == 2
    assert dit in capsys.readouterr().err


def test_folders_without_partners_or_schemas_are_refused(tmp_path: Path) -> None:
    for options in (["--attentes", str(tmp_path)], ["--attentes", str(PUBLIES), "--candidat", str(tmp_path)]):
        with pytest.raises(SystemExit) as fin:
            main(["puis-je-publier", *options])
        assert fin.value.code == 2


def test_what_is_noted_is_the_fields_and_their_codes_and_nothing_of_a_person(attentes: Path) -> None:
    texte = (attentes / "caf-59" / NOM).read_text(encoding="utf-8")

    notees = lire(attentes / "caf-59" / NOM).envoie[ENVOIE]
    assert notees["/data/identifiants/*/type"].codes == ("matricule-caf", "nir")
    assert (notees["/data/identifiants/*/role"].toujours, notees["/data/identite/sexe"].toujours) == (False, True)
    for valeur in ("EXEMPLE", "185039999999921", "9990001", "1985", "0199000001", "59350"):
        assert valeur not in texte


def test_a_field_is_always_there_until_a_message_lacks_it() -> None:
    sans, nul, siennes = (
        copy.deepcopy(exemple_valide(ENVOIE)),
        copy.deepcopy(exemple_valide(ENVOIE)),
        Attentes(partenaire="x"),
    )
    del sans["data"]["coordonnees"]
    nul["data"]["date_reception_droit"] = None

    vus = []
    for message in (exemple_valide(ENVOIE), sans, nul):
        siennes.noter_envoi(ENVOIE, message)
        champs = siennes.envoie[ENVOIE]
        dits = ("/data/brsa", "/data/coordonnees", "/data/coordonnees/courriel", "/data/date_reception_droit")
        vus.append([champs[pointeur].toujours for pointeur in dits])

    assert vus == [[True, True, True, True], [True, False, True, True], [True, False, True, False]]
    assert siennes.noter_envoi(ENVOIE, nul) is False


def test_who_does_not_send_an_object_may_be_asked_for_its_fields(
    candidat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sans = copy.deepcopy(exemple_valide(ENVOIE))
    del sans["data"]["coordonnees"]
    siennes = Attentes(partenaire="caf-59")
    siennes.noter_envoi(ENVOIE, sans)
    ecrire(tmp_path / "attentes", siennes)
    changer(candidat, f"{ENVOIE}.depot", lambda s: definition(s, "Adresse")["required"].append("voie"))

    assert juger(tmp_path / "attentes", candidat, capsys) == (0, {"caf-59": []})


def test_what_appears_later_was_not_always_there() -> None:
    sans, siennes = copy.deepcopy(exemple_valide(ENVOIE)), Attentes(partenaire="x")
    del sans["data"]["coordonnees"]
    siennes.noter_envoi(ENVOIE, sans)

    assert siennes.noter_envoi(ENVOIE, exemple_valide(ENVOIE)) is True

    champs = siennes.envoie[ENVOIE]
    assert not champs["/data/coordonnees"].toujours
    assert champs["/data/coordonnees/courriel"].toujours
