"""Gold lines of the native format: the known answer to a criterion on a response."""

from __future__ import annotations

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.formats.records import (
    ID_LIMIT,
    KEY_LIMIT,
    GoldOrigin,
    GoldRecord,
    Record,
)
from rubricstudio.domain.formats.verdicts import SAMPLE_LIMIT, read_answer, read_evidence
from rubricstudio.domain.verdict import InvalidVerdict

GOLD_FIELDS = (
    *("type", "response", "rubric", "criterion", "value", "status", "note"),
    *("evidence", "origin", "session", "expert", "n"),
)


def read_gold(fields: Fields) -> list[Record]:
    """The gold answer of a line; what is wrong with it is in `fields.problems`."""
    fields.only(GOLD_FIELDS)
    status, value = read_answer(fields)
    record = fields.make(
        lambda: GoldRecord(
            response=fields.name("response", required=True, limit=ID_LIMIT),
            rubric=fields.name("rubric", required=True, limit=ID_LIMIT),
            criterion=fields.name("criterion", required=True, limit=KEY_LIMIT),
            status=status,
            value=value,
            note=fields.text("note"),
            origin=fields.choice("origin", GoldOrigin, None) or GoldOrigin.FILE,
            session=fields.name("session"),
            expert=fields.name("expert"),
            n=fields.optional_whole("n", SAMPLE_LIMIT),
            evidence=read_evidence(fields),
            place=fields.place,
        ),
        InvalidVerdict,
    )
    return [record] if record is not None else []
