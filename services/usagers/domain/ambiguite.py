"""Ambiguous persons: their candidates, and the agent who identifies them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.decision import Refus
from services.usagers.domain import fusion
from services.usagers.domain.faits import Motif, ParcoursOuvert, ParcoursRattache, Regle, UsagerAmbigu, UsagerRapproche
from services.usagers.domain.identite import Identifiant
from services.usagers.domain.messages import DecisionRapprochement
from services.usagers.domain.parcours import Etat, EtatParcours, Parcours
from services.usagers.domain.regles import regle
from services.usagers.domain.situation import Decision

MAX_CANDIDATS = 50


def prevenir(etat: Etat, tenant: UUID, la_bas: str, identifiants: Sequence[Identifiant]) -> list[UsagerAmbigu]:
    """Ambiguous parcours that claim an identifier which `tenant`, in the territory `la_bas`, now holds get it as a
    candidate."""
    tenus = frozenset(i for i in identifiants if i.est_exclusif)
    return [
        UsagerAmbigu(
            p.id,
            p.departement,
            (*p.candidats, tenant),
            (Motif.IDENTIFIANT_DESORMAIS_TENU,),
            p.ailleurs if la_bas == p.departement else p.ailleurs | {tenant},
        )
        for p in etat.ambigus
        if p.identifiants & tenus
        and tenant not in p.candidats
        and tenant not in p.distincts
        and len(p.candidats) < MAX_CANDIDATS
    ]


@regle(DecisionRapprochement)
def _trancher(etat: Etat, message: DecisionRapprochement, _: datetime) -> Decision:
    """An agent identifies an ambiguous person. A second time is `deja-traite`."""
    en_attente = etat.nommes.get(message.parcours)
    if en_attente is None or en_attente.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/subject")
    if en_attente.etat is not EtatParcours.AMBIGU:
        return Refus("deja-traite", "/subject")
    if message.decision == "personne-nouvelle":
        ecartes = frozenset(i for i in en_attente.identifiants if etat.tenu_ailleurs(i, en_attente.id))
        return [
            UsagerRapproche(en_attente.id, en_attente.departement, "personne-nouvelle", None),
            ParcoursOuvert(en_attente.id, en_attente.departement, Regle.DECISION, ecartes),
            *prevenir(
                _sans(etat, en_attente),
                en_attente.id,
                en_attente.departement,
                tuple(en_attente.identifiants - ecartes),
            ),
        ]
    reconnu = etat.nommes.get(message.reconnu) if message.reconnu else None
    if reconnu is None or reconnu.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/data/parcours")
    if reconnu.id not in en_attente.candidats:
        return Refus("etat-interdit", "/data/parcours", {"motif": "pas-un-candidat"})
    if reconnu.etat is not EtatParcours.ACTIF:
        return Refus("etat-interdit", "/data/parcours", {"etat": str(reconnu.etat)})
    return [
        UsagerRapproche(en_attente.id, en_attente.departement, "meme-personne", reconnu.id),
        ParcoursRattache(reconnu.id, reconnu.departement, Regle.DECISION),
        fusion.reconnaitre(etat, reconnu, en_attente, message.acte),
    ]


def _sans(etat: Etat, parcours: Parcours) -> Etat:
    return Etat(etat.nommes, tuple(p for p in etat.proches if p.id != parcours.id))
