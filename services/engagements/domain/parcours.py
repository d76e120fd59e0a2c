"""What the life of the parcours changes here: `usagers` tells it, this service follows. Nothing is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from relais_contrats.territoires import jour_legal
from services.engagements.domain import contrat, faits, messages
from services.engagements.domain.dossier import Cause, Contrat, Dossier
from services.engagements.domain.situation import Situation

MOTIF_FUSION = "Parcours fusionné avec un autre de la même personne."


def suivre(situation: Situation, message: messages.EvenementDuParcours, maintenant: datetime) -> Sequence[faits.Fait]:
    dossier = situation.dossier
    match message:
        case messages.ParcoursOuvert():
            return ouvrir(dossier, message.parcours, message.departement)
        case messages.ParcoursTransfere():
            return _transferer(dossier, message, jour_legal(message.departement, maintenant))
        case messages.UsagerFusionne():
            return _fusionner(situation, message, jour_legal(message.departement, maintenant))
        case messages.ParcoursClos():
            if dossier is None or dossier.est_clos:
                return []
            closes = contrat.clore_tous(dossier, message.date_fin, message.motif)
            return [faits.DossierClos(dossier.parcours), *closes]
        case messages.UsagerEfface():
            # Also of a person of whom nothing has come yet: what is on its way is not to bring it back.
            return [*ouvrir(dossier, message.parcours, message.departement), faits.DossierEfface(message.parcours)]
        case _:
            assert_never(message)


def ouvrir(dossier: Dossier | None, parcours: UUID, departement: str) -> Sequence[faits.Fait]:
    return [] if dossier else [faits.DossierOuvert(parcours, departement)]


def _transferer(dossier: Dossier | None, message: messages.ParcoursTransfere, jour: date) -> Sequence[faits.Fait]:
    """The contract bound the other département: this one signs its own, within the month of its own notification."""
    if dossier is None:
        return ouvrir(None, message.parcours, message.departement)
    if dossier.departement == message.departement:
        return []
    transfere = faits.DossierTransfere(dossier.parcours, message.departement)
    if dossier.est_clos:
        return [transfere]
    arrive = replace(dossier, departement=message.departement)
    return [transfere, *contrat.resigner(arrive, Cause.TRANSFERT, jour)]


def _fusionner(situation: Situation, message: messages.UsagerFusionne, jour: date) -> Sequence[faits.Fait]:
    """The absorbed dossiers close; the survivor takes from them what it lacks: orientation, contract, sanctions."""
    connu = situation.dossier or Dossier(message.parcours, message.departement)
    absorbes = [a for a in situation.absorbes if a.absorbe_par is None and a.parcours != connu.parcours]
    # A parcours of which nothing has come yet is absorbed all the same: what is on its way will reach the survivor.
    inconnus = sorted(set(message.absorbes) - {absorbe.parcours for absorbe in situation.absorbes})
    return [
        *ouvrir(situation.dossier, message.parcours, message.departement),
        *(faits.DossierOuvert(parcours, message.departement) for parcours in inconnus),
        *(faits.DossierAbsorbe(parcours, connu.parcours) for parcours in inconnus),
        *(faits.DossierAbsorbe(absorbe.parcours, connu.parcours) for absorbe in absorbes),
        *(clos for absorbe in absorbes for clos in contrat.clore_tous(absorbe, jour, MOTIF_FUSION)),
        *_sanctions_reprises(connu, absorbes),
        *_suivi_repris(connu, absorbes),
    ]


def _sanctions_reprises(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.Fait]:
    """Renumbered after those of the survivor, which keeps its own where a key is the same."""
    manquements = {m.manquement_id: m for a in reversed(absorbes) for m in a.manquements}
    sanctions = {s.id: s for a in reversed(absorbes) for s in a.sanctions}
    for connu in survivant.manquements:
        manquements.pop(connu.manquement_id, None)
    for connue in survivant.sanctions:
        sanctions.pop(connue.id, None)
    if manquements or sanctions:
        premier = survivant.prochaine_sanction
        suivies = tuple(replace(s, numero=premier + rang) for rang, s in enumerate(sanctions.values()))
        yield faits.SanctionsReprises(survivant.parcours, tuple(manquements.values()), suivies)


def _suivi_repris(survivant: Dossier, absorbes: Sequence[Dossier]) -> Iterator[faits.Fait]:
    """All of one follow-up or nothing: a contract does not go with the orientation of another one."""
    suivis = [a for a in absorbes if a.orientation or a.courant]
    if survivant.est_clos or survivant.orientation or survivant.courant or not suivis:
        return
    source = max(suivis, key=lambda a: (a.orientation.debut if a.orientation else date.min, a.parcours))
    if source.orientation:
        yield faits.SuiviRepris(survivant.parcours, source.orientation, source.referent, source.reexamen)
    if source.criteres and not survivant.criteres:
        yield faits.DiagnosticSuivi(survivant.parcours, source.criteres)
    for vivant in source.vivants:
        yield from _contrat_repris(survivant, vivant)
    if delai := source.delai:
        yield faits.MoisOuvert(survivant.parcours, survivant.departement, delai.notifiee_le, delai.est_en_retard)


def _contrat_repris(survivant: Dossier, repris: Contrat) -> Iterator[faits.Fait]:
    """Told again on the survivor, up to the state in which it was."""
    qui = (survivant.parcours, survivant.departement)
    yield faits.ContratPropose(*qui, repris.contenu, repris.proposeur)
    if repris.signe_le:
        effet = repris.contenu.date_debut if repris.est_a_venir else None
        yield faits.ContratSigne(*qui, repris.id, repris.signe_le, repris.signataires, repris.est_hors_delai, effet)
        yield from (faits.ContratBilan(*qui, repris.id, bilan) for bilan in repris.bilans)
    if repris.suspension:
        suspension = repris.suspension
        yield faits.ContratSuspendu(*qui, repris.id, suspension.debut, suspension.motif, suspension.recue_le)
        if repris.cause:
            yield faits.ResignatureDifferee(survivant.parcours, repris.id, repris.cause)
    elif repris.cause:
        yield faits.ContratAResigner(*qui, repris.id, repris.cause)
    if repris.refuse_le:
        yield faits.ContratRefuse(*qui, repris.id, repris.refuse_le, repris.motif_refus)
