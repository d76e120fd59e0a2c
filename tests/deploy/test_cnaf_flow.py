"""Reading a CNAF flow: what is read, whatever its writing, and what is refused before anything happens."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.cnaf import check as cnaf_schema
from connectors.cnaf import flow as cnaf_flow
from connectors.cnaf.flow import FlowRefused, Foyer
from deploy.components import ROOT
from tests.deploy.cnaf_flows import ADRESSE, HEADER, NO_REAL_FILES, OPEN, SHARED, flux, foyer, personne

PYTHON = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
XSD = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:element name="Racine"><xsd:complexType><xsd:sequence><xsd:element ref="IdentificationFlux"/>
<xsd:element ref="InfosFoyerRSA" maxOccurs="unbounded"/><xsd:element ref="TransmissionFlux"/></xsd:sequence>
</xsd:complexType></xsd:element>
<xsd:element name="IdentificationFlux"/><xsd:element name="TransmissionFlux"/>
<xsd:element name="InfosFoyerRSA"><xsd:complexType><xsd:sequence><xsd:element name="IdentificationRSA"/>
<xsd:element name="Personne"><xsd:complexType><xsd:sequence><xsd:element name="DTNAI" type="xsd:date"/></xsd:sequence>
</xsd:complexType></xsd:element></xsd:sequence></xsd:complexType></xsd:element></xsd:schema>"""
HOUSEHOLD = "<InfosFoyerRSA>\n<IdentificationRSA/>\n<Personne><DTNAI>{}</DTNAI></Personne></InfosFoyerRSA>\n"
READ_ALL = """
import resource, sys
from connectors.cnaf import check as cnaf_schema
from connectors.cnaf import flow as cnaf_flow
with open(sys.argv[1], "rb") as source:
    cnaf_schema.check(source, None)
    for rang, block in enumerate(cnaf_flow.blocks(source), 1):
        cnaf_flow.foyer(block, rang)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def read(content: bytes) -> list[Foyer]:
    source = io.BytesIO(content)
    cnaf_schema.check(source, None)
    households = (block for block in cnaf_flow.blocks(source) if cnaf_flow.HOUSEHOLD in str(block.tag))
    return [cnaf_flow.foyer(block, rang) for rang, block in enumerate(households, 1)]


def refusal(content: bytes, xsd: Path | None = None) -> str:
    with pytest.raises(FlowRefused) as refused:
        cnaf_schema.check(io.BytesIO(content), cnaf_schema.load_schema(xsd) if xsd else None)
    return str(refused.value)


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-15", "utf-8", "utf-16"])
def test_accents_survive_every_declared_encoding(encoding: str) -> None:
    [only] = read(flux(encoding=encoding))

    assert only.personnes[0].prenoms == "ZOÉB"
    assert only.adresse
    assert only.adresse.voie == "25 RUE DES ÉCOLES"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + flux(encoding="utf-8"),
        flux().replace(b"\n", b"\r\n"),
        flux().replace(b"<Racine>", b'<Racine xmlns="urn:cnaf">'),
        flux().replace(b"<Personne>", b"<!-- essai --><?pi x?><Personne>"),
    ],
    ids=["bom", "crlf", "namespace", "comments"],
)
def test_byte_order_mark_line_ends_namespaces_and_comments_change_nothing(content: bytes) -> None:
    assert cnaf_schema.check(io.BytesIO(content), None).personnes == 1
    assert read(content)[0].personnes[0].nir == read(flux())[0].personnes[0].nir


def test_padded_and_lower_case_codes_are_read() -> None:
    content = flux(foyer(personne(role="dem "), fonorg="caf", situation=OPEN.replace(">2<", "> 2 <")))

    [only] = read(content)

    assert (only.organisme, only.personnes[0].role, only.etat_dossier) == ("CAF", "DEM", "2")


def test_the_role_is_the_one_of_the_rsa_wherever_it_stands_among_the_prestations() -> None:
    both = "".join(
        f"<Prestations><NATPREST>{nature}</NATPREST><ROLEPERS>{role}</ROLEPERS></Prestations>"
        for nature, role in (("RSA", "CJT"), ("PFA", "DEM"), ("PFA", "ENF"))
    )

    [only] = read(flux(foyer(personne(prestations=both))))

    assert only.personnes[0].role == "CJT"


def test_the_current_address_is_taken_among_several() -> None:
    older = ADRESSE.replace("<RGADR>01", "<RGADR>02").replace("59350", "62041")

    [only] = read(flux(foyer(adresses=older + ADRESSE)))

    assert only.adresse
    assert only.adresse.commune == "59350"


def test_a_household_reads_without_its_optional_parts() -> None:
    [only] = read(flux(foyer("<Personne><Identification><NOM>SEULE</NOM></Identification></Personne>", adresses="")))

    assert only.adresse is None
    assert only.personnes[0].soumis is None


def test_lines_are_those_of_the_file_beyond_65535() -> None:
    content = flux(foyer()).replace(b"<InfosFoyerRSA>", b"\n" * 70_000 + b"<InfosFoyerRSA>", 1)
    lines = content[: content.index(b"<Personne>")].count(b"\n") + 1

    [only] = read(content)

    assert only.personnes[0].ligne == lines > 65_535


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "bien formé"),
        (b"pas du XML", "bien formé"),
        (b"<html/>", "« html » au lieu de « Racine »"),
        (flux()[:-12], "bien formé"),
        (flux(trailer=""), "« TransmissionFlux » manque"),
        (flux(header=""), "« IdentificationFlux » doit précéder"),
        (flux(header=HEADER.replace("2026-11-05", "hier")), "« DTCREAFLUX » de l'en-tête"),
        (flux(foyer("<Autre/>")), "foyer sans « Personne »"),
        (flux() + flux(), "bien formé"),
    ],
    ids=["empty", "text", "other", "truncated", "no-trailer", "no-header", "bad-date", "no-person", "two-roots"],
)
def test_what_is_not_a_whole_flow_is_refused(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def test_a_flow_with_a_doctype_is_refused_and_its_entity_never_read(tmp_path: Path) -> None:
    trap = tmp_path / "piege"
    os.mkfifo(trap)
    doctype = f'<!DOCTYPE Racine [<!ENTITY x SYSTEM "file://{trap}">]><Racine>'.encode()

    # Reading the named pipe would never return.
    assert "DTD" in refusal(flux().replace(b"<Racine>", doctype).replace(b"FICTIVE", b"&x;"))


def test_a_bomb_of_entities_is_refused_before_it_grows() -> None:
    entities = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 20) for i in range(1, 12))
    doctype = b'<!DOCTYPE Racine [<!ENTITY e0 "boum">' + entities + b"]><Racine>"

    assert "DTD" in refusal(flux().replace(b"<Racine>", doctype).replace(b"FICTIVE", b"&e11;"))


def test_memory_does_not_grow_with_the_flow(tmp_path: Path) -> None:
    def peak_kb(foyers: int) -> int:
        path = tmp_path / f"{foyers}.xml"
        path.write_bytes(flux(*[foyer()] * foyers))
        found = subprocess.run(
            [sys.executable, "-c", READ_ALL, str(path)], check=True, capture_output=True, text=True, env=PYTHON
        )
        return int(found.stdout)

    assert peak_kb(20_000) < peak_kb(20) + 10_000


def test_the_schema_names_line_and_element_but_not_the_value(tmp_path: Path) -> None:
    xsd = tmp_path / "essai.xsd"
    xsd.write_text(XSD)
    content = flux(HOUSEHOLD.format("2026-01-31"), HOUSEHOLD.format("secret"))
    line = content[: content.index(b"secret")].count(b"\n") + 1

    sentence = refusal(content, xsd)

    assert sentence.startswith(f"ligne {line} : élément « DTNAI »")
    assert "secret" not in sentence


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_REAL_FILES)
def test_the_real_schema_accepts_the_real_flow_and_refuses_the_invalid_one() -> None:
    schema = cnaf_schema.load_schema(SHARED / "vrsb0801.xsd")

    with (SHARED / "RSABEM.xml").open("rb") as valid:
        contents = cnaf_schema.check(valid, schema)

    assert (contents.foyers, contents.personnes) == (2, 3)
    assert refusal((SHARED / "RSABEI_invalid.xml").read_bytes(), SHARED / "vrsb0801.xsd").startswith(
        "ligne 12 : élément « InfosFoyerRSA »"
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason=NO_REAL_FILES)
def test_a_flow_cut_short_is_refused_with_the_schema_as_without() -> None:
    cut = (SHARED / "RSABEM.xml").read_bytes()[:-5]

    assert refusal(cut, SHARED / "vrsb0801.xsd") == refusal(cut)
