"""Codes of rdv-insertion that are not one-to-one with ours, or that no table of the contracts holds."""

from relais_contrats.codes.suivi import MotifRdv
from relais_contrats.correspondances import RDVI, Correspondance

MODALITE = Correspondance(
    RDVI,
    "rdv_modalite",
    {"public_office": "physique", "phone": "telephone", "visio": "visio"},
    {"home": "physique"},
)
"""`location_type` of a motif. An appointment at home is on the spot too: it is read, never written."""

PUBLIC_OFFICE = "public_office"

MODELES = ("Rdv", "Participation", "User", "Invitation", "Orientation")
EVENEMENTS = ("created", "updated", "destroyed")
USAGERS = "user"
"""The keys that join the id of a person at rdv-insertion and her parcours."""

_ORIENTATION = frozenset(
    {
        "rsa_orientation",
        "rsa_orientation_on_phone_platform",
        "rsa_atelier_collectif_mandatory",
        "rsa_spie",
        "rsa_integration_information",
        "rsa_orientation_coaching",
        "rsa_orientation_freelance",
        "rsa_orientation_france_travail",
        "rsa_orientation_file_active",
        "rsa_droits_devoirs",
    }
)
_PREMIER_ACCOMPAGNEMENT = "rsa_premier_rdv_daccompagnement"


def motif_of(category: str) -> MotifRdv:
    """As rdv-insertion tells it to France Travail: ORI, ACC for the first one only, AUT for all others."""
    if category == _PREMIER_ACCOMPAGNEMENT:
        return MotifRdv.ACCOMPAGNEMENT
    return MotifRdv.ORIENTATION if category in _ORIENTATION else MotifRdv.AUTRE
