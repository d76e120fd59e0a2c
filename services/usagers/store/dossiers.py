"""The dossiers of the service as the engine stores them: their model and their read tables."""

from collections.abc import Iterable
from typing import Any

import orjson

from services.dossiers.modele import Ligne, Modele, Table
from services.usagers.domain import REGLES, EtatParcours, Parcours, appliquer
from services.usagers.domain.echeances import echeances
from services.usagers.store.index import INDEX
from services.usagers.store.registre import Registre


def _json(objet: Any) -> bytes:
    """Sets in an order of their own: one text for one value, in every process."""
    return orjson.dumps(objet, default=lambda ensemble: sorted(ensemble, key=_json))


class _Modele(Modele[Parcours]):
    def ecrire(self, dossier: Parcours) -> bytes:
        return _json(dossier)

    def ecrire_fait(self, fait: Any) -> tuple[str, bytes]:
        return self.nom(fait), _json(fait)


def _etats(parcours: Parcours) -> Iterable[Ligne]:
    vers, jour = parcours.transfert or (None, None)
    yield parcours.id, parcours.etat.value, parcours.departement, vers, jour, parcours.attend_un_partenaire


def _cles(parcours: Parcours) -> Iterable[Ligne]:
    """The keys that find the person: keyed hashes."""
    est_actif = parcours.etat is EtatParcours.ACTIF
    return sorted((parcours.id, cle[0], INDEX.empreinte(cle), est_actif) for cle in parcours.cles)


def _dires(parcours: Parcours) -> Iterable[Ligne]:
    return ((parcours.id, dire.alias, dire.emetteur) for dire in parcours.dires)


MODELE = _Modele(
    dossier=Parcours,
    regles=REGLES,
    replier=appliquer,
    echeances=echeances,
    tables=(
        Table(
            "etats",
            ("parcours", "etat", "departement", "transfert_vers", "transfert_le", "transfert_attend"),
            _etats,
        ),
        Table("cles", ("parcours", "nature", "empreinte", "active"), _cles),
        Table("dires", ("parcours", "alias", "emetteur"), _dires),
    ),
)
REGISTRE = Registre(MODELE, "usagers")
