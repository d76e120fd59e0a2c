"""What a département sets for itself: the rules by which an orientation is recommended, and its delegations."""

from collections.abc import Sequence
from enum import Enum
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from relais_contrats.codes.acteurs import Organisme
from relais_contrats.codes.orientation import ParcoursType
from relais_contrats.groupes import Groupe
from relais_contrats.modele import Donnees
from relais_contrats.regles import AuMoinsUn, Regle, ValeursSelon
from relais_contrats.v1.orientation import Criteres
from relais_contrats.valeurs import Entier, Texte, dit

DELEGATAIRES = (Organisme.FRANCE_TRAVAIL, Organisme.MISSION_LOCALE, Organisme.CAP_EMPLOI)
"""To whom a département may delegate the decision (CASF L. 262-29)."""


def _valeurs(annotation: Any) -> Sequence[str]:
    """The values of a criterion, as a rule writes them; a yes-or-no one says `oui` or `non`."""
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return [valeur for une in get_args(annotation) for valeur in _valeurs(une)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [code.value for code in annotation]
    return ["oui", "non"] if annotation is bool else []


VALEURS = {
    nom: tuple(valeurs)
    for nom, champ in Criteres.model_fields.items()
    if (valeurs := _valeurs(champ.annotation)) or (valeurs := [str(n) for n in range(11)])
}
"""Criterion → the values that a rule may look for."""


class RegleOrientation(Donnees):
    """Quand un critère du diagnostic a cette valeur, la règle parle pour un parcours, un organisme, ou les deux."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN
    regles: ClassVar[tuple[Regle, ...]] = (
        AuMoinsUn(("parcours_type", "organisme")),
        *(ValeursSelon("valeur", valeurs, {"critere": (nom,)}) for nom, valeurs in VALEURS.items()),
    )

    critere: Annotated[
        str, dit("Critère de `diagnostic.realise`.", pattern="^(" + "|".join(VALEURS) + ")$", max_length=64)
    ]
    valeur: Annotated[str, dit("Valeur attendue ; « oui » ou « non » pour un critère qui se coche.", max_length=200)]
    priorite: Annotated[Entier, dit("La plus petite l'emporte.", ge=0, le=9999)]
    parcours_type: Annotated[ParcoursType | None, dit("Parcours pour lequel elle parle.")] = None
    organisme: Annotated[Organisme | None, dit("Organisme pour lequel elle parle.")] = None
    explication: Annotated[Texte, dit("La règle en une phrase, reprise dans la préconisation.", max_length=1000)]


class _Reglage(Donnees):
    """Un réglage remplace en entier le précédent ; il s'applique aussitôt."""

    groupe: ClassVar[Groupe | None] = Groupe.COMMUN

    version: Annotated[
        Entier, dit("Dernière version lue ; dépassée, le réglage est refusé (version-perimee).", ge=0, le=1_000_000)
    ]
    motif: Annotated[
        Texte, dit("Pourquoi ce changement : une délibération, un avenant…", min_length=1, max_length=1000)
    ]


class ReglageRegles(_Reglage):
    """La table des règles d'un département. Vide, elle rend la place à la table par défaut."""

    table: Annotated[list[RegleOrientation], dit("Les règles, chacune pour un critère et une valeur.", max_length=500)]


class ReglageDelegations(_Reglage):
    """À qui un département délègue ses décisions d'orientation. Vide : à personne."""

    delegations: Annotated[
        list[Annotated[str, dit("Nature d'organisme.", pattern="^(" + "|".join(DELEGATAIRES) + ")$")]],
        dit("Natures d'organisme qui décident en son nom.", "CASF L. 262-29", max_length=3),
    ]
