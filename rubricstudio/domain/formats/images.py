"""Pictures as lines of the native format: their bytes in base64, their digest beside them."""

from __future__ import annotations

import base64
import binascii
import re

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import ImageRecord, Record
from rubricstudio.domain.pictures import MEDIA_TYPES, MOST_BYTES, NAME, NAME_LIMIT

IMAGE_FIELDS = ("type", "id", "media_type", "digest", "data", "shown_in")
_LONGEST = 4 * -(-MOST_BYTES // 3)
_HINT = "Begin with a letter or digit; after it dots, underscores and hyphens may stand as well."


def read_image(fields: Fields) -> list[Record]:
    """The picture of a line. What its bytes show is for the import to say."""
    fields.only(IMAGE_FIELDS)
    name = fields.name("id", required=True, limit=NAME_LIMIT)
    if name.strip() and not re.fullmatch(NAME, name):
        fields.problem("id", f"is {name[:40]!r}, which no text can name", _HINT)
    kind = fields.text("media_type", required=True)
    if kind.strip() and kind not in MEDIA_TYPES:
        fields.problem("media_type", f"is {kind[:40]!r}", f"Use one of: {', '.join(MEDIA_TYPES)}.")
    record = ImageRecord(name, kind, _data(fields), fields.place)
    digest = fields.text("digest")
    if digest and not fields.problems and digest != record.digest:
        hint = "It is the SHA-256 of the picture in hexadecimal; the line was changed or cut."
        fields.problem("digest", "is not that of the data", hint)
    return [record]


def _data(fields: Fields) -> bytes:
    text = fields.text("data", required=True)
    if len(text) > _LONGEST:
        size = f"holds more than {MOST_BYTES // 1024 // 1024} MB"
        fields.problem("data", size, "Make the picture smaller.")
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        fields.problem("data", "is not base64", "Write the bytes of the picture in base64.")
        return b""
