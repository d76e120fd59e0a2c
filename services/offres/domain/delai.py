"""The delays of a prescription, counted in calendar days of Paris. No text sets them: they are those of the field."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

RELANCE_TOUS_LES = timedelta(days=10)
"""Again and again while nobody has answered (DORA, `NUM_DAYS_BEFORE_ORIENTATIONS_NOTIFICATION`)."""
EXPIRE_AU = timedelta(days=30)
"""On that very day, included (DORA, `ORIENTATION_EXPIRATION_PERIOD_DAYS`)."""
EXPIRE_A_L_ETUDE_AU = timedelta(days=60)
"""From the emission too, once the structure studies it (les emplois de l'inclusion)."""

_PARIS = ZoneInfo("Europe/Paris")


def jour_legal(instant: datetime) -> date:
    """The calendar day of an instant in Paris: delays begin and end there."""
    return instant.astimezone(_PARIS).date()


def debut_du_jour(jour: date) -> datetime:
    """The instant (UTC) at which a day begins in Paris."""
    return datetime.combine(jour, time.min, _PARIS).astimezone(UTC)
