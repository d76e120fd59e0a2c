"""What falls due for a dossier, derived from its state only: end of the six weeks, announced terms and first days."""

from collections.abc import Iterator

from chassis.decision import Echeance
from relais_contrats.territoires import debut_du_jour
from services.orientation.domain.delai import instant_dessaisissement
from services.orientation.domain.demande import attend_son_echeance
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.orientation import est_relayee, lendemain

# The number of the request or of the orientation is part of the nature: a due date has one identity for ever, and two
# requests received on the same day (an opening, then a transfer) fall due at the same instant.
DELAI = "delai"
TERME = "terme"
PREMIER_JOUR = "premier-jour"
DROIT = "droit"  # its number is the day


def echeances(dossier: Dossier) -> list[Echeance]:
    dues: list[Echeance] = []
    demande, ouverte = dossier.demande, dossier.ouverte
    if demande and attend_son_echeance(dossier, demande):
        due_a = instant_dessaisissement(demande)
        dues.append(Echeance(dossier.parcours, f"{DELAI}-{demande.numero}", due_a))
    if ouverte and ouverte.fin and not est_relayee(dossier, ouverte.fin):
        due_a = debut_du_jour(dossier.departement, lendemain(ouverte.fin))
        dues.append(Echeance(dossier.parcours, f"{TERME}-{ouverte.rang}", due_a))
    return dues if dossier.est_clos else [*dues, *_effets(dossier)]


def _effets(dossier: Dossier) -> Iterator[Echeance]:
    for attendue in dossier.a_venir:
        due_a = debut_du_jour(dossier.departement, attendue.debut)
        yield Echeance(dossier.parcours, f"{PREMIER_JOUR}-{attendue.rang}", due_a)
    if dossier.droit_annonce:
        jour = dossier.droit_annonce[1][1]
        yield Echeance(dossier.parcours, f"{DROIT}-{jour.toordinal()}", debut_du_jour(dossier.departement, jour))
