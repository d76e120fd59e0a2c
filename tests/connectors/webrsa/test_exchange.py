"""The files of an ALI, both ways: what is deposited, what leaves, what each error is named, and what a crash does."""

from __future__ import annotations

import csv
import dataclasses
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.archive import erase, folder_of
from connectors.folders import ARRIVALS, DEPARTURES, RETURNS, look
from connectors.hub import HubUnreachable, RequestRefused
from connectors.systems import ConfigurationRefused, Context
from connectors.webrsa import SYSTEM, leaving, reading
from connectors.webrsa.codes import Erreur, Objet
from connectors.webrsa.taking import PERSONNE, taking
from connectors.webrsa.xml import LARGEST_BYTES
from relais_contrats.correspondances import WEBRSA, correspondance
from tests.connectors.fakes import FakeHub, context, pseudonym
from tests.connectors.webrsa.files import cer, changement, element, file, rdv, referent

pytestmark = pytest.mark.anyio
ADA = pseudonym("ada")
MOBILITE = {"systeme": "siret", "valeur": "90000083700014", "nom": "Plateforme mobilité de Lille"}
UNKNOWN = {
    "date_demande_rsa": date(1900, 1, 1),
    "etats_droit": {122: "2"},
    "etat_droit": 121,
    "roles": {131: "DEM"},
    "role_personne": 132,
    "nb_enfants_foyer": 0,
    "situation_familiale": 141,
}
FICHE: Mapping[str, Any] = {
    "parcours": ADA,
    "identite": {"nom_naissance": "FICTIVE", "prenoms": "Ada", "date_naissance": "1985-02-00"},
    "coordonnees": {"telephone": "0612345678", "adresse": {"code_postal": "59000", "voie": "1 rue Exemple"}},
    "identifiants": [{"type": "matricule-caf", "valeur": "1234567", "role": "demandeur"}],
    "droits": {"etat_dossier": "2"},
}
FEUILLE: Mapping[str, Any] = {
    "parcours": ADA,
    "orientation": {"rang": 1, "parcours_type": "social", "structure": MOBILITE, "date_debut": "2026-11-20"},
    "referent": {
        "referent": {"identifiant_agent": "mob-17"},
        "structure": MOBILITE,
        "date_debut": "2026-11-20",
        "etat": "actif",
    },
    "contrat": {"contrat_id": "ali-701", "etat": "signe", "date_debut": "2026-08-31", "duree_mois": 6},
}


class Hub(FakeHub):
    """`views`: by path; `feed`: whom the hub told about."""

    source = "/partenaires/asso-mobilite"

    def __init__(self, refuse: Any = lambda _: None) -> None:
        super().__init__(refuse)
        self.views: dict[str, Any] = {f"/v1/parcours/{ADA}": FICHE, f"/v1/parcours/{ADA}/feuille-de-route": FEUILLE}
        self.feed: list[str] = [ADA]

    async def get(self, path: str, **asked: Any) -> Any:
        if path == "/v1/evenements":
            after = int(asked.get("apres", 0))
            return {"evenements": [{"subject": one} for one in self.feed[after:]], "curseur": str(len(self.feed))}
        if path not in self.views:
            raise RequestRefused(404, {})
        return self.views[path]


@pytest.fixture
def hub() -> Hub:
    return Hub()


def place(folder: Path, hub: Hub, **changed: Any) -> Context:
    return context(SYSTEM, tomllib.loads(SYSTEM.exemple) | changed, folder, hub)


async def knowing(one: Context, *persons: str) -> Context:
    """The persons of these numbers are known here."""
    await one.state.link(PERSONNE, [(str(rank), parcours) for rank, parcours in enumerate(persons or (ADA,), 1)])
    return one


async def sent(one: Context, content: bytes, name: str = "ali.xml") -> list[list[str]]:
    """The lines of its report, without its heading."""
    (folder_of(one, ARRIVALS) / name).write_bytes(content)
    await look(one, taking(one), await look(one, taking(one), {}))
    report = folder_of(one, RETURNS) / f"erreurs_{name.removesuffix('.xml')}.csv"
    if not report.exists():
        return []
    with report.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream, delimiter=";"))[1:]


async def left(one: Context) -> etree._Element:
    await leaving.leave(one)
    [path] = folder_of(one, DEPARTURES).iterdir()
    return etree.parse(path).getroot()


async def test_a_story_goes_from_the_ali_to_the_hub_and_back(tmp_path: Path, hub: Hub) -> None:
    one = place(tmp_path, hub, allocataire=UNKNOWN)

    gone = await left(one)
    personne = gone.findtext("dossiers/dossier/id_personne")
    whole = referent() | rdv() | cer() | changement()
    report = await sent(one, file({"id_personne": personne, **whole}, stock=True))

    assert report == []
    told = [(m["type"][13:-3], m["subject"]) for m in hub.taken.values()]
    assert told == [
        (fait, ADA)
        for fait in (
            "referent.designe",
            "referent.accepte",
            "rdv.planifie",
            "contrat.propose",
            "contrat.signe",
            "reorientation.demandee",
        )
    ]
    [planned], [proposed] = hub.of("rdv.planifie"), hub.of("contrat.propose")
    assert planned["data"]["rdv_id"] == "ali-601"
    assert planned["data"]["debut"] == "2026-12-14T09:30:00+01:00"
    assert [e["libelle"] for e in proposed["data"]["engagements_usager"]] == ["Passer le code", "Trouver un emploi"]
    dossier = gone.find("dossiers/dossier")
    assert dossier is not None
    shown = {
        path: dossier.findtext(path)
        for path in (
            "allocataire/nom",
            "allocataire/date_naissance",
            "allocataire/numero_caf",
            "allocataire/etat_droit",
            "allocataire/role_personne",
            "orientations/orientation/type_orient",
            "orientations/orientation/id_orient_webrsa",
            "referents_parcours/referent_parcours/id_referent",
            "cers/cer/id_cer_webrsa",
            "cers/cer/id_cer_ali",
            "cers/cer/statut",
            "cers/cer/date_fin",
        )
    }
    expected = ["FICTIVE", "1985-02-01", "1234567", "122", "131", "23", "1", "11", "1", "701", "82", "2027-02-28"]
    assert list(shown.values()) == expected


async def test_what_a_stock_says_again_is_not_deposited_again_and_what_changed_is(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))
    await sent(one, file(referent() | rdv() | cer()))
    before = len(hub.taken)

    await sent(one, file(referent() | rdv() | cer(), at="2026-11-29 23:00:00", stock=True), "stock.xml")
    again = len(hub.taken)
    moved = referent(date_designation="2026-11-25") | rdv({"heure_rdv": "10:00:00"})
    await sent(one, file(moved, at="2026-11-30 08:00:00"), "suite.xml")

    assert again == before
    assert [m["type"][13:-3] for m in list(hub.taken.values())[before:]] == [
        "referent.remplace",
        "referent.accepte",
        "rdv.modifie",
    ]


CASES = [
    (referent(id_webrsa=99), Erreur.REFERENT_INCONNU),
    (referent(id_webrsa=13), Erreur.REFERENT_CLOTURE),
    (rdv({"id_structurereferente": 99}), Erreur.STRUCTURE_INCONNUE),
    (rdv({"id_objet_rdv": 99}), Erreur.RDV_OBJET_INCONNU),
    (rdv({"id_statut_rdv": 99}), Erreur.RDV_STATUT_INCONNU),
    (rdv({"id_referent": None}), Erreur.REFERENT_OBLIGATOIRE),
    (rdv({"id_referent": 99}), Erreur.REFERENT_INCONNU),
    (rdv({"id_referent": 12}), Erreur.REFERENT_INCOHERENT),
    (rdv({"thematiques": {"id_thematique_rdv": [99]}}), Erreur.RDV_THEMATIQUE_INCONNUE),
    (rdv({"thematiques": {"id_thematique_rdv": [113]}}), Erreur.RDV_TYPE_THEMATIQUE),
    (
        rdv({"id_objet_rdv": 102, "thematiques": {"id_thematique_rdv": [113, 114]}}),
        Erreur.RDV_THEMATIQUE_DEPASSEMENT,
    ),
    (cer(date_debut="2027-06-01"), Erreur.CER_DEBUT),
    (cer(id_duree_cer=99), Erreur.CER_DUREE_INCONNUE),
    (cer(date_signature="2026-12-24"), Erreur.CER_SIGNATURE),
    (cer(liste_sujets={"sujets": [{"id_sujet_cer": 99}]}), Erreur.SUJET_INCONNU),
    (changement(id_referent=99), Erreur.REFERENT_INCONNU),
    (changement(id_origine=99), Erreur.ORIGINE_INCONNUE),
    (changement(id_type_orientation=99), Erreur.TYPE_ORIENT_INCONNU),
    (changement(id_structure_referente_accueil=99), Erreur.STRUCTURE_ACCUEIL_INCONNUE),
    (changement(id_referent_accueil=99), Erreur.REFERENT_ACCUEIL_INCONNU),
    (changement(id_referent_accueil=12), Erreur.REFERENT_ACCUEIL_INCOHERENT),
    (changement(id_statut=99), Erreur.STATUT_INCONNU),
    (changement(reorientation=None), Erreur.MOTIF_OBLIGATOIRE),
]


def wider() -> dict[str, Any]:
    """The example, with a référent of another structure, one who left, and an object of several persons."""
    told = tomllib.loads(SYSTEM.exemple)
    mine = told["referents"][0]
    told["structures"].append({"id": 2, "systeme": "local", "valeur": "ALI-2", "nom": "Autre"})
    told["referents"] += [mine | {"id": 12, "structure": 2}, mine | {"id": 13, "cloture": date(2026, 1, 1)}]
    collective = {"motif": "autre", "forme": "collectif", "thematiques": [113, 114]}
    told["referentiel"]["objets_rdv"]["102"] = collective
    return told


@pytest.mark.parametrize(("dossier", "erreur"), CASES)
def test_an_object_that_webrsa_would_refuse_is_refused_alone_under_its_name(
    dossier: dict[str, Any], erreur: Erreur
) -> None:
    tree = etree.fromstring(element("dossier", dossier))

    [act] = reading.acts(tree, SYSTEM.configure(wider()), date(2026, 11, 30))  # type: ignore[arg-type]

    assert (act.erreurs, act.faits, act.etat) == ([erreur], [], None)


@pytest.mark.parametrize(
    ("dossier", "fait", "code", "objet", "erreur"),
    [
        (cer(), "contrat.propose", "referent-obligatoire", Objet.CER, Erreur.CER_REFERENT_OBLIGATOIRE),
        (
            changement(),
            "reorientation.demandee",
            "orientation-prealable-obligatoire",
            Objet.ORIENTATION,
            Erreur.REORIENTATION_SANS_ORIENTATION,
        ),
        (changement(), "reorientation.demandee", "deja-traite", Objet.ORIENTATION, Erreur.EP_EN_COURS),
        (rdv(), "rdv.planifie", "non-autorise", Objet.RDV, Erreur.REFUS),
    ],
)
async def test_a_refusal_of_the_hub_is_reported_in_the_words_of_webrsa_and_tried_again_with_the_next_file(
    tmp_path: Path, dossier: dict[str, Any], fait: str, code: str, objet: Objet, erreur: Erreur
) -> None:
    refusing = [True]
    hub = Hub(lambda message: code if refusing[0] and message["type"] == f"fr.insertion.{fait}.v1" else None)
    one = await knowing(place(tmp_path, hub))

    [[personne, about, _, named, why]] = await sent(one, file(dossier))
    refusing.clear()
    refusing.append(False)
    after = await sent(one, file(dossier, at="2026-11-30 08:00:00"), "suite.xml")

    assert (personne, about, named, why.split(" : ")[0]) == ("1", str(objet), str(erreur), code)
    assert (after, len(hub.of(fait))) == ([], 1)


async def test_an_unknown_person_is_named_and_the_others_are_taken(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))

    report = await sent(one, file({"id_personne": 9, **rdv()}, rdv()))

    assert report == [["9", "global", "", "personne_inconnue", ""]]
    assert len(hub.of("rdv.planifie")) == 1


BOMB = b'<!DOCTYPE a [<!ENTITY b "bb">]>' + file(rdv())


@pytest.mark.parametrize(
    ("content", "erreur"),
    [
        (b"<ALI-WebRSA>", Erreur.VALIDATION_SCHEMA),
        (BOMB, Erreur.VALIDATION_SCHEMA),
        (b" " * (LARGEST_BYTES + 1), Erreur.VALIDATION_SCHEMA),
        (file(rdv({"date_rdv": "demain FICTIVE"})), Erreur.VALIDATION_SCHEMA),
        (file(rdv(), ali=13), Erreur.UTILISATEUR_INCONNU),
    ],
    ids=["cut", "entities", "too large", "schema", "of another ALI"],
)
async def test_a_file_that_is_refused_as_a_whole_deposits_nothing_and_cites_nobody(
    tmp_path: Path, hub: Hub, content: bytes, erreur: Erreur
) -> None:
    one = await knowing(place(tmp_path, hub))

    await sent(one, content)

    said = (folder_of(one, RETURNS) / "ali-refuse.txt").read_text()
    assert f": {erreur} : " in said
    assert "FICTIVE" not in said
    assert hub.taken == {}


async def test_two_files_of_one_generation_are_one(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))
    await sent(one, file(rdv()))

    await sent(one, file(rdv({"heure_rdv": "11:00:00"})), "autre.xml")

    assert "deja_traite" in (folder_of(one, RETURNS) / "autre-refuse.txt").read_text()
    assert len(hub.taken) == 1


async def test_a_hub_that_goes_away_in_the_middle_is_asked_again_and_doubles_nothing(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))
    hub.failures = [HubUnreachable("Le relais ne répond pas.")]

    await sent(one, file(referent() | rdv()))
    await look(one, taking(one), await look(one, taking(one), {}))

    assert [m["type"][13:-3] for m in hub.taken.values()] == ["referent.designe", "referent.accepte", "rdv.planifie"]
    last = (await one.journal.last())[0]
    assert (last.etat, dict(last.compte)) == (
        "fait",
        {"accepte": 3},
    )


async def test_a_differential_holds_who_changed_under_the_ids_of_the_stock(tmp_path: Path, hub: Hub) -> None:
    one = place(tmp_path, hub)
    hub.feed = [ADA, pseudonym("bob")]
    first = await left(one)
    for path in folder_of(one, DEPARTURES).iterdir():
        path.unlink()
    hub.feed = [*hub.feed, ADA]
    tomorrow = one.clock().replace(month=12, day=2)

    second = await left(dataclasses.replace(one, clock=lambda: tomorrow))

    assert [first.findtext("entete/fichier_stock"), second.findtext("entete/fichier_stock")] == ["true", "false"]
    ids = [[each.text for each in root.iterfind("dossiers/dossier/id_personne")] for root in (first, second)]
    assert ids[0] == ids[1] == ["1"]
    assert (await one.journal.last())[-1].compte["non-vu"] == 1


async def test_a_person_who_is_erased_is_known_no_more(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))
    await sent(one, file(rdv()))

    counts = await erase(one, ADA)
    report = await sent(one, file(rdv(), at="2026-11-30 08:00:00"), "suite.xml")

    assert counts["archives"] == 1
    assert [line[3] for line in report] == ["personne_inconnue"]


async def test_a_dry_run_says_what_would_happen_and_does_nothing(tmp_path: Path, hub: Hub) -> None:
    one = await knowing(place(tmp_path, hub))
    path = tmp_path / "ali.xml"
    path.write_bytes(file(rdv() | cer(id_duree_cer=99)))

    said = [line async for line in SYSTEM.try_out(one, path)]
    who = [line async for line in SYSTEM.try_out(one, None)]

    assert said == [
        "personne 1, cer 701 : cer_duree_inconnue",
        "ali.xml : fichier différentiel ; serait déposé : cer 0, rdv 1",
    ]
    assert who == ["1 personne(s) dont le relais a parlé depuis le dernier fichier."]
    assert (hub.taken, list(await one.journal.last())) == ({}, [])


@pytest.mark.parametrize("notion", ["parcours", "contrat_statut"])
def test_codes_go_and_come_back(notion: str) -> None:
    table = correspondance(WEBRSA, notion)

    assert [table.de_nous(table.vers_nous(theirs)) for theirs in table.paires] == list(table.paires)


@pytest.mark.parametrize(
    ("name", "ids", "sentence"),
    [
        ("types_orientation", {21: "EMPLOI", 22: "SOCIOPRO"}, "SOCIAL"),
        ("origines", {31: "manuelle", 32: "manuelle", 33: "reorientation"}, "manuelle"),
    ],
)
def test_a_code_without_one_id_is_refused_when_the_mandate_is_made(name: str, ids: Any, sentence: str) -> None:
    told = tomllib.loads(SYSTEM.exemple)
    told["referentiel"][name] = ids

    with pytest.raises(ConfigurationRefused, match=sentence):
        SYSTEM.configure(told)
