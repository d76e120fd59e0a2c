"""The parts of the dossiers for the undoing of a merge: their keys, and the messages that stand on them."""

from services.dossiers.brique import nommer
from services.dossiers.fusions import Journal, Parties, Plan
from services.orientation.domain.decision import Orientation
from services.orientation.domain.dossier import Demande, Dossier
from services.orientation.store.dossiers import REGISTRE


def _sur_la_demande(connue: Demande | None, _: Demande) -> str:
    return "orientation.decidee" if connue else "orientation.demandee"


def _sur_l_orientation(connue: Orientation | None, une: Orientation) -> str:
    if connue is None:
        return "orientation.decidee"
    if une.appuis and une.appuis != connue.appuis:
        return une.appuis[-1].type
    if une.est_close and not connue.est_close:
        return "orientation.close"
    return "orientation.notifiee" if une.notifiee_le != connue.notifiee_le else "orientation.decidee"


def _reorientation(apres: Dossier, maintenant: Dossier) -> str | None:
    """Asked for since, of an orientation that the merge brought: one that no deposit of the survivor decided."""
    est_nouvelle = maintenant.reorientation and maintenant.reorientation != apres.reorientation
    ouverte = maintenant.ouverte
    return "reorientation.demandee" if est_nouvelle and ouverte and ouverte.depot is None else None


PLAN: Plan = {
    "demandes": Parties(lambda demande: demande.numero, _sur_la_demande, horloge=("est_dessaisie",)),
    "orientations": Parties(lambda une: une.rang, _sur_l_orientation, horloge=("est_effective",)),
    "contraintes": Parties(lambda contrainte: contrainte.cle),
}
JOURNAL = Journal(Dossier, PLAN, nommer, REGISTRE.sceaux, _reorientation)
