"""rdv-insertion: its signed webhooks become the appointments and the coordinates of the persons whom it convenes."""

from connectors.rdv_insertion.configuration import EXEMPLE, RdvInsertionConfiguration
from connectors.rdv_insertion.facade import facade
from connectors.rdv_insertion.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="rdv-insertion",
    titre="rdv-insertion : rendez-vous, participations et coordonnées, par ses webhooks signés",
    configuration=RdvInsertionConfiguration,
    try_out=try_out,
    facade=facade,
    exemple=EXEMPLE,
)
