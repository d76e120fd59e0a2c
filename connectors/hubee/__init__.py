"""HubEE, the exchange hub of the State: takes what CNAF and MSA deliver to a département, says what became of it."""

from connectors.hubee.configuration import EXEMPLE, HubeeConfiguration
from connectors.hubee.poller import loops, try_out
from connectors.systems import System

SYSTEM = System(
    code="hubee",
    titre="HubEE : flux RSA de la CNAF et de la MSA remis au département",
    configuration=HubeeConfiguration,
    try_out=try_out,
    loops=loops,
    exemple=EXEMPLE,
)
