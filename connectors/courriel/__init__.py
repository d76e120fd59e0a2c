"""A structure without any system: mails that name nobody, and a page where it answers what waits for it."""

from connectors.courriel.configuration import EXEMPLE, CourrielConfiguration
from connectors.courriel.facade import facade
from connectors.courriel.poller import loops
from connectors.courriel.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="courriel",
    titre="courriel : pour une structure sans système, des courriels sans donnée personnelle et une page pour répondre",
    configuration=CourrielConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
