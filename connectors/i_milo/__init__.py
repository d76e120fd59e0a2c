"""i-milo: its queue of acknowledged events, read for a mission locale, and answered to those who read it today."""

from connectors.i_milo.configuration import EXEMPLE, ImiloConfiguration
from connectors.i_milo.facade import facade
from connectors.i_milo.poller import loops, try_out
from connectors.systems import System

SYSTEM = System(
    code="i-milo",
    titre="i-milo : rendez-vous et séances, par une file d'événements acquittés, dans les deux sens",
    configuration=ImiloConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
