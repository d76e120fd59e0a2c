"""Senders that are right while they do less, or otherwise: `python -m tests.contracts.emetteurs_autres NAME`."""

import asyncio
import secrets
import sys
from collections.abc import Mapping
from typing import Any

import httpx

from relais_contrats.exemples import exemple_valide
from tests.contracts.emetteurs import Abandon, Juste, Message, lancer


class UnMessage(Juste):
    """The least: one message, and the end."""

    async def executer(self) -> int:
        await self.deposer(self.signalement("seul"))
        return 1 if self.refuses else 0


class UnLot(Juste):
    """Streams only."""

    async def executer(self) -> int:
        await self.deposer_ensemble([self.signalement(f"lot-{rang}") for rang in range(4)])
        return 1 if self.refuses else 0


class Lecteur(Juste):
    """Reads its feed only."""

    async def executer(self) -> int:
        await self.lire_le_fil()
        return 0


class SArreteSurLe401(UnMessage):
    """Tells it, and leaves it to the next run."""

    def oublier(self, reponse: httpx.Response) -> bool:
        raise Abandon


class SignaleLesLignes(UnLot):
    """Does not send a line again itself: it says which one, and ends in error."""

    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        self.refuses += sum(ligne["etat"] == "refuse" for ligne in lignes)
        return []


class RenvoieToutLeLot(UnLot):
    async def a_refaire(self, messages: list[Message], lignes: list[dict[str, Any]]) -> list[Message]:
        return messages if await super().a_refaire(messages, lignes) else []


class RepeteLeMemeContenu(Juste):
    """Three facts that say the same, each under its id."""

    def messages(self) -> list[Message]:
        data = exemple_valide("usager.signale")["data"]
        return [self.message("usager.signale", data, f"fait-{rang}") for rang in range(3)]


class TraceEnEnTete(Juste):
    def message(self, fait: str, data: Mapping[str, Any], quoi: str, subject: str | None = None) -> Message:
        message = super().message(fait, data, quoi, subject)
        del message["traceparent"]
        return message

    def entetes(self, methode: str, chemin: str, genre: str | None) -> dict[str, str]:
        trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        return super().entetes(methode, chemin, genre) | {"traceparent": trace}


class MessageRefuse(UnMessage):
    """What it sends is refused for good, and it says so: no defect."""

    def signalement(self, quoi: str) -> Message:
        return super().signalement(quoi) | {"departement": "62"}


class EnParallele(Juste):
    """Several parcours at once."""

    async def executer(self) -> int:
        await self.avoir_un_jeton()
        await asyncio.gather(*(self.deposer(self.signalement(f"p{rang}")) for rang in range(8)))
        return 1 if self.refuses else 0


class SuitUnParcours(Juste):
    """Facts about one parcours, one after the other; reacts to what it reads, once."""

    async def executer(self) -> int:
        ouvert = (await self.deposer(self.signalement("ouvre"))).json()
        if "parcours" not in ouvert:
            return 1
        for rang in range(2):
            await self.deposer(self.suite(ouvert["parcours"], f"suite-{rang}"))
        await self.lire_le_fil()
        return 1 if self.refuses else 0

    def suite(self, parcours: str, quoi: str) -> Message:
        return self.message("droits.modifies", exemple_valide("droits.modifies")["data"], quoi, parcours)

    async def traiter(self, evenement: Message) -> None:
        if evenement["type"] == "fr.insertion.rdv.planifie.v1":
            await self.deposer(self.suite(evenement["subject"], "reaction"))


class LaisseSonFil(Juste):
    """Leaves a feed that does not answer to its next run, and says so."""

    async def lire_le_fil(self) -> None:
        if (await self.envoyer("GET", "/v1/evenements?limite=1", None, None)).status_code == 503:
            raise Abandon
        await super().lire_le_fil()


class SansFin(Juste):
    """Never ends: something to send every half second, and its feed."""

    async def executer(self) -> int:
        while True:
            await self.deposer(self.signalement("encore"))
            await self.lire_le_fil()
            await self.dormir(0.5)


JUSTES: tuple[type[Juste], ...] = (
    Juste,
    UnMessage,
    UnLot,
    Lecteur,
    SArreteSurLe401,
    SignaleLesLignes,
    RenvoieToutLeLot,
    RepeteLeMemeContenu,
    TraceEnEnTete,
    MessageRefuse,
    EnParallele,
    SuitUnParcours,
    LaisseSonFil,
)


if __name__ == "__main__":
    voulu = sys.argv[1] if sys.argv[1:] else "Juste"
    sys.exit(asyncio.run(lancer(next(genre for genre in (*JUSTES, SansFin) if genre.__name__ == voulu))))
