"""The rights to publish: a source belongs to one partner; others may not replace or withdraw its records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal, territoire_de
from relais_contrats.v1 import offres as contrat
from services.dossiers.vie import Situation
from services.offres.domain.regles import OFFRE, Dit, Recu

LIEU_ATTENDU = "le code d'une commune, d'un EPCI ou d'un département, d'aujourd'hui ou qui a été repris par un autre"
AGREGATEUR = "plateforme-offre"
"""The kind of partner whose trade is to publish for others, under many sources."""

Genre: TypeAlias = Literal["structure", "service"]
Cle: TypeAlias = tuple[Genre, str]
Publiee: TypeAlias = contrat.StructurePubliee | contrat.ServicePublie
Retiree: TypeAlias = contrat.StructureRetiree | contrat.ServiceRetire


def cle(dite: Publiee | Retiree) -> Cle:
    """Its kind, and its key `source--id`."""
    est_un_service = isinstance(dite, contrat.ServicePublie | contrat.ServiceRetire)
    return ("service" if est_un_service else "structure"), dite.id


@dataclass(frozen=True, slots=True)
class Depose:
    """A deposit about the offer. `donnees` is the record as deposited, which the catalogue publishes unchanged;
    `lieu_inconnu` points at a commune in it that does not exist today."""

    recu: Recu[Any]
    donnees: Mapping[str, Any]
    lieu_inconnu: str | None


@dataclass(frozen=True, slots=True)
class Vitrine:
    """The part of the offer that a batch names: the partner of each source, the live records, the former ones, and the
    days of announced withdrawals."""

    sources: Mapping[str, str]
    vivantes: frozenset[Cle]
    retirees: frozenset[Cle]
    prevus: Mapping[Cle, date]


@dataclass(frozen=True, slots=True)
class SourceLiee:
    """From now on only this partner publishes under this source."""

    source: str
    partenaire: str


@OFFRE.regle(contrat.StructurePubliee, contrat.ServicePublie)
def publier(situation: Situation, recu: Recu[Publiee], _: datetime) -> Sequence[Any] | Refus:
    """Publish a record. Its place must be in the territory of the deposit, which the door has checked."""
    vitrine: Vitrine = situation.dossier
    depose: Depose = situation.contexte
    fiche, departement = recu.data, recu.departement
    if refus := _refus_de_source(vitrine, recu, fiche.source, "/data/source"):
        return refus
    if depose.lieu_inconnu:
        return Refus("code-inconnu", f"/data{depose.lieu_inconnu}", {"attendu": LIEU_ATTENDU})
    if fiche.code_insee and territoire_de(fiche.code_insee) != departement:
        return Refus("hors-territoire", "/data/code_insee", {"departement": departement})
    recu_le = jour_legal(departement, recu.recu_a)
    if fiche.date_maj > recu_le:
        return Refus("dates-incoherentes", "/data/date_maj", {"recu_le": recu_le.isoformat()})
    if isinstance(fiche, contrat.ServicePublie) and ("structure", fiche.structure_id) not in vitrine.vivantes:
        return Refus("structure-inconnue", "/data/structure_id", {"attendu": "structure.publiee"})
    liee = [] if fiche.source in vitrine.sources else [SourceLiee(fiche.source, recu.auteur)]
    return [*liee, Dit(recu.parcours, departement, fiche, depose.donnees)]


@OFFRE.repli(SourceLiee)
def _liee(vitrine: Vitrine, fait: SourceLiee) -> Vitrine:
    return replace(vitrine, sources={**vitrine.sources, fait.source: fait.partenaire})


@OFFRE.repli(contrat.StructurePubliee, contrat.ServicePublie)
def _publiee(vitrine: Vitrine, fait: Dit[Publiee, Mapping[str, Any]]) -> Vitrine:
    """Replace the record of the same key."""
    une = cle(fait.data)
    return replace(
        vitrine,
        vivantes=vitrine.vivantes | {une},
        retirees=vitrine.retirees - {une},
        prevus=_sauf(vitrine.prevus, une),
    )


@OFFRE.regle(contrat.StructureRetiree, contrat.ServiceRetire)
def retirer(situation: Situation, recu: Recu[Retiree], _: datetime) -> Sequence[Any] | Refus:
    """Withdraw a record. Until a day to come it is offered, and publishing it again takes the withdrawal back."""
    vitrine: Vitrine = situation.dossier
    une, dit = cle(recu.data), recu.data
    if une in vitrine.retirees:
        return Refus("deja-traite", "/data/id", {"etat": "retire"})
    if une not in vitrine.vivantes:
        return Refus("service-inconnu" if une[0] == "service" else "structure-inconnue", "/data/id")
    if refus := _refus_de_source(vitrine, recu, source_de(dit.id), "/data/id"):
        return refus
    if vitrine.prevus.get(une) == dit.date:
        return Refus("deja-traite", "/data/date", {"etat": "retrait-prevu"})
    est_prevu = dit.date > jour_legal(recu.departement, recu.recu_a)
    return [Dit(recu.parcours, recu.departement, dit, est_prevu)]


@OFFRE.repli(contrat.StructureRetiree, contrat.ServiceRetire)
def _retiree(vitrine: Vitrine, fait: Dit[Retiree, bool]) -> Vitrine:
    """`garde`: whether its day is still to come."""
    une = cle(fait.data)
    if fait.garde:
        return replace(vitrine, prevus={**vitrine.prevus, une: fait.data.date})
    return replace(
        vitrine,
        vivantes=vitrine.vivantes - {une},
        retirees=vitrine.retirees | {une},
        prevus=_sauf(vitrine.prevus, une),
    )


def source_de(id_: str) -> str:
    return id_.partition("--")[0]


def _sauf(prevus: Mapping[Cle, date], une: Cle) -> Mapping[Cle, date]:
    return {autre: jour for autre, jour in prevus.items() if autre != une}


def _refus_de_source(vitrine: Vitrine, recu: Recu[Any], source: str, pointeur: str) -> Refus | None:
    """A source is bound to its first publisher. Only an aggregator may take one that does not bear its own name."""
    if editeur := vitrine.sources.get(source):
        return None if editeur == recu.auteur else Refus("non-autorise", pointeur)
    sien = recu.auteur.rpartition("/")[2]
    if recu.role == AGREGATEUR or source == sien:
        return None
    return Refus("non-autorise", pointeur, {"source_attendue": sien})
