"""Refusals as partners read them: problem+json (RFC 9457), in French, stable code, never an echo of the input."""

from collections.abc import Mapping, Sequence
from typing import Any

from relais_contrats.lecture import Erreur
from relais_contrats.refus import REFUS

_MOST_LISTED = 50
MEDIA_TYPE = "application/problem+json"

# What HTTP itself refuses, before any message was read: status → (code, title, what to do).
_HTTP: Mapping[int, tuple[str, str, str]] = {
    400: ("illisible", "Requête illisible", "Le corps n'est pas du JSON que tout le monde lit de la même façon."),
    401: ("non-authentifie", "Authentification requise", "Présentez un jeton d'accès et une preuve DPoP valides."),
    403: ("portee-insuffisante", "Portée insuffisante", "Le jeton ne porte pas la portée nécessaire."),
    404: ("inconnu", "Ressource inconnue", "Cette ressource n'existe pas, ou vous ne pouvez pas la voir."),
    405: ("methode-interdite", "Méthode non admise", "Cette ressource n'admet pas cette méthode."),
    410: ("retire", "Ressource retirée", "Cette ressource a été retirée : `retrait` dit quand et pourquoi."),
    413: ("trop-grand", "Corps trop grand", "Le corps dépasse la taille admise."),
    415: ("type-non-admis", "Type de contenu non admis", "Le Content-Type n'est pas de ceux que ce point accepte."),
    414: ("adresse-trop-longue", "Adresse trop longue", "L'adresse de la requête dépasse la longueur admise."),
    429: ("trop-de-requetes", "Trop de requêtes", "Attendez le délai indiqué par Retry-After."),
    431: ("en-tetes-trop-grands", "En-têtes trop grands", "Les en-têtes de la requête dépassent la taille admise."),
}
STATUS_OF: Mapping[str, int] = {code: status for status, (code, _, _) in _HTTP.items()}
"""Code → HTTP status, of what HTTP itself refuses."""


def of_http(status: int) -> tuple[str, str, str]:
    """Return (code, title, advice) for a refusal of HTTP itself."""
    return _HTTP[status]


class Problem(Exception):
    """Ends a request with a problem. `code` is one of the catalogue; without it, `status` names a refusal of HTTP
    itself.
    """

    def __init__(
        self,
        code: str | None = None,
        *,
        status: int | None = None,
        detail: str | None = None,
        erreurs: Sequence[Erreur] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code or str(status))
        self.code = code
        self.status = status or REFUS[code or ""].statut
        self.detail = detail
        self.erreurs = erreurs
        self.extra = extra or {}
        self.headers = dict(headers or {})
        self.message: str | None = None
        """The id and the type (short) of the deposit that is refused, as far as they can be read and told again."""
        self.type: str | None = None


def invalid(pointeur: str, phrase: str) -> Problem:
    """A request that is not of the form that the API asks for."""
    return Problem("schema-invalide", erreurs=[Erreur(pointeur, "schema-invalide", phrase)])


def listed(erreurs: Sequence[Erreur]) -> Sequence[Erreur]:
    """At most fifty; the last one says how many more there are."""
    if len(erreurs) <= _MOST_LISTED:
        return erreurs
    told, others = erreurs[: _MOST_LISTED - 1], erreurs[_MOST_LISTED - 1 :]
    return [*told, Erreur("", others[0].code, f"Et {len(others)} autre(s) erreur(s).")]


def body(problem: Problem, base_url: str, instance: str | None) -> dict[str, Any]:
    """The JSON object; `instance` is the trace id, by which the operator finds the same refusal."""
    refus = REFUS.get(problem.code or "")
    if refus:
        code, titre, detail = (refus.code, refus.titre, f"{refus.explication} {refus.conseil}")
    else:
        code, titre, detail = _HTTP[problem.status]
    return {
        "type": f"{base_url}/problemes/{code}",
        "title": titre,
        "status": problem.status,
        "detail": problem.detail or detail,
        "instance": instance,
        "code": code,
        "relancable": bool(refus and refus.relancable) or problem.status == 429,
        "erreurs": [{"pointeur": e.pointeur, "code": e.code, "message": e.message} for e in listed(problem.erreurs)],
        "exemple": f"{base_url}/v1/contrats/{refus.exemple}" if refus else None,
        **problem.extra,
    }
