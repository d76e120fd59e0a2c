"""What the mock reads again of a parcours: the events that its partner was told, with their ETag."""

import json
from dataclasses import dataclass
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_kit.bouchon.porte import Appel, Porte


@dataclass(frozen=True, slots=True)
class Lectures:
    porte: Porte

    async def historique(self, appel: Appel, request: Request) -> Response:
        code, nom = appel.partenaire.code, request.path_params["prc"]
        if self.porte.memoire.connu_de(code, nom) is None:
            raise Problem("parcours-inconnu", erreurs=[ligne_de_refus("parcours-inconnu", "")])
        evenements = [e for _, e in self.porte.memoire.page(code, 0, None, 500) if e.get("subject") == nom]
        corps = json.dumps({"evenements": evenements, "suite": None}, ensure_ascii=False).encode()
        entetes = {"ETag": f'"{sha256(code.encode() + corps).hexdigest()[:32]}"', "Cache-Control": "private, no-cache"}
        if entetes["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=entetes)
        return Response(corps, headers=entetes, media_type="application/json")
