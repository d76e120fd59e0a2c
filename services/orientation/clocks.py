"""What falls due for a dossier, derived from its state only: the end of the six weeks, and the announced terms."""

from chassis.decision import Echeance
from services.orientation.domain.delai import debut_du_jour, instant_dessaisissement
from services.orientation.domain.demande import attend_son_echeance
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.orientation import lendemain

# The number of the request or of the orientation is part of the nature: a due date has one identity for ever, and two
# requests received on the same day (an opening, then a transfer) fall due at the same instant.
DELAI = "delai"
TERME = "terme"


def echeances(dossier: Dossier) -> list[Echeance]:
    dues: list[Echeance] = []
    demande, ouverte = dossier.demande, dossier.ouverte
    if demande and attend_son_echeance(dossier, demande):
        due_a = instant_dessaisissement(demande.recue_le)
        dues.append(Echeance(dossier.parcours, f"{DELAI}-{demande.numero}", due_a))
    if ouverte and ouverte.fin:
        dues.append(Echeance(dossier.parcours, f"{TERME}-{ouverte.rang}", debut_du_jour(lendemain(ouverte.fin))))
    return dues
