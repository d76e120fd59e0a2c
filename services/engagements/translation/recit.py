"""Domain → contract: how each fact is told. Nothing here is protected: no name, number or contact."""

from dataclasses import asdict
from datetime import date
from typing import Any, assert_never

from chassis.facts import Fait
from relais_contrats.modele import Donnees
from relais_contrats.v1 import engagements as contrat
from services.engagements.domain import faits
from services.engagements.domain.dossier import Contenu

REEXAMEN_PREVU, LEVEE_EFFECTIVE = "reexamen.prevu", "levee.effective"
"""For the siblings only: they are not in the catalogue, so that no partner receives them."""


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home."""
    if isinstance(fait, faits.FaitInterne):
        return None
    if isinstance(fait, faits.ReexamenPrevu):
        dates = {"date_debut": fait.depuis.isoformat(), "date_echeance": fait.date_echeance.isoformat()}
        return Fait(REEXAMEN_PREVU, fait.parcours, fait.departement, dates)
    if isinstance(fait, faits.LeveeEffective):
        levee = {"sanction_id": fait.sanction_id, "date_effet": fait.le.isoformat()}
        return Fait(LEVEE_EFFECTIVE, fait.parcours, fait.departement, levee)
    type_court, donnees = _donnees(fait)
    jour: date | None = getattr(fait, "effet", None)
    effet = jour.isoformat() if jour else None
    # For the roadmap: the contract has no such field, so that no partner sees it.
    suite = {"causes": [str(cause) for cause in fait.causes]} if isinstance(fait, faits.ContratAnnule) else {}
    return Fait(type_court, fait.parcours, fait.departement, donnees.en_json() | suite, effet=effet)


def _donnees(fait: faits.FaitPublie) -> tuple[str, Donnees]:
    if isinstance(fait, faits.FaitDeContrat):
        return _contrat(fait)
    if isinstance(fait, faits.FaitDeSanction):
        return _sanction(fait)
    brut: dict[str, Any]
    match fait:
        case faits.EngagementRetard():
            brut = {
                "contrat_id": fait.contrat_id,
                "date_notification": fait.notifiee_le,
                "date_echeance": fait.date_echeance,
            }
            return "engagement.retard", contrat.EngagementRetard.model_validate(brut)
        case faits.ReexamenDu():
            brut = {
                "date_debut": fait.depuis,
                "date_echeance": fait.date_echeance,
                "duree_mois": fait.duree_mois,
                "cause": fait.cause,
            }
            return "reexamen.du", contrat.ReexamenDu.model_validate(brut)
        case _:
            assert_never(fait)


def _contrat(fait: faits.FaitDeContrat) -> tuple[str, Donnees]:
    brut: dict[str, Any]
    match fait:
        case faits.ContratPropose():
            return "contrat.propose", contrat.ContratPropose.model_validate(contenu_en_json(fait.contenu))
        case faits.ContratSigne():
            brut = {"contrat_id": fait.contrat_id, "date_signature": fait.le, "signataires": list(fait.signataires)}
            return "contrat.signe", contrat.ContratSigne.model_validate(brut)
        case faits.ContratRefuse():
            brut = {"contrat_id": fait.contrat_id, "date_refus": fait.le, "motif": fait.motif}
            return "contrat.refuse", contrat.ContratRefuse.model_validate(brut)
        case faits.ContratSuspendu():
            return "contrat.suspendu", contrat.ContratSuspendu.model_validate(_etape(fait))
        case faits.ContratRepris():
            return "contrat.repris", contrat.ContratRepris.model_validate(_etape(fait))
        case faits.ContratClos():
            return "contrat.clos", contrat.ContratClos.model_validate(_etape(fait))
        case faits.ContratAResigner():
            brut = {"contrat_id": fait.contrat_id, "cause": fait.cause}
            return "contrat.a-resigner", contrat.ContratAResigner.model_validate(brut)
        case faits.ContratAnnule():
            brut = {"annule": str(fait.annule), "motif": fait.motif}
            return "contrat.annule", contrat.ContratAnnule.model_validate(brut)
        case faits.ContratBilan():
            brut = {
                "contrat_id": fait.contrat_id,
                "date": fait.bilan.date,
                "heures_realisees": fait.bilan.heures_realisees,
                "points": list(fait.bilan.points),
            }
            return "contrat.bilan", contrat.ContratBilan.model_validate(brut)
        case _:
            assert_never(fait)


def _sanction(fait: faits.FaitDeSanction) -> tuple[str, Donnees]:
    brut: dict[str, Any]
    match fait:
        case faits.ManquementSignale():
            brut = asdict(fait.manquement)
            brut["date_constat"] = brut.pop("constate_le")
            return "manquement.signale", contrat.ManquementSignale.model_validate(brut)
        case faits.SanctionProposee():
            brut = asdict(fait.mesure) | {"date_proposition": fait.le}
            return "sanction.proposee", contrat.SanctionProposee.model_validate(brut)
        case faits.SanctionDecidee():
            brut = asdict(fait.mesure) | {"date_notification": fait.le}
            return "sanction.decidee", contrat.SanctionDecidee.model_validate(brut)
        case faits.SanctionLevee():
            brut = {"sanction_id": fait.sanction_id, "date_effet": fait.le, "motif": fait.motif}
            return "sanction.levee", contrat.SanctionLevee.model_validate(brut)
        case _:
            assert_never(fait)


def contenu_en_json(contenu: Contenu) -> dict[str, Any]:
    brut = asdict(contenu)
    motif = brut.pop("motif_dispense")
    brut["engagements_usager"] = list(brut["engagements_usager"])
    brut["engagements_organisme"] = list(brut["engagements_organisme"])
    return brut | {"dispense_heures": {"motif": motif} if motif else None}


def _etape(fait: faits.ContratSuspendu | faits.ContratRepris | faits.ContratClos) -> dict[str, Any]:
    return {"contrat_id": fait.contrat_id, "date": fait.le, "motif": fait.motif}
