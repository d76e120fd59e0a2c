"""Hubs with one defect each, and the requirements that it breaks."""

from typing import Any

from relais_kit.bouchon import curseurs
from relais_kit.bouchon.application import Bouchon
from relais_kit.bouchon.fil import LISTE
from relais_kit.bouchon.memoire import Memoire, Parcours
from tests.contracts.hubs import Demande, Juste, Rendu, change_le_hub, problem
from tests.contracts.hubs_fautifs_acces import FAMILLES, FAUTIFS_ACCES
from tests.contracts.hubs_fautifs_depots import FAUTIFS_DEPOTS, NAccepteRien

FIL = "/v1/evenements"


class LimiteIgnoree(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.chemin == FIL and demande.requete.get("limite") == "1" and "depuis" in demande.requete:
            demande.requete["limite"] = "100"


class EvenementSansDonnees(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == FIL and rendu.statut == 200:
            dites = [{nom: v for nom, v in e.items() if nom != "data"} for e in rendu.json["evenements"]]
            rendu.changer(evenements=dites)


class SauteUnEvenement(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == FIL and demande.requete.get("limite") == "1" and rendu.statut == 200:
            for evenement in rendu.json["evenements"]:
                rendu.changer(curseur=curseurs.ecrire("cd-59", LISTE, evenement["relaisnumero"] + 1))


class NumerosPairs(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == FIL and rendu.statut == 200:
            rendu.changer(evenements=[e | {"relaisnumero": e["relaisnumero"] * 2} for e in rendu.json["evenements"]])


class PageVideMuette(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == FIL and rendu.statut == 200 and not rendu.json["evenements"]:
            rendu.changer(dernier_numero=0)


class AucunTrou(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == f"{FIL}/trous":
            rendu.changer(trous=[])


class NAcquittePas(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == f"{FIL}/acquittement":
            self.porte.memoire.positions.clear()


class NeRelitPas(Juste):
    """What is acknowledged is gone."""

    def avant(self, demande: Demande) -> None:
        if demande.chemin == FIL and "depuis" in demande.requete and self.porte.memoire.positions["cd-59"]:
            del demande.requete["depuis"]


class RendTousLesTypes(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.chemin == FIL:
            demande.requete.pop("types", None)


class DitQuIlExiste(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        id_ = demande.chemin.rpartition("/")[2]
        if rendu.statut == 404 and any(id_ == connu for _, connu in self.porte.memoire.deposes):
            problem(403, "portee-insuffisante", rendu)


class ParcoursDevine(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        memoire = self.porte.memoire
        noms = {memoire.nom(code, p) for code in ("caf-59", "cd-59") for p in memoire.parcours}
        if rendu.statut == 404 and noms & set(demande.chemin.split("/")):
            rendu.changer(detail="Ce parcours n'est pas le vôtre.")


class _MemesNoms(Memoire):
    def pseudonyme(self, partenaire: str, parcours: Parcours) -> str:
        return super().pseudonyme("tous", parcours)


class MemesNoms(Juste):
    def preparer(self) -> None:
        self.porte.memoire = _MemesNoms()
        self.bouchon = Bouchon(self.porte)


class CurseurDeTous(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if "apres" in demande.requete and rendu.statut == 422:
            rendu.statut = 200
            rendu.ecrire({"evenements": [], "curseur": demande.requete["apres"], "dernier_numero": 0})


class AbonnementDeTous(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        abonnement = self.porte.memoire.abonnements.get(demande.chemin.rpartition("/")[2])
        if demande.methode == "GET" and rendu.statut == 404 and abonnement is not None:
            rendu.statut = 200
            rendu.ecrire(abonnement.montre(self.porte.cle_webhook))


class SansEtag(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin.startswith("/v1/parcours"):
            rendu.sans("etag")


class EtagIgnore(Juste):
    def avant(self, demande: Demande) -> None:
        demande.entetes.pop("if-none-match", None)


class ParametresIgnores(Juste):
    def avant(self, demande: Demande) -> None:
        demande.requete.pop("parametre_inconnu", None)


class SansAllow(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        rendu.sans("allow")


class OpenapiIncomplet(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/openapi.json":
            rendu.ecrire({"openapi": "3.1.0", "paths": {}})


class ExempleFaux(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/v1/contrats/usager.signale":
            dit = rendu.json
            dit["x-relais-exemples"][0]["message"]["departement"] = "999"
            rendu.ecrire(dit)


class CodesInexpliques(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin.startswith("/problemes/"):
            rendu.changer(code="autre")


class PasPret(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin == "/sante/pret":
            rendu.statut = 503


class AppelleNImporteQui(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if (demande.methode, demande.chemin, rendu.statut) == ("POST", "/v1/abonnements", 422):
            rendu.statut = 201
            rendu.ecrire({"id": "x", "secret": "whsec_AAAA"})


class SecretToujoursMontre(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        abonnement = self.porte.memoire.abonnements.get(demande.chemin.rpartition("/")[2])
        if demande.methode == "GET" and rendu.statut == 200 and abonnement is not None:
            rendu.changer(secret=abonnement.secret)


class SansPoigneeDeMain(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        for abonnement in self.porte.memoire.abonnements.values():
            abonnement.etat = "actif"

    def avant(self, demande: Demande) -> None:
        if demande.chemin == "/v1/abonnements" and demande.methode == "POST":
            self.porte.memoire.abonnements = _Verifies()


class _Verifies(dict[str, Any]):
    def __setitem__(self, id_: str, abonnement: Any) -> None:
        abonnement.etat = "actif"
        super().__setitem__(id_, abonnement)


class SigneDUnAutreSecret(Juste):
    def avant(self, demande: Demande) -> None:
        for abonnement in self.porte.memoire.abonnements.values():
            abonnement.secret = "whsec_" + "QUJD" * 8


class NeLivrePas(Juste):
    def avant(self, demande: Demande) -> None:
        for abonnement in self.porte.memoire.abonnements.values():
            abonnement.types = ["fr.insertion.rien.v1"]


class OublieLAncienSecret(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        for abonnement in self.porte.memoire.abonnements.values():
            abonnement.anciens.clear()


class ProblemeSansForme(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if rendu.statut == 415:
            rendu.entetes["content-type"] = "application/json"


class ToutEstARefaire(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut == 422:
            rendu.changer(relancable=True)


class SansDebit(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        rendu.sans("ratelimit")


class OuvertATous(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if "origin" in demande.entetes:
            rendu.entetes["access-control-allow-origin"] = "*"


class GardeParTous(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.chemin.startswith("/v1/parcours"):
            rendu.entetes["cache-control"] = "public, max-age=60"


FAUTIFS: dict[type[Juste], set[str]] = {
    **FAUTIFS_ACCES,
    **FAUTIFS_DEPOTS,
    LimiteIgnoree: {"fil"},
    EvenementSansDonnees: {"fil"},
    SauteUnEvenement: {"suite"},
    NumerosPairs: {"numeros"},
    PageVideMuette: {"numeros"},
    AucunTrou: {"trous"},
    NAcquittePas: {"acquittement"},
    NeRelitPas: {"acquittement"},
    RendTousLesTypes: {"filtre"},
    DitQuIlExiste: {"depot-d-autrui"},
    ParcoursDevine: {"parcours-d-autrui"},
    MemesNoms: {"pseudonymes", "parcours-d-autrui"},
    CurseurDeTous: {"curseur-d-autrui"},
    AbonnementDeTous: {"abonnement-d-autrui"},
    SansEtag: {"etag"},
    EtagIgnore: {"etag"},
    ParametresIgnores: {"parametre-inconnu"},
    SansAllow: {"adresse-inconnue"},
    OpenapiIncomplet: {"descriptions"},
    ExempleFaux: {"contrats"},
    CodesInexpliques: {"explications"},
    PasPret: {"sante"},
    AppelleNImporteQui: {"adresse-interdite"},
    SecretToujoursMontre: {"secret-une-fois"},
    SansPoigneeDeMain: {"poignee-de-main"},
    SigneDUnAutreSecret: {"signature"},
    NeLivrePas: {"livraison"},
    OublieLAncienSecret: {"rotation"},
    ProblemeSansForme: {"probleme"},
    ToutEstARefaire: {"probleme"},
    SansDebit: {"debit"},
    OuvertATous: {"sans-cors"},
    GardeParTous: {"prive"},
}

_SEULS = (NAccepteRien, EvenementSansDonnees, NumerosPairs, SansPoigneeDeMain, SigneDUnAutreSecret)
"""What follows is not looked at: these hide the defects of others."""


def lots(par_un: bool = False) -> list[tuple[type[Juste], ...]]:
    """Every defect once: those that change the hub by families, with some that change what passes, neighbours apart."""
    if par_un:
        return [(fautif,) for fautif in FAUTIFS]
    passants = [f for f in FAUTIFS if f not in _SEULS and not change_le_hub(f)]
    seuls = [f for f in FAUTIFS if change_le_hub(f) and not any(f in famille for famille in FAMILLES)]
    autres = [*FAMILLES, *((f,) for f in seuls)]
    return [(fautif,) for fautif in _SEULS] + [(*f, *passants[n :: len(autres)]) for n, f in enumerate(autres)]
