"""Every decision of this service. A refusal is a value; its pointers point into the deposit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.territoires import jour_legal
from services.usagers.domain import defusion, fusion, transfert
from services.usagers.domain.conservation import fin_de_conservation
from services.usagers.domain.evolution import remplacer
from services.usagers.domain.faits import (
    DroitsConserves,
    DroitsModifies,
    Fait,
    Motif,
    ParcoursClos,
    ParcoursOuvert,
    ParcoursRattache,
    ParcoursTransfere,
    Regle,
    SignalementConserve,
    UsagerAmbigu,
    UsagerCorrige,
    UsagerEfface,
    UsagerOppose,
    UsagerRapproche,
    UsagerSignale,
)
from services.usagers.domain.identite import Coordonnees, Identifiant
from services.usagers.domain.messages import (
    ChangementDroits,
    Cloture,
    ConservationEchue,
    Correction,
    DecisionRapprochement,
    Defusion,
    Effacement,
    Fusion,
    Message,
    Opposition,
    Signalement,
    Transfert,
    TransfertEchu,
)
from services.usagers.domain.parcours import Dire, Etat, EtatParcours, Parcours
from services.usagers.domain.rapprochement import Inconnu, Indecis, Reconnu, rapprocher
from services.usagers.domain.regles import REGLES, regle
from services.usagers.domain.vraisemblance import refus_de_dates

_ACTIF = frozenset({EtatParcours.ACTIF})
# Who pays the right says so of a person whom nobody has recognised yet: a refusal would tell it that.
_SIGNALE = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU})
# Objection and erasure are rights of the person: they do not depend on where the parcours stands.
_VIVANT = frozenset({EtatParcours.ACTIF, EtatParcours.AMBIGU, EtatParcours.CLOS})
_MAX_CANDIDATS = 50

Decision = Sequence[Fait] | Refus | Attente


def decider(etat: Etat, message: Message, maintenant: datetime) -> Decision:
    decision: Decision = REGLES.regles[type(message)](etat, message, maintenant)
    return decision


@regle(DecisionRapprochement)
def _rapprocher(etat: Etat, message: DecisionRapprochement, _: datetime) -> Decision:
    return _trancher(etat, message)


@regle(Correction)
def _correction(etat: Etat, message: Correction, maintenant: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: _corriger(etat, p, message, maintenant))


@regle(Fusion)
def _fusion(etat: Etat, message: Fusion, _: datetime) -> Decision:
    return fusion.fusionner(etat, message)


@regle(Defusion)
def _defusion(etat: Etat, message: Defusion, _: datetime) -> Decision:
    return defusion.defusionner(etat, message)


@regle(ChangementDroits)
def _droits(etat: Etat, message: ChangementDroits, _: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: [_changer_les_droits(p, message)], _SIGNALE)


@regle(Transfert)
def _transfert(etat: Etat, message: Transfert, maintenant: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: transfert.transferer(etat, p, message, maintenant))


@regle(TransfertEchu)
def _transfert_echu(etat: Etat, message: TransfertEchu, maintenant: datetime) -> Decision:
    return transfert.constater(etat, etat.nommes.get(message.parcours), maintenant)


@regle(Cloture)
def _cloture(etat: Etat, message: Cloture, maintenant: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: _clore(p, message, maintenant))


@regle(Opposition)
def _opposition(etat: Etat, message: Opposition, maintenant: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: _opposer(p, message, maintenant), _VIVANT)


@regle(Effacement)
def _effacement(etat: Etat, message: Effacement, _: datetime) -> Decision:
    return _sur(etat, message.parcours, lambda p: [UsagerEfface(p.id, p.departement, message.motif)], _VIVANT)


@regle(ConservationEchue)
def _conservation(etat: Etat, message: ConservationEchue, maintenant: datetime) -> Decision:
    return _oublier(etat.nommes.get(message.parcours), maintenant)


def _changer_les_droits(parcours: Parcours, message: ChangementDroits) -> Fait:
    """Change the right of a person in her territory. A payer that signalled her from elsewhere does not learn that
    territory (decision 0066)."""
    if parcours.departement not in message.departements:
        return DroitsConserves(parcours.id, parcours.departement)
    return DroitsModifies(parcours.id, parcours.departement, message.droits)


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


@regle(Signalement)
def _signaler(etat: Etat, message: Signalement, maintenant: datetime) -> Decision:
    doublon = _genre_repete(message.identifiants)
    if doublon is not None:
        return Refus("identifiant-invalide", f"/data/identifiants/{doublon}")
    aujourd_hui = jour_legal(message.departement, maintenant)
    if refus := refus_de_dates(message.identite.date_naissance, message.date_reception_droit, aujourd_hui):
        return refus
    verdict = rapprocher(message.identite, message.identifiants, etat.actifs)
    arrivee: Sequence[Fait] = ()
    match verdict:
        case Inconnu():
            ouvert = message.nouveau
            signale = UsagerSignale(ouvert, message.departement, message)
            suite: list[Fait] = [
                ParcoursOuvert(ouvert, message.departement, Regle.AUCUNE),
                *_prevenir(etat, ouvert, message.departement, message.identifiants),
            ]
        case Reconnu(parcours, regle):
            arrivee = transfert.a_l_arrivee(etat, parcours, message, maintenant)
            est_la = any(isinstance(fait, ParcoursTransfere) and fait.effet is None for fait in arrivee)
            departement = message.departement if est_la else parcours.departement
            signale = UsagerSignale(parcours.id, departement, message)
            suite = [
                ParcoursRattache(parcours.id, departement, regle, _ecartes(etat, parcours, message.identifiants)),
                *_prevenir(etat, parcours.id, departement, message.identifiants),
            ]
        case Indecis(candidats, motifs):
            en_attente = _deja_signale(etat, message)
            id_ = en_attente.id if en_attente else message.nouveau
            departement = en_attente.departement if en_attente else message.departement
            ids = tuple(sorted(p.id for p in candidats))[:_MAX_CANDIDATS]
            signale = UsagerSignale(id_, departement, message)
            ailleurs = frozenset(p.id for p in candidats if p.departement != departement)
            suite = [UsagerAmbigu(id_, departement, ids, motifs, ailleurs)]
        case _:
            assert_never(verdict)
    return [*arrivee, signale, *suite, *_conserver(etat, signale)]


def _conserver(etat: Etat, signale: UsagerSignale) -> Sequence[SignalementConserve]:
    """Give the person a name from which its emitter learns nothing, unless it may know who the person is.

    An emitter that described the same person before gets the same name again, else a new one: whether the hub knows
    the person, under which numbers, or hesitates, makes no difference.
    """
    message, parcours = signale.signalement, signale.parcours
    if signale.departement in message.reconnait_dans:
        return ()
    connu = _deja_dit(etat.dires, message)
    alias = connu.alias if connu else message.nouveau
    est_neuf = connu is None and alias != parcours
    dossier = connu.parcours if connu else parcours
    return [SignalementConserve(parcours, signale.departement, alias, message, est_neuf, dossier)]


def _deja_dit(dires: Sequence[Dire], message: Signalement) -> Dire | None:
    """Return the earlier description of this person by the same emitter, found by its own words."""
    dit = frozenset(message.identifiants)
    pareil = next((d for d in dires if d.identite == message.identite and d.identifiants == dit), None)
    if pareil:
        return pareil
    if all(dit.isdisjoint(d.identifiants) for d in dires):  # of many namesakes none is recognised without a number
        return None
    verdict = rapprocher(message.identite, message.identifiants, [d.comme_parcours for d in dires])
    if not isinstance(verdict, Reconnu):
        return None
    return next(d for d in dires if d.alias == verdict.parcours.id)


def _genre_repete(identifiants: Sequence[Identifiant]) -> int | None:
    """The place of a second, different number where a person has one only (NIR, France Travail number)."""
    vus: dict[tuple[str, ...], Identifiant] = {}
    for place, identifiant in enumerate(identifiants):
        est_unique = identifiant.nature in ("nir", "numero-france-travail")
        if est_unique and vus.setdefault(identifiant.genre, identifiant) != identifiant:
            return place
    return None


def _deja_signale(etat: Etat, message: Signalement) -> Parcours | None:
    """Return the ambiguous parcours that the same partner already opened for this person."""
    siens = [p for p in etat.ambigus if p.emetteur == message.emetteur]
    dit = frozenset(message.identifiants)
    pareil = next((p for p in siens if p.identite == message.identite and p.identifiants == dit), None)
    if pareil:
        return pareil
    verdict = rapprocher(message.identite, message.identifiants, siens)
    return verdict.parcours if isinstance(verdict, Reconnu) else None


def _prevenir(etat: Etat, tenant: UUID, la_bas: str, identifiants: Sequence[Identifiant]) -> list[UsagerAmbigu]:
    """Ambiguous parcours that claim an identifier which `tenant`, in the territory `la_bas`, now holds get it as a
    candidate."""
    tenus = frozenset(i for i in identifiants if i.est_exclusif)
    return [
        UsagerAmbigu(
            p.id,
            p.departement,
            (*p.candidats, tenant),
            (Motif.IDENTIFIANT_DESORMAIS_TENU,),
            p.ailleurs if la_bas == p.departement else p.ailleurs | {tenant},
        )
        for p in etat.ambigus
        if p.identifiants & tenus
        and tenant not in p.candidats
        and tenant not in p.distincts
        and len(p.candidats) < _MAX_CANDIDATS
    ]


def _trancher(etat: Etat, message: DecisionRapprochement) -> Decision:
    """An agent identifies an ambiguous person. A second time is `deja-traite`."""
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
            *_prevenir(
                _sans(etat, en_attente),
                en_attente.id,
                en_attente.departement,
                tuple(en_attente.identifiants - ecartes),
            ),
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
        fusion.reconnaitre(etat, reconnu, en_attente, message.acte),
    ]


def _ecartes(etat: Etat, parcours: Parcours, identifiants: Sequence[Identifiant]) -> frozenset[Identifiant]:
    """Return the identifiers of persons whom an agent has distinguished from this one."""
    if not any(p.est_distinct_de(parcours) for p in etat.actifs):
        return frozenset()
    return frozenset(i for i in identifiants if etat.tenu_ailleurs(i, parcours.id))


def _sans(etat: Etat, parcours: Parcours) -> Etat:
    return Etat(etat.nommes, tuple(p for p in etat.proches if p.id != parcours.id))


def _corriger(etat: Etat, parcours: Parcours, message: Correction, maintenant: datetime) -> Decision:
    naissance = message.identite.date_naissance if message.identite else None
    if refus := refus_de_dates(naissance, None, jour_legal(parcours.departement, maintenant)):
        return refus
    if reserve := _numero_reserve(parcours, message):
        return Refus("non-autorise", reserve, {"a_faire": "signalez de nouveau la personne, avec ce numéro"})
    if refus := _contact_plus_recent(parcours.coordonnees, message.coordonnees):
        return refus
    if contredit := _nir_contredit(parcours, message):
        return Refus(
            "identifiant-invalide",
            contredit,
            {"nir_dit": "un autre sexe, une autre année ou un autre mois de naissance"},
        )
    for place, identifiant in enumerate(message.identifiants):
        if etat.tenu_ailleurs(identifiant, parcours.id):
            return Refus("usager-ambigu", f"/data/identifiants/{place}")
    genres = [i.genre for i in message.identifiants]
    if len(remplacer((), message.identifiants)) > len(set(genres)):
        return Refus("identifiant-invalide", "/data/identifiants", {"motif": "un-par-nature"})
    corrige = UsagerCorrige(
        parcours.id, parcours.departement, message.identite, message.identifiants, message.coordonnees
    )
    return [corrige, *_prevenir(etat, parcours.id, parcours.departement, message.identifiants)]


def _contact_plus_recent(connues: Coordonnees | None, corrigees: Coordonnees | None) -> Refus | None:
    """Apply the rule of `services.order` to contacts: a signalement with older ones is accepted for the rest."""
    champ = connues.plus_recente(corrigees) if connues and corrigees else None
    if connues is None or champ is None:
        return None
    return Refus(
        "version-perimee", "/time", {"objet": f"/data/coordonnees/{champ}", "dit_a": connues.dites_a[champ].isoformat()}
    )


def _numero_reserve(parcours: Parcours, message: Correction) -> str | None:
    """Return the pointer to a personal number in a correction whose emitter may not know whom it belongs to.

    It is refused in all cases: refusing only numbers that somebody else holds would be a search.
    """
    if parcours.departement in message.reconnait_dans:
        return None
    numeros = enumerate(message.identifiants)
    places = (place for place, i in numeros if i.est_exclusif and i.nature != "local")
    return next((f"/data/identifiants/{place}" for place in places), None)


def _nir_contredit(parcours: Parcours, message: Correction) -> str | None:
    """Return the pointer at which a correction makes NIR and civil status disagree. An earlier disagreement passes."""
    connue = parcours.identite
    corrigee = message.identite.corriger(connue) if message.identite and connue else connue
    for place, identifiant in enumerate(message.identifiants):
        if corrigee and identifiant.contredit(corrigee):
            return f"/data/identifiants/{place}"
    tenus = remplacer(parcours.identifiants, message.identifiants)
    if message.identite and any(identifiant.contredit(message.identite) for identifiant in tenus):
        return "/data/identite"
    return None


def _clore(parcours: Parcours, message: Cloture, maintenant: datetime) -> Decision:
    """A parcours is closed on its last day or after: a closure cannot be announced."""
    aujourd_hui = jour_legal(parcours.departement, maintenant)
    if message.date_fin > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_fin", {"aujourd_hui": aujourd_hui.isoformat()})
    return [ParcoursClos(parcours.id, parcours.departement, message.date_fin, message.motif)]


def _opposer(parcours: Parcours, message: Opposition, maintenant: datetime) -> Decision:
    if parcours.oppose_a is not None:
        return Refus("deja-traite", "/subject")
    return [UsagerOppose(parcours.id, parcours.departement, message.motif, maintenant)]


def _oublier(parcours: Parcours | None, maintenant: datetime) -> Decision:
    """Erase at the due date, unless a merge or an erasure came before it."""
    echeance = fin_de_conservation(parcours) if parcours else None
    if parcours is None or echeance is None or maintenant < echeance:
        return []
    return [UsagerEfface(parcours.id, parcours.departement, "Durée légale de conservation échue.")]
