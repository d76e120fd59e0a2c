"""Contract ⇄ domain: how each deposit and event is read, and how each fact is told.

Facts carry the name and the contact of professionals, in clear: it is for their public function that these are known,
every participant must be able to reach who follows the person, and their group (`orientation`) is not one of those
that the vault protects. What must not travel is the identity of the person, and nothing here knows it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, assert_never
from uuid import UUID

from chassis.facts import Entree, Fait
from relais_contrats.modele import Donnees
from relais_contrats.v1 import referents as contrat
from services.referents.domain import faits, messages
from services.referents.domain.dossier import (
    Accompagnant,
    Affectation,
    Orientation,
    Professionnel,
    RendezVous,
    Statut,
    Structure,
)

Json = Mapping[str, Any]


def referent_designe(entree: Entree) -> messages.Message:
    return messages.DesignerReferent(_parcours(entree), _affectation(entree.donnees), entree.recu_a)


def referent_accepte(entree: Entree) -> messages.Message:
    return messages.AccepterReferent(_parcours(entree), entree.donnees.get("motif"), entree.recu_a)


def referent_decline(entree: Entree) -> messages.Message:
    return messages.DeclinerReferent(_parcours(entree), entree.donnees["motif"])


def referent_remplace(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.RemplacerReferent(
        _parcours(entree),
        _jour(donnees["date_fin"]),
        donnees["motif"],
        _affectation(donnees["nouveau"]),
        entree.recu_a,
    )


def referent_termine(entree: Entree) -> messages.Message:
    return messages.TerminerReferent(_parcours(entree), _jour(entree.donnees["date_fin"]), entree.donnees["motif"])


def accompagnant_ajoute(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    ajoute = Accompagnant(
        professionnel=Professionnel(**donnees["accompagnant"]),
        structure=_structure(donnees["structure"]),
        role=donnees["role"],
        debut=_jour(donnees["date_debut"]),
    )
    return messages.AjouterAccompagnant(_parcours(entree), ajoute)


def accompagnant_retire(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.RetirerAccompagnant(
        _parcours(entree),
        donnees["identifiant_agent"],
        _structure(donnees["structure"]),
        _jour(donnees["date_fin"]),
        donnees.get("motif"),
    )


def rdv_planifie(entree: Entree) -> messages.Message:
    return messages.PlanifierRdv(_parcours(entree), _rendez_vous(entree.donnees), entree.emetteur)


def rdv_modifie(entree: Entree) -> messages.Message:
    return messages.ModifierRdv(_parcours(entree), _rendez_vous(entree.donnees))


def rdv_annule(entree: Entree) -> messages.Message:
    return messages.AnnulerRdv(_parcours(entree), _rendez_vous(entree.donnees))


def rdv_constate(entree: Entree) -> messages.Message:
    return messages.ConstaterRdv(_parcours(entree), _rendez_vous(entree.donnees), entree.recu_a)


def parcours_ouvert(entree: Entree) -> messages.Message:
    return messages.ParcoursOuvert(_parcours(entree), entree.partition)


def parcours_transfere(entree: Entree) -> messages.Message:
    return messages.ParcoursTransfere(_parcours(entree), entree.donnees["departement_nouveau"])


def parcours_clos(entree: Entree) -> messages.Message:
    return messages.ParcoursClos(_parcours(entree), _jour(entree.donnees["date_fin"]), entree.donnees["motif"])


def usager_fusionne(entree: Entree) -> messages.Message:
    conserve = UUID(entree.donnees["conserve"])
    absorbes = tuple(UUID(absorbe) for absorbe in entree.donnees["absorbes"])
    return messages.UsagerFusionne(conserve, entree.partition, absorbes)


def usager_efface(entree: Entree) -> messages.Message:
    return messages.UsagerEfface(_parcours(entree), entree.partition)


def orientation_decidee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    fin = donnees.get("date_fin")
    orientation = Orientation(
        rang=donnees["rang"],
        departement=entree.partition,
        structure=_structure(donnees["structure"]),
        decidee_le=_jour(donnees["date_decision"]),
        debut=_jour(donnees["date_debut"]),
        fin=_jour(fin) if fin else None,
    )
    return messages.OrientationDecidee(_parcours(entree), entree.partition, orientation)


def orientation_close(entree: Entree) -> messages.Message:
    return messages.OrientationClose(_parcours(entree), _jour(entree.donnees["date_fin"]))


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home. Nothing is protected."""
    if isinstance(fait, faits.FaitInterne):
        return None
    type_court, donnees = _donnees(fait)
    return Fait(type_court, fait.parcours, fait.departement, donnees.en_json())


def _donnees(fait: faits.FaitPublie) -> tuple[str, Donnees]:
    brut: dict[str, Any]
    match fait:
        case faits.ReferentDesigne():
            brut = _affectation_en_json(fait.affectation)
            return "referent.designe", contrat.ReferentDesigne.model_validate(brut)
        case faits.ReferentAccepte():
            return "referent.accepte", contrat.ReferentAccepte.model_validate({"motif": fait.motif})
        case faits.ReferentDecline():
            return "referent.decline", contrat.ReferentDecline.model_validate({"motif": fait.motif})
        case faits.ReferentRemplace():
            nouveau = _affectation_en_json(fait.nouvelle)
            brut = {"date_fin": fait.date_fin, "motif": fait.motif, "nouveau": nouveau}
            return "referent.remplace", contrat.ReferentRemplace.model_validate(brut)
        case faits.ReferentTermine():
            brut = {"date_fin": fait.date_fin, "motif": fait.motif}
            return "referent.termine", contrat.ReferentTermine.model_validate(brut)
        case faits.AccompagnantAjoute():
            brut = _accompagnant_en_json(fait.accompagnant)
            return "accompagnant.ajoute", contrat.AccompagnantAjoute.model_validate(brut)
        case faits.AccompagnantRetire():
            brut = {
                "identifiant_agent": fait.identifiant_agent,
                "structure": asdict(fait.structure),
                "date_fin": fait.date_fin,
                "motif": fait.motif,
            }
            return "accompagnant.retire", contrat.AccompagnantRetire.model_validate(brut)
        case faits.RdvPlanifie():
            return "rdv.planifie", contrat.RdvPlanifie.model_validate(_rdv_en_json(fait))
        case faits.RdvModifie():
            return "rdv.modifie", contrat.RdvModifie.model_validate(_rdv_en_json(fait))
        case faits.RdvAnnule():
            return "rdv.annule", contrat.RdvAnnule.model_validate(_rdv_en_json(fait))
        case faits.RdvConstate():
            return "rdv.constate", contrat.RdvConstate.model_validate(_rdv_en_json(fait))
        case _:
            assert_never(fait)


def _affectation_en_json(affectation: Affectation) -> dict[str, Any]:
    return {
        "referent": asdict(affectation.referent),
        "structure": asdict(affectation.structure),
        "date_debut": affectation.debut,
    }


def _accompagnant_en_json(accompagnant: Accompagnant) -> dict[str, Any]:
    return {
        "accompagnant": asdict(accompagnant.professionnel),
        "structure": asdict(accompagnant.structure),
        "date_debut": accompagnant.debut,
        "role": accompagnant.role,
    }


def _rdv_en_json(fait: faits.FaitDeRdv) -> dict[str, Any]:
    return asdict(fait.suivi.rendez_vous)


def _affectation(brut: Json) -> Affectation:
    referent, structure = Professionnel(**brut["referent"]), _structure(brut["structure"])
    return Affectation(referent, structure, _jour(brut["date_debut"]))


def _rendez_vous(brut: Json) -> RendezVous:
    return RendezVous(
        rdv_id=brut["rdv_id"],
        motif=brut["motif"],
        debut=datetime.fromisoformat(brut["debut"]),
        duree_min=int(brut["duree_min"]),
        modalite=brut["modalite"],
        forme=brut["forme"],
        lieu=brut.get("lieu"),
        statut=Statut(brut["statut"]),
        annule_par=brut.get("annule_par"),
    )


def _structure(brut: Json) -> Structure:
    return Structure(brut["systeme"], brut["valeur"], brut["nom"])


def _jour(texte: str) -> date:
    return date.fromisoformat(texte)


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
