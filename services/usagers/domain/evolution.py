"""How each fact changes a parcours: the fold that decisions, tests and the database share."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import assert_never
from uuid import UUID

from services.usagers.domain.faits import (
    DroitsConserves,
    DroitsModifies,
    Fait,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursRendu,
    ParcoursTransfere,
    SignalementConserve,
    TransfertEffectif,
    TransfertEnAttente,
    TransfertSignale,
    UsagerAmbigu,
    UsagerCorrige,
    UsagerDefusionne,
    UsagerEfface,
    UsagerFusionne,
    UsagerOppose,
    UsagerRapproche,
    UsagerSignale,
)
from services.usagers.domain.identite import Coordonnees, Identifiant
from services.usagers.domain.messages import Signalement
from services.usagers.domain.parcours import Dire, Droits, EtatParcours, Parcours


def concernes(fait: Fait) -> tuple[UUID, ...]:
    """The parcours that a fact changes."""
    if isinstance(fait, SignalementConserve):
        return ()
    if isinstance(fait, UsagerDefusionne):
        return (fait.parcours, *(rendu.id for rendu in fait.rendus))
    return (fait.parcours, *fait.absorbes) if isinstance(fait, UsagerFusionne) else (fait.parcours,)


def appliquer(parcours: Parcours | None, fait: Fait) -> Parcours:
    """Fold a fact into one of the parcours that it concerns; only `UsagerSignale` may begin one."""
    if isinstance(fait, UsagerSignale):
        return _signale(parcours, fait)
    if parcours is None:
        raise LookupError(type(fait).__name__)
    match fait:
        case ParcoursOuvert():
            retenus = parcours.identifiants - fait.ecartes
            return replace(parcours, etat=EtatParcours.ACTIF, identifiants=retenus, candidats=())
        case ParcoursRattache():
            return replace(parcours, identifiants=parcours.identifiants - fait.ecartes) if fait.ecartes else parcours
        case UsagerRapproche() | SignalementConserve() | DroitsConserves() | ParcoursRendu():
            return parcours
        case UsagerAmbigu():
            return replace(parcours, candidats=fait.candidats)
        case UsagerCorrige():
            return _corrige(parcours, fait)
        case UsagerFusionne():
            return _fusionne(parcours, fait)
        case UsagerDefusionne():
            return next(p for p in (fait.conserve, *fait.rendus) if p.id == parcours.id)
        case DroitsModifies():
            return replace(parcours, droits=en_vigueur(parcours.droits, fait.droits))
        case ParcoursTransfere(effet=date()):
            part = fait.departement_nouveau != parcours.departement
            transfert = (fait.departement_nouveau, fait.date_effet) if part else None
            return replace(parcours, transfert=transfert, attend_un_partenaire=False)
        case ParcoursTransfere() | TransfertEffectif():
            return replace(
                parcours,
                departement=fait.departement_nouveau,
                transfert=None,
                attend_un_partenaire=False,
                arrivees_signalees=frozenset(),
            )
        case TransfertEnAttente():
            return replace(parcours, attend_un_partenaire=True)
        case TransfertSignale():
            signalee = (fait.origine, fait.departement_nouveau)
            return replace(parcours, arrivees_signalees=parcours.arrivees_signalees | {signalee})
        case ParcoursClos():
            return replace(parcours, etat=EtatParcours.CLOS, date_fin=fait.date_fin)
        case UsagerOppose():
            return replace(parcours, oppose_a=fait.oppose_a)
        case UsagerEfface():
            return Parcours(parcours.id, EtatParcours.EFFACE, parcours.departement, parcours.emetteur)
        case _:
            assert_never(fait)


def en_vigueur(connus: Droits | None, nouveaux: Droits) -> Droits:
    """Whatever the order in which they came; between two equals, the one that came last."""
    return nouveaux if connus is None or nouveaux.rang >= connus.rang else connus


def dire_apres(dire: Dire | None, fait: SignalementConserve) -> Dire:
    """The words of an emitter after one more signalement: completed like a parcours, which they must compare to."""
    message = fait.signalement
    dits = frozenset(message.identifiants)
    if dire is None:
        return Dire(
            fait.alias,
            fait.parcours,
            message.departement,
            message.emetteur,
            message.identite,
            dits,
            message.coordonnees,
        )
    coordonnees = _dernieres(dire.coordonnees, message.coordonnees)
    identite = dire.identite.completee(message.identite)
    return replace(dire, identite=identite, identifiants=dits | dire.identifiants, coordonnees=coordonnees)


def remplacer(tenus: Iterable[Identifiant], nouveaux: Iterable[Identifiant]) -> frozenset[Identifiant]:
    """A corrected identifier takes the place of those of its genre."""
    corriges = frozenset(nouveaux)
    genres = {i.genre for i in corriges}
    return frozenset(i for i in tenus if i.genre not in genres) | corriges


def _signale(parcours: Parcours | None, fait: UsagerSignale) -> Parcours:
    message = fait.signalement
    if parcours is None:
        return _nouveau(fait, message)
    if parcours.identite is None:
        return parcours
    connues, dites = parcours.coordonnees, message.coordonnees
    # Who reads no more than what it sent overwrites no more than that.
    remplace = message.fait_foi or parcours.emetteur == message.emetteur
    return replace(
        parcours,
        identite=parcours.identite.completee(message.identite),
        identifiants=parcours.identifiants | frozenset(message.identifiants),
        coordonnees=_dernieres(connues, dites) if remplace or connues is None else connues.completees(dites),
    )


def _nouveau(fait: UsagerSignale, message: Signalement) -> Parcours:
    """Ambiguous until the next fact of the same decision says otherwise."""
    return Parcours(
        id=fait.parcours,
        etat=EtatParcours.AMBIGU,
        departement=fait.departement,
        emetteur=message.emetteur,
        identite=message.identite,
        identifiants=frozenset(message.identifiants),
        coordonnees=message.coordonnees,
    )


def _corrige(parcours: Parcours, fait: UsagerCorrige) -> Parcours:
    identite = parcours.identite
    return replace(
        parcours,
        identite=fait.identite.corriger(identite) if identite and fait.identite else identite,
        identifiants=remplacer(parcours.identifiants, fait.identifiants),
        coordonnees=_dernieres(parcours.coordonnees, fait.coordonnees),
    )


def _fusionne(parcours: Parcours, fait: UsagerFusionne) -> Parcours:
    if parcours.id == fait.parcours:
        reprise = fait.reprise
        return replace(
            parcours,
            variantes=parcours.variantes | reprise.variantes,
            identifiants=parcours.identifiants | reprise.identifiants,
            coordonnees=reprise.coordonnees,
            droits=reprise.droits,
            oppose_a=reprise.oppose_a,
            distincts=reprise.distincts,
        )
    return Parcours(
        parcours.id, EtatParcours.FUSIONNE, parcours.departement, parcours.emetteur, survivant=fait.parcours
    )


def _dernieres(connues: Coordonnees | None, nouvelles: Coordonnees | None) -> Coordonnees | None:
    return connues.remplacees(nouvelles) if connues else nouvelles
