"""What the life of the parcours changes here: `usagers` tells it, this service follows. Nothing is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.offres.domain import faits, messages
from services.offres.domain.dossier import Dossier
from services.offres.domain.prescription import expirer
from services.offres.domain.situation import Situation

RAISON_CLOTURE = "Le parcours de la personne est clos."
RAISON_FUSION = "Une prescription du parcours qui absorbe celui-ci porte la même clé."


def suivre(situation: Situation, message: messages.Evenement, maintenant: datetime) -> Sequence[faits.SurUnParcours]:
    dossier = situation.dossier
    match message:
        case messages.ParcoursOuvert():
            return ouvrir(dossier, message.parcours, message.departement)
        case messages.ParcoursTransfere():
            if dossier is None:
                return ouvrir(None, message.parcours, message.departement)
            return [faits.DossierTransfere(dossier.parcours, message.departement)]
        case messages.ParcoursClos():
            return _clore(dossier, maintenant)
        case messages.UsagerFusionne():
            return _fusionner(situation, message, jour_legal(message.departement, maintenant))
        case messages.UsagerEfface():
            # Also of a person of whom nothing has come yet: what is on its way is not to bring it back.
            return [*ouvrir(dossier, message.parcours, message.departement), faits.DossierEfface(message.parcours)]
        case _:
            assert_never(message)


def ouvrir(dossier: Dossier | None, parcours: UUID, departement: str) -> Sequence[faits.SurUnParcours]:
    return [] if dossier else [faits.DossierOuvert(parcours, departement)]


def _clore(dossier: Dossier | None, maintenant: datetime) -> Sequence[faits.SurUnParcours]:
    """What nobody answered expires; what was accepted goes on, and its participation may still be told."""
    if dossier is None or dossier.est_clos:
        return []
    jour = jour_legal(dossier.departement, maintenant)
    expirees = [expirer(dossier, connue, jour, RAISON_CLOTURE) for connue in dossier.en_attente]
    return [faits.DossierClos(dossier.parcours), *expirees]


def _fusionner(situation: Situation, message: messages.UsagerFusionne, jour: date) -> Sequence[faits.SurUnParcours]:
    """The survivor takes all prescriptions over but those whose key it uses itself: of these, the open ones expire."""
    connu = situation.dossier or Dossier(message.parcours, message.departement)
    absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
    # A parcours of which nothing has come yet is absorbed all the same: what is on its way will reach the survivor.
    inconnus = sorted(set(message.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
    return [
        *ouvrir(situation.dossier, message.parcours, message.departement),
        *(faits.DossierOuvert(parcours, message.departement) for parcours in inconnus),
        *_prescriptions_reprises(connu, absorbes),
        *_prescriptions_perdues(connu, absorbes, jour),
        *(faits.DossierAbsorbe(parcours, connu.parcours) for parcours in inconnus),
        *(faits.DossierAbsorbe(absorbe.parcours, connu.parcours) for absorbe in absorbes),
    ]


def _prescriptions_reprises(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.SurUnParcours]:
    cles = {connue.prescription_id for connue in survivant.prescriptions}
    numero = survivant.prochain_numero
    for connue in (connue for absorbe in absorbes for connue in absorbe.prescriptions):
        if connue.prescription_id not in cles:
            cles.add(connue.prescription_id)
            yield faits.PrescriptionReprise(survivant.parcours, replace(connue, numero=numero))
            numero += 1


def _prescriptions_perdues(
    survivant: Dossier, absorbes: Sequence[Dossier], jour: date
) -> Iterator[faits.SurUnParcours]:
    cles = {connue.prescription_id for connue in survivant.prescriptions}
    for absorbe in absorbes:
        for connue in absorbe.prescriptions:
            if connue.prescription_id in cles and connue.etat.attend_une_reponse:
                yield expirer(absorbe, connue, jour, RAISON_FUSION)
            cles.add(connue.prescription_id)
