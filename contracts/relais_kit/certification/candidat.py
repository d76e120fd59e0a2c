"""The side of the partner: it answers the challenge of the hub with its key, and runs its program at each step."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx
from joserfc import jws

from relais_contrats.client.credentials import REGISTRY as SIGNATURES
from relais_contrats.client.credentials import WRITTEN_ALG, Client, read_key
from relais_contrats.conformite import TYP_DEFI
from relais_contrats.partenaires import CLIENT_PREFIX
from relais_kit.certification.seance import CHEMIN
from relais_kit.emetteur.conduite import arreter, lancer

_PAS_S = 0.2
_REPONSE_S = 60
_DELAI_S = 30.0
_PATIENCE_S = 20.0


class SeanceImpossible(Exception):
    """One French sentence without its full stop."""


class Recale(Exception):
    """The run earned no certificate; `manques` are why, in French."""

    def __init__(self, manques: list[str]) -> None:
        super().__init__()
        self.manques = manques


@dataclass(frozen=True)
class Candidat:
    """`acces`: the folder of `client.json` and `cle.pem`; `temoin`: the address that the operator gave."""

    acces: Path
    temoin: str
    commande: str

    def passer(self, avancer: Callable[[int, str], None]) -> str:
        """The certificate. Raises Recale, SeanceImpossible."""
        client = self.client()
        with httpx.Client(timeout=_DELAI_S, trust_env=False) as http, tempfile.TemporaryDirectory() as dossier:
            defi = self._attendre(http)
            if CLIENT_PREFIX + str(defi.get("partenaire")) != client.client_id:
                raise SeanceImpossible(f"ce défi est pour {defi.get('partenaire')} ; l'accès est de {client.client_id}")
            if defi.get("emetteur") != client.issuer:
                raise SeanceImpossible(
                    f"ce témoin parle pour {defi.get('emetteur')}, et l'accès est de {client.issuer}"
                )
            ouverte = self._demander(http, "POST", CHEMIN, content=self._reponse(client, str(defi.get("defi"))))
            http.headers["authorization"] = f"Bearer {ouverte['seance']}"
            environnement = self._environnement(client, Path(dossier))
            fini = self._jouer(http, environnement, avancer)
        if not fini["certificat"]:
            raise Recale([str(manque) for manque in fini["manques"]])
        return str(fini["certificat"])

    def _attendre(self, http: httpx.Client) -> dict[str, Any]:
        """The challenge, once the witness answers: the operator may open it a moment later."""
        fin = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._demander(http, "GET", CHEMIN)
            except SeanceImpossible:
                if time.monotonic() > fin:
                    raise
                time.sleep(_PAS_S)

    def client(self) -> Client:
        """Raises SeanceImpossible."""
        try:
            return Client.read(self.acces / "client.json")
        except (OSError, ValueError, KeyError, TypeError) as erreur:
            raise SeanceImpossible(f"{self.acces / 'client.json'} ne peut pas être lu") from erreur

    def _reponse(self, client: Client, defi: str) -> str:
        """The challenge, signed for this hub only: it is of no use as an assertion anywhere."""
        maintenant = int(time.time())
        entete = {"alg": WRITTEN_ALG.get(client.alg, client.alg), "kid": client.kid, "typ": TYP_DEFI}
        dit = {"iss": client.client_id, "aud": client.issuer, "defi": defi, "iat": maintenant}
        try:
            cle = read_key(self.acces / "cle.pem", client.alg)
        except (OSError, ValueError) as erreur:
            raise SeanceImpossible(f"{self.acces / 'cle.pem'} ne peut pas être lu") from erreur
        charge = json.dumps({**dit, "exp": maintenant + _REPONSE_S}).encode()
        return str(jws.serialize_compact(entete, charge, cle, registry=SIGNATURES))

    def _environnement(self, client: Client, dossier: Path) -> dict[str, str]:
        """The same access, at the witness."""
        fiche = {champ.name: getattr(client, champ.name) for champ in fields(client)}
        ici = {"issuer": self.temoin, "token_endpoint": f"{self.temoin}/oauth/token", "api": self.temoin}
        (dossier / "client.json").write_text(json.dumps({**fiche, **ici}), encoding="utf-8")
        cle = str((self.acces / "cle.pem").absolute())
        return {"HUB": self.temoin, "CLIENT_JSON": str(dossier / "client.json"), "KEY_PEM": cle}

    def _jouer(
        self, http: httpx.Client, environnement: dict[str, str], avancer: Callable[[int, str], None]
    ) -> dict[str, Any]:
        """Run the program once at each step, until the end, which is returned."""
        faite = 0
        while not (etat := self._demander(http, "GET", f"{CHEMIN}/etape"))["est_fini"]:
            if etat["rang"] > faite:
                faite = etat["rang"]
                avancer(faite, etat["titre"])
                self._lancer(http, environnement, faite)
            time.sleep(_PAS_S)
        return etat

    def _lancer(self, http: httpx.Client, environnement: dict[str, str], rang: int) -> None:
        with tempfile.TemporaryFile() as sortie:
            programme = lancer(self.commande, environnement, sortie)
            try:
                while programme.poll() is None:
                    etat = self._demander(http, "GET", f"{CHEMIN}/etape")
                    if etat["close"] >= rang or etat["est_fini"]:
                        break
                    try:
                        programme.wait(_PAS_S)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                arreter(programme)
        self._demander(http, "POST", f"{CHEMIN}/etape", params={"rang": rang})

    def _demander(self, http: httpx.Client, methode: str, chemin: str, **options: Any) -> dict[str, Any]:
        """What the witness answers. Raises SeanceImpossible."""
        try:
            reponse = http.request(methode, self.temoin + chemin, **options)
            dit = reponse.json() if reponse.content else {}
        except httpx.HTTPError as erreur:
            raise SeanceImpossible(f"le témoin {self.temoin} ne répond pas") from erreur
        except ValueError as erreur:
            raise SeanceImpossible(f"{self.temoin} n'est pas un témoin") from erreur
        if reponse.is_error or not isinstance(dit, dict):
            raise SeanceImpossible(str(dit.get("erreur") if isinstance(dit, dict) else "le témoin refuse"))
        return dit
