"""Settings of a département in the mock: stored version by version, applied to nothing. The default table is empty."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import AGENT, lire_consultation
from relais_contrats.demandes import dans_son_territoire
from relais_contrats.problemes import Problem, invalid
from relais_contrats.reception import ligne_de_refus
from relais_contrats.territoires import est_un_territoire, expliquer
from relais_contrats.v1.orientation import CRITERES_REQUIS
from relais_contrats.v1.reglages import ReglageDelegations, ReglageRegles
from relais_kit.bouchon.fil import lire_contrat
from relais_kit.bouchon.lectures import repondre
from relais_kit.bouchon.porte import Appel, Porte, Traitement

NATURES = ("regles", "delegations")
_CONTENU = {"regles": "table", "delegations": "delegations"}
_MODELES: dict[str, type[ReglageRegles | ReglageDelegations]] = {
    "regles": ReglageRegles,
    "delegations": ReglageDelegations,
}
_MAX_OCTETS = 256 * 1024


@dataclass(frozen=True, slots=True)
class Reglages:
    porte: Porte

    def lire(self, nature: str) -> Traitement:
        async def lire(appel: Appel, request: Request) -> Response:
            return repondre(appel, request, self._dit(_departement(appel, request)[0], nature))

        return lire

    def changer(self, nature: str) -> Traitement:
        """`version` is the last one that its author saw."""

        async def changer(appel: Appel, request: Request) -> Response:
            departement, agent = _departement(appel, request)
            if appel.partenaire.type_organisme != "departement":
                raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
            if agent is None:
                raise Problem("schema-invalide", erreurs=[ligne_de_refus("schema-invalide", AGENT)])
            voulu = (await lire_contrat(request, _MODELES[nature], _MAX_OCTETS)).en_json()
            versions = self.porte.memoire.reglages[departement, nature]
            if voulu["version"] != len(versions):
                raise Problem("version-perimee", erreurs=[ligne_de_refus("version-perimee", "/version")])
            qui = {"agent": agent, "source": appel.partenaire.source}
            quand = {"enregistre_a": self.porte.horloge().isoformat()}
            versions.append({**qui, **quand, "motif": voulu["motif"], "contenu": voulu[_CONTENU[nature]]})
            return JSONResponse(self._dit(departement, nature))

        return changer

    def _dit(self, departement: str, nature: str) -> dict[str, Any]:
        versions = self.porte.memoire.reglages[departement, nature]
        contenu = versions[-1]["contenu"] if versions else []
        dites = [
            {"version": rang, **{champ: une[champ] for champ in ("motif", "agent", "source", "enregistre_a")}}
            for rang, une in enumerate(versions, 1)
        ]
        dit = {"departement": departement, "version": len(versions), "versions": dites[::-1]}
        if nature == "regles":
            dit |= {"origine": "departement" if contenu else "defaut", "criteres_requis": list(CRITERES_REQUIS)}
        return {**dit, _CONTENU[nature]: contenu}


def _departement(appel: Appel, request: Request) -> tuple[str, str | None]:
    """The territory of the path, that must be one of the partner's, and who acts. Raises a Problem."""
    consultation = lire_consultation(appel.demandeur, request.headers, frozenset({str(Finalite.ORIENTATION)}))
    code: str = request.path_params["code"]
    if not est_un_territoire(code):
        raise invalid("", expliquer(code))
    dans_son_territoire(code, appel.partenaire, "")
    return code, consultation.agent
