"""The parts of the dossiers for the undoing of a merge: their keys, and the messages that stand on them."""

from services.dossiers.brique import nommer
from services.dossiers.fusions import Journal, Parties, Plan
from services.referents.domain.dossier import Designation, Dossier
from services.referents.store.dossiers import REGISTRE


def _sur_la_designation(connue: Designation | None, une: Designation) -> str:
    if connue is None:
        return "referent.designe"
    return "referent.accepte" if une.acceptee_le != connue.acceptee_le else "referent.termine"


PLAN: Plan = {
    "orientations": Parties(lambda une: une.rang),
    "designations": Parties(lambda une: une.numero, _sur_la_designation),
    "accompagnants": Parties(
        lambda a: (a.structure.systeme, a.structure.valeur, a.professionnel.identifiant_agent, a.debut), objet=True
    ),
    "rendez_vous": Parties(lambda suivi: suivi.rdv_id, objet=True, siens=("rang",)),
}
JOURNAL = Journal(Dossier, PLAN, nommer, REGISTRE.sceaux)
