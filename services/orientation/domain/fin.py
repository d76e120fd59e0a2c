"""The end of an orientation: decided, reached by its term, or that of the parcours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.decision import Attente, Echeance, Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import orientation as contrat
from services.dossiers.vie import Situation
from services.orientation.domain.competence import refus_d_exercice
from services.orientation.domain.decision import Auteur
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.orientation import finissant, ouverte_de
from services.orientation.domain.plages import UN_JOUR
from services.orientation.domain.regles import Dit, Recu, regle, repli

TERME = "terme"
MOTIF_TERME = "Terme prévu par la décision."

Close: TypeAlias = Dit[contrat.OrientationClose, None]


@dataclass(frozen=True, slots=True)
class OrientationSansEffet:
    """An orientation to come has no effect: the parcours ends before."""

    parcours: UUID
    rang: int
    motif: str


@regle(contrat.OrientationClose)
def clore(situation: Situation, recu: Recu[contrat.OrientationClose], _: datetime) -> Sequence[Any] | Refus:
    """Close the orientation. Until a last day to come it stays open, and its end is published again then."""
    dossier, date_fin = situation.dossier, recu.data.date_fin
    ouverte = ouverte_de(dossier)
    if isinstance(ouverte, Refus):
        return ouverte
    if refus := refus_d_exercice(ouverte, Auteur.de(recu)):
        return refus
    if date_fin < ouverte.debut or (ouverte.fin and date_fin > ouverte.fin):
        return Refus("dates-incoherentes", "/data/date_fin", {"date_debut": ouverte.debut.isoformat()})
    est_differee = date_fin > jour_legal(dossier.departement, recu.recu_a)
    effet = date_fin + UN_JOUR if est_differee else None
    return [Dit(dossier.parcours, dossier.departement, recu.data, None, effet)]


@regle(TERME)
def constater(situation: Situation, recu: Recu[int], maintenant: datetime) -> Sequence[Any] | Attente:
    dossier: Dossier = situation.dossier
    ouverte = dossier.ouverte
    if ouverte is None or ouverte.rang != recu.data or ouverte.fin is None or _est_relayee(dossier, ouverte.fin):
        return Attente("orientation sans terme")
    if maintenant < debut_du_jour(dossier.departement, ouverte.fin + UN_JOUR):
        return Attente("terme à venir")
    return [_close(dossier, ouverte.fin, ouverte.motif_fin or MOTIF_TERME)]


@repli(contrat.OrientationClose)
def _fermee(dossier: Dossier, fait: Close) -> Dossier:
    ouverte, est_differee = dossier.ouverte, fait.effet is not None
    if ouverte:
        finissante = replace(finissant(ouverte, fait.data.date_fin), motif_fin=fait.data.motif)
        dossier = dossier.avec(replace(finissante, est_close=not est_differee))
    return dossier if est_differee else replace(dossier, reorientation=None)


@repli(OrientationSansEffet)
def _sans_effet(dossier: Dossier, fait: OrientationSansEffet) -> Dossier:
    nommee = next(orientation for orientation in dossier.orientations if orientation.rang == fait.rang)
    return dossier.avec(replace(finissant(nommee, nommee.fin or nommee.debut), est_close=True, motif_fin=fait.motif))


def fins(dossier: Dossier, jour: date, motif: str) -> Iterator[Close]:
    """An end that comes from elsewhere: never before the orientation began, nor after its announced term."""
    if ouverte := dossier.ouverte:
        date_fin = max(jour, ouverte.debut)
        yield _close(dossier, min(date_fin, ouverte.fin) if ouverte.fin else date_fin, motif)


def sans_effet(dossier: Dossier, motif: str) -> Iterator[OrientationSansEffet]:
    for orientation in dossier.a_venir:
        yield OrientationSansEffet(dossier.parcours, orientation.rang, motif)


def echeances(dossier: Dossier) -> Iterator[Echeance]:
    ouverte = dossier.ouverte
    if ouverte and ouverte.fin and not _est_relayee(dossier, ouverte.fin):
        due_a = debut_du_jour(dossier.departement, ouverte.fin + UN_JOUR)
        yield Echeance(dossier.parcours, f"{TERME}-{ouverte.rang}", due_a)


def _close(dossier: Dossier, date_fin: date, motif: str) -> Close:
    close = contrat.OrientationClose(date_fin=date_fin, motif=motif)
    return Dit(dossier.parcours, dossier.departement, close, None)


def _est_relayee(dossier: Dossier, fin: date) -> bool:
    """Another one begins on the day after: it ends this one itself, without a moment between them."""
    return any(orientation.debut == fin + UN_JOUR for orientation in dossier.a_venir)
