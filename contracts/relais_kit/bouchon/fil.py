"""The feed of the mock: pages after a cursor, acknowledgement, and the disorders that a reader must survive."""

import base64
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem, invalid
from relais_kit.bouchon.porte import Appel, Porte

_LIMITE, _LIMITE_MAX = 500, 1_000
_PARAMETRES = frozenset({"apres", "depuis", "limite", "attente", "types"})


@dataclass
class Fil:
    """The mock never waits (`attente`): what it has is there at once."""

    porte: Porte

    async def page(self, appel: Appel, request: Request) -> Response:
        query, code = request.query_params, appel.partenaire.code
        for nom in query:
            if nom not in _PARAMETRES:
                raise invalid(f"/{nom}", "Ce paramètre n'existe pas.")
        limite = _entier(query.get("limite"), "/limite", _LIMITE)
        memoire = self.porte.memoire
        apres = _rang(code, query["apres"], "/apres") if "apres" in query else memoire.positions[code]
        if "epoque" in appel.modes:
            raise self._autre_epoque(code)
        types = query["types"].split(",") if query.get("types") else None
        rendus = list(memoire.page(code, apres, types, limite))
        dernier = rendus[-1][0] if len(rendus) == limite else len(memoire.fils[code])
        evenements = [_derange(evenement, appel.modes) for _, evenement in rendus]
        if "doublon" in appel.modes:
            evenements = [evenement for evenement in evenements for _ in range(2)]
        if "desordre" in appel.modes:
            evenements.reverse()
        return JSONResponse({"evenements": evenements, "curseur": curseur(code, dernier)})

    async def acquitter(self, appel: Appel, request: Request) -> Response:
        code = appel.partenaire.code
        try:
            donne = json.loads(await request.body())["curseur"]
        except (ValueError, KeyError, TypeError) as erreur:
            raise invalid("/curseur", "Un objet {curseur} est attendu.") from erreur
        if "epoque" in appel.modes:
            raise self._autre_epoque(code)
        rang = _rang(code, donne, "/curseur")
        self.porte.memoire.positions[code] = max(rang, self.porte.memoire.positions[code])
        return JSONResponse({"curseur": donne})

    def _autre_epoque(self, code: str) -> Problem:
        phrase = "Ce curseur vient d'un état du hub qui a été perdu : reprenez depuis `curseur`."
        erreurs = [Erreur("/apres", "curseur-d-une-autre-epoque", phrase)]
        sur = curseur(code, self.porte.memoire.positions[code])
        return Problem("curseur-d-une-autre-epoque", erreurs=erreurs, extra={"curseur": sur})


def curseur(partenaire: str, rang: int) -> str:
    """Opaque to who reads it, and good for one partner."""
    return base64.urlsafe_b64encode(f"{partenaire}/{rang}".encode()).decode()


def _rang(partenaire: str, texte: Any, pointeur: str) -> int:
    try:
        code, _, rang = base64.b64decode(str(texte), altchars=b"-_", validate=True).decode().partition("/")
        lu = int(rang) if code == partenaire else None
    except ValueError:
        lu = None
    if lu is None:
        raise invalid(pointeur, "Ce curseur n'a pas été donné par le hub à ce partenaire.")
    return lu


def _entier(texte: str | None, pointeur: str, defaut: int) -> int:
    if texte is None:
        return defaut
    if not texte.isdecimal() or not 1 <= int(texte) <= _LIMITE_MAX:
        raise invalid(pointeur, f"Un nombre de 1 à {_LIMITE_MAX} est attendu.")
    return int(texte)


def _derange(evenement: Mapping[str, Any], modes: frozenset[str]) -> Mapping[str, Any]:
    """A code or a field that a reader of v1 must tolerate (contracts/README.md, « Ce que v1 promet »)."""
    if modes.isdisjoint({"code-inconnu", "champ-inconnu"}):
        return evenement
    change = copy.deepcopy(dict(evenement))
    if "champ-inconnu" in modes:
        change["attributdubouchon"] = "1"
        change["data"]["champ_du_bouchon"] = {"nouveau": True}
    if "code-inconnu" in modes:
        change["finalite"] = "code-du-bouchon"
    return change
