"""Senders with one defect each, and the requirements that it breaks."""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from relais_contrats.exemples import exemple_valide
from tests.contracts.emetteurs import CONNUS, LOT, Abandon, Juste, Message, lancer
from tests.contracts.emetteurs_autres import Lecteur, SuitUnParcours, UnLot, UnMessage
from tests.contracts.emetteurs_fautifs_acces import (
    AutreCle,
    DeuxMessagesDeuxJetons,
    EnBearer,
    InsisteSurLe401,
    JetonDansLAdresse,
    MemeAssertion,
    MemeJti,
    MemePreuveALaRelance,
    MontreSaCle,
    NeRenouvellePas,
    NeRenouvellePasEtUnSeul,
    PerdSurLe401,
    PreuveAutreAdresse,
    PreuveAutreMethode,
    PreuveSansJeton,
    SansPreuve,
    SansPreuveAuJeton,
    UnJetonParRequete,
)


class AuNomDUnAutre(Juste):
    def signalement(self, quoi: str) -> Message:
        return super().signalement(quoi) | {"source": "/partenaires/cd-59"}


class AutreGenre(Juste):
    async def deposer(self, message: Message) -> httpx.Response:
        return await self.demander("POST", "/v1/messages", json.dumps(message).encode(), "text/plain")


class MemeId(Juste):
    def id(self, quoi: str) -> str:
        return "toujours-le-meme"


class IdDuJour(Juste):
    """Its clock gives the ids, and is too slow."""

    def id(self, quoi: str) -> str:
        return f"jour-{quoi[:3]}" if quoi in ("premier", "premiere") else "jour"


class NirDansLId(Juste):
    def id(self, quoi: str) -> str:
        return f"185039999999921-{super().id(quoi)}"


class NirDansUneExtension(Juste):
    def signalement(self, quoi: str) -> Message:
        return super().signalement(quoi) | {"dossiercaf": "1 85 03 99 999 999 21"}


class NirDansLAdresse(Juste):
    async def deposer(self, message: Message) -> httpx.Response:
        await self.demander("GET", "/v1/usagers/recherche?nir=185039999999921")
        return await super().deposer(message)


class NirDansUnEnTete(Juste):
    def signalement(self, quoi: str) -> Message:
        return self.message("usager.signale", exemple_valide("usager.signale")["data"], quoi)

    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        return super().entetes(methode, chemin, genre) | {"X-Usager": "185039999999921"}


class SansTrace(Juste):
    def message(self, fait: str, data: Mapping[str, Any], quoi: str, subject: str | None = None) -> Message:
        message = super().message(fait, data, quoi, subject)
        del message["traceparent"]
        return message


class TraceVide(Juste):
    def message(self, fait: str, data: Mapping[str, Any], quoi: str, subject: str | None = None) -> Message:
        return super().message(fait, data, quoi, subject) | {"traceparent": f"00-{'0' * 32}-{'0' * 16}-01"}


class SansFuseau(Juste):
    def instant(self) -> str:
        return datetime.now().isoformat()  # noqa: DTZ005  the defect


class CleDUnAutre(SuitUnParcours):
    async def traiter(self, evenement: Message) -> None:
        if evenement["type"] == "fr.insertion.rdv.planifie.v1":
            await self.deposer(self.message("rdv.planifie", evenement["data"], "rdv", evenement["subject"]))


class ARebours(SuitUnParcours):
    async def executer(self) -> int:
        ouvert = (await self.deposer(self.signalement("ouvre"))).json()
        if "parcours" not in ouvert:
            return 1
        faits = [self.suite(ouvert["parcours"], f"suite-{rang}") for rang in range(4)]
        await asyncio.gather(*(self.deposer(fait) for fait in reversed(faits)))
        return 0


class PasDeRelance(Juste):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return False


class PasDeRelanceUnSeul(UnMessage):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return False


class PasDeRelanceDuLot(UnLot):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        if reponse.status_code == 503:
            raise Abandon
        return super().est_a_refaire(reponse)


class AbandonneSurLe429(Juste):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return reponse.status_code == 503


class NAttendPas(Juste):
    def attente_s(self, reponse: httpx.Response, essai: int) -> float:
        return 0.2


class AttendASaGuise(UnMessage):
    """Its own delays, of one second and more."""

    def attente_s(self, reponse: httpx.Response, essai: int) -> float:
        return 1.0 + essai


class AutreIdALaRelance(Juste):
    def retoucher(self, corps: bytes | None) -> bytes | None:
        if not corps or b'"id"' not in corps or corps.count(b"\n"):
            return corps
        return json.dumps({**json.loads(corps), "id": self.id("encore")}).encode()


class AutreIdUnSeul(UnMessage):
    retoucher = AutreIdALaRelance.retoucher


class AutreInstantALaRelance(UnMessage):
    def retoucher(self, corps: bytes | None) -> bytes | None:
        return json.dumps({**json.loads(corps), "time": self.instant()}).encode() if corps else corps


class RedeposeApresLe202(Juste):
    async def deposer(self, message: Message) -> httpx.Response:
        reponse = await super().deposer(message)
        if reponse.status_code == 202:
            return await super().deposer({**message, "id": self.id("encore")})
        return reponse


class NeVeutQue201(UnMessage):
    def noter(self, reponse: httpx.Response) -> None:
        self.refuses += reponse.status_code not in (201, 202)


class RenvoieLeRefuse(Juste):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return reponse.is_error


class RenvoieLaLigneRefusee(UnLot):
    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        return [m for m, ligne in zip(messages, lignes, strict=True) if ligne["etat"] == "refuse"]


class RenvoieLeLotEntier(UnLot):
    """Sends the batch again until no line of it is refused."""

    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        return messages if any(ligne["etat"] == "refuse" for ligne in lignes) else []


class IgnoreLesLignes(UnLot):
    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        return []


class IgnoreLesLignesDUnTableau(IgnoreLesLignes):
    async def deposer_ensemble(self, messages: list[Message]) -> None:
        await self.demander("POST", "/v1/messages", json.dumps(messages).encode(), LOT)


class ReponseStricte(UnMessage):
    def noter(self, reponse: httpx.Response) -> None:
        if set(reponse.json()) - {"id", "etat", "parcours", "evenements", "recu", "code", "avertissements"}:
            raise Abandon


class NAcquittePas(Juste):
    async def lire_le_fil(self) -> None:
        curseur = ""
        while (page := (await self.demander("GET", f"/v1/evenements?limite=20{curseur}")).json())["evenements"]:
            curseur = f"&apres={page['curseur']}"


class LecteurQuiNAcquittePas(Lecteur):
    lire_le_fil = NAcquittePas.lire_le_fil


class TombeSurUnCode(Lecteur):
    async def traiter(self, evenement: Message) -> None:
        if evenement["type"] in CONNUS:
            champ, valeurs = CONNUS[evenement["type"]]
            if evenement["data"][champ] not in valeurs:
                raise Abandon


class BloqueSurUnCode(Lecteur):
    """Ends well, and never gets past the event."""

    async def lire_le_fil(self) -> None:
        page = (await self.demander("GET", "/v1/evenements?limite=100")).json()
        for evenement in page["evenements"]:
            if evenement["data"].get("modalite", "visio") not in ("physique", "telephone", "visio"):
                return
        await self.acquitter(page["curseur"])


class TombeSurUnType(Lecteur):
    async def traiter(self, evenement: Message) -> None:
        if "essai-du-kit" in evenement["type"]:
            raise Abandon


class TombeSurUnChamp(Lecteur):
    async def traiter(self, evenement: Message) -> None:
        if any(nom.startswith("champ_") for nom in evenement["data"]):
            raise Abandon


class NeRelitPas(Lecteur):
    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        if reponse.status_code == 503:
            raise Abandon
        return False


class ReagitDeuxFois(SuitUnParcours):
    async def lire_le_fil(self) -> None:
        while (page := (await self.demander("GET", "/v1/evenements?limite=20")).json())["evenements"]:
            for evenement in page["evenements"]:
                await self.traiter(evenement)
            await self.acquitter(page["curseur"])


class RelanceSansFin(UnMessage):
    """Takes « already received » for a failure, and sends again."""

    def est_a_refaire(self, reponse: httpx.Response) -> bool:
        return reponse.status_code != 201 and (reponse.status_code in (200, 503, 429))


class SansRetry(Juste):
    """Keeps sending what follows, and drops what was answered 503."""

    async def demander(
        self, methode: str, chemin: str, corps: bytes | None = None, genre: str | None = None
    ) -> httpx.Response:
        return await self.envoyer(methode, chemin, corps, genre)


FAUTIFS: dict[type[Juste], set[str]] = {
    UnJetonParRequete: {"jeton-reutilise"},
    DeuxMessagesDeuxJetons: {"jeton-reutilise"},
    NeRenouvellePas: {"jeton-renouvele"},
    NeRenouvellePasEtUnSeul: {"jeton-renouvele"},
    InsisteSurLe401: {"jeton-refuse"},
    PerdSurLe401: {"jeton-refuse"},
    MemeAssertion: {"assertion-unique"},
    SansPreuveAuJeton: {"jeton-obtenu", "dpop-presente"},
    SansPreuve: {"dpop-presente"},
    EnBearer: {"dpop-presente"},
    PreuveAutreAdresse: {"dpop-adresse"},
    PreuveAutreMethode: {"dpop-methode"},
    PreuveSansJeton: {"dpop-jeton"},
    MemeJti: {"dpop-unique"},
    MemePreuveALaRelance: {"dpop-unique", "jeton-renouvele", "jeton-refuse"},
    AutreCle: {"dpop-juste"},
    MontreSaCle: {"dpop-juste", "jeton-obtenu"},
    JetonDansLAdresse: {"secret-hors-adresse"},
    AuNomDUnAutre: {"source"},
    AutreGenre: {"depot-lisible"},
    MemeId: {"id-unique"},
    IdDuJour: {"id-unique"},
    NirDansLId: {"nir-hors-id"},
    NirDansUneExtension: {"nir-hors-id"},
    NirDansLAdresse: {"nir-hors-adresse"},
    NirDansUnEnTete: {"nir-hors-adresse"},
    SansTrace: {"trace"},
    TraceVide: {"trace"},
    SansFuseau: {"instant"},
    CleDUnAutre: {"cles-propres"},
    ARebours: {"ordre"},
    PasDeRelance: {"relance-503", "relance-429"},
    PasDeRelanceUnSeul: {"relance-503", "relance-429"},
    PasDeRelanceDuLot: {"relance-503"},
    SansRetry: {"relance-503", "relance-429", "jeton-refuse"},
    AbandonneSurLe429: {"relance-429"},
    NAttendPas: {"retry-after"},
    AttendASaGuise: {"retry-after"},
    AutreIdALaRelance: {"relance-meme-id"},
    AutreIdUnSeul: {"relance-meme-id"},
    AutreInstantALaRelance: {"relance-identique"},
    RedeposeApresLe202: {"en-attente"},
    NeVeutQue201: {"rejeu-accepte"},
    RelanceSansFin: {"rejeu-accepte"},
    RenvoieLeRefuse: {"refus-definitif"},
    RenvoieLaLigneRefusee: {"refus-definitif"},
    RenvoieLeLotEntier: {"refus-definitif"},
    IgnoreLesLignes: {"lot-ligne"},
    IgnoreLesLignesDUnTableau: {"lot-ligne"},
    ReponseStricte: {"reponse-inconnue"},
    NAcquittePas: {"acquittement"},
    LecteurQuiNAcquittePas: {"acquittement"},
    TombeSurUnCode: {"code-inconnu"},
    BloqueSurUnCode: {"code-inconnu"},
    TombeSurUnType: {"champ-inconnu"},
    TombeSurUnChamp: {"champ-inconnu"},
    NeRelitPas: {"lecture-relancee"},
    ReagitDeuxFois: {"doublon"},
}


if __name__ == "__main__":
    sys.exit(asyncio.run(lancer(next(genre for genre in FAUTIFS if genre.__name__ == sys.argv[1]))))
