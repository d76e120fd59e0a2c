"""Two hundred identities made to collide, always the same for one seed, and what must become of each telling.

A scenario is a list of steps about a few persons. What is expected is written here, by hand, for each kind of
collision: it is the oracle, and knows nothing of the rules that the hub applies.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from relais_contrats.identifiants import cle_nir

EMETTEURS = ("caf-59", "cd-59", "ft-hauts-de-france", "ml-lille", "msa-59")
_CONSONNES, _VOYELLES = "bcdfglmnprstvz", "aeiou"


@dataclass(frozen=True)
class Ouvre:
    """Nobody known corresponds: a new active parcours."""


@dataclass(frozen=True)
class Rejoint:
    """The parcours of an earlier telling of the scenario."""

    dire: str


@dataclass(frozen=True)
class Hesite:
    """A parcours of its own that waits for an agent, with those of these tellings as candidates."""

    dires: tuple[str, ...]


@dataclass(frozen=True)
class Refuse:
    code: str


Attendu = Ouvre | Rejoint | Hesite | Refuse


@dataclass(frozen=True)
class Dire:
    """A partner tells of the person `vrai`; `nom` is how the scenario calls this telling."""

    nom: str
    vrai: str
    emetteur: str
    donnees: dict[str, Any]
    attendu: Attendu


@dataclass(frozen=True)
class Agit:
    """The département decides about the parcours of a telling; `{...}` in `donnees` name those of other tellings."""

    fait: str
    sur: str
    donnees: dict[str, Any]


@dataclass(frozen=True)
class Ensemble:
    """Tellings that leave at the same time: one of them opens, all reach it."""

    dires: tuple[Dire, ...]


Etape = Dire | Agit | Ensemble


@dataclass
class Scenario:
    nom: str
    identites: int
    etapes: list[Etape] = field(default_factory=list)


class Generateur:
    """Everything drawn from one seed; a number is given once."""

    def __init__(self, graine: int) -> None:
        self._alea = random.Random(graine)  # noqa: S311  always the same is what is wanted
        self._donnes: set[str] = set()

    def nom(self) -> str:
        return self._neuf(lambda: "".join(self._syllabe() for _ in range(5)).capitalize())

    def _syllabe(self) -> str:
        return self._alea.choice(_CONSONNES) + self._alea.choice(_VOYELLES)

    def jour(self) -> str:
        return f"19{self._alea.randint(50, 99)}-{self._alea.randint(1, 12):02d}-{self._alea.randint(1, 28):02d}"

    def chiffres(self, nombre: int) -> str:
        return self._neuf(lambda: f"{self._alea.randint(10 ** (nombre - 1), 10**nombre - 1)}")

    def nir(self, jour: str, lieu: str = "59", sexe: str = "1") -> str:
        """13 characters: that of somebody born on this day."""
        return self._neuf(lambda: f"{sexe}{jour[2:4]}{jour[5:7]}{lieu}{self._alea.randint(0, 999_999):06d}")

    def emetteurs(self, nombre: int) -> list[str]:
        return self._alea.sample(EMETTEURS, nombre)

    def _neuf(self, tirer: Any) -> str:
        while (tire := str(tirer())) in self._donnes:
            continue
        self._donnes.add(tire)
        return tire


def avec_cle(nir13: str) -> dict[str, str]:
    return {"type": "nir", "valeur": nir13 + cle_nir(nir13)}


def nir(nir13: str) -> dict[str, str]:
    return {"type": "nir", "valeur": nir13}


def local(valeur: str) -> dict[str, str]:
    return {"type": "local", "valeur": valeur}


def matricule(valeur: str, role: str) -> dict[str, str]:
    return {"type": "matricule-caf", "valeur": valeur, "role": role}


def numero_ft(valeur: str) -> dict[str, str]:
    return {"type": "numero-france-travail", "valeur": valeur}


def donnees(nom: str, prenoms: str, jour: str, *identifiants: dict[str, str]) -> dict[str, Any]:
    return {
        "identite": {"nom_naissance": nom, "prenoms": prenoms, "date_naissance": jour},
        "identifiants": list(identifiants),
        "brsa": False,
        "origine": "inscription-auto-caf",
    }


def jumeaux(g: Generateur) -> Scenario:
    """All but the given name is shared; then the number of one is told for the other."""
    nom, jour, (a, b, c) = g.nom(), g.jour(), g.emetteurs(3)
    premier, second, nir_a, nir_b = g.nom(), g.nom(), g.nir(jour), g.nir(jour)
    return Scenario(
        "jumeaux",
        2,
        [
            Dire("a", "a", a, donnees(nom, premier, jour, nir(nir_a)), Ouvre()),
            Dire("b", "b", b, donnees(nom, second, jour, nir(nir_b)), Ouvre()),
            Dire("b croisé", "b", c, donnees(nom, second, jour, nir(nir_a)), Hesite(("a", "b"))),
            Dire("a encore", "a", c, donnees(nom, premier, jour, avec_cle(nir_a)), Rejoint("a")),
        ],
    )


def homonymes(g: Generateur) -> Scenario:
    """Same names, same day; a telling without a number could be either."""
    nom, prenom, jour, (a, b, c) = g.nom(), g.nom(), g.jour(), g.emetteurs(3)
    nir_a, nir_b = g.nir(jour), g.nir(jour)
    return Scenario(
        "homonymes",
        2,
        [
            Dire("a", "a", a, donnees(nom, prenom, jour, nir(nir_a)), Ouvre()),
            Dire("b", "b", b, donnees(nom, prenom, jour, nir(nir_b)), Ouvre()),
            Dire("sans numéro", "a", c, donnees(nom, prenom, jour, local(g.chiffres(8))), Hesite(("a", "b"))),
            Dire("b encore", "b", c, donnees(nom, prenom, jour, avec_cle(nir_b)), Rejoint("b")),
        ],
    )


def noms_inverses(g: Generateur) -> Scenario:
    nom, prenom, jour, (a, b, c) = g.nom(), g.nom(), g.jour(), g.emetteurs(3)
    numero = g.nir(jour)
    return Scenario(
        "noms inversés",
        1,
        [
            Dire("a", "a", a, donnees(nom, prenom, jour, nir(numero)), Ouvre()),
            Dire("inversé", "a", b, donnees(prenom, nom, jour, avec_cle(numero)), Rejoint("a")),
            Dire("en capitales", "a", c, donnees(nom.upper(), prenom.lower(), jour, nir(numero)), Rejoint("a")),
        ],
    )


def faux_nir(g: Generateur) -> Scenario:
    """A key that is wrong is refused; the right NIR of somebody else born that day makes two numbers disagree."""
    jour = g.jour()
    a, b = ((g.nom(), g.nom(), jour) for _ in range(2))
    nir_a, nir_b, ft, (x, y) = g.nir(jour), g.nir(jour), g.chiffres(11), g.emetteurs(2)
    faux = nir_a + f"{(int(cle_nir(nir_a)) % 97) + 1:02d}"
    return Scenario(
        "faux NIR",
        2,
        [
            Dire("cle", "a", x, donnees(*a, {"type": "nir", "valeur": faux}), Refuse("identifiant-invalide")),
            Dire("a", "a", x, donnees(*a, nir(nir_a), numero_ft(ft)), Ouvre()),
            Dire("b", "b", y, donnees(*b, nir(nir_b)), Ouvre()),
            Dire("a avec celui de b", "a", y, donnees(*a, nir(nir_b), numero_ft(ft)), Hesite(("a", "b"))),
        ],
    )


def corse(g: Generateur) -> Scenario:
    """2A and 2B are two départements, so two persons, whose keys are computed apart."""
    jour = g.jour()
    a, b = ((g.nom(), g.nom(), jour) for _ in range(2))
    nir_a = g.nir(jour, "2A")
    nir_b, (x, y) = nir_a.replace("2A", "2B"), g.emetteurs(2)
    return Scenario(
        "Corse",
        2,
        [
            Dire("2A", "a", x, donnees(*a, nir(nir_a)), Ouvre()),
            Dire("2B", "b", x, donnees(*b, nir(nir_b)), Ouvre()),
            Dire("2A avec clé", "a", y, donnees(*a, avec_cle(nir_a)), Rejoint("2A")),
            Dire("2B avec clé", "b", y, donnees(*b, avec_cle(nir_b)), Rejoint("2B")),
        ],
    )


def provisoire(g: Generateur) -> Scenario:
    """A number given while waiting gives way to the definitive one of the same civil status, matricule and role."""
    p, (x, y, z) = (g.nom(), g.nom(), g.jour()), g.emetteurs(3)
    attente, definitif, foyer = g.nir(p[2], "99", "7"), g.nir(p[2], "99"), matricule(g.chiffres(7), "demandeur")
    return Scenario(
        "NIR provisoire",
        1,
        [
            Dire("a", "a", x, donnees(*p, nir(attente), foyer), Ouvre()),
            Dire("définitif", "a", y, donnees(*p, nir(definitif), foyer), Rejoint("a")),
            Dire("ensuite", "a", z, donnees(*p, avec_cle(definitif)), Rejoint("a")),
        ],
    )


def provisoire_et_prenom(g: Generateur) -> Scenario:
    """The same under another given name: an agent has to say whose both numbers are."""
    nom, prenom, autre, jour, (x, y, z) = g.nom(), g.nom(), g.nom(), g.jour(), g.emetteurs(3)
    attente, definitif, foyer = g.nir(jour, "99", "7"), g.nir(jour, "99"), matricule(g.chiffres(7), "demandeur")
    correction = {"identifiants": [nir(definitif)]}
    return Scenario(
        "NIR provisoire, autre prénom",
        1,
        [
            Dire("a", "a", x, donnees(nom, prenom, jour, nir(attente), foyer), Ouvre()),
            Dire("définitif", "a", y, donnees(nom, autre, jour, nir(definitif), foyer), Hesite(("a",))),
            Agit("usager.rapproche", "définitif", {"decision": "meme-personne", "parcours": "{a}"}),
            Agit("usager.corrige", "a", correction),
            Dire("ensuite", "a", z, donnees(nom, prenom, jour, avec_cle(definitif)), Rejoint("a")),
        ],
    )


def reutilises(g: Generateur) -> Scenario:
    """A role in a household passes to somebody else; a partner gives a local number again, which it may not."""
    a, b = ((g.nom(), g.nom(), g.jour()) for _ in range(2))
    foyer, dossier, (x, y) = matricule(g.chiffres(7), "conjoint"), local(g.chiffres(8)), g.emetteurs(2)
    return Scenario(
        "numéros réutilisés",
        2,
        [
            Dire("a", "a", x, donnees(*a, foyer, dossier), Ouvre()),
            Dire("b", "b", y, donnees(*b, foyer, local(g.chiffres(8))), Ouvre()),
            Dire("dossier redonné", "b", x, donnees(*b, dossier), Hesite(("a", "b"))),
            Dire("le même chez un autre", "a", y, donnees(*a, dossier), Hesite(("a",))),
        ],
    )


def fusions(g: Generateur) -> Scenario:
    """Four descriptions of one person that nothing links; the département merges merges."""
    x, dossiers = g.emetteurs(1)[0], [local(g.chiffres(8)) for _ in range(4)]
    decrits = [(g.nom(), g.nom(), g.jour()) for _ in range(4)]
    dires: list[Etape] = [
        Dire(nom, "a", x, donnees(*decrit, dossier), Ouvre())
        for nom, decrit, dossier in zip("abcd", decrits, dossiers, strict=True)
    ]
    return Scenario(
        "fusions de fusions",
        4,
        [
            *dires,
            Agit("usager.fusionne", "b", {"conserve": "{b}", "absorbes": ["{a}"]}),
            Agit("usager.fusionne", "d", {"conserve": "{d}", "absorbes": ["{c}"]}),
            Agit("usager.fusionne", "d", {"conserve": "{d}", "absorbes": ["{b}"]}),
            Dire("a encore", "a", x, donnees(*decrits[0], dossiers[0]), Rejoint("d")),
            Dire("c encore", "a", x, donnees(*decrits[2], dossiers[2]), Rejoint("d")),
        ],
    )


def a_cinq(g: Generateur) -> Scenario:
    """Five partners tell of one person at the same time, each with its own number beside the NIR."""
    p = (g.nom(), g.nom(), g.jour())
    numero = g.nir(p[2])
    dires = tuple(
        Dire(emetteur, "a", emetteur, donnees(*p, nir(numero), local(g.chiffres(8))), Rejoint("caf-59"))
        for emetteur in EMETTEURS
    )
    return Scenario("à cinq", 1, [Ensemble(dires)])


_NOMBRES = (
    (jumeaux, 20),
    (homonymes, 10),
    (noms_inverses, 20),
    (faux_nir, 8),
    (corse, 10),
    (provisoire, 12),
    (provisoire_et_prenom, 8),
    (reutilises, 12),
    (fusions, 5),
    (a_cinq, 20),
)


def scenarios(graine: int) -> Sequence[Scenario]:
    """Two hundred identities, in an order that the seed draws."""
    generateur = Generateur(graine)
    faits = [faire(generateur) for faire, nombre in _NOMBRES for _ in range(nombre)]
    random.Random(graine).shuffle(faits)  # noqa: S311
    return faits


def dires(scenario: Scenario) -> Iterator[Dire]:
    for etape in scenario.etapes:
        if isinstance(etape, Dire):
            yield etape
        elif isinstance(etape, Ensemble):
            yield from etape.dires
