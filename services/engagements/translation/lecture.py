"""Contract → domain: how each deposit, event and due date is read."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.facts import Entree
from services.engagements.domain import messages
from services.engagements.domain.delai import jour_legal
from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Contenu,
    Engagement,
    Manquement,
    Mesure,
    Orientation,
    StatutReferent,
)

Json = Mapping[str, Any]


def contrat_propose(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    dispense = donnees.get("dispense_heures")
    contenu = Contenu(
        contrat_id=donnees["contrat_id"],
        date_debut=_jour(donnees["date_debut"]),
        duree_mois=donnees["duree_mois"],
        engagements_usager=_engagements(donnees["engagements_usager"]),
        engagements_organisme=_engagements(donnees["engagements_organisme"]),
        motif_dispense=dispense["motif"] if dispense else None,
    )
    auteur = Auteur(entree.emetteur, entree.role)
    return messages.ProposerContrat(_parcours(entree), auteur, contenu, entree.recu_a)


def contrat_signe(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.SignerContrat(
        _parcours(entree),
        donnees["contrat_id"],
        _jour(donnees["date_signature"]),
        tuple(donnees["signataires"]),
        entree.recu_a,
    )


def contrat_refuse(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    return messages.RefuserContrat(
        _parcours(entree), donnees["contrat_id"], _jour(donnees["date_refus"]), donnees.get("motif"), entree.recu_a
    )


def contrat_suspendu(entree: Entree) -> messages.Message:
    return messages.SuspendreContrat(*_etape(entree), entree.recu_a)


def contrat_repris(entree: Entree) -> messages.Message:
    return messages.ReprendreContrat(*_etape(entree), entree.recu_a)


def contrat_clos(entree: Entree) -> messages.Message:
    return messages.CloreContrat(*_etape(entree), entree.recu_a)


def contrat_bilan(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    bilan = Bilan(_jour(donnees["date"]), tuple(donnees["points"]), donnees.get("heures_realisees"))
    return messages.FaireBilan(_parcours(entree), donnees["contrat_id"], bilan, entree.recu_a)


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
        _parcours(entree), donnees["sanction_id"], _jour(donnees["date_effet"]), donnees["motif"]
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
    return messages.DiagnosticRealise(_parcours(entree), entree.partition, criteres, jour_legal(entree.survenu_a))


def orientation_decidee(entree: Entree) -> messages.Message:
    donnees = entree.donnees
    structure = donnees["structure"]
    orientation = Orientation(
        parcours_type=donnees["parcours_type"],
        structure=f"{structure['systeme']}:{structure['valeur']}",
        decidee_le=_jour(donnees["date_decision"]),
        debut=_jour(donnees["date_debut"]),
    )
    return messages.OrientationDecidee(_parcours(entree), entree.partition, orientation)


def orientation_notifiee(entree: Entree) -> messages.Message:
    return messages.OrientationNotifiee(_parcours(entree), entree.partition, _jour(entree.donnees["date_notification"]))


def reorientation_decidee(entree: Entree) -> messages.Message:
    return messages.ReorientationDecidee(_parcours(entree), entree.partition, jour_legal(entree.survenu_a))


def orientation_close(entree: Entree) -> messages.Message:
    return messages.OrientationClose(_parcours(entree), entree.partition)


def referent_designe(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, StatutReferent.PROPOSE)


def referent_actif(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, StatutReferent.ACTIF)


def referent_parti(entree: Entree) -> messages.Message:
    return messages.ReferentChange(_parcours(entree), entree.partition, None)


def mois_ecoule(entree: Entree, numero: int) -> messages.Message:
    return messages.MoisEcoule(_parcours(entree), numero)


def reexamen_echu(entree: Entree, _: int) -> messages.Message:
    return messages.ReexamenEchu(_parcours(entree))


def suspension_echue(entree: Entree, numero: int) -> messages.Message:
    return messages.SuspensionEchue(_parcours(entree), numero)


def instruction_echue(entree: Entree, numero: int) -> messages.Message:
    return messages.InstructionEchue(_parcours(entree), numero)


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


def _etape(entree: Entree) -> tuple[UUID, str, date, str]:
    donnees = entree.donnees
    return _parcours(entree), donnees["contrat_id"], _jour(donnees["date"]), donnees["motif"]


def _jour(texte: str) -> date:
    return date.fromisoformat(texte)


def _parcours(entree: Entree) -> UUID:
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    return entree.agregat
