"""A period as somebody fills it in: days or instants of Paris."""

from datetime import date, datetime, time, timedelta

from starlette.exceptions import HTTPException

from console.presentation import PARIS

_YEARS = range(2000, 2200)


def instant(text: str, *, is_end: bool) -> datetime | None:
    """`2026-11-30` or `2026-11-30T09:15`; a day that ends a period is in it whole. Raises HTTPException 400."""
    if not text:
        return None
    try:
        if len(text) > len("2026-11-30"):
            found = datetime.fromisoformat(text)
        else:
            found = datetime.combine(date.fromisoformat(text) + timedelta(days=is_end), time())
    except (ValueError, OverflowError) as error:
        raise HTTPException(400) from error
    if found.year not in _YEARS:
        raise HTTPException(400)
    return found if found.tzinfo else found.replace(tzinfo=PARIS)
