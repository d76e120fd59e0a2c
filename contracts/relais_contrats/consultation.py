"""Who reads, and for what: `Relais-Agent` and `Relais-Finalite`, and the conventions without which nothing is read.

The hub and its mock refuse with this.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from relais_contrats.codes.acteurs import Finalite
from relais_contrats.droits import Demandeur, convention_en_vigueur
from relais_contrats.enveloppe import MOTIF_AGENT
from relais_contrats.identifiants import porte_un_nir
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus

AGENT, FINALITE = "relais-agent", "relais-finalite"
_AGENT_MAX = 200
_AGENT = re.compile(MOTIF_AGENT)


@dataclass(frozen=True, slots=True)
class Consultation:
    """`finalite`: the purpose that the request declares, otherwise the purposes of its conventions, as written in the
    access journal. `finalites`: the purposes allowed for this read, at least one of them in force.
    """

    agent: str | None
    finalite: str | None
    finalites: frozenset[str]


def lire_consultation(demandeur: Demandeur, entetes: Mapping[str, str], finalites: frozenset[str]) -> Consultation:
    """Read the two optional headers. `finalites`: the purposes that this view serves. Raises a Problem when a header is
    wrong, or when no convention is in force for any of these purposes.
    """
    agent, finalite = entetes.get(AGENT), entetes.get(FINALITE)
    if agent is not None and not est_un_agent(agent):
        raise Problem("schema-invalide", erreurs=[ligne_de_refus("schema-invalide", AGENT)])
    if finalite is not None and finalite not in set(Finalite):
        raise Problem("code-inconnu", erreurs=[ligne_de_refus("code-inconnu", FINALITE)])
    voulues = finalites & {finalite} if finalite else finalites
    # Who does not say for what reads under the purposes of its conventions.
    ouvertes = sorted(f for f in voulues if _est_convenue(demandeur, frozenset({f})))
    exiger_une_convention(demandeur, voulues)
    return Consultation(agent, finalite or " ".join(ouvertes) or None, voulues)


def exiger_une_convention(demandeur: Demandeur, finalites: frozenset[str]) -> None:
    """Raises the Problem of a partner without a convention in force for one of these purposes."""
    if not _est_convenue(demandeur, finalites):
        raise Problem("finalite-interdite", erreurs=[ligne_de_refus("finalite-interdite", FINALITE)])


def est_un_agent(agent: str) -> bool:
    """Whether this may stand in the journal of accesses as who acted: no NIR is written there."""
    return len(agent) <= _AGENT_MAX and _AGENT.match(agent) is not None and not porte_un_nir(agent)


def _est_convenue(demandeur: Demandeur, finalites: frozenset[str]) -> bool:
    return convention_en_vigueur(demandeur.partenaire, finalites, demandeur.jour)
