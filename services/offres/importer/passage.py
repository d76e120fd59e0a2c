"""One import, from the file to the catalogue: look at the ids, check the floor, publish block by block, withdraw.

What a block did is committed with the place where it stopped: the same command goes on from there after a crash.

    ImportRefuse       nothing was done; one French sentence
    ├── AutreImport    another import is running
    └── PlancherAtteint  it would withdraw more than a fifth of the source
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from chassis.database import Connection, Pool
from services.offres.importer import fichier
from services.offres.importer.controle import GENRES, Controle, Refus, Vus, controler, regarder
from services.offres.importer.fichier import Enregistrement
from services.offres.importer.rapport import Rapport
from services.offres.store import catalogue, centres, doublons, importation
from services.offres.store.catalogue import Genre, RetraitOffre
from services.offres.store.importation import Avancement
from services.offres.store.lignes import Ligne

T = TypeVar("T")

PART_MAX = 0.2
"""More than this share of a source's structures, or services, gone at once is more often a cut file than the truth."""
_BLOC = 2_000
_EN_VOL = 4
_LONG_S = 600
_PARIS = ZoneInfo("Europe/Paris")
_ETAPES: dict[str, Genre] = {"structures": "structure", "services": "service"}

Dire = Callable[[str, int, int], None]
"""Hears of the progress: the stage, how many records are done, of how many."""


class ImportRefuse(Exception):
    pass


class AutreImport(ImportRefuse):
    def __init__(self) -> None:
        super().__init__("un autre import est en cours.")


class PlancherAtteint(ImportRefuse):
    def __init__(self, genre: Genre, absents: int, vivants: int) -> None:
        super().__init__(
            f"{absents} {genre}s sur {vivants} seraient retirés, plus de {PART_MAX:.0%} de la source : rien n'a été "
            "fait. Si le fichier est bien complet, relancez avec --confirmer."
        )


@dataclass(frozen=True, slots=True)
class Demande:
    """What to import. `genre` None: told by each record."""

    chemin: Path
    source: str
    est_complet: bool
    est_confirme: bool
    genre: Genre | None
    rapport: Path


@dataclass(slots=True)
class Compte:
    """What became of the records of one genre."""

    lues: int = 0
    publiees: int = 0
    inchangees: int = 0
    refusees: int = 0
    retirees: int = 0


@dataclass(slots=True)
class Bilan:
    """The account of an import, as it is told."""

    structure: Compte = field(default_factory=Compte)
    service: Compte = field(default_factory=Compte)
    champs_ignores: Counter[str] = field(default_factory=Counter)
    repris_a: int = 0
    rapport_octets: int = 0

    def de(self, genre: Genre) -> Compte:
        return self.structure if genre == "structure" else self.service

    def en_json(self) -> dict[str, Any]:
        comptes = {genre: {champ: getattr(self.de(genre), champ) for champ in Compte.__slots__} for genre in GENRES}
        autres = {"champs_ignores": dict(self.champs_ignores), "repris_a": self.repris_a}
        return comptes | autres | {"rapport_octets": self.rapport_octets}

    @classmethod
    def lire(cls, comptes: Any) -> "Bilan":
        """From what `en_json` wrote; an empty object is an import that begins."""
        lus = {genre: Compte(**comptes.get(genre, {})) for genre in GENRES}
        ignores = Counter(comptes.get("champs_ignores", {}))
        return cls(lus["structure"], lus["service"], ignores, 0, comptes.get("rapport_octets", 0))


async def importer(
    pool: Pool, demande: Demande, travail: Executor, horloge: Callable[[], datetime], dire: Dire = lambda *_: None
) -> Bilan:
    """Run the import to its end. `travail` checks the records. Raises ImportRefuse and fichier.FichierRefuse."""
    empreinte = await asyncio.to_thread(fichier.empreinte, demande.chemin)
    async with pool.acquire() as conn:
        if not await importation.seul(conn):
            raise AutreImport
        try:
            async with conn.transaction():
                avancement = await importation.commencer(
                    conn, demande.source, empreinte, horloge(), est_complet=demande.est_complet
                )
            return await _Passage(conn, demande, travail, horloge, dire, avancement).faire()
        finally:
            await importation.laisser(conn)


class _Passage:
    def __init__(
        self,
        conn: Connection,
        demande: Demande,
        travail: Executor,
        horloge: Callable[[], datetime],
        dire: Dire,
        avancement: Avancement,
    ) -> None:
        self._conn = conn
        self._demande = demande
        self._travail = travail
        self._horloge = horloge
        self._dire = dire
        self._avancement = avancement
        self._bilan = Bilan.lire(avancement.comptes)
        self._doubles: set[tuple[str, str]] = set()
        self._jour = horloge().astimezone(_PARIS).date()

    async def faire(self) -> Bilan:
        total = await self._regarder()
        absentes = await self._absentes(total)
        self._bilan.repris_a = self._avancement.lignes if self._avancement.comptes else 0
        with Rapport(self._demande.rapport, self._bilan.rapport_octets) as rapport:
            for etape, genre in _ETAPES.items():
                if self._avancement.etape in ("structures", etape):
                    await self._publier(etape, genre, total, rapport)
            await self._retirer(absentes)
            await self._achever()
            rapport.conclure(self._bilan.en_json())
        return self._bilan

    async def _regarder(self) -> Counter[Genre]:
        """Note every id of the file, and how many records it has of each genre."""
        nombres: Counter[Genre] = Counter()
        await importation.oublier_vus(self._conn)
        vus: Vus
        async for vus, _ in self._en_parallele(_blocs(self._demande.chemin, 0), regarder, self._demande.genre):
            await importation.noter_vus(self._conn, vus.ids)
            nombres.update(vus.nombres)
            self._dire("lecture", nombres.total(), 0)
        self._doubles = await importation.en_double(self._conn)
        return nombres

    async def _absentes(self, nombres: Counter[Genre]) -> Sequence[tuple[str, str]]:
        """What a complete file no longer names. Raises PlancherAtteint; an empty file names nothing at all."""
        if not self._demande.est_complet:
            return ()
        genres = [self._demande.genre] if self._demande.genre else [genre for genre in GENRES if nombres[genre]]
        absentes = await importation.absentes(self._conn, self._demande.source, genres or GENRES)
        vivantes = await importation.vivantes(self._conn, self._demande.source)
        for genre, absents in Counter(genre for genre, _ in absentes).items():
            if absents > PART_MAX * vivantes[genre] and not self._demande.est_confirme:
                raise PlancherAtteint("service" if genre == "service" else "structure", absents, vivantes[genre])
        return absentes

    async def _publier(self, etape: str, genre: Genre, nombres: Counter[Genre], rapport: Rapport) -> None:
        """One sweep over the file for the records of one genre: services find their structures published."""
        if not nombres[genre]:
            return
        depart = self._avancement.lignes if self._avancement.etape == etape else 0
        demande = self._demande
        jusque = depart
        blocs = _blocs(demande.chemin, depart)
        controle: Controle
        async for controle, taille in self._en_parallele(
            blocs, controler, genre, demande.genre, demande.source, self._jour
        ):
            jusque += taille
            await self._prendre(etape, genre, controle, jusque, rapport)
            self._dire(etape, self._bilan.de(genre).lues, nombres[genre])

    async def _prendre(self, etape: str, genre: Genre, controle: Controle, jusque: int, rapport: Rapport) -> None:
        """Publish a block and note that it is done, in one transaction."""
        acceptes, refus = await self._admissibles(genre, controle)
        async with self._conn.transaction():
            rangees = [ligne for _, ligne in acceptes]
            changees = await catalogue.publier_lignes(self._conn, genre, rangees, self._horloge())
            compte = self._bilan.de(genre)
            compte.lues += controle.lues
            compte.publiees += len(changees)
            compte.inchangees += len(rangees) - len(changees)
            compte.refusees += controle.lues - len(rangees)
            self._bilan.champs_ignores.update(controle.ignores)
            self._bilan.rapport_octets = rapport.ecrire(refus)
            await importation.avancer(self._conn, self._avancement.numero, etape, jusque, self._bilan.en_json())

    async def _admissibles(
        self, genre: Genre, controle: Controle
    ) -> tuple[Sequence[tuple[int, Ligne]], Sequence[Refus]]:
        """What the catalogue decides beyond the schema: one record an id, and a service has its structure."""
        connues = set[str]()
        if genre == "service":
            connues = await importation.structures_vivantes(
                self._conn, (ligne.structure_id for _, ligne in controle.acceptes)
            )
        gardes: list[tuple[int, Ligne]] = []
        refus = list(controle.refus)
        for numero, ligne in controle.acceptes:
            if (genre, ligne.id) in self._doubles:
                refus.append(Refus(numero, "id", "/id", "doublon", "Plusieurs lignes du fichier ont cet identifiant."))
            elif genre == "service" and ligne.structure_id not in connues:
                phrase = "Cette structure n'est pas au catalogue."
                refus.append(Refus(numero, "structure_id", "/structure_id", "structure-inconnue", phrase))
            else:
                gardes.append((numero, ligne))
        return gardes, refus

    async def _retirer(self, absentes: Sequence[tuple[str, str]]) -> None:
        raison = f"Absent de l'import complet de {self._demande.source} du {self._jour:%d/%m/%Y}."
        retraits = [
            RetraitOffre(id_, "service" if genre == "service" else "structure", self._jour, raison)
            for genre, id_ in absentes
        ]
        if retraits:
            async with self._conn.transaction():
                services = await catalogue.retirer(self._conn, retraits, self._horloge())
            self._bilan.service.retirees = len(services)
            self._bilan.structure.retirees = sum(genre == "structure" for genre, _ in absentes)

    async def _achever(self) -> None:
        """What follows from the whole catalogue: duplicates, centres, indexes in order."""
        self._dire("finition", 0, 0)
        change = any(self._bilan.de(g).publiees or self._bilan.de(g).retirees for g in GENRES)
        async with self._conn.transaction():
            if change:
                await doublons.signaler(self._conn, None, self._horloge())
                await centres.observer(self._conn)
                await catalogue.purger(self._conn, self._horloge())
            await importation.achever(self._conn, self._avancement.numero, self._bilan.en_json(), self._horloge())
        if change:
            await catalogue.entretenir(self._conn, timeout_s=_LONG_S)

    async def _en_parallele(
        self, blocs: Iterator[Sequence[Enregistrement]], faire: Callable[..., T], *arguments: Any
    ) -> AsyncIterator[tuple[T, int]]:
        """Results in the order of the blocks, each with the size of its block; a few are under way at once."""
        en_vol: deque[tuple[Future[T], int]] = deque()
        reste = True
        while reste or en_vol:
            while reste and len(en_vol) < _EN_VOL:
                bloc = await asyncio.to_thread(next, blocs, ())
                reste = bool(bloc)
                if bloc:
                    en_vol.append((self._travail.submit(faire, bloc, *arguments), len(bloc)))
            if en_vol:
                promis, taille = en_vol.popleft()
                yield await asyncio.wrap_future(promis), taille


def _blocs(chemin: Path, sauter: int) -> Iterator[Sequence[Enregistrement]]:
    lus = islice(fichier.lire(chemin), sauter, None)
    while bloc := list(islice(lus, _BLOC)):
        yield bloc
