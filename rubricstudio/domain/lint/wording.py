"""Words that leave a rater guessing, and words that reward length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.passages import after_clause, in_any, quoted
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Severity, Span
from rubricstudio.domain.lint.verbs import VERBS, head_of, third_person
from rubricstudio.domain.lint.words import has, occurrences, phrases, span_of, terms, words_of
from rubricstudio.domain.rubric import ScaleKind

# -- vague

_VAGUE = phrases(
    *terms("""appropriate appropriately adequate adequately good well-written well-structured
    well-organised well-organized clear clearly relevant sufficient sufficiently proper properly
    reasonable reasonably suitable suitably effective effectively high-quality professional
    professionally helpful nice nicely concise concisely coherent logical logically meaningful
    meaningfully insightful useful satisfactory decent strong convincing interesting engaging
    robust sensible correctly excellent poor fine smooth elegant clean readable
    sophisticated nuanced thoughtful etc acceptable accessible attractive balanced beautiful
    believable careful carefully compelling competent considerable creative creatively efficient
    efficiently elegantly eloquent engagingly flawless fluent friendly impressive informative
    intuitive memorable neat plausible polished prudent rich rigorous satisfying seamless simple
    skilful skillful sound strongly substantial substantive succinct succinctly tasteful tidy timely
    user-friendly valuable vivid vividly wisely workable"""),
    *("high quality", "well written", "well structured", "well organised", "well organized"),
    *("and so on", "if necessary", "as needed", "where applicable", "to some extent"),
    *("enough detail", "some detail", "in detail", "several", "various", "a variety of"),
    *("for the most part", "more or less", "a number of", "a few", "many", "most of the time"),
    *("easy to read", "easy to follow", "easy to understand", "easy to use", "as appropriate"),
    *("if possible", "where possible", "as necessary", "when needed", "or similar", "and the like"),
)
# "Well argued" is vague; "well known" and "well above" say something else.
_WELL = re.compile(
    r"\bwell[ -](?!known\b|being\b|fed\b|red\b)(?:\w+ed|written|thought|made|built|done|put|told"
    r"|drawn|chosen|grounded)\b",
    re.IGNORECASE,
)
# "Some limitations" leaves open how many; "some of the" and "some day" do not ask for a number.
_SOME = re.compile(
    r"\bsome (?!of\b|day\b|time\b|sort\b|kind\b)(?:\w+ )?\w+[^s\W]s\b", re.IGNORECASE
)
# How something is done is vague at the end of what is asked ("handles errors properly"), and an
# ornament before what is asked for in so many words ("correctly selects all columns of ...").
_MANNER = terms("correctly properly")
_TELLING = terms("explains describes presents outlines discusses writes summarises summarizes")
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
    *("effective user", "sound wave", "sound waves", "simple interest", "rich text", "fair value"),
    *("the various", "the several", "the many", "how many", "as many as", "good morning"),
    *("balanced equation", "simple random", "simple linear", "simple majority", "simple past"),
    *("simple present", "careful of", "rich in", "a sound", "sound effect", "sound effects"),
    *("sound level", "fluent in", "efficient market", "efficient frontier", "neat alcohol"),
    *("relevant to", "plausible deniability", "timely manner of", "poor people", "the poor"),
    *("helpful bacteria", "the good", "for good", "good friday", "professional body", "too many"),
    *("professional negligence", "professional liability", "strong interaction", "strong form"),
    *("as many", "professional life", "professional career", "personal and professional"),
    *("professional development", "play professionally", "professional athlete"),
    *("efficient cause", "valuable consideration", "substantial performance", "so many"),
    *("many-body", "good health"),
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
        found = _some(line) or _WELL.search(line.text)
        if not (found or has(line.words, _VAGUE)) or _is_anchored(line):
            continue
        idioms = [Span(*span_of(line.words, *at)) for at in occurrences(line.words, _IDIOMS)]
        spans = [
            (first, span_of(line.words, first, behind))
            for first, behind in occurrences(line.words, _VAGUE)
            if not _is_ornament(line, first)
        ]
        if found:
            spans.append((len(words_of(line.text[: found.start()])), Span(*found.span())))
        for first, span in spans:
            if in_any(idioms, span.start) or after_clause(line.words, first):
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


def _some(line: Line) -> re.Match[str] | None:
    """ "Mentions some limitations": an open number of what is asked for."""
    found = _SOME.search(line.text)
    head = head_of(line.words) if found else None
    if found is None or head is None or head + 1 >= len(line.words):
        return None
    return found if line.words[head + 1].start == found.start() else None


def _is_ornament(line: Line, index: int) -> bool:
    """Whether "correctly" stands before what is asked for, and not behind it."""
    words = line.words
    if index and words[index - 1].text == "how":
        return True
    if index + 1 == len(words):
        return False
    behind = words[index + 1].text
    if words[index].text in ("clearly", "explicitly"):
        third = third_person(behind)
        return third in VERBS and third not in _TELLING
    return words[index].text in _MANNER and behind not in ("and", "but", "or")


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
    *("long integer", "long integers", "long int", "sentence long", "word long", "page long"),
    *("all possible values", "all possible arrangements", "all possible combinations"),
    *("all possible outcomes", "all possible permutations", "all possible states"),
    *("all possible inputs", "every possible value", "every possible input"),
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
    quotes = quoted(line.text)
    for first, behind in occurrences(line.words, _LONG):
        span = span_of(line.words, first, behind)
        inside = any(start <= span.start and span.end <= end for start, end in spared)
        apart = after_clause(line.words, first) or in_any(quotes, span.start)
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
