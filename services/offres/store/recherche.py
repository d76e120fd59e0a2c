"""The search of services: a question as SQL over one version of the catalogue, page by page.

Near a place, `reperes` gives the nearest services of a thématique, and `distants` the freshest of a zone; other filters
and texts go through one GIN index (`cles`), whose rows are then compared with the disc. Distances order a list near a
place; with a text, its rank does; without either, the order of publication.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from chassis.database import Connection, Record
from relais_contrats.codes.offre import Thematique
from relais_contrats.qualite import Qualite
from services.offres.domain import lieu as globe
from services.offres.store.centres import Lieu, situer
from services.offres.store.requete import Erreur, Json, Requete, jour, version_de
from services.offres.store.vocabulaire import tsquery

PREFIXES = {"thematiques": "th", "types": "ty", "publics": "pu", "frais": "fr", "modes_accueil": "mo", "sources": "so"}
"""Filter (and facet) → prefix of its keys."""
_A_DISTANCE = "zd"
_TOUS_PUBLICS = "pu:tous-publics"
_HORS_REPERES = ("maj_depuis", *(filtre for filtre in PREFIXES if filtre != "thematiques"))
# Around a town the nearest services fill a page: the disc grows only while it holds too few. Of one thématique they are
# rarer, one step less; in the country the whole disc costs less than a second look.
_ANNEAUX_KM = (4.0, 14.0)
_ANNEAUX_THEMATIQUE_KM = (14.0,)
_VILLE = 20_000
_PAGE = 20
_NULLE_PART = 9
"""Further than any squared chord, which is 4 at most."""
_AGE = "(date '2100-01-01' - date_maj)::float8"

_COLONNES = "id, date_maj, qualite_somme, qualite_criteres, qualite_age, est_approche, donnees"
# Always a row, which tells the version, even when nothing is found.
_LIRE = """
SELECT version, plancher, page.* FROM catalogue LEFT JOIN LATERAL (
    SELECT a, b, numero, {colonnes} FROM {source} WHERE {ou} ORDER BY {ordre} LIMIT {limite}
) page ON true
"""
_REPERES = """(
    SELECT DISTINCT a, a AS b, numero FROM (
        SELECT {corde2} AS a, numero FROM reperes
        WHERE cle IN ({cles}) AND maille = ANY({mailles}::int[]) AND {eligible}
    ) alentour WHERE a <= {rayon} AND (a, numero) > {depart}
    ORDER BY a, numero
) proches JOIN services USING (numero)"""
# A service is under several keys and zones: of each, as many as the page may need.
_DISTANTS = """(
    SELECT DISTINCT a, {nulle_part}::float8 AS b, numero
    FROM (VALUES {cles}) AS c(la_cle), (VALUES {zones}) AS z(la_zone), LATERAL (
        SELECT {age} AS a, numero FROM distants JOIN services USING (numero, date_maj)
        WHERE cle = la_cle AND zone = la_zone AND {ou}
        ORDER BY date_maj DESC, numero LIMIT {limite}
    ) frais ORDER BY a, numero LIMIT {limite}
) loin JOIN services USING (numero)"""
_PARMI = "(SELECT *, {a} AS a, {b} AS b FROM services) parmi"


async def services(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{code_commune?, lat?, lon?, rayon_km?, q?, <filtres>?, maj_depuis?, facettes?, limite?, apres?, maintenant?}`
    → `{services, suite, version, lieu?, total?, facettes?}`, or `{erreur}`.

    `suite` is the position to give back as `apres`, with the version that the list is read at.
    """
    try:
        return await _Recherche(demande).faire(conn)
    except Erreur as erreur:
        return erreur.json


class _Recherche:
    def __init__(self, demande: Mapping[str, Any]) -> None:
        self._demande = demande
        self._limite: int = demande.get("limite") or _PAGE
        self._apres: Sequence[Any] | None = demande.get("apres")
        self._jour = jour(demande)
        self._version: int | None = self._apres[0] if self._apres else None
        """That of the first page, known once it was read."""
        self._est_reperee = not any(demande.get(filtre) for filtre in _HORS_REPERES)
        self._cles = _thematiques(demande.get("thematiques") or ()) or [""]

    async def faire(self, conn: Connection) -> Json:
        self._lieu = await situer(conn, self._demande)
        self._texte = await tsquery(conn, self._demande["q"]) if self._demande.get("q") else None
        if self._texte or self._lieu is None:
            trouves, suite = await self._classes(conn)
        else:
            trouves, suite = await self._proches(conn, self._lieu)
        reponse: Json = {"version": self._version, "services": trouves, "suite": suite}
        if self._lieu:
            reponse["lieu"] = self._lieu.en_json()
        if self._demande.get("facettes"):
            reponse |= await self._facettes(conn, self._demande["facettes"])
        return reponse

    def _visible(self, requete: Requete) -> None:
        """At the version of the list, which a first page finds beside it."""
        version = "version" if self._version is None else requete.arg(self._version)
        requete.et(f"publie_a <= {version} AND (retire_a IS NULL OR retire_a > {version})")

    def _filtree(self) -> Requete:
        """The filters that do not depend on the place, on the version of the list."""
        requete = Requete()
        self._visible(requete)
        for filtre, prefixe in PREFIXES.items():
            if codes := self._demande.get(filtre):
                voulues = [f"{prefixe}:{code}" for code in codes]
                # Who is of one public is welcome where all are.
                voulues += [_TOUS_PUBLICS] if filtre == "publics" else []
                requete.et(f"cles && {requete.liste(voulues)}")
        if depuis := self._demande.get("maj_depuis"):
            requete.et(f"date_maj >= {requete.arg(date.fromisoformat(depuis))}")
        if self._texte:
            requete.et(f"texte @@ {requete.arg(self._texte)}::tsquery")
        return requete

    def _autour(self, requete: Requete, lieu: Lieu, rayon_km: float) -> str:
        """Located within the radius; its squared chord, as SQL."""
        corde2 = lieu.corde2(requete)
        requete.et(f"cles && {requete.liste(globe.mailles(lieu.latitude, lieu.longitude, rayon_km))}")
        requete.et(f"{corde2} <= {requete.arg(globe.corde2(rayon_km))}")
        return corde2

    def _a_distance(self, requete: Requete, zones: Sequence[str]) -> str:
        return f"cles && {requete.liste([f'{_A_DISTANCE}:{zone}' for zone in zones])}"

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
            requete.et(lieu.eligible(requete))
            requete.et(f"(({proche.ou()}) OR {self._a_distance(requete, lieu.zones)})")
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
            requete.et(f"(a, b, numero) > {requete.position(*self._apres[2:])}")
        rows = await self._page(conn, requete, _PARMI.format(a=rang, b=corde2), "a, b, numero", self._limite)
        return self._montrer(rows, "t", self._limite)

    async def _proches(self, conn: Connection, lieu: Lieu) -> tuple[list[orjson.Fragment], Sequence[Any] | None]:
        """The nearest first; then those at a distance that take in who lives there, the freshest first."""
        rows: Sequence[Record] = ()
        if self._apres is None or self._apres[1] == "d":
            rows = await self._voisins(conn, lieu)
            if len(rows) > self._limite or lieu.zones is None:
                return self._montrer(rows, "d", self._limite)
        assert lieu.zones is not None
        reste = self._limite - len(rows)
        distants = await self._distants(conn, lieu, lieu.zones, reste)
        pres = [self._dite(row) for row in rows]
        loin, suite = self._montrer(distants, "a", reste)
        return pres + loin, suite

    async def _voisins(self, conn: Connection, lieu: Lieu) -> Sequence[Record]:
        depart, numero = (self._apres[2], self._apres[4]) if self._apres else (-1.0, 0)
        rows: Sequence[Record] = ()
        anneaux: Sequence[float] = _ANNEAUX_THEMATIQUE_KM if self._demande.get("thematiques") else _ANNEAUX_KM
        if lieu.population is not None and lieu.population < _VILLE:
            anneaux = ()
        for rayon_km in [r for r in anneaux if r < lieu.rayon_km] + [lieu.rayon_km]:
            if globe.corde2(rayon_km) <= depart:
                continue
            rows = await self._anneau(conn, lieu, rayon_km, (depart, numero))
            if len(rows) > self._limite:
                break
        return rows

    async def _anneau(
        self, conn: Connection, lieu: Lieu, rayon_km: float, depart: tuple[float, int]
    ) -> Sequence[Record]:
        """The nearest within the radius, from there on."""
        if self._est_reperee:
            requete = Requete()
            self._visible(requete)
            source = _REPERES.format(
                corde2=lieu.corde2(requete),
                cles=", ".join(map(requete.arg, self._cles)),
                mailles=requete.arg(globe.mailles_fines(lieu.latitude, lieu.longitude, rayon_km)),
                rayon=requete.arg(globe.corde2(rayon_km)),
                depart=requete.position(*depart),
                eligible=lieu.eligible(requete),
            )
        else:
            requete = self._filtree()
            corde2 = self._autour(requete, lieu, rayon_km)
            source = _PARMI.format(a=corde2, b=corde2)
            requete.et(f"(a, numero) > {requete.position(*depart)} AND {lieu.eligible(requete)}")
        return await self._page(conn, requete, source, "a, numero", self._limite)

    async def _distants(self, conn: Connection, lieu: Lieu, zones: Sequence[str], limite: int) -> Sequence[Record]:
        requete = Requete() if self._est_reperee else self._filtree()
        requete.et(f"(x IS NULL OR {lieu.corde2(requete)} > {requete.arg(globe.corde2(lieu.rayon_km))})")
        if self._apres and self._apres[1] == "a":
            requete.et(f"({_AGE}, numero) > {requete.position(self._apres[2], self._apres[4])}")
        if not self._est_reperee:
            requete.et(self._a_distance(requete, zones))
            source = _PARMI.format(a=_AGE, b=f"{_NULLE_PART}::float8")
            return await self._page(conn, requete, source, "a, numero", limite)
        self._visible(requete)
        source = _DISTANTS.format(
            nulle_part=_NULLE_PART,
            age=_AGE,
            cles=", ".join(f"({requete.arg(cle)}::text)" for cle in self._cles),
            zones=", ".join(f"({requete.arg(zone)}::text)" for zone in zones),
            ou=requete.ou(),
            limite=requete.arg(limite + 1),
        )
        return await self._page(conn, Requete(arguments=requete.arguments), source, "a, numero", limite)

    async def _page(self, conn: Connection, requete: Requete, source: str, ordre: str, limite: int) -> Sequence[Record]:
        """One row more than the page, which says whether the list goes on."""
        borne = requete.arg(limite + 1)
        statement = _LIRE.format(colonnes=_COLONNES, source=source, ou=requete.ou(), ordre=ordre, limite=borne)
        rows = await conn.fetch(statement, *requete.arguments)
        lue = version_de(rows[0], self._apres)
        self._version = lue if self._version is None else self._version
        return rows if rows[0]["numero"] is not None else ()

    def _montrer(
        self, rows: Sequence[Record], flux: str, limite: int
    ) -> tuple[list[orjson.Fragment], Sequence[Any] | None]:
        """An empty page goes on from where it was asked to."""
        montres = rows[:limite]
        place = [montres[-1][cle] for cle in ("a", "b", "numero")] if montres else [-1.0, -1.0, 0]
        suite = [self._version, flux, *place] if len(rows) > limite else None
        return [self._dite(row) for row in montres], suite

    def _dite(self, row: Record) -> orjson.Fragment:
        """The record as it was published, with what the search adds."""
        ajout: Json = {"score_qualite": score(row, self._jour)} | localisation(row)
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


def _thematiques(voulues: Sequence[str]) -> list[str]:
    """Those that are asked for; a category stands for all of its own."""
    return [code.value for code in Thematique if code in voulues or code.partition("--")[0] in voulues]


def score(row: Record, le: date) -> float:
    return Qualite(row["qualite_somme"], row["qualite_criteres"], row["qualite_age"]).score(row["date_maj"], le)


def localisation(row: Record) -> Json:
    """Said of a service that is shown at the centre of its commune; of the others, their place says enough."""
    return {"localisation": "centre-de-la-commune"} if row["est_approche"] else {}


def joindre(donnees: str, ajout: Mapping[str, Any]) -> orjson.Fragment:
    """A stored JSON object with more fields, without reading it."""
    if not ajout:
        return orjson.Fragment(donnees)
    return orjson.Fragment(orjson.dumps(ajout)[:-1] + b"," + donnees.encode()[1:])
