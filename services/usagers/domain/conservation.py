"""The retention of a closed parcours: two years in use and two in intermediate archive (CASF R. 263-8)."""

from datetime import date, datetime, timedelta

from relais_contrats.territoires import debut_du_jour
from services.usagers.domain.parcours import EtatParcours, Parcours

ANNEES = 4


def fin_de_conservation(parcours: Parcours) -> datetime | None:
    """The instant (UTC) from which a closed parcours must be erased; None while it is not closed."""
    if parcours.etat is not EtatParcours.CLOS or parcours.date_fin is None:
        return None
    fin = parcours.date_fin
    # Counted in days from the first of the month: the 29th of February becomes the 1st of March where it is missing.
    jour = date(fin.year + ANNEES, fin.month, 1) + timedelta(days=fin.day - 1)
    return debut_du_jour(parcours.departement, jour)
