"""Requirements on all answers of a run, and requirements that need a person's help."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from relais_kit.echange import Echange
from relais_kit.hub.echanges import SansReponse, lu, rendu
from relais_kit.hub.epreuves_depots import MESSAGES
from relais_kit.hub.verification import Verification
from relais_kit.personne import SANS_PERSONNE

_PROBLEME = "application/problem+json"
_TOUJOURS = ("type", "title", "status", "detail", "instance", "code", "relancable", "erreurs", "exemple")
_AUTRES_MOTS = ("/oauth/", "/sante/")
"""OAuth has its own errors (RFC 6749, § 5.2), and a probe its own body."""
_A_REFAIRE = (429, 503)
_BOUCLAGE = ("127.0.0.1", "localhost", "::1")
_REPRISE_S = 120.0


PARTOUT = ("probleme", "sans-cors", "prive", "tls")
"""What holds for every answer."""


def juger_les_reponses(v: Verification, echanges: Sequence[Echange]) -> None:
    """Each answer of the step that is over."""
    for echange in echanges:
        if echange.statut is None:
            continue
        if echange.statut >= 400 and not echange.chemin.startswith(_AUTRES_MOTS):
            if (code := lu(echange).get("code")) and (adresse := lu(echange).get("type")):
                v.refus[str(code)] = str(adresse)
            fautes = list(_fautes(echange))
            v.noter("probleme", not fautes, f"{' ; '.join(fautes)}, à {_dit(echange)}", echange)
        est_ouvert = bool(rendu(echange, "access-control-allow-origin"))
        v.noter("sans-cors", not est_ouvert, f"répond Access-Control-Allow-Origin à {_dit(echange)}", echange)
        if echange.entete("authorization"):
            gardes = {dit.strip().partition("=")[0] for dit in rendu(echange, "cache-control").lower().split(",")}
            v.noter("prive", not gardes & {"public", "s-maxage"}, f"laisse garder {_dit(echange)}", echange)
        _tls(v, echange)


async def redemarrage(v: Verification) -> None:
    """A person stops the hub and starts it again; accepted messages must still be there."""
    if not v.premier or not await v.personne.faire("Arrêtez le relais, puis relancez-le."):
        v.carnet.omettre("redemarrage", SANS_PERSONNE)
        return
    fin = time.monotonic() + _REPRISE_S
    while not await _est_pret(v):
        if time.monotonic() > fin:
            v.carnet.echouer("redemarrage", f"n'est pas prêt {_REPRISE_S:g} s après")
            return
        await asyncio.sleep(0.5)
    relu = await v.un.demander("GET", f"{MESSAGES}/{v.premier['id']}")
    est_garde = relu.statut == 200 and lu(relu).get("etat") == "accepte"
    v.noter("redemarrage", est_garde, "ne connaît plus un dépôt accepté", relu)
    encore = await v.deposer(v.premier)
    v.attendre("redemarrage", encore, "le même message, après", 200)


async def _est_pret(v: Verification) -> bool:
    try:
        return (await v.fil.envoyer("GET", "/sante/pret")).statut == 200
    except SansReponse:
        return False


def _fautes(echange: Echange) -> Iterator[str]:
    genre, dit = rendu(echange, "content-type").partition(";")[0], lu(echange)
    if genre != _PROBLEME:
        yield f"le refus est en « {genre} »"
        return
    if manque := [nom for nom in _TOUJOURS if nom not in dit]:
        yield f"il manque {', '.join(manque)}"
    if dit.get("status") != echange.statut:
        yield f"`status` dit {dit.get('status')}, et la réponse {echange.statut}"
    if bool(dit.get("relancable")) != (echange.statut in _A_REFAIRE):
        yield "`relancable` ne dit pas s'il faut renvoyer"


def _tls(v: Verification, echange: Echange) -> None:
    adresse = urlsplit(v.fil.url)
    if adresse.scheme == "https":
        a_hsts = "max-age=" in rendu(echange, "strict-transport-security")
        v.noter("tls", a_hsts, f"répond sans Strict-Transport-Security à {_dit(echange)}", echange)
    elif adresse.hostname in _BOUCLAGE:
        v.carnet.omettre("tls", "à une adresse de bouclage, rien ne sort de la machine")
    else:
        v.carnet.echouer("tls", "s'ouvre en clair à une autre machine", echange)


def _dit(echange: Echange) -> str:
    return f"{echange.methode} {echange.chemin.partition('?')[0]}"
