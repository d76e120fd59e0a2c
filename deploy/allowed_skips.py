"""A pytest plugin: a skipped test fails the run, unless its reason is listed here.

With `RELAIS_SANS_SAUT=1`, as in `.ci/run`, what could be installed must have been: only missing files are a reason.
"""

from __future__ import annotations

import os

import pytest

NO_BROWSER = "Chromium n'est pas installé"
NO_LANGUAGE = "le langage de cet exemple n'est pas installé"
NO_PROMTOOL = "promtool n'est pas installé"
NO_NPM_TOOL = "les outils npm de tests/outils ne sont pas installés"

INSTALLABLE: frozenset[str] = frozenset(
    {
        # Debian's package, which needs root to be installed.
        NO_BROWSER,
        # Go, Java, Node and PHP, and the tools of the npm registry: what partners use, not what the hub needs.
        NO_LANGUAGE,
        NO_NPM_TOOL,
        # A file of Debian's package of Prometheus.
        NO_PROMTOOL,
    }
)
"""Reasons, word for word, that end once `.ci/run` has installed what tests need."""

FILES: frozenset[str] = frozenset(
    {
        # Files of the CNAF, never copied into the project; CI has them.
        "the real CNAF files are not beside this checkout",
    }
)


def allowed() -> frozenset[str]:
    return FILES if os.environ.get("RELAIS_SANS_SAUT") == "1" else FILES | INSTALLABLE


_unexpected = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_unexpected] = []
    config.pluginmanager.register(_Watch(config), "relais-allowed-skips")


class _Watch:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
            if reason.removeprefix("Skipped: ") not in allowed():
                self._config.stash[_unexpected].append(f"{report.nodeid} : {reason}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._config.stash[_unexpected] and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._config.stash[_unexpected]:
            terminalreporter.write_line(f"saut non prévu : {line}", red=True)
