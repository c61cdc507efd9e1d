"""Lines of a byte stream: bounded in length, and in how much they unpack to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

LONGEST_LINE = 32 * 1024 * 1024
MOST_BLANK_LINES = 100_000
SAVE_AS_UTF8 = "Save the file as UTF-8; in a spreadsheet choose 'CSV UTF-8'."


class Unreadable(ValueError):
    """A file cannot be read on from `line` (0: not at all); the message and hint say why."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint


class ByteStream(Protocol):
    """What is needed of a binary file."""

    def readline(self, size: int = -1, /) -> bytes: ...


def byte_lines(
    stream: ByteStream, *, limit: int = LONGEST_LINE, most: int | None = None
) -> Iterator[bytes]:
    """The lines of a stream, breaks kept; of a longer one its first `limit` + 1 bytes.

    Whoever reads lines refuses one that is longer than `limit`. `most`: how many bytes the
    whole stream may hold. Raises Unreadable beyond, and for a stream of blank lines: a small
    archive can hold so many that passing over them takes hours.
    """
    total = blank = 0
    for number, line in enumerate(iter(partial(stream.readline, limit + 1), b""), 1):
        total += len(line)
        if len(line) > limit:
            total += _skip_line(stream, line, limit, most)
        if most is not None and total > most:
            message = f"holds more than {most // 1_000_000} MB once it is unpacked"
            raise Unreadable(number, message, "Split it into smaller files.")
        if line.isspace():
            blank += 1
            if blank > MOST_BLANK_LINES:
                message = f"is one of more than {MOST_BLANK_LINES} blank lines"
                raise Unreadable(number, message, "Is this the right file?")
        yield line


def _skip_line(stream: ByteStream, line: bytes, limit: int, most: int | None) -> int:
    """Read to the end of a line that is too long; the number of bytes passed over."""
    passed = 0
    while line and not line.endswith(b"\n") and (most is None or passed <= most):
        line = stream.readline(limit)
        passed += len(line)
    return passed


def first_rows(lines: Iterable[bytes], n: int | None) -> Iterator[bytes]:
    """About the first `n` lines, all for None; never cut inside a quoted cell of several lines.

    Outside quotes as many quotes were opened as closed, so their number is even there.
    """
    quotes = 0
    for number, line in enumerate(lines, 1):
        yield line
        if n is not None:
            quotes += line.count(b'"')
            if (number >= n and quotes % 2 == 0) or number >= 2 * n:
                return


def text_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """The lines as texts. Raises Unreadable for one that is not UTF-8 or is too long."""
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise Unreadable(number, f"is longer than {LONGEST_LINE} bytes", "Split it up.")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 (byte {error.start + 1} of the line)"
            raise Unreadable(number, message, SAVE_AS_UTF8) from None
