"""The part of the API that is about the offer: its catalogue, searched and mirrored, and what a territory has of it."""

from collections.abc import Iterable

from relais_contrats.codes.offre import Frais, ModeAccueil, Public, Thematique, TypeService
from relais_contrats.echanges import Probleme
from relais_contrats.operations import (
    APRES,
    COMMUNE,
    CURSEUR,
    DATE,
    DEPARTEMENT,
    INCHANGE,
    PROBLEME,
    QUI,
    SI_NON,
    Operation,
    Parametre,
    Schema,
    codes_separes,
    entier,
    lu,
    rendu,
)
from relais_contrats.v1.vues_offre import (
    VueChangements,
    VueOffreDuTerritoire,
    VuePageServices,
    VuePageStructures,
    VueService,
    VueStructure,
)

_RETIRE = {410: rendu("Retiré : `retrait` dit quand (`date`) et pourquoi (`raison`).", Probleme, PROBLEME)}


def _un_nombre(minimum: float, maximum: float) -> Schema:
    return {"type": "number", "minimum": minimum, "maximum": maximum}


def _codes(nom: str, texte: str, codes: Iterable[str]) -> Parametre:
    return Parametre(
        nom,
        f"{texte} Codes séparés par des virgules : l'un d'eux suffit.",
        codes_separes(codes),
        est_une_liste_de_codes=True,
    )


_CATEGORIES = dict.fromkeys(code.partition("--")[0] for code in Thematique)
_FACETTES = ("thematiques", "types", "publics", "frais", "modes_accueil", "sources")
_SOURCE: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
_SOURCES: Schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}(,[a-z0-9][a-z0-9_-]{0,63})*$"}
_MOTS: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"}
_ID = Parametre(
    "id",
    "Identifiant : `<source>--<clé chez elle>`.",
    {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}--[A-Za-z0-9._~-]{1,150}$"},
    requis=True,
    a_des_barres=True,
)


OFFRES = (
    Operation(
        "GET",
        "/v1/offres/services",
        "Chercher des services, autour d'une commune ou d'un point",
        "offres:lire",
        lu("Une page.", VuePageServices) | INCHANGE,
        (
            Parametre("code_commune", "Commune de la personne : son centre, et les zones qui l'admettent.", COMMUNE),
            Parametre("lat", "Latitude, avec `lon` ; prime sur le centre de la commune.", _un_nombre(-90, 90)),
            Parametre("lon", "Longitude, avec `lat`.", _un_nombre(-180, 180)),
            Parametre("rayon_km", "Rayon autour du lieu ; 50 par défaut.", _un_nombre(0.1, 200)),
            Parametre("q", "Mots du nom ou de la description ; ceux du nom supportent une faute de frappe.", _MOTS),
            _codes("thematiques", "Thématiques, ou catégories qui commencent leur nom.", (*Thematique, *_CATEGORIES)),
            _codes("types", "Types de service.", TypeService),
            _codes("publics", "Publics ; un service à tous publics les accueille.", Public),
            _codes("frais", "Frais.", Frais),
            _codes("modes_accueil", "Modes d'accueil.", ModeAccueil),
            Parametre("sources", "Producteurs, séparés par des virgules.", _SOURCES),
            Parametre("maj_depuis", "Mis à jour ce jour ou après.", DATE),
            _codes("facettes", "Par quoi compter toute la liste.", _FACETTES),
            APRES,
            Parametre("limite", "Services par page ; 20 par défaut.", entier(1, 100)),
        ),
        en_tetes=(SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/services/{id}",
        "Lire un service",
        "offres:lire",
        lu("Le service.", VueService) | INCHANGE | _RETIRE,
        cle=_ID,
        en_tetes=(SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/structures",
        "Lister les structures",
        "offres:lire",
        lu("Une page.", VuePageStructures) | INCHANGE,
        (
            Parametre("departement", "Code du territoire.", DEPARTEMENT),
            Parametre("code_commune", "Code INSEE de la commune.", COMMUNE),
            Parametre("siret", "SIRET, 14 chiffres.", {"type": "string", "pattern": "^[0-9]{14}$"}),
            Parametre("source", "Producteur.", _SOURCE),
            APRES,
            Parametre("limite", "Structures par page ; 20 par défaut.", entier(1, 100)),
        ),
        en_tetes=(SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/structures/{id}",
        "Lire une structure, et celles qui lui ressemblent",
        "offres:lire",
        lu("La structure.", VueStructure) | INCHANGE | _RETIRE,
        cle=_ID,
        en_tetes=(SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/offres/changements",
        "Suivre le catalogue : publications et retraits depuis une position",
        "offres:lire",
        lu("Une page.", VueChangements) | INCHANGE,
        (
            Parametre("apres", "`curseur` gardé de la dernière fois ; absent : tout le catalogue.", CURSEUR),
            Parametre("limite", "Changements par page ; 500 par défaut.", entier(1, 1000)),
        ),
        en_tetes=(SI_NON,),
    ),
    Operation(
        "GET",
        "/v1/statistiques/offres",
        "L'offre d'un département, et comment les prescriptions y sont reçues",
        "pilotage:lire",
        lu("Les comptes.", VueOffreDuTerritoire) | INCHANGE,
        (
            Parametre("departement", "Un territoire de la convention.", DEPARTEMENT, requis=True),
            Parametre("depuis", "Prescriptions émises depuis le mois de ce jour.", DATE),
        ),
        en_tetes=(*QUI, SI_NON),
    ),
)
