"""How each fact changes a parcours: the fold that decisions, tests and the database share."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from services.usagers.domain.faits import (
    DroitsConserves,
    DroitsModifies,
    Fait,
    ParcoursAbsorbe,
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
from services.usagers.domain.parcours import Dire, Droits, EtatParcours, FusionConnue, Parcours
from services.usagers.domain.regles import REGLES, repli


def concernes(fait: Fait) -> tuple[tuple[UUID, Fait | ParcoursAbsorbe], ...]:
    """The dossiers that a fact changes, each with what it folds."""
    match fait:
        case SignalementConserve():
            return ((fait.dossier, fait),)
        case UsagerFusionne():
            return ((fait.parcours, fait), *((id_, ParcoursAbsorbe(id_, fait.parcours)) for id_ in fait.absorbes))
        case UsagerDefusionne():
            return ((fait.parcours, fait), *((rendu.id, fait) for rendu in fait.rendus))
        case _:
            return ((fait.parcours, fait),)


def appliquer(parcours: Parcours | None, fait: Fait | ParcoursAbsorbe) -> Parcours:
    """Fold a fact into one of the parcours that it concerns; only `UsagerSignale` may begin one."""
    if parcours is None and not isinstance(fait, UsagerSignale):
        raise LookupError(type(fait).__name__)
    replie: Parcours = REGLES.replier(parcours, fait)
    return replie


@repli(ParcoursOuvert)
def _ouvert(parcours: Parcours, fait: ParcoursOuvert) -> Parcours:
    retenus = parcours.identifiants - fait.ecartes
    return replace(parcours, etat=EtatParcours.ACTIF, identifiants=retenus, candidats=())


@repli(ParcoursRattache)
def _rattache(parcours: Parcours, fait: ParcoursRattache) -> Parcours:
    return replace(parcours, identifiants=parcours.identifiants - fait.ecartes) if fait.ecartes else parcours


@repli(UsagerRapproche, DroitsConserves, ParcoursRendu)
def _inchange(parcours: Parcours, _: Fait) -> Parcours:
    return parcours


@repli(UsagerAmbigu)
def _ambigu(parcours: Parcours, fait: UsagerAmbigu) -> Parcours:
    return replace(parcours, candidats=fait.candidats)


@repli(DroitsModifies)
def _droits(parcours: Parcours, fait: DroitsModifies) -> Parcours:
    return replace(parcours, droits=en_vigueur(parcours.droits, fait.droits))


@repli(ParcoursTransfere)
def _transfere(parcours: Parcours, fait: ParcoursTransfere) -> Parcours:
    if fait.effet is None:
        return _deplace(parcours, fait)
    part = fait.departement_nouveau != parcours.departement
    transfert = (fait.departement_nouveau, fait.date_effet) if part else None
    return replace(parcours, transfert=transfert, attend_un_partenaire=False)


@repli(TransfertEffectif)
def _deplace(parcours: Parcours, fait: ParcoursTransfere | TransfertEffectif) -> Parcours:
    return replace(
        parcours,
        departement=fait.departement_nouveau,
        transfert=None,
        attend_un_partenaire=False,
        arrivees_signalees=frozenset(),
    )


@repli(TransfertEnAttente)
def _attend(parcours: Parcours, _: TransfertEnAttente) -> Parcours:
    return replace(parcours, attend_un_partenaire=True)


@repli(TransfertSignale)
def _arrivee(parcours: Parcours, fait: TransfertSignale) -> Parcours:
    signalee = (fait.origine, fait.departement_nouveau)
    return replace(parcours, arrivees_signalees=parcours.arrivees_signalees | {signalee})


@repli(ParcoursClos)
def _clos(parcours: Parcours, fait: ParcoursClos) -> Parcours:
    return replace(parcours, etat=EtatParcours.CLOS, date_fin=fait.date_fin)


@repli(UsagerOppose)
def _oppose(parcours: Parcours, fait: UsagerOppose) -> Parcours:
    return replace(parcours, oppose_a=fait.oppose_a)


@repli(UsagerEfface)
def _efface(parcours: Parcours, _: UsagerEfface) -> Parcours:
    return Parcours(parcours.id, EtatParcours.EFFACE, parcours.departement, parcours.emetteur)


@repli(UsagerDefusionne)
def _defusionne(parcours: Parcours, fait: UsagerDefusionne) -> Parcours:
    if parcours.id == fait.conserve.id:
        return fait.conserve
    rendu = next(p for p in fait.rendus if p.id == parcours.id)
    return replace(rendu, dires=parcours.dires, fusions=parcours.fusions)


@repli(SignalementConserve)
def _conserve(parcours: Parcours, fait: SignalementConserve) -> Parcours:
    dit = next((dire for dire in parcours.dires if dire.alias == fait.alias), None)
    autres = (dire for dire in parcours.dires if dire is not dit)
    return replace(parcours, dires=(*autres, dire_apres(dit, fait)))


def en_vigueur(connus: Droits | None, nouveaux: Droits) -> Droits:
    """Return the right in force, in any order of arrival; of two equals, the last to arrive."""
    return nouveaux if connus is None or nouveaux.rang >= connus.rang else connus


def dire_apres(dire: Dire | None, fait: SignalementConserve) -> Dire:
    """The words of an emitter after one more signalement: completed like a parcours, which they must compare to."""
    message = fait.signalement
    dits = frozenset(message.identifiants)
    if dire is None:
        return Dire(
            fait.alias,
            fait.dossier,
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
    """Replace the identifiers of the same genre by the corrected one."""
    corriges = frozenset(nouveaux)
    genres = {i.genre for i in corriges}
    return frozenset(i for i in tenus if i.genre not in genres) | corriges


@repli(UsagerSignale)
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


@repli(UsagerCorrige)
def _corrige(parcours: Parcours, fait: UsagerCorrige) -> Parcours:
    identite = parcours.identite
    return replace(
        parcours,
        identite=fait.identite.corriger(identite) if identite and fait.identite else identite,
        identifiants=remplacer(parcours.identifiants, fait.identifiants),
        coordonnees=_dernieres(parcours.coordonnees, fait.coordonnees),
    )


@repli(UsagerFusionne)
def _fusionne(parcours: Parcours, fait: UsagerFusionne) -> Parcours:
    reprise = fait.reprise
    apres = replace(
        parcours,
        variantes=parcours.variantes | reprise.variantes,
        identifiants=parcours.identifiants | reprise.identifiants,
        coordonnees=reprise.coordonnees,
        droits=reprise.droits,
        oppose_a=reprise.oppose_a,
        distincts=reprise.distincts,
    )
    connue = FusionConnue(fait.acte, fait.acte.depot, parcours.seul, apres.seul, fait.avant)
    return replace(apres, fusions=(*parcours.fusions, connue))


@repli(ParcoursAbsorbe)
def _absorbe(parcours: Parcours, fait: ParcoursAbsorbe) -> Parcours:
    return Parcours(
        parcours.id,
        EtatParcours.FUSIONNE,
        parcours.departement,
        parcours.emetteur,
        survivant=fait.par,
        dires=parcours.dires,
        fusions=parcours.fusions,
    )


def _dernieres(connues: Coordonnees | None, nouvelles: Coordonnees | None) -> Coordonnees | None:
    return connues.remplacees(nouvelles) if connues else nouvelles
