"""Which format a file has, by its name and its first bytes."""

from __future__ import annotations

from enum import StrEnum

from rubricstudio.domain.formats.streams import SAVE_AS_UTF8, Unreadable

HEAD = 4096
"""How many of the first bytes are looked at."""


class Format(StrEnum):
    """How the rows of a file are written; the words of `format` in a mapping."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"
    TSV = "tsv"


_ENDINGS = {
    "jsonl": Format.JSONL,
    "ndjson": Format.JSONL,
    "json": Format.JSON,
    "csv": Format.CSV,
    "tsv": Format.TSV,
    "tab": Format.TSV,
}
ENDINGS = tuple(_ENDINGS)


def plain_name(name: str) -> str:
    """The name without the ending that only says it is packed."""
    return name[:-3] if name.lower().endswith(".gz") else name


def has_known_ending(name: str) -> bool:
    """Whether the name, packed or not, ends as one of the formats does."""
    return plain_name(name).lower().rpartition(".")[2] in _ENDINGS


def detect(name: str, head: bytes) -> Format:
    """The format of a file. `head`: its first bytes, unpacked.

    Raises Unreadable for what is no text, with what to do. A name that ends in .json may hold
    a list or, in spite of its name, a JSON object a line; other names are read as they end;
    without a known ending the first bytes decide.
    """
    _check_text(head)
    found = _ENDINGS.get(plain_name(name).lower().rpartition(".")[2])
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if found not in (None, Format.JSON):
        return found
    if start == b"[":
        return Format.JSON
    if start == b"{" or found is Format.JSON:
        return Format.JSONL
    header = head.partition(b"\n")[0]
    return Format.TSV if header.count(b"\t") > header.count(b",") else Format.CSV


def _check_text(head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        hint = "Save a spreadsheet as CSV UTF-8, unpack an archive, and give those files."
        raise Unreadable(0, "is an archive or a spreadsheet, not text", hint)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(0, "is UTF-16, not UTF-8", SAVE_AS_UTF8)
    if b"\x00" in head:
        hint = "Give JSON Lines, JSON, CSV or TSV, packed with gzip or not."
        raise Unreadable(0, "is not a text file", hint)
