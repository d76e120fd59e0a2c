"""A person as partners describe it: civil status, contacts, identifiers, and the comparison of two descriptions."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal

from relais_contrats.identifiants import nir_contredit
from services.usagers.domain.naissance import Ecart, Naissance

Nature = Literal[
    "nir", "numero-france-travail", "matricule-caf", "matricule-msa", "numero-demande-rsa", "local", "imilo"
]
EXCLUSIVES: frozenset[str] = frozenset({"nir", "numero-france-travail", "local", "imilo"})
"""Natures that name one person: held by one active parcours at most. The others name a household."""
DU_FOYER: frozenset[str] = frozenset({"matricule-caf", "matricule-msa", "numero-demande-rsa"})

Cle = tuple[str, ...]
"""What two records of one person share: equal keys are compared, in clear here and as blind indexes in the database."""
ETAT_CIVIL = "etat-civil"
MAX_HOMONYMES = 64
"""So many persons of one civil status are looked at; where there are more, an agent has long had to look."""
_JADIS = datetime.min.replace(tzinfo=UTC)
_GRAPHIES_PROCHES = 0.8
_JOUR_ET_NOMS, _JOUR = 3, len("1985-03-14")
_ABREGE = 3  # letters from which a given name may be the short form of a longer one
_SEPARATEURS = re.compile(r"[\W_]+")
# Letters that Unicode does not decompose into one of the alphabet and an accent.
_SANS_DECOMPOSITION = str.maketrans(
    {
        **dict(zip("łđøıðħŧŋĸɓɖɗƙɔɛəǝƴƒ", "ldoidhtnkbddkoeeeyf", strict=True)),
        **dict.fromkeys("ʼʻʾʿ", " "),
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ĳ": "ij",
    }
)
# As passports write letters that keep their sound (OACI, document 9303): MÜLLER is MUELLER there, MULLER elsewhere.
_AU_PASSEPORT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# Words that tell no two families apart.
_PARTICULES = frozenset(
    (
        *("de", "du", "des", "la", "le", "les", "da", "do", "dos", "das", "di", "del", "della", "van", "von", "der"),
        *("den", "ten", "mac", "mc", "saint", "sainte", "st", "ste", "el", "al", "ben", "ibn", "bin", "bent", "bint"),
        *("abd", "abou", "abu", "ait", "ould", "ou"),
    )
)


@dataclass(frozen=True, slots=True)
class Identifiant:
    """An identifier in its canonical form. `ecrit` is the form in which the partner wrote it.

    `emetteur` is set for a `local` one, which means nothing outside its partner; `role` is the place in the household.
    """

    nature: Nature
    valeur: str
    role: str | None = None
    emetteur: str | None = None
    ecrit: str = field(default="", compare=False)

    @property
    def est_exclusif(self) -> bool:
        return self.nature in EXCLUSIVES

    @property
    def est_provisoire(self) -> bool:
        """A number given while waiting for the definitive one: NIR that begin with 3, 4, 7 or 8."""
        return self.nature == "nir" and self.valeur[:1] in "3478"

    def contredit(self, identite: "Identite | CorrectionIdentite") -> bool:
        """Whether it is a NIR that says another sex, year or month of birth than this civil status."""
        return self.nature == "nir" and nir_contredit(self.valeur, identite.sexe, identite.date_naissance)

    @property
    def cle(self) -> Cle | None:
        """None for a household number without a role, which names no single person."""
        if self.nature in DU_FOYER:
            return (self.nature, self.valeur, self.role) if self.role else None
        if self.nature == "local":
            return (self.nature, self.emetteur or "", self.valeur)
        return (self.nature, self.valeur)

    @property
    def genre(self) -> tuple[str, ...]:
        """Two identifiers of one genre contradict each other, or replace each other in a correction."""
        match self.nature:
            case "nir":
                return ("nir", "provisoire" if self.est_provisoire else "definitif")
            case "numero-france-travail":
                return (self.nature, str(len(self.valeur)))  # 8 and 11 characters live side by side
            case "local":
                return (self.nature, self.emetteur or "")
            case _:
                return (self.nature,)


@dataclass(frozen=True, slots=True)
class Identite:
    nom_naissance: str
    prenoms: str
    date_naissance: Naissance
    nom_usage: str | None = None
    sexe: str | None = None
    commune_naissance: str | None = None

    def completee(self, autre: "Identite") -> "Identite":
        """Fill the unknown fields from another description. Known ones stay."""
        return replace(self, **{nom: valeur for nom, valeur in connus(autre).items() if getattr(self, nom) is None})


@dataclass(frozen=True, slots=True)
class CorrectionIdentite:
    """The fields that change; None leaves a field as it is."""

    nom_naissance: str | None = None
    prenoms: str | None = None
    date_naissance: Naissance | None = None
    nom_usage: str | None = None
    sexe: str | None = None
    commune_naissance: str | None = None

    def corriger(self, identite: Identite) -> Identite:
        return replace(identite, **connus(self))


@dataclass(frozen=True, slots=True)
class Adresse:
    code_commune: str
    code_postal: str
    voie: str | None = None


@dataclass(frozen=True, slots=True)
class Coordonnees:
    """`dites_a`: the instant of each known field; absent for fields that are older than this record of instants."""

    adresse: Adresse | None = None
    telephone: str | None = None
    courriel: str | None = None
    dites_a: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def connues(self) -> dict[str, Any]:
        """The fields that are known, by name."""
        return {nom: valeur for nom, valeur in connus(self).items() if nom != "dites_a"}

    def plus_recente(self, autres: "Coordonnees") -> str | None:
        """A field of `autres` of which something newer is known here."""
        return next((nom for nom in autres.connues if self._dite_a(nom) > autres._dite_a(nom)), None)

    def remplacees(self, nouvelles: "Coordonnees | None") -> "Coordonnees":
        """Field by field, the last word holds; between two of one instant, the one that came last."""
        return self._avec(nouvelles, lambda nom, autres: autres._dite_a(nom) >= self._dite_a(nom))

    def completees(self, autres: "Coordonnees | None") -> "Coordonnees":
        """Fill the unknown fields. Known ones stay."""
        return self._avec(autres, lambda nom, _: getattr(self, nom) is None)

    def _avec(self, autres: "Coordonnees | None", est_prise: "Callable[[str, Coordonnees], bool]") -> "Coordonnees":
        prises = {nom: valeur for nom, valeur in autres.connues.items() if est_prise(nom, autres)} if autres else {}
        if autres is None or not prises:
            return self
        instants = {nom: autres.dites_a[nom] for nom in prises if nom in autres.dites_a}
        return replace(self, **prises, dites_a={**self.dites_a, **instants})

    def _dite_a(self, nom: str) -> datetime:
        return self.dites_a.get(nom, _JADIS)


def connus(objet: Any) -> dict[str, Any]:
    """The fields of a dataclass that are known, by name."""
    return {nom: valeur for nom in objet.__slots__ if (valeur := getattr(objet, nom)) is not None}


def jetons(nom: str | None) -> tuple[str, ...]:
    """The words of a name without accents, case, hyphens, apostrophes: `Jean-François D’Été` → jean francois d ete."""
    replie = (nom or "").casefold()
    if not replie.isascii():
        depliee = unicodedata.normalize("NFKD", replie.translate(_SANS_DECOMPOSITION))
        replie = "".join(c for c in depliee.translate(_SANS_DECOMPOSITION) if not unicodedata.combining(c))
    return tuple(_SEPARATEURS.sub(" ", replie).split())


@dataclass(frozen=True, slots=True)
class Noms:
    """The names of a civil status in comparable form. `familles`: birth and usage name, each as its words.

    Glued forms make one of N'DIAYE and NDIAYE, LE GOFF and LEGOFF, Abdel Kader and Abdelkader.
    """

    familles: frozenset[tuple[str, ...]]
    prenoms: tuple[str, ...]
    premier: tuple[str, ...]
    """The words of the first given name: all that many systems know."""
    au_passeport: tuple[str, ...]
    """All given names again, as a passport writes them."""

    @property
    def familles_collees(self) -> frozenset[str]:
        return frozenset("".join(mots) for mots in self.familles)

    @property
    def prenoms_colles(self) -> frozenset[str]:
        """All of them, the first, and the first two: a compound one is written with or without its space."""
        debuts = {"".join(mots[:n]) for mots in (self.prenoms, self.au_passeport) for n in (1, 2, len(mots))}
        return frozenset({*debuts, "".join(self.premier)} - {""})

    @property
    def mots_de_famille(self) -> frozenset[str]:
        return frozenset(m for mots in self.familles for m in mots if len(m) > 2 and m not in _PARTICULES)


@lru_cache(maxsize=4096)
def noms(identite: Identite) -> Noms:
    ecrits = (identite.nom_naissance, identite.nom_usage or "")
    return Noms(
        frozenset({jetons(nom) for ecrit in ecrits for nom in (ecrit, _passeport(ecrit))} - {()}),
        jetons(identite.prenoms),
        jetons(next(iter(identite.prenoms.split()), "")),
        jetons(_passeport(identite.prenoms)),
    )


def _passeport(nom: str) -> str:
    return nom if nom.isascii() else nom.casefold().translate(_AU_PASSEPORT)


@lru_cache(maxsize=4096)
def cles_etat_civil(identite: Identite) -> frozenset[Cle]:
    """Return the keys that find one person under two civil statuses; `se_ressemblent` then compares these.

    The day and the names in any order; the day and a word of the family name, for names shortened or taken by marriage;
    the year and the names, for days swapped, conventional or not known.
    """
    lus, jour = noms(identite), identite.date_naissance
    paires = {
        " ".join(sorted(paire))
        for famille in lus.familles_collees
        for prenom in lus.prenoms_colles
        for paire in ((famille, prenom),)
    }
    paires |= {" ".join(sorted((*famille, *lus.prenoms))) for famille in lus.familles}
    mots = lus.familles_collees | lus.mots_de_famille
    return frozenset(
        {(ETAT_CIVIL, str(jour), paire) for paire in paires}
        | {(ETAT_CIVIL, str(jour), "famille", mot) for mot in mots}
        | {(ETAT_CIVIL, jour.annee, paire) for paire in paires}
    )


def cles(identites: Iterable[Identite], identifiants: Iterable[Identifiant]) -> frozenset[Cle]:
    """Every key under which a person can be found."""
    propres = frozenset(cle for i in identifiants if (cle := i.cle))
    return propres.union(*map(cles_etat_civil, identites))


def est_precise(cle: Cle) -> bool:
    """Whether few persons share this key, and are decided one after the other: a name or a year alone is not enough."""
    return cle[0] != ETAT_CIVIL or (len(cle) == _JOUR_ET_NOMS and len(cle[1]) == _JOUR)


@lru_cache(maxsize=4096)
def se_ressemblent(a: Identite, b: Identite) -> bool:
    """Whether two civil statuses may be those of one person: enough for a doubt, never to attach.

    Another day, when only a doubt allows it, asks for the very names; the same day allows a shortened given name, or a
    family name of which one is a part. Twins differ by the given name, cousins by the day.
    """
    ecart = a.date_naissance.ecart(b.date_naissance)
    if ecart is Ecart.AUTRE:
        return False
    na, nb = noms(a), noms(b)
    croises = bool(na.familles_collees & nb.prenoms_colles) and bool(nb.familles_collees & na.prenoms_colles)
    memes_noms = bool(na.familles_collees & nb.familles_collees) and _memes_prenoms(na, nb)
    if memes_noms or croises or _memes_mots(na, nb):
        return True
    if ecart is Ecart.DOUTE or a.date_naissance != b.date_naissance or _sexes_opposes(a, b):
        return False
    mots_a, mots_b = na.mots_de_famille, nb.mots_de_famille
    partie = bool(mots_a and mots_b) and (mots_a <= mots_b or mots_b <= mots_a)
    parent = partie or bool(na.familles_collees & nb.familles_collees)
    return parent and (_memes_prenoms(na, nb) or _prenom_abrege(na, nb))


def _memes_prenoms(a: Noms, b: Noms) -> bool:
    return bool(a.prenoms_colles & b.prenoms_colles) or sorted(a.prenoms) == sorted(b.prenoms)


def _memes_mots(a: Noms, b: Noms) -> bool:
    """The same words in any order and place."""
    return any(sorted((*fa, *a.prenoms)) == sorted((*fb, *b.prenoms)) for fa in a.familles for fb in b.familles)


def _prenom_abrege(a: Noms, b: Noms) -> bool:
    """Alex for Alexandre, an initial, another spelling (Mohamed, Mohammed)."""
    courts = sorted(("".join(a.premier), "".join(b.premier)), key=len)
    court, long_ = courts
    if not court:
        return False
    initiale = len(court) == 1 and long_.startswith(court)
    return initiale or (len(court) >= _ABREGE and long_.startswith(court)) or _proches({court}, {long_})


def _sexes_opposes(a: Identite, b: Identite) -> bool:
    return a.sexe is not None and b.sexe is not None and a.sexe != b.sexe


@dataclass(frozen=True, slots=True)
class Accord:
    """The fields on which two civil statuses agree. Birth and usage name both count; names may be swapped."""

    naissance: bool
    nom: bool
    prenom: bool

    @property
    def entier(self) -> bool:
        return self.naissance and self.nom and self.prenom

    @property
    def suffit(self) -> bool:
        """A given name, and the family name or the birth date: one of these may be mistyped or change by marriage.

        Twins share all but the given name: the number of one, sent for the other, must not merge them.
        """
        return self.prenom and (self.naissance or self.nom)


@lru_cache(maxsize=4096)
def accord(a: Identite, b: Identite) -> Accord:
    na, nb = noms(a), noms(b)
    familles_a, familles_b = _mots(na.familles) | na.familles_collees, _mots(nb.familles) | nb.familles_collees
    prenoms_a, prenoms_b = _mots({na.prenoms}) | na.prenoms_colles, _mots({nb.prenoms}) | nb.prenoms_colles
    inverses = bool(familles_a & prenoms_b) and bool(prenoms_a & familles_b)
    return Accord(
        naissance=a.date_naissance.ecart(b.date_naissance) is Ecart.AUCUN,
        nom=inverses or bool(familles_a & familles_b),
        prenom=inverses or bool(prenoms_a & prenoms_b) or _proches(prenoms_a, prenoms_b),
    )


def oublier() -> None:
    """Namesakes have one civil status, compared once: nothing of it stays in memory after an erasure."""
    for memoire in (noms, cles_etat_civil, se_ressemblent, accord):
        memoire.cache_clear()


def _proches(prenoms_a: Iterable[str], prenoms_b: Iterable[str]) -> bool:
    """Two spellings of one given name (Mohamed, Mohammed)."""
    return any(SequenceMatcher(None, a, b).ratio() >= _GRAPHIES_PROCHES for a in prenoms_a for b in prenoms_b)


def _mots(noms_: Iterable[tuple[str, ...]]) -> frozenset[str]:
    """Words that can tell two people apart: particles (`de`, `el`) do not, unless there is nothing else."""
    tous = frozenset(mot for mots in noms_ for mot in mots)
    return frozenset(mot for mot in tous if len(mot) > 2 and mot not in _PARTICULES) or tous
