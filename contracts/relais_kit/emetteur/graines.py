"""The feed that the played hub shows: events of the usual types, then the same with codes and fields of tomorrow."""

import copy
from collections.abc import Iterator, Sequence
from uuid import uuid4

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Role
from relais_contrats.enveloppe import PREFIXE_TYPE, SUFFIXE_TYPE
from relais_kit.bouchon.memoire import Memoire, Parcours
from relais_kit.codes_fermes import Chemin, remplacer
from relais_kit.codes_fermes import codes as codes_de
from relais_kit.recepteur.faits import CODE_INCONNU, INCONNU, TYPES_COURANTS, Evenement, Faits

_DEPARTEMENT = "59"


def semer(
    memoire: Memoire,
    code: str,
    types: Sequence[str],
    *,
    codes: bool = False,
    champs: bool = False,
    doublons: bool = False,
) -> None:
    """Put events about one parcours of this partner in its feed: unknown types and fields first, then known ones."""
    parcours = Parcours(len(memoire.parcours) + 1, _DEPARTEMENT, set())
    parcours.roles[code].add(Role.EMETTEUR)
    memoire.parcours.append(parcours)
    faits, nom = Faits(), memoire.nom(code, parcours)
    evenements: list[Evenement] = []
    for rang, type_ in enumerate(types or TYPES_COURANTS, 1):
        connu = faits.fait(type_, nom, rang)
        evenements += [*(_inconnus(type_, connu) if codes else ()), *([_enrichi(connu)] if champs else ()), connu]
    if champs:
        inconnu = {"type": f"{PREFIXE_TYPE}{INCONNU}{SUFFIXE_TYPE}", "dataschema": f"/v1/contrats/{INCONNU}"}
        evenements.insert(0, {**_autre(evenements[0]), **inconnu, "data": {"nouveau": True}})
    for rang, evenement in enumerate(evenements, 1):
        evenement["sequence"] = rang
    parcours.sequence = len(evenements)
    memoire.fils[code] += [e for e in evenements for _ in range(2 if doublons else 1)]


def _inconnus(type_: str, connu: Evenement) -> Iterator[Evenement]:
    """One variant for each closed list that it uses, with a code that this version does not have."""
    chemins: list[Chemin] = [("data", *chemin) for chemin in codes_de(CATALOGUE[type_].modele, connu["data"])]
    for chemin in (("finalite",), *chemins):
        change = _autre(connu)
        remplacer(change, chemin, CODE_INCONNU)
        yield change


def _enrichi(connu: Evenement) -> Evenement:
    change = _autre(connu)
    change["attributdukit"] = "1"
    change["data"]["champ_du_kit"] = {"nouveau": True}
    return change


def _autre(connu: Evenement) -> Evenement:
    return {**copy.deepcopy(connu), "finalite": "accompagnement", "id": str(uuid4())}
