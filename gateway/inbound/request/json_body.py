"""A small JSON request read as strictly as a deposit: every fault with its pointer, in French, nothing echoed."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from gateway.inbound.request.body import media_type, read_body
from relais_contrats.corps import lire_modele
from relais_contrats.modele import Donnees
from relais_contrats.operations import Operation
from relais_contrats.problemes import Problem
from relais_contrats.valeurs import DEPOT

_LIMIT_BYTES = 16 * 1024
M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound=Donnees)


async def read_model(request: Request, model: type[M]) -> M:
    """`model` is that of the declaration. Raises a Problem: 400, 413, 415 or 422."""
    _as_declared(request, model)
    return await _read(request, lambda objet: model.model_validate(objet, strict=True))


async def read_contract(request: Request, model: type[D], limit_bytes: int = _LIMIT_BYTES) -> D:
    """Like `read_model` for an object made of contract fields, which are strict by themselves."""
    _as_declared(request, model)
    return await _read(request, lambda objet: model.model_validate(objet, context=DEPOT), limit_bytes)


def _as_declared(request: Request, model: type[BaseModel]) -> None:
    operation: Operation = request.scope["route"].operation
    assert operation.corps["application/json"] is model, f"{operation.nom} declares another model"


async def _read(request: Request, validate: Callable[[dict[str, Any]], M], limit_bytes: int = _LIMIT_BYTES) -> M:
    if media_type(request) != "application/json":
        raise Problem(status=415)
    return lire_modele(await read_body(request, limit_bytes), validate)
