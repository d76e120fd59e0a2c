"""One import, from the file to the catalogue: look at the ids, check the floor, publish block by block, withdraw.

A block is committed with its place in the file: after a crash the same command goes on from there.

    ImportRefuse       nothing was done; one French sentence
    ├── AutreImport    another import is running
    └── PlancherAtteint  it would withdraw more than a fifth of the source
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice, repeat
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from chassis.database import Connection, Pool
from relais_contrats.territoires import jours_legaux
from services.offres.domain.offre import Genre
from services.offres.importer import fichier
from services.offres.importer.controle import GENRES, Controle, Refus, Vus, controler, regarder
from services.offres.importer.fichier import Bloc, Enregistrement
from services.offres.importer.rapport import Bilan, Rapport
from services.offres.store import catalogue, centres, doublons, importation
from services.offres.store.catalogue import RetraitOffre
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
    """The import to run. `genre` None: each record gives its own."""

    chemin: Path
    source: str
    est_complet: bool
    est_confirme: bool
    genre: Genre | None
    rapport: Path


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
        self._genres = bytearray()
        self._inchanges = bytearray()
        self._doubles: set[tuple[str, str]] = set()
        self._jour = horloge().astimezone(_PARIS).date()
        self._dernier_jour = max(jours_legaux(horloge()).values())
        """No record is dated after the day that it is somewhere."""

    async def faire(self) -> Bilan:
        await self._regarder()
        total: Counter[Genre] = Counter({genre: self._genres.count(rang) for rang, genre in enumerate(GENRES)})
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

    async def _regarder(self) -> None:
        """Record the ids of the file, the genre of each record, and the records that the catalogue has already."""
        demande = self._demande
        self._bilan.champs_ignores.clear()
        await importation.oublier_vus(self._conn)
        vus: Vus
        a_comparer = any((await importation.vivantes(self._conn, demande.source)).values())
        blocs = _blocs(demande.chemin, 0, repeat(True))
        regards = self._en_parallele(blocs, regarder, demande.genre, demande.source, self._dernier_jour, a_comparer)
        async for vus, _ in regards:
            await importation.noter_vus(self._conn, vus.nommes)
            self._genres += vus.genres
            self._bilan.champs_ignores.update(vus.ignores)
            self._dire("lecture", len(self._genres), 0)
        self._doubles = await importation.en_double(self._conn)
        self._inchanges = bytearray(len(self._genres))
        async with self._conn.transaction():
            async for rangs in importation.inchanges(self._conn, self._doubles):
                for rang in rangs:
                    self._inchanges[rang] = True

    async def _absentes(self, nombres: Counter[Genre]) -> Sequence[tuple[str, str]]:
        """Return the records that a complete file no longer names. Raises PlancherAtteint; an empty file names none."""
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
        controle: Controle
        blocs = _blocs(demande.chemin, depart, self._a_voir(genre))
        async for controle, bloc in self._en_parallele(blocs, controler, genre, demande.source, self._dernier_jour):
            await self._prendre(etape, genre, controle, bloc, rapport)
            self._dire(etape, self._bilan.de(genre).lues, nombres[genre])

    def _a_voir(self, genre: Genre) -> Iterator[bool]:
        """Whether each record of the file is of the genre, and not in the catalogue already."""
        numero = GENRES.index(genre)
        return (vu == numero and not inchange for vu, inchange in zip(self._genres, self._inchanges, strict=True))

    async def _prendre(self, etape: str, genre: Genre, controle: Controle, bloc: Bloc, rapport: Rapport) -> None:
        """Publish a block and note that it is done, in one transaction."""
        acceptes, refus = await self._admissibles(genre, controle)
        lues = self._genres.count(GENRES.index(genre), bloc.debut, bloc.fin)
        async with self._conn.transaction():
            rangees = [ligne for _, ligne in acceptes]
            changees = await catalogue.publier_lignes(self._conn, genre, rangees, self._horloge())
            compte = self._bilan.de(genre)
            refusees = len(bloc.enregistrements) - len(rangees)
            compte.lues += lues
            compte.publiees += len(changees)
            compte.refusees += refusees
            compte.inchangees += lues - refusees - len(changees)
            gardes = {numero for numero, _ in acceptes}
            dits = [dit for dit in controle.avertissements if dit.ligne in gardes]
            compte.averties += len({dit.ligne for dit in dits})
            self._bilan.rapport_octets = rapport.ecrire([*refus, *dits])
            await importation.avancer(self._conn, self._avancement.numero, etape, bloc.fin, self._bilan.en_json())

    async def _admissibles(
        self, genre: Genre, controle: Controle
    ) -> tuple[Sequence[tuple[int, Ligne]], Sequence[Refus]]:
        """Return the records that the catalogue accepts: one per id, and a service with its structure."""
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
        """Finish with the whole catalogue: indexes, then duplicates and centres."""
        self._dire("finition", 0, 0)
        change = any(self._bilan.de(g).publiees or self._bilan.de(g).retirees for g in GENRES)
        if change:
            await catalogue.entretenir(self._conn, timeout_s=_LONG_S)
        async with self._conn.transaction():
            if change:
                await doublons.signaler(self._conn, None, self._horloge())
                await centres.observer(self._conn)
                await catalogue.purger(self._conn, self._horloge())
            await importation.achever(self._conn, self._avancement.numero, self._bilan.en_json(), self._horloge())

    async def _en_parallele(
        self, blocs: Iterator[Bloc], faire: Callable[..., T], *arguments: Any
    ) -> AsyncIterator[tuple[T, Bloc]]:
        """Results in the order of the blocks, each with its block; a few are under way at once."""
        en_vol: deque[tuple[Future[T], Bloc]] = deque()
        reste = True
        while reste or en_vol:
            while reste and len(en_vol) < _EN_VOL:
                bloc = await asyncio.to_thread(next, blocs, None)
                reste = bloc is not None
                if bloc:
                    en_vol.append((self._travail.submit(faire, bloc, *arguments), bloc))
            if en_vol:
                promis, bloc = en_vol.popleft()
                yield await asyncio.wrap_future(promis), bloc


def _blocs(chemin: Path, depart: int, a_voir: Iterable[bool]) -> Iterator[Bloc]:
    """The file from a rank on, without what is not to be seen: however rare the rest is, a block is full of it."""
    debut = fin = depart
    retenus: list[Enregistrement] = []
    lus = zip(count(1), fichier.lire(chemin), a_voir, strict=False)
    for fin, enregistrement, est_a_voir in islice(lus, depart, None):
        if est_a_voir:
            retenus.append(enregistrement)
        if len(retenus) == _BLOC:
            yield Bloc(debut, fin, retenus)
            debut, retenus = fin, []
    if debut < fin:
        yield Bloc(debut, fin, retenus)
