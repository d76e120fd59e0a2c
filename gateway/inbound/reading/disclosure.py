"""What a statistic may show: no group of fewer than eleven persons, told or left over by subtracting what is told.

A line comes with its `cellules`: by family, disjoint counts of persons that add up to at most its total; what is left
of the total is one more. A figure that counts some of them is told while no difference of the figures told of its
family isolates a small group.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relais_contrats.groupes import Groupe

SEUIL = 11


@dataclass(frozen=True, slots=True)
class Mesure:
    """`champs` count or compare `groupes`, each named by its cells; `durees` are measured over the first of them.

    A field `a.b` is `b` of the object `a`.
    """

    champs: tuple[str, ...]
    groupes: tuple[frozenset[str], ...]
    durees: tuple[str, ...] = ()


Familles = Mapping[str, Sequence[Mesure]]


def expurgees(lignes: Iterable[Mapping[str, Any]], familles: Familles) -> list[dict[str, Any]]:
    """The lines that may be shown, their figures that may not be told at None."""
    return [_expurgee(ligne, familles) for ligne in lignes if ligne["personnes"] >= SEUIL]


def _expurgee(ligne: Mapping[str, Any], familles: Familles) -> dict[str, Any]:
    montree = {champ: valeur for champ, valeur in ligne.items() if champ not in ("personnes", "cellules")}
    for famille, mesures in familles.items():
        cellules = dict(ligne["cellules"][famille])
        cellules["reste"] = max(0, ligne["personnes"] - sum(cellules.values()))
        _taire(montree, _a_taire(cellules, mesures))
    return montree


def _a_taire(cellules: Mapping[str, int], mesures: Sequence[Mesure]) -> Iterator[str]:
    """The fields that would tell of a small group, once those before them are told."""
    dits: list[frozenset[str]] = []
    for mesure in mesures:
        if est_sur(cellules, [*dits, *mesure.groupes]):
            dits += mesure.groupes
        else:
            yield from mesure.champs
        if sum(cellules.get(cellule, 0) for cellule in mesure.groupes[0]) < SEUIL:
            yield from mesure.durees


def est_sur(cellules: Mapping[str, int], groupes: Sequence[frozenset[str]]) -> bool:
    """Whether each class of persons that these groups tell apart is empty or large enough."""
    classes: Counter[tuple[bool, ...]] = Counter()
    for cellule, nombre in cellules.items():
        classes[tuple(cellule in groupe for groupe in groupes)] += nombre
    return not any(0 < nombre < SEUIL for nombre in classes.values())


def _taire(ligne: dict[str, Any], champs: Iterable[str]) -> None:
    for champ in champs:
        objet, _, nom = champ.rpartition(".")
        if objet:
            ligne[objet] = {**ligne[objet], nom: None}
        else:
            ligne[nom] = None


def _delai(
    prefixe: str, nombre: str, a_temps: Sequence[str], traites: Sequence[str], connus: Sequence[str]
) -> list[Mesure]:
    """How many were done and in how many days, then the share in time among those whose fate is known."""
    durees = (f"{prefixe}mediane_jours", f"{prefixe}p90_jours")
    return [
        Mesure((f"{prefixe}{nombre}",), (frozenset(traites),), durees),
        Mesure((f"{prefixe}part_dans_le_delai",), (frozenset(a_temps), frozenset(connus))),
    ]


_DECIDEES = ("a_temps", "hors_delai", "apres_dessaisissement")
_SIGNEES = ("a_temps", "a_temps_en_retard", "hors_delai")
_POSES = ("a_temps", "hors_delai")
DELAIS: Mapping[str, Familles] = {
    "orientation": {
        "demandes": [
            *_delai("", "decidees", ["a_temps"], _DECIDEES, [*_DECIDEES, "sans_decision"]),
            Mesure(("dessaisies",), (frozenset({"apres_dessaisissement", "sans_decision"}),)),
        ]
    },
    "engagements": {
        "notifications": [
            *_delai("", "signatures", ["a_temps", "a_temps_en_retard"], _SIGNEES, [*_SIGNEES, "non_signees"]),
            Mesure(("retards",), (frozenset({"a_temps_en_retard", "hors_delai", "non_signees"}),)),
        ]
    },
    "referents": {
        quoi: _delai(f"{quoi}.", "nombre", ["a_temps"], _POSES, [*_POSES, "absent"])
        for quoi in ("referent", "premier_rdv")
    },
}
"""The figures of `/v1/statistiques/delais`, in the order in which they are told when not all of them may be."""
GROUPES: Mapping[str, Groupe] = {
    "orientation": Groupe.ORIENTATION,
    "engagements": Groupe.CONTRAT,
    "referents": Groupe.ORIENTATION,
}
"""What they count: told to who may see it everywhere in the territory."""


def prescriptions(ligne: Mapping[str, Any]) -> Familles:
    """The figures of one line of `/v1/statistiques/offres`; a cell is a state, with or without an answer."""
    cellules: Mapping[str, int] = ligne["cellules"]["etats"]
    repondues = frozenset(cellule for cellule in cellules if cellule.endswith("-repondue"))
    etats = [_etat(etat) for etat in ligne["etats"]]
    motifs = {f"motif {motif}": [_motif(motif)] for motif in ligne["motifs_refus"]}
    return {"etats": [Mesure(("repondues",), (repondues,), ("reponse_mediane_jours",)), *etats], **motifs}


def _etat(etat: str) -> Mesure:
    champs = (f"etats.{etat}", "expirees") if etat == "expiree" else (f"etats.{etat}",)
    return Mesure(champs, (frozenset({etat, f"{etat}-repondue"}),))


def _motif(motif: str) -> Mesure:
    return Mesure((f"motifs_refus.{motif}",), (frozenset({"oui"}),))
