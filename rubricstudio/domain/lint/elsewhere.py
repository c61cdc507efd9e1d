"""References to something that is not before whoever judges."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.passages import in_any, quoted
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Severity, Span
from rubricstudio.domain.lint.verbs import head_of
from rubricstudio.domain.lint.words import has, occurrences, phrases, span_of, terms

_ELSEWHERE = phrases(
    *("the reference", "the reference answer", "reference answer", "reference solution"),
    *("reference response", "the gold answer", "gold answer", "gold standard answer"),
    *("the gold standard", "the model answer", "the ideal answer", "the expected answer"),
    *("the expected output", "the sample answer", "the sample solution", "the ground truth"),
    *("the correct answer", "the right answer", "the answer key", "the solution key"),
    *("the above", "as above", "see above", "mentioned above", "described above", "listed above"),
    *("the model solution", "the official solution", "the official answer", "the mark scheme"),
    *("the marking scheme", "the sample response", "the ideal response", "the expert answer"),
    *("the expert's answer", "the teacher's answer", "the teacher's solution", "the gold label"),
    *("the benchmark answer", "the reference text", "the reference translation", "same as above"),
    *("previously mentioned", "previously stated", "as required", "as requested", "as outlined"),
    *("as defined", "as listed", "as explained", "as before", "like the others", "see below"),
    *("the other candidate", "the other version", "the other responses", "the last criterion"),
    *("the required points", "the required elements", "the required items"),
    *("the expected result", "the expected value", "the expected values", "the checklist"),
    *("given above", "shown above", "outlined above", "named above", "provided above"),
    *("the earlier criterion", "the first criterion", "the criterion above", "the list below"),
    *("stated above", "as described", "as mentioned", "as discussed", "as stated", "as noted"),
    *("as specified", "as instructed", "aforementioned", "as before", "mentioned earlier"),
    *("the previous criterion", "previous criterion", "the previous item", "the next criterion"),
    *("the other criteria", "the other criterion", "the preceding", "the rubric", "listed below"),
    *("the same criterion", "the former", "the latter", "the other response"),
    *("the other answer", "the following points", "the points below", "the facts below"),
)
_OTHER_THINGS = phrases(
    *("the reference range", "the reference list", "the reference interval", "the reference point"),
    *("the reference section", "the reference class", "the reference frame", "the reference date"),
    *("the reference population", "the reference genome", "the reference implementation"),
    *("the reference rate", "the reference group", "the reference standard", "the reference year"),
    *("the rubric of", "the reference to", "the reference currency", "the reference value"),
)
_OF_RESPONSE = terms("response answer text reply criterion output summary code task question two")
_PRONOUNS = terms("it they this these those he she")
_NUMBERED = re.compile(r"\b(?:criterion|item|point) (?:no\.? ?)?#?\d+\b", re.IGNORECASE)
_GIVES_IT = re.compile(r"answer\W+(?:is |of |that )?(?:\(|:|“|\"|\d|[A-Z]\b)|\(\S+.*\)|: \S|“|\"")


_SAID = terms(
    "described mentioned discussed stated noted specified instructed required requested outlined "
    "defined listed explained"
)
_WRITTEN_OUT = re.compile(r"\s*:\s*\S|\s*[“\"(]")
_TOLD_BEHIND = terms(
    "output solution outputs below points elements items result value values checklist"
)
_BEGINNINGS = terms("reference truth standard preceding")
_FUNCTION = terms(
    "and or but in on at for to of as is are was be with by from when where if that which used "
    "given provided shown answer answers solution solutions response responses criterion item"
)


def _elsewhere(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        span = _named_elsewhere(line) or _leading_pronoun(line) or _pointing(line)
        if span is not None:
            yield Finding(
                "not-self-contained",
                (line.key,),
                Severity.WARNING,
                "“%(passage)s” is not before whoever judges this: write out what it stands for.",
                {"passage": line.text[span.start : span.end]},
                span,
            )


def _named_elsewhere(line: Line) -> Span | None:
    numbered = _NUMBERED.search(line.text)
    if numbered:
        return Span(*numbered.span())
    if not has(line.words, _ELSEWHERE):
        return None
    other = [Span(*span_of(line.words, *at)) for at in occurrences(line.words, _OTHER_THINGS)]
    quotes = quoted(line.text)
    for first, behind in occurrences(line.words, _ELSEWHERE):
        span = span_of(line.words, first, behind)
        told = "answer" in line.text[span.start : span.end] and _GIVES_IT.search(
            line.text, span.start
        )
        both = line.words[first].text == "the" and line.words[behind - 1].text in (
            "former",
            "latter",
        )
        if both and "and" in {word.text for word in line.words[:first]}:
            continue
        if _goes_on(line, behind):
            continue
        if not told and not in_any(quotes, span.start) and not in_any(other, span.start):
            return span
    return None


def _goes_on(line: Line, behind: int) -> bool:
    """Whether the phrase is only the beginning of a name, or is written out behind it.

    "The gold standard test", "the preceding statement", "as described in section 3", "the
    expected output: 3 5 8".
    """
    last, words = line.words[behind - 1], line.words
    if last.text in _SAID:
        return behind < len(words) and words[behind].text in ("in", "by", "at", "under", "for")
    if _WRITTEN_OUT.match(line.text, last.end):
        return last.text in _TOLD_BEHIND
    if last.text not in _BEGINNINGS or behind == len(words):
        return False
    apart = line.text[last.end : words[behind].start].strip()
    return not apart and words[behind].text not in _FUNCTION


def _pointing(line: Line) -> Span | None:
    """ "Explains this risk": a thing pointed at that nothing before it names."""
    head = head_of(line.words)
    if head is None or head + 2 >= len(line.words):
        return None
    pointer, thing = line.words[head + 1 : head + 3]
    if pointer.text not in ("this", "these", "those") or thing.text in _OF_RESPONSE:
        return None
    named = {word.text for word in line.words[:head]}
    return None if thing.text in named else span_of(line.words, head + 1, head + 3)


def _leading_pronoun(line: Line) -> Span | None:
    """A pronoun that nothing stands before; "it should" and "this response" mean the response."""
    if len(line.words) < 2 or line.words[0].text not in _PRONOUNS - {"it"}:
        return None
    if line.words[1].text in _OF_RESPONSE:
        return None
    return span_of(line.words, 0, 1)


ELSEWHERE = Rule(
    name="not-self-contained",
    title="Refers to something that is not there",
    mark="refers elsewhere",
    why="A rater or judge sees one criterion and the response: a reference answer, another "
    "criterion or “the above” may not be before them.",
    bad="The result agrees with the reference answer.",
    good="The result is 42 km/h.",
    check=_elsewhere,
    english=True,
)
