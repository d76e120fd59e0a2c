"""The same questions to this hub and to another API of services, of data·inclusion's parameters, on the same catalogue.

`python -m tests.charge.terrain --donnees DIR --leur-adresse URL --leur-jeton FILE`: what differs, by rule, with an
example of each. Both hold what `deploy/bench/offre.py` writes. With `--cout S --leurs-pid PID…`, also processor and
throughput of both, in blocks of S seconds one after the other.
"""

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import psutil

from deploy.bench.caller import Caller
from deploy.bench.measure import closed_loop
from deploy.datadir import DataDir
from relais_contrats.codes.offre import Frais, ModeAccueil, Public, Thematique, TypeService
from services.offres.domain.fiche import sur_la_sphere
from services.offres.domain.lieu import distance_km
from services.offres.lieux import communes
from tests.charge.feuille import dire

Question = Mapping[str, str | Sequence[str]]
Reponse = Mapping[str, Mapping[str, Any]]
"""By id of the service: its record, and `km` when a distance is told."""
Lire = Callable[[Question], Awaitable[None]]
_RAYON_KM = 50.0
_SPHERE_ELLIPSOIDE = 0.006
"""A sphere and the ellipsoid of the Earth disagree by less than that, relatively."""
_CENTRE_A_KM = 10.0
"""The hub takes the services of a commune for its centre when it knows that only by its neighbours."""
_CENTRE, _INEXPLIQUE = "centre de la commune", "inexpliqué"
_TAILLE = 20


def questions(combien: int) -> list[Question]:
    """Half where people live, half anywhere; each with one to four filters. The same ones at each run."""
    hasard = random.Random(7)  # noqa: S311  reproducible, not secret
    lieux = [commune for commune in communes().values() if commune.centre]
    habites = hasard.choices(lieux, weights=[lieu.population for lieu in lieux], k=combien)
    return [_question(hasard, habites[n] if n % 2 else hasard.choice(lieux)) for n in range(combien)]


def _question(hasard: random.Random, lieu: Any) -> Question:
    thematiques = [code.value for code in Thematique]
    categories = sorted({code.partition("--")[0] for code in thematiques})
    possibles: dict[str, Sequence[str]] = {
        "thematiques": hasard.choice((hasard.sample(thematiques, 2), [hasard.choice(thematiques)])),
        "types": hasard.sample([code.value for code in TypeService], 2),
        "publics": hasard.sample([code.value for code in Public], 2),
        "frais": [hasard.choice(list(Frais)).value],
        "modes_accueil": [hasard.choice(list(ModeAccueil)).value],
    }
    if hasard.random() < 0.2:
        possibles["thematiques"] = [hasard.choice(categories)]
    choisis = {"thematiques" if hasard.random() < 0.7 else "types"}
    choisis |= set(hasard.sample(sorted(possibles), hasard.choice((0, 1, 1, 2, 3))))
    question: dict[str, str | Sequence[str]] = {"code_commune": lieu.code}
    if hasard.random() < 0.2:
        question |= {"lat": f"{lieu.centre[0] + hasard.gauss(0, 0.05):.5f}"}
        question |= {"lon": f"{lieu.centre[1] + hasard.gauss(0, 0.05):.5f}"}
    return question | {nom: possibles[nom] for nom in sorted(choisis)}


def notre_chemin(question: Question, taille: int) -> str:
    parametres = {nom: valeur if isinstance(valeur, str) else ",".join(valeur) for nom, valeur in question.items()}
    return "/v1/offres/services?" + urlencode(parametres | {"rayon_km": "50", "limite": str(taille)})


def leur_chemin(question: Question, taille: int, page: int = 1) -> str:
    return "/api/v1/search/services?" + urlencode({**question, "size": taille, "page": page}, doseq=True)


async def notre_reponse(nous: Caller, question: Question) -> Reponse:
    trouves: dict[str, Mapping[str, Any]] = {}
    chemin = notre_chemin(question, 100)
    suite: str | None = ""
    while suite is not None:
        _, contenu = await nous.request("GET", chemin + (f"&apres={suite}" if suite else ""), 200)
        page = orjson.loads(contenu)
        trouves |= {service["id"]: service | {"km": service.get("distance_km")} for service in page["services"]}
        suite = page["suite"]
    return trouves


async def leur_reponse(eux: aiohttp.ClientSession, question: Question) -> Reponse:
    trouves: dict[str, Mapping[str, Any]] = {}
    page, pages = 1, 1
    while page <= pages:
        async with eux.get(leur_chemin(question, 1_000, page)) as reponse:
            reponse.raise_for_status()
            dit = orjson.loads(await reponse.read())
        trouves |= {item["service"]["id"]: item["service"] | {"km": item["distance"]} for item in dit["items"]}
        page, pages = page + 1, dit["pages"]
    return trouves


@dataclass
class Bilan:
    """Differences by rule, each with its first example."""

    compte: Counter[str] = field(default_factory=Counter)
    exemples: dict[str, str] = field(default_factory=dict)

    def noter(self, regle: str, question: Question, exemple: str) -> None:
        self.compte[regle] += 1
        self.exemples.setdefault(regle, f"{exemple} {leur_chemin(question, _TAILLE)}")


def comparer(question: Question, nous: Reponse, eux: Reponse, bilan: Bilan) -> None:
    bilan.compte["questions de mêmes services"] += nous.keys() == eux.keys()
    bilan.compte["services rendus par les deux"] += len(nous.keys() & eux.keys())
    for id_ in sorted(nous.keys() ^ eux.keys()):
        seul, qui = (nous[id_], "nous seuls") if id_ in nous else (eux[id_], "eux seuls")
        bilan.noter(f"{qui} : {_presence(question, seul)}", question, id_)
    for id_ in sorted(nous.keys() & eux.keys()):
        if regle := _distance(question, nous[id_], nous[id_]["km"], eux[id_]["km"]):
            bilan.noter(f"distance : {regle}", question, f"{id_} {nous[id_]['km']} / {eux[id_]['km']}")


def _presence(question: Question, service: Mapping[str, Any]) -> str:
    """The rule by which one answers this service and the other does not."""
    demandes = set(question.get("publics", ()))
    if "tous-publics" in demandes and demandes.isdisjoint(service["publics"]):
        return "`tous-publics` demandé ne filtre rien chez eux"
    return _autour(question, service)


def _distance(question: Question, service: Mapping[str, Any], notre: float | None, leur: int | None) -> str | None:
    """The rule by which the two distances differ by more than the whole kilometres of theirs; None when they do not."""
    if notre is None or leur is None:
        if notre is None and leur is None:
            return None
        dite = leur is None and "en-presentiel" not in service["modes_accueil"]
        return "d'un service à distance seulement" if dite else _autour(question, service)
    ecart = abs(notre - leur)
    if ecart <= 0.56 + _SPHERE_ELLIPSOIDE * notre:
        return None
    return _CENTRE if _centre_incertain(question) and ecart <= _CENTRE_A_KM else _INEXPLIQUE


def _autour(question: Question, service: Mapping[str, Any]) -> str:
    """A sphere and an ellipsoid, or two centres of one commune, put on either side of the circle what is near it."""
    lieu = communes()[str(question["code_commune"])].centre
    ici = (float(str(question["lat"])), float(str(question["lon"]))) if "lat" in question else lieu
    assert ici is not None
    la = sur_la_sphere(service["latitude"], service["longitude"])
    km = distance_km(sum((a - b) ** 2 for a, b in zip(sur_la_sphere(*ici), la, strict=True)))
    if abs(km - _RAYON_KM) <= _RAYON_KM * _SPHERE_ELLIPSOIDE:
        return "bord du disque"
    return _CENTRE if _centre_incertain(question) and abs(km - _RAYON_KM) <= _CENTRE_A_KM else _INEXPLIQUE


def _centre_incertain(question: Question) -> bool:
    return "lat" not in question and communes()[str(question["code_commune"])].origine != "geonames"


def processeur_s(pids: Sequence[int]) -> float:
    """User and system seconds of these processes, of their children, and of those of them that have ended."""
    familles = {p for pid in pids for p in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))}
    return float(sum(sum(membre.cpu_times()[:4]) for membre in familles))


async def couter(nous: Caller, eux: aiohttp.ClientSession, choix: argparse.Namespace, data: DataDir) -> None:
    """Blocks of each in turn: requests per second, times, and processor of the server with its database."""
    connus = data.state()["processus"]
    assert isinstance(connus, dict)

    async def lire_nous(question: Question) -> None:
        await nous.request("GET", notre_chemin(question, choix.taille), 200)

    async def lire_eux(question: Question) -> None:
        async with eux.get(leur_chemin(question, choix.taille)) as reponse:
            reponse.raise_for_status()
            await reponse.read()

    for tour in range(1, choix.tours + 1):
        dire(f"{tour} nous : {await _bloc(lire_nous, [int(faits['pid']) for faits in connus.values()], choix)}")
        dire(f"{tour} eux : {await _bloc(lire_eux, choix.leurs_pid, choix)}")


async def _bloc(lire: Lire, pids: Sequence[int], choix: argparse.Namespace) -> str:
    posees = questions(2_000)
    faites = 0

    async def demander(numero: int) -> int:
        nonlocal faites
        await lire(posees[numero % len(posees)])
        faites += 1
        return 1

    avant = processeur_s(pids)
    charge = await closed_loop(demander, callers=choix.appelants, warm_up_s=0, duration_s=choix.cout)
    coute_ms = (processeur_s(pids) - avant) / faites * 1_000
    temps = f"p50 {charge.p50_ms:.0f} ms, p99 {charge.p99_ms:.0f} ms"
    return f"{charge.par_s}/s, {temps}, processeur {coute_ms:.1f} ms par recherche"


async def mesurer(choix: argparse.Namespace) -> None:
    data = DataDir(choix.donnees)
    jeton = {"Authorization": f"Bearer {choix.leur_jeton.read_text().strip()}"}
    async with (
        Caller.load(data, "cd-59", choix.appelants) as nous,
        aiohttp.ClientSession(choix.leur_adresse, headers=jeton) as eux,
    ):
        bilan = Bilan()
        for numero, question in enumerate(questions(choix.questions)):
            if numero % 50 == 0:
                await nous.token()  # one lasts five minutes
            reponses = await asyncio.gather(notre_reponse(nous, question), leur_reponse(eux, question))
            comparer(question, *reponses, bilan)
        dire(f"{choix.questions} questions")
        for regle, combien in sorted(bilan.compte.items()):
            dire(f"{combien:8,} {regle}  {bilan.exemples.get(regle, '')}")
        if choix.cout:
            await couter(nous, eux, choix, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--donnees", type=Path, required=True)
    parser.add_argument("--leur-adresse", required=True)
    parser.add_argument("--leur-jeton", type=Path, required=True)
    parser.add_argument("--leurs-pid", type=int, nargs="*", default=[])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--appelants", type=int, default=16)
    parser.add_argument("--taille", type=int, default=_TAILLE)
    parser.add_argument("--tours", type=int, default=3)
    parser.add_argument("--cout", type=float, default=0.0)
    asyncio.run(mesurer(parser.parse_args()))


if __name__ == "__main__":
    main()
