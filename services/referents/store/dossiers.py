"""The dossiers of the service as the engine stores them: their model and their read tables."""

from collections.abc import Iterable

from services.dossiers.modele import Ligne, Modele, Table
from services.dossiers.registre import Registre
from services.referents.domain import REGLES, appliquer
from services.referents.domain.delai import date_echeance, premier_rdv_le, referent_le
from services.referents.domain.dossier import Dossier
from services.referents.domain.suivi import echeances


def _suivis(dossier: Dossier) -> Iterable[Ligne]:
    """Who followed the person from which day to which, while the parcours is open. One that never began has no day."""
    for une in () if dossier.est_clos else dossier.designations:
        debut, structure = une.affectation.debut, une.affectation.structure
        if une.a_suivi:
            yield dossier.parcours, dossier.departement, structure.systeme, structure.valeur, debut, une.fin


def _delais(dossier: Dossier) -> Iterable[Ligne]:
    """The delays after each decision, but decisions from before the hub or of an absorbed parcours."""
    for orientation in () if dossier.absorbe_par else dossier.orientations:
        if not orientation.est_reprise:
            yield (
                dossier.parcours,
                orientation.departement,
                orientation.decidee_le,
                date_echeance(orientation.decidee_le),
                referent_le(dossier, orientation),
                premier_rdv_le(dossier, orientation),
                orientation.est_close,
            )


MODELE: Modele[Dossier] = Modele(
    dossier=Dossier,
    regles=REGLES,
    replier=appliquer,
    echeances=echeances,
    tables=(
        Table(
            "suivis",
            ("parcours", "departement", "structure_systeme", "structure_valeur", "date_debut", "date_fin"),
            _suivis,
        ),
        Table(
            "delais",
            (
                "parcours",
                "departement",
                "date_decision",
                "date_echeance",
                "referent_le",
                "premier_rdv_le",
                "est_close",
            ),
            _delais,
        ),
    ),
)
REGISTRE = Registre(MODELE, "referents")
