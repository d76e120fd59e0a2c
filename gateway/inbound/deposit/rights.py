"""May these partners send these deposits, where the parcours are now and with the roles that they hold there?"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.database import Connection
from gateway import moves, objets, participations, prescriptions
from gateway.inbound.deposit.receptions import Incoming, Reception, Refused
from gateway.objets import Nomme
from gateway.participations import Roles
from gateway.prescriptions import Cle, Suivie, roles_dans
from relais_contrats.catalogue import CATALOGUE, EMETTEUR_PRESCRIPTION, STRUCTURE_SERVICE
from relais_contrats.droits import RESOUDRE, Role, dit_pourquoi, peut_emettre

_SUITES = frozenset({STRUCTURE_SERVICE, EMETTEUR_PRESCRIPTION})
_AILLEURS = "Le parcours ne relève pas, ou plus, de ce département : `GET /v1/parcours/{prc}` donne le sien."


async def check_rights(
    conn: Connection,
    batch: Sequence[Incoming],
    receptions: list[Reception | None],
    survivors: Mapping[UUID, UUID],
    keys: Mapping[Nomme, str],
) -> None:
    pairs = [(survivors.get(p, p), i.partenaire.code) for i in batch for p in i.named]
    roles = await participations.of_pairs(conn, pairs, archived=True) if pairs else {}
    pairs_named = {(i.subject, i.partenaire.code) for i in batch if i.subject}
    signalled = await participations.signalled_as(conn, pairs_named) if pairs_named else set()
    cles = {
        (survivors.get(i.subject, i.subject), keys[i.principal])
        for i in batch
        if i.subject and i.principal and _suit_une_prescription(i)
    }
    suivies = await prescriptions.suivies(conn, cles)
    subjects = {survivors.get(i.subject, i.subject) for i in batch if i.subject}
    lieux = await participations.territories(conn, subjects) if subjects else {}
    for rank, incoming in enumerate(batch):
        if receptions[rank] is None and not incoming.est_par_lien:
            receptions[rank] = _refusal(incoming, roles, survivors, suivies, signalled, keys, lieux)
    await _say_what_moves(conn, batch, receptions, survivors, lieux)


def _refusal(
    incoming: Incoming,
    roles: Roles,
    survivors: Mapping[UUID, UUID],
    suivies: Mapping[Cle, Suivie],
    signalled: Collection[tuple[UUID, str]],
    keys: Mapping[Nomme, str],
    lieux: Mapping[UUID, str],
) -> Refused | None:
    """A parcours that the partner does not see is unknown, whether or not it exists.

    So is another one that the message would change, where it may not emit the message.
    """
    code, message = incoming.partenaire.code, CATALOGUE[incoming.type]
    for parcours in incoming.references:
        others = roles.get((survivors.get(parcours, parcours), code))
        if not others or not peut_emettre(message, incoming.demandeur, others):
            return Refused("parcours-inconnu", "/data")
    held: frozenset[Role] = frozenset()
    if incoming.subject:
        parcours = survivors.get(incoming.subject, incoming.subject)
        held = roles.get((parcours, code), held)
        if not held and (incoming.subject, code) in signalled:
            held = frozenset({Role.SIGNALANT})
        if not held:
            return Refused("parcours-inconnu", "/subject")
        if held == {Role.SIGNALANT} and incoming.versionattendue is not None:
            return Refused("version-perimee", "/versionattendue")  # it was told of none; how many there are is not told
        if held != {Role.SIGNALANT} and lieux.get(parcours) != incoming.departement:
            return Refused("hors-territoire", "/departement", _AILLEURS)
        if incoming.principal and _suit_une_prescription(incoming):
            # Who emitted it is known to the service at once, and here once it was told: whoever takes part may say so.
            suivie = suivies.get((parcours, keys[incoming.principal]))
            held = roles_dans(suivie, code, held) | {Role.PRESCRIPTEUR}
    if not peut_emettre(message, incoming.demandeur, held):
        return Refused("non-autorise", "/type", dit_pourquoi(message, incoming.demandeur, held))
    if incoming.principal and not objets.peut_dire(incoming.type, incoming.partenaire, held, keys[incoming.principal]):
        return Refused("non-autorise", "/data")
    if incoming.principal and objets.est_un_nom_pour_cle(incoming.type, keys[incoming.principal]):
        return Refused("identifiant-invalide", "/data")
    return None


async def _say_what_moves(
    conn: Connection,
    batch: Sequence[Incoming],
    receptions: list[Reception | None],
    survivors: Mapping[UUID, UUID],
    lieux: Mapping[UUID, str],
) -> None:
    """Of what is refused, say what waits for a transfer, to those who were told that the person may have come."""
    refused = {
        rank: survivors.get(incoming.subject, incoming.subject)
        for rank, incoming in enumerate(batch)
        if incoming.subject and isinstance(receptions[rank], Refused) and _reconnait_ici(incoming)
    }
    pending = await moves.pending(conn, set(refused.values()))
    for rank, parcours in refused.items():
        ici = batch[rank].departement
        if (parcours, ici) in pending and lieux.get(parcours) != ici:
            receptions[rank] = Refused("transfert-a-confirmer", "/subject")


def _reconnait_ici(incoming: Incoming) -> bool:
    """Whether its emitter may be told who is who in the territory of its envelope (decision 0035)."""
    return incoming.departement in incoming.partenaire.departements and RESOUDRE in incoming.demandeur.portees


def _suit_une_prescription(incoming: Incoming) -> bool:
    return not _SUITES.isdisjoint(CATALOGUE[incoming.type].roles_emetteurs)
