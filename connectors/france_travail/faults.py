"""Answers to requests that are not served: refusals of the hub, in the words of France Travail.

Three shapes: the search answers with its `codeRetour`, the basket with a list, the others with one object.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from starlette.responses import JSONResponse

from connectors.exchanges import ExchangeRefused
from connectors.france_travail.codes import (
    EN_ERREUR,
    INDISPONIBLE,
    NON_AUTORISE,
    NON_RATTACHE,
    RIGHTS,
    TROP_D_APPELS,
    VALIDATION,
    Retour,
)
from connectors.hub import Answer, QuotaReached, RequestRefused

_RETRY_S = 10


class Shape(Enum):
    RECHERCHE = "recherche"
    LISTE = "liste"
    OBJET = "objet"


class Fault(ExchangeRefused):
    """A request that is not served: `details` is one French sentence that repeats nothing of the request."""

    def __init__(self, retour: Retour, details: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(details or retour.message)
        self.retour = retour
        self.details = details
        self.retry_after_s = retry_after_s


class Later(Exception):
    """Nothing is decided: the same request, again."""


def invalid(details: str) -> Fault:
    return Fault(VALIDATION, details)


def functional(code: str, message: str) -> Fault:
    """What is well formed and cannot be done."""
    return Fault(Retour(400, code, message))


def of_answer(answer: Answer) -> Fault:
    """Why the hub refused a message."""
    code, detail = answer.code or "refuse", answer.detail or EN_ERREUR.message
    if detail.startswith("/"):  # a place in our message, which the caller never saw
        detail = detail.partition(" : ")[2] or detail
    if code in RIGHTS:
        return Fault(NON_AUTORISE, detail)
    if code == "parcours-inconnu":
        return Fault(NON_RATTACHE)
    return functional(code.upper().replace("-", "_"), detail)


def of_refusal(refused: RequestRefused) -> Fault:
    """Why the hub refused a read: a parcours that the partner may not see is one that nobody has."""
    match refused.status:
        case 404 | 410:
            return Fault(NON_RATTACHE)
        case 401 | 403:
            return Fault(NON_AUTORISE)
        case 400 | 422:
            return Fault(VALIDATION)
    return Fault(EN_ERREUR)


def unavailable(shape: Shape, error: Exception) -> JSONResponse:
    """The hub does not answer yet; a quota of the hub becomes a quota of the façade."""
    if isinstance(error, QuotaReached):
        return told(shape, Fault(TROP_D_APPELS, retry_after_s=error.retry_after_s))
    return told(shape, Fault(INDISPONIBLE, retry_after_s=_RETRY_S))


def told(shape: Shape, fault: Fault) -> JSONResponse:
    retour, message = fault.retour, fault.retour.message
    headers = {"Retry-After": str(fault.retry_after_s)} if fault.retry_after_s else {}
    if retour.status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    content: Any
    match shape:
        case Shape.RECHERCHE:
            said = f"{message} : {fault.details}" if fault.details else message
            content = {
                "codeRetour": retour.code,
                "message": said,
                "topIdentiteCertifiee": "null",
                "jetonUsager": "null",
            }
        case Shape.LISTE:
            content = [{"code": retour.code, "message": message, "details": fault.details}]
        case _:
            said = fault.details or message
            content = {"codeHttp": retour.status, "codeErreur": retour.code, "message": said}
    return JSONResponse(content, retour.status, headers=headers)
