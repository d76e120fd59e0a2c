"""`/docs`: the API as a page. Its script and its style are those of Swagger UI, served from here alone.

The page reads `/openapi.json` and nothing more: no request is tried from it, no token is typed into it, nothing is
stored.
"""

from pathlib import Path
from typing import Final

import fastapi_offline
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relais_contrats.openapi import INFO

_STATIC: Final = Path(fastapi_offline.__file__).parent / "static"
_HEADERS: Final = {
    # Swagger UI sets the style of some of its elements.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=300",
}
_PAGE: Final = f"""<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{INFO["title"]}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<main id="api"></main>
<noscript>Cette page demande JavaScript ; le document est à <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/demarrage.js"></script>
</body>
</html>
"""
_START: Final = """const rien = () => () => null;
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  validatorUrl: null,
  persistAuthorization: false,
  queryConfigEnabled: false,
  plugins: [
    () => ({ wrapComponents: { AuthorizeBtnContainer: rien, authorizeBtn: rien, authorizeOperationBtn: rien } }),
  ],
});
"""


def routes() -> list[Route]:
    return [
        _served("/docs", _PAGE.encode(), "text/html; charset=utf-8"),
        _served("/docs/demarrage.js", _START.encode(), "text/javascript; charset=utf-8"),
        _served("/docs/swagger-ui-bundle.js", (_STATIC / "swagger-ui-bundle.js").read_bytes(), "text/javascript"),
        _served("/docs/swagger-ui.css", (_STATIC / "swagger-ui.css").read_bytes(), "text/css"),
    ]


def _served(path: str, content: bytes, media_type: str) -> Route:
    async def answer(_: Request) -> Response:
        return Response(content, headers=_HEADERS, media_type=media_type)

    return Route(path, answer, methods=["GET"])
