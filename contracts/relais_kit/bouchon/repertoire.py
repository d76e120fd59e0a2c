"""The six partners of the mock, those of the demonstration of the hub. Without keys: `partenaires` gives them some."""

from datetime import date

from relais_contrats.partenaires import Convention, Partenaire, Structure
from relais_contrats.territoires import TERRITOIRES

_FIN = date(2030, 12, 31)
_ECHANGE = ("messages:deposer", "evenements:lire", "parcours:lire")
_DE_DROIT = (*_ECHANGE, "identite:resoudre", "offres:lire", "sante:lire", "pilotage:lire")
_FINALITES = ("orientation", "accompagnement", "engagement", "offre", "pilotage")


def _partenaire(
    code: str,
    genre: str,
    nom: str,
    departements: tuple[str, ...],
    scopes: tuple[str, ...],
    structure: tuple[str, str] | None,
    finalites: tuple[str, ...],
) -> Partenaire:
    structures = (Structure("siret", *structure),) if structure else ()
    conventions = tuple(Convention(finalite, _FIN) for finalite in finalites)
    return Partenaire(
        code, genre, nom, frozenset(departements), structures, conventions, frozenset(scopes), est_actif=True
    )


PARTENAIRES = (
    _partenaire(
        "cd-59",
        "departement",
        "Département du Nord",
        ("59",),
        _DE_DROIT,
        ("90000059700014", "Maison Nord Solidarités de Lille"),
        _FINALITES,
    ),
    _partenaire(
        "ft-hauts-de-france",
        "france-travail",
        "France Travail Hauts-de-France",
        ("59", "62", "80", "02", "60"),
        _DE_DROIT,
        ("90000062100012", "Agence France Travail de Lille"),
        _FINALITES,
    ),
    _partenaire(
        "ml-lille",
        "mission-locale",
        "Mission locale de Lille",
        ("59",),
        (*_ECHANGE, "offres:lire"),
        ("90000075300013", "Mission locale de Lille"),
        ("orientation", "accompagnement", "engagement", "offre"),
    ),
    _partenaire(
        "asso-mobilite",
        "association",
        "Association Mobilité pour tous",
        ("59",),
        (*_ECHANGE, "offres:lire", "offres:publier"),
        ("90000083700014", "Plateforme mobilité de Lille"),
        ("accompagnement", "offre"),
    ),
    _partenaire(
        "caf-59",
        "caf",
        "Caisse d'allocations familiales du Nord",
        ("59",),
        _ECHANGE,
        ("90000091000019", "Caf du Nord"),
        ("orientation", "accompagnement", "engagement"),
    ),
    _partenaire(
        "di-offres",
        "plateforme-offre",
        "Catalogue d'offres data·inclusion",
        tuple(sorted(TERRITOIRES)),
        ("messages:deposer", "evenements:lire", "offres:lire", "offres:publier"),
        None,
        ("offre",),
    ),
)
