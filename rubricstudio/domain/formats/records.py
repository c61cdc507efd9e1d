"""What every reader yields and every writer takes: one frozen record per fact in a file.

Records name each other by the ids that the file uses; whether those ids exist is for the
import to say, which is why each record remembers its `place`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from rubricstudio.domain.rubric import Rubric
from rubricstudio.domain.verdict import InvalidVerdict, Quote, VerdictStatus

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

NOTHING: Mapping[str, Json] = MappingProxyType({})
"""The metadata of a record that has none; shared, so that a million records cost one."""

ID_LIMIT = 300
"""The most characters of a task's, response's or rubric's id."""

KEY_LIMIT = 100
"""The most characters of a criterion's key."""

DEFAULT_ROUND = "imported"
"""The session or run of verdicts and preferences whose file names none."""


class RecordType(StrEnum):
    """The word under `type` in the native format."""

    TASK = "task"
    RESPONSE = "response"
    PREFERENCE = "preference"
    RUBRIC = "rubric"
    VERDICT = "verdict"
    IMAGE = "image"
    GOLD = "gold"


class RaterKind(StrEnum):
    """Who rated. A judge is a model or a program."""

    PERSON = "person"
    JUDGE = "judge"


class RoundKind(StrEnum):
    """What a rater's work belongs to: people work in sessions, judges in runs."""

    SESSION = "session"
    RUN = "run"


ROUND_OF = {RaterKind.PERSON: RoundKind.SESSION, RaterKind.JUDGE: RoundKind.RUN}


class Preferred(StrEnum):
    """Which response of a pair the rater preferred."""

    A = "a"
    B = "b"
    TIE = "tie"


class Place(NamedTuple):
    """Where a record stands: the file's name and the line it starts on, from 1.

    Line 0 means the file as a whole.
    """

    file: str = ""
    line: int = 0


NOWHERE = Place()


class Message(NamedTuple):
    """One turn of a prompt; `role` is one of ROLES."""

    role: str
    content: str


ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A prompt, and what a rater may need beside it."""

    id: str
    messages: tuple[Message, ...]
    reference: str | None = None
    context: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """A response to a task. `text` None: it is known to exist, its text is not available."""

    id: str
    task: str
    text: str | None
    source: str = ""
    metadata: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """Which of two responses to a task a rater preferred, or why that is not known.

    `preferred` is None unless `status` is ok: a reply that cannot be read is no tie.
    `strength` is how much, on the file's own scale, 0 or more.
    """

    task: str
    response_a: str
    response_b: str
    rater: str
    rater_kind: RaterKind = RaterKind.PERSON
    round: str = DEFAULT_ROUND
    status: VerdictStatus = VerdictStatus.OK
    preferred: Preferred | None = None
    strength: float | None = None
    rationale: str = ""
    raw_reply: str = ""
    provenance: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    created_at: datetime | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def __post_init__(self) -> None:
        if (self.status is VerdictStatus.OK) != (self.preferred is not None):
            raise InvalidVerdict("a preference names a side exactly when its status is ok")

    @property
    def round_kind(self) -> RoundKind:
        """A session for a person, a run for a judge."""
        return ROUND_OF[self.rater_kind]


@dataclass(frozen=True, slots=True)
class RubricRecord:
    """A rubric of the project, or of one `task`. Unpublished, it arrives as a draft."""

    id: str
    rubric: Rubric
    name: str = ""
    task: str | None = None
    published: bool = False
    place: Place = field(default=NOWHERE, compare=False, repr=False)


class VerdictRecord(NamedTuple):
    """What one rater said about one response on one criterion of a rubric.

    `value` is on the criterion's scale and None unless `status` is ok; `confidence` lies in
    [0, 1]; `sample` counts repeated judgements of the same cell from 0; `created_at` is aware.
    """

    # A named tuple where its sisters are dataclasses: files hold these by the hundred
    # thousand, and a frozen dataclass of this size takes five times as long to make.
    response: str
    rubric: str
    criterion: str
    rater: str
    rater_kind: RaterKind = RaterKind.PERSON
    round: str = DEFAULT_ROUND
    status: VerdictStatus = VerdictStatus.OK
    value: float | None = None
    rationale: str = ""
    evidence: tuple[Quote, ...] = ()
    confidence: float | None = None
    sample: int = 0
    raw_reply: str = ""
    provenance: Mapping[str, Json] = NOTHING
    created_at: datetime | None = None
    place: Place = NOWHERE

    @property
    def round_kind(self) -> RoundKind:
        """A session for a person, a run for a judge."""
        return ROUND_OF[self.rater_kind]


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A picture that texts show as `![...](image:ID)`; `media_type` as the file says it."""

    id: str
    media_type: str
    data: bytes = field(repr=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


class GoldOrigin(StrEnum):
    """Where a gold answer comes from; the last three from the verdicts of a session."""

    HAND = "hand"
    FILE = "file"
    ADJUDICATED = "adjudicated"
    UNANIMOUS = "unanimous"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class GoldRecord:
    """The known answer to a criterion of a rubric on a response; `note` says why it is right.

    `evidence` are the words of the response that show it. `session` names where the answer was
    taken from, `expert` whose it is, and `n`, 2 or more, how many people gave it alike; each of
    these only where the origin calls for it.
    """

    response: str
    rubric: str
    criterion: str
    status: VerdictStatus = VerdictStatus.OK
    value: float | None = None
    note: str = ""
    origin: GoldOrigin = GoldOrigin.FILE
    session: str = ""
    expert: str = ""
    n: int | None = None
    evidence: tuple[Quote, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.status not in (VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS):
            raise InvalidVerdict("a gold answer is a value or cannot_assess")
        if (self.status is VerdictStatus.OK) != (self.value is not None):
            raise InvalidVerdict("a gold answer has a value exactly when its status is ok")
        origin = self.origin
        if bool(self.session) != (origin not in (GoldOrigin.HAND, GoldOrigin.FILE)):
            raise InvalidVerdict(f"session does not go with the origin {origin}, or is missing")
        if bool(self.expert) != (origin is GoldOrigin.EXPERT):
            raise InvalidVerdict(f"expert does not go with the origin {origin}, or is missing")
        if (self.n is not None) != (origin is GoldOrigin.UNANIMOUS) or (self.n or 2) < 2:
            raise InvalidVerdict(f"n does not go with the origin {origin}, or is under 2")


Record: TypeAlias = (
    TaskRecord
    | ResponseRecord
    | PreferenceRecord
    | RubricRecord
    | VerdictRecord
    | ImageRecord
    | GoldRecord
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one line, and what to do about it.

    `line` 0 stands for the whole file, an empty `field` for the whole line.
    """

    file: str
    line: int
    field: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line: `file:line: field: message. hint`, leaving out what is empty."""
        where = ":".join(part for part in (self.file, str(self.line or "")) if part)
        said = ": ".join(part for part in (where, self.field, self.message) if part)
        return f"{said}. {self.hint}" if self.hint else said
