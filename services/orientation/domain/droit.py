"""Whether the person asks for the RSA or receives it: the latest message holds, from its day on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Echeance
from relais_contrats.territoires import debut_du_jour, jour_legal
from services.dossiers.vie import DossierOuvert, Situation
from services.orientation.domain.dossier import Dossier, Mot
from services.orientation.domain.regles import Recu, regle, repli

DROIT = "droit"  # its number is the day
_DROIT_OUVERT = frozenset({"0", "2", "3", "4"})
"""CNAF states of a file in which the person asks for the RSA or has a right to it, paid or not (ETATDOSRSA)."""


@dataclass(frozen=True, slots=True)
class DroitConnu:
    """`dit` is None when this service concludes it from something else than the right."""

    parcours: UUID
    brsa: bool
    dit: Mot | None = None


@dataclass(frozen=True, slots=True)
class DroitAnnonce:
    """The right from a day to come on."""

    parcours: UUID
    brsa: bool
    dit: Mot


@regle("droits.modifies")
def modifies(situation: Situation, recu: Recu[Mapping[str, Any]], maintenant: datetime) -> Sequence[Any]:
    """Change the right from its day of effect on. Without it the département has no delay; France Travail orients."""
    connu: Dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
    brsa = recu.data["etat_dossier"] in _DROIT_OUVERT
    dit = (recu.dit_a or recu.recu_a, date.fromisoformat(recu.data["date_effet"]))
    ouverts = [] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]
    if not fait_foi(connu, dit):
        return ouverts
    if dit[1] <= jour_legal(recu.departement, maintenant):
        return [*ouverts, DroitConnu(connu.parcours, brsa, dit)]
    if connu.droit_annonce and dit < connu.droit_annonce[1]:
        return ouverts
    return [*ouverts, DroitAnnonce(connu.parcours, brsa, dit)]


@regle(DROIT)
def constater(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier, jour = situation.dossier, date.fromordinal(recu.data)
    if dossier.droit_annonce is None or dossier.droit_annonce[1][1] != jour or dossier.est_clos:
        return Attente("droit sans annonce")
    if maintenant < debut_du_jour(dossier.departement, jour):
        return Attente("droit à venir")
    return [DroitConnu(dossier.parcours, *dossier.droit_annonce)]


@repli(DroitConnu)
def _connu(dossier: Dossier, fait: DroitConnu) -> Dossier:
    """Apply the right. A later message replaces an announcement, for whatever day it is."""
    annonce = dossier.droit_annonce
    tombe = annonce is not None and fait.dit is not None and fait.dit >= annonce[1]
    droit_dit = fait.dit or dossier.droit_dit
    return replace(dossier, brsa=fait.brsa, droit_dit=droit_dit, droit_annonce=None if tombe else annonce)


@repli(DroitAnnonce)
def _annonce(dossier: Dossier, fait: DroitAnnonce) -> Dossier:
    return replace(dossier, droit_annonce=(fait.brsa, fait.dit))


def fait_foi(dossier: Dossier, dit: Mot) -> bool:
    """Whether no message of a later instant has given the right, even one that arrived before."""
    return dossier.droit_dit is None or dit >= dossier.droit_dit


def repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[DroitConnu | DroitAnnonce]:
    """Return the latest right of all dossiers; without any, one beneficiary is enough."""
    connu = (survivant.brsa, survivant.droit_dit)
    entendus = [(d.droit_dit, d.brsa) for d in (survivant, *absorbes) if d.droit_dit]
    if entendus:
        dit, brsa = max(entendus)
        if (brsa, dit) != connu:
            yield DroitConnu(survivant.parcours, brsa, dit)
    elif any(absorbe.brsa for absorbe in absorbes) and not survivant.brsa:
        yield DroitConnu(survivant.parcours, True)
    annonces = [d.droit_annonce for d in (survivant, *absorbes) if d.droit_annonce]
    dernier = max((dit for dit, _ in entendus), default=None)
    annonce = max(annonces, key=lambda dite: dite[1], default=None)
    if annonce and annonce != survivant.droit_annonce and (dernier is None or annonce[1] >= dernier):
        yield DroitAnnonce(survivant.parcours, *annonce)


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    if dossier.droit_annonce and not dossier.est_clos:
        jour = dossier.droit_annonce[1][1]
        yield Echeance(dossier.parcours, f"{DROIT}-{jour.toordinal()}", debut_du_jour(dossier.departement, jour))
