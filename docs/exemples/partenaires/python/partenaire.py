"""Un partenaire du relais : `envoyer FICHIER.json …`, `lire`, `recevoir --port N`. ../README.md dit comment."""

import hashlib
import json
import os
import secrets
import sqlite3
import sys
import time
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64encode
from standardwebhooks import Webhook, WebhookVerificationError

ATTENTES_S, A_REFAIRE = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0), (429, 502, 503, 504)
PORTEUR = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ETAT = Path(os.environ.get("ETAT", "."))


class Relais(httpx.Auth):
    """OAuth 2.0 : private_key_jwt, un jeton gardé jusqu'à sa fin, une preuve DPoP par requête (sa clé reste ici)."""

    def __init__(self) -> None:
        self.client = json.loads(Path(os.environ["CLIENT_JSON"]).read_text())
        self.cle, self.cle_de_preuve = ECKey.import_key(Path(os.environ["KEY_PEM"]).read_text()), ECKey.generate_key()
        self.jeton, self.fin, self.nonces, self.requires_response_body = "", 0.0, {}, True
        self.http = httpx.Client(base_url=self.client["api"], auth=self, timeout=20)

    def demander(self, methode: str, chemin: str, **requete: object) -> tuple[httpx.Response, dict]:
        """Refait la même requête après un silence, un 429 ou un 503 : le même `id` ne compte qu'une fois."""
        for attente in ATTENTES_S:
            with suppress(httpx.TransportError):  # un silence : comme un 503
                reponse = self.http.request(methode, chemin, **requete)
                if reponse.status_code not in A_REFAIRE:
                    return reponse, reponse.json() if reponse.content else {}
                attente = min(float(reponse.headers.get("retry-after", attente)), 60.0)
            time.sleep(attente)
        sys.exit("Le relais ne répond pas. Relancez plus tard : ce qu'il a déjà reçu ne comptera qu'une fois.")

    def auth_flow(self, requete: httpx.Request):
        for essai in range(6):
            est_jeton = time.monotonic() >= self.fin
            envoi = (self.demande_de_jeton(), "") if est_jeton else (requete, self.jeton)
            reponse = yield self.prouver(*envoi)
            if nonce := reponse.headers.get("dpop-nonce"):
                self.nonces[est_jeton] = {"nonce": nonce}
            if "use_dpop_nonce" in reponse.headers.get("www-authenticate", "") + reponse.text[:200]:
                continue
            if est_jeton and reponse.is_success:
                self.jeton, vie_s = (reponse.json()[nom] for nom in ("access_token", "expires_in"))
                self.fin = time.monotonic() + vie_s - min(30, vie_s / 2)
            elif not est_jeton and reponse.status_code == 401 and essai < 2:
                self.fin = 0.0  # les clés du relais ont changé : avec un autre jeton
            else:
                return

    def demande_de_jeton(self) -> httpx.Request:
        moi, iat, jti = self.client["client_id"], int(time.time()), secrets.token_urlsafe(16)
        dit = {"iss": moi, "sub": moi, "aud": self.client["issuer"], "iat": iat, "exp": iat + 60, "jti": jti}
        signe = jwt.encode({"alg": "ES256", "kid": self.client["kid"]}, dit, self.cle)
        form = {"grant_type": "client_credentials", "client_assertion_type": PORTEUR, "client_assertion": signe}
        return httpx.Request("POST", self.client["token_endpoint"], data=form)

    def prouver(self, requete: httpx.Request, jeton: str) -> httpx.Request:
        dit = {"htm": requete.method, "htu": str(requete.url.copy_with(query=None)), "iat": int(time.time())}
        dit |= {"jti": secrets.token_urlsafe(16)} | self.nonces.get(not jeton, {})
        if jeton:
            dit["ath"] = urlsafe_b64encode(hashlib.sha256(jeton.encode()).digest()).decode()
            requete.headers["Authorization"] = f"DPoP {jeton}"
        entete = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.cle_de_preuve.as_dict(private=False)}
        requete.headers["DPoP"] = jwt.encode(entete, dit, self.cle_de_preuve)
        return requete


def carnet() -> closing[sqlite3.Connection]:
    """Les événements reçus, par le fil ou par webhook."""
    base = sqlite3.connect(ETAT / "recus.sqlite", timeout=10)
    base.execute("CREATE TABLE IF NOT EXISTS recus (rang INTEGER PRIMARY KEY, id UNIQUE, evenement)")
    return closing(base)


def garder(lot: list[dict]) -> None:
    """Chacun une fois, types et champs inconnus compris (v1 s'enrichit), et sur le disque avant de répondre."""
    with carnet() as base, base:
        base.executemany("INSERT OR IGNORE INTO recus VALUES (NULL, ?, ?)", [(e["id"], json.dumps(e)) for e in lot])


def envoyer(relais: Relais, fichiers: list[str]) -> int:
    """Dépose chaque message et dit la décision ; 1 si l'un est refusé : le renvoyer tel quel n'y changerait rien."""
    est_refuse = False
    for fichier in fichiers:
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        entetes = {"Content-Type": "application/cloudevents+json", "traceparent": trace}
        reponse, dit = relais.demander("POST", "/v1/messages", content=Path(fichier).read_bytes(), headers=entetes)
        sys.stdout.write(f"{fichier} : {reponse.status_code} {dit.get('etat', 'refuse')} {dit.get('detail', '')}\n")
        sys.stdout.writelines(f"  {e['pointeur']} : {e['message']}\n" for e in dit.get("erreurs", ()))
        est_refuse |= not reponse.is_success
    return int(est_refuse)


def lire(relais: Relais) -> None:
    """Lit le fil d'où il en était, garde, puis acquitte, jusqu'à ce qu'il soit vide."""
    place = ETAT / "curseur.txt"
    suite = {"apres": place.read_text()} if place.exists() else {}
    while (lu := relais.demander("GET", "/v1/evenements", params={"limite": 200, **suite})[1]).get("evenements") != []:
        if "curseur" not in lu:
            sys.exit(f"Lecture refusée : {lu}")
        garder(lu.get("evenements", []))  # aucun après un 409 : le relais, restauré, dit d'où reprendre
        suite = {"apres": lu["curseur"]}
        place.write_text(lu["curseur"])
        relais.demander("POST", "/v1/evenements/acquittement", json={"curseur": lu["curseur"]})


class Recepteur(BaseHTTPRequestHandler):
    """POST : un webhook (Standard Webhooks, `v1`) ; GET /sonde : ce qui est traité, dans l'ordre."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with carnet() as base:
            lus = base.execute("SELECT id FROM recus ORDER BY rang").fetchall()
        self.wfile.write(json.dumps({"traites": [id_ for (id_,) in lus]}).encode())

    def do_POST(self) -> None:
        corps, statut = self.rfile.read(int(self.headers["content-length"])), 401
        for nom in {"RELAIS_SECRET", "RELAIS_ANCIEN_SECRET"} & set(os.environ):  # l'ancien, pendant une rotation
            with suppress(WebhookVerificationError, ValueError):
                dit = Webhook(os.environ[nom]).verify(corps, dict(self.headers))  # les octets reçus, à 5 min près
                lot = dit if isinstance(dit, list) else [dit]
                garder([e for e in lot if e["type"] != "fr.insertion.abonnement.verification.v1"])
                statut = 204
        self.send_response(statut)
        self.end_headers()


if __name__ == "__main__":
    commande, *suite = sys.argv[1:] or [""]
    if commande == "recevoir":
        ThreadingHTTPServer.request_queue_size = 64
        ThreadingHTTPServer(("127.0.0.1", int(suite[1])), Recepteur).serve_forever()
    relais = Relais()
    statut = envoyer(relais, suite or [os.environ["MESSAGE_JSON"]]) if commande != "lire" else 0
    if commande != "envoyer":
        lire(relais)
    sys.exit(statut)
