"""The parts of the dossiers for the undoing of a merge: their keys, and the messages that stand on them."""

from services.dossiers.brique import nommer
from services.dossiers.fusions import Journal, Parties, Plan
from services.engagements.domain.dossier import Contrat, Delai, Dossier, EtatContrat
from services.engagements.store.dossiers import REGISTRE

_DITS = {
    EtatContrat.A_SIGNER: "contrat.a-resigner",
    EtatContrat.SIGNE: "contrat.signe",
    EtatContrat.REFUSE: "contrat.refuse",
    EtatContrat.SUSPENDU: "contrat.suspendu",
    EtatContrat.CLOS: "contrat.clos",
}


def _sur_le_contrat(connu: Contrat | None, un: Contrat) -> str:
    if connu is None:
        return "contrat.propose"
    if un.etat is connu.etat:
        return "contrat.bilan" if un.bilans != connu.bilans else "contrat.propose"
    return _DITS[un.etat]


def _sur_le_delai(connu: Delai | None, _: Delai) -> str:
    return "contrat.signe" if connu else "orientation.notifiee"


def _contrat_de_l_absorbe(apres: Dossier, maintenant: Dossier) -> str | None:
    """Proposed since under the name of an absorbed parcours, on the follow-up of the survivor: it is of both."""
    connus, sien = {contrat.id for contrat in apres.contrats}, f"@{maintenant.parcours.hex}"
    nouveaux = (contrat.id for contrat in maintenant.contrats if contrat.id not in connus and "@" in contrat.id)
    return next(("contrat.propose" for id_ in nouveaux if not id_.endswith(sien)), None)


PLAN: Plan = {
    "contrats": Parties(lambda contrat: contrat.numero, _sur_le_contrat, horloge=("est_a_venir",)),
    "delais": Parties(lambda delai: delai.numero, _sur_le_delai, horloge=("est_en_retard",)),
    "manquements": Parties(lambda manquement: manquement.manquement_id, objet=True),
    "sanctions": Parties(lambda sanction: sanction.id, objet=True, siens=("numero",), numero="numero"),
}
JOURNAL = Journal(Dossier, PLAN, nommer, REGISTRE.sceaux, _contrat_de_l_absorbe)
