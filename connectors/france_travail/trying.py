"""A dry run for the operator: nothing is called in the name of France Travail, nothing is deposited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from connectors.systems import Context

_NEEDED = ("identite:resoudre", "messages:deposer", "parcours:lire")


async def try_out(context: Context, _: Path | None) -> AsyncIterator[str]:
    """Whether the partner may do what this API promises to its software."""
    settings, mandate = context.configuration, context.mandate
    if mandate.jeton is None:
        yield "Ce connecteur n'a pas de jeton : aucun logiciel ne peut l'appeler."
    for scope in _NEEDED:
        if scope not in mandate.client["scopes"]:
            yield f"Le partenaire n'a pas le droit {scope} : les appels qui en ont besoin seront refusés (403)."
    yield f"client_id : {settings.client_id or mandate.code} ; client_secret : le jeton du connecteur."
    yield f"Adresses admises : {', '.join(settings.adresses) or 'toutes'}."
    page = await context.hub.get("/v1/parcours", limite=1)
    yield f"Le relais répond : {'des parcours sont visibles' if page['parcours'] else 'aucun parcours visible'}."
    told = ", ".join(sorted(settings.structures)) or "aucun"
    yield f"Organismes dont la structure d'accueil est réglée : {told}."
