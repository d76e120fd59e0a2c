"""The consequences of the life of the parcours: the answers of this brique to `services.dossiers.vie`.

At a transfer the référent stays until the new département decides: nobody is left alone by a move. An opposition stops
the sharing, at the gateways; the follow-up itself goes on.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from relais_contrats.territoires import jour_legal
from services.dossiers.vie import Vie
from services.referents.domain import accompagnement, rendez_vous
from services.referents.domain.designation import fins_de_droit, reprendre
from services.referents.domain.dossier import Dossier, Issue, RdvSuivi, Statut
from services.referents.domain.regles import REGLES, Recu

MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."


def a_la_fusion(connu: Dossier, absorbes: Sequence[Dossier], recu: Recu[Any], maintenant: datetime) -> Sequence[Any]:
    """Give the survivor the followers and the appointments of the absorbed dossiers and, if it has none under the same
    orientation, their référent."""
    jour = jour_legal(recu.departement, maintenant)
    rdvs = rendez_vous.repris(connu, absorbes)
    passes = [suivi for suivi in rdvs if connu.est_clos or not _est_a_dire(suivi)]
    fins = [fin for absorbe in absorbes for fin in fins_de_droit(absorbe, jour, jour, MOTIF_FUSION, Issue.FUSION)]
    internes = [rendez_vous.RdvRepris(connu.parcours, suivi) for suivi in passes]
    if connu.est_clos:
        return [*internes, *fins]
    repris = reprendre(connu, connu.ouverte, absorbes) if connu.ouverte and not connu.designation else []
    return [
        *internes,
        *fins,
        *repris,
        *accompagnement.repris(connu, absorbes),
        *(rendez_vous.dit_au_survivant(connu, suivi) for suivi in rdvs if _est_a_dire(suivi)),
    ]


def a_la_cloture(dossier: Dossier, fin: date, motif: str, maintenant: datetime) -> Sequence[Any]:
    return fins_de_droit(dossier, fin, jour_legal(dossier.departement, maintenant), motif, Issue.CLOTURE)


def _est_a_dire(suivi: RdvSuivi) -> bool:
    """Publish appointments that are still planned; past ones only join the history of the survivor."""
    return suivi.statut is Statut.PLANIFIE


VIE = Vie(Dossier, a_la_fusion, a_la_cloture)
VIE.inscrire(REGLES)
