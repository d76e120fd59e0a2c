"""Objects that several briques carry: an identifier, a structure, a professional."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from relais_contrats import identifiants as ident
from relais_contrats.codes.acteurs import SystemeStructure
from relais_contrats.codes.usagers import Role, TypeIdentifiant
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import FormatSelon, Regle, Requis, Semantique
from relais_contrats.saisies import numero_de_remplissage
from relais_contrats.v1 import delais
from relais_contrats.valeurs import (
    REGLES_DE_VALEUR,
    CodeLocal,
    Courriel,
    DateIso,
    NomPropre,
    SansNir,
    TelephoneDeService,
    TexteCourt,
    dit,
)

EcheanceOrientation = Annotated[
    DateIso, dit(f"Dernier jour du délai : réception + {delais.ORIENTATION.jours} jours.", delais.ORIENTATION.source)
]

_GROUPE_PAR_TYPE: Mapping[str, Groupe] = {
    TypeIdentifiant.NIR: Groupe.NIR,
    TypeIdentifiant.LOCAL: Groupe.LOCAL,
}


def _nir_coherent(valeurs: Mapping[str, Any]) -> bool:
    nir = valeurs["valeur"]
    if valeurs["type"] != "nir" or len(nir) not in (13, 15):
        return True
    try:
        return ident.nir_est_coherent(nir)
    except ValueError:
        # A malformed number is already refused by its format: do not blame the key as well.
        return True


def _siret_coherent(valeurs: Mapping[str, Any]) -> bool:
    siret = valeurs["valeur"]
    return (
        valeurs["systeme"] != "siret"
        or re.fullmatch(ident.MOTIF_SIRET, siret) is None
        or (ident.siret_est_coherent(siret))
    )


class Identifiant(Donnees):
    """Un identifiant de la personne, avec sa nature. Son groupe de droits dépend de sa nature."""

    groupe: ClassVar[Groupe | None] = Groupe.NUMEROS
    regles: ClassVar[tuple[Regle, ...]] = (
        FormatSelon(
            "valeur",
            "type",
            {
                "nir": (ident.MOTIF_NIR, "un NIR de 13 ou 15 caractères, sans espace"),
                "numero-france-travail": (
                    ident.MOTIF_NUMERO_FRANCE_TRAVAIL,
                    "11 chiffres, ou 7 chiffres suivis d'un chiffre ou d'une lettre majuscule",
                ),
                "matricule-caf": (ident.MOTIF_MATRICULE, "15 chiffres ou lettres majuscules au plus"),
                "matricule-msa": (ident.MOTIF_MATRICULE, "15 chiffres ou lettres majuscules au plus"),
                "numero-demande-rsa": (ident.MOTIF_NUMERO_DEMANDE_RSA, "11 chiffres"),
                "imilo": (ident.MOTIF_IMILO, "un entier positif de 15 chiffres au plus"),
                "local": (
                    ident.MOTIF_LOCAL,
                    "64 signes au plus parmi les lettres sans accent, les chiffres et . _ / : -",
                ),
            },
        ),
        Semantique(
            "numero-de-remplissage",
            "valeur",
            "identifiant-invalide",
            "Ce numéro est mis pour un numéro inconnu : n'envoyez que ceux que vous connaissez.",
            lambda v: not numero_de_remplissage(v["valeur"]),
        ),
        Semantique("nir-cle", "valeur", *REGLES_DE_VALEUR["nir-cle"], _nir_coherent),
        Requis(("role",), {"type": ("matricule-caf", "matricule-msa")}),
    )

    type: Annotated[TypeIdentifiant, dit("Nature de l'identifiant.")]
    valeur: Annotated[
        str,
        dit(
            "Valeur, sans espace ni séparateur.",
            "CNAF, France Travail, INSEE selon la nature",
            min_length=1,
            max_length=64,
        ),
    ]
    role: Annotated[
        Role | None,
        dit(
            "Rôle de la personne dans le foyer. Un matricule désigne un foyer entier : le rôle est alors obligatoire.",
            "CNAF ROLEPERS",
        ),
    ] = None

    @classmethod
    def groupes_selon(cls, objet: Mapping[str, Any]) -> Mapping[str, Groupe]:
        groupe = _GROUPE_PAR_TYPE.get(str(objet.get("type")), Groupe.NUMEROS)
        if ident.a_la_forme_d_un_nir(str(objet.get("valeur", ""))):
            groupe = Groupe.NIR  # whatever it is said to be: at the MSA the matricule is the NIR
        return dict.fromkeys(("type", "valeur", "role"), groupe)


class Structure(Donnees):
    """Une structure : l'établissement ou le service qui accueille, dans le référentiel où il est connu."""

    regles: ClassVar[tuple[Regle, ...]] = (
        FormatSelon(
            "valeur",
            "systeme",
            {
                "siret": (ident.MOTIF_SIRET, "un SIRET de 14 chiffres"),
                "safir": (ident.MOTIF_SAFIR, "un code SAFIR de 5 chiffres"),
                "aurore": (ident.MOTIF_CODE_STRUCTURE, "un code Aurore de 64 signes au plus"),
                "local": (
                    ident.MOTIF_CODE_STRUCTURE,
                    "64 signes au plus parmi les lettres sans accent, les chiffres et . _ / : -",
                ),
            },
        ),
        Semantique("siret-luhn", "valeur", *REGLES_DE_VALEUR["siret-luhn"], _siret_coherent),
    )

    systeme: Annotated[SystemeStructure, dit("Référentiel du code.")]
    valeur: Annotated[
        str,
        dit("Code de la structure dans ce référentiel.", "INSEE SIRENE, France Travail", min_length=1, max_length=64),
        SansNir,
    ]
    nom: Annotated[TexteCourt, dit("Nom d'usage de la structure.")]


class Professionnel(Donnees):
    """Un professionnel : le référent unique ou un accompagnant. Ses coordonnées sont professionnelles."""

    nom: Annotated[NomPropre, dit("Nom du professionnel.")]
    prenom: Annotated[NomPropre, dit("Prénom du professionnel.")]
    courriel: Annotated[Courriel, dit("Courriel professionnel.")]
    telephone: Annotated[
        TelephoneDeService | None, dit("Téléphone professionnel, ou numéro court du service (3949, 115).")
    ] = None
    identifiant_agent: Annotated[
        CodeLocal,
        dit("Identifiant de l'agent dans le système de sa structure. Il n'existe pas d'identifiant national."),
    ]


ListeIdentifiants = Annotated[list[Identifiant], Field(min_length=1, max_length=20)]
