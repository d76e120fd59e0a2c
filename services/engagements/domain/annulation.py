"""Cancel the last deposit on the contracts: they, and the month to sign, are as if it had not been made.

Each deposit leaves how things were before it; the last one is undone first, then the one before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.v1 import engagements as v1
from services.engagements.domain.dossier import Delai, Dossier, Etape, Issue
from services.engagements.domain.regles import Dit, Recu, Situation, apres, regle, repli

DEPARTEMENT = "departement"
SIGNATURE = "contrat.signe"

Decision: TypeAlias = Sequence[Any] | Refus | Attente
Regle: TypeAlias = Callable[[Situation, Recu[Any], datetime], Decision]


@dataclass(frozen=True, slots=True)
class EtapeFranchie:
    """The next fact changes the contracts: stores how they were, to restore them."""

    parcours: UUID
    etape: Etape


@dataclass(frozen=True, slots=True)
class Suites:
    """The later consequences of a cancelled deposit, which the roadmap also takes back."""

    causes: tuple[UUID, ...]

    def entre_nous(self) -> dict[str, Any]:
        return {"causes": [str(cause) for cause in self.causes]}


def annulable(decider: Regle) -> Regle:
    """Wrap a rule: store the contracts as they were before its facts, so that its deposit may be cancelled."""

    @wraps(decider)
    def noter(situation: Situation, recu: Recu[Any], maintenant: datetime) -> Decision:
        decides = decider(situation, recu, maintenant)
        if isinstance(decides, Refus | Attente):
            return decides
        avant: Dossier = situation.dossier
        return [EtapeFranchie(avant.parcours, _etape(avant, apres(avant, decides), recu)), *decides]

    return noter


@repli(EtapeFranchie)
def _franchie(dossier: Dossier, fait: EtapeFranchie) -> Dossier:
    return replace(dossier, etapes=(*dossier.etapes, fait.etape))


@regle(v1.ContratAnnule)
def annuler(situation: Situation, recu: Recu[v1.ContratAnnule], _: datetime) -> Sequence[Any] | Refus:
    """By who deposited it, or by the département."""
    dossier: Dossier = situation.dossier
    annule = UUID(recu.data.annule)
    connue = next((etape for etape in dossier.etapes if etape.depot == annule), None)
    if connue is None:
        return _impossible({"motif": "depot-inconnu"})
    if recu.auteur != connue.auteur and recu.role != DEPARTEMENT:
        return Refus("non-autorise", "/source")
    if connue is not dossier.etapes[-1]:
        return _impossible({"depend": dossier.etapes[-1].type})
    if _a_ete_revu(dossier, connue):
        return _impossible({"depend": "contrat.bilan"})
    return [Dit(dossier.parcours, dossier.departement, recu.data, Suites(connue.causes))]


@repli(v1.ContratAnnule, garde=Suites)
def _sans_la_derniere(dossier: Dossier, _: Dit[v1.ContratAnnule, Suites]) -> Dossier:
    """The dossier as it would be without the last deposit on its contracts."""
    *etapes, derniere = dossier.etapes
    avant = {contrat.numero: contrat for contrat in derniere.contrats}
    contrats = tuple(avant.get(c.numero, c) for c in dossier.contrats if c.numero not in derniere.nouveaux)
    return replace(dossier, contrats=contrats, delais=_delais_sans(dossier, derniere), etapes=tuple(etapes))


def commence(dossier: Dossier, numero: int, echeance: UUID) -> tuple[Etape, ...]:
    """On the first day of contract `numero`, store the contract that it replaces with its signature."""
    remplace = dossier.en_vigueur
    return tuple(
        replace(
            une,
            contrats=(*une.contrats, remplace) if remplace and remplace not in une.contrats else une.contrats,
            causes=(*une.causes, echeance),
        )
        if une.type == SIGNATURE and any(contrat.numero == numero for contrat in une.contrats)
        else une
        for une in dossier.etapes
    )


def _etape(avant: Dossier, ensuite: Dossier, depot: Recu[Any]) -> Etape:
    """How the contracts were before a deposit that led from `avant` to `ensuite`."""
    connus = {contrat.numero for contrat in avant.contrats}
    return Etape(
        depot.type,
        depot.id,
        depot.auteur,
        tuple(contrat for contrat in avant.contrats if contrat not in ensuite.contrats),
        tuple(contrat.numero for contrat in ensuite.contrats if contrat.numero not in connus),
        avant.delai.numero if avant.delai else None,
        len(avant.delais),
    )


def _delais_sans(dossier: Dossier, derniere: Etape) -> tuple[Delai, ...]:
    """The month that a signature had closed runs on, unless another one began meanwhile."""
    if derniere.type != SIGNATURE or not dossier.delais:
        return dossier.delais
    dernier = dossier.delais[-1].numero
    en_cours = None if dossier.orientation else Issue.CLOSE
    return tuple(
        replace(delai, issue=en_cours if delai.numero == dernier else Issue.REMPLACEE, signe_le=None)
        if delai.issue is Issue.SIGNEE and (delai.numero == derniere.delai or delai.numero > derniere.delais)
        else delai
        for delai in dossier.delais
    )


def _a_ete_revu(dossier: Dossier, connue: Etape) -> bool:
    """A contract that was reviewed since has been lived."""
    avant = {contrat.numero: contrat.bilans for contrat in connue.contrats}
    return any(c.bilans != avant[c.numero] for c in dossier.contrats if c.numero in avant)


def _impossible(details: dict[str, str | int]) -> Refus:
    return Refus("annulation-impossible", "/data/annule", details)
