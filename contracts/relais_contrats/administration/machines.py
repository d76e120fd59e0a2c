"""The acts on the machines that administer: who may ask the console for a token, with which key."""

from typing import Annotated

from pydantic import Field, StringConstraints

from relais_contrats.administration.acte import Acte, Portee
from relais_contrats.modele import Demande

CLIENT_PREFIX = "op:"
"""A `client_id` of the administration API is this, then the name of the machine."""

NomMachine = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{1,30}$")]
ClePublique = Annotated[str, StringConstraints(min_length=40, max_length=8_000)]
"""PEM or JWK: P-256, Ed25519 or RSA of 2,048 bits or more."""


class UneMachine(Demande):
    """Une machine, par son nom."""

    nom: NomMachine


class MachineDeclaree(UneMachine):
    """Une machine, ce qu'elle peut, et sa clé publique (PEM ou JWK)."""

    portee: Portee
    cle: ClePublique
    jours: int = Field(365, ge=1, le=365)


ACTES = (
    Acte(
        "machine-declarer",
        "Déclarer une machine, ou changer sa clé : elle agira par l'API",
        Portee.ADMINISTRER,
        MachineDeclaree,
        True,
    ),
    Acte("machine-retirer", "Retirer une machine, aussitôt", Portee.ADMINISTRER, UneMachine),
)
