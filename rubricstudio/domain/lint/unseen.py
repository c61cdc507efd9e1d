"""What an author thinks, or what happens later: not to be seen in the response."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.passages import after_clause, in_any, quoted
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Severity, Span
from rubricstudio.domain.lint.verbs import SAYS
from rubricstudio.domain.lint.words import has, occurrences, phrases, span_of, terms

_SUBJECTS = terms(
    "response answer author writer model assistant candidate student ai system developer lawyer "
    "analyst essay it chatbot reply programmer agent bot expert team researcher researchers"
)
# "The doctor cares": a person by trade at the head of the sentence.
_TRADE = re.compile(r"(?:er|or|ist|ian|eer|ant|yst|nurse|chef|pilot|coach|speaker)s?$")
_PERSONS = _SUBJECTS - terms("response answer essay it reply system") | {"who"}
_DONE = terms(
    "read studied checked verified consulted researched considered reviewed reflected learned "
    "learnt watched listened practised practiced memorised memorized"
)
_MIND = terms(
    "understands understand knows know believes believe intends intend cares care tries try thinks "
    "think wants want feels feel realises realizes researched consulted spent "
    "meant genuinely truly sincerely honestly aware understood memorised memorized tested"
)
_READERS = terms(
    "reader readers user users patient patients client clients audience customer customers "
    "investor investors reviewer reviewers jury employer teacher examiner viewers student students "
    "pupil pupils learner learners child children parent parents buyer buyers citizen citizens "
    "voter voters colleague colleagues manager caller guest listener listeners public team"
)
_MADE = terms("feel feels feeling satisfied reassured motivated convinced inspired")
_EFFECT = terms("would will could likely may might")
_UNSEEN = phrases(
    *("demonstrates understanding", "demonstrates an understanding", "shows understanding"),
    *("demonstrates a deep understanding", "shows an understanding", "in good faith"),
    *("author's intent", "author's intention", "author intended", "written by a human"),
    *("written by an expert", "without help", "without looking", "from memory", "first attempt"),
    *("was actually run", "was actually tested", "has been tested", "has been peer-reviewed"),
    *("would be published", "would be accepted", "would pass review", "would win", "went viral"),
    *("genuine effort", "sincere effort", "put effort", "hard work", "time spent", "real effort"),
    *("never been said", "no one else", "nobody else", "state of the art", "state-of-the-art"),
    *("up to date", "up-to-date", "latest research", "most recent research", "current research"),
    *("latest version", "latest guidelines", "current guidelines", "today's price"),
    *("demonstrates knowledge", "demonstrates mastery", "demonstrates familiarity"),
    *("shows knowledge", "shows mastery", "shows awareness", "without copying"),
    *("double-checked", "has been verified", "has been checked", "was checked", "was reviewed"),
    *("from experience", "in the author's mind", "customer satisfaction"),
    *("put thought into", "thought was put", "with passion", "tried hard"),
    *(
        "has been proofread",
        "was proofread",
        "by hand",
        "without using ai",
        "without the use of ai",
    ),
    *("of today", "as of today", "as of now", "current price", "current prices", "live data"),
    *("latest evidence", "current evidence", "latest data", "most recent data", "real time"),
    *("latest findings", "current best practice", "current best practices", "latest news"),
    *("deep understanding", "good understanding", "clear understanding", "awareness of"),
    *("in the author's own words", "own original work", "under time pressure", "was enjoyed"),
    *("on the first try", "at the first attempt", "after careful thought", "in real life"),
)


def _unseen(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        span = _mind(line) or _effect(line) or _made_to_feel(line) or _fact_outside(line)
        if span is not None:
            yield Finding(
                "not-verifiable",
                (line.key,),
                Severity.WARNING,
                "“%(passage)s” cannot be seen in the response: ask for what would show it.",
                {"passage": line.text[span.start : span.end]},
                span,
            )


def _mind(line: Line) -> Span | None:
    """ "The author genuinely believes": a mind at the head of the sentence."""
    for index, word in enumerate(line.words[:5]):
        if word.text not in _MIND:
            continue
        before = [other.text for other in line.words[:index]]
        if any(other in _TOLD or other in SAYS for other in before):
            return None
        if index == 0 or any(other in _SUBJECTS | _READERS for other in before) or _trade(before):
            asked = index == 0 and word.text in ("think", "know", "tested")
            return None if asked else span_of(line.words, index, index + 1)
    return _done(line)


def _trade(before: list[str]) -> bool:
    """Whether the sentence so far is "The doctor" or "The senior nurse"."""
    return before[:1] == ["the"] and len(before) in (2, 3) and bool(_TRADE.search(before[-1]))


def _done(line: Line) -> Span | None:
    """ "The author has read the papers": what somebody did before they wrote."""
    for index in range(1, min(len(line.words) - 1, 5)):
        has_done = line.words[index].text in ("has", "have", "had")
        before = [word.text for word in line.words[:index]]
        if has_done and line.words[index + 1].text in _DONE:
            named = before[-1] in _PERSONS or _trade(before)
            return span_of(line.words, index, index + 2) if named else None
    return None


_TOLD = terms("what how if which who that whether why when where")


def _effect(line: Line) -> Span | None:
    """ "The patient would feel reassured": what it does to somebody later."""
    for index in range(len(line.words) - 1):
        pair = line.words[index].text, line.words[index + 1].text
        if pair[0] in _READERS and pair[1] in _EFFECT and not after_clause(line.words, index):
            told = any(word.text in _TOLD or word.text in SAYS for word in line.words[:index])
            return None if told else span_of(line.words, index, index + 2)
        if pair[0] in ("would", "will") and pair[1] in _PERSUADE and index < 5:
            return span_of(line.words, index, index + 2)
    return None


_PERSUADE = terms(
    "convince satisfy please impress persuade pass win reassure delight engage motivate help lead "
    "improve reduce increase prevent cause make calm inspire stand survive hold work be"
)


def _made_to_feel(line: Line) -> Span | None:
    """ "Makes the customer feel valued", "leaves readers convinced"."""
    for index in range(1, len(line.words) - 1):
        felt = line.words[index].text in _READERS and line.words[index + 1].text in _MADE
        if felt and line.words[0].text in _MAKING and not after_clause(line.words, index):
            return span_of(line.words, index, index + 2)
    return None


_MAKING = terms("makes make leaves leave helps help lets let gets get should would will keeps keep")


def _fact_outside(line: Line) -> Span | None:
    if not has(line.words, _UNSEEN):
        return None
    quotes = quoted(line.text)
    dated = re.search(r"\b(?:19|20)\d\d\b", line.text)
    for first, behind in occurrences(line.words, _UNSEEN):
        span = span_of(line.words, first, behind)
        if not (dated or in_any(quotes, span.start) or after_clause(line.words, first)):
            return span
    return None


UNSEEN = Rule(
    name="not-verifiable",
    title="Not to be seen in the response",
    mark="not verifiable",
    why="What an author thinks, or what happens later, is not in the text; raters guess it.",
    bad="The author understands the pathophysiology.",
    good="Explains that insulin resistance raises fasting glucose.",
    check=_unseen,
    english=True,
)
