"""The parts of the dossiers for the undoing of a merge: their keys, and the messages that stand on them."""

from services.dossiers.brique import nommer
from services.dossiers.fusions import Journal, Parties, Plan
from services.offres.domain.dossier import Dossier
from services.offres.store.dossiers import REGISTRE

PLAN: Plan = {
    "prescriptions": Parties(lambda une: une.prescription_id, objet=True, siens=("numero",), numero="numero"),
}
JOURNAL = Journal(Dossier, PLAN, nommer, REGISTRE.sceaux)
