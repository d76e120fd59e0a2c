"""`/v1/abonnements` of the mock, for addresses of this machine only: declare, verify, try, deliver.

A due event leaves after the answer to any request; an event without a 2xx answer leaves again after the next request.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats import signatures
from relais_contrats.abonnements import (
    PAR_PARTENAIRE_MAX,
    RECOUVREMENTS_MAX,
    Changement,
    NouvelAbonnement,
    etat_suivant,
    sans_secret,
    trop_d_abonnements,
    trop_de_recouvrements,
)
from relais_contrats.demandes import types_courts
from relais_contrats.problemes import Problem, invalid
from relais_kit.bouchon.fil import lire_objet, longs
from relais_kit.bouchon.livraisons import RECOUVREMENT, Abonnement, Livraison, de_service, livrer, nouveau_secret
from relais_kit.bouchon.memoire import Memoire
from relais_kit.bouchon.porte import Appel, Porte

_LOCALES = ("127.0.0.1", "localhost", "::1")
_VERIFICATION, _ESSAI = "fr.insertion.abonnement.verification.v1", "fr.insertion.abonnement.essai.v1"
_DELAI_S = 5.0


@dataclass
class Abonnements:
    porte: Porte

    @property
    def _memoire(self) -> Memoire:
        return self.porte.memoire

    async def creer(self, appel: Appel, request: Request) -> Response:
        dit = await lire_objet(request, NouvelAbonnement)
        code, types = appel.partenaire.code, longs(types_courts(dit.types, "/types"))
        _exiger_locale(dit.url)
        if len(self._siens(code)) >= PAR_PARTENAIRE_MAX:
            raise trop_d_abonnements()
        etat, rang = "a-verifier" if dit.actif else "inactif", len(self._memoire.fils[code])
        cree = Abonnement(code, dit.url, types, rang, dit.lot, etat, dit.signature)
        self._memoire.abonnements[cree.id] = cree
        une_fois = {"secret": cree.secret} if dit.signature == signatures.V1 else {}
        montre = cree.montre(self.porte.cle_webhook) | une_fois
        return JSONResponse(montre, 201, {"Location": f"/v1/abonnements/{cree.id}"})

    async def lister(self, appel: Appel, _: Request) -> Response:
        siens = self._siens(appel.partenaire.code)
        return JSONResponse({"abonnements": [un.montre(self.porte.cle_webhook) for un in siens]})

    async def lire(self, appel: Appel, request: Request) -> Response:
        return JSONResponse(le_sien(self._memoire, appel, request).montre(self.porte.cle_webhook))

    async def changer(self, appel: Appel, request: Request) -> Response:
        """A new address is verified like a first one; so is one that comes back from rest."""
        dit = await lire_objet(request, Changement)
        types = longs(types_courts(dit.types, "/types")) if dit.types is not None else None
        if dit.url is not None:
            _exiger_locale(dit.url)
        sien = le_sien(self._memoire, appel, request)
        sien.etat = etat_suivant(sien.etat, dit.actif, change_d_adresse=dit.url not in (None, sien.url))
        sien.url, sien.lot = dit.url or sien.url, dit.lot or sien.lot
        sien.types = sien.types if types is None else types
        return JSONResponse(sien.montre(self.porte.cle_webhook))

    async def supprimer(self, appel: Appel, request: Request) -> Response:
        del self._memoire.abonnements[le_sien(self._memoire, appel, request).id]
        return Response(status_code=204)

    async def tourner(self, appel: Appel, request: Request) -> Response:
        """The former secret signs too, for a day."""
        sien, maintenant = le_sien(self._memoire, appel, request), self.porte.horloge()
        if sien.signature == signatures.V1A:
            raise sans_secret()
        if len(sien.en_recouvrement(maintenant)) >= RECOUVREMENTS_MAX:
            raise trop_de_recouvrements()
        fin = maintenant + RECOUVREMENT
        sien.anciens.append((sien.secret, fin))
        sien.secret = nouveau_secret()
        montre = {"id": sien.id, "secret": sien.secret, "ancien_secret_jusqua": fin.isoformat()}
        return JSONResponse(montre, 201)

    async def essayer(self, appel: Appel, request: Request) -> Response:
        sien = le_sien(self._memoire, appel, request)
        sien.essai = {"etat": "en-cours", "demande_a": self.porte.horloge().isoformat()}
        montre = sien.montre(self.porte.cle_webhook)
        return JSONResponse(montre, 202, {"Location": f"/v1/abonnements/{sien.id}"})

    async def livrer(self) -> None:
        """Send the due events in order; an address that does not answer 2xx holds back its remaining events."""
        if not self._memoire.abonnements:
            return
        self._memoire.dater(self.porte.horloge())
        async with httpx.AsyncClient(trust_env=False, timeout=_DELAI_S) as http:
            for un in list(self._memoire.abonnements.values()):
                self._alimenter(un)
                await self._servir(http, un)

    def _alimenter(self, un: Abonnement) -> None:
        """Queue what came since; an inactive one stops filling."""
        fil, dates = self._memoire.fils[un.partenaire], self._memoire.distribues[un.partenaire]
        for rang, evenement in enumerate(fil[un.rang :], un.rang + 1):
            if un.etat != "inactif" and (not un.types or evenement["type"] in un.types):
                un.ajouter(rang, evenement, dates[rang - 1])
        un.rang = len(fil)

    async def _servir(self, http: httpx.AsyncClient, un: Abonnement) -> None:
        cle = self.porte.cle_webhook
        if un.etat == "a-verifier":
            defi = de_service(_VERIFICATION, un, defi=secrets.token_urlsafe(24))
            _, reponse = await livrer(http, un, cle, [defi], en_lot=False)
            un.etat = "actif" if reponse.est_2xx else un.etat
            un.compter(reponse, self.porte.horloge())
        if un.essai and un.essai["etat"] == "en-cours":
            _, reponse = await livrer(http, un, cle, [de_service(_ESSAI, un)], en_lot=False)
            etat = "reussi" if reponse.est_2xx else "echoue"
            un.essai = {"etat": etat, "a": self.porte.horloge().isoformat(), **reponse._asdict()}
        while un.etat == "actif" and (dues := un.dues()[: un.lot]):
            if not await self._envoyer(http, un, dues):
                return

    async def _envoyer(self, http: httpx.AsyncClient, un: Abonnement, dues: Sequence[Livraison]) -> bool:
        evenements = [{**une.evenement, "relaisnumero": une.numero} for une in dues]
        envoi, reponse = await livrer(http, un, self.porte.cle_webhook, evenements, en_lot=un.lot > 1)
        instant = self.porte.horloge()
        un.compter(reponse, instant)
        recu = None
        if reponse.est_2xx:
            recu = self.porte.recus.signer(un.partenaire, envoi.a_signer(un, reponse), instant)
        for une, evenement in zip(dues, evenements, strict=True):
            une.essais, une.essayee_a, une.code, une.erreur = une.essais + 1, instant, reponse.code, reponse.erreur
            if reponse.est_2xx:
                une.etat, une.recu = "livre", recu
                self.porte.attentes.recoit(un.partenaire, evenement)
        return reponse.est_2xx

    def _siens(self, code: str) -> list[Abonnement]:
        return [un for un in self._memoire.abonnements.values() if un.partenaire == code]


def le_sien(memoire: Memoire, appel: Appel, request: Request) -> Abonnement:
    """The subscription of the path. Raises a Problem (404) for what is not one of the partner's."""
    try:
        un = memoire.abonnements.get(str(UUID(request.path_params["id"])))
    except ValueError:
        un = None
    if un is None or un.partenaire != appel.partenaire.code:
        raise Problem(status=404)
    return un


def _exiger_locale(url: str) -> None:
    """This machine, by an address that a client can call as it is written. Raises a Problem."""
    try:
        adresse = urlsplit(url)
        port = adresse.port
    except ValueError:  # a port above 65535, brackets that do not match
        adresse, port = urlsplit(""), 0
    sans_plus = "@" not in adresse.netloc and "#" not in url and port != 0
    if not (adresse.scheme == "http" and adresse.hostname in _LOCALES and sans_plus):
        raise invalid("/url", "Le bouchon n'appelle que cette machine : http://127.0.0.1…")
