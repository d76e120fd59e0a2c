"""The recorded runs of a program in a file, complete, so that a resumed verification judges all of them. The file holds
what the program sent to the played hub, and therefore stays beside the program.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relais_kit.emetteur.pannes_strictes import Nonce
from relais_kit.emetteur.recu import Recu
from relais_kit.emetteur.temoin import Etape, Passage

_DITS = ("methode", "chemin", "debut", "fin", "statut", "note", "panne")


def ecrire(passage: Passage) -> dict[str, Any]:
    return {
        "statut": passage.statut,
        "sortie": passage.sortie,
        "est_ecourte": passage.est_ecourte,
        "echanges": [_ecrire(recu) for recu in passage.echanges],
        "pannes": [
            {
                "touches": [passage.echanges.index(recu) for recu in panne.touches],
                "nonce": panne.valeur if isinstance(panne, Nonce) else None,
            }
            for panne in passage.etape.pannes
        ],
    }


def relire(etape: Etape, dit: Mapping[str, Any]) -> Passage:
    """The same run of the same step. Raises KeyError, TypeError, ValueError for what `ecrire` did not give."""
    echanges = [_relire(un) for un in dit["echanges"]]
    for panne, dite in zip(etape.pannes, dit["pannes"], strict=True):
        panne.touches = [echanges[rang] for rang in dite["touches"]]
        if isinstance(panne, Nonce):
            panne.valeur = dite["nonce"]
    return Passage(etape, echanges, dit["statut"], dit["sortie"], dit["est_ecourte"])


def _ecrire(recu: Recu) -> dict[str, Any]:
    return {
        **{nom: getattr(recu, nom) for nom in _DITS},
        "instant": recu.instant.isoformat(),
        "entetes": list(recu.entetes),
        "entetes_rendus": list(recu.entetes_rendus),
        "corps": base64.b64encode(recu.corps).decode(),
        "corps_rendu": base64.b64encode(recu.corps_rendu).decode(),
    }


def _relire(dit: Mapping[str, Any]) -> Recu:
    return Recu(
        **{nom: dit[nom] for nom in _DITS},
        instant=datetime.fromisoformat(dit["instant"]),
        entetes=[(str(nom), str(valeur)) for nom, valeur in dit["entetes"]],
        entetes_rendus=[(str(nom), str(valeur)) for nom, valeur in dit["entetes_rendus"]],
        corps=base64.b64decode(dit["corps"]),
        corps_rendu=base64.b64decode(dit["corps_rendu"]),
    )
