"""The catalogue of the mock: publications and withdrawals, searched in memory. It knows no commune but those of its
services.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem
from relais_contrats.qualite import qualite
from relais_contrats.territoires import commune_actuelle, territoire_de

Fiche = Mapping[str, Any]
STRUCTURE, SERVICE = "structure", "service"
PUBLIENT: Final = {
    "structure.publiee": STRUCTURE,
    "service.publie": SERVICE,
    "structure.retiree": STRUCTURE,
    "service.retire": SERVICE,
}
_FILTRES: Final = {
    "thematiques": "thematiques",
    "types": "type",
    "publics": "publics",
    "frais": "frais",
    "modes_accueil": "modes_accueil",
    "sources": "source",
}
_RAYON_KM, _TERRE_KM = 50.0, 6371.0
_A_REVOIR, _PERIME = timedelta(days=180), timedelta(days=730)


@dataclass
class Offre:
    """`faits`: the publications and withdrawals, the last one of each record, in order; the number of all is the
    version."""

    fiches: dict[tuple[str, str], Fiche] = field(default_factory=dict)
    faits: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    version: int = 0

    def retenir(self, nom: str, donnees: Mapping[str, Any]) -> None:
        """A message of the offer was accepted."""
        genre, id_ = PUBLIENT[nom], donnees["id"]
        self.version += 1
        self.fiches.pop((genre, id_), None)
        self.faits.pop((genre, id_), None)
        fait: dict[str, Any] = {"nature": "retrait", "genre": genre, "id": id_}
        if nom.endswith(("publie", "publiee")):
            self.fiches[genre, id_] = donnees
            fait |= {"nature": "publication", "donnees": donnees}
        else:
            fait |= {"date": donnees["date"], "raison": donnees["raison"]}
        self.faits[genre, id_] = self.version, fait

    def siret_du_service(self, service_id: str) -> str | None:
        service = self.fiches.get((SERVICE, service_id), {})
        siret: str | None = self.fiches.get((STRUCTURE, service.get("structure_id", "")), {}).get("siret")
        return siret

    def les(self, genre: str) -> Iterator[Fiche]:
        return (fiche for (quoi, _), fiche in self.fiches.items() if quoi == genre)

    def lire(self, genre: str, id_: str, jour: date) -> dict[str, Any]:
        """Raises a Problem: 404 for a record that was never published, 410 for one that was withdrawn."""
        if fiche := self.fiches.get((genre, id_)):
            return _note(fiche, jour) if genre == SERVICE else {**fiche, "doublons_probables": []}
        if (genre, id_) not in self.faits:
            raise Problem(status=404)
        _, fait = self.faits[genre, id_]
        raise Problem(status=410, extra={"retrait": {champ: fait[champ] for champ in ("date", "raison")}})

    def services(self, demande: Mapping[str, Any], jour: date) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Return all matching services, and the additions of the first page. Raises a Problem."""
        trouves = [fiche for fiche in self.les(SERVICE) if _repond(fiche, demande)]
        lieu = self._lieu(demande)
        vus = [_note(fiche, jour) | _ou(fiche, lieu) for fiche in trouves]
        if lieu:
            vus = sorted((un for un in vus if _est_a_portee(un, lieu)), key=lambda un: un.get("distance_km", math.inf))
        dit: dict[str, Any] = {"version": self.version} | ({"lieu": lieu} if lieu else {})
        if facettes := demande.get("facettes"):
            dit |= {"total": len(vus), "facettes": {nom: _compter(vus, _FILTRES[nom]) for nom in facettes}}
        return vus, dit

    def structures(self, demande: Mapping[str, Any]) -> list[Fiche]:
        return [
            fiche for fiche in self.les(STRUCTURE) if all(_lu(fiche, nom) == valeur for nom, valeur in demande.items())
        ]

    def territoire(self, departement: str, jour: date) -> dict[str, Any]:
        """Return the publications of a département, in the form of `/v1/statistiques/offres`."""
        siens = [fiche for fiche in self.les(SERVICE) if _lu(fiche, "departement") == departement]
        a_revoir, perimes = (sum(_est_plus_vieux(f, jour, age) for f in siens) for age in (_A_REVOIR, _PERIME))
        par_thematique = Counter(theme for fiche in siens for theme in fiche.get("thematiques") or ())
        dit = {
            "departement": departement,
            "services": len(siens),
            "structures": len({fiche["structure_id"] for fiche in siens}),
            "a_revoir": a_revoir,
            "perimes": perimes,
            "part_a_revoir": round(a_revoir / len(siens), 4) if siens else None,
            "part_perimes": round(perimes / len(siens), 4) if siens else None,
        }
        return dit | {
            "thematiques": [
                {"thematique": theme, "services": nombre, "a_revoir": _a_revoir(siens, theme, jour)}
                for theme, nombre in par_thematique.most_common()
            ]
        }

    def _lieu(self, demande: Mapping[str, Any]) -> dict[str, Any] | None:
        """A commune is where its services are: the mock has no map."""
        rayon = {"rayon_km": float(demande.get("rayon_km") or _RAYON_KM)}
        if "lat" in demande:
            return {"latitude": demande["lat"], "longitude": demande["lon"], **rayon, "centre": "point"}
        if (code := demande.get("code_commune")) is None:
            return None
        if territoire_de(code) is None:
            raise _refus("commune-inconnue", "Ce code n'est celui d'aucune commune d'aujourd'hui.")
        points = [
            (float(fiche["latitude"]), float(fiche["longitude"]))
            for fiche in self.les(SERVICE)
            if _lu(fiche, "code_commune") == commune_actuelle(code) and fiche.get("latitude") is not None
        ]
        if not points:
            raise _refus("commune-sans-centre", "Le centre de cette commune n'est pas connu : donnez aussi lat et lon.")
        latitude, longitude = (sum(axe) / len(points) for axe in zip(*points, strict=True))
        return {"latitude": latitude, "longitude": longitude, **rayon, "centre": "services"}


def _refus(code: str, phrase: str) -> Problem:
    return Problem("schema-invalide", erreurs=[Erreur("code_commune", code, phrase)])


def _repond(fiche: Fiche, demande: Mapping[str, Any]) -> bool:
    mots = f"{fiche['nom']} {fiche['description']}".casefold()
    if not all(mot in mots for mot in demande.get("q", "").casefold().split()):
        return False
    if fiche["date_maj"] < demande.get("maj_depuis", ""):
        return False
    return all(_est_un_de(fiche, filtre, demande[filtre]) for filtre in _FILTRES if filtre in demande)


def _est_un_de(fiche: Fiche, filtre: str, voulus: Sequence[str]) -> bool:
    """A category stands for its thématiques; who is of one public is welcome where all are."""
    dits = _codes(fiche, _FILTRES[filtre])
    if filtre == "publics":
        voulus = [*voulus, "tous-publics"]
    categories = {dit.partition("--")[0] for dit in dits} if filtre == "thematiques" else set()
    return not (set(dits) | categories).isdisjoint(voulus)


def _codes(fiche: Fiche, champ: str) -> Sequence[str]:
    dit = fiche.get(champ) or ()
    return (dit,) if isinstance(dit, str) else dit


def _compter(fiches: Sequence[Fiche], champ: str) -> dict[str, int]:
    return dict(Counter(code for fiche in fiches for code in _codes(fiche, champ)).most_common())


def _note(fiche: Fiche, jour: date) -> dict[str, Any]:
    return {**fiche, "score_qualite": qualite(fiche).score(date.fromisoformat(fiche["date_maj"]), jour)}


def _ou(fiche: Fiche, lieu: Mapping[str, Any] | None) -> dict[str, float]:
    """How far, if it is within the radius."""
    if lieu is None or fiche.get("latitude") is None or fiche.get("longitude") is None:
        return {}
    distance = _distance_km(lieu["latitude"], lieu["longitude"], float(fiche["latitude"]), float(fiche["longitude"]))
    return {"distance_km": round(distance, 1)} if distance <= lieu["rayon_km"] else {}


def _est_a_portee(service: Mapping[str, Any], lieu: Mapping[str, Any]) -> bool:
    return "distance_km" in service or "a-distance" in (service.get("modes_accueil") or ())


def _distance_km(lat: float, lon: float, autre_lat: float, autre_lon: float) -> float:
    phi, autre_phi, ecart = math.radians(lat), math.radians(autre_lat), math.radians(autre_lon - lon)
    corde = math.sin((autre_phi - phi) / 2) ** 2 + math.cos(phi) * math.cos(autre_phi) * math.sin(ecart / 2) ** 2
    return 2 * _TERRE_KM * math.asin(math.sqrt(min(1.0, corde)))


def _lu(fiche: Fiche, nom: str) -> str | None:
    """A field that a list filters by."""
    if nom in ("departement", "code_commune"):
        commune = fiche.get("code_insee")
        actuelle = commune_actuelle(commune) if commune else None
        return actuelle if nom == "code_commune" or actuelle is None else territoire_de(actuelle)
    valeur: str | None = fiche.get(nom)
    return valeur


def _est_plus_vieux(fiche: Fiche, jour: date, age: timedelta) -> bool:
    return date.fromisoformat(fiche["date_maj"]) < jour - age


def _a_revoir(fiches: Sequence[Fiche], theme: str, jour: date) -> int:
    return sum(theme in (f.get("thematiques") or ()) and _est_plus_vieux(f, jour, _A_REVOIR) for f in fiches)
