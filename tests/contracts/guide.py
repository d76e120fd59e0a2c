"""`docs/guide-partenaire.md` as a reader follows it: its blocks in their order, typed in terminals, and what they show.

A fence says what its block is: `sh` is typed in the first terminal and succeeds, `sh refus` ends with status 1,
`sh serveur` is typed in a terminal of its own and stays, `sh relais` needs the real hub; `python NAME` is a file;
`text` is what the block before it shows, where `…` stands for anything, and alone on its line for any lines.
"""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Timer
from typing import NamedTuple, Self

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide-partenaire.md"
WHEEL = re.compile(r"`(pip wheel [^`]+)`")
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_KINDS = {"sh", "sh refus", "sh serveur", "sh relais", "text"}
_LONGEST_S = 300.0
_DONE = "«fini»"


class Block(NamedTuple):
    """`kind` is the fence, `python` without its file; `shown` is the pattern of the output, if the page gives it."""

    kind: str
    text: str
    file: str | None = None
    shown: re.Pattern[str] | None = None


def blocks(replaced: Mapping[str, str]) -> list[Block]:
    """Of the page, with these words replaced: ports that the machine has free. Raises on a fence of no known kind."""
    page = PAGE.read_text(encoding="utf-8")
    found: list[Block] = []
    for fence, text in _FENCE.findall(page):
        for old, new in replaced.items():
            text = text.replace(old, new)
        if fence == "text":
            found[-1] = found[-1]._replace(shown=_pattern(text))
        elif fence.startswith("python "):
            found.append(Block("python", text, fence.removeprefix("python ")))
        elif fence in _KINDS:
            found.append(Block(fence, text))
        else:
            raise ValueError(f"a block that nothing runs: {fence!r}")
    assert page.count("```") == 2 * (len(found) + sum(b.shown is not None for b in found))
    return found


def _pattern(text: str) -> re.Pattern[str]:
    lines = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in text.splitlines()]
    return re.compile("".join(lines))


def _trapped(text: str) -> str:
    """The first command that fails ends the shell: nothing after it hides its status."""
    return f"set -e\n{text}set +e\n"


class Terminal:
    """A shell in the folder of the reader. It ends with what it started."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.defpath, "LANG": "C.UTF-8", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._guard = Timer(_LONGEST_S, self._kill)
        self._guard.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._guard.cancel()
        self._kill()
        self._shell.communicate()

    def run(self, block: Block) -> None:
        """Type the block; its status and what it shows are those of the page, or this fails with what it said."""
        status = "1" if block.kind == "sh refus" else "0"
        self._type(f"{_trapped(block.text) if status == '0' else block.text}echo {_DONE} $?\n")
        said = ""
        for line in self._lines():
            said += line
            if _DONE in line:
                break
        shown, _, ended = said.rpartition(_DONE)
        assert ended.strip() == status, f"{block.text}\n{said}"
        assert block.shown is None or block.shown.fullmatch(shown), f"{block.text}\n{shown}"

    def serve(self, block: Block) -> None:
        """Type the block and return once it has shown what the page says."""
        assert block.shown is not None, "a server without the line that says it is ready"
        self._type(block.text)
        said = ""
        for line in self._lines():
            said += line
            if block.shown.fullmatch(said):
                return
        raise AssertionError(f"{block.text}\n{said}")

    def _type(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(text)
        self._shell.stdin.flush()

    def _lines(self) -> Iterator[str]:
        assert self._shell.stdout is not None
        return iter(self._shell.stdout.readline, "")

    def _kill(self) -> None:
        if self._shell.poll() is None:
            os.killpg(self._shell.pid, signal.SIGKILL)
