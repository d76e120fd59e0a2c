"""The envelope in all the writings that its standards allow, and what is accepted of it without being kept."""

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.enveloppe import Depot, avertissements
from relais_contrats.exemples import exemples
from relais_contrats.lecture import MessageInvalide, lire_objet
from relais_contrats.schemas import schema_depot

SCHEMA = schema_depot(CATALOGUE["usager.signale"])
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def signale(**attributs: Any) -> dict[str, Any]:
    return dict(exemples("usager.signale")[0].message) | attributs


def lu(**attributs: Any) -> Depot:
    """Read by the model; the schema says the same."""
    objet = signale(**attributs)
    assert jsonschema_rs.is_valid(SCHEMA, objet)
    return lire_objet(objet)[0]


def refuse(**attributs: Any) -> list[tuple[str, str]]:
    with pytest.raises(MessageInvalide) as refus:
        lire_objet(signale(**attributs))
    return [(erreur.pointeur, erreur.code) for erreur in refus.value.erreurs]


@pytest.mark.parametrize(
    "ecrit",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        'APPLICATION/JSON ; Charset="utf-8" ; v=1',
        "application/json;",
        None,
    ],
)
def test_a_content_type_may_have_any_case_and_parameters(ecrit: str | None) -> None:
    assert lu(datacontenttype=ecrit).datacontenttype == ecrit


@pytest.mark.parametrize("ecrit", ["application/xml", "text/json", "application/jsonp", "application/json charset", ""])
def test_another_content_type_is_refused(ecrit: str) -> None:
    assert refuse(datacontenttype=ecrit) == [("/datacontenttype", "schema-invalide")]
    assert not jsonschema_rs.is_valid(SCHEMA, signale(datacontenttype=ecrit))


@pytest.mark.parametrize(
    ("ecrit", "instant"),
    [
        ("2026-11-29T15:00:00Z", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("2026-11-29t15:00:00z", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("2026-11-29 15:00:00+00:00", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("2026-11-29T15:00:00-00:00", datetime(2026, 11, 29, 15, tzinfo=UTC)),
        ("2026-11-29T15:00:00.1+01:00", datetime(2026, 11, 29, 14, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-11-29T15:00:00.123456789012345z", datetime(2026, 11, 29, 15, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-11-29T15:00:00+23:59", datetime(2026, 11, 28, 15, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2017-01-01T00:59:60.5+01:00", datetime(2016, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2015-06-30t19:59:60-04:00", datetime(2015, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_every_writing_of_rfc_3339(ecrit: str, instant: datetime) -> None:
    assert lu(time=ecrit).time == instant


@pytest.mark.parametrize(
    ("ecrit", "code"),
    [
        ("2026-11-29T15:00:00", "schema-invalide"),
        ("2026-11-29T15:00Z", "schema-invalide"),
        ("2026-11-29T24:00:00Z", "schema-invalide"),
        ("2026-11-29T15:00:61Z", "schema-invalide"),
        ("2026-11-29T15:00:00.Z", "schema-invalide"),
        ("2026-11-29T15:00:00+0100", "schema-invalide"),
        ("2026-11-29_15:00:00Z", "schema-invalide"),
        ("2026-02-30T15:00:00Z", "dates-incoherentes"),
        ("2026-11-29T15:00:60Z", "dates-incoherentes"),
        ("2016-12-30T23:59:60Z", "dates-incoherentes"),
        ("2016-12-31T23:59:60+01:00", "dates-incoherentes"),
    ],
)
def test_what_is_no_instant_is_refused(ecrit: str, code: str) -> None:
    assert refuse(time=ecrit) == [("/time", code)]


@pytest.mark.parametrize(
    "adresse",
    [
        "https://hub.exemple.fr/v1/contrats/usager.signale",
        "http://127.0.0.1:8420/v1/contrats/usager.signale/depot",
        "https://hub.exemple.fr/v1/contrats/fr.insertion.usager.signale.v1",
        "https://hub.exemple.fr/v1/contrats/fr.insertion.usager.signale.v1/depot",
        "https://exemple.fr/contrats/schemas/usager.signale.json",
        "https://exemple.fr/contrats/schemas/usager.signale.depot.json",
        "/v1/contrats/usager.signale/depot",
    ],
)
def test_every_published_address_of_the_type_is_a_dataschema(adresse: str) -> None:
    assert lu(dataschema=adresse).dataschema == adresse


@pytest.mark.parametrize(
    "adresse",
    [
        "https://hub.exemple.fr/v1/contrats/usager.corrige/depot",
        "https://hub.exemple.fr/v1/contrats/fr.insertion.usager.signale.v2",
        "https://hub.exemple.fr/v1/contrats/usager.signale/depots",
        "https://hub.exemple.fr/v1/contrats/xusager.signale",
    ],
)
def test_the_address_of_another_schema_is_refused(adresse: str) -> None:
    assert {pointeur for pointeur, _ in refuse(dataschema=adresse)} == {"/dataschema"}
    assert not jsonschema_rs.is_valid(SCHEMA, signale(dataschema=adresse))


@pytest.mark.parametrize("valeur", ["x", 3, True, None, {"a": 1}, ["a"]])
def test_an_unknown_extension_is_accepted_and_not_kept(valeur: object) -> None:
    depot = lu(partitionkey=valeur)

    assert "partitionkey" not in depot.model_dump()
    assert [a["pointeur"] for a in avertissements(signale(partitionkey=valeur))] == ["/partitionkey"]


@pytest.mark.parametrize("nom", ["data_base64", "Departement", "cle-libre", "é", "", "x" * 65])
def test_what_is_not_even_the_name_of_an_extension_is_refused(nom: str) -> None:
    assert [code for _, code in refuse(**{nom: "x"})] == ["schema-invalide"]
    assert not jsonschema_rs.is_valid(SCHEMA, signale(**{nom: "x"}))


def test_a_message_without_extension_is_accepted_without_a_word() -> None:
    assert avertissements(signale(traceparent=TRACE, tracestate="a=b")) == []


@pytest.mark.parametrize("trace", [TRACE, TRACE.removesuffix("01") + "00", "01" + TRACE[2:] + "-avenir"])
def test_a_trace_that_can_be_followed_is_kept(trace: str) -> None:
    assert lu(traceparent=trace).traceparent == trace


@pytest.mark.parametrize(
    "trace",
    [
        "",
        "n'importe quoi",
        TRACE.upper(),
        TRACE[:-1],
        f"{TRACE}-x",
        "ff" + TRACE[2:],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "01" + TRACE[2:] + "-" + "x" * 600,
        12,
        {"a": 1},
        ["x"],
        False,
    ],
)
def test_a_trace_that_cannot_be_read_is_told_and_refuses_nothing(trace: object) -> None:
    depot = lu(traceparent=trace, tracestate=trace)

    assert depot.traceparent is None
    assert [a["pointeur"] for a in avertissements(signale(traceparent=trace))] == ["/traceparent"]
