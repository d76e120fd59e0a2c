"""What `deploy/Dockerfile` puts in the image of a component, laid out in a folder, without any engine."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.components import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
IGNORED = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
INSIDE = "/relais"


@dataclass(frozen=True, slots=True)
class Image:
    """`folder` stands for /relais; `command` is the CMD of the stage, `environment` its ENV."""

    folder: Path
    command: list[str]
    environment: dict[str, str]


def build(folder: Path, target: str, arguments: Mapping[str, str] = MappingProxyType({})) -> Image:
    """Follow the instructions of a stage and of those that it comes from: COPY from the tree, ENV, CMD."""
    image = Image(folder, [], {})
    for instruction, argument in _instructions(target):
        argument = _substitute(argument, arguments)
        if instruction == "ARG":
            name, _, default = argument.partition("=")
            arguments = {name: default} | dict(arguments)
        elif instruction == "COPY" and not argument.startswith("--from="):
            *sources, destination = argument.split()
            for source in sources:
                _copy(source, folder / destination)
        elif instruction == "ENV":
            for pair in argument.split():
                name, _, value = pair.partition("=")
                image.environment[name] = value
        elif instruction == "CMD":
            image.command[:] = json.loads(argument)
    return image


def _instructions(target: str) -> list[tuple[str, str]]:
    """Of the stage `target`, its parent's first."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    for stage in stages:
        head, *lines = stage.splitlines()
        parent, _, name = head.partition(" AS ")
        if name == target:
            inherited = [] if parent.startswith("python:") else _instructions(parent)
            own = [line.partition(" ") for line in lines if re.match(r"[A-Z]+ ", line)]
            return inherited + [(word, rest.strip()) for word, _, rest in own]
    raise LookupError(target)


def _substitute(text: str, arguments: Mapping[str, str]) -> str:
    """`${NAME}` and `${NAME%/*}`, the folder above when there is one."""
    for name, value in arguments.items():
        text = text.replace(f"${{{name}%/*}}", value.rpartition("/")[0] or value).replace(f"${{{name}}}", value)
    return text


def _copy(source: str, destination: Path) -> None:
    assert f"!{source.strip('/').partition('/')[0]}" in IGNORED, f"not sent to the engine: {source}"
    if source.endswith("/"):
        shutil.copytree(ROOT / source, destination, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        return
    found = list(ROOT.glob(source))
    assert found, f"nothing to copy: {source}"
    if len(found) > 1 or destination.is_dir() or "*" in source:
        destination.mkdir(parents=True, exist_ok=True)
    for path in found:
        shutil.copy(path, destination)
