"""The content of a contract and its reviews: read from the contract's models, and published again at a merge."""

from dataclasses import asdict, dataclass
from datetime import date

from relais_contrats.v1 import engagements as v1


@dataclass(frozen=True, slots=True)
class Auteur:
    """Who deposits: `partenaire` is the CloudEvents source, `role` its kind of organisation."""

    partenaire: str
    role: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """A commitment of one side; `id` is its key within the contract."""

    id: str
    theme: str
    libelle: str
    heures_hebdo: float | None = None
    echeance: date | None = None

    @classmethod
    def lu(cls, dit: v1.Engagement) -> "Engagement":
        return cls(dit.id, str(dit.theme), dit.libelle, dit.heures_hebdo, dit.echeance)


@dataclass(frozen=True, slots=True)
class Contenu:
    """The content that is proposed for signature. Commitments are reciprocal: each side has some."""

    contrat_id: str
    date_debut: date
    duree_mois: int
    engagements_usager: tuple[Engagement, ...]
    engagements_organisme: tuple[Engagement, ...]
    motif_dispense: str | None = None

    @classmethod
    def lu(cls, dit: v1.ContratPropose) -> "Contenu":
        return cls(
            contrat_id=dit.contrat_id,
            date_debut=dit.date_debut,
            duree_mois=dit.duree_mois,
            engagements_usager=tuple(map(Engagement.lu, dit.engagements_usager)),
            engagements_organisme=tuple(map(Engagement.lu, dit.engagements_organisme)),
            motif_dispense=str(dit.dispense_heures.motif) if dit.dispense_heures else None,
        )

    def dit(self) -> v1.ContratPropose:
        brut = asdict(self)
        motif = brut.pop("motif_dispense")
        return v1.ContratPropose.model_validate(brut | {"dispense_heures": {"motif": motif} if motif else None})


@dataclass(frozen=True, slots=True)
class Bilan:
    date: date
    points: tuple[str, ...]
    heures_realisees: float | None = None

    @classmethod
    def lu(cls, dit: v1.ContratBilan) -> "Bilan":
        return cls(dit.date, tuple(dit.points), dit.heures_realisees)

    def dit(self, contrat_id: str) -> v1.ContratBilan:
        return v1.ContratBilan.model_validate(asdict(self) | {"contrat_id": contrat_id})
