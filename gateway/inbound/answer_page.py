"""The page behind a link: the question, two buttons, what became of the answer. It never says who the person is."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, TypeAlias

from lxml import html

from gateway.feuille_mots import jour
from gateway.feuille_page import Element, h
from relais_contrats.codes.offre import MotifRefusPrescription

Json: TypeAlias = Mapping[str, Any]

_STYLE = """
body { font: 1.05rem/1.5 system-ui, sans-serif; margin: 0; background: #f4f4f2; color: #1b1d21; }
main { max-width: 40rem; margin: 2rem auto; padding: 1.5rem 2rem; background: #fff; }
h1 { font-size: 1.4rem; } form { margin: 1.2rem 0; padding: 1rem; border: 1px solid #c9ccd3; }
button { font: inherit; padding: .6rem 1.2rem; border: 0; background: #1b4f72; color: #fff; }
select { font: inherit; max-width: 100%; margin: .3rem 0 .8rem; display: block; }
"""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # The address is the right to answer: it is neither kept by caches nor told to other sites.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def question(vue: Json) -> str:
    """`vue` is the answer of `lecture.offres.prescription`."""
    motifs = [h("option", motif.description, value=motif.value) for motif in MotifRefusPrescription]
    return _page(
        "Répondre à une demande",
        h("p", f"Une personne est adressée à « {vue['structure_nom']} » pour le service {vue['service_id']}."),
        h("p", f"Demande du {_le(vue['emise_le'])}, sans réponse elle expire le {_le(vue['expire_le'])}."),
        h("p", "Son prescripteur vous dira qui elle est et comment la joindre."),
        h("form", _cache("acceptee"), h("button", "Accepter", type="submit"), method="post"),
        h(
            "form",
            _cache("refusee"),
            h("label", "Motif du refus", h("select", *motifs, name="motif")),
            h("button", "Refuser", type="submit"),
            method="post",
        ),
    )


def recorded() -> str:
    return _page("Merci", h("p", "Votre réponse est enregistrée et transmise au prescripteur."))


def answered() -> str:
    return _page("Déjà répondu", h("p", "Cette demande n'attend plus de réponse."))


def unknown() -> str:
    return _page("Lien sans effet", h("p", "Ce lien n'existe pas ou n'est plus valable. Demandez-en un nouveau."))


def _page(titre: str, *contenu: Element) -> str:
    head = h("head", h("meta", charset="utf-8"), h("title", titre), h("style", _STYLE))
    document = h("html", head, h("body", h("main", h("h1", titre), *contenu)), lang="fr")
    return str(html.tostring(document, encoding="unicode", doctype="<!doctype html>"))


def _cache(reponse: str) -> Element:
    return h("input", type="hidden", name="reponse", value=reponse)


def _le(jour_iso: str) -> str:
    return jour(date.fromisoformat(jour_iso))
