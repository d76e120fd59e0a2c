"""The feed of the mock: pages after a cursor, acknowledgement, gaps, and the disorders that a reader must survive."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.abonnements import Acquittement
from relais_contrats.catalogue import CATALOGUE, par_type_cloudevents
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import lire_consultation
from relais_contrats.corps import essence, lire_modele
from relais_contrats.demandes import borne, depart_du_fil, nombre, types_courts
from relais_contrats.lecture import Erreur
from relais_contrats.modele import Donnees
from relais_contrats.problemes import Problem, invalid
from relais_contrats.valeurs import DEPOT
from relais_kit.bouchon import curseurs
from relais_kit.bouchon.porte import Appel, Porte
from relais_kit.codes_fermes import codes, remplacer

_LIMITE, _LIMITE_MAX, _ATTENTE_MAX_S = 100, 500, 25
_TROUS_MAX = 1_000
LISTE = "fil"
OBJET_MAX_OCTETS = 16 * 1024
M = TypeVar("M", bound=BaseModel)
D = TypeVar("D", bound=Donnees)


@dataclass
class Fil:
    """The mock never waits (`attente`): what it has is there at once."""

    porte: Porte

    async def page(self, appel: Appel, request: Request) -> Response:
        query, code = request.query_params, appel.partenaire.code
        lire_consultation(appel.demandeur, request.headers, frozenset(Finalite))
        limite = nombre(query.get("limite"), "limite", _LIMITE, _LIMITE_MAX)
        nombre(query.get("attente"), "attente", 0, _ATTENTE_MAX_S, minimum=0)
        types = longs(types_courts(query["types"].split(","), "types")) if "types" in query else None
        memoire, apres = self.porte.memoire, self._depart(code, query)
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
        suite = curseurs.ecrire(code, LISTE, dernier)
        return JSONResponse({"evenements": evenements, "curseur": suite, "dernier_numero": len(memoire.fils[code])})

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
        """What is not acknowledged. The mock holds back and forgets nothing."""
        code, memoire = appel.partenaire.code, self.porte.memoire
        memoire.dater(self.porte.horloge())
        fil, dates, lu = memoire.fils[code], memoire.distribues[code], memoire.positions[code]

        def trou(rang: int) -> dict[str, Any] | None:
            quand = dates[rang - 1].isoformat(timespec="seconds")
            dit = {"relaisnumero": rang, "etat": "a-lire", "evenement": fil[rang - 1]["id"], "distribue_a": quand}
            return dit if rang > lu else None

        return JSONResponse(lire_trous(request.query_params, dates, trou), headers={"Cache-Control": "no-store"})

    def _depart(self, code: str, query: Mapping[str, str]) -> int:
        depuis = depart_du_fil(query)
        if "apres" in query:
            return _rang(code, query["apres"], "apres")
        if depuis is not None:
            return self.porte.memoire.avant(code, depuis)
        return self.porte.memoire.positions[code]

    def _autre_epoque(self, code: str) -> Problem:
        phrase = "Ce curseur vient d'un état du hub qui a été perdu : reprenez depuis `curseur`."
        erreurs = [Erreur("apres", "curseur-d-une-autre-epoque", phrase)]
        sur = curseurs.ecrire(code, LISTE, self.porte.memoire.positions[code])
        return Problem("curseur-d-une-autre-epoque", erreurs=erreurs, extra={"curseur": sur})


def _rang(partenaire: str, texte: str, pointeur: str) -> int:
    lu = curseurs.lire(partenaire, LISTE, texte)
    if lu is None:
        raise invalid(pointeur, "Ce curseur n'a pas été donné par le hub à ce partenaire.")
    return lu


async def lire_objet(request: Request, modele: type[M]) -> M:
    """The JSON body, as the hub reads it. Raises a Problem: 400, 413, 415 or 422."""
    return await _lire(request, lambda objet: modele.model_validate(objet, strict=True))


async def lire_contrat(request: Request, modele: type[D], maximum_octets: int = OBJET_MAX_OCTETS) -> D:
    """The same for an object made of contract fields, which are strict by themselves."""
    return await _lire(request, lambda objet: modele.model_validate(objet, context=DEPOT), maximum_octets)


async def _lire(request: Request, valider: Callable[[dict[str, Any]], M], maximum_octets: int = OBJET_MAX_OCTETS) -> M:
    if essence(request.headers) != "application/json":
        raise Problem(status=415)
    corps = await request.body()
    if len(corps) > maximum_octets:
        raise Problem(status=413)
    return lire_modele(corps, valider)


def longs(noms: Iterable[str]) -> list[str]:
    """Types as CloudEvents writes them."""
    return [CATALOGUE[nom].type_cloudevents for nom in noms]


def lire_trous(
    query: Mapping[str, str], dates: Sequence[datetime], trou: Callable[[int], dict[str, Any] | None]
) -> dict[str, Any]:
    """Per number of a suite, 1 being the first of `dates`, its gap if it is one. Bounds are numbers or instants."""
    dernier, (du, au) = len(dates), (borne(query.get("du"), "du"), borne(query.get("au"), "au"))
    premier = du if isinstance(du, int) else 1 if du is None else sum(date < du for date in dates) + 1
    fin = au if isinstance(au, int) else dernier if au is None else sum(date <= au for date in dates)
    premier, fin = max(1, premier), min(fin, dernier)
    arret = min(fin, premier + _TROUS_MAX - 1)
    trous = [dit for rang in range(premier, arret + 1) if (dit := trou(rang))]
    return {"dernier_numero": dernier, "trous": trous, "suite": arret + 1 if arret < fin else None}


def _derange(evenement: Mapping[str, Any], modes: frozenset[str]) -> Mapping[str, Any]:
    """A code or a field that a reader of v1 must tolerate (contracts/README.md, « Ce que v1 promet »)."""
    if modes.isdisjoint({"code-inconnu", "champ-inconnu"}):
        return evenement
    change = copy.deepcopy(dict(evenement))
    if "champ-inconnu" in modes:
        change["attributdubouchon"] = "1"
        change["data"]["champ_du_bouchon"] = {"nouveau": True}
    if "code-inconnu" in modes:
        message = par_type_cloudevents(change["type"])
        chemins = codes(message.modele, change["data"]) if message else iter(())
        remplacer(change, ("data", *premier) if (premier := next(chemins, None)) else ("finalite",), "code-du-bouchon")
    return change
