"""The consequences of the life of the parcours: the answers of this brique to `services.dossiers.vie`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import engagements as v1
from services.dossiers.vie import Vie
from services.engagements.domain import contrat
from services.engagements.domain.dossier import Cause, Contrat, Dossier, Etape, Issue, Manquement, Sanction
from services.engagements.domain.reexamen import DiagnosticSuivi
from services.engagements.domain.regles import REGLES, Dit, Recu, repli
from services.engagements.domain.reprise import SuiviRepris
from services.engagements.domain.signature import MoisOuvert, terminer

MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."


@dataclass(frozen=True, slots=True)
class DepartementQuitte:
    """The month and the contracts were with the other département."""

    parcours: UUID


@dataclass(frozen=True, slots=True)
class SuiviTermine:
    """The month and the re-examination end with the parcours."""

    parcours: UUID
    issue: Issue


@dataclass(frozen=True, slots=True)
class SanctionsReprises:
    """The survivor of a merge takes the sanctions of the absorbed dossiers."""

    parcours: UUID
    manquements: tuple[Manquement, ...]
    sanctions: tuple[Sanction, ...]


def au_transfert(arrive: Dossier, recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    """The contract bound the other département: this one signs its own, within the month of its own notification."""
    jour = jour_legal(recu.data["departement_nouveau"], maintenant)
    return [DepartementQuitte(arrive.parcours), *contrat.resigner(arrive, Cause.TRANSFERT, jour)]


@repli(DepartementQuitte)
def _quitte(dossier: Dossier, _: DepartementQuitte) -> Dossier:
    etapes = (*dossier.etapes, Etape("parcours.transfere"))
    return replace(terminer(dossier, Issue.TRANSFEREE), etapes=etapes)


def a_la_cloture(dossier: Dossier, fin: date, motif: str, _: datetime) -> Sequence[Any]:
    return [SuiviTermine(dossier.parcours, Issue.CLOSE), *contrat.clore_tous(dossier, fin, motif)]


@repli(SuiviTermine)
def _termine(dossier: Dossier, fait: SuiviTermine) -> Dossier:
    return replace(terminer(dossier, fait.issue), reexamen=None)


def a_la_fusion(connu: Dossier, absorbes: Sequence[Dossier], recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    """Give the survivor the orientation, contract and sanctions that it lacks and an absorbed dossier has."""
    jour = jour_legal(recu.departement, maintenant)
    return [
        *(SuiviTermine(absorbe.parcours, Issue.FUSIONNEE) for absorbe in absorbes),
        *(fin for absorbe in absorbes for fin in contrat.clore_tous(absorbe, jour, MOTIF_FUSION)),
        *_sanctions_reprises(connu, absorbes),
        *_suivi_repris(connu, absorbes),
    ]


def _sanctions_reprises(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[SanctionsReprises]:
    """Renumbered after those of the survivor, which keeps its own where a key is the same."""
    manquements = {m.manquement_id: m for a in reversed(absorbes) for m in a.manquements}
    sanctions = {s.id: s for a in reversed(absorbes) for s in a.sanctions}
    for connu in survivant.manquements:
        manquements.pop(connu.manquement_id, None)
    for connue in survivant.sanctions:
        sanctions.pop(connue.id, None)
    if manquements or sanctions:
        premier = survivant.prochaine_sanction
        suivies = tuple(replace(s, numero=premier + rang) for rang, s in enumerate(sanctions.values()))
        yield SanctionsReprises(survivant.parcours, tuple(manquements.values()), suivies)


@repli(SanctionsReprises)
def _reprises(dossier: Dossier, fait: SanctionsReprises) -> Dossier:
    manquements, sanctions = (*dossier.manquements, *fait.manquements), (*dossier.sanctions, *fait.sanctions)
    return replace(dossier, manquements=manquements, sanctions=sanctions)


def _suivi_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[Any]:
    """All of one follow-up or nothing: a contract does not go with the orientation of another one."""
    suivis = [a for a in absorbes if a.orientation or a.courant]
    if survivant.est_clos or survivant.orientation or survivant.courant or not suivis:
        return
    source = max(suivis, key=lambda a: (a.orientation.debut if a.orientation else date.min, a.parcours))
    if source.orientation:
        yield SuiviRepris(survivant.parcours, source.orientation, source.referent, source.reexamen)
    if source.criteres and not survivant.criteres:
        yield DiagnosticSuivi(survivant.parcours, source.criteres)
    for vivant in source.vivants:
        yield from _contrat_repris(survivant, vivant)
    if delai := source.delai:
        yield MoisOuvert(survivant.parcours, survivant.departement, delai.notifiee_le, delai.est_en_retard)


def _contrat_repris(survivant: Dossier, repris: Contrat) -> Iterator[Any]:
    """Publish the contract again on the survivor, up to its state."""
    qui, nom = (survivant.parcours, survivant.departement), {"contrat_id": repris.id}
    yield Dit(*qui, repris.contenu.dit(), repris.proposeur)
    if repris.signe_le:
        signe = nom | {"date_signature": repris.signe_le, "signataires": list(repris.signataires)}
        effet = repris.contenu.date_debut if repris.est_a_venir else None
        yield Dit(*qui, v1.ContratSigne.model_validate(signe), repris.est_hors_delai, effet)
        yield from (Dit(*qui, bilan.dit(repris.id), None) for bilan in repris.bilans)
    if suspension := repris.suspension:
        suspendu = v1.ContratSuspendu(contrat_id=repris.id, date=suspension.debut, motif=suspension.motif)
        yield Dit(*qui, suspendu, suspension.recue_le)
        if repris.cause:
            yield contrat.ResignatureDifferee(survivant.parcours, repris.id, repris.cause)
    elif repris.cause:
        yield contrat.a_resigner(survivant, repris.id, repris.cause)
    if repris.refuse_le:
        refuse = v1.ContratRefuse(contrat_id=repris.id, date_refus=repris.refuse_le, motif=repris.motif_refus)
        yield Dit(*qui, refuse, None)


VIE = Vie(Dossier, a_la_fusion, a_la_cloture, au_transfert)
VIE.inscrire(REGLES)
