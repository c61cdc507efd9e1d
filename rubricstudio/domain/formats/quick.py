"""The short way for verdict lines that hold nothing unusual, which is most lines of most files.

It accepts or declines: a line that it declines goes to the careful reader in verdicts.py, which
says what is wrong, if anything is. Where it accepts, both give the same records.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rubricstudio.domain.formats.lines import clean_json
from rubricstudio.domain.formats.records import (
    DEFAULT_ROUND,
    KEY_LIMIT,
    NOTHING,
    Json,
    Place,
    RaterKind,
    VerdictRecord,
)
from rubricstudio.domain.formats.verdicts import (
    CELL_FIELDS,
    RATER_FIELDS,
    REASONS,
    SAMPLE_LIMIT,
    SHARED_FIELDS,
    WORDS,
)
from rubricstudio.domain.verdict import VerdictStatus

_HEAD = frozenset({"type", "response", "rubric", *RATER_FIELDS})
_CELL = frozenset(CELL_FIELDS) - {"evidence", "revision"}
_LINE = _HEAD | _CELL
_SHEET = _HEAD | {"verdicts"}
_EXTRAS = frozenset({*SHARED_FIELDS, "confidence"})
_BARE = _LINE - _EXTRAS
# Under which name a round may stand, and what its rater then is unless the line says so.
_ROUNDS = {"round": RaterKind.PERSON, "session": RaterKind.PERSON, "run": RaterKind.JUDGE}
_KINDS = {kind.value: kind for kind in RaterKind}
_OK = VerdictStatus.OK
_Answer = tuple[VerdictStatus, float | None]
_Extras = tuple[float | None, int, str, Mapping[str, Json], datetime | None]
_Head = tuple[str, str, str, RaterKind, str]
_PLAIN: _Extras = (None, 0, "", NOTHING, None)


class _Unusual(Exception):
    """Something that the careful reader should look at."""


class _Names(dict[str, str]):
    """Names seen so far, each checked and kept once: a file repeats them without end."""

    def __missing__(self, name: object) -> str:
        if type(name) is not str or len(name) > KEY_LIMIT or not name.strip():
            raise _Unusual
        self[name] = name
        return name


class _Answers(dict[Any, _Answer]):
    """What a value says: 1, true and met are one entry, for 1 and true are equal and hash alike."""

    def __init__(self) -> None:
        super().__init__({word: (_OK, value) for word, value in WORDS.items()})
        self.update({word: (status, None) for word, status in REASONS.items()})
        self.update({0: (_OK, 0.0), 1: (_OK, 1.0)})

    def __missing__(self, value: object) -> _Answer:
        if type(value) is int or type(value) is float:
            if not -1e15 < value < 1e15:
                raise _Unusual
            return _OK, float(value)
        raise _Unusual


class QuickVerdicts:
    """Reads the plain verdict lines of one file."""

    def __init__(self) -> None:
        self._names = _Names()
        self._answers = _Answers()

    def read(self, values: dict[str, Any], place: Place) -> list[VerdictRecord] | None:
        """The verdicts of the object of a verdict line, or None where it is not plain.

        Its texts are ones that can be stored as they stand (see `lines.quick_object`).
        """
        keys = values.keys()
        try:
            if keys <= _BARE:
                return [self._verdict(self._head(values), values, _PLAIN, place)]
            if keys <= _LINE:
                return [self._verdict(self._head(values), values, _extras(values), place)]
            if keys <= _SHEET:
                return self._sheet(values, place)
        except (_Unusual, KeyError, TypeError, ValueError):
            pass
        return None

    def _sheet(self, values: dict[str, Any], place: Place) -> list[VerdictRecord] | None:
        cells = values["verdicts"]
        if type(cells) is not list or not all(
            type(cell) is dict and cell.keys() <= _CELL for cell in cells
        ):
            return None
        head = self._head(values)
        return [
            self._verdict(head, cell, _PLAIN if _EXTRAS.isdisjoint(cell) else _extras(cell), place)
            for cell in cells
        ] or None

    def _head(self, values: dict[str, Any]) -> _Head:
        """Response, rubric, rater, what the rater is, and the round."""
        names = self._names
        named = "session" if "session" in values else "run" if "run" in values else "round"
        kind = _KINDS[values["rater_kind"]] if "rater_kind" in values else _ROUNDS[named]
        if named != "round" and (
            kind is not _ROUNDS[named] or "round" in values or (named != "run" and "run" in values)
        ):
            raise _Unusual
        round_ = names[values[named]] if named in values else DEFAULT_ROUND
        response, rubric, rater = values["response"], values["rubric"], values["rater"]
        return names[response], names[rubric], names[rater], kind, round_

    def _verdict(
        self, head: _Head, cell: dict[str, Any], extras: _Extras, place: Place
    ) -> VerdictRecord:
        response, rubric, rater, kind, round_ = head
        rationale = cell.get("rationale", "")
        if type(rationale) is not str:
            raise _Unusual
        status, value = self._answers[cell["value"]] if "status" not in cell else _stated(cell)
        return VerdictRecord(
            response,
            rubric,
            self._names[cell["criterion"]],
            rater,
            kind,
            round_,
            status,
            value,
            rationale,
            (),
            *extras,
            place,
        )


def _stated(cell: dict[str, Any]) -> _Answer:
    """The answer of a verdict that names its status as well, as our own files do."""
    status, value = cell["status"], cell.get("value")
    if status == "ok" and (type(value) is float or type(value) is int) and -1e15 < value < 1e15:
        return _OK, float(value)
    if value is None:
        return REASONS[status], None
    raise _Unusual


def _extras(cell: dict[str, Any]) -> _Extras:
    get = cell.get
    confidence, sample, reply = get("confidence"), get("sample", 0), get("raw_reply", "")
    if confidence is not None and not (type(confidence) is float and 0 <= confidence <= 1):
        raise _Unusual
    if type(sample) is not int or not 0 <= sample <= SAMPLE_LIMIT or type(reply) is not str:
        raise _Unusual
    provenance, time = get("provenance", {}), get("created_at")
    if type(provenance) is not dict:
        raise _Unusual
    kept = clean_json(provenance) if provenance else NOTHING
    moment = None if time is None else datetime.fromisoformat(time)
    if moment is not None and moment.tzinfo is None:
        raise _Unusual
    return confidence, sample, reply, kept, moment
