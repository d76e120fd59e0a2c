"""Reading request bodies under limits: of size, of encoding. How long a body may take is `hygiene`'s."""

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from relais_contrats.corps import essence
from relais_contrats.problemes import Problem


async def _chunks(request: Request, limit_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes; refused once it passes the limit (413), is compressed (415) or is not complete (400)."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(status=415)
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise Problem(status=413)
    read_bytes = 0
    try:
        async for chunk in request.stream():
            read_bytes += len(chunk)
            if read_bytes > limit_bytes:
                raise Problem(status=413)
            yield chunk
    except ClientDisconnect as error:
        raise Problem(status=400) from error


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body."""
    body = bytearray()
    async for chunk in _chunks(request, limit_bytes):
        body += chunk
    return bytes(body)


async def read_lines(request: Request, limit_bytes: int, max_lines: int, line_bytes: int) -> AsyncIterator[bytes]:
    """The lines of a body that is never held whole, blank ones too; after the last line feed there is none."""
    pending = b""
    lines = 0
    async for chunk in _chunks(request, limit_bytes):
        *whole, pending = (pending + chunk).split(b"\n")
        for line in whole:
            lines += 1
            yield _line(line, lines, max_lines, line_bytes)
        if len(pending) > line_bytes:
            raise Problem(status=413)
    if pending.strip():
        yield _line(pending, lines + 1, max_lines, line_bytes)


def _line(line: bytes, number: int, max_lines: int, line_bytes: int) -> bytes:
    if number > max_lines or len(line) > line_bytes:
        raise Problem(status=413)
    return line


def media_type(request: Request) -> str:
    """The content type without its parameters; only UTF-8 is spoken here."""
    return essence(request.headers)
