"""The feed of the mock: pages after a cursor, acknowledgement, gaps, and the disorders that a reader must survive."""

import base64
import copy
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats import valeurs
from relais_contrats.catalogue import CATALOGUE, par_type_cloudevents
from relais_contrats.corps import essence, lire_modele
from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem, invalid
from relais_kit.bouchon.porte import Appel, Porte

_LIMITE, _LIMITE_MAX, _ATTENTE_MAX_S = 100, 500, 25
_TROUS_MAX = 1_000
_CLE = b"bouchon"
M = TypeVar("M", bound=BaseModel)


@dataclass
class Fil:
    """The mock never waits (`attente`): what it has is there at once."""

    porte: Porte

    async def page(self, appel: Appel, request: Request) -> Response:
        query, code = request.query_params, appel.partenaire.code
        limite = _entier(query.get("limite"), "limite", _LIMITE, 1, _LIMITE_MAX)
        _entier(query.get("attente"), "attente", 0, 0, _ATTENTE_MAX_S)
        types = types_nommes(query["types"].split(","), "types") if "types" in query else None
        memoire, apres = self.porte.memoire, self._depart(code, query.get("apres"), query.get("depuis"))
        if "epoque" in appel.modes:
            raise self._autre_epoque(code)
        rendus = list(memoire.page(code, apres, types, limite))
        dernier = rendus[-1][0] if len(rendus) == limite else len(memoire.fils[code])
        numerotes = [(rang, {**evenement, "relaisnumero": rang}) for rang, evenement in rendus]
        self.porte.attentes.rend(code, numerotes, appel.modes)
        evenements = [_derange(evenement, appel.modes) for _, evenement in numerotes]
        if "doublon" in appel.modes:
            evenements = [evenement for evenement in evenements for _ in range(2)]
        if "desordre" in appel.modes:
            evenements.reverse()
        dit = {"evenements": evenements, "curseur": curseur(code, dernier), "dernier_numero": len(memoire.fils[code])}
        return JSONResponse(dit)

    async def acquitter(self, appel: Appel, request: Request) -> Response:
        """Move the durable position, never back; `Relais-Recu` when it moves."""
        code = appel.partenaire.code
        donne = (await lire_objet(request, Acquittement)).curseur
        if "epoque" in appel.modes:
            raise self._autre_epoque(code)
        rang, memoire, instant = _rang(code, donne, "/curseur"), self.porte.memoire, self.porte.horloge()
        self.porte.attentes.acquitte(code, rang)
        if rang <= memoire.positions[code]:
            return Response(status_code=204)
        memoire.positions[code] = rang
        contenu = {"curseur": donne, "acquitte_a": instant.isoformat(timespec="seconds"), "resultat": "acquitte"}
        return Response(status_code=204, headers={"Relais-Recu": self.porte.recus.signer(code, contenu, instant)})

    async def trous(self, appel: Appel, request: Request) -> Response:
        """By number only: what is not acknowledged. The mock holds back and forgets nothing."""
        code, query, memoire = appel.partenaire.code, request.query_params, self.porte.memoire
        dernier = len(memoire.fils[code])
        du = _entier(query.get("du"), "du", 1, 0, 10**15)
        au = min(_entier(query.get("au"), "au", dernier, 0, 10**15), dernier)
        fin = min(au, max(1, du) + _TROUS_MAX - 1)
        trous = [
            {"relaisnumero": rang, "etat": "a-lire", "evenement": memoire.fils[code][rang - 1]["id"]}
            for rang in range(max(1, du), fin + 1)
            if rang > memoire.positions[code]
        ]
        return JSONResponse({"dernier_numero": dernier, "trous": trous, "suite": fin + 1 if fin < au else None})

    def _depart(self, code: str, apres: str | None, depuis: str | None) -> int:
        if apres is not None and depuis is not None:
            raise invalid("depuis", "`apres` et `depuis` s'excluent.")
        if apres is not None:
            return _rang(code, apres, "apres")
        if depuis is not None:
            return self.porte.memoire.avant(code, _instant(depuis))
        return self.porte.memoire.positions[code]

    def _autre_epoque(self, code: str) -> Problem:
        phrase = "Ce curseur vient d'un état du hub qui a été perdu : reprenez depuis `curseur`."
        erreurs = [Erreur("apres", "curseur-d-une-autre-epoque", phrase)]
        sur = curseur(code, self.porte.memoire.positions[code])
        return Problem("curseur-d-une-autre-epoque", erreurs=erreurs, extra={"curseur": sur})


def curseur(partenaire: str, rang: int) -> str:
    """Opaque to who reads it, and good for one partner."""
    place = f"{partenaire}/{rang}"
    return base64.urlsafe_b64encode(f"{place}/{_sceau(place)}".encode()).decode()


def _sceau(place: str) -> str:
    return hmac.digest(_CLE, place.encode(), "sha256").hex()[:16]


def _rang(partenaire: str, texte: Any, pointeur: str) -> int:
    try:
        code, rang, sceau = base64.b64decode(str(texte), altchars=b"-_", validate=True).decode().split("/")
        lu = int(rang) if code == partenaire and sceau == _sceau(f"{code}/{rang}") else None
    except ValueError:
        lu = None
    if lu is None:
        raise invalid(pointeur, "Ce curseur n'a pas été donné par le hub à ce partenaire.")
    return lu


def _entier(texte: str | None, nom: str, defaut: int, minimum: int, maximum: int) -> int:
    if texte is None:
        return defaut
    if not (texte.isascii() and texte.isdecimal() and len(texte) < 16 and minimum <= int(texte) <= maximum):
        raise invalid(nom, f"Un entier de {minimum} à {maximum} est attendu.")
    return int(texte)


def _instant(texte: str) -> datetime:
    try:
        lu = valeurs.instant(texte.replace(" ", "+").upper())
        if lu.tzinfo is None:
            raise ValueError(texte)  # said below, nothing echoed
    except ValueError as erreur:
        raise invalid("depuis", "Un instant RFC 3339 avec son décalage est attendu.") from erreur
    return lu


class Acquittement(BaseModel):
    model_config = ConfigDict(extra="forbid")

    curseur: str


async def lire_objet(request: Request, modele: type[M]) -> M:
    """The JSON body, as the hub reads it. Raises a Problem: 400, 415 or 422."""
    if essence(request.headers) != "application/json":
        raise Problem(status=415)
    return lire_modele(await request.body(), lambda objet: modele.model_validate(objet, strict=True))


def types_nommes(noms: Sequence[Any], pointeur: str) -> Sequence[str]:
    """As CloudEvents writes them, from either writing. Raises a Problem."""
    messages = [par_type_cloudevents(str(nom)) or CATALOGUE.get(str(nom)) for nom in noms]
    if None in messages:
        erreur = Erreur(pointeur, "code-inconnu", "Ce type de message n'existe pas au catalogue.")
        raise Problem("code-inconnu", erreurs=[erreur])
    return [message.type_cloudevents for message in messages if message]


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
