"""What a connector was given, kept sealed under the digest of its bytes."""

from pathlib import Path
from typing import BinaryIO

from connectors.systems import Context


def archive(context: Context, digest: str, source: BinaryIO) -> Path:
    """Once for the same bytes; leaves `source` at its beginning."""
    target = folder_of(context, "archives") / f"{digest}.scelle"
    source.seek(0)
    if not target.exists():
        draft = target.with_suffix(".en-cours")
        context.vault.seal_file(f"archive {context.mandate.code}", source, draft)
        draft.replace(target)
    source.seek(0)
    return target


def folder_of(context: Context, name: str) -> Path:
    folder = context.folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def archived(context: Context, digest: str) -> bytes:
    """What was archived under this digest, in memory: for what is small. Raises `FileNotFoundError`, `Unreadable`."""
    with (folder_of(context, "archives") / f"{digest}.scelle").open("rb") as sealed:
        return b"".join(context.vault.open_file(f"archive {context.mandate.code}", sealed))
