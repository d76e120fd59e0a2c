"""The dossiers of the service as the engine stores them: their model and their read table."""

from collections.abc import Iterable

from services.dossiers.modele import Ligne, Modele, Table
from services.dossiers.registre import Registre
from services.engagements.domain import REGLES, echeances
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import Dossier


def _delais(dossier: Dossier) -> Iterable[Ligne]:
    """The month that each notification opened, and how it ended."""
    for delai in dossier.delais:
        due_le = date_de_signature_due(delai.notifiee_le)
        yield (
            dossier.parcours,
            delai.departement,
            delai.notifiee_le,
            due_le,
            delai.est_en_retard,
            delai.signe_le,
        )


MODELE: Modele[Dossier] = Modele(
    dossier=Dossier,
    regles=REGLES,
    replier=REGLES.replier,
    echeances=echeances,
    tables=(
        Table(
            "delais",
            ("parcours", "departement", "date_notification", "date_echeance", "est_en_retard", "date_signature"),
            _delais,
        ),
    ),
)
REGISTRE = Registre(MODELE, "engagements")
