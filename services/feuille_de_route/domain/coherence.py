"""The rule by which the view shows one orientation at a time, in any order of arrival (CATALOGUE § 4, invariant 6).

A new decision ends the designation of the référent and puts the contract back to `a-signer`. `referents` and
`engagements` publish that once the decision reaches them; the view does not wait. An event recorded before the open
decision belongs to the former one. An event recorded after it that names another structure belongs to a decision that
has not arrived yet, and is not shown until then.
"""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from relais_contrats.v1 import delais
from services.feuille_de_route.domain.contrats import Contrat
from services.feuille_de_route.domain.ensemble import Ensemble
from services.feuille_de_route.domain.orientations import Demande, Orientation
from services.feuille_de_route.domain.suivi import Designation

PARCOURS_SOCIAL = "social"


@dataclass(frozen=True, slots=True)
class EnVigueur:
    """The coherent state. `closes` and `anciennes` are the former ones, the oldest first; `renouvellement` is
    the contract that waits for its signature or its first day beside the one in force; `limite_de_signature` the last
    day to sign; `reexamen_le` the day of the next examination of a social parcours, once `engagements` published it."""

    demande: Demande | None
    ouverte: Orientation | None
    closes: tuple[Orientation, ...]
    referent: Designation | None
    anciennes: tuple[Designation, ...]
    contrat: Contrat | None
    renouvellement: Contrat | None
    limite_de_signature: date | None
    reexamen_le: date | None


def en_vigueur(ensemble: Ensemble) -> EnVigueur:
    ouverte = None if ensemble.vie.est_close else ensemble.orientations.ouverte
    referent, anciennes = _designations(ensemble, ouverte)
    contrat = ensemble.contrats.actuel
    return EnVigueur(
        demande=_demande(ensemble),
        ouverte=ouverte,
        closes=_closes(ensemble, ouverte),
        referent=referent,
        anciennes=anciennes,
        contrat=_contrat(ensemble, ouverte, contrat) if contrat else None,
        renouvellement=ensemble.contrats.renouvellement,
        limite_de_signature=_limite_de_signature(ensemble, ouverte),
        reexamen_le=_reexamen_le(ensemble, ouverte),
    )


def _demande(ensemble: Ensemble) -> Demande | None:
    """What the former département was asked to decide is no more awaited: the new one is asked anew."""
    demande = ensemble.orientations.demande
    if demande is None or ensemble.vie.est_close or _precede_le_transfert(ensemble, demande.demandee_par):
        return None
    return demande


def _limite_de_signature(ensemble: Ensemble, ouverte: Orientation | None) -> date | None:
    """The last day of the delay that the notification opens; a new one opens a new delay, and
    in another département the contract waits for its own notification."""
    if ouverte is None or ouverte.notifiee_le is None or _precede_le_transfert(ensemble, ouverte.notifiee_par):
        return None
    limite = delais.SIGNATURE.fin(ouverte.notifiee_le)
    est_declaree = ouverte.reprise_le is not None and ouverte.notifiee_par == ouverte.decidee_par
    return None if est_declaree and ouverte.reprise_le and limite < ouverte.reprise_le else limite


def _reexamen_le(ensemble: Ensemble, ouverte: Orientation | None) -> date | None:
    """As told for the decision that is open; a date told before it belongs to the one before."""
    if ouverte is None or ouverte.decision["parcours_type"] != PARCOURS_SOCIAL:
        return None
    prevu = ensemble.contrats.reexamens.get(ouverte.parcours)
    return prevu.le if prevu and prevu.dit_par > _decidee_par(ensemble, ouverte) else None


def _precede_le_transfert(ensemble: Ensemble, evenement: UUID | None) -> bool:
    transfere_par = ensemble.vie.transfere_par
    return transfere_par is not None and evenement is not None and evenement < transfere_par


def _closes(ensemble: Ensemble, ouverte: Orientation | None) -> tuple[Orientation, ...]:
    """All but the open one; the end of the parcours is the end of what it left open."""
    autres = [orientation for orientation in ensemble.orientations.decidees if orientation is not ouverte]
    ordonnees = sorted(autres, key=lambda orientation: (orientation.debut, orientation.decidee_par))
    return tuple(o if o.est_close else _close_avec_le_parcours(o, ensemble) for o in ordonnees)


def _close_avec_le_parcours(orientation: Orientation, ensemble: Ensemble) -> Orientation:
    """As `orientation` will say: never before it began, nor after its announced term."""
    vie = ensemble.vie
    if vie.fin is None:
        return replace(orientation, est_close=True)
    fin = max(vie.fin, orientation.debut)
    fin = min(fin, orientation.fin) if orientation.fin else fin
    return replace(orientation, fin=fin, est_close=True, motif_fin=vie.motif_fin)


def _designations(
    ensemble: Ensemble, ouverte: Orientation | None
) -> tuple[Designation | None, tuple[Designation, ...]]:
    """The référent under way and the former ones. Exactly one may be under way, and only under the open orientation."""
    seuil = _seuil(ensemble, ouverte)
    referent: Designation | None = None
    anciennes: list[Designation] = []
    for designation in sorted(ensemble.suivi.designations, key=lambda d: d.designee_par):
        if not designation.est_vivante:
            anciennes.append(designation)
        elif seuil is None or designation.designee_par < seuil:
            anciennes += [replace(designation, etat="termine")] if seuil else []
        elif ouverte and designation.structure == ouverte.structure:
            anciennes += [replace(referent, etat="termine")] if referent else []
            referent = designation
    return referent, tuple(anciennes)


def _seuil(ensemble: Ensemble, ouverte: Orientation | None) -> UUID | None:
    """The event since which things are as they are: what was recorded before it belongs to the past."""
    if ouverte:
        return _decidee_par(ensemble, ouverte)
    return ensemble.vie.close_par or ensemble.orientations.changee_par


def _decidee_par(ensemble: Ensemble, ouverte: Orientation) -> UUID:
    """The event of the decision itself: the copy that a merge makes of it changes nothing."""
    copies = (o for o in ensemble.orientations.decidees if o.contenu == ouverte.contenu)
    return min(copie.decidee_par for copie in copies)


def _contrat(ensemble: Ensemble, ouverte: Orientation | None, contrat: Contrat) -> Contrat:
    """A signature, or a refusal, answers for the orientation and the département under which it was given."""
    if contrat.repondu_par is None or contrat.etat not in ("signe", "refuse"):
        return contrat
    if ouverte and contrat.repondu_par < _decidee_par(ensemble, ouverte):
        return _a_signer(contrat, "reorientation")
    if _precede_le_transfert(ensemble, contrat.repondu_par):
        return _a_signer(contrat, "transfert")
    return contrat


def _a_signer(contrat: Contrat, cause: str) -> Contrat:
    return replace(contrat, etat="a-signer", cause=cause, signe_le=None, signataires=(), refuse_le=None, motif=None)
