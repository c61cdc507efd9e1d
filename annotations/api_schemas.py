"""What the API of sessions takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import BaseModel, ConfigDict

from annotations.models import SkipReason

Value = Annotated[float, Field(allow_inf_nan=False)]


SETTINGS = (
    "The fields of docs/sessions.md, with the same bounds and messages as on the page: `name`;"
    " `rubric` (its id) and `version` (its number), or the newest published one; `annotators`"
    " (e-mail addresses); and every other one."
)
NEW_SESSION = (
    f"{SETTINGS} With `mode` pairwise or ranking it is a session in which responses are compared,"
    " with the fields of docs/comparing-responses.md."
)
CHANGE = (
    f"{SETTINGS} What is left out stays. Once the session has started, what people are asked does"
    " not change: such a field is refused with the reason."
)


class Problem(Schema):
    """What is refused; `problems` says by key what to do, "" is the comment on the whole."""

    detail: str
    problems: dict[str, str] = {}


class Wrong(Schema):
    """A body or an address that is not as described: where, and what is wrong there."""

    detail: list[dict[str, Any]]


READ: dict[int, Any] = {
    **dict.fromkeys((401, 403, 404, 429), Problem),
    422: Problem | Wrong,
}
WRITE = READ | dict.fromkeys((400, 409), Problem)


class Progress(Schema):
    """Counts of everybody's work; `items_by_state` is by done, needs_others, running, ..."""

    items: int
    places: int = Field(description="Submissions needed, over all items.")
    submitted: int
    reserved: int
    skipped: int
    items_by_state: dict[str, int]


class Own(Schema):
    """One's own items."""

    open: int
    submitted: int
    skipped: int


class SessionOut(Schema):
    id: int
    name: str
    status: str
    mode: str
    rubric: str
    version: int | None
    deadline: datetime | None
    stage: str = Field(
        description="Of a calibration round: vote, discuss, revote; empty for plain work."
    )
    progress: Progress | None = Field(description="Null for those who may not see all work.")
    own: Own | None = Field(description="Null for those who do not annotate in it.")


class SessionPage(Schema):
    items: list[SessionOut]
    next: int | None


class QueueOut(Schema):
    """Where an annotator stands. `available`: what they can still get."""

    open: int
    submitted: int
    skipped: int
    available: int
    limit: int | None
    stopped_by: str | None = Field(
        description="deadline, limit or target: why nothing more is given although there is more."
    )


class PersonOut(Schema):
    name: str
    submitted: int
    reserved: int
    skipped: int
    is_present: bool


class SessionWhole(SessionOut):
    instructions: str
    comment_rules: list[str]
    queue: QueueOut | None
    annotators: list[PersonOut] | None
    settings: dict[str, Any] | None = Field(description="By the names of docs/sessions.md.")


class StepOut(SessionOut):
    told: list[str] = Field(description="Annotators who were mailed that it started.")
    not_told: list[str] = Field(description="Those whom the mail server refused.")


class ItemOut(Schema):
    """An item of the session, or one's own. Counts are null for annotators."""

    id: int
    number: int
    state: str = Field(
        description="Of the item: pending, running, needs_others, done; of one's own: pending,"
        " draft, submitted, skipped."
    )
    task: str | None = None
    places: int | None = None
    submitted: int | None = None
    reserved: int | None = None
    skipped: int | None = None


class ItemPage(Schema):
    items: list[ItemOut]
    next: int | None


class Sent(BaseModel):
    """A body: a field that is not known is refused, since a slip must not empty a draft."""

    model_config = ConfigDict(extra="forbid")


class CloneIn(Sent):
    name: Annotated[
        str, Field(max_length=200, description="Without one the copy is named after the session.")
    ] = ""
    anew: Annotated[bool, Field(description="Draw the responses again, with the next seed.")] = (
        False
    )


class RevealIn(Sent):
    despite_missing: Annotated[
        bool, Field(description="Also where not everybody has voted on every item.")
    ] = False


class QuoteIn(Sent):
    """Words of the response; start and end are offsets in Unicode code points, checked there."""

    text: str
    start: Annotated[int, Field(ge=0, le=2**31)] | None = None
    end: Annotated[int, Field(ge=0, le=2**31)] | None = None


class Answer(Sent):
    value: Value | None = None
    cannot_assess: bool = False
    comment: str = ""
    quotes: list[QuoteIn] = []
    confidence: Literal["", "low", "medium", "high"] = ""


class SheetIn(Sent):
    """Answers by the key of their question. What is left out is not answered."""

    answers: dict[str, Answer] = {}
    comment: str = ""
    version: Annotated[int, Field(ge=0, le=2**31)] | None = Field(
        None,
        description="The item's version that the answers were made on: what was saved elsewhere"
        " since is then joined. Without it they replace what is stored.",
    )


class SubmitIn(SheetIn):
    reason: Annotated[str, Field(max_length=2000)] = Field(
        "", description="Why answers that were submitted before are corrected."
    )


class SkipIn(Sent):
    reason: SkipReason
    note: Annotated[str, Field(max_length=2000)] = ""


class OptionOut(Schema):
    value: float
    label: str
    description: str


class ExampleOut(Schema):
    text: str
    met: bool
    note: str


class QuestionOut(Schema):
    key: str
    kind: str = Field(description="binary, ordinal, points, strength or place")
    text: str
    description: str
    group: str
    bad: bool = Field(description="Met is a fault.")
    quote_needed: bool
    options: list[OptionOut]
    maximum: float | None
    examples: list[ExampleOut]
    references: list[str]


class ResponseOut(Schema):
    letter: str
    text: str | None
    source: str | None = Field(description="Null where the session hides sources.")


class DocumentOut(Schema):
    title: str
    text: str


class BesideOut(Schema):
    """What stands beside a question: a suggestion of a run, or one's own earlier answer."""

    kind: str = Field(description="suggestion, carried or changed")
    value: float | None
    cannot_assess: bool
    comment: str


class QuoteOut(Schema):
    text: str
    start: int | None
    end: int | None


class AnswerOut(Schema):
    value: float | None
    cannot_assess: bool
    comment: str
    quotes: list[QuoteOut]
    confidence: str


class SheetOut(Schema):
    """What is stored. `version` counts changes; `submitted_version` is what the verdicts hold."""

    id: int
    number: int
    state: str
    postponed: bool
    version: int
    submitted_version: int | None
    reserved_until: datetime | None
    answers: dict[str, AnswerOut]
    comment: str


class WorkItem(SheetOut):
    messages: list[dict[str, Any]]
    reference: str
    documents: list[DocumentOut]
    responses: list[ResponseOut]
    questions: list[QuestionOut]
    beside: dict[str, BesideOut]
    comment_rules: list[str]
    previous: int | None
    following: int | None


class SubmitOut(SheetOut):
    added: int = Field(description="Verdicts or preferences that are new; 0 for a repeat.")


class Conflict(Problem):
    """Somebody saved other answers meanwhile. `answers` are both joined, mine where they differ."""

    version: int | None = None
    answers: dict[str, AnswerOut] = {}
    comment: str = ""
    stored: dict[str, AnswerOut] = {}
    stored_comment: str = ""
    conflicts: list[str] = []
