"""rdv-insertion: its signed webhooks become appointments and coordinates; decided orientations, its invitations."""

from connectors.rdv_insertion.configuration import EXEMPLE, RdvInsertionConfiguration
from connectors.rdv_insertion.facade import facade
from connectors.rdv_insertion.poller import loops
from connectors.rdv_insertion.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="rdv-insertion",
    titre="rdv-insertion : rendez-vous, participations et coordonnées, par webhooks signés ; invitations, par son API",
    configuration=RdvInsertionConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
