"""Contract ⇄ domain: how each deposit, event and due date is read, and how each fact is told."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, assert_never
from uuid import UUID

from chassis.facts import Entree, Fait
from relais_contrats.modele import Donnees
from relais_contrats.ordre import dit_a
from relais_contrats.v1 import orientation as contrat
from relais_contrats.v1.reprise import RepriseDeclaree
from services.orientation.domain import faits, messages
from services.orientation.domain.dossier import (
    Auteur,
    Contestation,
    Contrainte,
    Decision,
    DemandeReorientation,
    MotifPreconisation,
    Orientation,
    Preconisation,
    Structure,
)
from services.orientation.domain.orientation import lendemain
from services.orientation.domain.reprise import CONTRAT, REFERENT

EFFECTIVE = "orientation.effective"
"""For the siblings and the gateway only: it is not in the catalogue, so that no partner receives it."""
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
    return messages.DeciderOrientation(
        _parcours(entree),
        _auteur(entree),
        _decision(entree.donnees),
        _contestation(entree.donnees),
        entree.recu_a,
        entree.id,
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
        entree.id,
    )


def orientation_close(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.CloreOrientation(
        _parcours(entree), _auteur(entree), _jour(donnees["date_fin"]), donnees["motif"], entree.recu_a
    )


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
        dit_a(entree.survenu_a, entree.recu_a),
    )


def droits_modifies(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    brsa = donnees["etat_dossier"] in _DROIT_OUVERT
    dit = (dit_a(entree.survenu_a, entree.recu_a), _jour(donnees["date_effet"]))
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


def orientation_annulee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    annule, motif = UUID(donnees["annule"]), donnees["motif"]
    return messages.AnnulerOrientation(_parcours(entree), _auteur(entree), annule, motif, entree.recu_a)


def reprise_declaree(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    orientation, referent, contrat = (donnees.get(partie) for partie in ("orientation", "referent", "contrat"))
    notifiee_le = orientation.get("date_notification") if orientation else None
    return messages.DeclarerReprise(
        parcours=_parcours(entree),
        auteur=_auteur(entree),
        date_reprise=_jour(donnees["date_reprise"]),
        donnees=donnees,
        decision=_decision(orientation) if orientation else None,
        contestation=_contestation(orientation) if orientation else None,
        notifiee_le=_jour(notifiee_le) if notifiee_le else None,
        referent=_structure(referent["structure"]) if referent else None,
        contrat_est_signe="date_signature" in contrat if contrat else None,
        rdvs=tuple(
            messages.RdvDeclare(rdv["rdv_id"], rdv["statut"], datetime.fromisoformat(rdv["debut"]))
            for rdv in donnees.get("rdv") or ()
        ),
        recu_a=entree.recu_a,
    )


_TENUS = {"referent.designe": REFERENT, "contrat.propose": CONTRAT}
"""What each of these events says that a sibling holds; an appointment is held by its key."""


def suite_donnee(entree: Entree) -> messages.Message:
    """What a partner did, or a service concluded: nothing stands on the latter, it is held all the same."""
    donnees = entree.donnees
    structure = donnees.get("structure") or donnees.get("nouveau", {}).get("structure")
    return messages.SuiteDonnee(
        parcours=_parcours(entree),
        departement=entree.partition,
        type=entree.type,
        structure=f"{structure['systeme']}:{structure['valeur']}" if structure else None,
        evenement=entree.id,
        tient=_TENUS.get(entree.type),
        est_d_un_partenaire=entree.emetteur.startswith("/partenaires/"),
        depot=entree.cause,
    )


def suite_annulee(entree: Entree) -> messages.Message:
    return messages.SuiteAnnulee(_parcours(entree), UUID(entree.donnees["annule"]))


def rdv_planifie(entree: Entree) -> messages.Message:
    """Nothing stands on an appointment."""
    return messages.SuiteDonnee(
        _parcours(entree), entree.partition, entree.type, None, entree.id, entree.donnees["rdv_id"], False
    )


def premier_jour(entree: Entree, rang: int) -> messages.Message:
    return messages.PremierJour(_parcours(entree), rang)


def droit_effectif(entree: Entree, ordinal: int) -> messages.Message:
    return messages.DroitEffectif(_parcours(entree), date.fromordinal(ordinal))


def traduire(fait: faits.Fait) -> Fait | None:
    """The fact of the catalogue, valid by construction, or None for one that stays at home. Nothing here is protected:
    no name, number or contact."""
    if isinstance(fait, faits.FaitInterne):
        return None
    if isinstance(fait, faits.OrientationEffective):
        return Fait(EFFECTIVE, fait.parcours, fait.departement, _effective(fait.orientation))
    type_court, donnees = _donnees(fait)
    dites = donnees.en_json() | _suite(fait)
    return Fait(type_court, fait.parcours, fait.departement, dites, effet=_jour_d_effet(fait))


def _suite(fait: faits.FaitDuCatalogue) -> dict[str, Any]:
    """For the siblings and the gateway: the contract has no such field, so that no partner sees it."""
    match fait:
        case faits.OrientationAnnulee():
            return _annulation(fait)
        case faits.RepriseDeclaree():
            return {"recue_a": fait.recue_a.isoformat(), "role": fait.decideur.role}
        case faits.OrientationDecidee(est_reprise=True):
            return {"est_reprise": True}
        case _:
            return {}


def _annulation(fait: faits.OrientationAnnulee) -> dict[str, Any]:
    retablie = _effective(fait.retablie) if fait.retablie else None
    return {"rang": fait.annulee.rang, "etait_effective": fait.annulee.est_effective, "retablie": retablie}


def _jour_d_effet(fait: faits.FaitDuCatalogue) -> str | None:
    effet = _effet(fait)
    return effet.isoformat() if effet else None


def _effet(fait: faits.FaitDuCatalogue) -> date | None:
    match fait:
        case faits.OrientationDecidee(est_differee=True):
            return fait.decision.date_debut
        case faits.OrientationClose(est_differee=True):
            return lendemain(fait.date_fin)
        case faits.OrientationNotifiee():
            return fait.effet
        case _:
            return None


def _effective(orientation: Orientation) -> dict[str, Any]:
    """The decision as it was told, with its notification if there was one."""
    decidee = contrat.OrientationDecidee.model_validate(
        _decision_en_json(orientation.decision) | _sens(orientation.contestation)
    ).en_json()
    dates = {"date_effet": orientation.debut.isoformat()}
    if orientation.notifiee_le:
        dates["date_notification"] = orientation.notifiee_le.isoformat()
    if orientation.depot:
        dates["depot"] = str(orientation.depot)
    return decidee | dates


def _donnees(fait: faits.FaitDuCatalogue) -> tuple[str, Donnees]:
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
        case faits.OrientationAnnulee():
            brut = {"annule": str(fait.annule), "motif": fait.motif}
            return "orientation.annulee", contrat.OrientationAnnulee.model_validate(brut)
        case faits.RepriseDeclaree():
            return "reprise.declaree", RepriseDeclaree.model_validate(fait.donnees)
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


def _contestation(brut: Json) -> Contestation | None:
    motif_refus = brut.get("motif_refus")
    return Contestation(motif_refus, brut.get("commentaire_refus")) if motif_refus else None


def _lire_structure(brut: Json) -> Structure:
    return Structure(brut["systeme"], brut["valeur"], brut["nom"])


def _structure(brut: Json | None) -> Structure | None:
    return _lire_structure(brut) if brut else None


def _jour(texte: str) -> date:
    return date.fromisoformat(texte)


def _auteur(entree: Entree) -> Auteur:
    return Auteur(entree.emetteur, entree.role)


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
