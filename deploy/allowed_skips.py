"""A pytest plugin: a skipped test fails the run, unless its reason is listed here."""

from __future__ import annotations

import pytest

NO_BROWSER = "Chromium n'est pas installé"

ALLOWED: frozenset[str] = frozenset(
    {
        # Debian's package, which needs root to be installed; .ci/run installs it.
        NO_BROWSER,
        # Files of the CNAF, never copied into the project; CI has them.
        "the real CNAF files are not beside this checkout",
    }
)
"""Reasons, word for word, each with why nothing better could be done."""

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
            if reason.removeprefix("Skipped: ") not in ALLOWED:
                self._config.stash[_unexpected].append(f"{report.nodeid} : {reason}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._config.stash[_unexpected] and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self._config.stash[_unexpected]:
            terminalreporter.write_line(f"saut non prévu : {line}", red=True)
