"""The rules and the dashboard that are shipped: they read what `/metrics` tells, under its names and labels."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.allowed_skips import NO_PROMTOOL
from deploy.components import ROOT
from gateway.inbound.watching.metrics import REGISTRY
from relais_contrats.administration.alertes import NATURES

RULES, DASHBOARD = (ROOT / "deploy" / "prometheus" / name for name in ("relais.rules.yml", "grafana.json"))
# A metric with what it is filtered by.
_READ = re.compile(r"\b(relais_[a-z_]+)(?:\{([^}]*)\})?")
_BY = re.compile(r"\bby \(([a-z, ]+)\)")


def queries() -> Iterator[str]:
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def told() -> dict[str, set[str]]:
    """Every name that the registry exposes, with its labels."""
    names: dict[str, set[str]] = {}
    collector: Any
    for collector in REGISTRY._collector_to_names:
        for name in REGISTRY._collector_to_names[collector]:
            names[name] = {*collector._labelnames, *(("le",) if name.endswith("_bucket") else ())}
    return names


@pytest.mark.parametrize("query", sorted(set(queries())))
def test_a_query_names_what_is_exposed(query: str) -> None:
    exposed, read = told(), _READ.findall(query)

    assert {name for name, _ in read} <= exposed.keys()
    labels = set().union(*(exposed[name] for name, _ in read))
    by = {label.strip() for group in _BY.findall(query) for label in group.split(",")}
    filtered = {part.partition("=")[0].strip(" !~") for _, inside in read for part in inside.split(",") if inside}
    assert by | filtered <= labels


def test_promtool_takes_the_rules() -> None:
    if shutil.which("promtool") is None:
        pytest.skip(NO_PROMTOOL)

    checked = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, timeout=30)

    assert checked.returncode == 0, checked.stderr
    assert f"{len(NATURES) + 7} rules found" in checked.stdout
