"""For which purposes each message may be exchanged (CASF R. 263-1 s.): the one table that links facts to conventions.

A convention opens purposes; a message passes when one of its own is in force. `pilotage` serves no message: it measures
without naming anybody.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relais_contrats.briques import Brique
from relais_contrats.codes.acteurs import Finalite

_ORIENTATION, _ACCOMPAGNEMENT = Finalite.ORIENTATION, Finalite.ACCOMPAGNEMENT
_ENGAGEMENT, _OFFRE = Finalite.ENGAGEMENT, Finalite.OFFRE

NOMINATIVES = frozenset({_ORIENTATION, _ACCOMPAGNEMENT, _ENGAGEMENT, _OFFRE})
"""Purposes for which data about a person may be exchanged."""

_SUIVIS = frozenset({_ORIENTATION, _ACCOMPAGNEMENT, _ENGAGEMENT})

# Who is sent a person with `offre` alone must know when the sharing begins, moves and ends.
_VIE_DU_PARTAGE = (
    "parcours.partage",
    "parcours.transfere",
    "parcours.clos",
    "usager.fusionne",
    "usager.defusionne",
    "usager.oppose",
    "usager.efface",
)
# The contract follows from the decision, and from its notification the month to sign it.
_FONDENT_LE_CONTRAT = (
    "orientation.decidee",
    "orientation.notifiee",
    "orientation.close",
    "orientation.annulee",
    "reorientation.decidee",
)
_RENDEZ_VOUS = ("rdv.planifie", "rdv.modifie", "rdv.annule", "rdv.constate")
_SANCTIONS = ("manquement.signale", "sanction.proposee", "sanction.decidee", "sanction.levee")
_CATALOGUE_D_OFFRES = ("structure.publiee", "structure.retiree", "service.publie", "service.retire")

_PAR_TYPE: Mapping[str, frozenset[Finalite]] = MappingProxyType(
    {
        **dict.fromkeys(_VIE_DU_PARTAGE, NOMINATIVES),
        **dict.fromkeys(_FONDENT_LE_CONTRAT, _SUIVIS),
        # The first appointment is the one of the orientation.
        **dict.fromkeys(_RENDEZ_VOUS, frozenset({_ORIENTATION, _ACCOMPAGNEMENT})),
        **dict.fromkeys(_SANCTIONS, frozenset({_ENGAGEMENT})),
        **dict.fromkeys(_CATALOGUE_D_OFFRES, frozenset({_OFFRE})),
        "reexamen.du": _SUIVIS,
        # Each of its parts serves its own purposes: see `catalogue.PARTIES`.
        "reprise.declaree": _SUIVIS,
    }
)


def finalites_du_message(nom: str, brique: Brique) -> frozenset[Finalite]:
    """The purposes that this message serves: those of its brique, unless the table above names it."""
    return _PAR_TYPE.get(nom) or frozenset(map(Finalite, brique.finalites))
