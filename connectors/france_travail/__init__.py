"""France Travail, « Loi plein emploi »: its API, answered by the hub to who calls it, and called for its partner."""

from connectors.france_travail.configuration import EXEMPLE, FranceTravailConfiguration
from connectors.france_travail.facade import facade
from connectors.france_travail.poller import loops
from connectors.france_travail.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="france-travail",
    titre="France Travail : l'API « Loi plein emploi », rendue à qui l'appelle déjà, et appelée pour France Travail",
    configuration=FranceTravailConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
