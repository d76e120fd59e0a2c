"""HTTP exchanges as browsers and proxies capture them (HAR 1.2): deposits, events that were read, webhooks received.

Other exchanges are passed over. Pointers of what is wrong with an exchange start at the root of the capture.
"""

import base64
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import unquote_plus, urlsplit

from relais_contrats.binaire import PREFIXE, attributs
from relais_contrats.identifiants import porte_un_nir
from relais_contrats.lecture import Erreur, MessageIllisible
from relais_kit.flux import Format, Morceau, decouper

_FORMES = {
    "application/cloudevents+json": Format.MESSAGE,
    "application/cloudevents-batch+json": Format.LOT,
    "application/x-ndjson": Format.NDJSON,
}
_SIGNATURE = ("webhook-id", "webhook-timestamp", "webhook-signature")

Objet = Mapping[str, Any]


class HarIllisible(ValueError):
    """It is no HAR capture; one French sentence."""


def echanges(entree: BinaryIO) -> Iterator[Morceau]:
    """The messages of a capture, in their order. Raises HarIllisible."""
    try:
        entrees = json.load(entree)["log"]["entries"]
        lues = [(e["request"]["method"], e["request"]["url"], e) for e in entrees]
    except (ValueError, RecursionError, KeyError, TypeError) as erreur:
        raise HarIllisible("ce n'est pas une capture HAR : `log.entries[]` y manque") from erreur
    for rang, (methode, url, entree_) in enumerate(lues):
        try:
            chemin = urlsplit(str(url)).path
            morceaux = list(_messages(methode, chemin, entree_, f"/log/entries/{rang}"))
        except (AttributeError, KeyError, TypeError, ValueError) as erreur:
            raise HarIllisible(f"`log.entries[{rang}]` n'est pas un échange HTTP") from erreur
        nom = f"échange {rang + 1}, {methode} {chemin}"
        for morceau in morceaux:
            yield morceau._replace(echange=nom)
        if porte_un_nir(unquote_plus(str(url))):
            yield _faute(
                nom,
                f"/log/entries/{rang}/request/url",
                "identifiant-invalide",
                "Un NIR est écrit dans l'adresse : elle finit dans les journaux de tous les intermédiaires.",
            )


def _faute(echange: str | None, pointeur: str, code: str, phrase: str) -> Morceau:
    return Morceau(b"", echange=echange, erreurs=(Erreur(pointeur, code, phrase),))


def _messages(methode: str, chemin: str, echange: Objet, lieu: str) -> Iterator[Morceau]:
    entetes = _entetes(echange["request"])
    corps = _corps(echange["request"].get("postData") or {})
    if methode == "POST" and chemin.endswith("/v1/messages"):
        yield from _depot(entetes, corps, lieu)
    elif methode == "GET" and chemin.endswith("/v1/evenements"):
        yield from _fil(echange.get("response") or {}, lieu)
    elif methode == "POST" and any(nom in entetes for nom in _SIGNATURE):
        yield from _webhook(entetes, corps, lieu)


def _corps(envoye: Objet) -> bytes:
    """Return the body, decoded from base64 when the capture used it. Bytes that are not UTF-8 stay so, and are refused
    as the hub refuses them.
    """
    texte = str(envoye.get("text", ""))
    if envoye.get("encoding") == "base64":
        return base64.b64decode(texte)
    return texte.encode(errors="surrogatepass")


def _entetes(partie: Objet) -> dict[str, str]:
    return {e["name"].lower(): e["value"] for e in partie.get("headers", ())}


def _depot(entetes: Mapping[str, str], corps: bytes, lieu: str) -> Iterator[Morceau]:
    schema = entetes.get("authorization", "").partition(" ")[0].lower()
    if schema == "dpop" and "dpop" not in entetes:
        yield _faute(
            None,
            f"{lieu}/request/headers",
            "non-authentifie",
            "Le jeton est lié à une clé (DPoP) : chaque requête porte sa preuve, dans l'en-tête DPoP.",
        )
    genre = entetes.get("content-type", "").partition(";")[0].strip().lower()
    if genre in _FORMES:
        yield from decouper(io.BytesIO(corps), _FORMES[genre])
    elif any(nom.startswith(PREFIXE) for nom in entetes):
        yield _binaire(entetes, corps, lieu)
    else:
        admis = ", ".join(_FORMES)
        yield _faute(None, f"{lieu}/request/headers", "type-non-admis", f"Content-Type attendu : {admis}.")


def _binaire(entetes: Mapping[str, str], corps: bytes, lieu: str) -> Morceau:
    try:
        enveloppe = attributs(entetes.items(), entetes.get("content-type", ""))
        return Morceau(json.dumps({**enveloppe, "data": json.loads(corps)}).encode())
    except (MessageIllisible, ValueError) as erreur:
        return _faute(None, f"{lieu}/request/headers", "illisible", str(erreur))


def _fil(reponse: Objet, lieu: str) -> Iterator[Morceau]:
    if reponse.get("status") != 200:
        return
    try:
        evenements = json.loads((reponse.get("content") or {}).get("text", ""))["evenements"]
    except (ValueError, KeyError, TypeError):
        yield _faute(
            None, f"{lieu}/response/content", "illisible", "La page du fil n'est pas `{evenements[], curseur}`."
        )
        return
    for evenement in evenements:
        yield Morceau(json.dumps(evenement).encode(), est_recu=True)


def _webhook(entetes: Mapping[str, str], corps: bytes, lieu: str) -> Iterator[Morceau]:
    absents = [nom for nom in _SIGNATURE if nom not in entetes]
    if absents:
        yield _faute(
            None,
            f"{lieu}/request/headers",
            "schema-invalide",
            f"Il manque {', '.join(absents)} : ne croyez pas ce corps.",
        )
        return
    for morceau in decouper(io.BytesIO(corps)):
        yield morceau._replace(est_recu=True)
