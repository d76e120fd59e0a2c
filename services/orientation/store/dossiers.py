"""The dossiers of the service as the engine stores them: their model and their read tables."""

from collections.abc import Iterable

from services.dossiers.modele import Ligne, Modele, Table
from services.dossiers.registre import Registre
from services.orientation.domain import REGLES, appliquer, echeances
from services.orientation.domain.delai import date_echeance
from services.orientation.domain.dossier import Dossier, Issue
from services.orientation.store.reglages import contexte


def _delais(dossier: Dossier) -> Iterable[Ligne]:
    """The delay of each request, but for persons who objected or were oriented already."""
    for demande in () if dossier.est_oppose else dossier.demandes:
        if demande.issue is not Issue.REPRISE:
            yield (
                dossier.parcours,
                demande.departement,
                demande.recue_le,
                date_echeance(demande.recue_le),
                demande.decidee_le,
                demande.est_dessaisie,
            )


def _periodes(dossier: Dossier) -> Iterable[Ligne]:
    """From which day to which under which orientation. No two share a day: the database holds it too."""
    for orientation in dossier.orientations:
        yield dossier.parcours, orientation.rang, orientation.debut, orientation.fin


MODELE: Modele[Dossier] = Modele(
    dossier=Dossier,
    regles=REGLES,
    replier=appliquer,
    echeances=echeances,
    tables=(
        Table(
            "delais",
            ("parcours", "departement", "date_reception", "date_echeance", "decidee_le", "est_dessaisie"),
            _delais,
        ),
        Table("periodes", ("parcours", "rang", "date_debut", "date_fin"), _periodes),
    ),
    contexte=contexte,
)
REGISTRE = Registre(MODELE, "orientation")
