"""The pages as Jinja2 templates: what they are given is text, and is escaped."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console import presentation
from console.access.sessions import ANNOUNCED, CURRENT
from console.way import page_of

PAGES = (
    ("/", "Accueil", "voir-accueil"),
    ("/messages", "Messages", "voir-messages"),
    ("/traces", "Traces", "voir-traces"),
    ("/livraisons", "Livraisons", "voir-livraisons"),
    ("/rejeux", "Rejeux", "voir-livraisons"),
    ("/rebut", "Rebut", "voir-livraisons"),
    ("/pannes", "Pannes", "voir-livraisons"),
    ("/alertes", "Alertes", "voir-alertes"),
    ("/delais", "Délais", "voir-delais"),
    ("/attention", "Points d'attention", "voir-attention"),
    ("/audit", "Audit", "voir-audit"),
    ("/exercices", "Exercices", "voir-exercices"),
    ("/partenaires", "Partenaires", "voir-partenaires"),
    ("/a-confirmer", "À confirmer", "confirmer"),
    ("/droits", "Droits", "voir-droits"),
    ("/operateurs", "Opérateurs", "voir-operateurs"),
)
"""Path, name and act of what the frame of each page leads to."""

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {"dire": presentation, "PAGES": PAGES, "page_de_message": page_of}
_ENVIRONMENT.filters["instant"] = datetime.fromisoformat


def render(name: str, **values: Any) -> str:
    """The page, in the frame of whoever asks for it."""
    return _ENVIRONMENT.get_template(name).render(operateur=CURRENT.get(), annonce=ANNOUNCED.get(), **values)
