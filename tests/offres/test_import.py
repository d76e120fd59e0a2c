"""The import: formats, refusals, what a complete file withdraws, the floor, and going on after a crash."""

import gzip
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relais_contrats.identifiants import cle_nir
from services.offres.importer import fichier, passage
from services.offres.importer.controle import controler, regarder
from services.offres.importer.fichier import Bloc, Enregistrement, FichierRefuse, lire
from services.offres.importer.passage import PlancherAtteint
from tests.offres.annonces import service, structure
from tests.offres.catalogues import Catalogue

pytestmark = pytest.mark.anyio

FICHES = [service(1), structure(1), structure(2), service(2, structure_id="dora--structure-2")]


def _jsonl(chemin: Path) -> Path:
    chemin.write_text("\n\n".join(json.dumps(fiche) for fiche in FICHES), encoding="utf-8")
    return chemin


def _gzip(chemin: Path) -> Path:
    chemin.write_bytes(gzip.compress("\n".join(json.dumps(fiche) for fiche in FICHES).encode()))
    return chemin


def _tableau(chemin: Path) -> Path:
    chemin.write_text("\ufeff" + json.dumps(FICHES, indent=1, ensure_ascii=False), encoding="utf-8")
    return chemin


def _parquet(chemin: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(FICHES), chemin)
    return chemin


@pytest.mark.parametrize("ecrire", [_jsonl, _gzip, _tableau, _parquet])
async def test_every_format_gives_the_same_catalogue(offre: Catalogue, tmp_path: Path, ecrire: Any) -> None:
    bilan = await offre.importer(ecrire(tmp_path / "fichier"))

    assert (bilan.structure.publiees, bilan.service.publiees) == (2, 2)
    assert await offre.chercher() == ["dora--service-1", "dora--service-2"]


@pytest.mark.parametrize(
    ("contenu", "phrase"),
    [
        (b"id;nom\n1;a\n", "ni du JSON"),
        (b'[{"id": 1}, {"id": ', "illisible après 1"),
        (gzip.compress(b'{"id": 1}\n' * 99, mtime=0)[:-9], "jusqu'au bout"),
        (b'["\xff\xfe"]', "UTF-8"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_in_one_sentence(tmp_path: Path, contenu: bytes, phrase: str) -> None:
    (tmp_path / "fichier").write_bytes(contenu)

    with pytest.raises(FichierRefuse, match=phrase):
        list(lire(tmp_path / "fichier"))


@pytest.mark.parametrize(
    ("contenu", "phrase"),
    [
        (b" " * (100 << 20), "blancs"),
        (b"\n" * (100 << 20), "blancs"),
        (b'{"id": 1}' + b"\n" * (100 << 20), "blancs"),
        (b'[{"id": 1},' + b" " * (100 << 20) + b"]", "blancs"),
        (b"[" + b"\n" * (100 << 20), "blancs"),
        (b'{"id": "%s"}\n' % (b"a" * 1_000) * 100_000, "50 fois"),
    ],
    ids=["spaces", "lines", "lines-after", "spaces-between", "lines-in-array", "the-same-record"],
)
def test_what_a_few_compressed_bytes_stand_for_is_refused_at_once(tmp_path: Path, contenu: bytes, phrase: str) -> None:
    (tmp_path / "fichier").write_bytes(gzip.compress(contenu, 6))
    debut_s = time.process_time()

    with pytest.raises(FichierRefuse, match=phrase):
        for _ in lire(tmp_path / "fichier"):
            pass

    assert time.process_time() - debut_s < 3


def test_blanks_that_files_really_have_are_read(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_bytes(b"\n" * 1_000 + b'{"id": 1}\n' + b" \n" * 1_000 + b'{"id": 2}' + b"\n" * 9)

    assert [json.loads(un.corps)["id"] for un in lire(tmp_path / "fichier")] == [1, 2]


def test_a_file_of_too_many_records_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fichier, "_RECORDS_MAX", 2)
    (tmp_path / "fichier").write_bytes(b'{"id": 1}\n' * 3)

    with pytest.raises(FichierRefuse, match="plus de 2"):
        list(lire(tmp_path / "fichier"))


async def test_a_refused_line_says_where_and_why_and_the_others_pass(offre: Catalogue) -> None:
    fiches = [
        structure(1),
        service(1, courriel="pas-une-adresse"),
        service(2),
        service(3, structure_id="dora--absente"),
        service(4, source="autre", id="autre--4"),
        service(5, date_maj="2026-10-02"),
        service(6, score_qualite=0.7, commune=""),
    ]

    bilan = await offre.importer(offre.fichier(fiches))

    assert [(r["ligne"], r["champ"], r["pointeur"], r["code"]) for r in offre.refus()] == [
        (2, "courriel", "/courriel", "schema-invalide"),
        (5, "source", "/source", "source-inattendue"),
        (6, "date_maj", "/date_maj", "dates-incoherentes"),
        (4, "structure_id", "/structure_id", "structure-inconnue"),
    ]
    assert "pas-une-adresse" not in offre.rapport.read_text()
    assert (bilan.service.publiees, bilan.service.refusees) == (2, 4)
    assert dict(bilan.champs_ignores) == {"score_qualite": 1}


async def test_the_texts_of_a_file_are_judged_as_those_of_a_deposit(offre: Catalogue) -> None:
    nir = "1850559350123"
    fiches = [
        structure(1, courriel="aucun@aucun.fr", description="Accueil des dÃ©butants."),
        service(1, description=f"Demander le dossier {nir}{cle_nir(nir)}."),
        service(2, id=f"dora--{nir}"),
        service(3, telephone="0600000000"),
        service(4),
    ]

    bilan = await offre.importer(offre.fichier(fiches))

    dits = [(r["ligne"], r["pointeur"], r.get("code", "averti")) for r in offre.refus()]
    assert dits == [
        (1, "/courriel", "averti"),
        (1, "/description", "averti"),
        (2, "/description", "identifiant-invalide"),
        (3, "/id", "identifiant-invalide"),
        (4, "/telephone", "averti"),
    ]
    assert nir not in offre.rapport.read_text() and "aucun@" not in offre.rapport.read_text()
    assert (bilan.structure.publiees, bilan.structure.averties) == (1, 1)
    assert (bilan.service.publiees, bilan.service.averties, bilan.service.refusees) == (2, 1, 2)


def test_a_record_nested_deeper_than_any_is_looked_at_then_refused() -> None:
    corps = b'{"source":"dora","id":"dora--structure-1","date_maj":"2026-01-01","nom":' + b"[" * 300 + b"]" * 300 + b"}"
    bloc = Bloc(0, 1, [Enregistrement(1, corps)])

    vus = regarder(bloc, None, "dora", date(2026, 10, 1), a_comparer=True)
    controle = controler(bloc, "structure", "dora", date(2026, 10, 1))

    assert len(vus.genres) == 1
    assert [(refus.champ, refus.code) for refus in controle.refus] == [("nom", "schema-invalide")]


async def test_an_id_told_twice_is_taken_from_neither_line(offre: Catalogue) -> None:
    bilan = await offre.importer(offre.fichier([structure(1), service(1), service(1, nom="Autre nom"), service(2)]))

    assert [refus["code"] for refus in offre.refus()] == ["doublon", "doublon"]
    assert bilan.service.publiees == 1


async def test_the_same_file_again_changes_nothing(offre: Catalogue) -> None:
    chemin = offre.fichier([structure(1), service(1)])
    await offre.importer(chemin)
    version = await offre.valeur("SELECT version FROM catalogue")

    bilan = await offre.importer(chemin)

    assert (bilan.structure.inchangees, bilan.service.inchangees) == (1, 1)
    assert await offre.valeur("SELECT version FROM catalogue") == version


async def test_a_few_changes_among_many_lines_are_found(offre: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "_BLOC", 2)
    fiches = [structure(1), *(service(numero, score_qualite=0.7) for numero in range(1, 10))]
    await offre.importer(offre.fichier(fiches))
    version = await offre.valeur("SELECT version FROM catalogue")
    for numero in (3, 8):
        fiches[numero] = fiches[numero] | {"nom": "Garage associatif"}

    bilan = await offre.importer(offre.fichier(fiches))

    assert (bilan.structure.lues, bilan.structure.inchangees) == (1, 1)
    assert (bilan.service.lues, bilan.service.publiees, bilan.service.inchangees) == (9, 2, 7)
    assert dict(bilan.champs_ignores) == {"score_qualite": 9}
    assert await offre.chercher(q="associatif") == ["dora--service-3", "dora--service-8"]
    assert await offre.valeur("SELECT version FROM catalogue") == version + 1


async def test_a_line_that_the_catalogue_holds_already_is_judged_all_the_same(offre: Catalogue) -> None:
    fiches = [
        structure(1),
        service(1, date_maj="2026-10-02"),
        service(2, structure_id="dora--absente"),
        service(3),
        service(3),
        service(4, source="autre", id="autre--4"),
        service(5),
    ]
    await offre.publier(*fiches)

    bilan = await offre.importer(offre.fichier(fiches), complet=False)

    assert sorted((refus["ligne"], refus["code"]) for refus in offre.refus()) == [
        (2, "dates-incoherentes"),
        (3, "structure-inconnue"),
        (4, "doublon"),
        (5, "doublon"),
        (6, "source-inattendue"),
    ]
    assert (bilan.structure.inchangees, bilan.service.inchangees, bilan.service.refusees) == (1, 1, 5)


async def test_a_complete_file_withdraws_what_it_no_longer_names(offre: Catalogue) -> None:
    fiches = [structure(1), *(service(numero) for numero in range(1, 11))]
    await offre.importer(offre.fichier(fiches))

    bilan = await offre.importer(offre.fichier(fiches[:-1]))

    assert bilan.service.retirees == 1
    assert await offre.lire("service", id="dora--service-10") == {
        "retire": {"date": "2026-10-01", "raison": "Absent de l'import complet de dora du 01/10/2026."}
    }
    assert await offre.valeur("SELECT service_id FROM retraits_a_annoncer") == "dora--service-10"


async def test_a_refused_line_keeps_what_was_published(offre: Catalogue) -> None:
    await offre.importer(offre.fichier([structure(1), service(1)]))

    bilan = await offre.importer(offre.fichier([structure(1), service(1, nom="x")]))

    assert (bilan.service.refusees, bilan.service.retirees) == (1, 0)
    assert await offre.chercher() == ["dora--service-1"]


async def test_a_partial_file_withdraws_nothing(offre: Catalogue) -> None:
    await offre.importer(offre.fichier([structure(1), service(1), service(2)]))

    bilan = await offre.importer(offre.fichier([service(2, nom="Garage associatif")]), complet=False)

    assert (bilan.service.publiees, bilan.service.retirees) == (1, 0)
    assert len(await offre.chercher()) == 2


async def test_other_sources_are_left_alone(offre: Catalogue) -> None:
    await offre.publier(structure(9, source="soliguide", id="soliguide--9"))

    await offre.importer(offre.fichier([structure(1)]))

    assert await offre.valeur("SELECT count(*) FROM structures WHERE retire_a IS NULL") == 2


async def test_more_than_a_fifth_gone_stops_before_anything_is_done(offre: Catalogue) -> None:
    fiches = [structure(1), *(service(numero) for numero in range(1, 11))]
    await offre.importer(offre.fichier(fiches))
    coupe = offre.fichier([structure(1), *(service(numero, nom="Nouveau nom") for numero in range(1, 8))])

    with pytest.raises(PlancherAtteint, match="3 services sur 10"):
        await offre.importer(coupe)
    avant = await offre.lire("service", id="dora--service-1")
    bilan = await offre.importer(coupe, confirme=True)

    assert avant["nom"] == "Garage solidaire"
    assert (bilan.service.publiees, bilan.service.retirees) == (7, 3)


async def test_an_empty_complete_file_stops_at_the_floor(offre: Catalogue) -> None:
    await offre.importer(offre.fichier([structure(1), service(1)]))

    with pytest.raises(PlancherAtteint):
        await offre.importer(offre.fichier([]))


async def test_a_structure_that_leaves_takes_its_services_although_the_file_has_none(offre: Catalogue) -> None:
    await offre.importer(
        offre.fichier([structure(n) for n in range(1, 7)] + [service(1, structure_id="dora--structure-6")])
    )

    bilan = await offre.importer(offre.fichier([structure(n) for n in range(1, 6)]), genre="structure")

    assert (bilan.structure.retirees, bilan.service.retirees) == (1, 1)


class Coupure(Exception):
    pass


async def test_an_import_that_was_cut_goes_on_where_it_was(offre: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage, "_BLOC", 2)
    chemin = offre.fichier([structure(1), service(1, nom="x"), *(service(numero) for numero in range(2, 9))])
    prises = 0
    prendre = passage._Passage._prendre

    async def coupe(self: Any, *arguments: Any) -> None:
        nonlocal prises
        prises += 1
        if prises == 4:  # two blocks of services are committed
            raise Coupure
        await prendre(self, *arguments)

    with monkeypatch.context() as coupee:
        coupee.setattr(passage._Passage, "_prendre", coupe)
        with pytest.raises(Coupure):
            await offre.importer(chemin)
    entre = await offre.valeur("SELECT count(*) FROM services")
    bilan = await offre.importer(chemin)

    assert entre == 3
    assert bilan.repris_a == 5
    assert (bilan.service.lues, bilan.service.publiees, bilan.service.inchangees) == (8, 7, 0)
    assert [refus["ligne"] for refus in offre.refus()] == [2]
