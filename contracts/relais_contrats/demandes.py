"""What a query string asks, beyond the form that `parametres` refuses: numbers, codes, days, instants, lists.

The hub and its mock read it, and refuse with it; nothing is echoed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from relais_contrats import valeurs
from relais_contrats.catalogue import CATALOGUE, par_type_cloudevents
from relais_contrats.lecture import Erreur
from relais_contrats.operations import MOTIF_JOUR, MOTIF_MOMENT, MOTIF_NUMERO
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem, invalid
from relais_contrats.reception import ligne_de_refus

_JOUR, _MOMENT, _NUMERO = re.compile(MOTIF_JOUR), re.compile(MOTIF_MOMENT), re.compile(MOTIF_NUMERO)
Requete = Mapping[str, str]

ETATS_DEPOT = ("en-attente", "accepte", "refuse", "rebut", "ecarte")
ETATS_LIVRAISON = ("a-livrer", "en-echec", "livre", "sans-objet", "retenu")
TRANSFERT_EN_ATTENTE = "transfert-en-attente"
_ETATS_PARCOURS = ("actif", "ambigu", "clos", "signale", TRANSFERT_EN_ATTENTE)
_ORIENTATIONS = ("ouverte", "aucune")
_SENS = ("depose", "recu")


def nombre(texte: str | None, nom: str, defaut: int, maximum: int, minimum: int = 1) -> int:
    """Raises a Problem for anything but an integer of the range."""
    if texte is None:
        return defaut
    if not (texte.isascii() and texte.isdigit() and len(texte) <= 6 and minimum <= int(texte) <= maximum):
        raise invalid(nom, f"Un entier de {minimum} à {maximum} est attendu.")
    return int(texte)


def identifiant(texte: str, nom: str) -> UUID:
    """Of a delivery or of a subscription. Raises a Problem."""
    try:
        return UUID(texte)
    except ValueError:
        raise invalid(nom, "Un identifiant (UUID) est attendu.") from None


def un_de(texte: str | None, nom: str, valeurs_: Sequence[str]) -> str | None:
    """Raises a Problem for a code that is not in the list."""
    if texte is not None and texte not in valeurs_:
        raise Problem("code-inconnu", erreurs=[Erreur(nom, "code-inconnu", f"Valeurs : {', '.join(valeurs_)}.")])
    return texte


def jour(texte: str | None, nom: str) -> date | None:
    """`AAAA-MM-JJ`. Raises a Problem."""
    if texte is None:
        return None
    try:
        if _JOUR.fullmatch(texte) is None:
            raise ValueError(nom)
        return date.fromisoformat(texte)
    except ValueError:
        raise invalid(nom, "Une date AAAA-MM-JJ est attendue.") from None


def moment(texte: str | None, nom: str) -> datetime | None:
    """RFC 3339 with its T; a `+` that the query string turned into a space is understood. Raises a Problem."""
    if texte is None:
        return None
    try:
        ecrit = texte.replace(" ", "+")
        if _MOMENT.fullmatch(ecrit) is None:
            raise ValueError(nom)
        return valeurs.instant(ecrit.upper())
    except ValueError:
        raise invalid(nom, "Un instant RFC 3339 avec son décalage est attendu.") from None


def borne(texte: str | None, nom: str) -> int | datetime | None:
    """A number of a suite, or an instant. Raises a Problem."""
    if texte is None or not texte.isdigit():
        return moment(texte, nom)
    if _NUMERO.fullmatch(texte) is None:
        raise invalid(nom, "Un numéro s'écrit en chiffres de 0 à 9, quinze au plus, sans zéro devant.")
    return int(texte)


def types_courts(types: Sequence[str], pointeur: str) -> list[str]:
    """Message types as written (`orientation.decidee`, or the CloudEvents type) to short names. Raises a Problem."""
    courts = []
    for rang, texte in enumerate(types):
        message = par_type_cloudevents(texte) or CATALOGUE.get(texte)
        if message is None:
            ou = f"{pointeur}/{rang}" if pointeur.startswith("/") else pointeur
            erreur = Erreur(ou, "code-inconnu", "Ce type de message n'existe pas au catalogue.")
            raise Problem("code-inconnu", erreurs=[erreur])
        courts.append(message.nom)
    return list(dict.fromkeys(courts))


def curseur_inconnu() -> Problem:
    """Of a list: altered, of another partner, or of another question."""
    return invalid("apres", "Ce curseur n'a pas été donné par le hub à ce partenaire pour cette liste.")


def depart_du_fil(requete: Requete) -> datetime | None:
    """From which instant the feed is read again; None without `depuis`, which excludes `apres`. Raises a Problem."""
    depuis = moment(requete.get("depuis"), "depuis")
    if "apres" in requete and depuis is not None:
        raise invalid("depuis", "`apres` et `depuis` s'excluent.")
    return depuis


def dans_son_territoire(departement: str | None, partenaire: Partenaire, pointeur: str = "departement") -> None:
    """Raises a Problem for a territory that is not one of the partner's."""
    if departement is not None and departement not in partenaire.departements:
        raise Problem("hors-territoire", erreurs=[ligne_de_refus("hors-territoire", pointeur)])


@dataclass(frozen=True, slots=True)
class DepotsDemandes:
    """`GET /v1/messages`; `type` is the short name."""

    etat: str | None
    type: str | None
    depuis: datetime | None


def depots_demandes(requete: Requete) -> DepotsDemandes:
    """Raises a Problem."""
    return DepotsDemandes(
        un_de(requete.get("etat"), "etat", ETATS_DEPOT),
        types_courts([requete["type"]], "type")[0] if "type" in requete else None,
        moment(requete.get("depuis"), "depuis"),
    )


@dataclass(frozen=True, slots=True)
class Periode:
    """`GET /v1/reconciliation`: [du, au[, of what was deposited (`depose`) or received (`recu`)."""

    du: datetime
    au: datetime
    sens: str


def periode_demandee(requete: Requete) -> Periode:
    """Raises a Problem."""
    du, au = moment(requete.get("du"), "du"), moment(requete.get("au"), "au")
    sens = un_de(requete.get("sens"), "sens", _SENS)
    if du is None or au is None or sens is None or du >= au:
        raise invalid("", "`du`, `au` (instants, `du` avant `au`) et `sens` sont attendus.")
    return Periode(du, au, sens)


def jour_clos(requete: Requete, maintenant: datetime) -> datetime:
    """The beginning of the day (UTC) whose root is asked. Raises a Problem while a receipt of it may yet be written."""
    demande = jour(requete.get("jour"), "jour")
    debut = datetime.combine(demande, time(), UTC) if demande else maintenant
    if debut > maintenant - timedelta(days=1, minutes=15):
        raise invalid("jour", "Un jour fini depuis un quart d'heure est attendu (UTC).")
    return debut


@dataclass(frozen=True, slots=True)
class ParcoursDemandes:
    """`GET /v1/parcours`. `structure`: system and value. `orientation`: whether one is open, as the partner sees it."""

    departement: str | None
    etat: str | None
    structure: tuple[str, str] | None
    echeance_avant: date | None
    orientation: str | None = None

    @property
    def n_a_rien(self) -> bool:
        """Nothing falls due, and nobody follows, before an opening or after an end."""
        return self.etat not in (None, "actif") and bool(self.echeance_avant or self.structure)

    def garde(self, vue: Mapping[str, object]) -> bool:
        return self.orientation is None or ("ouverte" in vue) == (self.orientation == "ouverte")


def parcours_demandes(requete: Requete, partenaire: Partenaire) -> ParcoursDemandes:
    """Raises a Problem."""
    demande = ParcoursDemandes(
        departement=requete.get("departement"),
        etat=un_de(requete.get("etat"), "etat", _ETATS_PARCOURS),
        structure=_structure(requete["structure"]) if "structure" in requete else None,
        echeance_avant=jour(requete.get("echeance_avant"), "echeance_avant"),
        orientation=un_de(requete.get("orientation"), "orientation", _ORIENTATIONS),
    )
    autre = demande.structure or demande.echeance_avant or demande.etat == TRANSFERT_EN_ATTENTE
    if demande.orientation and autre:
        raise invalid("orientation", "`orientation` ne se combine qu'avec `departement` et les autres `etat`.")
    dans_son_territoire(demande.departement, partenaire)
    return demande


def _structure(ecrite: str) -> tuple[str, str]:
    """`<systeme>:<valeur>`, or a SIRET alone."""
    systeme, deux_points, valeur = ecrite.partition(":")
    return (systeme, valeur) if deux_points else ("siret", ecrite)


def statistiques_demandees(requete: Requete, partenaire: Partenaire, *, un_seul: bool) -> tuple[str | None, str | None]:
    """Département, if one is named (`un_seul`: it must be), and the first day of the month of `depuis`. Raises a
    Problem."""
    departement, depuis = requete.get("departement"), jour(requete.get("depuis"), "depuis")
    if un_seul and departement is None:
        raise invalid("departement", "Un département est attendu.")
    dans_son_territoire(departement, partenaire)
    return departement, str(depuis.replace(day=1)) if depuis else None
