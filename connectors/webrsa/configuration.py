"""What a mandate sets for an ALI: who it is for WebRSA, and the référentiel whose ids both sides share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.sftp import public_key
from connectors.systems import Configuration
from relais_contrats.codes.suivi import AnnulePar, Forme, Modalite, MotifRdv, StatutRdv, Theme
from relais_contrats.codes.usagers import EtatDossier
from relais_contrats.v1.partages import Professionnel, Structure
from relais_contrats.valeurs import Departement

EXEMPLE = """\
# WebRSA / ALI : l'ALI dépose ici les fichiers qu'elle destinait à WebRSA, et retire ceux qu'elle en recevait.
departement = "59"
id_structure_ali = 12                  # celui de l'en-tête de ses fichiers
libelle_ali = "ALI de Lille"
heure = "06:00"                        # des fichiers qui partent, à l'heure légale de Paris
jours_de_stock = [1]                   # jours du mois où part un fichier complet ; les autres, un différentiel
# cles_sftp = ["ssh-ed25519 AAAA… serveur de l'ALI"]

# Ce que WebRSA ne dit pas d'un rendez-vous, d'un contrat.
duree_min = 60
modalite = "physique"
annule_par = "structure"
engagement_organisme = "Proposer un accompagnement et des actions adaptés"

# Le référentiel partagé (Referentiel-WebRSA) : identifiant, puis ce qu'il désigne.
[referentiel]
types_orientation = { 21 = "EMPLOI", 22 = "SOCIOPRO", 23 = "SOCIAL" }
origines = { 31 = "manuelle", 32 = "reorientation" }
statuts_orientation = { 41 = "Orienté", 42 = "En attente", 43 = "Non orienté" }
motifs_reorientation = { 51 = "Changement de situation" }
statuts_rdv = { 61 = "planifie", 62 = "honore", 63 = "non-honore", 64 = "annule" }
durees_cer = { 71 = 3, 72 = 6, 73 = 12 }
statuts_cer = { 81 = "E", 82 = "V", 83 = "N", 84 = "A" }
sujets_cer = { 91 = "trouver-un-emploi", 92 = "mobilite" }

[referentiel.objets_rdv.101]
motif = "accompagnement"
forme = "individuel"
thematiques = [111, 112]

[[structures]]
id = 1
systeme = "siret"
valeur = "90000083700014"
nom = "Plateforme mobilité de Lille"

[[referents]]
id = 11
structure = 1
nom = "Delattre"
prenom = "Inès"
courriel = "ines@asso.exemple.fr"
identifiant_agent = "mob-17"
# cloture = 2026-12-31

# L'état civil part si l'ALI accepte ces valeurs pour ce que son schéma exige et que le relais ne sait pas.
# [allocataire]
# date_demande_rsa = 1900-01-01
# etat_droit = 121                     # « non défini » ; etats_droit = { 122 = "2", 123 = "4" } pour les états connus
# role_personne = 131                  # roles = { 131 = "DEM", 132 = "CJT" }
# nb_enfants_foyer = 0
# situation_familiale = 141
"""

_Id = Annotated[int, Field(gt=0, lt=1 << 31)]
_Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class _Own(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObjetRdv(_Own):
    """An object of appointments: those of one person want a référent and may have several of its `thematiques`."""

    motif: MotifRdv
    forme: Forme = Forme.INDIVIDUEL
    thematiques: tuple[_Id, ...] = ()


class Referentiel(_Own):
    """Ids that both sides write, and what they stand for: codes of WebRSA, or of the catalogue where it has none."""

    types_orientation: dict[_Id, Literal["EMPLOI", "SOCIOPRO", "SOCIAL"]]
    origines: dict[_Id, Literal["manuelle", "cohorte", "reorientation", "demenagement"]]
    statuts_orientation: dict[_Id, Literal["Orienté", "En attente", "Non orienté"]]
    motifs_reorientation: dict[_Id, _Phrase]
    statuts_rdv: dict[_Id, StatutRdv]
    objets_rdv: dict[_Id, ObjetRdv]
    durees_cer: dict[_Id, Annotated[int, Field(ge=1, le=36)]]
    statuts_cer: dict[_Id, Literal["E", "V", "N", "R", "A"]]
    sujets_cer: dict[_Id, Theme]

    @model_validator(mode="after")
    def _writable(self) -> Self:
        """Every code that may have to be written has one id."""
        wanted = {
            "types_orientation": ("EMPLOI", "SOCIOPRO", "SOCIAL"),
            "origines": ("manuelle", "reorientation"),
            "statuts_orientation": ("Orienté",),
            "statuts_cer": ("E", "V", "N", "A"),
        }
        for name, codes in wanted.items():
            there = list(getattr(self, name).values())
            if wrong := [code for code in codes if there.count(code) != 1]:
                raise ValueError(f"« {name} » veut un identifiant, et un seul, pour {', '.join(wrong)}")
        return self


class StructureReferente(Structure):
    id: _Id

    @property
    def ours(self) -> dict[str, Any]:
        told = self.en_json()
        return {name: value for name, value in told.items() if name != "id"}


class Referent(Professionnel):
    """`structure`: the id of his; `cloture`: from then on he follows nobody new."""

    id: _Id
    structure: _Id
    cloture: date | None = None

    @property
    def ours(self) -> dict[str, Any]:
        told = self.en_json()
        return {name: value for name, value in told.items() if name not in ("id", "structure", "cloture")}


class Allocataire(_Own):
    """What the schema wants of a person and the hub does not hold, or not of her; `etats_droit` and `roles`: the ids
    of the codes of the CAF."""

    etats_droit: dict[_Id, EtatDossier] = {}
    roles: dict[_Id, Literal["DEM", "CJT", "ENF", "AUT", "RDO"]] = {}
    numero_caf: int = 0
    code_postal: int = 0
    date_demande_rsa: date
    numero_demande_rsa: int = 0
    etat_droit: _Id
    role_personne: _Id
    nb_enfants_foyer: int
    situation_familiale: _Id


class WebrsaConfiguration(Configuration):
    """`id_structure_ali`: as the header of every file says; `jours_de_stock`: days of the month on which all persons
    leave, the other days those who changed. `toutes_les_s`: pause between two looks at the folder, in seconds."""

    departement: Departement
    id_structure_ali: _Id
    libelle_ali: _Phrase
    heure: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    jours_de_stock: Annotated[list[Annotated[int, Field(ge=1, le=28)]], Field(min_length=1, default=[1])]
    toutes_les_s: Annotated[int, Field(ge=1, le=3_600)] = 5
    cles_sftp: tuple[Annotated[str, AfterValidator(public_key)], ...] = ()
    duree_min: Annotated[int, Field(ge=5, le=1_440)] = 60
    modalite: Modalite = Modalite.PHYSIQUE
    annule_par: AnnulePar = AnnulePar.STRUCTURE
    engagement_organisme: _Phrase
    referentiel: Referentiel
    structures: Annotated[list[StructureReferente], Field(min_length=1)]
    referents: tuple[Referent, ...] = ()
    allocataire: Allocataire | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        structures = [one.id for one in self.structures]
        referents = [one.id for one in self.referents]
        if len(set(structures)) < len(structures) or len(set(referents)) < len(referents):
            raise ValueError("deux structures, ou deux référents, ont le même identifiant")
        if lost := sorted({one.structure for one in self.referents} - set(structures)):
            raise ValueError(f"structure d'un référent absente de « structures » : {', '.join(map(str, lost))}")
        return self

    def structure(self, id_: int) -> StructureReferente | None:
        return next((one for one in self.structures if one.id == id_), None)

    def referent(self, id_: int) -> Referent | None:
        return next((one for one in self.referents if one.id == id_), None)
