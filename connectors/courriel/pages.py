"""The pages as HTML: templates, one style, no script, nothing to load; and the headers that go with them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from connectors.courriel import codes

_FOLDER: Final = Path(__file__).parent / "pages"
_STYLE: Final = (_FOLDER / "style.css").read_text(encoding="utf-8")
_PAGES: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_PAGES.globals["style"] = Markup(_STYLE)  # noqa: S704  ours
_PAGES.globals["codes"] = codes
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = MappingProxyType(
    {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"
        ),
        # The address of a link asks for a code: it is neither kept by caches nor told to other sites.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)


def page(
    name: str, status: int = 200, headers: Mapping[str, str] = MappingProxyType({}), **values: Any
) -> HTMLResponse:
    content = _PAGES.get_template(f"{name}.html").render(**values)
    return HTMLResponse(content, status, {**HEADERS, **headers})


def notice(status: int, title: str, sentence: str, headers: Mapping[str, str] = MappingProxyType({})) -> HTMLResponse:
    """A page that leads nowhere further."""
    return page("phrase", status, headers, titre=title, phrase=sentence)
