"""Files on disk as a stream of records: packed or not, by a mapping or as they stand."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, cast

from rubricstudio.domain.formats import native
from rubricstudio.domain.formats.apply import apply_mapping
from rubricstudio.domain.formats.csv_default import read_table
from rubricstudio.domain.formats.detect import HEAD, Format, detect, plain_name
from rubricstudio.domain.formats.mapping import Mapping_
from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.records import Place, Problem, Record
from rubricstudio.domain.formats.streams import Unreadable, byte_lines, first_rows, text_lines
from rubricstudio.domain.formats.tabular import read_rows

_GZIP = b"\x1f\x8b"
_BUFFER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to import: what problems call it, and where it lies."""

    name: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size


class Meter:
    """How many bytes of the files, as they lie on disk, have been read so far."""

    def __init__(self) -> None:
        self._finished = 0
        self._open: list[IO[bytes]] = []

    def watch(self, raw: IO[bytes]) -> None:
        self._open.append(raw)

    def release(self, raw: IO[bytes]) -> None:
        self._finished += raw.tell()
        self._open.remove(raw)

    @property
    def bytes_read(self) -> int:
        return self._finished + sum(raw.tell() for raw in self._open)


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    mapping: None reads them as they stand. kind: the type of rows that name none. most: how
    many bytes one file may hold once it is unpacked. first_lines: how many lines of each
    file are read, None for all; a file that is one JSON list is read whole.
    """

    mapping: Mapping_ | None = None
    kind: str = ""
    most: int | None = None
    first_lines: int | None = None


def read_files(
    files: Sequence[DataFile], reading: Reading, meter: Meter | None = None
) -> Iterator[Record | Problem]:
    """The records of files, and what is wrong with them. Raises OSError where one is gone."""
    meter = meter or Meter()
    if reading.mapping is None:
        for file in files:
            yield from _as_it_stands(file, reading, meter)
        return
    by_name = {plain_name(file.name): file for file in files}

    def open_(name: str) -> Iterator[str]:
        return text_lines(_byte_lines(by_name[name], reading, meter))

    yield from apply_mapping(reading.mapping, sorted(by_name), open_)


def _as_it_stands(file: DataFile, reading: Reading, meter: Meter) -> Iterator[Record | Problem]:
    try:
        format_ = detect(file.name, _start(file, HEAD))
        lines = _byte_lines(file, reading, meter)
        if format_ in (Format.CSV, Format.TSV):
            kind = reading.kind
            yield from read_table(text_lines(lines), file.name, format=format_, kind=kind)
        elif format_ is Format.JSONL and not reading.kind:
            yield from native.read(lines, file.name)
        else:
            yield from _objects(text_lines(lines), file.name, format_, reading.kind)
    except Unreadable as wrong:
        field = "line" if wrong.line else ""
        yield Problem(file.name, wrong.line, field, wrong.message, wrong.hint)


def _objects(
    lines: Iterator[str], name: str, format_: Format, kind: str
) -> Iterator[Record | Problem]:
    for row in read_rows(lines, name, format=format_):
        if isinstance(row, Problem):
            yield row
        else:
            values = {"type": kind, **row[1]} if kind else row[1]
            yield from read_object(values, Place(name, row[0]))


def _byte_lines(file: DataFile, reading: Reading, meter: Meter) -> Iterator[bytes]:
    is_list = plain_name(file.name).lower().endswith(".json")
    with ExitStack() as stack:
        raw = stack.enter_context(file.path.open("rb", buffering=_BUFFER))
        meter.watch(raw)
        stack.callback(meter.release, raw)
        stream: IO[bytes] = raw
        if raw.read(2) == _GZIP:
            stream = cast("IO[bytes]", io.BufferedReader(gzip.GzipFile(fileobj=raw), _BUFFER))
        raw.seek(0)
        lines = byte_lines(stream, most=reading.most)
        try:
            yield from lines if is_list else first_rows(lines, reading.first_lines)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _broken(error) from None


def is_small(files: Sequence[DataFile], *, most_bytes: int, most_lines: int) -> bool:
    """Whether the files together, unpacked, hold no more; reads no more than that to know."""
    n_bytes = n_lines = 0
    for file in files:
        try:
            text = _start(file, most_bytes - n_bytes + 1)
        except Unreadable:
            continue
        n_bytes, n_lines = n_bytes + len(text), n_lines + text.count(b"\n")
        if n_bytes > most_bytes or n_lines > most_lines:
            return False
    return True


def _start(file: DataFile, size: int) -> bytes:
    """The first `size` bytes, unpacked. Raises Unreadable for a broken archive."""
    with file.path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        try:
            return gzip.GzipFile(fileobj=raw).read(size) if packed else raw.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _broken(error) from None


def _broken(error: Exception) -> Unreadable:
    message = f"is packed with gzip and broken: {error}"
    return Unreadable(0, message, "Give the file again, or unpack it.")


def told(
    records: Iterator[Record | Problem],
    tell: Callable[[int], None],
    *,
    every: float,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Record | Problem]:
    """The same records; `tell(number read)` is called about every `every` seconds, and last."""
    number, next_ = 0, clock() + every
    for number, record in enumerate(records, 1):
        yield record
        if number % 256 == 0 and clock() >= next_:
            tell(number)
            next_ = clock() + every
    tell(number)
