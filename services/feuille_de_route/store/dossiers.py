"""The dossiers of the service as the engine stores them: their model and their read tables."""

from collections.abc import Iterable
from uuid import UUID

import orjson

from services.dossiers.modele import Ligne, Modele, Table
from services.dossiers.registre import Registre
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.parcours import DEFUSION, FUSION
from services.feuille_de_route.domain.vue import Document


def canonique(vue: Document) -> bytes:
    """One document, one sequence of bytes: sorted keys, no space."""
    return orjson.dumps(vue, option=orjson.OPT_SORT_KEYS)


def _feuilles(dossier: Dossier) -> Iterable[Ligne]:
    """The view of a parcours that goes on, ready to be read."""
    if dossier.absorbe_par is None:
        yield dossier.parcours, canonique(dossier.composee[0])


def _prochaines(dossier: Dossier) -> Iterable[Ligne]:
    """What falls due. `rang` is its place in the view, which has its text."""
    for rang, due in enumerate(() if dossier.absorbe_par else dossier.composee[1]):
        yield (
            dossier.parcours,
            due.nature,
            due.numero,
            dossier.departement,
            due.date_echeance,
            due.objet,
            due.sensibilite,
            rang,
        )


def _fusions(dossier: Dossier) -> Iterable[Ligne]:
    """The deposits that merged other parcours into this one, and whether each is undone."""
    annules = {UUID(recu.donnees["annule"]) for recu in dossier.recus if recu.type == DEFUSION}
    connus = {recu.cause for recu in dossier.recus if recu.type == FUSION and recu.cause}
    for depot in sorted(connus | annules):
        yield dossier.parcours, depot, depot in annules


MODELE: Modele[Dossier] = Modele(
    dossier=Dossier,
    regles=REGLES,
    replier=REGLES.replier,
    echeances=lambda dossier: (),
    tables=(
        Table("feuilles", ("parcours", "vue"), _feuilles, scellee="vue"),
        Table(
            "prochaines",
            ("parcours", "nature", "numero", "departement", "date_echeance", "objet", "sensibilite", "rang"),
            _prochaines,
        ),
        Table("fusions", ("parcours", "depot", "est_defaite"), _fusions),
    ),
)
REGISTRE = Registre(MODELE, "feuille_de_route")
