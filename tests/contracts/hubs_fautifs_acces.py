"""Hubs that give, or accept, what OAuth refuses: one defect each."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from relais_contrats.oauth.dpop import verifier_preuve
from relais_contrats.oauth.errors import AccesRefuse, PreuveRefusee
from relais_contrats.oauth.resource import Jeton, VerificateurAcces
from relais_contrats.oauth.tokens import Liaison
from relais_contrats.oauth.usages import UsageUnique
from relais_kit.bouchon.application import Bouchon
from relais_kit.bouchon.memoire import Usages
from relais_kit.hub.acces import contenu, entete, signe_de
from tests.contracts.hubs import Demande, Juste, Rendu, Signataire


class AutreEmetteur(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/.well-known/oauth-authorization-server":
            rendu.changer(issuer="https://ailleurs.exemple.fr")


class AlgorithmesFaibles(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/.well-known/oauth-authorization-server":
            rendu.changer(dpop_signing_alg_values_supported=["ES256", "HS256"])


class MontreSaCle(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/oauth/jwks":
            rendu.ecrire({"keys": [*rendu.json["keys"], {"kty": "oct", "kid": "secrete", "k": "c2VjcmV0" * 4}]})


class DitBearer(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/oauth/token" and rendu.json.get("token_type") == "DPoP":
            rendu.changer(token_type="Bearer")


class JetonDUneHeure(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/oauth/token" and rendu.json.get("token_type") == "DPoP":
            jeton = rendu.json["access_token"]
            long = {**contenu(jeton), "exp": int(time.time()) + 3600}
            rendu.changer(access_token=signe_de(self.porte.trousseau.active.cle)(entete(jeton), long))


class JetonGarde(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/oauth/token":
            rendu.sans("cache-control")


class JetonSansPreuve(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        est_sans_preuve = demande.chemin == "/oauth/token" and "dpop" not in demande.entetes
        if est_sans_preuve and rendu.statut == 400 and "client_secret" not in demande.formulaire:
            rendu.statut = 200
            rendu.ecrire({"access_token": "jeton", "token_type": "Bearer", "expires_in": 300})


class AccepteUneAssertion(Juste):
    """Takes a right one in the place of each that it should refuse."""

    def preparer(self) -> None:
        self.signataire = Signataire(self)
        self.vues: set[str] = set()

    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return False

    def avant(self, demande: Demande) -> None:
        assertion = demande.formulaire.get("client_assertion", "") if demande.chemin == "/oauth/token" else ""
        if assertion and self.accepte(entete(assertion), contenu(assertion)):
            demande.remplir(client_assertion=self.signataire.assertion("caf-59"))


class AccepteNone(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return bool(tete["alg"] == "none") or super().accepte(tete, dit)


class AccepteHs256(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return bool(tete["alg"] == "HS256") or super().accepte(tete, dit)


class AccepteLExpiree(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return float(dit.get("exp", time.time())) < time.time() - 60 or super().accepte(tete, dit)


class AccepteSansFin(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return "exp" not in dit or super().accepte(tete, dit)


class AccepteToutDestinataire(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        return bool(dit["aud"] != self.url) or super().accepte(tete, dit)


class AccepteDeuxFois(AccepteUneAssertion):
    def accepte(self, tete: Mapping[str, Any], dit: Mapping[str, Any]) -> bool:
        est_vue = dit["jti"] in self.vues
        self.vues.add(dit["jti"])
        return est_vue or super().accepte(tete, dit)


class IgnoreLaPortee(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.chemin == "/oauth/token" and "client_secret" not in demande.formulaire:
            demande.remplir(scope=None)


class NeRevoquePas(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.chemin == "/oauth/revoke":
            demande.remplir(token="un-autre")


class SecretToutPuissant(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/oauth/token" and rendu.statut == 200 and "client_secret" in demande.formulaire:
            rendu.changer(scope=f"{rendu.json['scope']} sante:lire")


class SansDefi(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        rendu.sans("www-authenticate")


class _SansMemoire(Usages):
    async def reserver(self, usages: Any) -> bool:
        return True


class PreuveRejouee(Juste):
    def preparer(self) -> None:
        self.porte.usages = _SansMemoire()


class _Laxiste(VerificateurAcces):
    """The hub's own verification, less one comparison."""

    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return attendus

    def _verifier_dpop(self, texte: str, preuves: Any, methode: str, url: str, maintenant: datetime) -> Jeton:
        acces, client = self._lire(texte, maintenant)
        attendus: dict[str, Any] = {"methode": methode, "url": url, "maintenant": maintenant}
        attendus |= {"jeton": texte, "jkt": acces.porteur}
        dit = contenu(preuves[0]) if preuves else {}
        try:
            preuve = verifier_preuve(preuves, **(self.lache(dit, attendus) if dit else attendus))
        except PreuveRefusee as refus:
            raise AccesRefuse("invalid_token", refus.description) from refus
        return Jeton(
            acces.client_id, client.portees & acces.scopes, Liaison.DPOP, acces.jti, acces.exp, (preuve.usage,)
        )


class _ToutAdresse(_Laxiste):
    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return super().lache(dit, attendus) | {"url": dit["htu"]}


class _ToutMethode(_Laxiste):
    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return super().lache(dit, attendus) | {"methode": dit["htm"]}


class _ToutJeton(_Laxiste):
    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return super().lache(dit, attendus) | {"jeton": None}


class _ToutCle(_Laxiste):
    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return super().lache(dit, attendus) | {"jkt": None}


class _ToutAge(_Laxiste):
    def lache(self, dit: Mapping[str, Any], attendus: dict[str, Any]) -> dict[str, Any]:
        return super().lache(dit, attendus) | {"maintenant": datetime.fromtimestamp(dit["iat"], UTC)}


class _Credule(VerificateurAcces):
    """Believes what is not signed."""

    cru = "preuve"

    def verifier(self, autorisations: Any, preuves: Any, *reste: Any) -> Jeton:
        schema, _, jeton = (autorisations or [""])[0].partition(" ")
        croit = {
            "preuve": bool(preuves) and entete(preuves[0]).get("alg") == "none",
            "jeton": entete(jeton).get("alg") == "none",
            "porteur": schema == "Bearer" and "cnf" in contenu(jeton),
        }
        if not croit[self.cru]:
            return super().verifier(autorisations, preuves, *reste)
        dit = contenu(jeton)
        portees, usages = frozenset(dit["scope"].split()), tuple[UsageUnique, ...]()
        return Jeton(dit["client_id"], portees, Liaison.DPOP, dit["jti"], dit["exp"], usages)


class _CroitLeJeton(_Credule):
    cru = "jeton"


class _CroitLePorteur(_Credule):
    cru = "porteur"


class PreuveDUneAutreAdresse(Juste):
    verificateur = _ToutAdresse


class PreuveDUneAutreMethode(Juste):
    verificateur = _ToutMethode


class PreuveDUnAutreJeton(Juste):
    verificateur = _ToutJeton


class PreuveDUneAutreCle(Juste):
    verificateur = _ToutCle


class PreuveSansAge(Juste):
    verificateur = _ToutAge


class PreuveNonSignee(Juste):
    verificateur = _Credule


class JetonNonSigne(Juste):
    verificateur = _CroitLeJeton


class JetonAuPorteur(Juste):
    verificateur = _CroitLePorteur


class AssertionRejoueeParOubli(Juste):
    """The token endpoint remembers nothing, the API does."""

    def preparer(self) -> None:
        vrais, self.porte.usages = self.porte.usages, _SansMemoire()
        self.bouchon = Bouchon(self.porte)
        self.porte.usages = vrais


FAUTIFS_ACCES: dict[type[Juste], set[str]] = {
    AutreEmetteur: {"metadonnees"},
    AlgorithmesFaibles: {"metadonnees"},
    MontreSaCle: {"cles-publiques"},
    DitBearer: {"jeton"},
    JetonDUneHeure: {"jeton-lie"},
    JetonGarde: {"jeton-sans-cache"},
    JetonSansPreuve: {"jeton-sans-preuve"},
    AccepteNone: {"assertion-signee"},
    AccepteHs256: {"assertion-signee"},
    AccepteLExpiree: {"assertion-datee"},
    AccepteSansFin: {"assertion-datee"},
    AccepteToutDestinataire: {"assertion-destinee"},
    AccepteDeuxFois: {"assertion-unique"},
    AssertionRejoueeParOubli: {"assertion-unique"},
    IgnoreLaPortee: {"portee"},
    NeRevoquePas: {"revocation"},
    SecretToutPuissant: {"herite"},
    SansDefi: {"refus-d-acces"},
    PreuveRejouee: {"preuve-unique"},
    PreuveDUneAutreAdresse: {"preuve-adresse"},
    PreuveDUneAutreMethode: {"preuve-methode"},
    PreuveDUnAutreJeton: {"preuve-jeton"},
    PreuveDUneAutreCle: {"preuve-cle"},
    PreuveSansAge: {"preuve-datee"},
    PreuveNonSignee: {"preuve-signee"},
    JetonNonSigne: {"jeton-faux"},
    JetonAuPorteur: {"preuve-absente"},
}

FAMILLES: tuple[tuple[type[Juste], ...], ...] = (
    (AccepteNone, AccepteHs256, AccepteLExpiree, AccepteSansFin, AccepteToutDestinataire, AccepteDeuxFois),
    (PreuveDUneAutreAdresse, PreuveDUneAutreMethode, PreuveDUnAutreJeton, PreuveDUneAutreCle, PreuveSansAge),
)
"""Defects of one mechanism, which add up in one hub."""
