"""What the API of France Travail is sent, as messages of the hub (`data` of the catalogue). Pure.

Fields that have no place in the catalogue are left out; `docs/connecteurs.md` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connectors.france_travail.configuration import FranceTravailConfiguration
from connectors.france_travail.faults import invalid
from relais_contrats.correspondances import FT, CodeSansCorrespondance, correspondance
from relais_contrats.identifiants import MOTIF_NIR, MOTIF_NUMERO_FRANCE_TRAVAIL
from relais_contrats.territoires import fuseau
from relais_contrats.v1.orientation import CRITERES_REQUIS

Json = dict[str, Any]
Texte = Annotated[str, Field(max_length=1_000)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Drapeau = Annotated[bool, Field(strict=True)]

CODED: Final = (*CRITERES_REQUIS, "type_emploi", "msa_demarches_professionnelles")
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


def instant_or_date(written: Any) -> datetime | date:
    """Raises ValueError."""
    if not isinstance(written, str):
        raise ValueError
    if len(written) <= 10:
        return date.fromisoformat(written)
    return datetime.fromisoformat(written)


Jour = Annotated[datetime | date, BeforeValidator(instant_or_date)]


def day_there(told: datetime | date, departement: str) -> str:
    """The day in the territory: an instant of the evening in UTC is the next day in Paris."""
    if isinstance(told, datetime):
        told = (told.astimezone(fuseau(departement)) if told.tzinfo else told).date()
    return told.isoformat()


def _instant(written: Any) -> Any:
    if not isinstance(written, str) or len(written) <= 10:
        raise ValueError
    return datetime.fromisoformat(written)


Montant = Annotated[float, Field(ge=0, le=5_000, strict=True)]
Duree = Annotated[int, Field(ge=1, le=4, strict=True)]


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


class RendezVous(_Read):
    """`id` is not told of one that is taken; `date` without an offset is in the time of the territory."""

    id: Code | None = None
    date: Annotated[datetime, BeforeValidator(_instant)]
    duree: Annotated[int, Field(ge=5, le=1_440)] | None = None
    motif: Code
    modaliteContact: Code
    typeReception: Code = "IND"
    statut: Code = "PRIS"
    libelleAdresse: Texte | None = None
    adresse: Texte | None = None


def rendez_vous(told: RendezVous, departement: str, settings: FranceTravailConfiguration) -> Json:
    """`data` of `rdv.*`, but for its key."""
    debut = told.date if told.date.tzinfo else told.date.replace(tzinfo=fuseau(departement))
    statut = coded("rdv_statut", told.statut, "statut")
    modalite = coded("rdv_modalite", told.modaliteContact, "modaliteContact")
    found: Json = {
        "motif": coded("rdv_motif", told.motif, "motif"),
        "debut": in_utc(debut),
        "duree_min": told.duree or settings.duree_min,
        "modalite": modalite,
        "forme": coded("rdv_forme", told.typeReception, "typeReception"),
        "statut": statut,
    }
    lieu = ", ".join(" ".join(part.split()) for part in (told.libelleAdresse, told.adresse) if part and part.strip())
    if lieu and modalite == "physique":
        found["lieu"] = lieu[:200].strip()
    return found | ({"annule_par": str(settings.annule_par)} if statut == "annule" else {})


def in_utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


class Signature(_Read):
    dateSignature: Jour


class Refus(_Read):
    dateRefus: Jour


class _Fait(_Read):
    typeEvenement: Code
    dateEvenement: Jour


class Evenement(_Read):
    """What becomes of a sanction; the values that were validated, when they are not those proposed."""

    identifiantConsequenceSanction: Code
    evenement: _Fait
    modaliteDecisionValidee: Code | None = None
    montantValide: Montant | None = None
    dureeValidee: Duree | None = None


class DecisionSanction(_Read):
    """A sanction that the partner decided by itself."""

    dateNotificationDecisionSanction: Jour
    natureManquement: Code
    rangManquement: Code
    typeSanctionValide: Code
    modaliteDecisionValidee: Code
    montantValide: Montant | None = None
    dureeValidee: Duree | None = None


_SANCTION = ("sanction_id", "manquement_id", "nature", "rang", "type", "modalite", "montant", "duree_mois")


def proposed(one: Mapping[str, Any]) -> Json:
    """A sanction as it was proposed."""
    return {name: one[name] for name in _SANCTION if one.get(name) is not None}


def validated(told: Evenement, one: Mapping[str, Any]) -> Json:
    """The same, with what the partner changed."""
    return proposed(one) | _validated(told)


def sanction(told: DecisionSanction, departement: str) -> Json:
    """`data` of `sanction.decidee`, but for its key."""
    return {
        "nature": coded("nature_manquement", told.natureManquement, "natureManquement"),
        "rang": coded("rang_manquement", told.rangManquement, "rangManquement"),
        "type": coded("type_sanction", told.typeSanctionValide, "typeSanctionValide"),
        "date_notification": day_there(told.dateNotificationDecisionSanction, departement),
    } | _validated(told)


def _validated(told: Evenement | DecisionSanction) -> Json:
    found: Json = {}
    if told.modaliteDecisionValidee is not None:
        found["modalite"] = coded("modalite_sanction", told.modaliteDecisionValidee, "modaliteDecisionValidee")
    if told.montantValide is not None:
        found["montant"] = told.montantValide
    if told.dureeValidee is not None:
        found["duree_mois"] = told.dureeValidee
    return found
