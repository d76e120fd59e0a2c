"""Contract ⇄ domain: how each deposit, event and due date is read, and how each fact is told."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, assert_never
from uuid import UUID

from chassis.facts import Entree, Fait
from relais_contrats.modele import Donnees
from relais_contrats.v1 import orientation as contrat
from services.orientation.domain import faits, messages
from services.orientation.domain.dossier import (
    Auteur,
    Contestation,
    Contrainte,
    Decision,
    DemandeReorientation,
    MotifPreconisation,
    Preconisation,
    Structure,
)

_DROIT_OUVERT = frozenset({"0", "2", "3", "4"})
"""CNAF states of a file in which the person asks for the RSA or has a right to it, paid or not (ETATDOSRSA)."""

Json = Mapping[str, Any]


def orientation_demandee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.DemanderOrientation(
        _parcours(entree), _jour(donnees["date_reception"]), donnees.get("motif"), entree.recu_a
    )


def diagnostic_realise(entree: Entree) -> messages.Message:
    criteres = {nom: valeur for nom, valeur in entree.donnees["criteres"].items() if valeur is not None}
    contraintes = tuple(Contrainte(**brute) for brute in entree.donnees.get("contraintes_diagnostic") or ())
    return messages.RealiserDiagnostic(_parcours(entree), criteres, contraintes)


def orientation_preconisee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    motifs = tuple(
        MotifPreconisation(brut["critere"], brut.get("valeur"), brut["explication"]) for brut in donnees["motifs"]
    )
    return messages.Preconiser(
        _parcours(entree),
        Preconisation(donnees["parcours_type"], donnees["organisme"], motifs, _structure(donnees.get("structure"))),
    )


def orientation_decidee(entree: Entree) -> messages.Message:
    motif_refus, commentaire = entree.donnees.get("motif_refus"), entree.donnees.get("commentaire_refus")
    return messages.DeciderOrientation(
        _parcours(entree),
        _auteur(entree),
        _decision(entree.donnees),
        Contestation(motif_refus, commentaire) if motif_refus else None,
        entree.recu_a,
    )


def orientation_notifiee(entree: Entree) -> messages.Message:
    jour = _jour(entree.donnees["date_notification"])
    return messages.NotifierOrientation(_parcours(entree), _auteur(entree), jour, entree.recu_a)


def reorientation_demandee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    demande = DemandeReorientation(
        demandeur=_auteur(entree),
        motif=donnees["motif"],
        parcours_type_propose=donnees["parcours_type_propose"],
        structure_proposee=_structure(donnees.get("structure_proposee")),
        accord_referent=donnees["accord_referent"],
        accord_personne=donnees["accord_personne"],
        urgence=donnees["urgence"],
    )
    return messages.DemanderReorientation(_parcours(entree), demande)


def reorientation_decidee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    nouvelle = donnees.get("nouvelle_decision")
    return messages.DeciderReorientation(
        _parcours(entree),
        _auteur(entree),
        donnees["decision"],
        donnees.get("motif"),
        _decision(nouvelle) if nouvelle else None,
        entree.recu_a,
    )


def orientation_close(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.CloreOrientation(_parcours(entree), _auteur(entree), _jour(donnees["date_fin"]), donnees["motif"])


def parcours_ouvert(entree: Entree) -> messages.Message:
    return messages.ParcoursOuvert(_parcours(entree), entree.partition)


def usager_signale(entree: Entree) -> messages.Message:
    recue = entree.donnees.get("date_reception_droit")
    return messages.UsagerSignale(
        _parcours(entree),
        entree.partition,
        entree.donnees["brsa"],
        _jour(recue) if recue else None,
        entree.recu_a,
        _dit_a(entree),
    )


def droits_modifies(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    brsa, dit = donnees["etat_dossier"] in _DROIT_OUVERT, (_dit_a(entree), _jour(donnees["date_effet"]))
    return messages.DroitsModifies(_parcours(entree), entree.partition, brsa, dit)


def usager_fusionne(entree: Entree) -> messages.Message:
    conserve = UUID(entree.donnees["conserve"])
    absorbes = tuple(UUID(absorbe) for absorbe in entree.donnees["absorbes"])
    return messages.UsagerFusionne(conserve, entree.partition, absorbes)


def parcours_transfere(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.ParcoursTransfere(_parcours(entree), donnees["departement_nouveau"], _jour(donnees["date_effet"]))


def parcours_clos(entree: Entree) -> messages.Message:
    return messages.ParcoursClos(_parcours(entree), _jour(entree.donnees["date_fin"]), entree.donnees["motif"])


def usager_oppose(entree: Entree) -> messages.Message:
    return messages.UsagerOppose(_parcours(entree))


def usager_efface(entree: Entree) -> messages.Message:
    return messages.UsagerEfface(_parcours(entree), entree.partition)


def delai_ecoule(entree: Entree, numero: int) -> messages.Message:
    return messages.DelaiEcoule(_parcours(entree), numero)


def terme_atteint(entree: Entree, rang: int) -> messages.Message:
    return messages.TermeAtteint(_parcours(entree), rang)


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home. Nothing here is protected:
    no name, number or contact."""
    if isinstance(fait, faits.FaitInterne):
        return None
    type_court, donnees = _donnees(fait)
    return Fait(type_court, fait.parcours, fait.departement, donnees.en_json())


def _donnees(fait: faits.FaitPublie) -> tuple[str, Donnees]:
    brut: dict[str, Any]
    match fait:
        case faits.OrientationDemandee():
            brut = {"date_reception": fait.recue_le, "motif": fait.motif}
            return "orientation.demandee", contrat.OrientationDemandee.model_validate(brut)
        case faits.DiagnosticRealise():
            contraintes = [asdict(contrainte) for contrainte in fait.contraintes] or None
            brut = {"criteres": fait.criteres, "contraintes_diagnostic": contraintes}
            return "diagnostic.realise", contrat.DiagnosticRealise.model_validate(brut)
        case faits.OrientationPreconisee():
            brut = _preconisation(fait.preconisation)
            return "orientation.preconisee", contrat.OrientationPreconisee.model_validate(brut)
        case faits.OrientationDecidee():
            brut = _decision_en_json(fait.decision) | _sens(fait.contestation)
            return "orientation.decidee", contrat.OrientationDecidee.model_validate(brut)
        case faits.OrientationNotifiee():
            brut = {"date_notification": fait.notifiee_le}
            return "orientation.notifiee", contrat.OrientationNotifiee.model_validate(brut)
        case faits.OrientationDessaisie():
            brut = {"date_reception": fait.recue_le, "date_echeance": fait.date_echeance}
            return "orientation.dessaisie", contrat.OrientationDessaisie.model_validate(brut)
        case faits.ReorientationDemandee():
            brut = asdict(fait.demande)
            del brut["demandeur"]
            return "reorientation.demandee", contrat.ReorientationDemandee.model_validate(brut)
        case faits.ReorientationDecidee():
            nouvelle = _decision_en_json(fait.nouvelle) if fait.nouvelle else None
            brut = {"decision": fait.sens, "motif": fait.motif, "nouvelle_decision": nouvelle}
            return "reorientation.decidee", contrat.ReorientationDecidee.model_validate(brut)
        case faits.OrientationClose():
            brut = {"date_fin": fait.date_fin, "motif": fait.motif}
            return "orientation.close", contrat.OrientationClose.model_validate(brut)
        case _:
            assert_never(fait)


def _preconisation(preconisation: Preconisation) -> dict[str, Any]:
    return {
        "parcours_type": preconisation.parcours_type,
        "organisme": preconisation.organisme,
        "structure": asdict(preconisation.structure) if preconisation.structure else None,
        "motifs": [
            {"critere": motif.critere, "valeur": motif.valeur, "explication": motif.explication}
            for motif in preconisation.motifs
        ],
    }


def _decision_en_json(decision: Decision) -> dict[str, Any]:
    structure = decision.structure
    return {
        "parcours_type": decision.parcours_type,
        "organisme": decision.organisme,
        "structure": {"systeme": structure.systeme, "valeur": structure.valeur, "nom": structure.nom},
        "date_decision": decision.date_decision,
        "date_debut": decision.date_debut,
        "date_fin": decision.date_fin,
        "rang": decision.rang,
    }


def _sens(contestation: Contestation | None) -> dict[str, Any]:
    if contestation is None:
        return {"decision": "acceptee"}
    return {
        "decision": "refusee",
        "motif_refus": contestation.motif_refus,
        "commentaire_refus": contestation.commentaire,
    }


def _decision(brut: Json) -> Decision:
    fin = brut.get("date_fin")
    return Decision(
        parcours_type=brut["parcours_type"],
        organisme=brut["organisme"],
        structure=_lire_structure(brut["structure"]),
        date_decision=_jour(brut["date_decision"]),
        date_debut=_jour(brut["date_debut"]),
        date_fin=_jour(fin) if fin else None,
        rang=brut["rang"],
    )


def _lire_structure(brut: Json) -> Structure:
    return Structure(brut["systeme"], brut["valeur"], brut["nom"])


def _structure(brut: Json | None) -> Structure | None:
    return _lire_structure(brut) if brut else None


def _dit_a(entree: Entree) -> datetime:
    """A clock that runs ahead has not the last word for ever."""
    return min(entree.survenu_a, entree.recu_a)


def _jour(texte: str) -> date:
    return date.fromisoformat(texte)


def _auteur(entree: Entree) -> Auteur:
    return Auteur(entree.emetteur, entree.role)


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
