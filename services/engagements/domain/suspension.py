"""A contract suspended and resumed: one that is not resumed within `delais.SUSPENSION` is closed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import delais
from relais_contrats.v1 import engagements as v1
from services.engagements.domain.annulation import EtapeFranchie, annulable
from services.engagements.domain.contrat import Decision, clos, etat_interdit, nomme, remis_a_signer, sur
from services.engagements.domain.delai import (
    apres_le,
    date_d_attente_de_la_reprise,
    date_de_fin_de_suspension,
    refus_de_date,
)
from services.engagements.domain.dossier import Contrat, Dossier, Etape, EtatContrat, Suspension
from services.engagements.domain.regles import Dit, Recu, Situation, regle, repli

MOTIF_SUSPENSION = f"{delais.SUSPENSION} de suspension.".capitalize()
SUSPENSION = "suspension"  # its number is that of the contract


@regle(v1.ContratSuspendu)
@annulable
def suspendre(situation: Situation, recu: Recu[v1.ContratSuspendu], maintenant: datetime) -> Decision:
    dossier: Dossier = situation.dossier
    contrat = nomme(dossier, recu)
    if not isinstance(contrat, Contrat):
        return contrat
    if contrat.etat is EtatContrat.SUSPENDU:
        return Refus("deja-traite", "/data/contrat_id", {"etat": contrat.etat})
    if contrat.etat is not EtatContrat.SIGNE or contrat.est_a_venir:
        return etat_interdit(contrat)
    reprises = [suspension.reprise for suspension in contrat.suspensions if suspension.reprise]
    depuis = max([contrat.signe_le or date.min, *reprises])
    if refus := refus_de_date(dossier, recu.data.date, "/data/date", recu.recu_a, depuis=depuis):
        return refus
    return [Dit(dossier.parcours, dossier.departement, recu.data, jour_legal(dossier.departement, recu.recu_a))]


@repli(v1.ContratSuspendu, garde=date)
def _suspendu(dossier: Dossier, fait: Dit[v1.ContratSuspendu, date]) -> Dossier:
    """`garde`: the day on which it was deposited."""
    ouverte = Suspension(fait.data.date, fait.data.motif, fait.garde)
    return sur(
        dossier,
        fait.data.contrat_id,
        lambda c: replace(c, etat=EtatContrat.SUSPENDU, suspensions=(*c.suspensions, ouverte)),
    )


@regle(v1.ContratRepris)
@annulable
def reprendre(situation: Situation, recu: Recu[v1.ContratRepris], maintenant: datetime) -> Decision:
    """Restore the contract. If the orientation or the département changed meanwhile, it must be signed again."""
    dossier: Dossier = situation.dossier
    contrat, le = nomme(dossier, recu), recu.data.date
    if not isinstance(contrat, Contrat):
        return contrat
    if contrat.suspension is None:
        return etat_interdit(contrat)
    if refus := refus_de_date(dossier, le, "/data/date", recu.recu_a, depuis=contrat.suspension.debut):
        return refus
    limite = date_de_fin_de_suspension(contrat.suspension.debut)
    if le > limite:
        return Refus("dates-incoherentes", "/data/date", {"au_plus_tard": limite.isoformat()})
    repris = Dit(dossier.parcours, dossier.departement, recu.data, None)
    if contrat.cause is None:
        return [repris]
    return [repris, *remis_a_signer(dossier, contrat, contrat.cause, le)]


@repli(v1.ContratRepris)
def _repris(dossier: Dossier, fait: Dit[v1.ContratRepris, None]) -> Dossier:
    le, motif = fait.data.date, fait.data.motif

    def reprendre_(contrat: Contrat) -> Contrat:
        *passees, ouverte = contrat.suspensions
        reprise = replace(ouverte, reprise=le, motif_reprise=motif)
        return replace(contrat, etat=EtatContrat.SIGNE, suspensions=(*passees, reprise))

    return sur(dossier, fait.data.contrat_id, reprendre_)


@regle(SUSPENSION)
def constater_la_fin(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    """End a suspension after its twelve months, also when these were over before it was published."""
    dossier: Dossier = situation.dossier
    contrat = dossier.en_vigueur
    if contrat is None or contrat.numero != recu.data or contrat.suspension is None:
        return Attente("contrat sans suspension")
    if maintenant < _due_a(dossier, contrat.suspension):
        return Attente("échéance à venir")
    fin = clos(dossier, contrat, date_de_fin_de_suspension(contrat.suspension.debut), MOTIF_SUSPENSION)
    return [EtapeFranchie(dossier.parcours, Etape("contrat.clos")), fin]


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    contrat = dossier.en_vigueur
    if contrat and contrat.suspension:
        yield Echeance(dossier.parcours, f"{SUSPENSION}-{contrat.numero}", _due_a(dossier, contrat.suspension))


def _due_a(dossier: Dossier, suspension: Suspension) -> datetime:
    attente = date_d_attente_de_la_reprise(suspension.debut, suspension.recue_le)
    return apres_le(dossier.departement, attente)
