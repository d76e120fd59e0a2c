"""One run against one receiver: sends, notes the answers, and at the end compares them with the receiver's probe."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from relais_contrats import signatures
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE
from relais_kit.carnet import Carnet
from relais_kit.echange import Echange
from relais_kit.personne import Personne
from relais_kit.recepteur.envoi import LOT, ORDINAIRE, SEUL, Coupure, Hub, Maniere, SansReponse, TropLent
from relais_kit.recepteur.exigences import EXIGENCES
from relais_kit.recepteur.faits import Evenement, Faits
from relais_kit.recepteur.identite import Identite
from relais_kit.recepteur.sonde import Sonde, SondeIllisible

_SANS_SONDE = "sans --sonde, on ne sait pas ce qu'il a traité"
_PAR_LA_SONDE = (
    "evenement-traite",
    "doublon-une-fois",
    "doublon-simultane",
    "doublon-en-lot",
    "faits-distincts",
    "ordre",
)
_SILENCES_MAX = 2
_AVANT_RELANCE_S = 0.5


@dataclass
class Verification:
    """`lot` is how many events at most go together, 1 for a receiver that asked for no batch. `limite_s`: for the whole
    run, in seconds. `arret` says why nothing is sent any more."""

    hub: Hub
    identite: Identite
    sonde: Sonde | None = None
    lot: int = 100
    personne: Personne = field(default_factory=Personne)
    est_rapide: bool = False
    limite_s: float = 540.0
    carnet: Carnet = field(default_factory=lambda: Carnet(EXIGENCES))
    faits: Faits = field(init=False)
    types: tuple[str, ...] = ()
    """Those that it was seen to accept and, by its probe, to process."""
    arret: str | None = None
    _dus: dict[str, str] = field(default_factory=dict)
    _interdits: dict[str, str] = field(default_factory=dict)
    _repetes: dict[str, str] = field(default_factory=dict)
    _suites: list[list[str]] = field(default_factory=list)
    _silences: int = 0
    _reponses: int = 0

    def en_json(self) -> dict[str, Any]:
        """What the end judges of the events that were sent, for a run that is taken up later; ids only."""
        return {
            "dus": self._dus,
            "interdits": self._interdits,
            "repetes": self._repetes,
            "suites": self._suites,
            "numero": self.faits.numero,
        }

    def reprendre(self, dit: Mapping[str, Any]) -> None:
        """From what `en_json` gave."""
        self._dus |= dit.get("dus", {})
        self._interdits |= dit.get("interdits", {})
        self._repetes |= dit.get("repetes", {})
        self._suites += dit.get("suites", [])
        self.faits.numero = max(self.faits.numero, dit.get("numero", 0))

    def __post_init__(self) -> None:
        self.faits = Faits(self.identite.abonnement)
        self._fin = time.monotonic() + self.limite_s

    @property
    def a_repondu(self) -> bool:
        return self._reponses > 0

    def fait(self, parcours: str | None = None, sequence: int = 1) -> Evenement:
        """An event of a type that this receiver processes."""
        return self.faits.fait(self.types[0], parcours, sequence)

    async def accepter(
        self,
        exigence: str,
        quoi: str,
        *evenements: Evenement,
        en_lot: bool = False,
        est_du: bool = True,
        maniere: Maniere = ORDINAIRE,
        corps: bytes | None = None,
        relances: int = 0,
    ) -> bool:
        """The receiver must answer 2xx and, if `est_du`, process each event; `corps` writes them another way.

        `relances`: how many times a connection that is cut, or not made, is tried again, as the hub does."""
        echange = await self._envoyer(
            exigence, quoi, *evenements, en_lot=en_lot, maniere=maniere, corps=corps, relances=relances
        )
        if echange is None or echange.statut is None:
            return False
        if not 200 <= echange.statut < 300:
            self.carnet.echouer(exigence, f"répond {echange.statut} à {quoi}", echange)
            return False
        self.carnet.passer(exigence, echange)
        if est_du:
            self._dus |= {e["id"]: self._dus.get(e["id"], exigence) for e in evenements if self._est_traite(e)}
        return True

    async def refuser(
        self,
        exigence: str,
        quoi: str,
        maniere: Maniere,
        evenement: Evenement | None = None,
        *,
        en_lot: bool = False,
    ) -> None:
        """The receiver must answer 4xx, and must not process the event (another one each time). One that closes the
        connection has refused too; one that fails (5xx) has judged nothing. A redirection is a refusal."""
        fait = evenement or self.fait()
        self._interdits[fait["id"]] = exigence
        try:
            echange = await self._envoyer(exigence, quoi, fait, en_lot=en_lot, maniere=maniere, est_a_refuser=True)
        except Coupure:
            await self._apres_une_coupure(exigence, quoi)
            return
        if echange is None or echange.statut is None:
            return
        if 200 <= echange.statut < 300:
            self.carnet.echouer(exigence, f"répond {echange.statut} à {quoi}", echange)
        elif echange.statut >= 500:
            self.carnet.echouer(exigence, f"répond {echange.statut} à {quoi} : un refus est un 4xx", echange)
        else:
            self.carnet.passer(exigence, echange)

    async def _apres_une_coupure(self, exigence: str, quoi: str) -> None:
        """Refused without an answer, if what is well signed is still answered; else it has stopped."""
        if await self._envoyer(exigence, f"un envoi juste, après {quoi}", self.fait()) is not None:
            self.carnet.passer(exigence)
            self.carnet.remarquer(exigence, f"refuse {quoi} sans répondre, en coupant la connexion")

    async def envoyer(
        self,
        exigence: str,
        quoi: str,
        evenement: Evenement,
        *,
        maniere: Maniere = ORDINAIRE,
        est_a_refuser: bool = False,
    ) -> int | None:
        """The status of the answer to one event; None when there was none to judge `exigence` by, which is noted, or
        when what was to be refused was cut off."""
        try:
            envoye = await self._envoyer(exigence, quoi, evenement, maniere=maniere, est_a_refuser=est_a_refuser)
        except Coupure:
            return None
        return envoye.statut if envoye else None

    async def _envoyer(
        self,
        exigence: str,
        quoi: str,
        *evenements: Evenement,
        en_lot: bool = False,
        maniere: Maniere = ORDINAIRE,
        corps: bytes | None = None,
        est_a_refuser: bool = False,
        relances: int = 0,
    ) -> Echange | None:
        """None when there was no answer to judge `exigence` by, which is noted. What the hub would never send
        (`est_a_refuser`) may be sent elsewhere, to a login page for instance, or cut off: raises Coupure then."""
        if self.arret is None and time.monotonic() > self._fin:
            self.arret = "temps épuisé : le récepteur met trop longtemps à répondre"
        if self.arret is not None:
            self.carnet.omettre(exigence, self.arret)
            return None
        if corps is None:
            corps = orjson.dumps(list(evenements) if en_lot else evenements[0])
        nom = signatures.message_id([e["id"] for e in evenements])
        try:
            echange = await self._poster(corps, nom, LOT if en_lot else SEUL, maniere, relances)
        except SansReponse as silence:
            if est_a_refuser and isinstance(silence, Coupure):
                raise
            self._noter_le_silence(exigence, quoi, silence)
            return None
        self._silences = 0
        self._reponses += 1
        statut = echange.statut or 0
        if 300 <= statut < 400 and not est_a_refuser:
            self.carnet.echouer("sans-redirection", f"répond {statut} à {quoi}", echange)
            self.carnet.omettre(exigence, f"une redirection ({statut}) n'est pas suivie")
            return None
        return echange

    async def _poster(self, corps: bytes, nom: str, media: str, maniere: Maniere, relances: int) -> Echange:
        for _ in range(relances):
            try:
                return await self.hub.poster(corps, nom, media, maniere)
            except TropLent:
                raise
            except SansReponse:
                await asyncio.sleep(_AVANT_RELANCE_S)
        return await self.hub.poster(corps, nom, media, maniere)

    def repeter(self, exigence: str, *evenements: Evenement) -> None:
        """These are sent more than once: `exigence` fails if one is processed more than once."""
        self._repetes |= {e["id"]: exigence for e in evenements if self._est_traite(e)}

    def suivre(self, *evenements: Evenement) -> None:
        """These were delivered one after the other: they must be processed in that order."""
        self._suites.append([e["id"] for e in evenements if self._est_traite(e)])

    async def conclure(self) -> None:
        """Note what the probe reports of all events sent, and the requirements on all answers."""
        if self._reponses:
            for nom in ("delai", "disponible", "sans-redirection"):
                self.carnet.passer(nom)
        if self.sonde is None:
            for nom in _PAR_LA_SONDE:
                self.carnet.omettre(nom, _SANS_SONDE)
            return
        try:
            traites = await self.sonde.finale(frozenset(self._dus))
        except SondeIllisible as erreur:
            for nom in {*_PAR_LA_SONDE, *self._dus.values(), *self._interdits.values()}:
                self.carnet.omettre(nom, str(erreur))
            return
        self._juger(list(traites))

    def _juger(self, traites: list[str]) -> None:
        faits = set(traites)
        for id_, exigence in self._dus.items():
            if id_ not in faits:
                exigence = "evenement-traite" if exigence == "evenement-accepte" else exigence
                self.carnet.echouer(exigence, "répond 2xx, et la sonde ne montre pas l'événement")
        for id_, exigence in self._interdits.items():
            if id_ in faits:
                self.carnet.echouer(exigence, "traite l'événement qu'il fallait refuser")
        for id_, exigence in self._repetes.items():
            if fois := traites.count(id_):
                self._noter(exigence, fois == 1, f"traite {fois} fois le même événement")
            else:
                self.carnet.omettre(exigence, "l'événement à répéter n'a pas été traité")
        for id_ in self._dus.keys() - self._repetes.keys():
            if traites.count(id_) > 1:
                self.carnet.echouer("evenement-traite", f"traite {traites.count(id_)} fois un événement venu une fois")
        for suite in self._suites:
            venus = [id_ for id_ in suite if id_ in faits]
            rangs = [traites.index(id_) for id_ in venus]
            if len(rangs) > 1:
                self._noter("ordre", rangs == sorted(rangs), "traite les faits d'un parcours dans un autre ordre")

    def _noter(self, exigence: str, est_bon: bool, constat: str) -> None:
        if est_bon:
            self.carnet.passer(exigence)
        else:
            self.carnet.echouer(exigence, constat)

    def _est_traite(self, evenement: Evenement) -> bool:
        """Whether its type is one that the probe shows."""
        nom = evenement["type"].removeprefix(PREFIXE_TYPE).removesuffix(SUFFIXE_TYPE)
        return self.sonde is not None and nom in self.types

    def _noter_le_silence(self, exigence: str, quoi: str, silence: SansReponse) -> None:
        self.carnet.echouer("delai" if isinstance(silence, TropLent) else "disponible", f"{silence}, à {quoi}")
        self.carnet.omettre(exigence, str(silence))
        self._silences += 1
        if self._silences >= _SILENCES_MAX:
            self.arret = f"le récepteur ne répond plus ({silence})"
