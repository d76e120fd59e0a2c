"""The events that are sent: published examples as the hub would deliver them, under ids that no run has used before.

Persons are those of the examples: invented, and marked as such.
"""

import copy
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import objet_principal
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE
from relais_contrats.exemples import exemple_valide

Evenement = dict[str, Any]

VERIFICATION, ESSAI, INCONNU = "abonnement.verification", "abonnement.essai", "essai-du-kit.inconnu"
TYPES_COURANTS = (
    "rdv.planifie",
    "orientation.decidee",
    "referent.designe",
    "contrat.propose",
    "prescription.emise",
    "droits.modifies",
    "usager.signale",
)
"""What most receivers read; the first that this one is seen to process carries the checks."""
CODE_INCONNU = "code-que-personne-ne-connait"

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Faits:
    """Numbers what it makes as one subscription would. `abonnement` is named in each event (`v1a`)."""

    def __init__(self, abonnement: str | None = None) -> None:
        self._nomme = {"abonnement": abonnement} if abonnement else {}
        self.numero = 0

    def parcours(self) -> str:
        """The pseudonym of a new one."""
        return "prc_" + "".join(secrets.choice(_ALPHABET) for _ in range(26))

    def fait(
        self, type_: str, parcours: str | None = None, sequence: int = 1, data: Mapping[str, Any] | None = None
    ) -> Evenement:
        """An event of the catalogue, about a new parcours unless one is given; `data` instead of the example's."""
        exemple = copy.deepcopy(dict(exemple_valide(type_)))
        donnees = exemple["data"] if data is None else dict(data)
        if (objet := objet_principal(type_)) and objet[0] in donnees:
            donnees[objet[0]] = f"obj_{secrets.token_hex(13)}"
        self.numero += 1
        message = CATALOGUE[type_]
        sujet = {"subject": parcours or self.parcours()} if message.porte_sur_parcours or message.ouvre_parcours else {}
        return {
            **{nom: exemple[nom] for nom in ("specversion", "source", "type", "datacontenttype", "departement")},
            "agent": exemple["agent"],
            "id": str(uuid4()),
            "time": datetime.now(UTC).isoformat(),
            "sequence": sequence,
            "relaisnumero": self.numero,
            "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            "dataschema": f"/v1/contrats/{type_}",
            **sujet,
            **self._nomme,
            "data": donnees,
        }

    def de_service(self, nom: str, data: Mapping[str, Any]) -> Evenement:
        """An event of the gateway itself, or of a type that is in no catalogue: about no parcours."""
        return {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "/services/passerelle",
            "type": f"{PREFIXE_TYPE}{nom}{SUFFIXE_TYPE}",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            **self._nomme,
            "data": dict(data),
        }

    def grand(self) -> Evenement:
        """About 150 kB, all of it in one field of the contract, as long as it admits."""
        fait = self.fait("contrat.bilan")
        fait["data"]["points"] = [f"Essai {rang} ".ljust(1000, "€") for rang in range(50)]
        return fait


def avec_un_code_inconnu(fait: Evenement) -> Evenement:
    """One closed list of its `data` holds a value that this version does not have."""
    chemin = _CODES.get(fait["type"].removeprefix(PREFIXE_TYPE).removesuffix(SUFFIXE_TYPE))
    change = copy.deepcopy(fait)
    if chemin is None:
        change["data"]["code_ajoute"] = CODE_INCONNU
        return change
    *parents, champ = chemin
    objet = change["data"]
    for parent in parents:
        objet = objet[parent]
    objet[champ] = CODE_INCONNU
    return change


_CODES: Mapping[str, tuple[str, ...]] = {
    "orientation.decidee": ("parcours_type",),
    "referent.designe": ("structure", "systeme"),
    "rdv.planifie": ("modalite",),
    "contrat.propose": ("dispense_heures", "motif"),
    "prescription.emise": ("contact_prefere",),
    "droits.modifies": ("etat_dossier",),
    "usager.signale": ("origine",),
}
