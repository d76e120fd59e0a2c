"""What only the hub can tell: the names that one partner has of what another one named."""

from uuid import UUID

from chassis.settings import Settings
from gateway import objets
from gateway.objets import Objet
from gateway.pseudonyms import Pseudonyms
from tests.hub import Hub

CD = "cd-59"


def names(hub: Hub) -> Pseudonyms:
    return Pseudonyms(Settings.model_construct(secrets=hub.data.secrets / "passerelle").key("pseudonymes"))


def parcours_of(hub: Hub, prc: str, code: str = CD) -> UUID:
    parcours = names(hub).read(code, prc)
    assert parcours
    return parcours


def same_parcours(hub: Hub, prc: str, code: str) -> str:
    """What `code` calls the parcours that the département calls `prc`."""
    return names(hub).of(code, parcours_of(hub, prc))


def name_at(hub: Hub, code: str, prc: str, key: str) -> str:
    """What `code` calls the object to which the département gave this key in the parcours that it calls `prc`."""
    return objets.nom(names(hub), code, Objet(CD, key, parcours_of(hub, prc)).interne)
