"""The consequences of the life of the parcours: the answers of this brique to `services.dossiers.vie`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.dossiers.vie import DossierAbsorbe, DossierClos, DossierTransfere, Situation, Vie
from services.orientation.domain import demande, diagnostic, droit, fin, orientation
from services.orientation.domain.dossier import Dossier, Issue
from services.orientation.domain.regles import REGLES, Dit, Recu, regle, repli

MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."
ISSUES = {DossierTransfere: Issue.TRANSFEREE, DossierAbsorbe: Issue.FUSIONNEE, DossierClos: Issue.CLOSE}
"""The request that waits ends with what these do to the dossier."""


@dataclass(frozen=True, slots=True)
class DossierOppose:
    parcours: UUID


def appliquer(dossier: Dossier | None, fait: Any) -> Dossier:
    change: Dossier = REGLES.replier(dossier, fait)
    issue = ISSUES.get(type(fait))
    return change.avec_demande_close(issue) if issue else change


def au_transfert(dossier: Dossier, recu: Recu[Any], _: datetime) -> Sequence[Any]:
    """The new département has its own six weeks, from the date on which the transfer takes effect."""
    effet = date.fromisoformat(recu.data["date_effet"])
    return [demande.demandee(dossier.parcours, dossier.departement, effet)] if dossier.brsa else []


def a_la_cloture(dossier: Dossier, jour: date, motif: str, _: datetime) -> Sequence[Any]:
    return [*fin.sans_effet(dossier, motif), *fin.fins(dossier, jour, motif)]


@regle("usager.fusionne", au_survivant=True)
def fusionner(situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    """Give the survivor the diagnostic, orientation and request that it lacks. The merged diagnostic may lead to a
    recommendation, by the rules of its département."""
    connu, absorbes, absorbent = VIE.absorber(situation, recu)
    jour, repris = jour_legal(recu.departement, maintenant), diagnostic.repris(connu, absorbes)
    s_opposent = any(absorbe.est_oppose for absorbe in absorbes)
    a_recommander, regles = absorbes and not s_opposent, situation.contexte.regles
    return [
        *absorbent,
        *(perdue for absorbe in absorbes for perdue in fin.sans_effet(absorbe, MOTIF_FUSION)),
        *droit.repris(connu, absorbes),
        *([DossierOppose(connu.parcours)] if s_opposent and not connu.est_oppose else []),
        *([repris] if (repris.criteres, repris.contraintes) != (connu.criteres, connu.contraintes) else []),
        *(close for absorbe in absorbes for close in fin.fins(absorbe, jour, MOTIF_FUSION)),
        *(diagnostic.recommander(connu, repris.criteres, regles) if a_recommander else []),
        *_reprises(connu, absorbes),
    ]


@regle("usager.oppose", au_survivant=True)
def opposer(situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
    dossier: Dossier | None = situation.dossier
    return [DossierOppose(dossier.parcours)] if dossier and not dossier.est_oppose else []


@repli(DossierOppose)
def _oppose(dossier: Dossier, _: DossierOppose) -> Dossier:
    return replace(dossier, est_oppose=True)


def _reprises(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[Any]:
    if survivant.est_clos or survivant.ouverte or survivant.a_venir:
        return
    ouvertes = [(absorbe.ouverte, absorbe) for absorbe in absorbes if absorbe.ouverte]
    ouverte, source = max(ouvertes, key=lambda paire: paire[0].debut, default=(None, None))
    reprise = orientation.reprise(survivant, ouverte) if ouverte else None
    if reprise and source:
        yield reprise
        if demandee := source.reorientation:
            yield Dit(survivant.parcours, survivant.departement, demandee.dite(), demandee.demandeur)
        return
    attendues = [absorbe.demande for absorbe in absorbes if absorbe.demande]
    premiere = min(attendues, key=lambda attendue: attendue.recue_le, default=None)
    if premiere and demande.refus_de_demande(survivant, premiere.recue_le) is None:
        yield demande.demandee(survivant.parcours, survivant.departement, premiere.recue_le, premiere.motif)


VIE = Vie(Dossier, lambda *_: (), a_la_cloture, au_transfert)
VIE.inscrire(REGLES, sauf=("usager.signale", "usager.fusionne"))
