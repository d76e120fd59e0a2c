"""A sealed file comes back as it was, or not at all."""

import io
from pathlib import Path

import pytest

from connectors.sealing import CHUNK_BYTES, Unreadable, Vault

VAULT = Vault(bytes(range(32)))


def sealed(folder: Path, content: bytes) -> Path:
    target = folder / "f.scelle"
    VAULT.seal_file("essai", io.BytesIO(content), target)
    return target


def opened(path: Path, purpose: str = "essai") -> bytes:
    with path.open("rb") as stream:
        return b"".join(VAULT.open_file(purpose, stream))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_every_size_comes_back(tmp_path: Path, size: int) -> None:
    content = b"x" * size

    assert opened(sealed(tmp_path, content)) == content


def test_it_is_not_in_clear_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"FICTIVE ZOE")

    assert b"FICTIVE" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, CHUNK_BYTES + 16 + 14])
def test_a_file_that_was_cut_is_told(tmp_path: Path, cut: int) -> None:
    path = sealed(tmp_path, b"x" * (CHUNK_BYTES + 10))
    content = path.read_bytes()
    path.write_bytes(content[:cut] if cut > CHUNK_BYTES else content[:-cut])

    with pytest.raises(Unreadable):
        opened(path)


def test_chunks_cannot_change_places(tmp_path: Path) -> None:
    path = sealed(tmp_path, b"a" * CHUNK_BYTES + b"b" * CHUNK_BYTES + b"c")
    head, size = 14, CHUNK_BYTES + 16
    content = path.read_bytes()
    swapped = content[:head] + content[head + size : head + 2 * size] + content[head : head + size]
    path.write_bytes(swapped + content[head + 2 * size :])

    with pytest.raises(Unreadable):
        opened(path)


def test_what_was_sealed_for_one_use_cannot_be_opened_for_another(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        opened(sealed(tmp_path, b"x"), "autre")
    with pytest.raises(Unreadable):
        VAULT.open("autre", VAULT.seal("essai", b"x"))
