"""Contract → domain: how each deposit, event and due date is read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.facts import Entree
from relais_contrats.territoires import jour_legal
from services.engagements.domain import messages
from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Contenu,
    Contrat,
    Engagement,
    EtatContrat,
    Manquement,
    Mesure,
    Orientation,
    StatutReferent,
    Suspension,
)

Json = Mapping[str, Any]


def contrat_propose(entree: Entree) -> messages.Message:
    auteur = Auteur(entree.emetteur, entree.role)
    contenu = _contenu(entree.donnees)
    return messages.ProposerContrat(_parcours(entree), auteur, contenu, entree.recu_a, _depot(entree))


def contrat_signe(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.SignerContrat(
        _parcours(entree),
        donnees["contrat_id"],
        _jour(donnees["date_signature"]),
        tuple(donnees["signataires"]),
        entree.recu_a,
        entree.tour_a,
        _depot(entree),
    )


def contrat_refuse(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    le, motif = _jour(donnees["date_refus"]), donnees.get("motif")
    return messages.RefuserContrat(
        _parcours(entree), donnees["contrat_id"], le, motif, entree.recu_a, _depot(entree), entree.tour_a
    )


def contrat_suspendu(entree: Entree) -> messages.Message:
    return messages.SuspendreContrat(*_etape(entree), entree.recu_a, _depot(entree), entree.tour_a)


def contrat_repris(entree: Entree) -> messages.Message:
    return messages.ReprendreContrat(*_etape(entree), entree.recu_a, _depot(entree), entree.tour_a)


def contrat_clos(entree: Entree) -> messages.Message:
    return messages.CloreContrat(*_etape(entree), entree.recu_a, _depot(entree), entree.tour_a)


def contrat_annule(entree: Entree) -> messages.Message:
    auteur = Auteur(entree.emetteur, entree.role)
    return messages.AnnulerContrat(_parcours(entree), auteur, UUID(entree.donnees["annule"]), entree.donnees["motif"])


def contrat_bilan(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    bilan = Bilan(_jour(donnees["date"]), tuple(donnees["points"]), donnees.get("heures_realisees"))
    return messages.FaireBilan(_parcours(entree), donnees["contrat_id"], bilan, entree.recu_a, entree.tour_a)


def manquement_signale(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    manquement = Manquement(
        donnees["manquement_id"],
        donnees["nature"],
        donnees["rang"],
        _jour(donnees["date_constat"]),
        donnees["faits"],
    )
    return messages.SignalerManquement(_parcours(entree), manquement, entree.recu_a)


def sanction_proposee(entree: Entree) -> messages.Message:
    le = _jour(entree.donnees["date_proposition"])
    return messages.ProposerSanction(_parcours(entree), _mesure(entree.donnees), le, entree.recu_a)


def sanction_decidee(entree: Entree) -> messages.Message:
    le = _jour(entree.donnees["date_notification"])
    return messages.DeciderSanction(_parcours(entree), _mesure(entree.donnees), le, entree.recu_a)


def sanction_levee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.LeverSanction(
        _parcours(entree), donnees["sanction_id"], _jour(donnees["date_effet"]), donnees["motif"], entree.recu_a
    )


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


def diagnostic_realise(entree: Entree) -> messages.Message:
    """The day of the diagnostic is that of its fact: the contract gives it no other."""
    criteres = {nom: valeur for nom, valeur in entree.donnees["criteres"].items() if valeur is not None}
    jour = jour_legal(entree.partition, entree.survenu_a)
    return messages.DiagnosticRealise(_parcours(entree), entree.partition, criteres, jour)


def orientation_decidee(entree: Entree) -> messages.Message:
    notifiee_le = entree.donnees.get("date_notification")
    le = _jour(notifiee_le) if notifiee_le else None
    return messages.OrientationDecidee(_parcours(entree), entree.partition, _orientation(entree.donnees), le)


def orientation_annulee(entree: Entree) -> messages.Message | None:
    """A decision that never took effect had changed nothing here."""
    retablie = entree.donnees["retablie"]
    if not entree.donnees["etait_effective"]:
        return None
    return messages.OrientationAnnulee(
        _parcours(entree), entree.partition, _orientation(retablie) if retablie else None
    )


def orientation_notifiee(entree: Entree) -> messages.Message:
    return messages.OrientationNotifiee(_parcours(entree), entree.partition, _jour(entree.donnees["date_notification"]))


def reorientation_decidee(entree: Entree) -> messages.Message:
    jour = jour_legal(entree.partition, entree.survenu_a)
    return messages.ReorientationDecidee(_parcours(entree), entree.partition, jour)


def orientation_close(entree: Entree) -> messages.Message:
    return messages.OrientationClose(_parcours(entree), entree.partition)


def reprise_declaree(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    orientation, contrat = donnees.get("orientation"), donnees.get("contrat")
    notifiee_le = orientation.get("date_notification") if orientation else None
    reexamine_le = orientation.get("date_reexamen") if orientation else None
    recue_le = jour_legal(entree.partition, datetime.fromisoformat(donnees["recue_a"]))
    return messages.RepriseDeclaree(
        parcours=_parcours(entree),
        departement=entree.partition,
        orientation=_orientation(orientation) if orientation else None,
        notifiee_le=_jour(notifiee_le) if notifiee_le else None,
        reexamine_le=_jour(reexamine_le) if reexamine_le else None,
        contrat=_contrat_declare(contrat, Auteur(entree.emetteur, donnees["role"]), recue_le) if contrat else None,
        recue_le=recue_le,
        est_suivi="referent" in donnees,
    )


def _contrat_declare(brut: Json, auteur: Auteur, recue_le: date) -> Contrat:
    """Signed, it was so by the person at least."""
    signe_le, suspension = brut.get("date_signature"), brut.get("suspension")
    etat = EtatContrat.SIGNE if signe_le else EtatContrat.A_SIGNER
    return Contrat(
        numero=0,
        contenu=_contenu(brut),
        proposeur=auteur,
        etat=EtatContrat.SUSPENDU if suspension else etat,
        signe_le=_jour(signe_le) if signe_le else None,
        signataires=tuple(brut.get("signataires") or ("usager",)) if signe_le else (),
        suspensions=(Suspension(_jour(suspension["date"]), suspension["motif"], recue_le),) if suspension else (),
    )


def referent_designe(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, StatutReferent.PROPOSE)


def referent_actif(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, StatutReferent.ACTIF)


def referent_parti(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, None)


def suivi_effectif(entree: Entree) -> messages.Message:
    etat = entree.donnees["etat"]
    return messages.ReferentChange(_parcours(entree), entree.partition, StatutReferent(etat) if etat else None)


def contrat_debute(entree: Entree, numero: int) -> messages.Message:
    return messages.ContratDebute(_parcours(entree), numero, entree.id)


def mois_ecoule(entree: Entree, numero: int) -> messages.Message:
    return messages.MoisEcoule(_parcours(entree), numero)


def reexamen_echu(entree: Entree, _: int) -> messages.Message:
    return messages.ReexamenEchu(_parcours(entree))


def suspension_echue(entree: Entree, numero: int) -> messages.Message:
    return messages.SuspensionEchue(_parcours(entree), numero)


def instruction_echue(entree: Entree, numero: int) -> messages.Message:
    return messages.InstructionEchue(_parcours(entree), numero)


def levee_atteinte(entree: Entree, numero: int) -> messages.Message:
    return messages.LeveeAtteinte(_parcours(entree), numero)


def _contenu(brut: Json) -> Contenu:
    dispense = brut.get("dispense_heures")
    return Contenu(
        contrat_id=brut["contrat_id"],
        date_debut=_jour(brut["date_debut"]),
        duree_mois=brut["duree_mois"],
        engagements_usager=_engagements(brut["engagements_usager"]),
        engagements_organisme=_engagements(brut["engagements_organisme"]),
        motif_dispense=dispense["motif"] if dispense else None,
    )


def _engagements(bruts: list[Json]) -> tuple[Engagement, ...]:
    return tuple(
        Engagement(
            brut["id"],
            brut["theme"],
            brut["libelle"],
            brut.get("heures_hebdo"),
            _jour(brut["echeance"]) if brut.get("echeance") else None,
        )
        for brut in bruts
    )


def _orientation(donnees: Json) -> Orientation:
    structure = donnees["structure"]
    return Orientation(
        parcours_type=donnees["parcours_type"],
        structure=f"{structure['systeme']}:{structure['valeur']}",
        decidee_le=_jour(donnees["date_decision"]),
        debut=_jour(donnees["date_debut"]),
    )


def _mesure(brut: Json) -> Mesure:
    return Mesure(
        sanction_id=brut["sanction_id"],
        manquement_id=brut.get("manquement_id"),
        nature=brut["nature"],
        rang=brut["rang"],
        type=brut["type"],
        modalite=brut.get("modalite"),
        montant=brut.get("montant"),
        duree_mois=brut.get("duree_mois"),
    )


def _depot(entree: Entree) -> messages.DepotDeContrat:
    return messages.DepotDeContrat(entree.id, entree.type, entree.emetteur)


def _etape(entree: Entree) -> tuple[UUID, str, date, str]:
    donnees = entree.donnees
    return _parcours(entree), donnees["contrat_id"], _jour(donnees["date"]), donnees["motif"]


def _jour(texte: str) -> date:
    return date.fromisoformat(texte)


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
