"""Query strings read as strictly as bodies: names of the published API only, each once, typed, nothing echoed."""

from collections.abc import Mapping

from starlette.requests import Request

from relais_contrats.parametres import lire_parametres


def parameters(request: Request) -> Mapping[str, str]:
    """Raises a Problem for what the published API does not have, or not so."""
    return lire_parametres(request.method, request.scope["route"].path_format, request.query_params.multi_items())
