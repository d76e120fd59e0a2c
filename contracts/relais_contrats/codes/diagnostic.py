"""The France Travail constraint reference: constraints, situations and objectives, with their levels.

A number means something only within its level (contrainte 27 is not situation 27), objectives 1 to 3 are even numbered
twice (digital and family), and two public copies of the reference swap 27 and 28: hence (niveau, code, libelle,
referentiel) always travel together.
"""

from typing import NamedTuple

from relais_contrats.codes.liste import Code


class NiveauContrainte(Code):
    """Niveau d'un élément du référentiel des contraintes."""

    CONTRAINTE = "contrainte", "Contrainte, code 22 à 29."
    SITUATION = "situation", "Situation observée dans une contrainte."
    OBJECTIF = "objectif", "Objectif fixé pour lever une contrainte."


class ValeurContrainte(Code):
    """Valeur d'un élément : chaque niveau a les siennes."""

    NON_ABORDEE = "non-abordee", "Non abordée (contrainte ou situation)."
    OUI = "oui", "Oui (contrainte ou situation)."
    CLOTUREE = "cloturee", "Contrainte levée."
    NON = "non", "Situation absente."
    NON_ABORDE = "non-aborde", "Objectif non abordé."
    EN_COURS = "en-cours", "Objectif en cours."
    REALISE = "realise", "Objectif réalisé."
    ABANDONNE = "abandonne", "Objectif abandonné."


VALEURS_PAR_NIVEAU: dict[str, tuple[str, ...]] = {
    "contrainte": ("non-abordee", "oui", "cloturee"),
    "situation": ("non-abordee", "oui", "non"),
    "objectif": ("non-aborde", "en-cours", "realise", "abandonne"),
}


class Impact(Code):
    """Impact d'une contrainte sur la recherche d'emploi."""

    NON_RENSEIGNE = "non-renseigne", "Non renseigné."
    FAIBLE = "faible", "Faible."
    MOYEN = "moyen", "Moyen."
    FORT = "fort", "Fort."


class ElementReferentiel(NamedTuple):
    """Un élément du référentiel ; `contrainte` est le code de la contrainte dont il dépend."""

    niveau: NiveauContrainte
    code: str
    libelle: str
    contrainte: str


REFERENTIEL_VERSION = "ft-v4"
CONTRAINTE_SANTE_CODE = "25"
# Health facts that the reference files under another constraint: unfit to drive, disabled child.
SITUATIONS_DE_SANTE_HORS_25 = frozenset({"9", "40"})

# fmt: off
_TABLE: dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]] = {
    ("22", "Numérique"): (
        {
            "42": "Absence d'équipement", "43": "Ordinateur", "44": "Smartphone", "45": "Tablette",
            "46": "Non-maîtrise de l'équipement", "47": "Absence de connexion : zone blanche",
            "48": "Absence de connexion : refus", "49": "Absence de connexion : autre", "50": "Messagerie",
            "51": "Mobilité vers un espace numérique", "52": "Démarches en ligne", "53": "Pix emploi inférieur à 50 %",
        },
        {"1": "Équipement", "2": "Connexion", "3": "Fondamentaux du numérique"},
    ),
    ("23", "Mobilité"): (
        {
            "6": "Aucun moyen de transport", "7": "Dépendant des transports en commun",
            "8": "Permis non valide", "40": "Santé incompatible avec la conduite",
        },
        {
            "25": "Faire un point complet sur sa mobilité", "26": "Accéder à un véhicule",
            "27": "Entretenir ou réparer son véhicule", "28": "Obtenir le permis",
            "29": "Trouver une solution de transport", "30": "Lever un frein psychologique à la mobilité",
        },
    ),
    ("24", "Famille"): (
        {
            "9": "Enfant en situation de handicap", "10": "Contraintes horaires", "11": "Aidant familial",
            "12": "Autres contraintes familiales", "13": "Enfant de moins de 3 ans sans solution de garde",
            "14": "Attend un enfant",
        },
        {
            "1": "Prise en charge d'une personne dépendante", "2": "Garde d'enfant", "3": "Parentalité",
            "4": "Conflit, séparation", "5": "Statut d'aidant", "6": "Rompre l'isolement",
        },
    ),
    ("25", "Santé"): (
        {
            "15": "Entrave à l'exercice de certains métiers", "16": "Couverture sociale",
            "17": "Ne permet plus d'exercer l'activité", "18": "Pas de reprise immédiate",
            "19": "Absences régulières",
        },
        {"31": "Accéder aux droits et aux soins", "32": "Adapter ses comportements de santé"},
    ),
    ("26", "Lecture, écriture, calcul"): (
        {"20": "Français écrit", "21": "Français lu", "22": "Français parlé", "23": "Calcul"},
        {"23": "Maîtriser le français", "24": "Maîtriser le calcul"},
    ),
    ("27", "Logement"): (
        {
            "24": "Sans hébergement", "25": "Logement insalubre", "26": "Loyer trop élevé",
            "27": "Doit quitter son logement", "28": "Logement rural isolé", "41": "Logement à adapter",
        },
        {
            "17": "Se maintenir dans le logement", "18": "Réduire les impayés", "19": "Hébergement temporaire",
            "20": "Accéder à un logement", "21": "Changer de logement", "22": "Faire les démarches de logement",
        },
    ),
    ("28", "Financier"): (
        {
            "29": "Sans ressource", "30": "Baisse de ressources", "31": "Gestion du budget",
            "32": "Surendettement", "33": "Difficulté alimentaire", "34": "Ressources précaires",
        },
        {"13": "Gérer son budget", "14": "Traiter l'endettement", "15": "Autonomie budgétaire",
         "16": "Mesure de protection"},
    ),
    ("29", "Administratif et juridique"): (
        {
            "35": "Démarches administratives", "36": "Accès aux droits", "37": "Difficulté juridique",
            "38": "Pièce d'identité", "39": "Avis d'imposition",
        },
        {
            "7": "Faire face à une discrimination", "8": "Problématique judiciaire", "9": "Appui aux démarches",
            "10": "Accès aux droits", "11": "Mesure d'accompagnement adaptée", "12": "Accès à la citoyenneté",
        },
    ),
}
# fmt: on


def _elements() -> tuple[ElementReferentiel, ...]:
    liste: list[ElementReferentiel] = []
    for (contrainte, libelle), (situations, objectifs) in _TABLE.items():
        liste.append(ElementReferentiel(NiveauContrainte.CONTRAINTE, contrainte, libelle, contrainte))
        liste += [ElementReferentiel(NiveauContrainte.SITUATION, c, t, contrainte) for c, t in situations.items()]
        liste += [ElementReferentiel(NiveauContrainte.OBJECTIF, c, t, contrainte) for c, t in objectifs.items()]
    return tuple(liste)


REFERENTIEL: tuple[ElementReferentiel, ...] = _elements()


def elements(niveau: str, code: str) -> tuple[ElementReferentiel, ...]:
    """The elements of the known reference under this level and number: one, or none, or two homonyms."""
    return _PAR_CLE.get((niveau, code), ())


_PAR_CLE = {
    (str(e.niveau), e.code): tuple(f for f in REFERENTIEL if (f.niveau, f.code) == (e.niveau, e.code))
    for e in REFERENTIEL
}


def est_sante(niveau: object, code: object, referentiel: object) -> bool:
    """Whether an element tells something about health.

    An element of an unknown reference, or an unknown code, counts as health: the numbers cannot be trusted then,
    and showing too little is repaired more easily than showing too much.
    """
    if referentiel != REFERENTIEL_VERSION:
        return True
    trouves = elements(str(niveau), str(code))
    return not trouves or any(
        e.contrainte == CONTRAINTE_SANTE_CODE
        or (e.niveau is NiveauContrainte.SITUATION and e.code in SITUATIONS_DE_SANTE_HORS_25)
        for e in trouves
    )
