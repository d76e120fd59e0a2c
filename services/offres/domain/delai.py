"""The delays of a prescription, in calendar days of the territory. No text sets them: they come from the field."""

from datetime import timedelta

RELANCE_TOUS_LES = timedelta(days=10)
"""Again and again while nobody has answered (DORA, `NUM_DAYS_BEFORE_ORIENTATIONS_NOTIFICATION`)."""
EXPIRE_AU = timedelta(days=30)
"""On that very day, included (DORA, `ORIENTATION_EXPIRATION_PERIOD_DAYS`)."""
EXPIRE_A_L_ETUDE_AU = timedelta(days=60)
"""From the emission too, once the structure studies it (les emplois de l'inclusion)."""
