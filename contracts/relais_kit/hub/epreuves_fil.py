"""The feed: pages and cursors, numbers without gaps, acknowledgement, filters."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from relais_contrats.lecture import MessageIllisible, MessageInvalide, lire_evenement
from relais_kit.echange import Echange
from relais_kit.hub.acces import Acces
from relais_kit.hub.echanges import lu
from relais_kit.hub.epreuves_acces import FIL
from relais_kit.hub.verification import Verification

ACQUITTEMENT = f"{FIL}/acquittement"
_PAGES_MAX = 60
_LU = "evenements:lire"
SANS_EVENEMENT = "aucun fil ne reçoit rien de ce qui est déposé : donnez l'accès d'un partenaire qui le reçoit"


async def fil(v: Verification) -> None:
    """Find who receives something of what was deposited, and judge its feed."""
    lecteurs = [acces for acces in (v.un, v.autre) if acces is not None and _LU in acces.client.scopes]
    fin = time.monotonic() + v.patience_s
    while lecteurs and v.lecteur is None and time.monotonic() < fin:
        for acces in lecteurs:
            page = await lire(v, acces, "limite=100")
            if page.statut != 200 or evenements(page):
                v.lecteur = acces
                break
        else:
            await asyncio.sleep(0.3)
    if v.lecteur is None:
        v.carnet.omettre("fil", SANS_EVENEMENT if lecteurs else "aucun accès n'a la portée evenements:lire")
        return
    await asyncio.sleep(v.calme_s)  # what goes with the first comes a moment later
    page = await lire(v, v.lecteur, "limite=100")
    if not v.attendre("fil", page, "une lecture du fil", 200):
        return
    v.evenements = evenements(page)
    faux = [evenement for evenement in v.evenements if not _est_conforme(evenement)]
    v.noter("fil", not faux and bool(lu(page).get("curseur")), "un événement n'est pas conforme au contrat", page)
    une = await lire(v, v.lecteur, "limite=1")
    v.noter("fil", len(evenements(une)) == 1, f"rend {len(evenements(une))} événements à limite=1", une)
    trop = await lire(v, v.lecteur, "limite=501")
    v.attendre("fil", trop, "limite=501", 422)
    await _suite(v, v.lecteur)


async def numeros(v: Verification) -> None:
    if v.lecteur is None:
        return
    page = await lire(v, v.lecteur, "limite=500")
    dits = [n for e in evenements(page) if isinstance(n := e.get("relaisnumero"), int)]
    sont_suivis = len(dits) == len(evenements(page)) > 0 and dits == list(range(dits[0], dits[0] + len(dits)))
    if not v.noter("numeros", sont_suivis, "les `relaisnumero` d'une page ne se suivent pas", page):
        return
    fin = await v.lecteur.demander("GET", f"{FIL}?attente=1&apres={lu(page).get('curseur')}")
    dit = lu(fin).get("dernier_numero")
    est_dit = isinstance(dit, int) and dit >= dits[-1] and (bool(evenements(fin)) or dit == dits[-1])
    v.noter("numeros", est_dit, f"page vide : `dernier_numero` est {dit}, et le dernier reçu {dits[-1]}", fin)
    trous = await v.lecteur.demander("GET", f"{FIL}/trous?du={dits[0]}&au={dits[-1]}")
    if v.attendre("trous", trous, "la lecture des trous", 200):
        a_lire = _a_lire(trous)
        v.noter("trous", set(dits) <= a_lire, "ne dit pas « a-lire » ce qui n'est pas acquitté", trous)


async def acquittement(v: Verification) -> None:
    if v.lecteur is None:
        return
    page = await lire(v, v.lecteur, "limite=500")
    lus, curseur = evenements(page), str(lu(page).get("curseur"))
    fait = await acquitter(v.lecteur, curseur)
    if not lus or not v.attendre("acquittement", fait, "un acquittement", 204):
        return
    ids = {e.get("id") for e in lus}
    suite = await v.lecteur.demander("GET", f"{FIL}?limite=100")
    rendus = {e.get("id") for e in evenements(suite)}
    est_passe = suite.statut == 200 and not ids & rendus
    if not v.noter("acquittement", est_passe, "rend encore ce qui est acquitté", fait, suite):
        return
    relu = await lire(v, v.lecteur, "limite=500")
    est_relu = ids <= {e.get("id") for e in evenements(relu)}
    v.noter("acquittement", est_relu, "ne relit pas avec `depuis` ce qui est acquitté", relu)
    numeros_lus = {e.get("relaisnumero") for e in lus}
    trous = await v.lecteur.demander("GET", f"{FIL}/trous?du={lus[0].get('relaisnumero', 1)}")
    v.noter("trous", not numeros_lus & _a_lire(trous), "dit « a-lire » ce qui est acquitté", trous)


async def filtre(v: Verification) -> None:
    if v.lecteur is None or not v.evenements:
        return
    voulu = str(v.evenements[0]["type"]).removeprefix("fr.insertion.").removesuffix(".v1")
    page = await lire(v, v.lecteur, f"limite=100&types={voulu}")
    types = {str(e.get("type")) for e in evenements(page)}
    est_filtre = types == {v.evenements[0]["type"]}
    v.noter("filtre", est_filtre, f"rend {', '.join(sorted(types)) or 'rien'} à types={voulu}", page)
    inconnu = await lire(v, v.lecteur, "types=essai-du-kit.inconnu")
    v.attendre("filtre", inconnu, "un type qui n'existe pas", 422, code="code-inconnu")


async def lire(v: Verification, acces: Acces, parametres: str) -> Echange:
    """What came since the run began, acknowledged or not."""
    return await acces.demander("GET", f"{FIL}?{parametres}&depuis={quote(v.debut.isoformat())}")


async def acquitter(acces: Acces, curseur: str) -> Echange:
    return await acces.demander("POST", ACQUITTEMENT, json.dumps({"curseur": curseur}).encode(), "application/json")


def evenements(page: Echange) -> list[dict[str, Any]]:
    dits = lu(page).get("evenements")
    return [e for e in dits if isinstance(e, dict)] if isinstance(dits, list) else []


async def _suite(v: Verification, lecteur: Acces) -> None:
    """One by one, the same events as at once; more may have come meanwhile."""
    page = await lire(v, lecteur, "limite=1")
    par_un: list[Any] = []
    attendus = [e.get("id") for e in v.evenements]
    while (dits := evenements(page)) and len(par_un) < min(len(attendus), _PAGES_MAX):
        par_un += [e.get("id") for e in dits]
        page = await lecteur.demander("GET", f"{FIL}?limite=1&apres={lu(page).get('curseur')}")
    v.noter("suite", _se_suivent(par_un, attendus), "par pages, le fil n'est pas le même qu'en une fois", page)


def _se_suivent(par_un: Sequence[Any], attendus: Sequence[Any]) -> bool:
    return par_un[: len(attendus)] == attendus[: len(par_un)] and len(par_un) >= min(len(attendus), _PAGES_MAX)


def _a_lire(trous: Echange) -> set[Any]:
    dits = lu(trous).get("trous")
    return {t.get("relaisnumero") for t in dits if t.get("etat") == "a-lire"} if isinstance(dits, list) else set()


def _est_conforme(evenement: dict[str, Any]) -> bool:
    try:
        lire_evenement(json.dumps(evenement).encode())
    except (MessageIllisible, MessageInvalide):
        return False
    return True
