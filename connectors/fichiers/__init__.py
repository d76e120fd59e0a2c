"""Files: what every département and association can make and read, CSV and XLSX, by a mapping per partner."""

from connectors.fichiers.configuration import EXEMPLE, FichiersConfiguration
from connectors.fichiers.facade import facade
from connectors.fichiers.loops import loops
from connectors.fichiers.trying import try_out
from connectors.systems import System

SYSTEM = System(
    code="fichiers",
    titre="Fichiers CSV, XLSX et flux de la CNAF, par dossier surveillé ou envoi HTTPS",
    configuration=FichiersConfiguration,
    try_out=try_out,
    loops=loops,
    facade=facade,
    exemple=EXEMPLE,
)
