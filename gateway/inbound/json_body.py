"""A small JSON request read as strictly as a deposit: every fault with its pointer, in French, nothing echoed."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from gateway.inbound.body import media_type, read_body
from gateway.inbound.problems import Problem
from relais_contrats.lecture import MessageIllisible, lire_json
from relais_contrats.phrases import traduire

_LIMIT_BYTES = 16 * 1024
M = TypeVar("M", bound=BaseModel)


async def read_model(request: Request, model: type[M]) -> M:
    """Raises a Problem: 400, 413, 415 or 422."""
    if media_type(request) != "application/json":
        raise Problem(status=415)
    try:
        return model.model_validate(lire_json(await read_body(request, _LIMIT_BYTES)), strict=True)
    except MessageIllisible as illisible:
        raise Problem(status=400, detail=str(illisible)) from illisible
    except ValidationError as error:
        erreurs = list(traduire(error))
        codes = {erreur.code for erreur in erreurs}
        raise Problem(codes.pop() if len(codes) == 1 else "schema-invalide", erreurs=erreurs) from None
