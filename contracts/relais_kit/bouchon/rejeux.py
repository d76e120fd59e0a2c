"""Deliveries of the mock, watched and asked for again, one or a period, with accounts that add up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.abonnements import NouveauRejeu, types_rejoues
from relais_contrats.demandes import ETATS_LIVRAISON, identifiant, types_courts, un_de
from relais_contrats.problemes import Problem, invalid
from relais_kit.bouchon.abonnements import le_sien
from relais_kit.bouchon.fil import lire_objet, lire_trous, longs
from relais_kit.bouchon.livraisons import Abonnement, Livraison
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.porte import Appel, Porte

_PAGE = 100
_DES_TROUS = ("code", "erreur", "essais", "evenement")


class Rejeu(NamedTuple):
    """`remises` are delivered again; `deja`: how many were delivered already, and are not."""

    abonnement: Abonnement
    montre: dict[str, Any]
    remises: Sequence[Livraison]
    deja: int

    def dit(self) -> dict[str, Any]:
        en_attente = sum(une.etat == "a-livrer" for une in self.remises)
        etat = "en-cours" if en_attente else "termine"
        return {**self.montre, "etat": etat, "comptes": _comptes(len(self.remises), self.deja, en_attente)}


@dataclass
class Rejeux:
    porte: Porte
    _tous: dict[str, Rejeu] = field(default_factory=dict)

    @property
    def _memoire(self) -> Memoire:
        return self.porte.memoire

    async def livraisons(self, appel: Appel, request: Request) -> Response:
        """The latest first."""
        requete = request.query_params
        etat = un_de(requete.get("etat"), "etat", ETATS_LIVRAISON)
        avant = str(identifiant(requete["avant"], "avant")) if "avant" in requete else None
        sien = le_sien(self._memoire, appel, request)
        toutes = sien.livraisons[::-1]
        if avant is not None:
            depart = next((rang for rang, une in enumerate(toutes) if une.nom(sien) == avant), None)
            if depart is None:
                raise invalid("avant", "Cette livraison n'est pas des vôtres.")
            toutes = toutes[depart + 1 :]
        vues = [une.montre(sien) for une in toutes if etat in (None, une.etat_montre)]
        return JSONResponse({"livraisons": vues[:_PAGE]})

    async def trous(self, appel: Appel, request: Request) -> Response:
        identifiant(request.path_params["id"], "id")
        sien = le_sien(self._memoire, appel, request)

        def trou(numero: int) -> dict[str, Any] | None:
            une = sien.livraisons[numero - 1]
            montree = une.montre(sien)
            dit = {"relaisnumero": numero, "etat": une.etat_montre, "livraison": montree["id"]}
            dit |= {champ: montree[champ] for champ in _DES_TROUS if champ in montree}
            return dit | {"distribue_a": montree["distribuee_a"]} if une.etat != "livre" else None

        dates = [une.distribuee_a for une in sien.livraisons]
        return JSONResponse(lire_trous(request.query_params, dates, trou), headers={"Cache-Control": "no-store"})

    async def relivrer(self, appel: Appel, request: Request) -> Response:
        nom = request.path_params["id"].lower()
        for un in self._memoire.abonnements.values():
            for une in un.livraisons if un.partenaire == appel.partenaire.code else ():
                if une.nom(un) == nom:
                    une.etat, une.essais = "a-livrer", 0
                    return JSONResponse({"id": nom, "abonnement": un.id}, 202)
        raise Problem(status=404)

    async def creer(self, appel: Appel, request: Request) -> Response:
        """Of what the feed brought in the period; `a_blanc` only counts."""
        dit = await lire_objet(request, NouveauRejeu)
        du, au = dit.periode()
        voulus, id_ = longs(types_courts(dit.types, "/types")), str(identifiant(dit.abonnement, "/abonnement"))
        sien = self._memoire.abonnements.get(id_)
        if sien is None or sien.partenaire != appel.partenaire.code:
            raise Problem(status=404)
        types = types_rejoues(sien.etat, sien.types, voulus)
        self._memoire.dater(self.porte.horloge())
        connues = {une.rang: une for une in sien.livraisons}
        fil, dates = self._memoire.fils[sien.partenaire], self._memoire.distribues[sien.partenaire]
        rangs = [
            rang
            for rang, (evenement, a) in enumerate(zip(fil, dates, strict=True), 1)
            if du <= a < au and (not types or evenement["type"] in types)
        ]
        deja = [rang for rang in rangs if rang in connues and connues[rang].etat == "livre" and not dit.renvoyer]
        a_remettre = [rang for rang in rangs if rang not in deja]
        if dit.a_blanc:
            comptes = _comptes(len(a_remettre), len(deja), len(a_remettre))
            return JSONResponse({"etat": "a-blanc", "comptes": comptes})
        remises = [connues.get(r) or sien.ajouter(r, fil[r - 1], dates[r - 1]) for r in a_remettre]
        for une in remises:
            une.etat = "a-livrer"
        rejeu = str(uuid4())
        montre = {"id": rejeu, "abonnement": id_, "du": du.isoformat(), "au": au.isoformat(), "types": list(types)}
        montre["demande_a"] = self.porte.horloge().isoformat()
        self._tous[rejeu] = Rejeu(sien, montre, remises, len(deja))
        return JSONResponse(self._tous[rejeu].dit(), 202, {"Location": f"/v1/rejeux/{rejeu}"})

    async def lire(self, appel: Appel, request: Request) -> Response:
        try:
            rejeu = self._tous.get(str(UUID(request.path_params["id"])))
        except ValueError:
            rejeu = None
        if rejeu is None or rejeu.abonnement.partenaire != appel.partenaire.code:
            raise Problem(status=404)
        return JSONResponse(rejeu.dit())


def _comptes(remises: int, deja: int, en_attente: int) -> dict[str, int]:
    """Selected = delivered + already delivered + refused + pending."""
    comptes = {"selectionnes": remises + deja, "deja_livres": deja, "livres": remises - en_attente}
    return {**comptes, "refuses": 0, "en_attente": en_attente}
