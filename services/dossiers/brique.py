"""Builds the brique of a service from its rules and its dossiers: reads entries, publishes facts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.depots import Brique
from chassis.facts import Entree, Fait
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.ordre import dit_a
from services.dossiers.modele import A
from services.dossiers.registre import Registre
from services.dossiers.regles import Dit, Recu

EFFECTIFS = frozenset({"orientation.effective", "transfert.effectif", "suivi.effectif"})
"""Events between siblings, on the day on which a change that was published earlier takes effect."""


def brique(nom: str, registre: Registre[A]) -> Brique[Any, Any, Any, Any]:
    modele, regles = registre.modele, registre.modele.regles

    def lire(entree: Entree) -> Recu[Any] | None:
        """None for an event that changes nothing here, or not before its day. Raises KeyError on another deposit."""
        if entree.nature == "evenement":
            attend = entree.effet and entree.type not in EFFECTIFS
            return None if attend or entree.type not in regles.regles else recu(entree, entree.type, entree.donnees)
        if entree.nature == "echeance":
            nature, _, numero = entree.type.removeprefix("echeance.").rpartition("-")
            return recu(entree, nature, int(numero))
        classe = CATALOGUE[entree.type].modele
        if classe not in regles.regles:
            raise KeyError(entree.type)
        return recu(entree, entree.type, classe.model_validate(entree.donnees))

    def publier(fait: Any) -> Fait | None:
        if not isinstance(fait, Dit):
            return None
        effet = fait.effet.isoformat() if fait.effet else None
        entre_nous = fait.garde.entre_nous() if hasattr(fait.garde, "entre_nous") else {}
        return Fait(modele.nom(fait), fait.parcours, fait.departement, fait.data.en_json() | entre_nous, effet=effet)

    faire = (lire, registre.charger, regles.decider, publier, registre.enregistrer)
    return Brique(nom, *faire, registre.sceaux, regles.entend)


def recu(entree: Entree, type_: str, data: Any) -> Recu[Any]:
    """An entry as the rules see it. A merge is about its survivor."""
    if entree.agregat is None:
        raise ValueError(f"{entree.type} without a parcours")
    est_fusion = type_ == "usager.fusionne"
    return Recu(
        type=type_,
        parcours=UUID(data["conserve"]) if est_fusion else entree.agregat,
        departement=entree.partition,
        data=data,
        id=entree.id,
        auteur=entree.emetteur,
        role=entree.role,
        recu_a=entree.recu_a,
        dit_a=dit_a(entree.survenu_a, entree.recu_a).astimezone(UTC),
        au_repos=bool(entree.au_repos),
        cause=entree.cause,
        absorbes=tuple(map(UUID, data["absorbes"])) if est_fusion else (),
        nature=entree.nature,
        agent=entree.agent,
    )


def nommer(conserve: UUID, absorbes: tuple[UUID, ...]) -> Recu[Any]:
    """Return a message that names a survivor and its absorbed parcours, so that all are loaded."""
    return Recu(
        type="usager.fusionne",
        parcours=conserve,
        departement="",
        data={},
        id=conserve,
        auteur="",
        role="hub",
        recu_a=datetime.min.replace(tzinfo=UTC),
        absorbes=absorbes,
        nature="evenement",
    )
