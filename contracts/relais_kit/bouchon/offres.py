"""`/v1/offres/…` of the mock: its catalogue, searched and mirrored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import lire_consultation
from relais_contrats.demandes import curseur_inconnu, nombre, statistiques_demandees
from relais_contrats.demandes_offres import (
    CHANGEMENTS,
    CHANGEMENTS_MAX,
    PAGE,
    PAGE_MAX,
    services_demandes,
    structures_demandees,
)
from relais_kit.bouchon import curseurs
from relais_kit.bouchon.lectures import paginer, repondre
from relais_kit.bouchon.offre import Offre
from relais_kit.bouchon.porte import Appel, Porte, Traitement

_CHANGEMENTS = "changements"


@dataclass(frozen=True, slots=True)
class Offres:
    porte: Porte

    @property
    def _offre(self) -> Offre:
        return self.porte.memoire.offre

    async def services(self, appel: Appel, request: Request) -> Response:
        requete = request.query_params
        demande = services_demandes(requete)
        trouves, dit = self._offre.services(demande, self._jour())
        return self._page(appel, request, "services", requete, demande, trouves, dit)

    async def structures(self, appel: Appel, request: Request) -> Response:
        requete = request.query_params
        demande = structures_demandees(requete)
        dit = {"version": self._offre.version}
        return self._page(appel, request, "structures", requete, demande, self._offre.structures(demande), dit)

    def une(self, genre: str) -> Traitement:
        async def lire(appel: Appel, request: Request) -> Response:
            return repondre(appel, request, self._offre.lire(genre, request.path_params["id"], self._jour()))

        return lire

    async def changements(self, appel: Appel, request: Request) -> Response:
        """`curseur` is always present: with it the partner asks for the next changes."""
        code, requete = appel.partenaire.code, request.query_params
        limite = nombre(requete.get("limite"), "limite", CHANGEMENTS, CHANGEMENTS_MAX)
        depuis = curseurs.lire(code, _CHANGEMENTS, requete["apres"]) if "apres" in requete else 0
        if depuis is None:
            raise curseur_inconnu()
        suivants = [(version, fait) for version, fait in self._offre.faits.values() if version > depuis]
        page = suivants[:limite]
        curseur = curseurs.ecrire(code, _CHANGEMENTS, page[-1][0] if page else self._offre.version)
        dit = {"changements": [fait for _, fait in page], "curseur": curseur, "reste": len(suivants) > limite}
        return repondre(appel, request, dit)

    async def statistiques(self, appel: Appel, request: Request) -> Response:
        """No line of prescriptions: the mock counts none."""
        lire_consultation(appel.demandeur, request.headers, frozenset({str(Finalite.PILOTAGE)}))
        departement, _ = statistiques_demandees(request.query_params, appel.partenaire, un_seul=True)
        assert departement is not None
        catalogue = self._offre.territoire(departement, self._jour())
        return repondre(appel, request, {"catalogue": catalogue, "prescriptions": []})

    def _page(
        self,
        appel: Appel,
        request: Request,
        nom: str,
        requete: Mapping[str, str],
        demande: Mapping[str, Any],
        tous: list[Any],
        dit: Mapping[str, Any],
    ) -> Response:
        """The cursor of a list is valid for the same question only, without the additions of the first page."""
        limite = nombre(requete.get("limite"), "limite", PAGE, PAGE_MAX)
        liste = f"{nom} {sorted((k, v) for k, v in demande.items() if k != 'facettes')}"
        page, suite = paginer(appel.partenaire.code, liste, tous, requete.get("apres"), limite)
        return repondre(appel, request, {**dit, nom: page, "suite": suite})

    def _jour(self) -> date:
        return self.porte.horloge().date()
