"""The day that it is for the law: the one of Paris, which begins before that of UTC."""

from datetime import UTC, date, datetime

from relais_contrats.territoires import jour_legal


def aujourdhui() -> date:
    return jour_legal("59", datetime.now(UTC))
