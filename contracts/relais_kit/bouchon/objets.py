"""How the mock names the objects of partners: its owner's key to its owner, `obj_…` to every other partner."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from relais_contrats.reception import PREFIXE_OBJET

_SEPARATEUR = " "


@dataclass
class Objets:
    """Inside, an object is `<owner> <key>`."""

    _par_nom: dict[str, str] = field(default_factory=dict)

    def lus_de(self, partenaire: str) -> Callable[[str, str], str]:
        """From the key that this partner writes to the object: one of its own, unless the mock gave it the name."""
        return lambda _, cle: self._par_nom.get(cle, f"{partenaire}{_SEPARATEUR}{cle}")

    def dits_a(self, partenaire: str, parcours: int) -> Callable[[str, str], str]:
        """From an object of this parcours to its name for this partner."""

        def nommer(_: str, objet: str) -> str:
            proprietaire, _, cle = objet.partition(_SEPARATEUR)
            if proprietaire == partenaire:
                return cle
            octets = hashlib.sha256(f"{partenaire} {parcours} {objet}".encode()).digest()
            nom = PREFIXE_OBJET + base64.b32encode(octets).decode().lower()[:26]
            self._par_nom[nom] = objet
            return nom

        return nommer
