"""The one table of the acts: pages, API, command line and gateway put themselves on its rows."""

from collections.abc import Mapping

from relais_contrats.administration import alertes, audit, livraisons, machines, partenaires
from relais_contrats.administration.acte import Acte

ACTES: Mapping[str, Acte] = {
    acte.nom: acte
    for acte in (
        *partenaires.ACTES,
        *machines.ACTES,
        *audit.ACTES,
        *livraisons.ACTES,
        *alertes.ACTES,
    )
}
