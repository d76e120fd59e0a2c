"""Messages of the offer: structures and services as data·inclusion v1 describes them, and prescriptions."""

from collections.abc import Mapping
from datetime import date as Jour
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from relais_contrats.briques import OFFRES
from relais_contrats.codes.offre import (
    ContactPrefere,
    Frais,
    IssueParticipation,
    ModeAccueil,
    ModeMobilisation,
    MotifRefusPrescription,
    PersonneMobilisatrice,
    Public,
    ReseauPorteur,
    Thematique,
    TypeService,
)
from relais_contrats.declaration import (
    ABONNES_TERRITOIRE,
    ECHEANCE_PRESCRIPTION,
    EMETTEUR_PRESCRIPTION,
    HUB,
    PARTICIPANT,
    PUBLIEURS,
    REPONSE,
    STRUCTURE_REFERENT,
    STRUCTURE_SERVICE,
    message,
)
from relais_contrats.groupes import Groupe
from relais_contrats.identifiants import MOTIF_SIRET
from relais_contrats.modele import Donnees
from relais_contrats.regles import Regle, RequisSiParmi, Semantique
from relais_contrats.v1.partages import Structure
from relais_contrats.valeurs import (
    MOTIF_SANS_NUL,
    MOTIF_SLUG,
    MOTIF_SUR_UNE_LIGNE,
    CleAction,
    ClePrescription,
    CodePostal,
    Courriel,
    DateIso,
    Entier,
    Nombre,
    SansDoublon,
    SansNir,
    Texte,
    TexteCourt,
    TexteLibre,
    TexteLong,
    UrlHttp,
    dit,
)

_DI = "data·inclusion, schéma v1"
MOTIF_ID_OFFRE = "^[a-z0-9]+(-[a-z0-9]+)*--[^ /\\\\\\u0000-\\u001f\\u007f]{1,150}$"
"""Of what follows `--`, everything that a path carries when it is percent-encoded: neither / nor \\."""
MOTIF_CODE_INSEE = "^[0-9A-Z]{5}$"
MOTIF_ZONE = "^(france|[0-9]{9}|[0-9][0-9AB][0-9]{3}|[0-9][0-9AB][0-9]?)$"


def _lire_id(valeur: Any) -> Any:
    if isinstance(valeur, str) and ("/" in valeur or "\\" in valeur):
        phrase = "Une adresse ne porte ni « / » ni « \\ » : remplacez-les, par exemple par « - »."
        raise PydanticCustomError("format", "{phrase}", {"phrase": phrase})
    return valeur


IdOffre = Annotated[str, Field(pattern=MOTIF_ID_OFFRE), BeforeValidator(_lire_id), SansNir]
NomOffre = Annotated[str, Field(min_length=3, max_length=150, pattern=MOTIF_SUR_UNE_LIGNE), TexteLibre]
Description = Annotated[str, Field(min_length=5, max_length=10000, pattern=MOTIF_SANS_NUL), TexteLibre]
CodeInsee = Annotated[str, Field(pattern=MOTIF_CODE_INSEE)]
Longitude = Annotated[Nombre, Field(ge=-180, le=180)]
Latitude = Annotated[Nombre, Field(ge=-90, le=90)]

_DATE_DU_SIECLE = Semantique(
    "date-maj-recente",
    "date_maj",
    "dates-incoherentes",
    "La date de mise à jour est au plus tôt le 1er janvier 2000.",
    lambda v: v["date_maj"] >= Jour(2000, 1, 1),
)


def _source_de_l_id(valeurs: Mapping[str, Any]) -> bool:
    return bool(valeurs["id"].startswith(f"{valeurs['source']}--"))


_ID_DE_LA_SOURCE = Semantique(
    "id-de-la-source",
    "id",
    "identifiant-invalide",
    "L'identifiant commence par la source : `source--id`.",
    _source_de_l_id,
)


class StructurePubliee(Donnees):
    """Une structure de l'offre, telle que data·inclusion la décrit. Republier la même clé la remplace."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE
    regles: ClassVar[tuple[Regle, ...]] = (_DATE_DU_SIECLE, _ID_DE_LA_SOURCE)

    source: Annotated[str, dit("Producteur de la donnée.", _DI, pattern=MOTIF_SLUG, max_length=64)]
    id: Annotated[IdOffre, dit("Clé de la structure, `source--id`.", _DI)]
    nom: Annotated[NomOffre, dit("Nom, de 3 à 150 signes.", _DI)]
    date_maj: Annotated[DateIso, dit("Date de dernière modification chez le producteur.", _DI)]
    description: Annotated[Description | None, dit("Description.", _DI)] = None
    lien_source: Annotated[UrlHttp | None, dit("Page de la structure chez le producteur.", _DI)] = None
    siret: Annotated[str | None, dit("SIRET ; souvent absent pour un service interne.", _DI, pattern=MOTIF_SIRET)] = (
        None
    )
    commune: Annotated[TexteCourt | None, dit("Nom de la commune.", _DI)] = None
    code_postal: Annotated[CodePostal | None, dit("Code postal.", _DI)] = None
    code_insee: Annotated[CodeInsee | None, dit("Code INSEE de la commune.", _DI)] = None
    adresse: Annotated[TexteCourt | None, dit("Voie.", _DI)] = None
    complement_adresse: Annotated[TexteCourt | None, dit("Complément d'adresse.", _DI)] = None
    longitude: Annotated[Longitude | None, dit("Longitude WGS 84, en degrés.", _DI)] = None
    latitude: Annotated[Latitude | None, dit("Latitude WGS 84, en degrés.", _DI)] = None
    telephone: Annotated[TexteCourt | None, dit("Téléphone, de préférence au format E.164.", _DI)] = None
    courriel: Annotated[Courriel | None, dit("Courriel.", _DI)] = None
    site_web: Annotated[UrlHttp | None, dit("Site web.", _DI)] = None
    horaires_accueil: Annotated[Texte | None, dit("Horaires, au format OpenStreetMap opening_hours.", _DI)] = None
    accessibilite_lieu: Annotated[UrlHttp | None, dit("Fiche d'accessibilité (acceslibre).", _DI)] = None
    reseaux_porteurs: Annotated[
        Annotated[list[ReseauPorteur], Field(max_length=108), SansDoublon()] | None, dit("Réseaux porteurs.", _DI)
    ] = None


class ServicePublie(Donnees):
    """Un service de l'offre, tel que data·inclusion le décrit. Republier la même clé le remplace."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE
    regles: ClassVar[tuple[Regle, ...]] = (
        _DATE_DU_SIECLE,
        _ID_DE_LA_SOURCE,
        Semantique(
            "tous-publics-seul",
            "publics",
            "schema-invalide",
            "« tous-publics » ne se combine pas avec d'autres publics.",
            lambda v: not v["publics"] or Public.TOUS_PUBLICS not in v["publics"] or len(v["publics"]) == 1,
        ),
    )

    source: Annotated[str, dit("Producteur de la donnée.", _DI, pattern=MOTIF_SLUG, max_length=64)]
    structure_id: Annotated[IdOffre, dit("Clé de la structure qui rend le service.", _DI)]
    id: Annotated[IdOffre, dit("Clé du service, `source--id`.", _DI)]
    nom: Annotated[NomOffre, dit("Nom, de 3 à 150 signes.", _DI)]
    description: Annotated[Description, dit("Description, de 5 à 10 000 signes.", _DI)]
    date_maj: Annotated[DateIso, dit("Date de dernière modification chez le producteur.", _DI)]
    lien_source: Annotated[UrlHttp | None, dit("Page du service chez le producteur.", _DI)] = None
    type: Annotated[TypeService | None, dit("Type de service.", _DI)] = None
    thematiques: Annotated[
        Annotated[list[Thematique], Field(max_length=69), SansDoublon()] | None, dit("Thématiques.", _DI)
    ] = None
    frais: Annotated[Frais | None, dit("Gratuit ou payant.", _DI)] = None
    frais_precisions: Annotated[Texte | None, dit("Précisions sur les frais.", _DI)] = None
    publics: Annotated[
        Annotated[list[Public], Field(min_length=1, max_length=14), SansDoublon()] | None,
        dit("Publics : il suffit d'appartenir à l'un d'eux.", _DI),
    ] = None
    publics_precisions: Annotated[TexteLong | None, dit("Précisions sur les publics.", _DI)] = None
    conditions_acces: Annotated[TexteLong | None, dit("Prérequis et justificatifs.", _DI)] = None
    commune: Annotated[TexteCourt | None, dit("Nom de la commune.", _DI)] = None
    code_postal: Annotated[CodePostal | None, dit("Code postal.", _DI)] = None
    code_insee: Annotated[CodeInsee | None, dit("Code INSEE de la commune.", _DI)] = None
    adresse: Annotated[TexteCourt | None, dit("Voie.", _DI)] = None
    complement_adresse: Annotated[TexteCourt | None, dit("Complément d'adresse.", _DI)] = None
    longitude: Annotated[Longitude | None, dit("Longitude WGS 84, en degrés.", _DI)] = None
    latitude: Annotated[Latitude | None, dit("Latitude WGS 84, en degrés.", _DI)] = None
    telephone: Annotated[TexteCourt | None, dit("Téléphone, de préférence au format E.164.", _DI)] = None
    courriel: Annotated[Courriel | None, dit("Courriel.", _DI)] = None
    modes_accueil: Annotated[
        Annotated[list[ModeAccueil], Field(max_length=2), SansDoublon()] | None, dit("Modes d'accueil.", _DI)
    ] = None
    zone_eligibilite: Annotated[
        list[Annotated[str, Field(pattern=MOTIF_ZONE)]] | None,
        dit("Codes de commune, département, EPCI ou pays, ou « france ».", _DI, min_length=1, max_length=1000),
    ] = None
    contact_nom_prenom: Annotated[TexteCourt | None, dit("Contact professionnel.", _DI)] = None
    lien_mobilisation: Annotated[UrlHttp | None, dit("Lien pour mobiliser le service.", _DI)] = None
    modes_mobilisation: Annotated[
        Annotated[list[ModeMobilisation], Field(min_length=1, max_length=4), SansDoublon()] | None,
        dit("Comment mobiliser le service.", _DI),
    ] = None
    mobilisable_par: Annotated[
        Annotated[list[PersonneMobilisatrice], Field(min_length=1, max_length=2), SansDoublon()] | None,
        dit("Qui peut mobiliser le service.", _DI),
    ] = None
    mobilisation_precisions: Annotated[TexteLong | None, dit("Précisions sur la mobilisation.", _DI)] = None
    volume_horaire_hebdomadaire: Annotated[Nombre | None, dit("Heures par semaine.", _DI, ge=0, le=168)] = None
    nombre_semaines: Annotated[Entier | None, dit("Durée en semaines.", _DI, ge=1, le=1000)] = None
    horaires_accueil: Annotated[Texte | None, dit("Horaires, au format OpenStreetMap opening_hours.", _DI)] = None


class Retrait(Donnees):
    """Ce qui est retiré de l'offre, quand, et pourquoi."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    id: Annotated[IdOffre, dit("Clé `source--id`.", _DI)]
    date: Annotated[
        DateIso, dit("Date du retrait ; à venir, rien ne change avant ce jour, et republier la fiche l'annule.")
    ]
    raison: Annotated[Texte, dit("Raison, transmise aux prescripteurs concernés.")]


class StructureRetiree(Retrait):
    """Une structure quitte l'offre, avec ses services."""


class ServiceRetire(Retrait):
    """Un service quitte l'offre : les prescriptions en cours expirent avec cette raison."""


_PRESCRIPTION_ID = dit("Clé de la prescription chez son émetteur, ou l'`obj_…` lu pour celle d'un autre.")


class PrescriptionEmise(Donnees):
    """Un prescripteur adresse la personne à un service de l'offre."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    prescription_id: Annotated[ClePrescription, _PRESCRIPTION_ID]
    service_id: Annotated[IdOffre, dit("Service prescrit, `source--id`.", _DI)]
    motif: Annotated[Texte, dit("Ce que l'on attend du service, sans donnée de santé.", "DORA orientation_reasons")]
    contact_prefere: Annotated[ContactPrefere, dit("Comment joindre la personne.", "DORA contact_preferences")]
    disponibilite: Annotated[DateIso | None, dit("Disponible à partir de cette date.", "DORA availability")] = None
    engagement_protection_donnees: Annotated[
        Literal[True],
        dit(
            "Le prescripteur a informé la personne et recueilli son accord : toujours vrai.",
            "DORA data_protection_commitment",
        ),
    ]
    action_id: Annotated[CleAction | None, dit("Action de la feuille de route que la prescription sert.")] = None
    structure: Annotated[
        Structure | None,
        dit("Structure du service : le hub l'écrit dans l'événement ; au dépôt, elle est ignorée."),
    ] = None


class SuitePrescription(Donnees):
    """Une suite donnée à une prescription."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    prescription_id: Annotated[ClePrescription, _PRESCRIPTION_ID]
    date: Annotated[DateIso, dit("Date de la suite donnée.")]
    message: Annotated[Texte | None, dit("Message au prescripteur.")] = None


class PrescriptionMiseALEtude(SuitePrescription):
    """La structure étudie la demande : elle expire au bout de soixante jours au lieu de trente."""


class PrescriptionAcceptee(SuitePrescription):
    """La structure accepte d'accueillir la personne."""


class PrescriptionRefusee(SuitePrescription):
    """La structure refuse, et dit pourquoi."""

    regles: ClassVar[tuple[Regle, ...]] = (
        RequisSiParmi("message", "motifs", MotifRefusPrescription.AUTRE.value, "motif-obligatoire"),
    )

    motifs: Annotated[
        Annotated[list[MotifRefusPrescription], Field(min_length=1, max_length=8), SansDoublon()],
        dit("Motifs du refus, au moins un ; « autre » se précise dans `message`."),
    ]


class PrescriptionAnnulee(SuitePrescription):
    """Le prescripteur annule sa demande."""


class PrescriptionRelancee(Donnees):
    """Dix jours sans réponse, puis tous les dix jours : la structure est relancée."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    prescription_id: Annotated[ClePrescription, _PRESCRIPTION_ID]
    date: Annotated[DateIso, dit("Date de la relance.")]
    relance: Annotated[Entier, dit("Rang de la relance : 1, 2…", ge=1, le=100)]


class PrescriptionExpiree(Donnees):
    """La prescription expire : sans réponse au trentième jour (soixantième à l'étude), ou service retiré."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    prescription_id: Annotated[ClePrescription, _PRESCRIPTION_ID]
    date: Annotated[DateIso, dit("Date d'expiration.")]
    raison: Annotated[Texte, dit("Pourquoi elle expire.")]


class ParticipationCommencee(Donnees):
    """La personne commence à participer au service."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    prescription_id: Annotated[ClePrescription, _PRESCRIPTION_ID]
    date: Annotated[DateIso, dit("Premier jour.")]


class ParticipationTerminee(ParticipationCommencee):
    """La participation au service se termine."""

    issue: Annotated[IssueParticipation, dit("Comment elle se termine.")]


MESSAGES = (
    message(
        "structure.publiee",
        OFFRES,
        StructurePubliee,
        "Structure publiée",
        PUBLIEURS,
        (ABONNES_TERRITOIRE,),
        sujet=False,
    ),
    message("service.publie", OFFRES, ServicePublie, "Service publié", PUBLIEURS, (ABONNES_TERRITOIRE,), sujet=False),
    message(
        "structure.retiree",
        OFFRES,
        StructureRetiree,
        "Structure retirée",
        PUBLIEURS,
        (ABONNES_TERRITOIRE,),
        sujet=False,
    ),
    message("service.retire", OFFRES, ServiceRetire, "Service retiré", PUBLIEURS, (ABONNES_TERRITOIRE,), sujet=False),
    message(
        "prescription.emise",
        OFFRES,
        PrescriptionEmise,
        "Prescription émise",
        (),
        (STRUCTURE_SERVICE,),
        (STRUCTURE_REFERENT, PARTICIPANT),
    ),
    message(
        "prescription.mise-a-l-etude",
        OFFRES,
        PrescriptionMiseALEtude,
        "Prescription mise à l'étude",
        (),
        REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    message(
        "prescription.acceptee",
        OFFRES,
        PrescriptionAcceptee,
        "Prescription acceptée",
        (),
        REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    message(
        "prescription.refusee",
        OFFRES,
        PrescriptionRefusee,
        "Prescription refusée",
        (),
        REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    message(
        "prescription.annulee",
        OFFRES,
        PrescriptionAnnulee,
        "Prescription annulée",
        (),
        (STRUCTURE_SERVICE, STRUCTURE_REFERENT),
        (EMETTEUR_PRESCRIPTION,),
    ),
    message(
        "prescription.relancee",
        OFFRES,
        PrescriptionRelancee,
        "Prescription relancée",
        (HUB,),
        ECHEANCE_PRESCRIPTION,
    ),
    message("prescription.expiree", OFFRES, PrescriptionExpiree, "Prescription expirée", (HUB,), ECHEANCE_PRESCRIPTION),
    message(
        "participation.commencee",
        OFFRES,
        ParticipationCommencee,
        "Participation commencée",
        (),
        REPONSE,
        (STRUCTURE_SERVICE,),
    ),
    message(
        "participation.terminee",
        OFFRES,
        ParticipationTerminee,
        "Participation terminée",
        (),
        REPONSE,
        (STRUCTURE_SERVICE,),
    ),
)
