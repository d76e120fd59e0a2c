"""Receivers with one defect each, and the requirements that it breaks."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relais_contrats.client import WebhookRefused
from relais_kit.recepteur.faits import CODE_INCONNU
from tests.contracts.recepteurs import CONNUS, SECRET, Evenement, Juste, aux_autres


class NeVerifieRien(Juste):
    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        lu = json.loads(corps)
        return lu if isinstance(lu, list) else [lu]


class NeVerifiePasLesLots(Juste):
    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        lu = json.loads(corps)
        return lu if isinstance(lu, list) else super().verifier(entetes, corps)


class SansTolerance(Juste):
    """Verifies by hand; a subclass says which part of the rule it leaves out."""

    def signe(self, id_: str, instant: str, corps: bytes) -> bytes:
        return f"{id_}.{instant}.".encode() + corps

    def est_a_l_heure(self, instant: str) -> bool:
        return instant.isdecimal() and abs(datetime.now(UTC).timestamp() - int(instant)) <= 300

    def jetons(self, signature: str) -> list[str]:
        return signature.split()

    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        id_, instant = entetes.get("webhook-id", ""), entetes.get("webhook-timestamp", "")
        cle = base64.b64decode(SECRET.removeprefix("whsec_"))
        condense = hmac.digest(cle, self.signe(id_, instant, corps), hashlib.sha256)
        attendu = f"v1,{base64.b64encode(condense).decode()}"
        if not self.est_a_l_heure(instant) or attendu not in self.jetons(entetes.get("webhook-signature", "")):
            raise WebhookRefused
        lu = json.loads(corps)
        return lu if isinstance(lu, list) else [lu]


class EchoueAuLieuDeRefuser(Juste):
    async def recevoir(self, request: Request) -> Response:
        reponse = await super().recevoir(request)
        return Response(status_code=500) if reponse.status_code == 401 else reponse


class AccepteLAncien(SansTolerance):
    def est_a_l_heure(self, instant: str) -> bool:
        return instant.isdecimal() and int(instant) - datetime.now(UTC).timestamp() <= 300


class AccepteLeFutur(SansTolerance):
    def est_a_l_heure(self, instant: str) -> bool:
        return instant.isdecimal() and datetime.now(UTC).timestamp() - int(instant) <= 300


class RefuseLeMoindreEcart(SansTolerance):
    def est_a_l_heure(self, instant: str) -> bool:
        return instant.isdecimal() and abs(datetime.now(UTC).timestamp() - int(instant)) <= 15


class NeLitQueLaPremiereSignature(SansTolerance):
    def jetons(self, signature: str) -> list[str]:
        return signature.split()[:1]


class CompareLeDebut(SansTolerance):
    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        cle = base64.b64decode(SECRET.removeprefix("whsec_"))
        signe = self.signe(entetes.get("webhook-id", ""), entetes.get("webhook-timestamp", ""), corps)
        attendu = "v1," + base64.b64encode(hmac.digest(cle, signe, hashlib.sha256)).decode()
        jetons = [j for j in self.jetons(entetes.get("webhook-signature", "")) if len(j) > 10]
        if any(attendu.startswith(j[:11]) for j in jetons):
            entetes = {**entetes, "webhook-signature": attendu}
        return super().verifier(entetes, corps)


class NeLitPasLaVersion(SansTolerance):
    def jetons(self, signature: str) -> list[str]:
        return ["v1," + jeton.partition(",")[2] for jeton in signature.split()]


class OublieVite(Juste):
    """Remembers the last ten only."""

    async def repondre(self, _: Mapping[str, str], evenements: list[Evenement]) -> Response:
        for evenement in evenements:
            if evenement["type"] in CONNUS and evenement["id"] not in self.traites[-10:]:
                self.traites.append(evenement["id"])
        return Response(status_code=204)


class ReecritLeJson(SansTolerance):
    def signe(self, id_: str, instant: str, corps: bytes) -> bytes:
        reecrit = json.dumps(json.loads(corps), ensure_ascii=False, separators=(",", ":"))
        return super().signe(id_, instant, reecrit.encode())


class RogneLeCorps(SansTolerance):
    def signe(self, id_: str, instant: str, corps: bytes) -> bytes:
        return super().signe(id_, instant, corps.strip())


class RetientLIdAvantDeVerifier(Juste):
    def __init__(self) -> None:
        super().__init__()
        self.vus: set[str] = set()

    def verifier(self, entetes: Mapping[str, str], corps: bytes) -> list[Evenement]:
        id_ = entetes.get("webhook-id")
        if id_ in self.vus:
            return []
        self.vus |= {id_} if id_ else set()
        return super().verifier(entetes, corps)


class TraiteAvantDeVerifier(Juste):
    async def recevoir(self, request: Request) -> Response:
        lu = json.loads(await request.body())
        await self.repondre(request.headers, lu if isinstance(lu, list) else [lu])
        return await super().recevoir(request)


class TraiteChaqueEnvoi(Juste):
    async def repondre(self, _: Mapping[str, str], evenements: list[Evenement]) -> Response:
        self.traites += [e["id"] for e in evenements if e["type"] in CONNUS]
        return Response(status_code=200)


class TraiteDeuxFois(Juste):
    async def repondre(self, _: Mapping[str, str], evenements: list[Evenement]) -> Response:
        neufs = [e["id"] for e in evenements if e["type"] in CONNUS and e["id"] not in self.traites]
        self.traites += neufs + neufs
        return Response(status_code=200)


class DedoublonneParEnvoi(Juste):
    """By `webhook-id`, which a batch does not share with its events."""

    def __init__(self) -> None:
        super().__init__()
        self.vus: set[str] = set()

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        if entetes["webhook-id"] not in self.vus:
            self.traites += [e["id"] for e in evenements if e["type"] in CONNUS]
        self.vus.add(entetes["webhook-id"])
        return Response(status_code=200)


class DedoublonneParSignature(Juste):
    """Each attempt has another instant, and so another signature."""

    def __init__(self) -> None:
        super().__init__()
        self.vues: set[str] = set()

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        if entetes["webhook-signature"] not in self.vues:
            self.traites += [e["id"] for e in evenements if e["type"] in CONNUS]
        self.vues.add(entetes["webhook-signature"])
        return Response(status_code=200)


class SeTaitApresDix(Juste):
    def __init__(self) -> None:
        super().__init__()
        self.recus = 0

    async def recevoir(self, request: Request) -> Response:
        self.recus += 1
        if self.recus > 10:
            await asyncio.Event().wait()
        return await super().recevoir(request)


class DedoublonneTropTard(Juste):
    """Looks, then writes: two requests at once are both new."""

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        neufs = [e for e in evenements if e["id"] not in self.traites and e["type"] in CONNUS]
        await aux_autres()
        self.traites += [e["id"] for e in neufs]
        return Response(status_code=200)


class DedoublonneParContenu(Juste):
    def __init__(self) -> None:
        super().__init__()
        self.contenus: set[str] = set()

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        neufs = [e for e in evenements if json.dumps([e.get("subject"), e["data"]]) not in self.contenus]
        self.contenus |= {json.dumps([e.get("subject"), e["data"]]) for e in evenements}
        return await super().repondre(entetes, neufs)


class DedoublonneParSequence(Juste):
    """By parcours and `sequence`, which each brique counts for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.places: set[tuple[str, int]] = set()

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        neufs = [e for e in evenements if (e.get("subject"), e.get("sequence")) not in self.places]
        self.places |= {(e["subject"], e["sequence"]) for e in evenements if "subject" in e}
        return await super().repondre(entetes, neufs)


class RefuseLesDoublons(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        if len(evenements) == 1 and evenements[0]["id"] in self.traites:
            return Response(status_code=409)
        return await super().repondre(entetes, evenements)


class SelonLaSequence(Juste):
    """`garde(vue, venue)` says whether an event is processed, by the last `sequence` that was."""

    def __init__(self) -> None:
        super().__init__()
        self.derniere: dict[str, int] = {}

    def garde(self, vue: int, venue: int) -> bool:
        raise NotImplementedError

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        for e in evenements:
            vue = self.derniere.get(e.get("subject", ""), 0)
            if "subject" not in e or self.garde(vue, e["sequence"]):
                self.derniere[e.get("subject", "")] = max(vue, e.get("sequence", 0))
                await super().repondre(entetes, [e])
        return Response(status_code=204)


class OublieLesRetardataires(SelonLaSequence):
    def garde(self, vue: int, venue: int) -> bool:
        return venue >= vue


class AttendLaSuivante(SelonLaSequence):
    def garde(self, vue: int, venue: int) -> bool:
        return venue <= vue + 1


class LotALEnvers(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        return await super().repondre(entetes, evenements[::-1])


class LotSansLaFin(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        return await super().repondre(entetes, evenements[:3])


class SauteLeLotDejaCommence(Juste):
    """Takes a batch for a repetition as soon as its first event is one."""

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        est_connu = evenements[0]["id"] in self.traites
        return await super().repondre(entetes, [] if est_connu else evenements)


class SArreteAuTypeInconnu(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        rangs = [rang for rang, e in enumerate(evenements) if e["type"] not in CONNUS]
        return await super().repondre(entetes, evenements[: min(rangs, default=len(evenements))])


class RepondSelon(Juste):
    """Answers `statut` to the events that `refuse` points at."""

    statut = 422
    refuse: Callable[[Evenement], bool]

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        if any(type(self).refuse(e) for e in evenements):
            return Response(status_code=self.statut, headers={"location": "/ailleurs"})
        return await super().repondre(entetes, evenements)


class PanneAuTypeInconnu(RepondSelon):
    statut = 500
    refuse = staticmethod(lambda e: "inconnu" in e["type"])


class RefuseLaVerification(RepondSelon):
    refuse = staticmethod(lambda e: "verification" in e["type"])


class RefuseLEssai(RepondSelon):
    refuse = staticmethod(lambda e: e["type"] == "fr.insertion.abonnement.essai.v1")


class RefuseUnChampInconnu(RepondSelon):
    refuse = staticmethod(lambda e: "champ_ajoute" in e["data"])


class RefuseUnAttributInconnu(RepondSelon):
    refuse = staticmethod(lambda e: "attributajoute" in e)


class RefuseUnCodeInconnu(RepondSelon):
    refuse = staticmethod(lambda e: CODE_INCONNU in json.dumps(e["data"]))


class ExigeLAgent(RepondSelon):
    statut = 500
    refuse = staticmethod(lambda e: "departement" in e and "agent" not in e)


class RedirigeLesRetardataires(RepondSelon):
    statut = 307
    refuse = staticmethod(lambda e: e.get("sequence") == 9)


class RefuseLesLots(Juste):
    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        return Response(status_code=400) if len(evenements) > 2 else await super().repondre(entetes, evenements)


class RefuseLeGrand(Juste):
    async def recevoir(self, request: Request) -> Response:
        if len(await request.body()) > 100_000:
            return Response(status_code=413)
        return await super().recevoir(request)


class NeLitQuUnMorceau(Juste):
    async def lire(self, request: Request) -> bytes:
        morceaux = [morceau async for morceau in request.stream()]
        return morceaux[0] if len([m for m in morceaux if m]) > 2 else b"".join(morceaux)


class Sature(Juste):
    def __init__(self) -> None:
        super().__init__()
        self.en_cours = 0

    async def repondre(self, entetes: Mapping[str, str], evenements: list[Evenement]) -> Response:
        self.en_cours += 1
        await aux_autres()
        trop = self.en_cours > 4
        self.en_cours -= 1
        return Response(status_code=503) if trop else await super().repondre(entetes, evenements)


class SeTaitDevantLeGrand(Juste):
    async def recevoir(self, request: Request) -> Response:
        if len(await request.body()) > 100_000:
            await asyncio.Event().wait()
        return await super().recevoir(request)


class NeMontreRien(Juste):
    async def sonde(self, _: Request) -> Response:
        return JSONResponse({"traites": []})


FAUTIFS: Mapping[type[Juste], set[str]] = {
    AccepteLAncien: {"horodatage-ancien"},
    AccepteLeFutur: {"horodatage-futur"},
    RefuseLeMoindreEcart: {"horloge-proche"},
    NeLitQueLaPremiereSignature: {"signatures-multiples", "version-inconnue"},
    CompareLeDebut: {"signature-fausse"},
    NeVerifiePasLesLots: {"sans-signature", "signature-fausse"},
    NeLitPasLaVersion: {"signature-fausse"},
    OublieVite: {"doublon-une-fois"},
    ReecritLeJson: {"octets-exacts"},
    RogneLeCorps: {"octets-exacts"},
    RetientLIdAvantDeVerifier: {"refus-sans-trace"},
    TraiteDeuxFois: {
        "evenement-traite",
        "doublon-une-fois",
        "doublon-en-lot",
        "doublon-simultane",
    },
    TraiteChaqueEnvoi: {"doublon-une-fois", "doublon-en-lot", "doublon-simultane"},
    DedoublonneParEnvoi: {"doublon-en-lot"},
    DedoublonneTropTard: {"doublon-simultane"},
    DedoublonneParContenu: {"faits-distincts"},
    DedoublonneParSequence: {"faits-distincts"},
    RefuseLesDoublons: {"doublon-accepte"},
    OublieLesRetardataires: {"retardataire"},
    AttendLaSuivante: {"trou"},
    LotALEnvers: {"ordre"},
    LotSansLaFin: {"lot"},
    SauteLeLotDejaCommence: {"doublon-en-lot"},
    SArreteAuTypeInconnu: {"lot-melange"},
    PanneAuTypeInconnu: {"type-inconnu", "lot-melange"},
    RefuseLaVerification: {"poignee-de-main"},
    RefuseLEssai: {"essai"},
    RefuseUnChampInconnu: {"champ-inconnu"},
    RefuseUnAttributInconnu: {"attribut-inconnu"},
    RefuseUnCodeInconnu: {"code-inconnu"},
    EchoueAuLieuDeRefuser: {
        *("sans-signature", "signature-fausse", "corps-altere", "id-altere"),
        *("horodatage-altere", "horodatage-ancien", "horodatage-futur", "horodatage-illisible"),
    },
    ExigeLAgent: {"donnees-reduites"},
    RedirigeLesRetardataires: {"sans-redirection"},
    RefuseLesLots: {"lot", "lot-melange"},
    RefuseLeGrand: {"grand"},
    NeLitQuUnMorceau: {"corps-lent"},
    Sature: {"simultanes"},
    NeMontreRien: {"evenement-traite"},
}
