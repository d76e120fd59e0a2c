"""A problem as this process answers it: `relais_contrats.problemes`, with the trace of the request."""

from typing import Any

import orjson
from starlette.responses import Response

from chassis import telemetry
from relais_contrats import problemes
from relais_contrats.problemes import MEDIA_TYPE, STATUS_OF, Problem, invalid, listed, of_http

__all__ = ["MEDIA_TYPE", "STATUS_OF", "Problem", "body", "invalid", "listed", "of_http", "response"]


def body(problem: Problem, base_url: str) -> dict[str, Any]:
    """The JSON object; `instance` is the trace id, by which the operator finds the same refusal."""
    return problemes.body(problem, base_url, telemetry.trace_id())


def response(problem: Problem, base_url: str) -> Response:
    headers = dict(problem.headers)
    if problem.code == "indisponible":
        headers.setdefault("Retry-After", "2")
    return Response(orjson.dumps(body(problem, base_url)), problem.status, headers, MEDIA_TYPE)
