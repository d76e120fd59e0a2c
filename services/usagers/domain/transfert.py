"""Moving to another territory: by the former département, by the payer of the new one, or to be confirmed by either.

Until its day, and as long as no département of the new territory is a partner, the parcours stays where it is.
"""

from collections.abc import Sequence
from datetime import date, datetime

from chassis.decision import Attente, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.usagers.domain.faits import (
    Fait,
    ParcoursTransfere,
    TransfertEffectif,
    TransfertEnAttente,
    TransfertSignale,
)
from services.usagers.domain.messages import Signalement, Transfert
from services.usagers.domain.parcours import Etat, Parcours

_PAYEURS = frozenset({"caf", "msa"})


def transferer(etat: Etat, parcours: Parcours, message: Transfert, maintenant: datetime) -> Sequence[Fait] | Refus:
    """Move a parcours. A transfer to its own territory takes an announced one back."""
    voulu = (message.departement_nouveau, message.date_effet)
    reste = message.departement_nouveau == parcours.departement
    if parcours.transfert == voulu or (reste and parcours.transfert is None):
        return Refus("deja-traite", "/data/departement_nouveau")
    if reste:
        return [ParcoursTransfere(parcours.id, parcours.departement, *voulu, effet=message.date_effet)]
    return [_transfere(etat, parcours, *voulu, maintenant)]


def a_l_arrivee(etat: Etat, parcours: Parcours, message: Signalement, maintenant: datetime) -> Sequence[Fait]:
    """Return the consequences of the signalement of a person known elsewhere. A right that opens there moves the
    parcours at once. Any other partner informs both départements, which confirm it or not, once per kind of partner."""
    nouveau = message.departement
    if nouveau == parcours.departement or (parcours.transfert and parcours.transfert[0] == nouveau):
        return []
    if message.role in _PAYEURS and message.brsa and message.date_reception_droit:
        return [_transfere(etat, parcours, nouveau, message.date_reception_droit, maintenant)]
    if (message.role, nouveau) in parcours.arrivees_signalees:
        return []
    return [TransfertSignale(parcours.id, parcours.departement, nouveau, message.role)]


def constater(etat: Etat, parcours: Parcours | None, maintenant: datetime) -> Sequence[Fait] | Attente:
    """The day has come, or somebody who can receive the person: its delays run from then."""
    if parcours is None or parcours.transfert is None:
        return Attente("parcours sans transfert")
    nouveau, jour = parcours.transfert
    if maintenant < debut_du_jour(parcours.departement, jour):
        return Attente("transfert à venir")
    if not etat.est_servi(nouveau):
        return [] if parcours.attend_un_partenaire else [TransfertEnAttente(parcours.id, parcours.departement)]
    effet = jour_legal(nouveau, maintenant) if parcours.attend_un_partenaire else jour
    return [TransfertEffectif(parcours.id, parcours.departement, nouveau, effet)]


def _transfere(etat: Etat, parcours: Parcours, nouveau: str, jour: date, maintenant: datetime) -> ParcoursTransfere:
    est_a_venir = jour > jour_legal(parcours.departement, maintenant) or not etat.est_servi(nouveau)
    return ParcoursTransfere(parcours.id, parcours.departement, nouveau, jour, jour if est_a_venir else None)
