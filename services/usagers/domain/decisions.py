"""Decides each message of this service. A refusal is a value; its pointers point into the deposit."""

from datetime import datetime

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.usagers.domain import defusion, fusion, transfert
from services.usagers.domain.conservation import fin_de_conservation
from services.usagers.domain.faits import (
    DroitsConserves,
    DroitsModifies,
    Fait,
    ParcoursClos,
    UsagerEfface,
    UsagerOppose,
)
from services.usagers.domain.messages import (
    ChangementDroits,
    Cloture,
    ConservationEchue,
    Defusion,
    Effacement,
    Fusion,
    Message,
    Opposition,
    Transfert,
    TransfertEchu,
)
from services.usagers.domain.parcours import Etat, EtatParcours, Parcours
from services.usagers.domain.regles import REGLES, regle
from services.usagers.domain.situation import Decision, sur

# Who pays the right says so of a person whom nobody has recognised yet: a refusal would tell it that.
_SIGNALE = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU})
# Objection and erasure are rights of the person: they do not depend on where the parcours stands.
_VIVANT = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU, EtatParcours.CLOS})


def decider(etat: Etat, message: Message, maintenant: datetime) -> Decision:
    decision: Decision = REGLES.regles[type(message)](etat, message, maintenant)
    return decision


@regle(Fusion)
def _fusion(etat: Etat, message: Fusion, _: datetime) -> Decision:
    return fusion.fusionner(etat, message)


@regle(Defusion)
def _defusion(etat: Etat, message: Defusion, _: datetime) -> Decision:
    return defusion.defusionner(etat, message)


@regle(ChangementDroits)
def _droits(etat: Etat, message: ChangementDroits, _: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: [_changer_les_droits(p, message)], _SIGNALE)


@regle(Transfert)
def _transfert(etat: Etat, message: Transfert, maintenant: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: transfert.transferer(etat, p, message, maintenant))


@regle(TransfertEchu)
def _transfert_echu(etat: Etat, message: TransfertEchu, maintenant: datetime) -> Decision:
    return transfert.constater(etat, etat.nommes.get(message.parcours), maintenant)


@regle(Cloture)
def _cloture(etat: Etat, message: Cloture, maintenant: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: _clore(p, message, maintenant))


@regle(Opposition)
def _opposition(etat: Etat, message: Opposition, maintenant: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: _opposer(p, message, maintenant), _VIVANT)


@regle(Effacement)
def _effacement(etat: Etat, message: Effacement, _: datetime) -> Decision:
    return sur(etat, message.parcours, lambda p: [UsagerEfface(p.id, p.departement, message.motif)], _VIVANT)


@regle(ConservationEchue)
def _conservation(etat: Etat, message: ConservationEchue, maintenant: datetime) -> Decision:
    return _oublier(etat.nommes.get(message.parcours), maintenant)


def _changer_les_droits(parcours: Parcours, message: ChangementDroits) -> Fait:
    """Change the right of a person in her territory. A payer that signalled her from elsewhere does not learn that
    territory (decision 0066)."""
    if parcours.departement not in message.departements:
        return DroitsConserves(parcours.id, parcours.departement)
    return DroitsModifies(parcours.id, parcours.departement, message.droits)


def _clore(parcours: Parcours, message: Cloture, maintenant: datetime) -> Decision:
    """A parcours is closed on its last day or after: a closure cannot be announced."""
    aujourd_hui = jour_legal(parcours.departement, maintenant)
    if message.date_fin > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_fin", {"aujourd_hui": aujourd_hui.isoformat()})
    return [ParcoursClos(parcours.id, parcours.departement, message.date_fin, message.motif)]


def _opposer(parcours: Parcours, message: Opposition, maintenant: datetime) -> Decision:
    if parcours.oppose_a is not None:
        return Refus("deja-traite", "/subject")
    return [UsagerOppose(parcours.id, parcours.departement, message.motif, maintenant)]


def _oublier(parcours: Parcours | None, maintenant: datetime) -> Decision:
    """Erase at the due date, unless a merge or an erasure came before it."""
    echeance = fin_de_conservation(parcours) if parcours else None
    if parcours is None or echeance is None or maintenant < echeance:
        return []
    return [UsagerEfface(parcours.id, parcours.departement, "Durée légale de conservation échue.")]
