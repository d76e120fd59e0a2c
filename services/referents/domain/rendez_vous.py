"""The appointments: planned, moved, cancelled, then honoured or not.

A new orientation cancels none of them: only a participant knows whether the person is still expected, and a person who
stays away by mistake may be sanctioned. An appointment to come that nobody confirmed since is shown as such.
Any participant may change any of them: the host of an appointment is not always its author.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.v1 import referents as contrat
from services.dossiers.vie import Situation
from services.referents.domain.dossier import Dossier, RdvSuivi, RendezVous, Statut
from services.referents.domain.regles import Dit, Recu, regle, repli
from services.referents.domain.reprise import en_route


@dataclass(frozen=True, slots=True)
class Tenu:
    """The data of an appointment beside its message: see `RdvSuivi`."""

    organisateur: str
    rang: int | None
    constate_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class RdvRepris:
    """The survivor of a merge takes an appointment that is over."""

    parcours: UUID
    suivi: RdvSuivi


Fait: TypeAlias = Dit[contrat.RdvPlanifie, Tenu]
Decision: TypeAlias = Sequence[Any] | Refus | Attente


@regle(contrat.RdvPlanifie)
def planifier(situation: Situation, recu: Recu[contrat.RdvPlanifie], _: datetime) -> Decision:
    """A key names one appointment of the parcours, for ever; a past one may be taken in afterwards."""
    dossier: Dossier = situation.dossier
    if connu := dossier.rdv(recu.data.rdv_id):
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    return [_dit(dossier, recu.data, Tenu(recu.auteur, _rang(dossier)))]


@regle(contrat.RdvModifie)
def modifier(situation: Situation, recu: Recu[contrat.RdvModifie], maintenant: datetime) -> Decision:
    """Change an appointment. Under a new orientation, any change confirms it."""
    dossier: Dossier = situation.dossier
    connu = _planifie(dossier, recu, maintenant)
    if not isinstance(connu, RdvSuivi):
        return connu
    return [_dit(dossier, recu.data, Tenu(connu.organisateur, _rang(dossier), connu.constate_a))]


@regle(contrat.RdvAnnule, apres_cloture=True)
def annuler(situation: Situation, recu: Recu[contrat.RdvAnnule], maintenant: datetime) -> Decision:
    connu = _planifie(situation.dossier, recu, maintenant)
    if not isinstance(connu, RdvSuivi):
        return connu
    return [_dit(situation.dossier, recu.data, Tenu(connu.organisateur, connu.rang, connu.constate_a))]


@regle(contrat.RdvConstate, apres_cloture=True)
def constater(situation: Situation, recu: Recu[contrat.RdvConstate], maintenant: datetime) -> Decision:
    """Once it has begun, not before (CATALOGUE § 4, invariant 15). Another finding corrects the first one."""
    connu = situation.dossier.rdv(recu.data.rdv_id)
    if connu is None:
        return _inconnu()
    if connu.statut is Statut.ANNULE or connu.statut.value == recu.data.statut:
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    if recu.data.debut > recu.recu_a:
        return Refus("dates-incoherentes", "/data/debut", {"recu_a": recu.recu_a.isoformat()})
    return [_dit(situation.dossier, recu.data, Tenu(connu.organisateur, connu.rang, recu.recu_a))]


@repli(contrat.RdvPlanifie, contrat.RdvModifie, contrat.RdvAnnule, contrat.RdvConstate, garde=Tenu)
def _tenu(dossier: Dossier, fait: Fait) -> Dossier:
    garde = fait.garde
    return dossier.avec_rdv(RdvSuivi(RendezVous.lu(fait.data), garde.organisateur, garde.rang, garde.constate_a))


@repli(RdvRepris)
def _repris(dossier: Dossier, fait: RdvRepris) -> Dossier:
    return dossier.avec_rdv(fait.suivi)


def repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> list[RdvSuivi]:
    """Return the appointments that a survivor takes at a merge. Under a common key its own stays. Ranks count the
    orientations of a dossier: they stay."""
    pris: dict[str, RdvSuivi] = {}
    for suivi in (suivi for absorbe in absorbes for suivi in absorbe.rendez_vous):
        if survivant.rdv(suivi.rdv_id) is None:
            pris.setdefault(suivi.rdv_id, replace(suivi, rang=None))
    return list(pris.values())


def dit_au_survivant(survivant: Dossier, suivi: RdvSuivi) -> Fait:
    tenu = Tenu(suivi.organisateur, suivi.rang, suivi.constate_a)
    return _dit(survivant, suivi.rendez_vous.dit(), tenu)


def est_a_confirmer(dossier: Dossier, suivi: RdvSuivi) -> bool:
    """Whether it was planned under a former orientation, and not confirmed since."""
    return suivi.statut is Statut.PLANIFIE and suivi.rang not in (None, _rang(dossier))


def _dit(dossier: Dossier, dit: Any, tenu: Tenu) -> Fait:
    return Dit(dossier.parcours, dossier.departement, dit, tenu)


def _planifie(dossier: Dossier, recu: Recu[Any], maintenant: datetime) -> RdvSuivi | Refus | Attente:
    """Return the appointment, if it may still be moved or cancelled."""
    connu = dossier.rdv(recu.data.rdv_id)
    if connu is None:
        return _inconnu()
    if connu.statut is not Statut.PLANIFIE:
        return Refus("deja-traite", "/data/rdv_id", {"statut": connu.statut.value})
    return connu


def _inconnu() -> Attente:
    return en_route(Refus("etat-interdit", "/data/rdv_id", {"attendu": "rdv.planifie"}))


def _rang(dossier: Dossier) -> int | None:
    return dossier.ouverte.rang if dossier.ouverte else None
