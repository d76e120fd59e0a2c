"""The CNAF flows (vrsb0801, virs0901, vird0201) as a stream of households: XML in, plain records out, nothing judged.

Memory does not grow with the file. A flow that declares a DTD is refused: entities are never expanded nor fetched.

    FlowRefused     the file as a whole is not such a flow: one French sentence, with the line where it is known
    SchemaBroken    it does not follow the XSD
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from lxml import etree

from connectors.cnaf.dsp import Said, said

ROOT_TAG, HEADER, HOUSEHOLD, TRAILER = "Racine", "IdentificationFlux", "InfosFoyerRSA", "TransmissionFlux"
DEMAND = "InfoDemandeRSA"
"""What `virs` and `vird` hold instead of households that have a right: the same blocks, without the right."""
_BLOCKS = tuple(f"{{*}}{name}" for name in (HEADER, HOUSEHOLD, DEMAND, TRAILER))
_PARIS = ZoneInfo("Europe/Paris")
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)")
# `huge_tree` stays off: no element of a flow is large, and its limits stop entity and depth bombs.
_PARSER: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,
}


class FlowRefused(Exception):
    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(f"ligne {line} : {sentence}" if line else sentence)


class SchemaBroken(Exception):
    """The XSD refuses the flow: the first entry of libxml2's log, which knows no line when it validates a stream."""

    def __init__(self, entry: Any) -> None:
        super().__init__(entry.type_name)
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Header:
    """`emis_a`: when the organisation made the flow; `reference`: the day on which it describes the rights."""

    emis_a: datetime
    reference: date
    signature: str
    """What tells this flow from another one."""
    nature: str
    """NATFLUX."""


@dataclass(frozen=True, slots=True)
class Personne:
    """One person of a household, texts as they are in the file but for outer blanks; absent and empty are the same."""

    rang: int
    ligne: int
    role: str
    """ROLEPERS of the RSA, in upper case; that of another benefit when there is none for the RSA."""
    nom: str
    nom_naissance: str
    prenoms: str
    date_naissance: str
    sexe: str
    nir: str
    numero_france_travail: str
    soumis: bool | None
    """TOPPERSDRODEVORSA; None when the flow does not say."""
    parcours: str
    """NATPARCOMOD, else NATPARCOCAL: the parcours that the CAF computed, or changed afterwards."""
    dsp: Said
    """What the person declared with the demand (`vird`)."""


@dataclass(frozen=True, slots=True)
class Adresse:
    commune: str
    code_postal: str
    voie: str
    est_hors_de_france: bool


@dataclass(frozen=True, slots=True)
class Foyer:
    rang: int
    ligne: int
    organisme: str
    """FONORG: CAF or MSA."""
    numero_organisme: str
    matricule: str
    departement: str
    """IDEPARTE: the département to which the organisation sends the flow, on three characters."""
    date_demande: str
    numero_demande: str
    personnes: tuple[Personne, ...]
    adresse: Adresse | None
    etat_dossier: str
    suspensions: tuple[tuple[str, str], ...]
    """(MOTISUSVERSRSA, DDSUSVERSRSA), as many as the flow has."""
    date_suspension_droit: str
    fin: tuple[str, str]
    """(MOTICLORSA, DTCLORSA) of FinDroit, else of FinDroitMoisAnterieur."""
    date_refus: str
    foyer_soumis: bool | None
    depart: tuple[str, str, str]
    """(FONORGPRENMUT, NUMORGPRENMUT, DDDEPAMUT): the organisation that takes the household over, and from when."""
    arrivee: str
    """DDARRMUT: since when the household comes from another organisation."""
    telephone: str
    courriel: str


def open_flow(source: BinaryIO) -> None:
    """Refuse, from its first element, what is not a CNAF flow or brings a DTD; leaves `source` at its beginning."""
    source.seek(0)
    try:
        _, root = next(etree.iterparse(source, events=("start",), **_PARSER))
    except StopIteration:
        raise FlowRefused("le fichier est vide.") from None
    except etree.XMLSyntaxError as error:
        raise malformed(error) from None
    finally:
        source.seek(0)
    if root.getroottree().docinfo.doctype:
        raise FlowRefused("le fichier déclare une DTD (DOCTYPE) : un flux de la CNAF n'en a pas.", 1)
    if etree.QName(root).localname != ROOT_TAG:
        raise FlowRefused(
            f"la racine est « {etree.QName(root).localname} » au lieu de « {ROOT_TAG} » : "
            "ce n'est pas un flux RSA de la CNAF.",
            line_of(root),
        )


def blocks(source: BinaryIO, schema: etree.XMLSchema | None = None) -> Iterator[etree._Element]:
    """The blocks of the second level, one at a time; each is emptied once the next one is asked for."""
    source.seek(0)
    context = etree.iterparse(source, events=("end",), tag=_BLOCKS, schema=schema, **_PARSER)
    try:
        for _, element in context:
            yield element
            parent = element.getparent()
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
    except etree.XMLSyntaxError as error:
        # The log of the context, not that of the error: the latter also holds what earlier files left there.
        log: Any = context.error_log
        against_schema = [entry for entry in log if entry.domain_name.startswith("SCHEMAS")]
        raise SchemaBroken(against_schema[0]) if against_schema else malformed(error) from None


def skeleton(source: BinaryIO) -> Iterator[etree._Element]:
    """The root, once it is open, then each element of the second level, once it is read."""
    source.seek(0)
    level = 0
    try:
        for event, element in etree.iterparse(source, events=("start", "end"), **_PARSER):
            level += 1 if event == "start" else -1
            if (event, level) in (("start", 1), ("end", 1)):
                yield element
    except etree.XMLSyntaxError as error:
        raise malformed(error) from None
    finally:
        source.seek(0)


def nature_of(element: etree._Element) -> str:
    return _text(element, "NATFLUX").upper()


def header(element: etree._Element) -> Header:
    jour = _day(element, "DTCREAFLUX")
    reference = _day(element, "DTREF", absent=jour)
    heure = _HOUR.match(_text(element, "HEUCREAFLUX"))
    instant = time.fromisoformat(heure.group()) if heure else time(0)
    names = ("APPLIEME", "NUMVERSIONAPPLIEME", "TYPEFLUX", "NATFLUX", "DTCREAFLUX", "HEUCREAFLUX", "DTREF")
    signature = "|".join(_text(element, name) for name in names)
    return Header(datetime.combine(jour, instant, _PARIS).astimezone(UTC), reference, signature, nature_of(element))


def households(source: BinaryIO) -> Iterator[Foyer]:
    """Those that have a right (`vrsb`) or ask for one (`virs`, `vird`), in their order."""
    held = (block for block in blocks(source) if etree.QName(block).localname in (HOUSEHOLD, DEMAND))
    yield from (foyer(block, rang) for rang, block in enumerate(held, 1))


def foyer(element: etree._Element, rang: int) -> Foyer:
    dossier = "PrestationRSA/SituationDossierRSA"
    fins = [
        (_text(fin, "MOTICLORSA").upper(), _text(fin, "DTCLORSA"))
        for name in ("FinDroit", "FinDroitMoisAnterieur")
        for fin in _all(element, f"{dossier}/{name}")
    ]
    return Foyer(
        rang=rang,
        ligne=line_of(element) or 0,
        organisme=_text(element, "IdentificationRSA/Organisme/FONORG").upper(),
        numero_organisme=_text(element, "IdentificationRSA/Organisme/NUMORG").upper(),
        matricule=_text(element, "IdentificationRSA/Organisme/MATRICULE").upper(),
        departement=_text(element, "IdentificationRSA/Partenaire/IDEPARTE").upper(),
        date_demande=_text(element, "IdentificationRSA/DemandeRSA/DTDEMRSA"),
        numero_demande=_text(element, "IdentificationRSA/DemandeRSA/NUMDEMRSA"),
        personnes=tuple(_personne(p, i) for i, p in enumerate(_all(element, "Personne"), 1)),
        adresse=_adresse(element),
        etat_dossier=_text(element, f"{dossier}/EtatDossierRSA/ETATDOSRSA").upper(),
        suspensions=tuple(
            (_text(s, "MOTISUSVERSRSA").upper(), _text(s, "DDSUSVERSRSA"))
            for s in _all(element, f"{dossier}/SuspensionVersement")
        ),
        date_suspension_droit=max(
            (_text(s, "DDSUSDRORSA") for s in _all(element, f"{dossier}/SuspensionDroit")), default=""
        ),
        fin=fins[0] if fins else ("", ""),
        date_refus=_text(element, f"{dossier}/Refus/DTREFURSA"),
        foyer_soumis=_flag(_text(element, "PrestationRSA/DetailDroitRSA/TroncCommunDroitRSA/TOPFOYDRODEVORSA")),
        depart=(
            _text(element, "IdentificationRSA/OrganismePrenant/FONORGPRENMUT").upper(),
            _text(element, "IdentificationRSA/OrganismePrenant/NUMORGPRENMUT").upper(),
            _text(element, "IdentificationRSA/OrganismePrenant/DDDEPAMUT"),
        ),
        arrivee=_text(element, "IdentificationRSA/OrganismeCedant/DDARRMUT"),
        telephone=_text(element, "DonneesAdministratives/ModesContacts/NUMTEL"),
        courriel=_text(element, "DonneesAdministratives/ModesContacts/ADRELEC"),
    )


def _personne(element: etree._Element, rang: int) -> Personne:
    prenoms = (_text(element, f"Identification/{name}") for name in ("PRENOM", "PRENOM2", "PRENOM3"))
    return Personne(
        rang=rang,
        ligne=line_of(element) or 0,
        role=_role(element),
        nom=_text(element, "Identification/NOM"),
        nom_naissance=_text(element, "Identification/NOMNAI"),
        prenoms=" ".join(filter(None, prenoms)),
        date_naissance=_text(element, "Identification/DTNAI"),
        sexe=_text(element, "Identification/SEXE").upper() or _text(element, "Identification/QUAL").upper(),
        nir="".join(_text(element, "Identification/NIR").split()).upper(),
        numero_france_travail="".join(_text(element, "DossierPoleEmploi/IDASSEDIC").split()).upper(),
        soumis=_flag(_text(element, "MontantCalculDroitRSAPersonne/TOPPERSDRODEVORSA")),
        parcours=(_anywhere(element, "NATPARCOMOD") or _anywhere(element, "NATPARCOCAL")).upper(),
        dsp=said(element),
    )


def _role(element: etree._Element) -> str:
    roles = {_text(p, "NATPREST").upper(): _text(p, "ROLEPERS").upper() for p in _all(element, "Prestations")}
    return roles.get("RSA") or next(filter(None, roles.values()), "")


def _adresse(element: etree._Element) -> Adresse | None:
    """The current address (RGADR 01), else the first one."""
    adresses = sorted(
        _all(element, "DonneesAdministratives/Adresse"),
        key=lambda a: _text(a, "TroncCommunAdresse/RGADR").lstrip("0") != "1",
    )
    if not adresses:
        return None
    detail = next(iter(_all(adresses[0], "AdresseDetailleeFrance")), None)
    if detail is None:
        return Adresse("", "", "", est_hors_de_france=True)
    noms = ("NUMVOIE", "LIBTYPEVOIE", "NOMVOIE", "COMPLADR", "COMPLIDEADR", "LIEUDIST")
    voie = " ".join(filter(None, (_text(detail, nom) for nom in noms)))
    return Adresse(_text(detail, "NUMCOM").upper(), _text(detail, "CODEPOS"), voie, est_hors_de_france=False)


def line_of(element: etree._Element) -> int | None:
    line: Any = element.sourceline
    return int(line) if line else None


def malformed(error: etree.XMLSyntaxError) -> FlowRefused:
    """libxml2's own sentence stays out: it is English, and may quote the file."""
    return FlowRefused("le fichier n'est pas du XML bien formé, ou il est tronqué.", error.lineno or None)


@cache
def _path(names: str) -> str:
    """Any namespace: some organisations send the flow in one."""
    return "/".join(f"{{*}}{name}" for name in names.split("/"))


def _text(element: etree._Element, names: str) -> str:
    return " ".join((element.findtext(_path(names)) or "").split())


def _anywhere(element: etree._Element, name: str) -> str:
    return " ".join((element.findtext(f".//{{*}}{name}") or "").split())


def _all(element: etree._Element, names: str) -> list[etree._Element]:
    return element.findall(_path(names))


def _flag(text: str) -> bool | None:
    return {"1": True, "true": True, "0": False, "false": False}.get(text.lower())


def _day(element: etree._Element, name: str, absent: date | None = None) -> date:
    try:
        return date.fromisoformat(_text(element, name)[:10])
    except ValueError:
        if absent is None:
            raise FlowRefused(f"« {name} » de l'en-tête n'est pas une date.", line_of(element)) from None
        return absent
