"""CloudEvents over HTTP in binary mode: the attributes come as `ce-*` headers, the body is `data` alone.

CloudEvents HTTP Protocol Binding 1.0.2, § 3.1: the message is the one of structured mode with the same attributes.
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from relais_contrats.lecture import MessageIllisible

PREFIXE = "ce-"
_ENTIERS = frozenset({"versionattendue"})
_RESERVES = {
    "data": "Le contenu va dans le corps, pas dans un en-tête.",
    "datacontenttype": "Le type du contenu va dans l'en-tête Content-Type.",
}
_ENTRE_GUILLEMETS = re.compile(r'"((?:[^"\\]|\\.)*)"')


def attributs(en_tetes: Iterable[tuple[str, str]], type_de_contenu: str) -> dict[str, Any]:
    """The attributes of a message by name, from headers in small letters. Raises `MessageIllisible`."""
    lus: dict[str, Any] = {}
    for en_tete, valeur in en_tetes:
        nom = en_tete.removeprefix(PREFIXE)
        if nom == en_tete:
            continue
        if nom in _RESERVES:
            raise MessageIllisible(_RESERVES[nom])
        if nom in lus:
            raise MessageIllisible("Un en-tête ce-* est répété.")
        lus[nom] = _entier(_valeur(valeur)) if nom in _ENTIERS else _valeur(valeur)
    return lus | {"datacontenttype": type_de_contenu}


def _valeur(ecrite: str) -> str:
    """Quotes are taken away, then percent signs decoded, once, as UTF-8."""
    if not ecrite.isascii():
        raise MessageIllisible("Un en-tête ce-* s'écrit en ASCII : les autres signes en UTF-8, puis en %XX.")
    if citee := _ENTRE_GUILLEMETS.fullmatch(ecrite.strip()):
        ecrite = re.sub(r"\\(.)", r"\1", citee[1])
    try:
        return unquote_to_bytes(ecrite).decode()
    except UnicodeDecodeError:
        raise MessageIllisible("Un en-tête ce-* n'est pas de l'UTF-8 écrit en %XX.") from None


def _entier(texte: str) -> int | str:
    return int(texte) if re.fullmatch("[0-9]{1,16}", texte) else texte
