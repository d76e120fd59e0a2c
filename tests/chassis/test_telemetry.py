"""Logs and spans tell where and what kind, never what was in the message."""

import json
import subprocess
import sys

import pytest

from chassis import telemetry

_SCRIPT = """
import structlog
from chassis import telemetry

telemetry.start("essai", None)
log = structlog.get_logger()

def main():
    with telemetry.span("porte", relais_type="usager.signale"):
        try:
            try:
                int("1 84 12 76 451 089 46")
            except ValueError as error:
                raise RuntimeError("row contains (DUPONT, Odile)") from error
        except RuntimeError:
            log.exception("essai.echec", code="etat-interdit")

main()
"""


def test_a_logged_exception_says_its_kind_and_place_and_none_of_its_words() -> None:
    line = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True).stdout

    logged = json.loads(line)

    assert [kind.split(" ")[0] for kind in logged["exception"]] == ["RuntimeError", "ValueError"]
    assert len(logged["trace"]) == 32
    assert "DUPONT" not in line
    assert "1 84 12" not in line


def test_a_span_attribute_outside_the_allow_list_is_refused() -> None:
    with pytest.raises(ValueError, match="allow-list"), telemetry.span("porte", relais_nom="DUPONT"):
        pass
