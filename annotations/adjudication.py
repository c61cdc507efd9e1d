"""What the pages of adjudication read from addresses and forms, and the rows they draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotations.models import Cause
from annotations.queries.dispute import UnitPage, current_verdicts, prompts_of
from annotations.queries.disputes import (
    ALL,
    DECIDED,
    OPEN,
    Dispute,
    DisputePage,
    Filter,
    Scope,
    Unit,
    judged_rounds,
    scope_of,
)
from annotations.sheet import digits
from rubricstudio.domain.consensus import Method, Suggestion
from rubricstudio.domain.passages import Passage, passages
from rubricstudio.domain.rubric import Criterion, ScaleKind
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Project, Round, Verdict

CAUSE_KEYS = {
    Cause.AMBIGUOUS: "a",
    Cause.GUIDELINE_GAP: "g",
    Cause.ANNOTATOR_ERROR: "r",
    Cause.EDGE_CASE: "e",
    Cause.TRUE_DISAGREEMENT: "t",
    Cause.JUDGE_ERROR: "m",
}
METHODS = {
    Method.UNANIMOUS: gettext_lazy("Unanimous only"),
    Method.MAJORITY: gettext_lazy("Majority"),
    Method.WEIGHTED: gettext_lazy("Weighted by agreement"),
    Method.DAWID_SKENE: gettext_lazy("Dawid–Skene"),
}


@dataclass(frozen=True)
class Asked:
    """What an address asks for. query: rounds and filter, to carry on, without a mark."""

    rounds: Sequence[Round]
    scope: Scope
    chosen: Filter
    query: str
    after: tuple[float, Unit] | None


def read_asked(project: Project, given: QueryDict) -> Asked:
    """The rounds and the filter of an address; the newest judged round where it names none.

    What is not there is left out. Four queries.
    """
    rounds = judged_rounds(project)
    ids = set(_numbers(given.getlist("round")))
    picked = [row for row in rounds if row.pk in ids] or rounds[:1]
    scope = scope_of(project, picked)
    criterion = next(iter(_numbers([given.get("criterion", "")])), None)
    state, cause = given.get("state", OPEN), given.get("cause", "")
    chosen = Filter(
        criterion if criterion in scope.values else None,
        state if state in (OPEN, DECIDED, ALL) else OPEN,
        cause if cause in Cause.values else "",
    )
    return Asked(rounds, scope, chosen, _query(scope, chosen), _place(given.get("after", "")))


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def _query(scope: Scope, chosen: Filter) -> str:
    query = QueryDict(mutable=True)
    query.setlist("round", [str(pk) for pk in scope.ids])
    if chosen.criterion is not None:
        query["criterion"] = str(chosen.criterion)
    query["state"] = chosen.state
    if chosen.cause:
        query["cause"] = chosen.cause
    return query.urlencode()


def _place(text: str) -> tuple[float, Unit] | None:
    """A place of the queue as `Dispute.place` writes it; None for anything else."""
    priority, _mark, code = text.partition("_")
    ids = _numbers(code.split("-"))
    try:
        number = float(priority)
    except ValueError:
        return None
    return (number, Unit(*ids)) if len(ids) == 2 and 0 <= number <= 1 else None


# -- the queue


@dataclass(frozen=True)
class Row:
    """A unit of the queue with what there is to say of it in a line."""

    dispute: Dispute
    criterion: Criterion
    prompt: str
    tally: str
    share: float


def rows_of(scope: Scope, page: DisputePage) -> list[Row]:
    """The rows of a page. Two queries."""
    units = [row.unit for row in page.rows]
    said = current_verdicts(scope, units)
    prompts = prompts_of(unit.response for unit in units)
    return [
        Row(
            row,
            scope.values[row.unit.criterion],
            prompts.get(row.unit.response, ""),
            tally(scope.values[row.unit.criterion], said[row.unit]),
            scope.shares.get(row.unit.criterion, 0.0),
        )
        for row in page.rows
    ]


def tally(criterion: Criterion, verdicts: Sequence[Verdict]) -> str:
    """How many said what, the most frequent first: "2 met, 1 not met"."""
    counts: dict[str, int] = {}
    for row in verdicts:
        word = worded(criterion, row.status, row.value)
        counts[word] = counts.get(word, 0) + 1
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{n} {word}" for word, n in ordered)


def worded(criterion: Criterion, status: str, value: float | None) -> str:
    """An answer in words: met, a level's label, points of the maximum, cannot assess."""
    if value is None:
        return _("not applicable") if status == "not_applicable" else _("cannot assess")
    if criterion.scale.kind is ScaleKind.BINARY:
        return _("met") if value else _("not met")
    if criterion.scale.kind is ScaleKind.POINTS:
        return f"{digits(round(value, 2))} / {digits(criterion.scale.maximum)}"
    return criterion.scale.label(value) or digits(value)


@dataclass(frozen=True)
class Choice:
    """A value of a filter with its count."""

    value: str
    text: str
    n: int


def criterion_choices(scope: Scope, page: DisputePage, chosen: Filter) -> list[Choice]:
    """The criteria with a unit, in display order, counted in the chosen state."""
    found = (
        Choice(str(pk), value.text, page.count(criterion=pk, state=chosen.state))
        for pk, value in scope.values.items()
    )
    return [choice for choice in found if choice.n]


def state_choices(page: DisputePage) -> list[Choice]:
    """Open, decided, all."""
    words = ((OPEN, _("Open")), (DECIDED, _("Decided")), (ALL, _("All")))
    return [Choice(value, text, page.count(state=value)) for value, text in words]


def cause_choices(page: DisputePage) -> list[Choice]:
    """The causes that were given, each with how often."""
    found = [Choice(c.value, str(c.label), page.count(cause=c.value)) for c in Cause]
    return [choice for choice in found if choice.n]


# -- one unit


@dataclass(frozen=True)
class Voice:
    """One rater's verdict with the number that its key and its marks in the text have."""

    number: int
    verdict: Verdict
    word: str
    is_adopted: bool


def voices(page: UnitPage, verdicts: Sequence[Verdict]) -> list[Voice]:
    """The verdicts of a unit, numbered from 1."""
    adopted = page.decision.adopted_id if page.decision else None
    return [
        Voice(
            number,
            row,
            page.criterion.scale.label(row.value),
            row.rater_id == adopted,
        )
        for number, row in enumerate(verdicts, start=1)
    ]


def marked(page: UnitPage) -> list[Passage]:
    """The response with what each rater cites."""
    quotes = [
        (number, Quote(**quote))
        for number, row in enumerate(page.verdicts, start=1)
        for quote in row.evidence
    ]
    return passages(page.text or "", quotes)


def first_quote(page: UnitPage) -> str:
    """The passage a proposal begins with: the first that somebody cites."""
    quotes = (quote["text"] for row in page.verdicts for quote in row.evidence)
    return str(next(quotes, ""))


@dataclass(frozen=True)
class Hint:
    """A suggestion in words. voices: the numbers of those who said so."""

    method: str
    suggestion: Suggestion
    word: str
    voices: str

    @property
    def is_open(self) -> bool:
        """Whether the method decides nothing."""
        return self.suggestion.value is None


def hints(page: UnitPage, found: Sequence[Suggestion]) -> list[Hint]:
    """The suggestions of a unit, each with the people who say the same."""
    points = page.criterion.scale.kind is ScaleKind.POINTS
    return [
        Hint(
            _("Median") if points else str(METHODS[one.method]),
            one,
            worded(page.criterion, "ok", one.value) if one.value is not None else _("a tie"),
            ", ".join(str(n) for n, v in enumerate(page.verdicts, 1) if v.value == one.value)
            if one.value is not None
            else "",
        )
        for one in found
    ]


def answers(criterion: Criterion) -> list[tuple[str, str]]:
    """The answers an override can give on a scale of categories; empty on a points scale."""
    scale = criterion.scale
    if scale.kind is ScaleKind.POINTS:
        return []
    values = [level.value for level in scale.levels] or [1.0, 0.0]
    found = [(digits(value), worded(criterion, "ok", value)) for value in values]
    return [*found, ("cannot_assess", _("cannot assess"))]


def causes() -> list[tuple[str, str, str]]:
    """Each cause with its label and key."""
    return [(cause.value, str(cause.label), CAUSE_KEYS[cause]) for cause in Cause]


def proposal_text(text: str, passage: str, link: str) -> str:
    """A proposal as Markdown: what to change, the passage as a quotation, where it stands."""
    quoted = "\n".join(f"> {line}" for line in passage.strip().splitlines())
    parts = [text.strip(), quoted, f"[{_('The case')}]({link})"]
    return "\n\n".join(part for part in parts if part)


def typed(post: Mapping[str, str], name: str, longest: int = 5_000) -> str:
    """A text field as it can be stored: no NUL, line ends as the page holds them."""
    return post.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()[:longest]
