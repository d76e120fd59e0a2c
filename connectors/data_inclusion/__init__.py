"""data·inclusion: the API v1 of structures and services of insertion, answered from the catalogue of the hub."""

from connectors.data_inclusion.configuration import EXEMPLE, DataInclusionConfiguration
from connectors.data_inclusion.facade import facade
from connectors.data_inclusion.poller import loops, try_out
from connectors.systems import System

SYSTEM = System(
    code="data-inclusion",
    titre="data·inclusion : l'API v1 des structures et des services, rendue depuis le catalogue du relais",
    configuration=DataInclusionConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
