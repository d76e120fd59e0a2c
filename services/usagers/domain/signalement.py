"""A signalement opens a parcours, joins a known one, or stays ambiguous."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.usagers.domain import transfert
from services.usagers.domain.ambiguite import MAX_CANDIDATS, prevenir
from services.usagers.domain.faits import (
    Fait,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursTransfere,
    Regle,
    SignalementConserve,
    UsagerAmbigu,
    UsagerSignale,
)
from services.usagers.domain.identite import Identifiant
from services.usagers.domain.messages import Signalement
from services.usagers.domain.parcours import Dire, Etat, Parcours
from services.usagers.domain.rapprochement import Inconnu, Indecis, Reconnu, rapprocher
from services.usagers.domain.regles import regle
from services.usagers.domain.situation import Decision
from services.usagers.domain.vraisemblance import refus_de_dates


@regle(Signalement)
def _signaler(etat: Etat, message: Signalement, maintenant: datetime) -> Decision:
    doublon = _genre_repete(message.identifiants)
    if doublon is not None:
        return Refus("identifiant-invalide", f"/data/identifiants/{doublon}")
    aujourd_hui = jour_legal(message.departement, maintenant)
    if refus := refus_de_dates(message.identite.date_naissance, message.date_reception_droit, aujourd_hui):
        return refus
    verdict = rapprocher(message.identite, message.identifiants, etat.actifs)
    arrivee: Sequence[Fait] = ()
    match verdict:
        case Inconnu():
            ouvert = message.nouveau
            signale = UsagerSignale(ouvert, message.departement, message)
            suite: list[Fait] = [
                ParcoursOuvert(ouvert, message.departement, Regle.AUCUNE),
                *prevenir(etat, ouvert, message.departement, message.identifiants),
            ]
        case Reconnu(parcours, regle):
            arrivee = transfert.a_l_arrivee(etat, parcours, message, maintenant)
            est_la = any(isinstance(fait, ParcoursTransfere) and fait.effet is None for fait in arrivee)
            departement = message.departement if est_la else parcours.departement
            signale = UsagerSignale(parcours.id, departement, message)
            suite = [
                ParcoursRattache(parcours.id, departement, regle, _ecartes(etat, parcours, message.identifiants)),
                *prevenir(etat, parcours.id, departement, message.identifiants),
            ]
        case Indecis(candidats, motifs):
            en_attente = _deja_signale(etat, message)
            id_ = en_attente.id if en_attente else message.nouveau
            departement = en_attente.departement if en_attente else message.departement
            ids = tuple(sorted(p.id for p in candidats))[:MAX_CANDIDATS]
            signale = UsagerSignale(id_, departement, message)
            ailleurs = frozenset(p.id for p in candidats if p.departement != departement)
            suite = [UsagerAmbigu(id_, departement, ids, motifs, ailleurs)]
        case _:
            assert_never(verdict)
    return [*arrivee, signale, *suite, *_conserver(etat, signale)]


def _conserver(etat: Etat, signale: UsagerSignale) -> Sequence[SignalementConserve]:
    """Give the person a name from which its emitter learns nothing, unless it may know who the person is.

    An emitter that described the same person before gets the same name again, else a new one: whether the hub knows
    the person, under which numbers, or hesitates, makes no difference.
    """
    message, parcours = signale.signalement, signale.parcours
    if signale.departement in message.reconnait_dans:
        return ()
    connu = _deja_dit(etat.dires, message)
    alias = connu.alias if connu else message.nouveau
    est_neuf = connu is None and alias != parcours
    dossier = connu.parcours if connu else parcours
    return [SignalementConserve(parcours, signale.departement, alias, message, est_neuf, dossier)]


def _deja_dit(dires: Sequence[Dire], message: Signalement) -> Dire | None:
    """Return the earlier description of this person by the same emitter, found by its own words."""
    dit = frozenset(message.identifiants)
    pareil = next((d for d in dires if d.identite == message.identite and d.identifiants == dit), None)
    if pareil:
        return pareil
    if all(dit.isdisjoint(d.identifiants) for d in dires):  # of many namesakes none is recognised without a number
        return None
    verdict = rapprocher(message.identite, message.identifiants, [d.comme_parcours for d in dires])
    if not isinstance(verdict, Reconnu):
        return None
    return next(d for d in dires if d.alias == verdict.parcours.id)


def _genre_repete(identifiants: Sequence[Identifiant]) -> int | None:
    """The place of a second, different number where a person has one only (NIR, France Travail number)."""
    vus: dict[tuple[str, ...], Identifiant] = {}
    for place, identifiant in enumerate(identifiants):
        est_unique = identifiant.nature in ("nir", "numero-france-travail")
        if est_unique and vus.setdefault(identifiant.genre, identifiant) != identifiant:
            return place
    return None


def _deja_signale(etat: Etat, message: Signalement) -> Parcours | None:
    """Return the ambiguous parcours that the same partner already opened for this person."""
    siens = [p for p in etat.ambigus if p.emetteur == message.emetteur]
    dit = frozenset(message.identifiants)
    pareil = next((p for p in siens if p.identite == message.identite and p.identifiants == dit), None)
    if pareil:
        return pareil
    verdict = rapprocher(message.identite, message.identifiants, siens)
    return verdict.parcours if isinstance(verdict, Reconnu) else None


def _ecartes(etat: Etat, parcours: Parcours, identifiants: Sequence[Identifiant]) -> frozenset[Identifiant]:
    """Return the identifiers of persons whom an agent has distinguished from this one."""
    if not any(p.est_distinct_de(parcours) for p in etat.actifs):
        return frozenset()
    return frozenset(i for i in identifiants if etat.tenu_ailleurs(i, parcours.id))
