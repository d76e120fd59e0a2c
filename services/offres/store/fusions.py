"""What undoing a merge must know of the dossiers: how their parts are told apart, and what stands on which."""

from uuid import UUID

from services.dossiers.fusions import Journal, Parties, Plan
from services.offres.domain import messages
from services.offres.domain.dossier import Dossier


def _nommer(conserve: UUID, absorbes: tuple[UUID, ...]) -> messages.Message:
    return messages.UsagerFusionne(conserve, "", absorbes)


PLAN: Plan = {
    "prescriptions": Parties(lambda une: une.prescription_id, objet=True, siens=("numero",), numero="numero"),
}
JOURNAL = Journal(Dossier, PLAN, _nommer)
