"""Every decision of this service. A refusal is a value; the pointers are those of the deposit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.decision import Attente, Refus
from services.usagers.domain import fusion
from services.usagers.domain.conservation import fin_de_conservation
from services.usagers.domain.evolution import remplacer
from services.usagers.domain.faits import (
    DroitsModifies,
    Fait,
    Motif,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursTransfere,
    Regle,
    UsagerAmbigu,
    UsagerCorrige,
    UsagerEfface,
    UsagerOppose,
    UsagerRapproche,
    UsagerSignale,
)
from services.usagers.domain.identite import Identifiant
from services.usagers.domain.messages import (
    ChangementDroits,
    Cloture,
    ConservationEchue,
    Correction,
    DecisionRapprochement,
    Effacement,
    Fusion,
    Message,
    Opposition,
    Signalement,
    Transfert,
)
from services.usagers.domain.parcours import Etat, EtatParcours, Parcours
from services.usagers.domain.rapprochement import Inconnu, Indecis, Reconnu, rapprocher

_PARIS = ZoneInfo("Europe/Paris")
_ACTIF = frozenset({EtatParcours.ACTIF})
# Objection and erasure are rights of the person: they do not depend on where the parcours stands.
_VIVANT = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU, EtatParcours.CLOS})
_MAX_CANDIDATS = 50

Decision = Sequence[Fait] | Refus | Attente


def decider(etat: Etat, message: Message, maintenant: datetime) -> Decision:
    match message:
        case Signalement():
            return _signaler(etat, message)
        case DecisionRapprochement():
            return _trancher(etat, message)
        case Correction():
            return _sur(etat, message.parcours, lambda p: _corriger(etat, p, message))
        case Fusion():
            return fusion.fusionner(etat, message)
        case ChangementDroits():
            return _sur(etat, message.parcours, lambda p: [DroitsModifies(p.id, p.departement, message.droits)])
        case Transfert():
            return _sur(etat, message.parcours, lambda p: _transferer(p, message))
        case Cloture():
            return _sur(etat, message.parcours, lambda p: _clore(p, message, maintenant))
        case Opposition():
            return _sur(etat, message.parcours, lambda p: _opposer(p, message, maintenant), _VIVANT)
        case Effacement():
            return _sur(etat, message.parcours, lambda p: [UsagerEfface(p.id, p.departement, message.motif)], _VIVANT)
        case ConservationEchue():
            return _oublier(etat.nommes.get(message.parcours), maintenant)
        case _:
            assert_never(message)


def _sur(
    etat: Etat, id_: UUID, suite: Callable[[Parcours], Decision], admis: frozenset[EtatParcours] = _ACTIF
) -> Decision:
    """Decide about a parcours that must exist, in one of the states `admis`."""
    parcours = etat.nommes.get(id_)
    if parcours is None or parcours.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/subject")
    if parcours.etat in admis:
        return suite(parcours)
    if parcours.etat is EtatParcours.AMBIGU:
        return Refus("usager-ambigu", "/subject")
    return Refus("etat-interdit", "/subject", {"etat": str(parcours.etat)})


def _signaler(etat: Etat, message: Signalement) -> Decision:
    doublon = _genre_repete(message.identifiants)
    if doublon is not None:
        return Refus("identifiant-invalide", f"/data/identifiants/{doublon}")
    verdict = rapprocher(message.identite, message.identifiants, etat.actifs)
    match verdict:
        case Inconnu():
            ouvert = message.nouveau
            return [
                UsagerSignale(ouvert, message.departement, message),
                ParcoursOuvert(ouvert, message.departement, Regle.AUCUNE),
                *_prevenir(etat, ouvert, message.identifiants),
            ]
        case Reconnu(parcours, regle):
            return [
                UsagerSignale(parcours.id, parcours.departement, message),
                ParcoursRattache(parcours.id, parcours.departement, regle),
                *_prevenir(etat, parcours.id, message.identifiants),
            ]
        case Indecis(candidats, motifs):
            en_attente = _deja_signale(etat, message)
            id_ = en_attente.id if en_attente else message.nouveau
            departement = en_attente.departement if en_attente else message.departement
            ids = tuple(sorted(p.id for p in candidats))[:_MAX_CANDIDATS]
            return [
                UsagerSignale(id_, departement, message),
                UsagerAmbigu(id_, departement, ids, motifs),
            ]
        case _:
            assert_never(verdict)


def _genre_repete(identifiants: Sequence[Identifiant]) -> int | None:
    """The place of a second, different number where a person has one only (NIR, France Travail number)."""
    vus: dict[tuple[str, ...], Identifiant] = {}
    for place, identifiant in enumerate(identifiants):
        est_unique = identifiant.nature in ("nir", "numero-france-travail")
        if est_unique and vus.setdefault(identifiant.genre, identifiant) != identifiant:
            return place
    return None


def _deja_signale(etat: Etat, message: Signalement) -> Parcours | None:
    """The ambiguous parcours that the same partner already caused by telling the same things."""
    dit = frozenset(message.identifiants)
    return next(
        (
            p
            for p in etat.ambigus
            if p.emetteur == message.emetteur and p.identite == message.identite and p.identifiants == dit
        ),
        None,
    )


def _prevenir(etat: Etat, tenant: UUID, identifiants: Sequence[Identifiant]) -> list[UsagerAmbigu]:
    """Ambiguous parcours that claim an identifier which `tenant` now holds get it as a candidate."""
    tenus = frozenset(i for i in identifiants if i.est_exclusif)
    return [
        UsagerAmbigu(p.id, p.departement, (*p.candidats, tenant), (Motif.IDENTIFIANT_DESORMAIS_TENU,))
        for p in etat.ambigus
        if p.identifiants & tenus and tenant not in p.candidats and len(p.candidats) < _MAX_CANDIDATS
    ]


def _trancher(etat: Etat, message: DecisionRapprochement) -> Decision:
    """An agent says who an ambiguous person is. Once said, it is said: asking again is `deja-traite`."""
    en_attente = etat.nommes.get(message.parcours)
    if en_attente is None or en_attente.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/subject")
    if en_attente.etat is not EtatParcours.AMBIGU:
        return Refus("deja-traite", "/subject")
    if message.decision == "personne-nouvelle":
        ecartes = frozenset(i for i in en_attente.identifiants if etat.tenu_ailleurs(i, en_attente.id))
        return [
            UsagerRapproche(en_attente.id, en_attente.departement, "personne-nouvelle", None),
            ParcoursOuvert(en_attente.id, en_attente.departement, Regle.DECISION, ecartes),
            *_prevenir(_sans(etat, en_attente), en_attente.id, tuple(en_attente.identifiants - ecartes)),
        ]
    reconnu = etat.nommes.get(message.reconnu) if message.reconnu else None
    if reconnu is None or reconnu.etat is EtatParcours.EFFACE:
        return Refus("parcours-inconnu", "/data/parcours")
    if reconnu.id not in en_attente.candidats:
        return Refus("etat-interdit", "/data/parcours", {"motif": "pas-un-candidat"})
    if reconnu.etat is not EtatParcours.ACTIF:
        return Refus("etat-interdit", "/data/parcours", {"etat": str(reconnu.etat)})
    return [
        UsagerRapproche(en_attente.id, en_attente.departement, "meme-personne", reconnu.id),
        ParcoursRattache(reconnu.id, reconnu.departement, Regle.DECISION),
        fusion.reconnaitre(etat, reconnu, en_attente),
    ]


def _sans(etat: Etat, parcours: Parcours) -> Etat:
    return Etat(etat.nommes, tuple(p for p in etat.proches if p.id != parcours.id))


def _corriger(etat: Etat, parcours: Parcours, message: Correction) -> Decision:
    for place, identifiant in enumerate(message.identifiants):
        if etat.tenu_ailleurs(identifiant, parcours.id):
            return Refus("usager-ambigu", f"/data/identifiants/{place}")
    genres = [i.genre for i in message.identifiants]
    if len(remplacer((), message.identifiants)) > len(set(genres)):
        return Refus("identifiant-invalide", "/data/identifiants", {"motif": "un-par-nature"})
    corrige = UsagerCorrige(
        parcours.id, parcours.departement, message.identite, message.identifiants, message.coordonnees
    )
    return [corrige, *_prevenir(etat, parcours.id, message.identifiants)]


def _transferer(parcours: Parcours, message: Transfert) -> Decision:
    if message.departement_nouveau == parcours.departement:
        return Refus("deja-traite", "/data/departement_nouveau")
    return [ParcoursTransfere(parcours.id, parcours.departement, message.departement_nouveau, message.date_effet)]


def _clore(parcours: Parcours, message: Cloture, maintenant: datetime) -> Decision:
    """A parcours is closed on its last day or after: a closure cannot be announced."""
    aujourd_hui = maintenant.astimezone(_PARIS).date()
    if message.date_fin > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_fin", {"aujourd_hui": aujourd_hui.isoformat()})
    return [ParcoursClos(parcours.id, parcours.departement, message.date_fin, message.motif)]


def _opposer(parcours: Parcours, message: Opposition, maintenant: datetime) -> Decision:
    if parcours.oppose_a is not None:
        return Refus("deja-traite", "/subject")
    return [UsagerOppose(parcours.id, parcours.departement, message.motif, maintenant)]


def _oublier(parcours: Parcours | None, maintenant: datetime) -> Decision:
    """The due date erases only what is still due: a merge or an erasure may have come before it."""
    echeance = fin_de_conservation(parcours) if parcours else None
    if parcours is None or echeance is None or maintenant < echeance:
        return []
    return [UsagerEfface(parcours.id, parcours.departement, "Durée légale de conservation échue.")]
