"""The groups of fields on which rights are granted. A field has exactly one; a receiver sees a group or does not."""

from enum import StrEnum


class Groupe(StrEnum):
    """Group of a contract field: the column « field group » of the rights matrix."""

    COMMUN = "commun"
    """Visible to whoever receives the message."""
    NIR = "nir"
    NUMEROS = "numeros"
    """France Travail number, CAF and MSA matricules, RSA request number, i-milo file."""
    IDENTITE = "identite"
    """Civil status, address, telephone, e-mail of the person."""
    ORIENTATION = "orientation"
    """Orientation, référent and everyday follow-up: appointments, objectives, actions."""
    DIAGNOSTIC = "diagnostic"
    SANTE = "sante"
    """Health and disability: needs the scope `sante:lire`."""
    CONTRAT = "contrat"
    SANCTIONS = "sanctions"
    LOCAL = "local"
    """Identifier of the person in a partner's own system."""
    OFFRE = "offre"
    """Offer of services, and what passes between a prescriber and the structure of the service."""


PROTEGES: frozenset[Groupe] = frozenset({Groupe.NIR, Groupe.NUMEROS, Groupe.IDENTITE, Groupe.LOCAL})
"""Groups that stay encrypted in the identity vault and never travel on the bus."""
