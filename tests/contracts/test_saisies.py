"""Real names pass, placeholders and broken encodings do not; contacts and texts are accepted and told."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import TypeAdapter

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.enveloppe import avertissements
from relais_contrats.exemples import exemples
from relais_contrats.identifiants import cle_nir, porte_un_nir
from relais_contrats.lecture import MessageInvalide, lire_donnees, lire_objet
from relais_contrats.saisies import a_dire, nom_de_remplissage, nom_illisible, numero_de_remplissage, texte_abime
from relais_contrats.schemas import schema_depot
from relais_contrats.v1.offres import MOTIF_ID_OFFRE
from relais_contrats.valeurs import MOTIF_CODE_LOCAL, CleRdv

_VRAIS = (
    *("O", "Y", "U", "É", "Xu", "Ng", "Null", "None", "Sans", "Aucun", "Test", "Personne", "Rien", "Nom", "Ba", "Lo"),
    *("N'DIAYE", "N’Diaye", "N\u02bcDIAYE", "D`ALMEIDA", "O'Connor", "Saint-Exupéry", "de La Fontaine", "D'", "Xuân"),
    *("L'Haÿ", "Ÿ", "Œuvrard", "Groß", "Þórsson", "Łukasz", "Đặng", "İnan", "Kɔ́fi", "ɖossou", "Nguyễn Thị", "Ãngela"),
    *("João", "IRMÃ", "Åsa", "ÄRLIG", "Châtelet", "Nuñez", "Muñoz y Sáez", "C.", "J.-P.", "Jean, Paul", "Xxavier"),
    *("(dit) Martin", 'Jean "Jo"', "李", "Иванова", "محمد", "Ба", "Ben Abdallah/Ben Ali", "Désiré", "FRANÇOIS", "Aa"),
    *("Inconnuzzi", "Néanton", "Sans-Nommé", "DUPONT·E", "Marie–Lou", "Vũ", "Ó Súilleabháin", "Ça", "Zoë", "Aïcha"),
)
_REMPLISSAGES = (
    *(
        "-",
        ".",
        "?",
        "???",
        "--",
        "' '",
        "000",
        "123",
        "/",
        "_",
        "*" * 3,
        "X",
        "XX",
        "XXX",
        "xxxxx",
        "X X",
        "x-x",
        "AAA",
    ),
    *("INCONNU", "Inconnue", "inconnu ", "SANS NOM", "Sans-nom", "sans prénom", "NÉANT", "Neant", "non renseigné"),
    *(
        "NON RENSEIGNEE",
        "N/A",
        "n.a.",
        "N/C",
        "n/r",
        "à compléter",
        "Unknown",
        "NON CONNU",
        "Prénom",
        "nom de famille",
        "[inconnu]",
    ),
)
_ABIMES = (
    *("DÃ©sirÃ©", "DÃ©SIRÃ©", "dã©sirã©", "Ã‰lodie", "Fran\ufffdois", "Fran?ois", "FranÃ§ois", "NoÃ«l", "Å\u0081ukasz"),
    *(
        "ZoÃ\u00ab",
        "D\u0082sir\u0082",
        "D‚sir‚",
        "Fran‡ois",
        "D√©sir√©",
        "D&eacute;sir&eacute;",
        "D&#233;sir",
        "Ã\u00a0",
    ),
    *("D\\u00e9sir\\u00e9", "D=C3=A9sir", "D%C3%A9sir", "Du\u200bpont", "\ufeffDupont", "Du\u00adpont", "Du\u202epont"),
    *(
        "Nâ€™DIAYE",
        "Dupont\u0085",
        "<b>Dupont</b>",
        "Dupont; DROP",
        "Dupont@exemple",
        "D¿sir¿",
        "N\u0092DIAYE",
        "Dupon□",
    ),
)


@pytest.mark.parametrize("nom", _VRAIS)
def test_a_rare_name_is_a_name(nom: str) -> None:
    assert not nom_de_remplissage(nom)
    assert not nom_illisible(nom)


@pytest.mark.parametrize("nom", _REMPLISSAGES)
def test_what_is_typed_for_want_of_a_name_is_none(nom: str) -> None:
    assert nom_de_remplissage(nom)


@pytest.mark.parametrize("nom", _ABIMES)
def test_a_broken_encoding_is_seen_in_a_name(nom: str) -> None:
    assert nom_illisible(nom)


def _corps(type_: str = "usager.signale", **changes: Any) -> dict[str, Any]:
    message = dict(next(e.message for e in exemples(type_) if e.est_valide))
    return message | changes


def _avec(champ: str, valeur: Any) -> dict[str, Any]:
    data = _corps()["data"]
    return {**data, "identite": data["identite"] | {champ: valeur}}


@pytest.mark.parametrize("champ", ["nom_naissance", "nom_usage", "prenoms"])
@pytest.mark.parametrize("nom", ["INCONNU", "XXX", "-", "DÃ©sirÃ©", "Du\u200bpont"])
def test_such_a_name_is_refused_with_its_pointer(champ: str, nom: str) -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_donnees(CATALOGUE["usager.signale"], _avec(champ, nom))

    assert [e.pointeur for e in refus.value.erreurs] == [f"/data/identite/{champ}"]
    assert "nom" in refus.value.erreurs[0].message


@pytest.mark.parametrize("nom", ["INCONNU", "Fran\ufffdois"])
def test_a_professional_has_a_name_too(nom: str) -> None:
    data = _corps("referent.designe")["data"]
    data = data | {"referent": data["referent"] | {"nom": nom}}

    with pytest.raises(MessageInvalide):
        lire_donnees(CATALOGUE["referent.designe"], data)


@pytest.mark.parametrize(
    ("valeur", "vide"),
    [
        *((vide, True) for vide in ("0", "0000000", "0" * 11, "0" * 13, "00-00", "XXXXXXX", "INCONNU", "NEANT")),
        *((plein, False) for plein in ("0000001", "A", "X1", "AAA")),
    ],
)
def test_a_number_may_be_none(valeur: str, vide: bool) -> None:
    assert numero_de_remplissage(valeur) is vide


@pytest.mark.parametrize(
    ("type_", "valeur"),
    [
        ("matricule-caf", "0000000"),
        ("matricule-msa", "0" * 15),
        ("numero-demande-rsa", "0" * 11),
        ("numero-france-travail", "0" * 11),
        ("numero-france-travail", "0" * 8),
        ("nir", "0" * 13),
        ("nir", "0" * 15),
        ("local", "0"),
        ("local", "INCONNU"),
    ],
)
def test_a_number_of_zeros_is_refused_by_whatever_type(type_: str, valeur: str) -> None:
    data = _corps()["data"] | {"identifiants": [{"type": type_, "valeur": valeur, "role": "demandeur"}]}

    with pytest.raises(MessageInvalide) as refus:
        lire_donnees(CATALOGUE["usager.signale"], data)

    assert {(e.pointeur, e.code) for e in refus.value.erreurs} == {
        ("/data/identifiants/0/valeur", "identifiant-invalide")
    }


@pytest.mark.parametrize(
    ("donnees", "pointeurs"),
    [
        ({"coordonnees": {"telephone": "0600000000"}}, ["/data/coordonnees/telephone"]),
        ({"coordonnees": {"telephone": "0666666666"}}, ["/data/coordonnees/telephone"]),
        ({"coordonnees": {"telephone": "+33600000000"}}, ["/data/coordonnees/telephone"]),
        ({"coordonnees": {"telephone": "0612345678", "courriel": "aucun@aucun.fr"}}, ["/data/coordonnees/courriel"]),
        ({"coordonnees": {"courriel": "x@x.fr"}}, ["/data/coordonnees/courriel"]),
        ({"coordonnees": {"courriel": "pas.de.mail@exemple.fr"}}, ["/data/coordonnees/courriel"]),
        ({"coordonnees": {"courriel": "noreply@cd59.fr"}}, ["/data/coordonnees/courriel"]),
        ({"identite": {"date_naissance": "1900-01-01"}}, ["/data/identite/date_naissance"]),
        ({"points": ["Bon.", "L\u2019Ã©tape"]}, ["/data/points/1"]),
        ({"motif": "Fran\ufffdois"}, ["/data/motif"]),
        ({"structure": {"nom": "Maison de l&#39;emploi"}}, ["/data/structure/nom"]),
        ({"coordonnees": {"telephone": "0320000000", "courriel": "aucune.idee@exemple.fr"}}, []),
        ({"identite": {"date_naissance": "1900-01-02"}}, []),
        ({"motif": "R&D; 3 enfants, 12 ans ? Oui… « CAFÉ » – ÉTÉ’24"}, []),
        ({"url": "https://exemple.fr/?a=b&amp;c?d"}, []),
    ],
)
def test_contacts_dates_and_texts_are_accepted_and_told(donnees: dict[str, Any], pointeurs: list[str]) -> None:
    dits = list(a_dire({"data": donnees}, ""))

    assert [d["pointeur"] for d in dits] == pointeurs


def test_what_is_told_comes_with_the_answer_and_refuses_nothing() -> None:
    data = _corps()["data"]
    message = _corps(data=data | {"coordonnees": {"courriel": "aucun@aucun.fr"}}, agent="DÃ©sirÃ© AG-1")

    lire_objet(message)

    assert [a["pointeur"] for a in avertissements(message)] == ["/agent", "/data/coordonnees/courriel"]


_NIR = "1850559350123"
_AVEC_CLE = _NIR + cle_nir(_NIR)


@pytest.mark.parametrize(
    "texte",
    [
        _NIR,
        _AVEC_CLE,
        f"NIR {_AVEC_CLE}.",
        f"(n°{_AVEC_CLE})",
        f"1 85 05 59 350 123 {_AVEC_CLE[-2:]}",
        f"1\u00a085\u00a005\u00a059\u202f350\u00a0123\u00a0{_AVEC_CLE[-2:]}",
        "1-85-05-59-350-123",
        "1.85.05.59.350.123",
        "1/85/05/59/350/123",
        f"Sécu : {_NIR} 12 rue des Lilas",
        "1\u200b850559350123",
        "2 85 05 2A 004 123",
        "１８５０５５９３５０１２３",
        "1850559 350123",
    ],
)
def test_a_nir_is_seen_in_a_text_however_it_is_spaced(texte: str) -> None:
    assert porte_un_nir(texte)


@pytest.mark.parametrize(
    "texte",
    [
        "Tél. 06 12 34 56 78, ou 0320000000",
        "SIRET 900 000 837 00014",
        "90000083700014",
        "FR76 3000 4000 0112 3456 7890 143",
        "Rendez-vous le 12/05/2026 à 14 h 30, dossier 4217",
        "1732966800000",
        f"{_NIR}{(int(cle_nir(_NIR)) % 97) + 1:02d}",
        "2026-11-30T11:22:33.123456Z",
        "0198c0de-1111-7222-8333-123456789012",
        "18505593501234567",
        "Pièce cnaf-2833bf94f44ca19f2331145336291c095b030977",
        "agent/1f8d0c52-b331-4114-9331-1453362910ca",
        "1850500350123",
        "269054958815780",
    ],
)
def test_another_number_is_no_nir(texte: str) -> None:
    assert not porte_un_nir(texte)


def _textes(schema: Any, racine: Any, chemin: str = "") -> Iterator[tuple[str, Any]]:
    """Every property of a deposit that people write with their own words: a length, and no pattern that says which."""
    if isinstance(schema, dict):
        if schema.get("maxLength", 0) >= 100 and not schema.get("pattern", "").startswith(("^https?", "^[A-Za-z0-9.!")):
            yield chemin, schema
        for nom, valeur in schema.items():
            yield from _textes(valeur, racine, f"{chemin}/{nom}")
    elif isinstance(schema, list):
        for rang, valeur in enumerate(schema):
            yield from _textes(valeur, racine, f"{chemin}/{rang}")


def _codes(schema: Any, chemin: str = "") -> Iterator[tuple[str, Any]]:
    """Every property of a deposit that names an object, a professional or a structure in the words of its emitter."""
    if isinstance(schema, dict):
        if schema.get("pattern") in (MOTIF_CODE_LOCAL, MOTIF_ID_OFFRE) or "x-relais-objet" in schema:
            yield chemin, schema
        for nom, valeur in schema.items():
            yield from _codes(valeur, f"{chemin}/{nom}")
    elif isinstance(schema, list):
        for rang, valeur in enumerate(schema):
            yield from _codes(valeur, f"{chemin}/{rang}")


def test_every_code_of_every_deposit_has_the_mark() -> None:
    codes = [(nom, ou, s) for nom, m in CATALOGUE.items() if m.se_depose for ou, s in _codes(schema_depot(m))]

    assert [(nom, ou) for nom, ou, s in codes if "sans-nir" not in s.get("x-relais-regles", ())] == []
    assert len(codes) > 40


@pytest.mark.parametrize("ecrit", [_AVEC_CLE, _NIR, f"rdv-{_NIR}", f"{_NIR[:1]}.{_NIR[1:3]}.{_NIR[3:]}"])
@pytest.mark.parametrize(
    ("type_", "pointeur"),
    [
        ("rdv.planifie", "/rdv_id"),
        ("contrat.propose", "/engagements_usager/0/id"),
        ("prescription.emise", "/prescription_id"),
        ("sanction.decidee", "/manquement_id"),
        ("referent.designe", "/referent/identifiant_agent"),
        ("accompagnant.retire", "/identifiant_agent"),
        ("referent.designe", "/structure/valeur"),
    ],
)
def test_a_nir_names_no_object_no_agent_and_no_structure(type_: str, pointeur: str, ecrit: str) -> None:
    """Others read these names, whatever they may read of the person."""
    *chemin, champ = pointeur.strip("/").split("/")
    donnees = deepcopy(_corps(type_)["data"])
    objet = donnees
    for pas in chemin:
        objet = objet[int(pas) if pas.isdigit() else pas]
    if champ == "valeur":
        objet["systeme"] = "local"
    objet[champ] = ecrit

    with pytest.raises(MessageInvalide) as refus:
        lire_donnees(CATALOGUE[type_], donnees)

    assert ("identifiant-invalide", f"/data{pointeur}") in [(e.code, e.pointeur) for e in refus.value.erreurs]
    assert _NIR not in str([e.message for e in refus.value.erreurs])


def test_what_was_recorded_under_such_a_name_is_read_back() -> None:
    assert TypeAdapter(CleRdv).validate_python(_NIR) == _NIR


_ATTRIBUTS = ("/properties/type", "/properties/dataschema", "/properties/datacontenttype")


def test_every_free_text_of_every_deposit_has_the_mark() -> None:
    schemas = {nom: schema_depot(m) for nom, m in CATALOGUE.items() if m.se_depose}

    textes = [(nom, ou, s) for nom, schema in schemas.items() for ou, s in _textes(schema, schema)]

    libres = [(nom, ou, s) for nom, ou, s in textes if not ou.startswith(_ATTRIBUTS)]
    assert [(nom, ou) for nom, ou, s in libres if "texte-sans-nir" not in s.get("x-relais-regles", ())] == []
    assert len(libres) > 100


@pytest.mark.parametrize(
    ("type_", "changes"),
    [
        ("parcours.clos", {"motif": f"Fin, NIR {_AVEC_CLE}"}),
        ("observation.ajoutee", {"texte": f"Voir {_AVEC_CLE}"}),
        ("rdv.planifie", {"lieu": _NIR}),
        (
            "usager.signale",
            {"coordonnees": {"adresse": {"code_commune": "59350", "code_postal": "59000", "voie": _NIR}}},
        ),
    ],
)
def test_a_nir_in_a_text_is_refused_and_not_repeated(type_: str, changes: dict[str, Any]) -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_donnees(CATALOGUE[type_], _corps(type_)["data"] | changes)

    assert {e.code for e in refus.value.erreurs} == {"identifiant-invalide"}
    assert _NIR not in str([e.message for e in refus.value.erreurs])


def test_an_agent_is_not_named_by_a_nir() -> None:
    with pytest.raises(MessageInvalide) as refus:
        lire_objet(_corps(agent=f"Durand Paul {_AVEC_CLE}"))

    assert [e.pointeur for e in refus.value.erreurs] == ["/agent"]


@pytest.mark.parametrize(
    "texte", ["CAFÉ…", "« ÉTÉ »", "L’ÂGE", "naïf – déjà", "Ça va ?", "A & B", "50 % ; 3 €", "Quoi?"]
)
def test_a_right_text_is_not_told(texte: str) -> None:
    assert not texte_abime(texte)
