"""Hubs with one defect in what becomes of a message."""

import json
import secrets

from joserfc.jwk import ECKey

from relais_kit.hub.acces import contenu, entete, signe_de
from tests.contracts.hubs import Demande, Juste, Rendu, problem


class NAccepteRien(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut == 201:
            rendu.changer(etat="vu")


class RecuDUneAutreCle(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut in (200, 201) and "recu" in rendu.json:
            recu = rendu.json["recu"]
            rendu.changer(recu=signe_de(ECKey.generate_key("P-256"))(entete(recu), contenu(recu)))


class RecuDUnAutreMessage(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut == 201:
            recu = rendu.json["recu"]
            faux = {**contenu(recu), "empreinte": "0" * 64}
            depose = self.porte.memoire.deposes["caf-59", demande.message["id"]]
            depose.reponse["recu"] = signe_de(self.porte.recus.cle)(entete(recu), faux)
            rendu.changer(recu=depose.reponse["recu"])


class RejeuTu(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        rendu.sans("relais-rejoue")


class ContenuRemplace(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if rendu.statut == 409 and rendu.json["code"] == "contenu-different":
            rendu.statut = 201
            rendu.ecrire({"id": demande.message["id"], "etat": "accepte"})


class SansAdresse(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message:
            rendu.sans("location")


class AttendToujours(Juste):
    def avant(self, demande: Demande) -> None:
        demande.entetes.pop("prefer", None)


class OublieLesRefus(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        self.porte.memoire.refuses.clear()


class SansAcceptPost(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        rendu.sans("accept-post")


class TailleMalDite(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if rendu.statut == 413:
            problem(400, "illisible", rendu)


class LitDeuxCles(Juste):
    """The last of two keys wins, as most parsers do."""

    def avant(self, demande: Demande) -> None:
        if demande.message:
            demande.ecrire(json.dumps(demande.message).encode())


class SansPointeur(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut == 422:
            rendu.changer(erreurs=[])


class AccepteUneDateImpossible(Juste):
    def avant(self, demande: Demande) -> None:
        data = demande.message.get("data", {})
        if data.get("date_reception_droit") == "2026-02-30":
            demande.ecrire(demande.corps.replace(b"2026-02-30", b"2026-02-28"))


class NirEnId(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.message and str(demande.message.get("id", "")).isdecimal() and len(demande.message["id"]) == 15:
            demande.ecrire(json.dumps({**demande.message, "id": secrets.token_hex(16)}).encode())


class DeposePourUnAutre(Juste):
    def avant(self, demande: Demande) -> None:
        if demande.message.get("source") == "/partenaires/un-autre":
            demande.ecrire(json.dumps({**demande.message, "source": "/partenaires/caf-59"}).encode())


class RepeteCeQuIlRefuse(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.message and rendu.statut == 422:
            rendu.changer(detail=f"Refusé : {demande.corps.decode()}")


class LotALEnvers(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.entetes.get("content-type") == "application/cloudevents-batch+json" and rendu.statut == 200:
            rendu.corps = b"\n".join(reversed(rendu.corps.strip().split(b"\n"))) + b"\n"


class LotToutOuRien(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.entetes.get("content-type") == "application/cloudevents-batch+json" and rendu.statut == 200:
            lignes = [{**json.loads(ligne), "etat": "refuse"} for ligne in rendu.corps.strip().split(b"\n")]
            rendu.corps = b"".join(json.dumps(ligne).encode() + b"\n" for ligne in lignes)
            rendu.entetes["content-length"] = str(len(rendu.corps))


class FluxSansRang(Juste):
    def apres(self, demande: Demande, rendu: Rendu) -> None:
        if demande.entetes.get("content-type") == "application/x-ndjson":
            lignes = [json.loads(ligne) for ligne in rendu.corps.strip().split(b"\n")]
            rendu.corps = b"".join(json.dumps({**une, "ligne": None}).encode() + b"\n" for une in lignes)
            rendu.entetes["content-length"] = str(len(rendu.corps))


class TraceIgnoree(Juste):
    def avant(self, demande: Demande) -> None:
        demande.entetes.pop("traceparent", None)


FAUTIFS_DEPOTS: dict[type[Juste], set[str]] = {
    NAccepteRien: {"depot"},
    RecuDUneAutreCle: {"recu", "rejeu"},
    RecuDUnAutreMessage: {"recu"},
    RejeuTu: {"rejeu"},
    ContenuRemplace: {"contenu-different"},
    SansAdresse: {"sans-attente"},
    AttendToujours: {"sans-attente"},
    OublieLesRefus: {"devenir"},
    SansAcceptPost: {"type-de-contenu"},
    TailleMalDite: {"taille"},
    LitDeuxCles: {"illisible"},
    SansPointeur: {"contrat"},
    AccepteUneDateImpossible: {"contrat"},
    NirEnId: {"identifiant-nir"},
    DeposePourUnAutre: {"source"},
    RepeteCeQuIlRefuse: {"sans-echo"},
    LotALEnvers: {"lot"},
    LotToutOuRien: {"lot"},
    FluxSansRang: {"flux"},
    TraceIgnoree: {"trace"},
}
