"""What the API of France Travail is sent, as messages of the hub (`data` of the catalogue). Pure.

Fields that have no place in the catalogue are left out; `docs/connecteurs.md` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connectors.france_travail.faults import functional, invalid
from relais_contrats.correspondances import FT, CodeSansCorrespondance, correspondance
from relais_contrats.identifiants import MOTIF_NIR, MOTIF_NUMERO_FRANCE_TRAVAIL
from relais_contrats.territoires import fuseau
from relais_contrats.v1.partages import Structure

Json = dict[str, Any]
Texte = Annotated[str, Field(max_length=1_000)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Drapeau = Annotated[bool, Field(strict=True)]

CODED: Final = (
    "situation_professionnelle",
    "type_emploi",
    "niveau_etude",
    "projet_pro",
    "contrainte_sante",
    "contrainte_logement",
    "contrainte_mobilite",
    "contrainte_familiale",
    "contrainte_financiere",
    "contrainte_administrative_juridique",
    "contrainte_francais_calcul",
    "contrainte_numerique",
    "msa_demarches_professionnelles",
)
"""Criteria that have a code, under the same names on both sides."""
PLAIN: Final = (
    "brsa",
    "boe",
    "baeeh",
    "scolarite_etablissement_specialise",
    "esat",
    "boe_souhait_accompagnement",
    "capacite_a_travailler",
    "msa_autonomie_recherche_emploi",
)


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ParNir(_Read):
    """Search by NIR and date of birth."""

    dateNaissance: date
    nir: Annotated[str, Field(pattern=MOTIF_NIR)]

    def asked(self) -> Json:
        return {
            "identifiants": [{"type": "nir", "valeur": self.nir}],
            "identite": {"date_naissance": self.dateNaissance.isoformat()},
        }


class ParNumero(_Read):
    """Search by France Travail number."""

    numeroFranceTravail: Annotated[str, Field(pattern=MOTIF_NUMERO_FRANCE_TRAVAIL)]

    def asked(self) -> Json:
        return {"identifiants": [{"type": "numero-france-travail", "valeur": self.numeroFranceTravail}]}


class StructureDite(_Read):
    code_aurore: Code | None = None
    code_safir: Code | None = None
    libelle_structure: Texte | None = None

    def ours(self) -> Json | None:
        """Aurore first: the SAFIR code is deprecated."""
        systeme, code = ("aurore", self.code_aurore) if self.code_aurore else ("safir", self.code_safir)
        nom = " ".join((self.libelle_structure or code or "").split())[:200]
        return {"systeme": systeme, "valeur": code, "nom": nom} if code else None


def _instant_or_date(written: Any) -> Any:
    if not isinstance(written, str):
        raise ValueError
    if len(written) <= 10:
        return date.fromisoformat(written)
    return datetime.fromisoformat(written)


Jour = Annotated[datetime | date, BeforeValidator(_instant_or_date)]


def day_there(told: datetime | date, departement: str) -> str:
    """The day in the territory: an instant of the evening in UTC is the next day in Paris."""
    if isinstance(told, datetime):
        told = (told.astimezone(fuseau(departement)) if told.tzinfo else told).date()
    return told.isoformat()


class Decision(_Read):
    etat_decision: Code
    date_decision: Jour
    organisme_decision: Code
    motif_refus: Code | None = None
    commentaire_refus: Texte | None = None
    parcours: Code | None = None
    organisme: Code | None = None
    structure: StructureDite | None = None


class Orientation(_Read):
    """An orientation that is decided without a recommendation."""

    organisme: Code
    parcours: Code
    origine: Code | None = None
    structure: StructureDite | None = None


def coded(notion: str, code: str, field: str | None = None) -> str:
    """Our slug. Raises `Fault` with the name of the field."""
    try:
        return correspondance(FT, notion).vers_nous(code)
    except CodeSansCorrespondance as error:
        raise invalid(f"{field or notion} : code inconnu") from error


def decision(told: Decision, view: Mapping[str, Any], structures: Mapping[Any, Structure]) -> Json:
    """`data` of `orientation.decidee`: what is accepted is the recommendation that the hub holds."""
    said = coded("decision", told.etat_decision, "etat_decision")
    coded("organisme", told.organisme_decision, "organisme_decision")
    preco = view.get("preconisation") or {}
    parcours = coded("parcours", told.parcours) if told.parcours else preco.get("parcours_type")
    organisme = coded("organisme", told.organisme) if told.organisme else preco.get("organisme")
    if said == "acceptee":
        _check_accepted(view, preco, parcours, organisme)
    elif not (told.parcours and told.organisme and told.motif_refus):
        raise invalid("un refus porte motif_refus, parcours et organisme")
    jour = day_there(told.date_decision, view["departement"])
    found: Json = {"decision": said, "parcours_type": parcours, "organisme": organisme}
    same = organisme == preco.get("organisme")
    found["structure"] = _structure(
        told.structure, preco.get("structure") if same else None, str(organisme), structures
    )
    found |= {"date_decision": jour, "date_debut": jour, "rang": next_rank(view)}
    if told.motif_refus:
        found["motif_refus"] = coded("motif_refus", told.motif_refus)
    if told.commentaire_refus:
        found["commentaire_refus"] = told.commentaire_refus
    return found


def _check_accepted(view: Mapping[str, Any], preco: Mapping[str, Any], parcours: Any, organisme: Any) -> None:
    if not (parcours and organisme):
        raise functional("PRECONISATION_ABSENTE", "Aucune préconisation n'attend : lancez calculOrientation.")
    if preco and (parcours, organisme) != (preco.get("parcours_type"), preco.get("organisme")):
        raise invalid("une décision acceptée reprend le parcours et l'organisme préconisés")
    ouverte = view.get("ouverte") or {}
    if not view.get("reorientation") and (ouverte.get("parcours_type"), ouverte.get("organisme")) == (
        parcours,
        organisme,
    ):
        raise functional("ORIENTATION_DEJA_DECIDEE", "Cette orientation est déjà décidée.")


def orientation(told: Orientation, view: Mapping[str, Any], jour: str, structures: Mapping[Any, Structure]) -> Json:
    """The same, of an orientation that is imposed on `jour`."""
    organisme = coded("organisme", told.organisme)
    if told.origine:
        coded("origine", told.origine)
    return {
        "decision": "acceptee",
        "parcours_type": coded("parcours", told.parcours),
        "organisme": organisme,
        "structure": _structure(told.structure, None, organisme, structures),
        "date_decision": jour,
        "date_debut": jour,
        "rang": next_rank(view),
    }


def next_rank(view: Mapping[str, Any]) -> int:
    return max((one["rang"] for one in view.get("orientations") or ()), default=0) + 1


def _structure(
    told: StructureDite | None, preconised: Any, organisme: str, structures: Mapping[Any, Structure]
) -> Json:
    """That of the decision, of the recommendation, or of the mandate for this organisme."""
    if told and (ours := told.ours()):
        return ours
    if preconised:
        return dict(preconised)
    configured = structures.get(correspondance(FT, "organisme").de_nous(organisme))
    if configured is None:
        raise functional(
            "STRUCTURE_OBLIGATOIRE", "Dites la structure qui accueille, ou réglez-la dans le connecteur ([structures])."
        )
    return configured.en_json()


class Criteres(BaseModel):
    """The criteria of `calculOrientation`; what else it carries (birth, address) is left out."""

    model_config = ConfigDict(extra="allow", frozen=True)

    brsa: Drapeau | None = None
    boe: Drapeau | None = None
    baeeh: Drapeau | None = None
    scolarite_etablissement_specialise: Drapeau | None = None
    esat: Drapeau | None = None
    boe_souhait_accompagnement: Drapeau | None = None
    capacite_a_travailler: Drapeau | None = None
    msa_autonomie_recherche_emploi: Annotated[int, Field(ge=0, le=10, strict=True)] | None = None


def criteres(told: Criteres) -> Json:
    """`criteres` of `diagnostic.realise`. Raises `Fault`, with the name of the field."""
    written = told.model_dump(exclude_none=True)
    found: Json = {name: written[name] for name in PLAIN if name in written}
    for name in CODED:
        if name in written:
            if not isinstance(written[name], str):
                raise invalid(f"{name} : code inconnu")
            found[name] = coded(name, written[name])
    if not found:
        raise invalid("aucun critère d'orientation")
    return found
