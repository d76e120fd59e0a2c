"""Many messages in one request: one line of answer each, in their order."""

import json
from collections.abc import Sequence

from relais_kit.echange import Echange
from relais_kit.hub.echanges import lignes
from relais_kit.hub.epreuves_depots import MESSAGES
from relais_kit.hub.verification import FLUX, LOT, Message, Verification, change

_GARDES = ("accepte", "en-attente")


async def lot(v: Verification) -> None:
    bons, faux = [v.message(), v.message()], change(v.message(), lambda m: m["data"].pop("identite"))
    messages = [bons[0], faux, bons[1]]
    echange = await v.un.demander("POST", MESSAGES, json.dumps(messages).encode(), LOT)
    if v.attendre("lot", echange, "un lot dont un message est faux", 200):
        _juger(v, "lot", echange, messages, faux)
    seul = await v.un.demander("POST", MESSAGES, json.dumps(bons[0]).encode(), LOT)
    v.attendre("lot", seul, "un lot qui n'est pas une liste", 400, 422)


async def flux(v: Verification) -> None:
    messages: list[Message | None] = [v.message(), None, None, v.message()]
    ecrits = [b"" if m is None else json.dumps(m).encode() for m in messages]
    ecrits[2] = b'{"id": "coupe'
    echange = await v.un.demander("POST", MESSAGES, b"\n".join(ecrits) + b"\n", FLUX)
    if not v.attendre("flux", echange, "un flux dont une ligne est illisible", 200):
        return
    rendues = lignes(echange)
    etats = [ligne.get("etat") for ligne in rendues]
    est_bon = len(etats) == len(messages) and etats[1:3] == ["refuse", "refuse"]
    est_bon = est_bon and all(etats[rang] in _GARDES for rang in (0, 3))
    if v.noter("flux", est_bon, f"répond {len(etats)} lignes à quatre, ou ne garde pas les bonnes", echange):
        rangs = [ligne.get("ligne") for ligne in rendues[1:3]]
        v.noter("flux", rangs == [2, 3], "ne dit pas le rang d'une ligne illisible", echange)


def _juger(v: Verification, nom: str, echange: Echange, messages: Sequence[Message], faux: Message) -> None:
    rendues = lignes(echange)
    ids = [ligne.get("id") for ligne in rendues]
    attendus = [m["id"] for m in messages]
    if not v.noter(nom, ids == attendus, "ne rend pas une ligne par message, dans l'ordre", echange):
        return
    etats = [(ligne.get("etat") in _GARDES) for ligne in rendues]
    est_bon = etats == [m is not faux for m in messages]
    v.noter(nom, est_bon, "un message refusé gêne les autres, ou est accepté", echange)
