"""What the hub knows of a person, as the `user` of rdv-insertion: who she is, where she is invited, her référent.

Pure: from the views of our API to the body of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.rdv_insertion.configuration import Invitation, RdvInsertionConfiguration

_TITRES = {"masculin": "monsieur", "feminin": "madame"}
_OURS = "rdv-insertion-"
"""Begins the local id of a person whom rdv-insertion itself reported without one."""
View = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rdv-insertion is to know of one person. `cle`: of the decision that invites her, once."""

    ligne: Invitation
    cle: str
    user: Mapping[str, Any]

    @property
    def invited(self) -> Mapping[str, Any]:
        """The same person, with her invitation."""
        told: dict[str, Any] = {}
        if self.ligne.lieu:
            told["rdv_solidarites_lieu_id"] = self.ligne.lieu
        if self.ligne.categorie:
            told["motif_category"] = {"short_name": self.ligne.categorie}
        return {**self.user, "invitation": told} if told else self.user


def wanted(
    fiche: View, orientations: View, referent: View, settings: RdvInsertionConfiguration, source: str
) -> Wanted | None:
    """None: nothing of her is for rdv-insertion. `source`: the partner whose local ids are the département's."""
    ouverte = orientations.get("ouverte")
    if fiche.get("etat") != "actif" or fiche.get("oppose") or not fiche.get("identite") or not ouverte:
        return None
    ligne = _line(ouverte, settings)
    if ligne is None:
        return None
    told = {
        **_identity(fiche["identite"]),
        **_numbers(fiche, settings, source),
        **_contact(fiche.get("coordonnees") or {}),
        "rights_opening_date": _day((orientations.get("demande") or {}).get("date_reception")),
    }
    user: dict[str, Any] = {name: value for name, value in told.items() if value}
    if courriel := ((referent.get("actif") or {}).get("referent") or {}).get("courriel"):
        user["referents_to_add"] = [{"email": courriel}]
    return Wanted(ligne, f"{ouverte['rang']} {ligne.organisation} {ligne.categorie or ''}", user)


def _line(ouverte: View, settings: RdvInsertionConfiguration) -> Invitation | None:
    """The first that asks nothing else than what the orientation says."""
    said = (ouverte["parcours_type"], ouverte["organisme"], (ouverte.get("structure") or {}).get("valeur"))
    for one in settings.sortie.invitations if settings.sortie else ():
        asked = one.parcours, one.organisme, one.structure
        if all(wish in (None, found) for wish, found in zip(asked, said, strict=True)):
            return one
    return None


def _identity(identite: View) -> dict[str, str | None]:
    return {
        "first_name": identite["prenoms"],
        "last_name": identite.get("nom_usage") or identite["nom_naissance"],
        "birth_name": identite["nom_naissance"],
        "birth_date": _day(identite.get("date_naissance")),
        "title": _TITRES.get(str(identite.get("sexe"))),
    }


def _numbers(fiche: View, settings: RdvInsertionConfiguration, source: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for one in fiche.get("identifiants") or ():
        match one["type"], one["valeur"]:
            case "nir", valeur:
                found["nir"] = valeur
            case "numero-france-travail", valeur:
                found["france_travail_id"] = valeur
            case type_, valeur if type_ == f"matricule-{settings.caisse}" and one.get("role"):
                found |= {"affiliation_number": valeur, "role": one["role"]}
            case "local", valeur if one.get("emetteur") == source and not valeur.startswith(_OURS):
                found["department_internal_id"] = valeur
            case _:
                pass
    return found


def _contact(coordonnees: View) -> dict[str, str | None]:
    adresse = coordonnees.get("adresse") or {}
    return {
        "email": coordonnees.get("courriel"),
        "phone_number": coordonnees.get("telephone"),
        "address": ", ".join(filter(None, (adresse.get("voie"), adresse.get("code_postal")))) or None,
    }


def _day(written: str | None) -> str | None:
    """DD/MM/YYYY; a birth of which the day is unknown (AAAA-00-00) is not written."""
    try:
        return date.fromisoformat(written or "").strftime("%d/%m/%Y")
    except ValueError:
        return None
