"""One person of a CNAF household as the two messages of the catalogue, and what had to be left out of them.

The correspondence of codes is that of `relais_contrats`; what an importer must decide is decided here:

* signalled: the demandeur, the conjoint, and whoever is subject to droits et devoirs; not children and dependants;
* `brsa`: the person is subject to droits et devoirs (TOPPERSDRODEVORSA; else the household's; else any open right);
* `date_reception_droit`: the day on which the flow was made, for an open right: from then on the département knows;
* an identifier with a wrong form or key is left out and told; so is a number that two persons of a household carry.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from deploy.importers.cnaf_flow import Adresse, Foyer, Header, Personne
from relais_contrats import identifiants as ident
from relais_contrats.correspondances import CNAF, correspondance

_PARIS = ZoneInfo("Europe/Paris")
_ROLES = {"DEM", "CJT"}
_OPEN = {"2", "3", "4"}
_SEX = {"1": "masculin", "2": "feminin", "M": "masculin", "F": "feminin", "MR": "masculin", "MME": "feminin"}
_MATRICULES = {"CAF": "matricule-caf", "MSA": "matricule-msa"}
_ORIGINES = {"CAF": "inscription-auto-caf", "MSA": "inscription-auto-msa"}
_VOIE_MAX = 200
_ROLE, _MOTIF_SUSPENSION, _MOTIF_CLOTURE = (
    correspondance(CNAF, notion).paires for notion in ("role", "motif_suspension", "motif_cloture")
)


@dataclass(frozen=True, slots=True)
class Omission:
    """Something of the flow that the message does not carry; `code` when it is a refusal of the catalogue."""

    objet: str
    code: str | None
    motif: str


@dataclass(frozen=True, slots=True)
class Signalement:
    """What to deposit for one person. `droits` is None when the flow says nothing of the state of the right."""

    foyer: int
    personne: int
    ligne: int
    departement: str
    usager: Mapping[str, Any]
    droits: Mapping[str, Any] | None
    omissions: tuple[Omission, ...]


@dataclass(frozen=True, slots=True)
class Ignore:
    """A person of the household that the RSA does not concern."""

    foyer: int
    personne: int
    ligne: int
    motif: str


def translate(entete: Header, foyer: Foyer, departement: str | None = None) -> Iterator[Signalement | Ignore]:
    """`departement` overrides the one to which the flow says that it is sent."""
    carried = Counter(filter(None, (n for p in foyer.personnes for n in (p.nir, p.numero_france_travail))))
    for personne in foyer.personnes:
        if personne.role not in _ROLES and not personne.soumis:
            role = f"rôle {_ROLE[personne.role]}" if personne.role in _ROLE else "rôle inconnu"
            yield Ignore(foyer.rang, personne.rang, personne.ligne, f"{role}, sans droits ni devoirs au titre du RSA")
            continue
        omissions: list[Omission] = []
        usager = _usager(entete, foyer, personne, carried, omissions)
        yield Signalement(
            foyer=foyer.rang,
            personne=personne.rang,
            ligne=personne.ligne,
            departement=departement or departement_of(foyer),
            usager=usager,
            droits=_droits(entete, foyer, usager["brsa"] if personne.soumis is None else personne.soumis, omissions),
            omissions=tuple(omissions),
        )


def departement_of(foyer: Foyer) -> str:
    """The receiver of the flow (IDEPARTE), else the seat of the organisation, else where the household lives."""
    commune = foyer.adresse.commune if foyer.adresse else ""
    for text in (foyer.departement, foyer.numero_organisme, commune):
        code = text.removeprefix("0") if len(text) == 3 else text
        code = code[:3] if code.startswith("97") else code[:2]
        if re.fullmatch(ident.MOTIF_DEPARTEMENT, code):
            return code
    return foyer.departement


def _usager(
    entete: Header, foyer: Foyer, personne: Personne, carried: Counter[str], omissions: list[Omission]
) -> dict[str, Any]:
    soumis = personne.soumis if personne.soumis is not None else foyer.foyer_soumis
    brsa = foyer.etat_dossier in _OPEN | {"0"} if soumis is None else soumis
    usager = {
        "identite": _identite(personne),
        "identifiants": list(_identifiants(foyer, personne, carried, omissions)),
        "coordonnees": _coordonnees(foyer.adresse, omissions),
        "brsa": brsa,
        "date_reception_droit": _jour(entete) if brsa and foyer.etat_dossier in _OPEN else None,
        "origine": _ORIGINES.get(foyer.organisme, _ORIGINES["CAF"]),
    }
    return _known(usager)


def _jour(entete: Header) -> str:
    return entete.emis_a.astimezone(_PARIS).date().isoformat()


def _identite(personne: Personne) -> dict[str, Any]:
    naissance = personne.nom_naissance or personne.nom
    differs = personne.nom.casefold() not in ("", naissance.casefold())
    return _known(
        {
            "nom_naissance": naissance,
            "nom_usage": personne.nom if differs else None,
            "prenoms": personne.prenoms,
            "date_naissance": personne.date_naissance[:10],
            "sexe": _SEX.get(personne.sexe),
        }
    )


def _identifiants(
    foyer: Foyer, personne: Personne, carried: Counter[str], omissions: list[Omission]
) -> Iterator[dict[str, str]]:
    role = _ROLE.get(personne.role)
    matricule = _MATRICULES.get(foyer.organisme, "")
    if not matricule:
        omissions.append(
            Omission("identifiant matricule", "code-inconnu", "FONORG n'est ni CAF ni MSA : matricule omis.")
        )
    for nature, valeur, du_foyer, valide in (
        ("nir", personne.nir, False, ident.nir_est_valide),
        ("numero-france-travail", personne.numero_france_travail, False, _has(ident.MOTIF_NUMERO_FRANCE_TRAVAIL)),
        (matricule, foyer.matricule, True, _has(ident.MOTIF_MATRICULE)),
        ("numero-demande-rsa", foyer.numero_demande, True, _has(ident.MOTIF_NUMERO_DEMANDE_RSA)),
    ):
        if not valeur or not nature:
            continue
        refused = None
        if not valide(valeur):
            refused = "forme ou clé fausse : identifiant omis."
        elif not du_foyer and carried[valeur] > 1:
            refused = "porté par plusieurs personnes du foyer : omis pour chacune."
        elif nature in _MATRICULES.values() and role is None:
            refused = "un matricule désigne un foyer, et le rôle de la personne manque : identifiant omis."
        if refused:
            omissions.append(Omission(f"identifiant {nature}", "identifiant-invalide", refused))
        else:
            yield _known({"type": nature, "valeur": valeur, "role": role if du_foyer else None})


def _has(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda valeur: compiled.fullmatch(valeur) is not None


_est_commune, _est_code_postal = _has(ident.MOTIF_CODE_COMMUNE), _has(ident.MOTIF_CODE_POSTAL)


def _coordonnees(adresse: Adresse | None, omissions: list[Omission]) -> dict[str, Any] | None:
    if adresse is None:
        return None
    if adresse.est_hors_de_france or not (_est_commune(adresse.commune) and _est_code_postal(adresse.code_postal)):
        where = "adresse hors de France" if adresse.est_hors_de_france else "code commune ou code postal absent ou faux"
        omissions.append(Omission("coordonnees", None, f"{where} : coordonnées omises."))
        return None
    detail = {
        "code_commune": adresse.commune,
        "code_postal": adresse.code_postal,
        "voie": adresse.voie[:_VOIE_MAX] or None,
    }
    return {"adresse": _known(detail)}


def _droits(entete: Header, foyer: Foyer, soumis: bool, omissions: list[Omission]) -> dict[str, Any] | None:
    etat = foyer.etat_dossier
    if not etat:
        omissions.append(Omission("droits.modifies", None, "état du dossier absent du flux : droits non déposés."))
        return None
    suspension = max(foyer.suspensions, key=lambda s: s[1], default=("", ""))
    cloture, date_fin = foyer.fin
    depuis = {
        "0": foyer.date_demande,
        "1": foyer.date_refus,
        "3": foyer.date_suspension_droit,
        "4": suspension[1],
        "5": date_fin,
        "6": date_fin,
    }.get(etat)
    return _known(
        {
            "etat_dossier": etat,
            "soumis_droits_devoirs": soumis,
            # An open right has no date of its own in the flow: it is so on the day that the flow describes.
            "date_effet": (depuis or entete.reference.isoformat())[:10],
            "motif_suspension": _MOTIF_SUSPENSION.get(suspension[0], suspension[0]) if etat == "4" else None,
            "motif_cloture": _MOTIF_CLOTURE.get(cloture, cloture) if etat in "56" else None,
        }
    )


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what the flow does not say."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
