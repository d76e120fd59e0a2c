"""Who may see what, written by hand a second time from CATALOGUE § 5: the oracle of the tests of a whole hub.

Nothing here asks the gateway. Of the contract only declarations are read: which group a field says it belongs to.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.v1.engagements import DispenseHeures, Engagement
from relais_contrats.v1.feuille_de_route import Action, Objectif, ObservationAjoutee
from relais_contrats.v1.orientation import ContrainteDiagnostic, MotifPreconisation
from relais_contrats.v1.partages import Identifiant
from relais_contrats.v1.vues_feuille import VueProchaine

# Why a partner takes part in a parcours.
SIGNALANT = "signalant"
"""It signalled the person and may not be told who she is: no reason to take part yet."""
TERRITOIRE, EMETTEUR, ORIENTE, REFERENT, ACCOMPAGNANT, PRESCRIT = (
    "territoire",
    "emetteur",
    "structure-orientation",
    "structure-referent",
    "accompagnant",
    "structure-service",
)
Raisons = frozenset[str]

_CONCERNE = frozenset({ORIENTE, REFERENT, ACCOMPAGNANT, PRESCRIT})
_DOSSIERS = frozenset({EMETTEUR, ORIENTE, REFERENT})

# CATALOGUE § 5, with decision 0023 (health of a mission locale) and 0006 (an association sees the orientation that
# concerns it). "si concerné", "ses dossiers", "si prescrit" name reasons to take part; "santé" the scope.
_COLONNES = ("departement", "france-travail", "mission-locale", "delegataire", "association", "caf")
_MATRICE: Mapping[str, tuple[str, ...]] = {
    "commun": ("oui", "oui", "oui", "oui", "oui", "oui"),
    "nir": ("oui", "oui", "ses dossiers", "non", "non", "oui"),
    "numeros": ("oui", "oui", "oui", "oui", "non", "oui"),
    "identite": ("oui", "oui", "oui", "oui", "si prescrit", "non"),
    "orientation": ("oui", "oui", "si concerné", "si concerné", "si concerné", "non"),
    "diagnostic": ("oui", "oui", "si concerné", "si concerné", "non", "non"),
    "sante": ("santé", "santé", "santé si concerné", "non", "non", "non"),
    "contrat": ("oui", "oui", "oui", "oui", "non", "non"),
    "sanctions": ("oui", "oui", "non", "non", "non", "oui"),
    "local": ("oui", "non", "non", "oui", "non", "non"),
    "offre": ("oui", "oui", "oui", "oui", "oui", "oui"),
}
_MEME_COLONNE = {"cap-emploi": "mission-locale", "ccas": "association", "siae": "association", "msa": "caf"}

# CATALOGUE § 3, column R, where it is not "all". "cause": who made the deposit that the hub answers to.
_RECEPTEURS: Mapping[str, frozenset[str]] = {
    "usager.signale": frozenset({"departement", "france-travail"}),
    "usager.corrige": frozenset({"departement", "france-travail"}),
    "droits.modifies": frozenset({"departement", "france-travail"}),
    "parcours.ouvert": frozenset({"cause", "departement"}),
    "parcours.rattache": frozenset({"cause", "departement"}),
    "usager.ambigu": frozenset({"cause", "departement"}),
    "usager.rapproche": frozenset({"cause", "departement", "france-travail"}),
    "orientation.dessaisie": frozenset({"departement", "france-travail"}),
    "engagement.retard": frozenset({"departement", REFERENT, ORIENTE}),
    "reexamen.du": frozenset({"departement", REFERENT, ORIENTE}),
    "manquement.signale": frozenset({"departement"}),
    "sanction.proposee": frozenset({"departement"}),
    "sanction.decidee": frozenset({"caf", "msa", "france-travail"}),
    "sanction.levee": frozenset({"caf", "msa", "france-travail"}),
}
FINS_DE_PARTAGE = frozenset({"usager.oppose", "usager.efface"})


def groupes(type_organisme: str, scopes: frozenset[str], raisons: Raisons, *, oppose: bool = False) -> frozenset[str]:
    """The groups of fields open to a partner; none when it takes no part, or no more since the person objected."""
    if not raisons - {SIGNALANT} or (oppose and not _va_apres_opposition(type_organisme, raisons)):
        return frozenset()
    colonne = _COLONNES.index(_MEME_COLONNE.get(type_organisme, type_organisme))
    ouverts = {g for g, ligne in _MATRICE.items() if _ouvre(ligne[colonne], raisons, "sante:lire" in scopes)}
    return frozenset(ouverts - ({"sante"} if oppose and type_organisme != "departement" else set()))


def _ouvre(cellule: str, raisons: Raisons, voit_sante: bool) -> bool:
    return {
        "oui": True,
        "non": False,
        "ses dossiers": bool(raisons & _DOSSIERS),
        "si concerné": bool(raisons & _CONCERNE),
        "si prescrit": PRESCRIT in raisons,
        "santé": voit_sante,
        "santé si concerné": voit_sante and bool(raisons & _CONCERNE),
    }[cellule]


def _va_apres_opposition(type_organisme: str, raisons: Raisons) -> bool:
    """Decision 0019: missions that the law gives, and who is entrusted with this very person."""
    return type_organisme in ("departement", "france-travail", "caf", "msa") or bool(raisons & {ORIENTE, REFERENT})


def recoit(fait: str, type_organisme: str, raisons: Raisons, *, est_la_cause: bool, oppose: bool = False) -> bool:
    if raisons == {SIGNALANT}:
        return fait in FINS_DE_PARTAGE
    if not raisons or (oppose and fait not in FINS_DE_PARTAGE and not _va_apres_opposition(type_organisme, raisons)):
        return False
    titres = {type_organisme, *raisons} | ({"cause"} if est_la_cause else set())
    return fait not in _RECEPTEURS or bool(_RECEPTEURS[fait] & titres)


def projette(
    modele: type[Donnees], objet: Mapping[str, Any], visibles: frozenset[str], herite: str | None = None
) -> dict[str, Any]:
    """What remains of an object. A field that its model does not declare is an error, never a field to hide."""
    par_contenu, garde = _selon_le_contenu(modele, objet), dict[str, Any]()
    for nom, valeur in objet.items():
        annonces = list(_annonces(modele.model_fields[nom].annotation)) + modele.model_fields[nom].metadata
        groupe = next((a.value for a in annonces if isinstance(a, Groupe)), modele.groupe or herite)
        enfant = next((a for a in annonces if isinstance(a, type) and issubclass(a, Donnees)), None)
        if enfant is None:
            if par_contenu.get(nom, groupe) in visibles:
                garde[nom] = valeur
        elif restes := _restes(enfant, valeur, visibles, groupe):
            garde[nom] = restes
    return garde


def _restes(enfant: type[Donnees], valeur: Any, visibles: frozenset[str], herite: str | None) -> Any:
    if isinstance(valeur, list):
        return [reste for un in valeur if (reste := projette(enfant, un, visibles, herite))]
    return projette(enfant, valeur, visibles, herite)


def _annonces(annotation: Any) -> Iterator[Any]:
    """The types inside an annotation, and what is said of them."""
    yield annotation
    for dedans in get_args(annotation):
        yield from _annonces(dedans)


_CONTRAINTES_DE_SANTE = frozenset(
    {("contrainte", "25"), ("situation", "9"), ("situation", "40"), ("objectif", "31"), ("objectif", "32")}
    | {("situation", str(code)) for code in range(15, 20)}
)
_CRITERES_DE_SANTE = frozenset(
    {"contrainte_sante", "boe", "baeeh", "esat", "boe_souhait_accompagnement", "capacite_a_travailler"}
    | {"scolarite_etablissement_specialise"}
)


def _selon_le_contenu(modele: type[Donnees], objet: Mapping[str, Any]) -> Mapping[str, str]:
    """Fields whose group depends on what the object says: identifiers by their kind, health by its marks."""
    tous = list(modele.model_fields)
    if issubclass(modele, Identifiant):
        return dict.fromkeys(tous, {"nir": "nir", "local": "local"}.get(objet["type"], "numeros"))
    if issubclass(modele, VueProchaine):
        return _echeance(tous, objet)
    return dict.fromkeys(_caches_par_la_sante(modele, objet, tous), "sante")


def _caches_par_la_sante(modele: type[Donnees], objet: Mapping[str, Any], tous: list[str]) -> list[str]:
    dit_sante = "sante" in (objet.get("sensibilite"), objet.get("theme"))
    if issubclass(modele, Engagement) and dit_sante:
        return tous
    if issubclass(modele, DispenseHeures) and objet["motif"] in ("sante", "handicap"):
        return ["motif"]
    if issubclass(modele, Objectif) and dit_sante:
        return ["theme", "libelle"]
    if issubclass(modele, Action) and dit_sante:
        return ["libelle", "prescription_id", "etat_prescription"]
    if issubclass(modele, ObservationAjoutee) and dit_sante:
        return ["texte"]
    if issubclass(modele, ContrainteDiagnostic) and (objet["niveau"], objet["code"]) in _CONTRAINTES_DE_SANTE:
        return tous
    if issubclass(modele, MotifPreconisation) and objet["critere"] in _CRITERES_DE_SANTE:
        return tous
    return []


def _echeance(tous: list[str], objet: Mapping[str, Any]) -> Mapping[str, str]:
    """A due date of the contract belongs to the contract; of health, it shows that it exists at most."""
    if objet["nature"] in ("sanction", "fin-suspension"):
        return dict.fromkeys(tous, "sanctions")
    est_du_contrat = objet["nature"] in ("signature", "reexamen", "engagement", "fin-contrat")
    if objet.get("sensibilite") == "sante":
        return dict.fromkeys(tous if est_du_contrat else ["objet", "libelle"], "sante")
    return dict.fromkeys(tous, "contrat") if est_du_contrat else {}
