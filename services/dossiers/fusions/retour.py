"""Reverts one change of an aggregate and leaves later ones: dataclasses, part by part. Pure."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

A = TypeVar("A")
Cles = dict[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Parties:
    """The parts of one field, identified by `cle`.

    `depend`: the message that stands on a part, from the part as the change left it (None when it came since) and as it
    is; without it, parts do not build on one another. `horloge`: fields that time alone changes. `objet`: their key is
    an object's, that its emitter gave under the name of a parcours; `siens` are the fields that belong to the place
    that a part has in its aggregate, not to the object, and `numero` the one that counts.
    """

    cle: Callable[[Any], Hashable]
    depend: Callable[[Any, Any], str] | None = None
    horloge: tuple[str, ...] = ()
    objet: bool = False
    siens: tuple[str, ...] = ()
    numero: str | None = None


Plan = Mapping[str, Parties]


def reporter(avant: A, apres: A, sur: A, plan: Plan) -> A:
    """Apply the change from `avant` to `apres` to `sur`. Where both changed a part, `sur` wins."""
    changes: dict[str, Any] = {}
    for champ in fields(sur):  # type: ignore[arg-type]
        une, deux, tenue = (getattr(etat, champ.name) for etat in (avant, apres, sur))
        if une == deux:
            continue
        if champ.name in plan:
            cle = plan[champ.name].cle
            reportees = _reporter(_par_cle(une, cle), _par_cle(deux, cle), _par_cle(tenue, cle))
            changes[champ.name] = _ranger(reportees)
        elif isinstance(tenue, Mapping):
            changes[champ.name] = _reporter(dict(une), dict(deux), dict(tenue))
        elif tenue == une:
            changes[champ.name] = deux
    return replace(sur, **changes)  # type: ignore[type-var]


def repose_dessus(avant: A, apres: A, maintenant: A, plan: Plan) -> str | None:
    """Return the type of a message that stands on a part which the change brought; None when none does."""
    for nom, parties in plan.items():
        if parties.depend is None:
            continue
        une, deux, trois = (_par_cle(getattr(etat, nom), parties.cle) for etat in (avant, apres, maintenant))
        apportees = {cle for cle, partie in deux.items() if une.get(cle) != partie}
        if not apportees:
            continue
        for cle, partie in reversed(trois.items()):
            if cle not in deux:
                return parties.depend(None, partie)
            if cle in apportees and not _pareilles(deux[cle], partie, parties.horloge):
                return parties.depend(deux[cle], partie)
    return None


def rendre_les_objets(avant: A, apres: A, maintenant: A, conserve: A, noms: tuple[str, ...], plan: Plan) -> tuple[A, A]:
    """Return an absorbed aggregate, `avant` the merge, with its objects as they are now; and `conserve` without them.

    Every other object under one of its `noms` goes with it, also one that came before this service read of the merge.
    `apres` and `maintenant` are states of the survivor.
    """
    rendu = avant
    for champ, parties in plan.items():
        if not parties.objet:
            continue
        siens, laisses, tenus = (_par_cle(getattr(e, champ), parties.cle) for e in (avant, apres, maintenant))
        gardes, repris = (_par_cle(getattr(e, champ), parties.cle) for e in (conserve, rendu))
        for cle, objet in tenus.items():
            if cle in siens and cle in laisses and cle not in gardes and objet != laisses[cle]:
                repris[cle] = replace(objet, **{propre: getattr(siens[cle], propre) for propre in parties.siens})
            elif (cle not in siens or cle not in laisses) and str(cle).endswith(noms):
                gardes.pop(cle, None)
                repris[cle] = _numerote(objet, repris.values(), parties.numero)
        conserve = replace(conserve, **{champ: tuple(gardes.values())})  # type: ignore[type-var]
        rendu = replace(rendu, **{champ: tuple(repris.values())})  # type: ignore[type-var]
    return rendu, conserve


def _numerote(objet: Any, autres: Any, numero: str | None) -> Any:
    if numero is None:
        return objet
    return replace(objet, **{numero: max((getattr(a, numero) for a in autres), default=0) + 1})


def _par_cle(parties: Sequence[Any], cle: Callable[[Any], Hashable]) -> Cles:
    return {cle(partie): partie for partie in parties}


def _reporter(une: Cles, deux: Cles, tenue: Cles) -> Cles:
    reporte = {cle: partie for cle, partie in tenue.items() if cle in deux or cle not in une}
    for cle, partie in deux.items():
        if une.get(cle) != partie and tenue.get(cle) == une.get(cle):
            reporte[cle] = partie
    return reporte


def _ranger(parties: Cles) -> tuple[Any, ...]:
    """Numbers say the order; other keys do not."""
    if all(isinstance(cle, int) for cle in parties):
        return tuple(parties[cle] for cle in sorted(parties))  # type: ignore[type-var]
    return tuple(parties.values())


def _pareilles(une: Any, autre: Any, horloge: tuple[str, ...]) -> bool:
    return bool(replace(autre, **{nom: getattr(une, nom) for nom in horloge}) == une)
