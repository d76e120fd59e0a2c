"""The search of services: what a question asks for as SQL over one version of the catalogue, page by page.

One GIN index answers the filters (`cles`); rows are then compared with the disc and the version. Distances order a
list near a place; with a text, its rank does; without either, the order of publication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from chassis.database import Connection, Record
from services.offres import lieux, mots
from services.offres.domain import lieu as globe
from services.offres.domain.fiche import Qualite, sur_la_sphere
from services.offres.store import centres

Json = dict[str, Any]

PREFIXES = {"thematiques": "th", "types": "ty", "publics": "pu", "frais": "fr", "modes_accueil": "mo", "sources": "so"}
"""Filter (and facet) → prefix of its keys."""
_A_DISTANCE = "zd"
_TOUS_PUBLICS = "pu:tous-publics"
# Around a town the nearest services fill a page: the disc grows only while it holds too few. Of one thématique they are
# rarer, one step less; in the country the whole disc costs less than a second look.
_ANNEAUX_KM = (4.0, 14.0)
_ANNEAUX_THEMATIQUE_KM = (14.0,)
_VILLE = 20_000
_RAYON_KM = 50.0
_PAGE = 20
_SUR_A_PARTIR_DE = 3
_SEMBLABLE = 0.45
_PARIS = ZoneInfo("Europe/Paris")
_NULLE_PART = 9
"""Further than any squared chord, which is 4 at most."""

_VERSION = "SELECT version, plancher FROM catalogue"
_CORDE2 = "((x - {x}) ^ 2 + (y - {y}) ^ 2 + (z - {z}) ^ 2)"
_VISIBLE = "publie_a <= {version} AND (retire_a IS NULL OR retire_a > {version})"
_COLONNES = "id, date_maj, qualite_somme, qualite_criteres, qualite_age, donnees"
_SEMBLABLES = """
SELECT mot FROM mots WHERE mot OPERATOR(public.%) $1 ORDER BY public.similarity(mot, $1) DESC, mot LIMIT 6
"""
_PROCHE = "SELECT public.similarity($1, $2)"


class Erreur(Exception):
    """What the question asks for cannot be answered: a code of the refusals, and the parameter to blame."""

    def __init__(self, code: str, champ: str, phrase: str) -> None:
        super().__init__(code)
        self.json: Json = {"erreur": {"code": code, "champ": champ, "phrase": phrase}}


@dataclass(slots=True)
class Requete:
    """SQL that grows: conditions joined by AND, and their arguments."""

    conditions: list[str] = field(default_factory=list)
    arguments: list[Any] = field(default_factory=list)

    def arg(self, valeur: Any) -> str:
        self.arguments.append(valeur)
        return f"${len(self.arguments)}"

    def et(self, condition: str) -> None:
        self.conditions.append(condition)

    def position(self, *place: float) -> str:
        """Keys of the order, then the number of the row."""
        *cles, numero = place
        return f"({', '.join([f'{self.arg(cle)}::float8' for cle in cles])}, {self.arg(numero)}::bigint)"

    def cles(self, valeurs: Sequence[str]) -> str:
        return f"cles && {self.arg(list(valeurs))}::text[]"

    def zones(self, valeurs: Sequence[str]) -> str:
        return f"zones && {self.arg(list(valeurs))}::text[]"

    def ou(self) -> str:
        return " AND ".join(self.conditions) or "true"


@dataclass(frozen=True, slots=True)
class Lieu:
    """Where the search is centred; `zones` None when no commune tells who is eligible."""

    latitude: float
    longitude: float
    rayon_km: float
    zones: Sequence[str] | None
    origine: str

    def corde2(self, requete: Requete) -> str:
        x, y, z = (f"{requete.arg(c)}::float8" for c in sur_la_sphere(self.latitude, self.longitude))
        return _CORDE2.format(x=x, y=y, z=z)

    def en_json(self) -> Json:
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "rayon_km": self.rayon_km,
            "centre": self.origine,
        }


async def services(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{code_commune?, lat?, lon?, rayon_km?, q?, <filtres>?, maj_depuis?, facettes?, limite?, apres?, maintenant?}`
    → `{services, suite, version, lieu?, total?, facettes?}`, or `{erreur}`.

    `suite` is the position to give back as `apres`, with the version that the list is read at.
    """
    try:
        return await _Recherche(demande).faire(conn)
    except Erreur as erreur:
        return erreur.json


async def version_lue(conn: Connection, apres: Sequence[Any] | None) -> int:
    """The version of a list: that of its first page. Raises Erreur when it is no longer kept."""
    row = await conn.fetchrow(_VERSION)
    assert row is not None
    if apres is None:
        return int(row["version"])
    if apres[0] < row["plancher"]:
        raise Erreur("curseur-perime", "apres", "Cette liste n'est plus tenue : reprenez-la depuis le début.")
    return int(apres[0])


class _Recherche:
    def __init__(self, demande: Mapping[str, Any]) -> None:
        self._demande = demande
        self._limite: int = demande.get("limite") or _PAGE
        self._apres: Sequence[Any] | None = demande.get("apres")
        maintenant = datetime.fromisoformat(demande["maintenant"]) if demande.get("maintenant") else None
        self._jour = (maintenant or datetime.now(_PARIS)).astimezone(_PARIS).date()

    async def faire(self, conn: Connection) -> Json:
        self._version = await version_lue(conn, self._apres)
        self._lieu = await _situer(conn, self._demande)
        self._texte = await _tsquery(conn, self._demande["q"]) if self._demande.get("q") else None
        reponse: Json = {"version": self._version}
        if self._texte or self._lieu is None:
            trouves, suite = await self._classes(conn)
        else:
            trouves, suite = await self._proches(conn, self._lieu)
        reponse |= {"services": trouves, "suite": suite}
        if self._lieu:
            reponse["lieu"] = self._lieu.en_json()
        if self._demande.get("facettes"):
            reponse |= await self._facettes(conn, self._demande["facettes"])
        return reponse

    def _filtree(self) -> Requete:
        """The filters that do not depend on the place, on the version of the list."""
        requete = Requete()
        requete.et(_VISIBLE.format(version=requete.arg(self._version)))
        for filtre, prefixe in PREFIXES.items():
            if codes := self._demande.get(filtre):
                voulues = [f"{prefixe}:{code}" for code in codes]
                # Who is of one public is welcome where all are.
                requete.et(requete.cles([*voulues, _TOUS_PUBLICS] if filtre == "publics" else voulues))
        if depuis := self._demande.get("maj_depuis"):
            requete.et(f"date_maj >= {requete.arg(date.fromisoformat(depuis))}")
        if self._texte:
            requete.et(f"texte @@ {requete.arg(self._texte)}::tsquery")
        return requete

    def _autour(self, requete: Requete, lieu: Lieu, rayon_km: float) -> str:
        """Located within the radius; its squared chord, as SQL."""
        corde2 = lieu.corde2(requete)
        requete.et(requete.cles(globe.mailles(lieu.latitude, lieu.longitude, rayon_km)))
        requete.et(f"{corde2} <= {requete.arg(globe.corde2(rayon_km))}")
        return corde2

    def _partout(self) -> Requete:
        """Everything that the question asks for, near and remote."""
        requete, lieu = self._filtree(), self._lieu
        if lieu is None:
            return requete
        proche = Requete(arguments=requete.arguments)
        self._autour(proche, lieu, lieu.rayon_km)
        if lieu.zones is None:
            requete.et(proche.ou())
        else:
            requete.et(requete.zones(lieu.zones))
            a_distance = requete.cles([f"{_A_DISTANCE}:{zone}" for zone in lieu.zones])
            requete.et(f"(({proche.ou()}) OR {a_distance})")
        return requete

    def _eloignement(self, requete: Requete) -> str:
        """The squared chord as SQL; out of the radius, or without any place, what is beyond every place."""
        if self._lieu is None:
            return f"{_NULLE_PART}::float8"
        corde2, rayon = self._lieu.corde2(requete), requete.arg(globe.corde2(self._lieu.rayon_km))
        return f"CASE WHEN {corde2} <= {rayon} THEN {corde2} ELSE {_NULLE_PART} END"

    async def _classes(self, conn: Connection) -> tuple[list[orjson.Fragment], Sequence[Any] | None]:
        """By rank of the text, then by distance; without a text, as they were published."""
        requete = self._partout()
        corde2 = self._eloignement(requete)
        rang = f"-ts_rank(texte, {requete.arg(self._texte)}::tsquery)::float8" if self._texte else "0::float8"
        if self._apres:
            requete.et(f"({rang}, {corde2}, numero) > {requete.position(*self._apres[2:])}")
        rows = await self._page(conn, requete, f"{rang} AS a, {corde2} AS b", "a, b, numero", self._limite)
        return self._montrer(rows, "t", "a", "b")

    async def _proches(self, conn: Connection, lieu: Lieu) -> tuple[list[orjson.Fragment], Sequence[Any] | None]:
        """The nearest first; then those at a distance that take in who lives there, the freshest first."""
        rows: Sequence[Record] = ()
        if self._apres is None or self._apres[1] == "d":
            rows = await self._voisins(conn, lieu)
            if len(rows) > self._limite or lieu.zones is None:
                return self._montrer(rows, "d", "a", "b")
        assert lieu.zones is not None
        distants = await self._distants(conn, lieu, lieu.zones, self._limite - len(rows))
        pres = [self._dite(row) for row in rows]
        loin, suite = self._montrer(distants, "a", "a", "b", self._limite - len(rows))
        return pres + loin, suite

    async def _voisins(self, conn: Connection, lieu: Lieu) -> Sequence[Record]:
        depart = self._apres[2] if self._apres else -1.0
        rows: Sequence[Record] = ()
        anneaux: Sequence[float] = _ANNEAUX_THEMATIQUE_KM if self._demande.get("thematiques") else _ANNEAUX_KM
        commune = lieux.communes().get(self._demande.get("code_commune") or "")
        if commune and commune.population < _VILLE:
            anneaux = ()
        for rayon_km in [r for r in anneaux if r < lieu.rayon_km] + [lieu.rayon_km]:
            if globe.corde2(rayon_km) <= depart:
                continue
            requete = self._filtree()
            if lieu.zones is not None:
                requete.et(requete.zones(lieu.zones))
            corde2 = self._autour(requete, lieu, rayon_km)
            if self._apres:
                requete.et(
                    f"({corde2}, numero) > ({requete.arg(depart)}::float8, {requete.arg(self._apres[4])}::bigint)"
                )
            rows = await self._page(conn, requete, f"{corde2} AS a, {corde2} AS b", "a, numero", self._limite)
            if len(rows) > self._limite:
                break
        return rows

    async def _distants(self, conn: Connection, lieu: Lieu, zones: Sequence[str], limite: int) -> Sequence[Record]:
        requete = self._filtree()
        requete.et(requete.cles([f"{_A_DISTANCE}:{zone}" for zone in zones]))
        requete.et(f"(x IS NULL OR {lieu.corde2(requete)} > {requete.arg(globe.corde2(lieu.rayon_km))})")
        age = "(date '2100-01-01' - date_maj)::float8"
        if self._apres and self._apres[1] == "a":
            requete.et(
                f"({age}, numero) > ({requete.arg(self._apres[2])}::float8, {requete.arg(self._apres[4])}::bigint)"
            )
        return await self._page(conn, requete, f"{age} AS a, {_NULLE_PART}::float8 AS b", "a, numero", limite)

    async def _page(self, conn: Connection, requete: Requete, cle: str, ordre: str, limite: int) -> Sequence[Record]:
        """One row more than the page, which says whether the list goes on."""
        statement = f"""
SELECT a, b, numero, {_COLONNES} FROM (
    SELECT numero, {cle} FROM services WHERE {requete.ou()} ORDER BY {ordre} LIMIT {requete.arg(limite + 1)}
) page JOIN services USING (numero) ORDER BY {ordre}
"""  # noqa: S608  made of constants; every value is an argument
        return await conn.fetch(statement, *requete.arguments)

    def _montrer(
        self, rows: Sequence[Record], flux: str, a: str, b: str, limite: int | None = None
    ) -> tuple[list[orjson.Fragment], Sequence[Any] | None]:
        limite = self._limite if limite is None else limite
        montres = rows[:limite]
        suite = None
        if len(rows) > limite:
            # An empty page goes on from where it was asked to.
            suite = (
                [self._version, flux, montres[-1][a], montres[-1][b], montres[-1]["numero"]]
                if montres
                else [self._version, flux, -1.0, -1.0, 0]
            )
        return [self._dite(row) for row in montres], suite

    def _dite(self, row: Record) -> orjson.Fragment:
        """The record as it was published, with what the search adds."""
        ajout: Json = {"score_qualite": score(row, self._jour)}
        if row["b"] < _NULLE_PART:
            ajout["distance_km"] = round(globe.distance_km(row["b"]), 1)
        return joindre(row["donnees"], ajout)

    async def _facettes(self, conn: Connection, voulues: Sequence[str]) -> Json:
        """How many services of the whole list, and of each code of the facets."""
        requete = self._partout()
        prefixes = [PREFIXES[facette] for facette in voulues]
        statement = f"""
WITH trouves AS MATERIALIZED (SELECT cles FROM services WHERE {requete.ou()})
SELECT '' AS cle, count(*) AS nombre FROM trouves
UNION ALL
SELECT cle, count(*) FROM trouves, unnest(cles) AS cle
WHERE split_part(cle, ':', 1) = ANY({requete.arg(prefixes)}) GROUP BY cle
"""  # noqa: S608
        nombres = {row["cle"]: row["nombre"] for row in await conn.fetch(statement, *requete.arguments)}
        facettes: dict[str, dict[str, int]] = {facette: {} for facette in voulues}
        for cle in sorted(nombres, key=lambda c: (-nombres[c], c)):
            prefixe, _, code = cle.partition(":")
            for facette in voulues:
                # A category counts under the name of its thématiques, not as one of them.
                if PREFIXES[facette] == prefixe and (facette != "thematiques" or "--" in code):
                    facettes[facette][code] = nombres[cle]
        return {"total": nombres[""], "facettes": facettes}


def score(row: Record, jour: date) -> float:
    return Qualite(row["qualite_somme"], row["qualite_criteres"], row["qualite_age"]).score(row["date_maj"], jour)


def joindre(donnees: str, ajout: Mapping[str, Any]) -> orjson.Fragment:
    """A stored JSON object with more fields, without reading it."""
    if not ajout:
        return orjson.Fragment(donnees)
    return orjson.Fragment(orjson.dumps(ajout)[:-1] + b"," + donnees.encode()[1:])


async def _situer(conn: Connection, demande: Mapping[str, Any]) -> Lieu | None:
    """A point wins over the centre of its commune, which then only tells the zones. None: nowhere in particular."""
    rayon_km = float(demande.get("rayon_km") or _RAYON_KM)
    code, latitude = demande.get("code_commune"), demande.get("lat")
    if code is None:
        return Lieu(latitude, demande["lon"], rayon_km, None, "point") if latitude is not None else None
    commune = lieux.communes().get(code)
    if commune is None:
        raise Erreur("commune-inconnue", "code_commune", "Ce code n'est celui d'aucune commune d'aujourd'hui.")
    zones = commune.zones
    if latitude is not None:
        return Lieu(latitude, demande["lon"], rayon_km, zones, "point")
    centre, origine = await centre_de(conn, commune)
    return Lieu(*centre, rayon_km, zones, origine)


async def centre_de(conn: Connection, commune: lieux.Commune) -> tuple[tuple[float, float], str]:
    """GeoNames first; then enough services of the commune itself; then its neighbours; then any service of its own."""
    if commune.centre and commune.origine == "geonames":
        return commune.centre, commune.origine
    observe = await centres.observe(conn, commune.code)
    if observe and (observe[2] >= _SUR_A_PARTIR_DE or not commune.centre):
        return (observe[0], observe[1]), "services"
    if not commune.centre:
        phrase = "Le centre de cette commune n'est pas connu : donnez aussi lat et lon."
        raise Erreur("commune-sans-centre", "code_commune", phrase)
    return commune.centre, commune.origine


async def _tsquery(conn: Connection, q: str) -> str:
    """Every word that says something must be there, by its stem, or by that of a name it resembles when no name has
    its stem. Stems hold letters and digits only."""
    dits = [mot for mot in mots.decouper(q) if mots.racine(mot)]
    if not dits:
        raise Erreur("schema-invalide", "q", "Aucun mot de cette recherche ne dit ce qui est cherché.")
    termes = []
    for mot in dict.fromkeys(dits):
        stems = [mots.racine(mot)]
        semblables = [row["mot"] for row in await conn.fetch(_SEMBLABLES, mot)]
        if stems[0] not in mots.racines(semblables):
            stems += [
                mots.racine(autre) for autre in semblables if await conn.fetchval(_PROCHE, autre, mot) >= _SEMBLABLE
            ]
        termes.append("(" + " | ".join(dict.fromkeys(stems)) + ")")
    return " & ".join(termes)
