"""The part of the API that is about the offer: its catalogue, searched and mirrored, and what a territory has of it."""

from relais_contrats.codes.liste import Code
from relais_contrats.codes.offre import Frais, ModeAccueil, Public, Thematique, TypeService
from relais_contrats.operations import DATE, Operation, Parametre, Schema, entier, lu, ref

_PROBLEME = "application/problem+json"
_SI_NON = Parametre("If-None-Match", "ETag déjà détenu : 304 si rien n'a changé.")
_APRES = Parametre("apres", "Curseur `suite` de la page précédente : la même question, à la même version.")
_QUI = (
    Parametre("Relais-Agent", "Qui consulte : « nom prenom identifiant », ou « batch »."),
    Parametre("Relais-Finalite", "`pilotage`, parmi les finalités de la convention."),
)
_RETIRE = {410: ("Retiré : `retrait` dit quand (`date`) et pourquoi (`raison`).", _PROBLEME, ref("Probleme"))}


def _un_nombre(minimum: float, maximum: float) -> Schema:
    return {"type": "number", "minimum": minimum, "maximum": maximum}


def _codes(nom: str, texte: str, codes: type[Code]) -> Parametre:
    exemple = {"type": "string", "examples": [next(iter(codes)).value]}
    return Parametre(nom, f"{texte} Codes séparés par des virgules : l'un d'eux suffit.", exemple)


OFFRES = (
    Operation(
        "GET",
        "/v1/offres/services",
        "Chercher des services, autour d'une commune ou d'un point",
        "offres:lire",
        lu("Une page.", ref("VuePageServices")),
        (
            Parametre("code_commune", "Commune de la personne : son centre, et les zones qui l'admettent."),
            Parametre("lat", "Latitude, avec `lon` ; prime sur le centre de la commune.", _un_nombre(-90, 90)),
            Parametre("lon", "Longitude, avec `lat`.", _un_nombre(-180, 180)),
            Parametre("rayon_km", "Rayon autour du lieu ; 50 par défaut.", _un_nombre(0.1, 200)),
            Parametre("q", "Mots du nom ou de la description ; ceux du nom supportent une faute de frappe."),
            _codes("thematiques", "Thématiques, ou catégories qui commencent leur nom.", Thematique),
            _codes("types", "Types de service.", TypeService),
            _codes("publics", "Publics ; un service à tous publics les accueille.", Public),
            _codes("frais", "Frais.", Frais),
            _codes("modes_accueil", "Modes d'accueil.", ModeAccueil),
            Parametre("sources", "Producteurs, séparés par des virgules."),
            Parametre("maj_depuis", "Mis à jour ce jour ou après.", DATE),
            Parametre(
                "facettes",
                "Compter toute la liste par `thematiques`, `types`, `publics`, `frais`, `modes_accueil` ou `sources`.",
            ),
            _APRES,
            Parametre("limite", "Services par page ; 20 par défaut.", entier(1, 100)),
        ),
        en_tetes=(_SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/services/{id}",
        "Lire un service",
        "offres:lire",
        {**lu("Le service.", ref("VueService")), **_RETIRE},
        en_tetes=(_SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/structures",
        "Lister les structures",
        "offres:lire",
        lu("Une page.", ref("VuePageStructures")),
        (
            Parametre("departement", "Code du département."),
            Parametre("code_commune", "Code INSEE de la commune."),
            Parametre("siret", "SIRET, 14 chiffres."),
            Parametre("source", "Producteur."),
            _APRES,
            Parametre("limite", "Structures par page ; 20 par défaut.", entier(1, 100)),
        ),
        en_tetes=(_SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/structures/{id}",
        "Lire une structure, et celles qui lui ressemblent",
        "offres:lire",
        {**lu("La structure.", ref("VueStructure")), **_RETIRE},
        en_tetes=(_SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/changements",
        "Suivre le catalogue : publications et retraits depuis une position",
        "offres:lire",
        lu("Une page.", ref("VueChangements")),
        (
            Parametre("apres", "`curseur` gardé de la dernière fois ; absent : tout le catalogue."),
            Parametre("limite", "Changements par page ; 500 par défaut.", entier(1, 1000)),
        ),
        en_tetes=(_SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/statistiques/offres",
        "L'offre d'un département, et comment les prescriptions y sont reçues",
        "pilotage:lire",
        lu("Les comptes.", ref("VueOffreDuTerritoire")),
        (
            Parametre("departement", "Un département de la convention.", requis=True),
            Parametre("depuis", "Prescriptions émises depuis ce jour.", DATE),
        ),
        en_tetes=(*_QUI, _SI_NON),
    ),
)
