"""The request to orient: a partner's, or the one that a received right makes; then France Travail takes it over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import DossierOuvert, Situation
from services.orientation.domain.delai import date_echeance, est_echue, instant_dessaisissement
from services.orientation.domain.dossier import Demande, Dossier
from services.orientation.domain.droit import DroitConnu, fait_foi
from services.orientation.domain.regles import Dit, Recu, regle, repli

DELAI = "delai"
"""The number of the request is part of a due date: it has one identity for ever, and two requests received on the same
day (an opening, then a transfer) fall due at the same instant."""

Demandee: TypeAlias = Dit[contrat.OrientationDemandee, None]
Dessaisie: TypeAlias = Dit[contrat.OrientationDessaisie, None]


@regle(contrat.OrientationDemandee)
def demander(situation: Situation, recu: Recu[contrat.OrientationDemandee], _: datetime) -> Sequence[Any] | Refus:
    """To ask is to state that the département received the right: from now on it is the one that orients."""
    dossier: Dossier = situation.dossier
    recue_le, aujourd_hui = recu.data.date_reception, jour_legal(dossier.departement, recu.recu_a)
    if recue_le > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_reception", {"recu_le": aujourd_hui.isoformat()})
    if refus := refus_de_demande(dossier, recue_le):
        return refus
    droit = [] if dossier.brsa else [DroitConnu(dossier.parcours, True)]
    return [*droit, Dit(dossier.parcours, dossier.departement, recu.data, None)]


@regle("usager.signale", au_survivant=True)
def signaler(situation: Situation, recu: Recu[Mapping[str, Any]], _: datetime) -> Sequence[Any]:
    """Open the request for a beneficiary of the RSA whose right was received, once."""
    connu: Dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
    decides: list[Any] = [] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]
    est_brsa, recue = recu.data["brsa"], recu.data.get("date_reception_droit")
    dit = (recu.dit_a or recu.recu_a, date.min)
    if est_brsa and not connu.brsa and fait_foi(connu, dit):
        decides.append(DroitConnu(connu.parcours, True, dit))
    if est_brsa and recue and not connu.est_clos:
        recue_le = min(date.fromisoformat(recue), jour_legal(recu.departement, recu.recu_a))
        if refus_de_demande(connu, recue_le) is None:
            decides.append(demandee(connu.parcours, connu.departement, recue_le))
    return decides


@repli(contrat.OrientationDemandee)
def _demandee(dossier: Dossier, fait: Demandee) -> Dossier:
    numero = len(dossier.demandes) + 1
    nouvelle = Demande(numero, dossier.departement, fait.data.date_reception, fait.data.motif)
    return replace(dossier, demandes=(*dossier.demandes, nouvelle))


@regle(DELAI)
def dessaisir(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    """Publish the takeover, once per request. A due date without object leaves no trace."""
    dossier: Dossier = situation.dossier
    demande = dossier.demande
    if demande is None or demande.numero != recu.data or not attend_son_echeance(dossier, demande):
        return Attente("demande sans échéance")
    if not est_echue(demande, maintenant):
        return Attente("échéance à venir")
    return dessaisissement(dossier, maintenant)


@repli(contrat.OrientationDessaisie)
def _dessaisie(dossier: Dossier, _: Dessaisie) -> Dossier:
    demandes = tuple(d if d.issue else replace(d, est_dessaisie=True) for d in dossier.demandes)
    return replace(dossier, demandes=demandes)


def refus_de_demande(dossier: Dossier, recue_le: date) -> Refus | None:
    """One request waits at a time; after an orientation has ended, a later reception of the right opens another."""
    if dossier.ouverte or dossier.a_venir:
        return Refus("etat-interdit", "/type", {"etat": dossier.etat, "attendu": "reorientation.demandee"})
    precedente = dossier.demandes[-1] if dossier.demandes else None
    if precedente and (precedente.issue is None or recue_le <= precedente.recue_le):
        return Refus("deja-traite", "/data/date_reception", {"date_reception": precedente.recue_le.isoformat()})
    return None


def demandee(parcours: UUID, departement: str, recue_le: date, motif: str | None = None) -> Demandee:
    return Dit(parcours, departement, contrat.OrientationDemandee(date_reception=recue_le, motif=motif), None)


def dessaisissement(dossier: Dossier, instant: datetime) -> Sequence[Dessaisie]:
    """Return the takeover, if France Travail decides before its due date was handled: it comes first."""
    demande = dossier.demande
    if demande is None or not attend_son_echeance(dossier, demande) or not est_echue(demande, instant):
        return []
    dite = contrat.OrientationDessaisie(date_reception=demande.recue_le, date_echeance=date_echeance(demande.recue_le))
    return [Dit(dossier.parcours, dossier.departement, dite, None)]


def attend_son_echeance(dossier: Dossier, demande: Demande) -> bool:
    return dossier.brsa and not demande.est_dessaisie and not dossier.est_clos


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    demande = dossier.demande
    if demande and attend_son_echeance(dossier, demande):
        yield Echeance(dossier.parcours, f"{DELAI}-{demande.numero}", instant_dessaisissement(demande))
