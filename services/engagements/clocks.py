"""What falls due for a dossier, derived from its state only: month to sign, first day of a renewal, re-examination…"""

from collections.abc import Iterator

from chassis.decision import Echeance
from relais_contrats.territoires import debut_du_jour
from services.engagements.domain import contrat, reexamen, sanction
from services.engagements.domain.delai import (
    apres_le,
    date_d_attente_de_la_reprise,
    date_de_fin_d_instruction,
    date_de_signature_due,
)
from services.engagements.domain.dossier import Dossier

# The number of the month, contract or sanction (the first day of the period, for a re-examination) is part of the
# nature: a due date has one identity for ever.
SIGNATURE = "signature"
REEXAMEN = "reexamen"
SUSPENSION = "suspension"
INSTRUCTION = "instruction"
DEBUT = "debut"
LEVEE = "levee"


def echeances(dossier: Dossier) -> list[Echeance]:
    return [] if dossier.est_clos else list(_echeances(dossier))


def _echeances(dossier: Dossier) -> Iterator[Echeance]:
    parcours, delai, periode, en_vigueur = dossier.parcours, dossier.delai, dossier.reexamen, dossier.en_vigueur
    if delai and contrat.attend_sa_signature(dossier, delai):
        due_a = apres_le(delai.departement, date_de_signature_due(delai.notifiee_le))
        yield Echeance(parcours, f"{SIGNATURE}-{delai.numero}", due_a)
    due_le = reexamen.date_echeance(dossier)
    if periode and due_le and reexamen.attend_son_echeance(dossier):
        yield Echeance(parcours, f"{REEXAMEN}-{periode.depuis.toordinal()}", debut_du_jour(dossier.departement, due_le))
    if en_vigueur and en_vigueur.suspension:
        attente = date_d_attente_de_la_reprise(en_vigueur.suspension.debut, en_vigueur.suspension.recue_le)
        yield Echeance(parcours, f"{SUSPENSION}-{en_vigueur.numero}", apres_le(dossier.departement, attente))
    if a_venir := dossier.a_venir:
        due_a = debut_du_jour(dossier.departement, a_venir.contenu.date_debut)
        yield Echeance(parcours, f"{DEBUT}-{a_venir.numero}", due_a)
    for proposee in dossier.sanctions:
        if proposee.proposee_le and sanction.attend_son_instruction(proposee):
            due_a = apres_le(dossier.departement, date_de_fin_d_instruction(proposee.proposee_le))
            yield Echeance(parcours, f"{INSTRUCTION}-{proposee.numero}", due_a)
    for decidee in dossier.sanctions:
        if decidee.levee_le and sanction.attend_sa_levee(decidee):
            due_a = debut_du_jour(dossier.departement, decidee.levee_le)
            yield Echeance(parcours, f"{LEVEE}-{decidee.numero}", due_a)
