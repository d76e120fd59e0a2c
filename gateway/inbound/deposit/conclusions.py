"""What a service decided, as the journal writes it: its answer, its receipt, and what it opens at once. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.facts import Entree, type_court
from gateway import entries, moves, objets, sealing
from gateway.inbound.deposit.settlements import Settlement
from gateway.participations import Lieu, Participation, lieu_dit
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE
from relais_contrats.droits import DU_SIGNALANT, Role
from relais_contrats.matrice import PAYEURS

DEFUSION = "usager.defusionne"
SIGNALEMENT_CONSERVE = "signalement.conserve"
"""A fact that `usagers` tells the gateway alone: the emitter's own name of a parcours."""
_REPONDUS = CATALOGUE.keys() | {"droits.conserves"}
"""The facts that an answer counts: what is kept without effect reads like what has one."""


def settlement(entree: Entree, reply: Mapping[str, Any], annuaire: Annuaire, pseudonyms: Pseudonyms) -> Settlement:
    """What to write of a service's decision, and what its receipt says; events by the ids that their emitter reads."""
    emetteur = entree.emetteur.rpartition("/")[2]
    told = reply.get("faits", [])
    faits = [fait for fait in told if type_court(fait["type"]) in _REPONDUS]
    message = CATALOGUE[entree.type]
    est_d_un_parcours = message.porte_sur_parcours or message.ouvre_parcours
    parcours = UUID(faits[0]["subject"]) if faits and est_d_un_parcours else entree.agregat
    conserve = next((fait for fait in told if type_court(fait["type"]) == SIGNALEMENT_CONSERVE), None)
    if conserve:
        parcours = UUID(conserve["subject"])  # how its emitter calls the person, whoever she turned out to be
    promis = [fait for fait in faits if type_court(fait["type"]) in CATALOGUE]
    if message.ouvre_parcours:  # its own message: what the hub concluded is told by events, to whom it may be told
        faits = [fait for fait in faits if type_court(fait["type"]) == entree.type]
    # Who only signalled a person has names of its own for her: that of the parcours would join them.
    est_nomme = parcours and not (entree.type in DU_SIGNALANT and entree.role in PAYEURS)
    answer: dict[str, Any] = {"etat": reply["etat"], "parcours": str(parcours) if est_nomme else None}
    receipt = {
        "message": entree.message,
        "empreinte": entree.empreinte,
        "type": entree.type,
        "recu_a": entree.recu_a.isoformat(),
        "decision": reply["etat"],
    }
    if reply["etat"] == "refuse":
        answer["refus"] = reply["refus"]
        receipt["code"] = reply["refus"]["code"]
    else:
        names = [str(pseudonyms.event_of(emetteur, UUID(fait["id"]))) for fait in faits]
        answer["evenements"] = receipt["evenements"] = names
    return Settlement(
        depot=entree.id,
        etat=reply["etat"],
        answer=answer,
        emetteur=emetteur,
        receipt=receipt,
        parcours=parcours,
        key=sealing.key_of_answer(entree.type, parcours),
        created=[objet for fait in faits for objet in objets.crees_par(type_court(fait["type"]), fait["data"])],
        entered=_entered(entree, faits, annuaire, parcours),
        absorbed=_absorbed(faits),
        named=_alias(conserve) if conserve else None,
        separated=_separated(faits),
        promised=[(UUID(f["id"]), UUID(f["subject"]), f["brique"]) for f in promis if _is_of_a_person(f)],
        placed=list(_placed(promis, annuaire)),
        moving=[
            move for f in promis if (move := moves.made_known(type_court(f["type"]), UUID(f["subject"]), f["data"]))
        ],
    )


def _is_of_a_person(fait: Mapping[str, Any]) -> bool:
    return ABONNES_TERRITOIRE not in CATALOGUE[type_court(fait["type"])].recepteurs


def _placed(faits: Sequence[Mapping[str, Any]], annuaire: Annuaire) -> Iterator[Lieu]:
    """Where its own 201 says that each parcours is: the next deposit is judged by it."""
    for fait in faits:
        lieu = lieu_dit(type_court(fait["type"]), UUID(fait["subject"]), fait["sequence"], fait)
        if lieu and entries.est_accueilli(lieu.departement, annuaire):
            yield lieu


def _entered(
    entree: Entree, faits: Sequence[Mapping[str, Any]], annuaire: Annuaire, nom: UUID | None
) -> list[Participation]:
    """What its own 201 opens to the emitter at once: the parcours of the person whom it may be told, what it said
    itself under its own `nom` of her otherwise, the acceptance of the référent that it designated in its own structure.
    Every other entry is the fan-out's."""
    emetteur = entree.emetteur.rpartition("/")[2]
    opened: set[tuple[UUID, Role]] = set()
    for fait in faits:
        if CATALOGUE[entree.type].ouvre_parcours and nom:
            role = entries.role_du_signalant(fait["departement"], entree.partitions_ouvertes)
            opened.add((UUID(fait["subject"]) if role is Role.EMETTEUR else nom, role))
        referents = entries.referents(type_court(fait["type"]), fait["data"], annuaire) or ()
        if any(partenaire.code == emetteur for partenaire in referents):
            opened.add((UUID(fait["subject"]), Role.REFERENT))
    return [Participation(parcours, emetteur, role) for parcours, role in opened]


def _alias(conserve: Mapping[str, Any]) -> tuple[UUID, list[UUID]] | None:
    """What its emitter sends under its own name of a person reaches the parcours of that person."""
    vers = UUID(conserve["data"]["parcours"])
    return (vers, [UUID(conserve["subject"])]) if conserve["data"]["est_neuf"] else None


def _separated(faits: Sequence[Mapping[str, Any]]) -> tuple[UUID, UUID, list[UUID]] | None:
    """Undoing a merge redirects from its own answer on as well."""
    for fait in faits:
        if type_court(fait["type"]) == DEFUSION:
            data = fait["data"]
            return UUID(data["annule"]), UUID(fait["subject"]), [UUID(rendu) for rendu in data["rendus"]]
    return None


def _absorbed(faits: Sequence[Mapping[str, Any]]) -> tuple[UUID, list[UUID]] | None:
    """A fusion redirects from its own answer on: the next deposit for an absorbed id already reaches the survivor."""
    for fait in faits:
        if type_court(fait["type"]) == "usager.fusionne":
            return UUID(fait["data"]["conserve"]), [UUID(absorbe) for absorbe in fait["data"]["absorbes"]]
    return None
