"""Where wording, polarity and the sign of the weight pull apart."""

from __future__ import annotations

from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.stance import Reading, Stance, lacks, read
from rubricstudio.domain.lint.values import Finding, Fix, Severity, Span
from rubricstudio.domain.lint.words import span_of
from rubricstudio.domain.rubric import Criterion, MetMeans


def _odds(context: Context) -> Iterator[Finding]:
    readings = {line.key: (line, read(line.words)) for line in context.lines}
    for leaf in context.rubric.leaves:
        line, reading = readings.get(leaf.key, (None, Reading(Stance.SAYS, 0)))
        finding = line and _worded_against(line, reading)
        if finding is None and leaf.weight and reading.stance is not Stance.OMITS:
            finding = _signed_against(leaf)
        if finding:
            yield finding


def _worded_against(line: Line, reading: Reading) -> Finding | None:
    """ "Avoids ..." where met is bad, "Invents ..." where met is good."""
    criterion = line.criterion
    bad = criterion.met_means is MetMeans.BAD
    span = span_of(line.words, 0, max(reading.rest, 1))
    passage = line.text[span.start : span.end]
    if bad and reading.stance is Stance.AVOIDS and not _is_missed(line, reading):
        says = "“%(passage)s” says that something bad is not there, yet meeting it counts as bad."
        changes = {"met_means": MetMeans.GOOD, "weight": abs(criterion.weight)}
        label = "Met is good, weight above 0"
    elif not bad and reading.stance is Stance.FAULTS:
        says = "“%(passage)s” speaks of a fault, yet meeting it counts as good."
        changes = {"met_means": MetMeans.BAD, "weight": -abs(criterion.weight)}
        label = "Met is bad, weight below 0"
    else:
        return None
    fix = Fix(line.key, label, changes)
    values = {"passage": passage}
    return Finding("sign-and-polarity", (line.key,), Severity.ERROR, says, values, Span(*span), fix)


def _signed_against(criterion: Criterion) -> Finding | None:
    bad = criterion.met_means is MetMeans.BAD
    if bad == (criterion.weight < 0):
        return None
    if bad:
        says = "Met is bad, and the weight is above 0: a response earns points by not meeting it."
        label = "Weight below 0"
    else:
        says = "Met is good, and the weight is below 0: a response loses points by not meeting it."
        label = "Weight above 0"
    fix = Fix(criterion.key, label, {"weight": -criterion.weight})
    return Finding("sign-and-polarity", (criterion.key,), Severity.WARNING, says, fix=fix)


SIGN = Rule(
    name="sign-and-polarity",
    title="Wording, polarity and sign at odds",
    mark="polarity",
    why="A score rises where it should fall; public data hold both readings, so nothing repairs "
    "it later.",
    bad="Avoids medical jargon. (met is bad, weight -3)",
    good="Uses medical jargon without explaining it. (met is bad, weight -3)",
    check=_odds,
)


def _negated(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        reading = read(line.words)
        missed = reading.stance is Stance.OMITS or _is_missed(line, reading)
        if not missed or line.criterion.met_means is not MetMeans.BAD:
            continue
        span = span_of(line.words, 0, reading.rest)
        yield Finding(
            "negated-pitfall",
            (line.key,),
            Severity.WARNING,
            "It punishes that something is left out: say it as a positive criterion, or keep "
            "pitfalls for what must not be there.",
            {},
            span,
            _positive(line, reading),
        )


def _is_missed(line: Line, reading: Reading) -> bool:
    """Whether "No title" stands for a fault: met is bad, and it costs points."""
    costs = line.criterion.met_means is MetMeans.BAD and line.criterion.weight < 0
    return costs and lacks(line.words, reading)


def _positive(line: Line, reading: Reading) -> Fix | None:
    """ "Fails to mention X" as "Mentions X", worth as much."""
    words = line.words
    if reading.rest >= len(words):
        return None
    first = words[reading.rest]
    verb = first.text
    if words[reading.rest - 1].text in ("to", "not", "never"):
        third = verb[:-1] + "ies" if verb.endswith("y") else verb + "s"
        rest = third + line.text[first.end :]
    else:
        rest = f"mentions {line.text[first.start :]}"
    subject = _subject(line)
    text = f"{subject}{rest}" if subject else rest[:1].upper() + rest[1:]
    weight = abs(line.criterion.weight)
    changes = {"text": text, "met_means": MetMeans.GOOD, "weight": weight}
    return Fix(line.key, "Say it as a positive", changes)


def _subject(line: Line) -> str:
    """What stands before the negation: "The response "."""
    for word in line.words[:5]:
        if word.text in ("does", "do", "should", "must", "fails", "fail", "not", "never") or (
            word.text in ("omits", "lacks", "neglects", "ignores", "overlooks", "forgets")
        ):
            return line.text[: word.start]
    return ""


NEGATED = Rule(
    name="negated-pitfall",
    title="A pitfall that is the negative of a positive",
    mark="negated pitfall",
    why="“Does not mention X” under a negative weight asks raters for a double negation, and "
    "leaves real errors unpunished.",
    bad="Does not mention the boxed warning. (met is bad, weight -4)",
    good="Mentions the boxed warning. (met is good, weight 4)",
    check=_negated,
    english=True,
)
