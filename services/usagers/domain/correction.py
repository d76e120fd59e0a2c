"""A correction of the civil status, the identifiers or the contacts of a person."""

from datetime import datetime

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.usagers.domain.ambiguite import prevenir
from services.usagers.domain.evolution import remplacer
from services.usagers.domain.faits import UsagerCorrige
from services.usagers.domain.identite import Coordonnees
from services.usagers.domain.messages import Correction
from services.usagers.domain.parcours import Etat, Parcours
from services.usagers.domain.regles import regle
from services.usagers.domain.situation import Decision, sur
from services.usagers.domain.vraisemblance import refus_de_dates


@regle(Correction)
def _correction(etat: Etat, message: Correction, maintenant: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: _corriger(etat, p, message, maintenant))


def _corriger(etat: Etat, parcours: Parcours, message: Correction, maintenant: datetime) -> Decision:
    naissance = message.identite.date_naissance if message.identite else None
    if refus := refus_de_dates(naissance, None, jour_legal(parcours.departement, maintenant)):
        return refus
    if reserve := _numero_reserve(parcours, message):
        return Refus("non-autorise", reserve, {"a_faire": "signalez de nouveau la personne, avec ce numéro"})
    if refus := _contact_plus_recent(parcours.coordonnees, message.coordonnees):
        return refus
    if contredit := _nir_contredit(parcours, message):
        return Refus(
            "identifiant-invalide",
            contredit,
            {"nir_dit": "un autre sexe, une autre année ou un autre mois de naissance"},
        )
    for place, identifiant in enumerate(message.identifiants):
        if etat.tenu_ailleurs(identifiant, parcours.id):
            return Refus("usager-ambigu", f"/data/identifiants/{place}")
    genres = [i.genre for i in message.identifiants]
    if len(remplacer((), message.identifiants)) > len(set(genres)):
        return Refus("identifiant-invalide", "/data/identifiants", {"motif": "un-par-nature"})
    corrige = UsagerCorrige(
        parcours.id, parcours.departement, message.identite, message.identifiants, message.coordonnees
    )
    return [corrige, *prevenir(etat, parcours.id, parcours.departement, message.identifiants)]


def _contact_plus_recent(connues: Coordonnees | None, corrigees: Coordonnees | None) -> Refus | None:
    """Apply the rule of `services.order` to contacts: a signalement with older ones is accepted for the rest."""
    champ = connues.plus_recente(corrigees) if connues and corrigees else None
    if connues is None or champ is None:
        return None
    return Refus(
        "version-perimee", "/time", {"objet": f"/data/coordonnees/{champ}", "dit_a": connues.dites_a[champ].isoformat()}
    )


def _numero_reserve(parcours: Parcours, message: Correction) -> str | None:
    """Return the pointer to a personal number in a correction whose emitter may not know whom it belongs to.

    It is refused in all cases: refusing only numbers that somebody else holds would be a search.
    """
    if parcours.departement in message.reconnait_dans:
        return None
    numeros = enumerate(message.identifiants)
    places = (place for place, i in numeros if i.est_exclusif and i.nature != "local")
    return next((f"/data/identifiants/{place}" for place in places), None)


def _nir_contredit(parcours: Parcours, message: Correction) -> str | None:
    """Return the pointer at which a correction makes NIR and civil status disagree. An earlier disagreement passes."""
    connue = parcours.identite
    corrigee = message.identite.corriger(connue) if message.identite and connue else connue
    for place, identifiant in enumerate(message.identifiants):
        if corrigee and identifiant.contredit(corrigee):
            return f"/data/identifiants/{place}"
    tenus = remplacer(parcours.identifiants, message.identifiants)
    if message.identite and any(identifiant.contredit(message.identite) for identifiant in tenus):
        return "/data/identite"
    return None
