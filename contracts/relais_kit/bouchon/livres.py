"""What a partner checks its own books with in the mock: its deposits, the reconciliation, the statistics."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import lire_consultation
from relais_contrats.demandes import depots_demandes, jour_clos, nombre, periode_demandee, statistiques_demandees
from relais_contrats.droits import ouvrir_le_territoire
from relais_contrats.groupes import Groupe
from relais_contrats.lecture import empreinte
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_kit.bouchon.lectures import paginer, repondre
from relais_kit.bouchon.porte import Appel, Porte

_PAGE, _PAGE_MAX = 100, 500
_COMPTES = {"orientation": Groupe.ORIENTATION, "engagements": Groupe.CONTRAT, "referents": Groupe.ORIENTATION}


@dataclass(frozen=True, slots=True)
class Livres:
    porte: Porte

    async def messages(self, appel: Appel, request: Request) -> Response:
        code, requete = appel.partenaire.code, request.query_params
        demande, limite = depots_demandes(requete), nombre(requete.get("limite"), "limite", _PAGE, _PAGE_MAX)
        siens = [
            un.montre()
            for un in self.porte.memoire.livres[code]
            if demande.type in (None, un.type)
            and demande.etat in (None, un.reponse["etat"])
            and (demande.depuis is None or un.recu_a >= demande.depuis)
        ]
        page, suite = paginer(code, f"messages {demande}", siens, requete.get("apres"), limite)
        return repondre(appel, request, {"messages": page, "suite": suite})

    async def reconcilier(self, appel: Appel, request: Request) -> Response:
        """Id and SHA-256 of all that was deposited, or received, in [du, au[: one line each."""
        code, memoire = appel.partenaire.code, self.porte.memoire
        demande = periode_demandee(request.query_params)
        lignes: list[dict[str, Any]]
        if demande.sens == "recu":
            lire_consultation(appel.demandeur, request.headers, frozenset(Finalite))
            memoire.dater(self.porte.horloge())
            lignes = [
                {
                    "id": evenement["id"],
                    "type": evenement["type"],
                    "empreinte": empreinte({**evenement, "relaisnumero": rang}),
                    "distribue_a": a.isoformat(timespec="seconds"),
                }
                for rang, (evenement, a) in enumerate(zip(memoire.fils[code], memoire.distribues[code], strict=True), 1)
                if demande.du <= a < demande.au
            ]
        else:
            lignes = [
                {
                    "id": un.reponse["id"],
                    "type": CATALOGUE[un.type].type_cloudevents,
                    "empreinte": un.empreinte,
                    "etat": un.reponse["etat"],
                    "recu_a": un.recu_a.isoformat(),
                }
                for un in memoire.livres[code]
                if un.empreinte and demande.du <= un.recu_a < demande.au
            ]
        corps = b"".join(json.dumps(ligne).encode() + b"\n" for ligne in lignes)
        return Response(corps, headers={"Cache-Control": "no-store"}, media_type="application/x-ndjson")

    async def racine(self, appel: Appel, request: Request) -> Response:
        maintenant = self.porte.horloge()
        jour = jour_clos(request.query_params, maintenant).date()
        return repondre(appel, request, self.porte.recus.racine(str(jour), maintenant))

    async def delais(self, appel: Appel, request: Request) -> Response:
        """The mock counts no delay: what a hub answers for groups of fewer than eleven persons."""
        finalites = lire_consultation(appel.demandeur, request.headers, frozenset({str(Finalite.PILOTAGE)})).finalites
        departement, _ = statistiques_demandees(request.query_params, appel.partenaire, un_seul=False)
        territoires = {departement} if departement else appel.partenaire.departements
        vus = {groupe for d in territoires for groupe in ouvrir_le_territoire(appel.demandeur, d, finalites)}
        if not vus & set(_COMPTES.values()):
            raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
        return repondre(appel, request, {brique: [] for brique in _COMPTES})
