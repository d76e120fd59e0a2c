"""What the hub shows of a person, as a dossier that WebRSA would have sent, with both ids of each object. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from lxml import etree

from connectors.webrsa.configuration import Allocataire, Referentiel, WebrsaConfiguration
from relais_contrats.correspondances import CNAF, WEBRSA, correspondance

_PARCOURS = correspondance(WEBRSA, "parcours")
_CER = correspondance(WEBRSA, "contrat_statut")
_ROLE = correspondance(CNAF, "role")
_OURS = "ali-"
View = Mapping[str, Any]
Numbers = Callable[[str, str], int]
"""(kind, our key) → the id in WebRSA: the same for ever."""


def file(
    settings: WebrsaConfiguration, instant: datetime, dossiers: Iterable[etree._Element], *, is_stock: bool
) -> etree._Element:
    root = etree.Element("WebRSA-ALI")
    header = _add(root, "entete")
    _put(header, "date_generation", instant.strftime("%Y-%m-%d %H:%M:%S"))
    _put(header, "id_structure_ali", settings.id_structure_ali)
    _put(header, "libelle_ali", settings.libelle_ali)
    _put(header, "fichier_stock", "true" if is_stock else "false")
    _add(root, "dossiers").extend(dossiers)
    return root


def dossier(
    personne: int, fiche: View, feuille: View, settings: WebrsaConfiguration, numbers: Numbers
) -> etree._Element:
    """`fiche`: who she is; `feuille`: her roadmap; both as the hub shows them to this partner."""
    found = etree.Element("dossier")
    _put(found, "id_personne", personne)
    if settings.allocataire and fiche.get("identite"):
        _allocataire(found, fiche, settings.allocataire)
    _referents(found, feuille, settings)
    _contacts(found, fiche.get("coordonnees") or {})
    _orientations(found, feuille, settings, numbers)
    if contrat := feuille.get("contrat"):
        _cer(_add(found, "cers"), contrat, feuille, settings, numbers)
    return found


def _allocataire(into: etree._Element, fiche: View, unknown: Allocataire) -> None:
    who, where = fiche["identite"], (fiche.get("coordonnees") or {}).get("adresse") or {}
    numbers = {one["type"]: one for one in fiche.get("identifiants") or ()}
    droits, found = fiche.get("droits") or {}, _add(into, "allocataire")
    demande, caf = numbers.get("numero-demande-rsa", {}), numbers.get("matricule-caf", {})
    role = _role(demande.get("role") or caf.get("role"))
    _put(found, "nom", who.get("nom_usage") or who["nom_naissance"])
    _put(found, "prenom", who["prenoms"])
    _put(found, "nir", numbers.get("nir", {}).get("valeur"))
    _put(found, "numero_caf", _digits(caf.get("valeur"), unknown.numero_caf))
    _put(found, "date_naissance", _day(who["date_naissance"]))
    for name, value in (("numero_voie", ""), ("type_voie", ""), ("nom_voie", where.get("voie") or "")):
        _put(found, name, value)
    _put(found, "complement_adresse", where.get("complement"))
    _put(found, "code_postal", _digits(where.get("code_postal"), unknown.code_postal))
    _put(found, "ville", "")
    _put(found, "date_demande_rsa", unknown.date_demande_rsa.isoformat())
    _put(found, "numero_demande_rsa", _digits(demande.get("valeur"), unknown.numero_demande_rsa))
    _put(found, "etat_droit", _known(unknown.etats_droit, droits.get("etat_dossier"), unknown.etat_droit))
    if (soumis := droits.get("soumis_droits_devoirs")) is not None:
        _put(found, "soumis_droits_devoirs", int(soumis))
    _put(found, "role_personne", _known(unknown.roles, role, unknown.role_personne))
    _put(found, "nb_enfants_foyer", unknown.nb_enfants_foyer)
    _put(found, "situation_familiale", unknown.situation_familiale)


def _role(ours: Any) -> str | None:
    return _ROLE.de_nous(ours) if ours else None


def _day(written: str) -> str:
    """A birth whose day or month is unknown: the schema wants a date."""
    parts = [part if part != "00" else "01" for part in written.split("-")]
    return "-".join([*parts, "01", "01"][:3])


def _referents(into: etree._Element, feuille: View, settings: WebrsaConfiguration) -> None:
    held = (*(feuille.get("anciens_referents") or ()), feuille.get("referent"))
    # One who has not accepted, or declined, has no place there.
    told = [one for one in held if one and one["etat"] in ("actif", "termine")]
    known = [(one, structure) for one in told if (structure := _structure(one.get("structure"), settings))]
    if not known:
        return
    found = _add(into, "referents_parcours")
    for one, structure in known:
        each = _add(found, "referent_parcours")
        _put(each, "id_structure_referente", structure)
        agent = (one.get("referent") or {}).get("identifiant_agent")
        same = [r.id for r in settings.referents if r.identifiant_agent == agent and r.structure == structure]
        _put(each, "id_referent", same[0] if same else None)
        _put(each, "date_debut_designation", one["date_debut"])
        _put(each, "date_fin_designation", one.get("date_fin"))


def _contacts(into: etree._Element, coordonnees: View) -> None:
    if coordonnees.get("telephone") or coordonnees.get("courriel"):
        found = _add(into, "modes_contact")
        _put(found, "telephone_1", coordonnees.get("telephone"))
        _put(found, "email", coordonnees.get("courriel"))


def _orientations(into: etree._Element, feuille: View, settings: WebrsaConfiguration, numbers: Numbers) -> None:
    ref = settings.referentiel
    told = [one for one in (*(feuille.get("orientations_passees") or ()), feuille.get("orientation")) if one]
    known = [(one, structure) for one in told if (structure := _structure(one.get("structure"), settings))]
    if not known:
        return
    found = _add(into, "orientations")
    for one, structure in known:
        each, rang = _add(found, "orientation"), int(one["rang"])
        _put(each, "id_orient_webrsa", numbers("orientation", f"{feuille['parcours']} {rang}"))
        _put(each, "date_orient", one["date_debut"])
        _put(each, "origine_orient", _origine(ref, rang))
        _put(each, "statut_orient", _key(ref.statuts_orientation, "Orienté"))
        _put(each, "type_orient", _key(ref.types_orientation, _PARCOURS.de_nous(one["parcours_type"])))
        _put(each, "rang_orient", rang)
        _put(each, "structure_referente", structure)
        _put(each, "tag_entretien_diag", 0)


def _origine(ref: Referentiel, rang: int) -> int:
    """WebRSA distinguishes the first orientation from later ones."""
    return _key(ref.origines, "manuelle" if rang == 1 else "reorientation")


def _cer(into: etree._Element, contrat: View, feuille: View, settings: WebrsaConfiguration, numbers: Numbers) -> None:
    structure = _structure((feuille.get("orientation") or {}).get("structure"), settings)
    found, key = _add(into, "cer"), str(contrat["contrat_id"])
    _put(found, "id_cer_webrsa", numbers("cer", key))
    theirs = key.removeprefix(_OURS)
    _put(found, "id_cer_ali", theirs if key.startswith(_OURS) and theirs.isdigit() else None)
    _put(found, "structure_referente", structure or settings.structures[0].id)
    # A suspended contract has no status of its own there: it is valid still.
    etat = "signe" if contrat["etat"] == "suspendu" else contrat["etat"]
    _put(found, "statut", _key(settings.referentiel.statuts_cer, _CER.de_nous(etat)))
    if contrat.get("date_debut"):
        begins = date.fromisoformat(contrat["date_debut"])
        _put(found, "date_debut", begins.isoformat())
        _put(found, "date_fin", _end(begins, contrat.get("duree_mois")))


def _end(begins: date, months: int | None) -> str | None:
    """As WebRSA counts it: the same day, so many months later."""
    if not months:
        return None
    year, month = divmod(begins.year * 12 + begins.month - 1 + months, 12)
    for day in range(begins.day, begins.day - 4, -1):
        try:
            return date(year, month + 1, day).isoformat()
        except ValueError:
            continue
    return None


def _structure(told: Any, settings: WebrsaConfiguration) -> int | None:
    """Its id in the référentiel; an object of a structure that the ALI does not know cannot be written."""
    if not told:
        return None
    same = (one.id for one in settings.structures if (one.systeme, one.valeur) == (told["systeme"], told["valeur"]))
    return next(same, None)


def _key(table: Mapping[int, Any], code: str) -> int:
    """The configuration has made sure that there is one."""
    return next(id_ for id_, known in table.items() if str(known) == code)


def _known(table: Mapping[int, Any], code: Any, otherwise: int) -> int:
    return next((id_ for id_, known in table.items() if str(known) == str(code)), otherwise)


def _digits(value: Any, otherwise: int) -> int:
    return int(value) if value and str(value).isdigit() else otherwise


def _add(into: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(into, name)


def _put(into: etree._Element, name: str, value: Any) -> None:
    if value is not None:
        _add(into, name).text = str(value)
