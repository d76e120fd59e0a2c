"""`parcours.partage`: the gateway's own event, which tells a partner that it takes part from now on. Pure."""

from collections.abc import Collection
from uuid import UUID, uuid5

from chassis.facts import type_cloudevents
from chassis.ordering import Event
from gateway.outbound.effects import Entre
from gateway.outbound.told import Evenement
from relais_contrats.droits import Role

SOURCE = "/services/passerelle"
PARTAGE = "parcours.partage"


def partage(effet: Entre, event: Event, signalants: Collection[tuple[UUID, str]]) -> Evenement:
    """Its id comes from the event, so that a retry repeats it. `signalants`: (name, partner) of those who signalled the
    person; the names of this one go on leading to the parcours."""
    partenaire, parcours = effet.partenaire, effet.parcours
    role = partenaire.type_organisme if effet.role is Role.TERRITOIRE else effet.role.value
    anciens = [str(nom) for nom, code in signalants if code == partenaire.code and nom != parcours]
    identifier = uuid5(event.id, f"{PARTAGE} {parcours} {partenaire.code}")
    corps = {
        "specversion": "1.0",
        "id": str(identifier),
        "source": SOURCE,
        "type": type_cloudevents(PARTAGE),
        "time": event.body["time"],
        "datacontenttype": "application/json",
        "subject": str(parcours),
        "departement": event.body["data"].get("departement_nouveau", event.body["departement"]),
        "causeid": str(event.id),
        "data": {"motif": effet.motif, "role": role} | ({"anciens": anciens} if anciens else {}),
    }
    if "traceparent" in event.body:
        corps["traceparent"] = event.body["traceparent"]
    return Evenement(identifier, parcours, PARTAGE, corps)
