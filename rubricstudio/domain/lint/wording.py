"""Words that leave a rater guessing: vague, about something not there, or not to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Severity, Span
from rubricstudio.domain.lint.words import Word, has, occurrences, phrases, span_of, terms
from rubricstudio.domain.rubric import ScaleKind

_CLAUSE = terms("that whether why")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|`[^`]*`")


def _quoted(text: str) -> list[Span]:
    return [Span(*found.span()) for found in _QUOTED.finditer(text)]


def _in_any(spans: Sequence[Span], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def _after_clause(words: Sequence[Word], index: int) -> bool:
    """Whether a claim about the matter begins before a word: "states that the dose is ..."."""
    return any(word.text in _CLAUSE for word in words[1:index])


# -- vague

_VAGUE = phrases(
    *terms("""appropriate appropriately adequate adequately good well-written well-structured
    well-organised well-organized clear clearly relevant sufficient sufficiently proper properly
    reasonable reasonably suitable suitably effective effectively high-quality professional
    professionally helpful nice nicely concise concisely coherent logical logically meaningful
    meaningfully insightful useful satisfactory decent strong convincing interesting engaging
    robust sensible correctly excellent poor fine smooth elegant clean readable
    sophisticated nuanced thoughtful etc"""),
    *("high quality", "well written", "well structured", "well organised", "well organized"),
    *("and so on", "if necessary", "as needed", "where applicable", "to some extent"),
    *("enough detail", "some detail", "in detail", "several", "various"),
)
_IDIOMS = phrases(
    *("clear cell", "clear air", "good faith", "good clinical practice", "good standing"),
    *("good samaritan", "good manufacturing practice", "reasonable doubt", "reasonable person"),
    *("effective date", "effective interest", "effective tax", "effective dose", "cost effective"),
    *("necessary and sufficient", "sufficient statistic", "sufficient condition", "proper noun"),
    *("proper subset", "proper motion", "relevant market", "adequate intake", "strong acid"),
    *("reasonable accommodation", "strong base", "public good", "common good", "clean room"),
    *("appropriate adult", "strong consistency", "fine motor", "smooth muscle", "poor prognosis"),
    *("logical fallacy", "logical operator", "logical and", "clear margins", "fine needle"),
    *("strong typing", "strong password", "clean hands", "several liability", "fine of"),
)
_ANCHOR = re.compile(
    r"\be\.g\.|\bi\.e\.|\bsuch as\b|\bfor example\b|\bthat is\b|\bmeaning\b|\bdefined as\b"
    r"|\bat least\b|\bat most\b|\bno more than\b|\bwithin\b|\bin that\b|\bso that\b|\bnamely\b"
    r"|: \S|\(\S{2,}|\d|“|\"|\bby [a-z]+ing\b|\bwithout\b",
    re.IGNORECASE,
)
_ANCHORED_BY = 20  # characters of a description that can say what a vague word means


def _is_anchored(line: Line) -> bool:
    criterion = line.criterion
    described = len(criterion.description.strip()) >= _ANCHORED_BY
    levels = criterion.scale.kind is ScaleKind.ORDINAL and all(
        level.description.strip() for level in criterion.scale.levels
    )
    return described or levels or bool(criterion.examples) or bool(_ANCHOR.search(line.text))


def _vague(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        if not has(line.words, _VAGUE) or _is_anchored(line):
            continue
        idioms = [Span(*span_of(line.words, *at)) for at in occurrences(line.words, _IDIOMS)]
        for first, behind in occurrences(line.words, _VAGUE):
            span = span_of(line.words, first, behind)
            if _in_any(idioms, span.start) or _after_clause(line.words, first):
                continue
            yield Finding(
                "vague",
                (line.key,),
                Severity.WARNING,
                "“%(word)s” has no measure here: say what a rater would see, or add examples.",
                {"word": line.text[span.start : span.end]},
                span,
            )
            break


VAGUE = Rule(
    name="vague",
    title="Vague or unanchored words",
    mark="vague",
    why="Each rater fills a vague word with their own measure, so verdicts differ for no reason "
    "that the response gives.",
    bad="Gives an appropriate dose.",
    good="Gives a dose between 5 and 10 mg a day.",
    check=_vague,
    english=True,
)

# -- not self-contained

_ELSEWHERE = phrases(
    *("the reference", "the reference answer", "reference answer", "reference solution"),
    *("reference response", "the gold answer", "gold answer", "gold standard answer"),
    *("the gold standard", "the model answer", "the ideal answer", "the expected answer"),
    *("the expected output", "the sample answer", "the sample solution", "the ground truth"),
    *("the correct answer", "the right answer", "the answer key", "the solution key"),
    *("the above", "as above", "see above", "mentioned above", "described above", "listed above"),
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
_PRONOUNS = terms("it they this these those he she")
_NUMBERED = re.compile(r"\b(?:criterion|item|point) (?:no\.? ?)?#?\d+\b", re.IGNORECASE)
_GIVES_IT = re.compile(r"answer\W+(?:is |of |that )?(?:\(|:|“|\"|\d|[A-Z]\b)|\(\S+.*\)|: \S|“|\"")


def _elsewhere(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        span = _named_elsewhere(line) or _leading_pronoun(line)
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
    quoted = _quoted(line.text)
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
        if not told and not _in_any(quoted, span.start) and not _in_any(other, span.start):
            return span
    return None


def _leading_pronoun(line: Line) -> Span | None:
    """A pronoun that nothing stands before; "it should" and "this response" mean the response."""
    if len(line.words) < 2 or line.words[0].text not in _PRONOUNS - {"it"}:
        return None
    of_response = ("response", "answer", "text", "reply", "criterion", "output", "summary", "code")
    if line.words[1].text in of_response:
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

# -- not verifiable

_SUBJECTS = terms(
    "response answer author writer model assistant candidate student ai system developer lawyer "
    "analyst essay it chatbot reply programmer"
)
_MIND = terms(
    "understands understand knows know believes believe intends intend cares care tries try thinks "
    "think wants want feels feel realises realizes researched consulted spent "
    "meant genuinely truly sincerely honestly aware understood memorised memorized tested"
)
_READERS = terms(
    "reader readers user users patient patients client clients audience customer customers "
    "investor investors reviewer reviewers jury employer teacher examiner viewers"
)
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
)


def _unseen(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        span = _mind(line) or _effect(line) or _fact_outside(line)
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
        if index == 0 or any(other in _SUBJECTS for other in before):
            asked = index == 0 and word.text in ("think", "know", "tested")
            return None if asked else span_of(line.words, index, index + 1)
    return None


def _effect(line: Line) -> Span | None:
    """ "The patient would feel reassured": what it does to somebody later."""
    for index in range(len(line.words) - 1):
        pair = line.words[index].text, line.words[index + 1].text
        if pair[0] in _READERS and pair[1] in _EFFECT and not _after_clause(line.words, index):
            told = any(word.text in ("what", "how", "if") for word in line.words[:index])
            return None if told else span_of(line.words, index, index + 2)
        if pair[0] in ("would", "will") and pair[1] in _PERSUADE and index < 5:
            return span_of(line.words, index, index + 2)
    return None


_PERSUADE = terms(
    "convince satisfy please impress persuade pass win reassure delight engage motivate"
)


def _fact_outside(line: Line) -> Span | None:
    if not has(line.words, _UNSEEN):
        return None
    quoted = _quoted(line.text)
    dated = re.search(r"\b(?:19|20)\d\d\b", line.text)
    for first, behind in occurrences(line.words, _UNSEEN):
        span = span_of(line.words, first, behind)
        if not (dated or _in_any(quoted, span.start) or _after_clause(line.words, first)):
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

# -- rewards length

_LONG = phrases(
    *terms("comprehensive comprehensively exhaustive exhaustively extensive extensively lengthy"),
    *terms("thorough thoroughly long longer elaborate in-depth"),
    *("as much detail as possible", "as many as possible", "as detailed as possible", "at length"),
    *("in great detail", "in full detail", "in depth", "highly detailed", "very detailed"),
    *("all possible", "every possible", "every aspect", "all aspects", "as possible"),
    *("leaves nothing out", "full coverage", "more detail"),
)
_AT_LEAST = re.compile(
    r"\b(?:at least|more than|over|no fewer than|a minimum of|exceeds) "
    r"(?:\d[\d,.]*|one|two|three|four|five|six|ten|several) "
    r"(?:full |long )?(?:words|pages|paragraphs|sentences|characters|lines|tokens)\b",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:at most|no more than|not more than|fewer than|less than|under|up to|below|maximum"
    r"|between \d[\d,.]* and)\b",
    re.IGNORECASE,
)
_MORE = phrases("at least", "more than", "over", "no fewer than", "minimum of", "exceeds")
_NOT_LONG = phrases(
    *("long-term", "long term", "no longer", "long division", "long covid", "long position"),
    *("as short as possible", "as soon as possible", "as early as possible", "as low as possible"),
    *("as briefly as possible", "as concisely as possible", "as few", "extensive form"),
    *("extensive-stage", "how long", "long run", "long-run", "long qt", "so long as", "as long as"),
    *("long enough", "longer than", "long acting", "long-acting", "comprehensive metabolic panel"),
    *("exhaustive search", "comprehensive income", "comprehensive insurance", "long vowel"),
    *("in-depth interview", "in-depth interviews", "as little", "as simply as possible"),
)


def _length(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        span = None if line.criterion.met_means == "bad" else _asks_for_length(line)
        if span is not None:
            yield Finding(
                "rewards-length",
                (line.key,),
                Severity.WARNING,
                "“%(passage)s” is met by writing more: name what has to be there, or set a limit.",
                {"passage": line.text[span.start : span.end]},
                span,
            )


def _asks_for_length(line: Line) -> Span | None:
    if has(line.words, _SHORT):
        return None
    if not has(line.words, _LONG) and not has(line.words, _MORE):
        return None
    least = _AT_LEAST.search(line.text)
    if _AT_MOST.search(line.text.replace(least[0], "") if least else line.text):
        return None
    if least:
        return Span(*least.span())
    spared = [Span(*span_of(line.words, *at)) for at in occurrences(line.words, _NOT_LONG)]
    quoted = _quoted(line.text)
    for first, behind in occurrences(line.words, _LONG):
        span = span_of(line.words, first, behind)
        inside = any(start <= span.start and span.end <= end for start, end in spared)
        apart = _after_clause(line.words, first) or _in_any(quoted, span.start)
        if not inside and not apart:
            return span
    return None


_SHORT = phrases("does not", "avoids", "without", "not", "no", "instead of", "rather than")

LENGTH = Rule(
    name="rewards-length",
    title="Met by writing more",
    mark="rewards length",
    why="Policies trained on such criteria grow longer, not better: the longest response wins.",
    bad="Gives a comprehensive and detailed answer of at least 500 words.",
    good="Names the three contraindications of metformin in at most 150 words.",
    check=_length,
    english=True,
)
