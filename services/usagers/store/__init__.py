"""Every SQL statement of this service, and the vault without which its rows say nothing."""

from services.usagers.store.dossiers import Dossiers
from services.usagers.store.registre import Registre
from services.usagers.store.vault import Coffre

__all__ = ["Coffre", "Dossiers", "Registre"]
