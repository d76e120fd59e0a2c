"""France Travail, « Loi plein emploi »: its API of partners, answered by the hub to who calls it today."""

from connectors.france_travail.configuration import EXEMPLE, FranceTravailConfiguration
from connectors.france_travail.facade import facade
from connectors.france_travail.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="france-travail",
    titre="France Travail : l'API « Loi plein emploi », rendue par le relais à un logiciel qui l'appelle déjà",
    configuration=FranceTravailConfiguration,
    try_out=try_out,
    facade=facade,
    exemple=EXEMPLE,
)
