"""The consequences of decisions (`orientation`) and signatures (`engagements`) for the référent. None is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.dossiers.vie import DossierOuvert, Situation
from services.referents.domain.delai import UN_JOUR
from services.referents.domain.designation import dernier_jour, fins_de_droit, reprendre, termine
from services.referents.domain.dossier import Dossier, Issue, Orientation
from services.referents.domain.regles import Recu, regle, repli
from services.referents.domain.reprise import OrientationConnue
from services.referents.domain.suivi import effectif

Json = Mapping[str, Any]

MOTIF_NOUVELLE_DECISION = "Nouvelle décision d'orientation."
MOTIF_FIN_ORIENTATION = "L'orientation a pris fin."
MOTIF_ANNULEE = "La décision d'orientation est annulée."


@dataclass(frozen=True, slots=True)
class OrientationTerminee:
    parcours: UUID
    date_fin: date


@dataclass(frozen=True, slots=True)
class OrientationOubliee:
    """It was cancelled: `retablie` goes on, and the designation `numero` that it had ended with it."""

    parcours: UUID
    rang: int
    retablie: Orientation | None
    numero: int | None


@dataclass(frozen=True, slots=True)
class SignaturesConnues:
    """The contracts signed under the designation in force: by their deposits."""

    parcours: UUID
    signatures: tuple[UUID, ...]


@regle("orientation.decidee", "orientation.effective", absorbes=True)
def decidee(situation: Situation, recu: Recu[Json], maintenant: datetime) -> Sequence[Any]:
    """A new decision ends the designation in force, also towards the same structure; the référent is named again.

    A decision about the past, put in a gap between two orientations, is not the one in force: nothing changes.
    """
    dossier: Dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
    nouvelle = Orientation.lue(recu.data, recu.departement)
    ouverts = [] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]
    derniere = dossier.derniere_orientation
    if derniere and nouvelle.debut <= derniere.debut:
        return ouverts
    decides = [*ouverts, OrientationConnue(dossier.parcours, nouvelle)]
    if dossier.est_clos:
        return decides
    veille, jour = nouvelle.debut - UN_JOUR, jour_legal(dossier.departement, maintenant)
    if fins := fins_de_droit(dossier, veille, jour, MOTIF_NOUVELLE_DECISION, Issue.ORIENTATION):
        return [*decides, *fins]
    return [*decides, *reprendre(dossier, nouvelle, situation.absorbes)]


@repli(OrientationConnue)
def _connue(dossier: Dossier, fait: OrientationConnue) -> Dossier:
    """The orientations before it: cut the day before, or left with the end that they had."""
    orientations, ouverte = dossier.orientations, dossier.ouverte
    if ouverte:
        veille = fait.orientation.debut - UN_JOUR
        close = replace(ouverte, fin=min(ouverte.fin or veille, veille), est_close=True)
        orientations = (*orientations[:-1], close)
    return replace(dossier, orientations=(*orientations, fait.orientation))


@regle("orientation.close")
def close(situation: Situation, recu: Recu[Json], maintenant: datetime) -> Sequence[Any]:
    dossier: Dossier | None = situation.dossier
    if dossier is None or dossier.ouverte is None:
        return []
    fin, jour = date.fromisoformat(recu.data["date_fin"]), jour_legal(dossier.departement, maintenant)
    fins = fins_de_droit(dossier, fin, jour, MOTIF_FIN_ORIENTATION, Issue.ORIENTATION)
    return [OrientationTerminee(dossier.parcours, fin), *fins]


@repli(OrientationTerminee)
def _terminee(dossier: Dossier, fait: OrientationTerminee) -> Dossier:
    ouverte = dossier.ouverte
    if ouverte is None:
        return dossier
    close = replace(ouverte, fin=max(fait.date_fin, ouverte.debut), est_close=True)
    return replace(dossier, orientations=(*dossier.orientations[:-1], close))


@regle("orientation.annulee")
def annulee(situation: Situation, recu: Recu[Json], maintenant: datetime) -> Sequence[Any]:
    """Cancel a decision: the former référent follows again, the one designated under it does not."""
    dossier: Dossier | None = situation.dossier
    rang, dite = recu.data["rang"], recu.data["retablie"]
    if dossier is None or all(orientation.rang != rang for orientation in dossier.orientations):
        return []
    jour = jour_legal(dossier.departement, maintenant)
    retablie = Orientation.lue(dite, recu.departement) if dite else None
    fins = [
        termine(dossier, d, dernier_jour(d, jour), MOTIF_ANNULEE, Issue.ORIENTATION)
        for d in dossier.designations
        if d.rang == rang and d.est_en_cours
    ]
    rendus = [
        d.numero
        for d in dossier.designations
        if retablie and d.rang == retablie.rang and d.motif_fin == MOTIF_NOUVELLE_DECISION
    ]
    oubliee = OrientationOubliee(dossier.parcours, rang, retablie, rendus[-1] if rendus else None)
    if not rendus:
        return [oubliee, *fins]
    return [oubliee, *fins, effectif(_oubliee(dossier, oubliee), jour)]


@repli(OrientationOubliee)
def _oubliee(dossier: Dossier, fait: OrientationOubliee) -> Dossier:
    retablie = fait.retablie
    orientations = tuple(
        retablie if retablie and o.rang == retablie.rang else o for o in dossier.orientations if o.rang != fait.rang
    )
    designations = tuple(
        replace(d, issue=None, fin=None, motif_fin=None) if d.numero == fait.numero else d for d in dossier.designations
    )
    return replace(dossier, orientations=orientations, designations=designations)


@regle("contrat.signe")
def signe(situation: Situation, recu: Recu[Json], _: datetime) -> Sequence[Any]:
    """Record a signature under the référent in force, if he was designated before it. A contract that a merge publishes
    again stands on nothing."""
    dossier: Dossier | None = situation.dossier
    derniere = dossier.designation if dossier else None
    if recu.cause is None or not recu.auteur.startswith("/partenaires/"):
        return []
    if dossier is None or derniere is None or (derniere.decidee and recu.id < derniere.decidee.id):
        return []
    return [SignaturesConnues(dossier.parcours, (*derniere.signatures, recu.cause))]


@regle("contrat.annule")
def contrat_annule(situation: Situation, recu: Recu[Json], _: datetime) -> Sequence[Any]:
    dossier: Dossier | None = situation.dossier
    derniere, annule = dossier.derniere if dossier else None, UUID(recu.data["annule"])
    if dossier is None or derniere is None or annule not in derniere.signatures:
        return []
    restent = tuple(depot for depot in derniere.signatures if depot != annule)
    return [SignaturesConnues(dossier.parcours, restent)]


@repli(SignaturesConnues)
def _signe(dossier: Dossier, fait: SignaturesConnues) -> Dossier:
    *autres, derniere = dossier.designations
    return replace(dossier, designations=(*autres, replace(derniere, signatures=fait.signatures)))
