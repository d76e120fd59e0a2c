"""Reading of a deposit at the door, before any query: the hub and its mock refuse with this. The order counts: a
message that belongs to another emitter is refused before its content is judged.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relais_contrats.catalogue import CREENT_UN_OBJET, PARTIES, TypeMessage, par_type_cloudevents
from relais_contrats.champs import objet_principal
from relais_contrats.droits import Demandeur, refus_d_emettre
from relais_contrats.enveloppe import MOTIF_SOURCE_PARTENAIRE, Depot
from relais_contrats.identifiants import ressemble_a_un_nir
from relais_contrats.lecture import Erreur, MessageIllisible, MessageInvalide, analyser, lire_objet, refuser_nul
from relais_contrats.modele import Donnees
from relais_contrats.partenaires import Partenaire
from relais_contrats.problemes import Problem
from relais_contrats.refus import REFUS
from relais_contrats.valeurs import MOTIF_ID_MESSAGE

PREFIXE_OBJET = "obj_"
# A decision may be about a sanction that somebody else proposed; a proposal may change the contract of somebody else.
_REPRENNENT = frozenset({"sanction.decidee", "contrat.propose"})


@dataclass(frozen=True, slots=True)
class Lu:
    """A deposit that its contract accepts. `objet` is the message as it was written."""

    objet: Mapping[str, Any]
    depot: Depot
    donnees: Donnees
    message: TypeMessage


def lire(partenaire: Partenaire, corps: bytes, attributs: Mapping[str, Any] | None = None) -> Lu:
    """Parse strictly; `attributs` in binary mode, where `corps` is the data alone. Raises a Problem that names the
    deposit as far as it could be read."""
    objet: Mapping[str, Any] = attributs or {}
    try:
        lu = analyser(corps)
        objet = lu if attributs is None else {**attributs, "data": lu}
        with nommant(objet):
            _refuser_un_autre(partenaire, objet.get("source"))
            refuser_nul(corps, lu)
            depot, donnees = lire_objet(objet)
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible
    except MessageInvalide as invalide:
        problem = Problem(invalide.code, erreurs=invalide.erreurs)
        problem.message, problem.type = _id_de(objet.get("id")), _type_de(objet.get("type"))
        raise problem from invalide
    message = par_type_cloudevents(depot.type)
    assert message is not None  # `lire_objet` refuses what the catalogue does not have
    return Lu(objet, depot, donnees, message)


def admettre(demandeur: Demandeur, lu: Lu) -> None:
    """What needs no parcours: the territory and the purposes of the emitter. Raises a Problem."""
    with nommant(lu.objet):
        refus = refus_d_emettre(demandeur, lu.message, lu.depot.departement, lu.depot.finalite)
        if refus:
            raise Problem(refus[0], erreurs=[ligne_de_refus(*refus)])


@contextlib.contextmanager
def nommant(objet: Mapping[str, Any]) -> Iterator[None]:
    """Problems raised inside name the deposit, as far as its id and type may be told again."""
    try:
        yield
    except Problem as problem:
        problem.message, problem.type = _id_de(objet.get("id")), _type_de(objet.get("type"))
        raise


def ligne_de_refus(code: str, pointeur: str) -> Erreur:
    """The line of a refusal that no field of the contract explains."""
    return Erreur(pointeur, code, REFUS[code].explication)


def refuser_une_cle_du_hub(type_message: str, data: Mapping[str, Any]) -> None:
    """Refuse a key of the form `obj_…` for a new object: the hub uses that form for objects of other emitters. Raises a
    Problem.
    """
    if type_message not in CREENT_UN_OBJET - _REPRENNENT:
        return
    for pointeur, cle in _cles_propres(type_message, data, "/data"):
        if cle.startswith(PREFIXE_OBJET):
            raise Problem("identifiant-invalide", erreurs=[ligne_de_refus("identifiant-invalide", pointeur)])


def _cles_propres(type_message: str, data: Mapping[str, Any], pointeur: str) -> Iterator[tuple[str, str]]:
    """Return the key of each object that a message or one of its parts creates, with its place."""
    principal = objet_principal(type_message)
    if principal and principal[0] in data:
        yield f"{pointeur}/{principal[0]}", data[principal[0]]
    for champ, partie in PARTIES.get(type_message, {}).items():
        dite = data.get(champ)
        if isinstance(dite, list):
            for rang, element in enumerate(dite):
                yield from _cles_propres(partie, element, f"{pointeur}/{champ}/{rang}")
        elif dite:
            yield from _cles_propres(partie, dite, f"{pointeur}/{champ}")


def _refuser_un_autre(partenaire: Partenaire, source: Any) -> None:
    """A message of somebody else is none of the caller's. Raises a Problem."""
    est_une_source = isinstance(source, str) and re.fullmatch(MOTIF_SOURCE_PARTENAIRE, source)
    if est_une_source and source != partenaire.source:
        raise Problem("emetteur-inconnu", erreurs=[ligne_de_refus("emetteur-inconnu", "/source")])


def _id_de(identifiant: Any) -> str | None:
    """An id that has the form of one, and names nobody."""
    est_un_id = isinstance(identifiant, str) and re.fullmatch(MOTIF_ID_MESSAGE, identifiant)
    return identifiant if est_un_id and not ressemble_a_un_nir(identifiant) else None


def _type_de(type_: Any) -> str | None:
    message = par_type_cloudevents(type_) if isinstance(type_, str) else None
    return message.nom if message else None
