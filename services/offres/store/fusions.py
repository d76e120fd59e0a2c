"""What undoing a merge must know of the dossiers: how their parts are told apart, and what stands on which."""

from services.dossiers.brique import nommer
from services.dossiers.fusions import Journal, Parties, Plan
from services.offres.domain.dossier import Dossier
from services.offres.store.dossiers import REGISTRE

PLAN: Plan = {
    "prescriptions": Parties(lambda une: une.prescription_id, objet=True, siens=("numero",), numero="numero"),
}
JOURNAL = Journal(Dossier, PLAN, nommer, REGISTRE.sceaux)
