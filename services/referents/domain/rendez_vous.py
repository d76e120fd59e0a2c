"""The appointments: planned, moved, cancelled, then told as kept or not.

A new orientation cancels none of them: only a participant knows whether the person is still expected, and who is told
by mistake not to come may be sanctioned for it. Those to come that nobody confirmed since are shown as such.
Any participant may tell any of them: who receives the person is not always who took the appointment.
"""

from collections.abc import Sequence
from dataclasses import replace

from chassis.decision import Refus
from services.referents.domain import faits
from services.referents.domain.dossier import Dossier, RdvSuivi, RendezVous, Statut
from services.referents.domain.messages import AnnulerRdv, ConstaterRdv, ModifierRdv, PlanifierRdv


def planifier(dossier: Dossier, message: PlanifierRdv) -> Sequence[faits.Fait] | Refus:
    """A key names one appointment of the parcours, for ever; a past one may be taken in afterwards."""
    connu = dossier.rdv(message.rendez_vous.rdv_id)
    if connu:
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    suivi = RdvSuivi(message.rendez_vous, message.organisateur, _rang(dossier))
    return [faits.RdvPlanifie(dossier.parcours, dossier.departement, suivi)]


def modifier(dossier: Dossier, message: ModifierRdv) -> Sequence[faits.Fait] | Refus:
    """Told again under the orientation in force, it is confirmed for it."""
    connu = _planifie(dossier, message.rendez_vous)
    if isinstance(connu, Refus):
        return connu
    suivi = replace(connu, rendez_vous=message.rendez_vous, rang=_rang(dossier))
    return [faits.RdvModifie(dossier.parcours, dossier.departement, suivi)]


def annuler(dossier: Dossier, message: AnnulerRdv) -> Sequence[faits.Fait] | Refus:
    connu = _planifie(dossier, message.rendez_vous)
    if isinstance(connu, Refus):
        return connu
    suivi = replace(connu, rendez_vous=message.rendez_vous)
    return [faits.RdvAnnule(dossier.parcours, dossier.departement, suivi)]


def constater(dossier: Dossier, message: ConstaterRdv) -> Sequence[faits.Fait] | Refus:
    """Once it has begun, not before (CATALOGUE § 4, invariant 15). Another finding corrects the first one."""
    constate = message.rendez_vous
    connu = dossier.rdv(constate.rdv_id)
    if connu is None:
        return _refus_d_inconnu()
    if connu.statut is Statut.ANNULE or connu.statut is constate.statut:
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    if constate.debut > message.recu_a:
        return Refus("dates-incoherentes", "/data/debut", {"recu_a": message.recu_a.isoformat()})
    suivi = replace(connu, rendez_vous=constate, constate_a=message.recu_a)
    return [faits.RdvConstate(dossier.parcours, dossier.departement, suivi)]


def est_a_confirmer(dossier: Dossier, suivi: RdvSuivi) -> bool:
    """Planned under an orientation that is no more, and not told again since."""
    return suivi.statut is Statut.PLANIFIE and suivi.rang not in (None, _rang(dossier))


def _planifie(dossier: Dossier, dit: RendezVous) -> RdvSuivi | Refus:
    """What may still be moved or cancelled."""
    connu = dossier.rdv(dit.rdv_id)
    if connu is None:
        return _refus_d_inconnu()
    if connu.statut is not Statut.PLANIFIE:
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    return connu


def _refus_d_inconnu() -> Refus:
    return Refus("etat-interdit", "/data/rdv_id", {"attendu": "rdv.planifie"})


def _rang(dossier: Dossier) -> int | None:
    return dossier.ouverte.rang if dossier.ouverte else None
