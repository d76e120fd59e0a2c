"""What another partner sees of a parcours: nothing, in the same answer as for an unknown one."""

import secrets

from relais_kit.echange import Echange
from relais_kit.hub.acces import Acces
from relais_kit.hub.echanges import lu
from relais_kit.hub.epreuves_acces import FIL
from relais_kit.hub.epreuves_depots import MESSAGES
from relais_kit.hub.epreuves_fil import acquitter, evenements, lire
from relais_kit.hub.verification import Verification, sans_trace

SANS_AUTRE = "il faut un second accès : --acces, une seconde fois"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


async def depot_d_autrui(v: Verification) -> None:
    if (autre := _autre(v, "messages:deposer", "depot-d-autrui")) is None or not v.premier:
        return
    sien = await autre.demander("GET", f"{MESSAGES}/{v.premier['id']}")
    inconnu = await autre.demander("GET", f"{MESSAGES}/{secrets.token_hex(16)}")
    _comme_un_inconnu(v, "depot-d-autrui", "un dépôt", sien, inconnu)


async def parcours_d_autrui(v: Verification) -> None:
    if (autre := _autre(v, "parcours:lire", "parcours-d-autrui")) is None or not v.parcours:
        return
    for suite in ("", "/historique"):
        sien = await autre.demander("GET", f"/v1/parcours/{v.parcours}{suite}")
        inconnu = await autre.demander("GET", f"/v1/parcours/{pseudonyme()}{suite}")
        _comme_un_inconnu(v, "parcours-d-autrui", "un parcours", sien, inconnu)


async def pseudonymes(v: Verification) -> None:
    """The two pseudonyms of one person: the depositor's, and the other partner's."""
    if (autre := _autre(v, "evenements:lire", "pseudonymes")) is None or not v.parcours:
        return
    siens = {str(e.get("subject")) for e in evenements(await lire(v, autre, "limite=500")) if e.get("subject")}
    if not siens:
        v.carnet.omettre("pseudonymes", "le second partenaire n'a reçu aucun événement de la personne")
        return
    de_un = {str(e.get("subject")) for e in v.evenements} if v.lecteur is v.un else set()
    communs = siens & {v.parcours, *de_un}
    v.noter("pseudonymes", not communs, "deux partenaires ont le même pseudonyme du même parcours")


async def curseur_d_autrui(v: Verification) -> None:
    if v.lecteur is None:
        return
    page = await lire(v, v.lecteur, "limite=100")
    curseur = str(lu(page).get("curseur"))
    milieu = len(curseur) // 2
    altere = f"{curseur[:milieu]}{'A' if curseur[milieu] != 'A' else 'B'}{curseur[milieu + 1 :]}"
    lecture = await v.lecteur.demander("GET", f"{FIL}?apres={altere}")
    v.attendre("curseur-d-autrui", lecture, "un curseur changé", 422)
    autres = [a for a in (v.un, v.autre) if a is not None and a is not v.lecteur and _peut(a, "evenements:lire")]
    for autre in autres:
        lecture = await autre.demander("GET", f"{FIL}?apres={curseur}")
        v.attendre("curseur-d-autrui", lecture, "le curseur d'un autre", 422)
        acquitte = await acquitter(autre, curseur)
        v.attendre("curseur-d-autrui", acquitte, "un acquittement par le curseur d'un autre", 422)


def pseudonyme() -> str:
    """Of the right form, and of nobody."""
    return "prc_" + "".join(secrets.choice(_ALPHABET) for _ in range(26))


def _comme_un_inconnu(v: Verification, nom: str, quoi: str, sien: Echange, inconnu: Echange) -> None:
    if v.attendre(nom, sien, f"{quoi} d'un autre", 404):
        v.attendre(nom, inconnu, f"{quoi} inconnu", 404)
        est_pareil = sans_trace(sien) == sans_trace(inconnu)
        v.noter(nom, est_pareil, f"répond autrement à {quoi} d'un autre qu'à un inconnu", sien, inconnu)


def _autre(v: Verification, portee: str, nom: str) -> Acces | None:
    if v.autre is None:
        v.carnet.omettre(nom, SANS_AUTRE)
        return None
    if not _peut(v.autre, portee):
        v.carnet.omettre(nom, f"le second accès n'a pas la portée {portee}")
        return None
    return v.autre


def _peut(acces: Acces, portee: str) -> bool:
    return portee in acces.client.scopes
