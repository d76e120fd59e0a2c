"""HTML as a tree, for the pages that persons read: elements, one whole document, and the policy that goes with it."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import TypeAlias

from lxml import etree, html

Element: TypeAlias = etree._Element
Noeud: TypeAlias = "Element | str | None"

# What the tree, which is one of XML, cannot hold; the text of a partner may.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(titre: str, style: str, *corps: Noeud) -> str:
    """A page in French, readable on a telephone, that search engines leave alone."""
    tete = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("meta", name="robots", content="noindex"),
        h("title", titre),
        h("style", style),
    )
    page = h("html", tete, h("body", *corps), lang="fr")
    return str(html.tostring(page, encoding="unicode", doctype="<!doctype html>"))


def csp(style: str, form_action: str) -> str:
    """The header to answer with the page: nothing is loaded, nothing runs, only this style applies."""
    return (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'; "
        f"base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )


def h(balise: str, *enfants: Noeud, classe: str | None = None, **attributs: str | None) -> Element:
    """An element; children and attributes that are None are left out. Attributes have `_` for `-`, none at the end."""
    faite: Element = html.Element(balise)
    for nom, valeur in (attributs | {"class": classe}).items():
        if valeur is not None:
            faite.set(nom.rstrip("_").replace("_", "-"), _lisible(valeur))
    for enfant in enfants:
        if isinstance(enfant, str):
            _ecrire(faite, _lisible(enfant))
        elif enfant is not None:
            faite.append(enfant)
    return faite


def _lisible(texte: str) -> str:
    return _IMPOSSIBLE.sub("\ufffd", texte)


def _ecrire(faite: Element, texte: str) -> None:
    if len(faite):
        faite[-1].tail = (faite[-1].tail or "") + texte
    else:
        faite.text = (faite.text or "") + texte
