"""Answers of the catalogue of offers: searches, records, changes, and the offer of a territory. Records travel as they
were published, with what a search adds; none is about a person.
"""

from typing import Annotated, ClassVar, Literal

from relais_contrats.codes.offre import MotifRefusPrescription
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1.offres import IdOffre, Latitude, Longitude, ServicePublie, StructurePubliee
from relais_contrats.valeurs import Booleen, DateIso, Departement, Entier, Nombre, Texte, dit

_SUITE = dit("Curseur de la page suivante, à donner en `apres` ; null à la dernière.")
_VERSION = dit("Version du catalogue à laquelle la liste est lue ; celle de la première page vaut pour toutes.")


class VueService(ServicePublie):
    """Un service tel qu'il est publié, et ce que le catalogue en dit."""

    score_qualite: Annotated[
        Nombre, dit("De 0 à 1, selon `score_qualite` de data·inclusion.", "data-inclusion-schema", ge=0, le=1)
    ]
    distance_km: Annotated[
        Nombre | None, dit("Distance à vol d'oiseau du lieu cherché, s'il est dans le rayon.", ge=0)
    ] = None
    localisation: Annotated[
        Literal["centre-de-la-commune"] | None,
        dit("Présent si le service ne dit que sa commune : c'est à son centre qu'il est cherché."),
    ] = None


class VueLieu(Donnees):
    """Le lieu autour duquel la recherche a été faite."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    latitude: Annotated[Latitude, dit("Latitude WGS 84, en degrés.")]
    longitude: Annotated[Longitude, dit("Longitude WGS 84, en degrés.")]
    rayon_km: Annotated[Nombre, dit("Rayon, en kilomètres.")]
    centre: Annotated[
        Literal["point", "geonames", "services", "ville", "code-postal", "epci", "departement"],
        dit("D'où vient ce point : donné, centre de la commune, ou moyenne de ce qui l'entoure."),
    ]


class VuePageServices(Donnees):
    """Une page d'une recherche de services."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    version: Annotated[Entier, _VERSION]
    services: Annotated[list[VueService], dit("Les plus proches d'abord ; avec `q`, les plus pertinents d'abord.")]
    suite: Annotated[str | None, _SUITE] = None
    lieu: Annotated[VueLieu | None, dit("Présent si la recherche a un lieu.")] = None
    total: Annotated[Entier | None, dit("Services de toute la liste, si `facettes` est demandé.")] = None
    facettes: Annotated[
        dict[str, dict[str, int]] | None, dit("Par facette demandée, le nombre de services de chaque code.")
    ] = None


class VueDoublonProbable(Donnees):
    """Une autre structure, qui est probablement la même. Le hub le dit et ne les fond jamais."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    id: Annotated[IdOffre, dit("Clé de l'autre structure.")]
    raison: Annotated[Literal["siret", "nom-et-adresse"], dit("Ce qu'elles ont en commun.")]


class VueStructure(StructurePubliee):
    """Une structure telle qu'elle est publiée."""

    doublons_probables: Annotated[
        list[VueDoublonProbable] | None, dit("Structures qui lui ressemblent ; absent des listes.")
    ] = None


class VuePageStructures(Donnees):
    """Une page de structures, dans l'ordre de leur publication."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    version: Annotated[Entier, _VERSION]
    structures: Annotated[list[VueStructure], dit("Les structures.")]
    suite: Annotated[str | None, _SUITE] = None


class VueChangement(Donnees):
    """Une publication, qui remplace ce qui porte la même clé, ou un retrait."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    nature: Annotated[Literal["publication", "retrait"], dit("Ce qui est arrivé.")]
    genre: Annotated[Literal["structure", "service"], dit("À quoi.")]
    id: Annotated[IdOffre, dit("Sa clé.")]
    donnees: Annotated[ServicePublie | StructurePubliee | None, dit("La fiche publiée, selon son genre.")] = None
    date: Annotated[DateIso | None, dit("Date du retrait.")] = None
    raison: Annotated[Texte | None, dit("Raison du retrait.")] = None


class VueChangements(Donnees):
    """Ce qui a changé depuis une position. Chaque fiche y est une fois, dans son dernier état."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    changements: Annotated[list[VueChangement], dit("Dans l'ordre où les appliquer.")]
    curseur: Annotated[str, dit("Toujours présent : à garder, et à donner en `apres` la prochaine fois.")]
    reste: Annotated[Booleen, dit("Vrai s'il y en a d'autres dès maintenant.")]


class VueThematique(Donnees):
    """Les services d'une thématique dans un département."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    thematique: Annotated[str, dit("Code de la thématique.")]
    services: Annotated[Entier, dit("Services situés dans le département.")]
    a_revoir: Annotated[Entier, dit("Dont ceux que personne n'a mis à jour depuis six mois.")]


class VueCatalogueDuTerritoire(Donnees):
    """L'offre publiée dans un département."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    departement: Annotated[Departement, dit("Code du département.")]
    services: Annotated[Entier, dit("Services qui y sont situés.")]
    structures: Annotated[Entier, dit("Structures qui les rendent.")]
    a_revoir: Annotated[Entier, dit("Services que personne n'a mis à jour depuis six mois.")]
    perimes: Annotated[Entier, dit("Services que personne n'a mis à jour depuis deux ans.")]
    part_a_revoir: Annotated[Nombre | None, dit("Part à revoir, de 0 à 1 ; absente sans service.")] = None
    part_perimes: Annotated[Nombre | None, dit("Part périmée, de 0 à 1 ; absente sans service.")] = None
    thematiques: Annotated[list[VueThematique], dit("Les plus fournies d'abord.")]


class VuePrescriptionsDuTerritoire(Donnees):
    """Ce que sont devenues les prescriptions d'un département et d'un mois.

    Aucun chiffre ne porte sur moins de 11 personnes, ni seul ni par soustraction : il est alors absent.
    """

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    departement: Annotated[Departement, dit("Code du département.")]
    mois: Annotated[str, dit("Mois d'émission, AAAA-MM.", pattern="^[0-9]{4}-[0-9]{2}$")]
    nombre: Annotated[Entier, dit("Prescriptions émises dans le mois.")]
    repondues: Annotated[Entier | None, dit("Dont celles qui ont reçu une réponse.")] = None
    reponse_mediane_jours: Annotated[Nombre | None, dit("Jours jusqu'à la première réponse, en médiane.")] = None
    expirees: Annotated[Entier | None, dit("Dont celles qui ont expiré.")] = None
    etats: Annotated[dict[str, int], dit("Nombre par état.")]
    motifs_refus: Annotated[
        dict[MotifRefusPrescription, int], dit("Refus par motif ; un refus de deux motifs compte sous chacun.")
    ]


class VueOffreDuTerritoire(Donnees):
    """L'offre d'un département, et comment les prescriptions y sont reçues."""

    groupe: ClassVar[Groupe | None] = Groupe.OFFRE

    catalogue: Annotated[VueCatalogueDuTerritoire, dit("Ce qui est publié.")]
    prescriptions: Annotated[
        list[VuePrescriptionsDuTerritoire],
        dit("Une ligne par mois de 11 personnes au moins, depuis le jour demandé."),
    ]
