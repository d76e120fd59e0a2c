"""Fixtures of the catalogue."""

from pathlib import Path

import pytest

from tests.engines import Bench
from tests.offres.catalogues import Catalogue


@pytest.fixture
async def offre(banc: Bench, tmp_path: Path) -> Catalogue:
    return Catalogue(await banc.pool("offres"), tmp_path)
