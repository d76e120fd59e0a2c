"""The followers beside the référent unique: any participant adds them, there may be any number of them."""

from collections.abc import Sequence

from chassis.decision import Refus
from services.referents.domain import faits
from services.referents.domain.dossier import Dossier
from services.referents.domain.messages import AjouterAccompagnant, RetirerAccompagnant


def ajouter(dossier: Dossier, message: AjouterAccompagnant) -> Sequence[faits.Fait] | Refus:
    """An agent has an identifier in its structure only: the same one elsewhere is somebody else."""
    nouveau = message.accompagnant
    connu = dossier.accompagnant(nouveau.professionnel.identifiant_agent, nouveau.structure)
    if connu:
        return Refus("deja-traite", "/data/accompagnant/identifiant_agent", {"date_debut": connu.debut.isoformat()})
    return [faits.AccompagnantAjoute(dossier.parcours, dossier.departement, nouveau)]


def retirer(dossier: Dossier, message: RetirerAccompagnant) -> Sequence[faits.Fait] | Refus:
    connu = dossier.accompagnant(message.identifiant_agent, message.structure)
    if connu is None:
        return _refus_d_inconnu(dossier, message)
    if message.date_fin < connu.debut:
        return Refus("dates-incoherentes", "/data/date_fin", {"date_debut": connu.debut.isoformat()})
    return [
        faits.AccompagnantRetire(
            parcours=dossier.parcours,
            departement=dossier.departement,
            identifiant_agent=message.identifiant_agent,
            structure=message.structure,
            date_fin=message.date_fin,
            motif=message.motif,
        )
    ]


def _refus_d_inconnu(dossier: Dossier, message: RetirerAccompagnant) -> Refus:
    if any(ancien.est(message.identifiant_agent, message.structure) for ancien in dossier.accompagnants):
        return Refus("deja-traite", "/data/identifiant_agent")
    return Refus("referent-inconnu", "/data/identifiant_agent", {"attendu": "accompagnant.ajoute"})
