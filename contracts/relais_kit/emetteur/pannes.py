"""The faults of the played hub, one kind a run: each decides what the mock's answer becomes on its way back."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Set
from typing import NamedTuple

from relais_contrats import problemes
from relais_contrats.lecture import empreinte
from relais_contrats.problemes import Problem
from relais_contrats.reception import ligne_de_refus
from relais_kit.emetteur.recu import Recu, lignes_de


class Reponse(NamedTuple):
    statut: int
    entetes: list[tuple[str, str]]
    corps: bytes


Suite = Callable[[bytes], Awaitable[Reponse]]
"""The mock's answer to this request, with the body that it is given."""

_PROBLEME = problemes.MEDIA_TYPE


class Panne:
    """None at all; a subclass touches the first exchange that it is about, and notes it in `touches`."""

    nom = "sans panne"
    retry_after_s = 0
    """What it asked to wait."""
    patience_s = 0.0
    """How long the answer itself may be held."""
    suite_s = 4.0
    """How long what follows is waited for, of a program that does not end."""

    def __init__(self, cible: Callable[[Recu], bool] = lambda recu: recu.est_depot) -> None:
        self._cible = cible
        self.touches: list[Recu] = []

    async def repondre(self, recu: Recu, suite: Suite) -> Reponse:
        if self.touches or not self._cible(recu):
            return await self.ensuite(recu, suite)
        self.toucher(recu)
        return await self.rompre(recu, suite)

    def toucher(self, recu: Recu) -> None:
        recu.panne, recu.note = self.nom, f"Panne jouée par le kit : {self.nom}."
        self.touches.append(recu)

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        """What the exchange that is touched is answered."""
        return await suite(recu.corps)

    async def ensuite(self, recu: Recu, suite: Suite) -> Reponse:
        """What all the others are answered."""
        return await suite(recu.corps)


class SansPanne(Panne):
    """Holds each answer a moment: requests that overlap show it."""

    def __init__(self, pause_s: float = 0.03) -> None:
        super().__init__(lambda _: False)
        self._pause_s = pause_s

    async def ensuite(self, recu: Recu, suite: Suite) -> Reponse:
        rendu = await suite(recu.corps)
        if recu.est_depot:
            await asyncio.sleep(self._pause_s)
        return rendu


class Indisponible(Panne):
    """503, or 429: nothing was kept."""

    def __init__(self, cible: Callable[[Recu], bool], statut: int, retry_after_s: int) -> None:
        super().__init__(cible)
        self.nom, self.retry_after_s = f"{statut}, Retry-After: {retry_after_s}", retry_after_s
        self.suite_s = retry_after_s + 10.0
        self._statut = statut

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        problem = Problem("indisponible") if self._statut == 503 else Problem(status=self._statut)
        return probleme(problem, {"retry-after": str(self.retry_after_s)})


class ReponsePerdue(Indisponible):
    """The message is stored but answered 503; sent again, it is answered 200."""

    def __init__(self, cible: Callable[[Recu], bool], retry_after_s: int) -> None:
        super().__init__(cible, 503, retry_after_s)

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        await suite(recu.corps)
        return await super().rompre(recu, suite)


class EnAttente(Panne):
    """202: stored, not yet decided."""

    nom = "202, en attente"

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        await suite(recu.corps)
        id_ = recu.messages[0].get("id") if recu.messages else None
        corps = json.dumps({"id": id_, "etat": "en-attente"}).encode()
        return Reponse(202, [("content-type", "application/json"), ("location", f"/v1/messages/{id_}")], corps)


class RefusDefinitif(Panne):
    """422, of a single message: nothing is to be sent again as it is."""

    nom = "422, message refusé"

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        return probleme(_refus())


class LignesRefusees(Panne):
    """In the first batch one line is to be sent again; the one before it is refused for good, as often as it comes."""

    nom, suite_s = "une ligne du lot est à refaire (503), une autre refusée (422)", 10.0

    def __init__(self, cible: Callable[[Recu], bool]) -> None:
        super().__init__(cible)
        self._refusees: set[str] = set()

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        milieu = len(recu.messages) // 2
        self._refusees = {empreinte(m) for m in recu.messages[max(milieu - 1, 0) : milieu]}
        return await self._partager(recu, suite, {milieu})

    async def ensuite(self, recu: Recu, suite: Suite) -> Reponse:
        if not recu.est_un_lot or not self._refusees:
            return await suite(recu.corps)
        return await self._partager(recu, suite, frozenset())

    async def _partager(self, recu: Recu, suite: Suite, a_refaire: Set[int]) -> Reponse:
        """`a_refaire`: ranks of the lines that are to be sent again."""
        refus = {rang: _refus() for rang, m in enumerate(recu.messages) if empreinte(m) in self._refusees}
        refus |= {rang: Problem("indisponible") for rang in a_refaire}
        autres = [m for rang, m in enumerate(recu.messages) if rang not in refus]
        est_ndjson = recu.genre == "application/x-ndjson"
        corps = b"".join(json.dumps(m).encode() + b"\n" for m in autres) if est_ndjson else json.dumps(autres).encode()
        rendu = await suite(corps)
        if rendu.statut != 200:
            return rendu
        lignes = lignes_de(rendu.corps)
        for rang, problem in sorted(refus.items()):
            dit = problemes.body(problem, "", None)
            lignes.insert(rang, {"id": recu.messages[rang].get("id"), "etat": "refuse", "ligne": rang + 1, **dit})
        contenu = b"".join(json.dumps(ligne, ensure_ascii=False).encode() + b"\n" for ligne in lignes)
        return Reponse(200, [("content-type", "application/x-ndjson")], contenu)


class ReponseEnrichie(Panne):
    """Every answer to a deposit has a field that v1 does not have yet."""

    nom = "un champ de plus dans la réponse"

    async def ensuite(self, recu: Recu, suite: Suite) -> Reponse:
        return _enrichir(await suite(recu.corps)) if recu.est_depot else await suite(recu.corps)

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        return _enrichir(await suite(recu.corps))


class JetonCourt(Indisponible):
    """Tokens live for a few seconds, and a 503 makes the message wait longer."""

    def __init__(self, cible: Callable[[Recu], bool], vie_s: int = 2) -> None:
        super().__init__(cible, 503, vie_s + 1)
        self.nom = f"jeton de {vie_s} s, puis 503 et Retry-After: {vie_s + 1}"
        self._vie_s = vie_s
        self._donnes: dict[str, float] = {}
        self.expires: set[str] = set()

    async def repondre(self, recu: Recu, suite: Suite) -> Reponse:
        if recu.est_jeton:
            return self._raccourcir(recu, await suite(recu.corps))
        donne_a = self._donnes.get(recu.jeton or "")
        if recu.est_garde and recu.jeton and donne_a is not None and recu.debut - donne_a > self._vie_s:
            self.expires.add(recu.jeton)
            return _jeton_refuse("the access token has expired")
        return await super().repondre(recu, suite)

    def _raccourcir(self, recu: Recu, rendu: Reponse) -> Reponse:
        if rendu.statut != 200:
            return rendu
        corps = json.loads(rendu.corps)
        self._donnes[corps["access_token"]] = recu.debut
        return rendu._replace(corps=json.dumps({**corps, "expires_in": self._vie_s}).encode())


class JetonRevoque(Panne):
    """The first token is refused from its first use on, as after a change of the hub's keys."""

    nom = "401, le jeton n'est plus reconnu"

    def __init__(self, cible: Callable[[Recu], bool]) -> None:
        super().__init__(cible)
        self.refuse: str | None = None

    async def rompre(self, recu: Recu, suite: Suite) -> Reponse:
        self.refuse = recu.jeton
        return _jeton_refuse("the access token is not valid")

    async def ensuite(self, recu: Recu, suite: Suite) -> Reponse:
        if recu.est_garde and recu.jeton and recu.jeton == self.refuse:
            return _jeton_refuse("the access token is not valid")
        return await suite(recu.corps)


def probleme(problem: Problem, entetes: Mapping[str, str] | None = None) -> Reponse:
    corps = json.dumps(problemes.body(problem, "", None), ensure_ascii=False).encode()
    return Reponse(problem.status, [("content-type", _PROBLEME), *(entetes or {}).items()], corps)


def _refus() -> Problem:
    return Problem("schema-invalide", erreurs=[ligne_de_refus("schema-invalide", "/data")])


def _jeton_refuse(pourquoi: str) -> Reponse:
    defi = f'DPoP error="invalid_token", error_description="{pourquoi}", algs="ES256 PS256 EdDSA"'
    return probleme(Problem(status=401), {"www-authenticate": defi})


def _enrichir(rendu: Reponse) -> Reponse:
    if rendu.statut >= 300:
        return rendu
    lignes = [{**ligne, "champ_du_kit": {"nouveau": True}} for ligne in lignes_de(rendu.corps)]
    corps = b"\n".join(json.dumps(ligne, ensure_ascii=False).encode() for ligne in lignes)
    return rendu._replace(corps=corps)
