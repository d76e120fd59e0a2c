"""The followers beside the référent unique: any participant adds them, there may be any number of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.decision import Refus
from relais_contrats.v1 import referents as contrat
from services.dossiers.vie import Situation
from services.referents.domain import suivi
from services.referents.domain.dossier import Accompagnant, Dossier, Structure
from services.referents.domain.regles import Dit, Recu, regle, repli


@regle(contrat.AccompagnantAjoute)
def ajouter(situation: Situation, recu: Recu[contrat.AccompagnantAjoute], _: datetime) -> Sequence[Any] | Refus:
    """An agent has an identifier in its structure only: the same one elsewhere is somebody else."""
    dossier, nouveau = situation.dossier, Accompagnant.lu(recu.data)
    connu = dossier.accompagnant(nouveau.professionnel.identifiant_agent, nouveau.structure)
    if connu:
        return Refus("deja-traite", "/data/accompagnant/identifiant_agent", {"date_debut": connu.debut.isoformat()})
    effet = suivi.des_le(dossier, nouveau.debut, recu.recu_a)
    return [Dit(dossier.parcours, dossier.departement, recu.data, None, effet)]


@repli(contrat.AccompagnantAjoute)
def _ajoute(dossier: Dossier, fait: Dit[contrat.AccompagnantAjoute, None]) -> Dossier:
    return replace(dossier, accompagnants=(*dossier.accompagnants, Accompagnant.lu(fait.data)))


@regle(contrat.AccompagnantRetire)
def retirer(situation: Situation, recu: Recu[contrat.AccompagnantRetire], _: datetime) -> Sequence[Any] | Refus:
    dossier, dit = situation.dossier, recu.data
    structure = Structure.lue(dit.structure)
    connu = dossier.accompagnant(dit.identifiant_agent, structure)
    if connu is None:
        if any(ancien.est(dit.identifiant_agent, structure) for ancien in dossier.accompagnants):
            return Refus("deja-traite", "/data/identifiant_agent")
        return Refus("referent-inconnu", "/data/identifiant_agent", {"attendu": "accompagnant.ajoute"})
    if dit.date_fin < connu.debut:
        return Refus("dates-incoherentes", "/data/date_fin", {"date_debut": connu.debut.isoformat()})
    effet = suivi.apres_le(dossier, dit.date_fin, recu.recu_a)
    return [Dit(dossier.parcours, dossier.departement, dit, None, effet)]


@repli(contrat.AccompagnantRetire)
def _retire(dossier: Dossier, fait: Dit[contrat.AccompagnantRetire, None]) -> Dossier:
    dit, structure = fait.data, Structure.lue(fait.data.structure)
    accompagnants = tuple(
        replace(a, fin=dit.date_fin, motif_fin=dit.motif)
        if a.fin is None and a.est(dit.identifiant_agent, structure)
        else a
        for a in dossier.accompagnants
    )
    return replace(dossier, accompagnants=accompagnants)


def repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> list[Dit[contrat.AccompagnantAjoute, None]]:
    """Return the followers that a survivor takes at a merge: everybody who still follows, once."""
    vus: dict[tuple[str, str, str], Accompagnant] = {}
    for accompagnant in (a for absorbe in absorbes for a in absorbe.accompagnants if a.fin is None):
        structure, agent = accompagnant.structure, accompagnant.professionnel.identifiant_agent
        if survivant.accompagnant(agent, structure) is None:
            vus.setdefault((structure.systeme, structure.valeur, agent), accompagnant)
    return [Dit(survivant.parcours, survivant.departement, a.dit(), None) for a in vus.values()]
