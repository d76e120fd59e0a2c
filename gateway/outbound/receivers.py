"""Who receives an event, among those who take part or arrive: by its type, their rights and what it is about. Pure."""

from collections.abc import Iterator, Sequence

from chassis.ordering import Event
from gateway.outbound.effects import Repertoire
from gateway.outbound.order import Cause
from gateway.outbound.told import Abonne, Roles, SansDestinataire
from relais_contrats.catalogue import ABONNES_TERRITOIRE, TypeMessage
from relais_contrats.droits import FIN_IGNOREE, Demandeur, Role, recoit, visible
from relais_contrats.partenaires import Partenaire

_NONE: frozenset[Role] = frozenset()


def receivers(
    repertoire: Repertoire, event: Event, message: TypeMessage, roles_of: Roles, cause: Cause | None
) -> Iterator[tuple[Partenaire, frozenset[Role]]]:
    """Those who may receive it, with the roles that open it to them; never who sent it."""
    for code, roles in sorted(roles_of.items()):
        partenaire = repertoire.partenaire(code)
        if partenaire is None or partenaire.source == event.body["source"]:
            continue
        est_la_cause = cause is not None and cause.partenaire == code
        is_receiver = recoit(message, partenaire.type_organisme, roles, est_la_cause=est_la_cause)
        if is_receiver and _sees(partenaire, roles, event):
            yield partenaire, roles


def readers_of_the_offer(repertoire: Repertoire, abonnes: Sequence[Abonne], event: Event) -> Roles:
    """Partners of the territory that subscribed to this very type: the offer is too large for everybody's feed."""
    readers: Roles = {}
    for abonne in abonnes:
        partenaire = repertoire.partenaire(abonne.partenaire)
        if partenaire and event.type in abonne.types and event.body["departement"] in partenaire.departements:
            readers[partenaire.code] = frozenset({Role.ABONNE})
    return readers


def arriving(repertoire: Repertoire, event: Event) -> Roles:
    """The département in which a person was signalled hears of it, and takes no part before it is confirmed."""
    if event.type != "transfert.signale":
        return {}
    nouveaux = repertoire.du_territoire(event.body["data"]["departement_nouveau"], ["departement"])
    return {partenaire.code: frozenset({Role.TITULAIRE, Role.SUR_PLACE}) for partenaire in nouveaux}


def during(before: Roles, after: Roles) -> Roles:
    """Whoever took part just before or just after: the event that ends a participation is its last one."""
    return {code: before.get(code, _NONE) | after.get(code, _NONE) for code in before.keys() | after.keys()}


def why_nobody(event: Event, message: TypeMessage, roles_of: Roles) -> SansDestinataire:
    if ABONNES_TERRITOIRE in message.recepteurs:
        return SansDestinataire.SANS_ABONNE
    if not roles_of:
        return SansDestinataire.AUCUN_PARTICIPANT
    if {f"/partenaires/{code}" for code in roles_of} == {event.body["source"]}:
        return SansDestinataire.EMETTEUR_SEUL
    return SansDestinataire.HORS_DROITS


def _sees(partenaire: Partenaire, roles: frozenset[Role], event: Event) -> bool:
    return visible(destinataire(partenaire), roles, event.type, event.body["data"]) is not None


def destinataire(partenaire: Partenaire) -> Demandeur:
    """With its widest scopes, whether its conventions have ended or not: that is looked at when something leaves."""
    return Demandeur(partenaire, partenaire.scopes, FIN_IGNOREE)
