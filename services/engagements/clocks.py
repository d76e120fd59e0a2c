"""What falls due for a dossier, derived from its state only: month to sign, re-examination, suspension, instruction."""

from collections.abc import Iterator

from chassis.decision import Echeance
from services.engagements.domain import contrat, reexamen, sanction
from services.engagements.domain.delai import (
    apres_le,
    date_d_attente_de_la_reprise,
    date_de_fin_d_instruction,
    date_de_signature_due,
    debut_du_jour,
)
from services.engagements.domain.dossier import Dossier

# The number of the month, contract or sanction (the first day of the period, for a re-examination) is part of the
# nature: a due date has one identity for ever.
SIGNATURE = "signature"
REEXAMEN = "reexamen"
SUSPENSION = "suspension"
INSTRUCTION = "instruction"


def echeances(dossier: Dossier) -> list[Echeance]:
    return [] if dossier.est_clos else list(_echeances(dossier))


def _echeances(dossier: Dossier) -> Iterator[Echeance]:
    parcours, delai, periode, en_vigueur = dossier.parcours, dossier.delai, dossier.reexamen, dossier.en_vigueur
    if delai and contrat.attend_sa_signature(dossier, delai):
        due_a = apres_le(date_de_signature_due(delai.notifiee_le))
        yield Echeance(parcours, f"{SIGNATURE}-{delai.numero}", due_a)
    due_le = reexamen.date_echeance(dossier)
    if periode and due_le and reexamen.attend_son_echeance(dossier):
        yield Echeance(parcours, f"{REEXAMEN}-{periode.depuis.toordinal()}", debut_du_jour(due_le))
    if en_vigueur and en_vigueur.suspension:
        attente = date_d_attente_de_la_reprise(en_vigueur.suspension.debut, en_vigueur.suspension.recue_le)
        yield Echeance(parcours, f"{SUSPENSION}-{en_vigueur.numero}", apres_le(attente))
    for proposee in dossier.sanctions:
        if proposee.proposee_le and sanction.attend_son_instruction(proposee):
            due_a = apres_le(date_de_fin_d_instruction(proposee.proposee_le))
            yield Echeance(parcours, f"{INSTRUCTION}-{proposee.numero}", due_a)
