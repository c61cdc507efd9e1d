"""Criteria that ask two things at once.

Not every "and" joins two asks: what stands in quotes or brackets, behind "such as" or "at
least one of", or inside one fact ("the interaction of A and B", "that A rises and B falls")
is left alone. The largest class of wrong rewards in "Reward Hacking in Rubric-Based RL" is
part of a compound criterion taken for the whole (36 %).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Fix, Severity, Span
from rubricstudio.domain.lint.verbs import (
    GERUNDS,
    PLAIN,
    SAYS,
    VERBS,
    head_of,
    is_third_person,
    plain,
    third_person,
)
from rubricstudio.domain.lint.words import Word, has, occurrences, phrases, terms, words_of

_SUBORDINATE = terms("wherein whose that which who how whether if when because where why what")
_ADVERBS = terms(
    "also then clearly correctly explicitly briefly either both accurately further finally"
)
_JOINING = phrases(
    *("and", "but", "plus", "as well as", "while also", "along with", "together with"),
    *("in addition to", "and while"),
)
# Nouns as often as verbs: "links and lists", "title and note"; a determiner behind tells them.
_NOUNS_TOO = terms(
    "addresses answers checks covers details displays documents draws ends "
    "estimates formats guides introduces labels limits links lists loads logs marks matches names "
    "notes offers orders outlines plots points presents prints quotes ranks reports requests "
    "returns runs sets shows sorts starts states stores supports tests updates"
)
_BEHIND = terms(
    "the a an its their his her it them that how why whether each every all any both at least one "
    "two three when where what who which for to"
)
_TWICE = terms("for to in by against from about on as")
_DETERMINERS = terms("the a an its their his her at")
_RELATIONS = terms(
    "between compares compare contrasts contrast distinguishes distinguish difference differences "
    "relation relationship balance balances weighs interaction interactions link links versus "
    "combination ratio comparison trade-off conflict separates connects relates of from"
)
_ONE_OF = phrases(
    *("such as", "for example", "for instance", "e g", "including", "like", "one of", "any of"),
    *("at least", "either", "or", "two of", "three of", "at most", "no more than"),
)
_ASIDE = re.compile(
    r"\([^()]*\)|\[[^\[\]]*\]|“[^”]*”|\"[^\"]*\"|‘[^’]*’|`[^`]*`|(?<!\w)'[^']*'(?!\w)"
)
_ITEM = r"[^,;:.]{2,60}"
_QUALITIES = re.compile(
    r"^(?:[\w-]+ ){0,5}(?:is|are) (?P<first>[a-z-]+), (?:[a-z-]+, )*[a-z-]+,? and [\w -]+",
    re.IGNORECASE,
)
_LIST = re.compile(rf"{_ITEM}, {_ITEM}(?:, {_ITEM})*,? and {_ITEM}")


@dataclass(frozen=True)
class _Parsed:
    """A criterion with asides blanked out. head: the index of its first verb."""

    line: Line
    bare: str
    words: tuple[Word, ...]
    head: int

    @property
    def plain(self) -> bool:
        """Whether the verb stands as in "name" or "should name" rather than "names"."""
        text = self.words[self.head].text
        return text not in VERBS | {"does"} and not is_third_person(self.words, self.head)


def _check(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        parsed = _parse(line)
        if parsed is None:
            found = _qualities(line)
        else:
            found = _joined_verbs(parsed) or _sentences(parsed) or _pair(parsed) or _list(parsed)
        if found:
            yield found


def _parse(line: Line) -> _Parsed | None:
    bare = _ASIDE.sub(lambda found: "_" * len(found[0]), line.text)
    words = words_of(bare)
    head = head_of(words)
    return None if head is None else _Parsed(line, bare, words, head)


def _is_verb(parsed: _Parsed, index: int) -> bool:
    words, text = parsed.words, parsed.words[index].text
    behind = words[index + 1].text if index + 1 < len(words) else ""
    if text == "does":
        return behind == "not"
    known = text in PLAIN if parsed.plain else text in VERBS
    if known and PLAIN.get(text, text) in _NOUNS_TOO:
        return behind in _BEHIND or behind.endswith("ed")
    return known or (not parsed.plain and is_third_person(words, index))


def _joined_verbs(parsed: _Parsed) -> Finding | None:
    """ "Names the drug and advises a lower dose", "as well as advising", "while also advising"."""
    for index, behind in occurrences(parsed.words, _JOINING):
        if index <= parsed.head:
            continue
        verb = behind
        while verb < len(parsed.words) and parsed.words[verb].text in _ADVERBS:
            verb += 1
        if verb >= len(parsed.words):
            continue
        gerund = parsed.words[index].text != "and" and parsed.words[verb].text in GERUNDS
        if (gerund or _is_verb(parsed, verb)) and not _inside(parsed, index, verb):
            return _finding(parsed, index, verb)
    return None


def _inside(parsed: _Parsed, index: int, verb: int) -> bool:
    """Whether both verbs may belong to a clause, not to the response."""
    between = [word.text for word in parsed.words[parsed.head + 1 : index]]
    starts = [at for at, word in enumerate(between) if word in _SUBORDINATE]
    if not starts:
        return False
    word = parsed.words[verb].text
    third = third_person(word)
    spoken = any(other in SAYS for other in between[starts[0] :])
    return spoken or (third not in SAYS and third != "does")


def _finding(parsed: _Parsed, index: int, verb: int) -> Finding:
    words, text = parsed.words, parsed.line.text
    subject = text[: words[parsed.head].start]
    left = text[: words[index].start].rstrip(" ,;")
    second = words[verb].text
    if second in GERUNDS:
        second = plain(GERUNDS[second]) if parsed.plain else GERUNDS[second]
    right = subject + second + text[words[verb].end :]
    return Finding(
        "compound",
        (parsed.line.key,),
        Severity.WARNING,
        "It asks two things: “%(first)s” and “%(second)s”.",
        {"first": words[parsed.head].text, "second": words[verb].text},
        Span(words[index].start, words[verb].end),
        _split(parsed.line, left, right),
    )


def _split(line: Line, left: str, right: str) -> Fix:
    last = line.text.rstrip()[-1:]
    stop = last if last in (".", "?") and not left.endswith(last) else ""
    right = right.strip()
    return Fix(line.key, "Split in two", parts=(left + stop, right[:1].upper() + right[1:]))


def _sentences(parsed: _Parsed) -> Finding | None:
    """ "Names the drug. Explains the mechanism." """
    for index, word in enumerate(parsed.words):
        before = parsed.bare[: word.start].rstrip()
        if index <= parsed.head or before[-1:] not in (".", ";", "!", "?"):
            continue
        if _is_verb(parsed, index):
            text = parsed.line.text
            left, right = text[: len(before)].rstrip(" ;"), text[word.start :]
            return Finding(
                "compound",
                (parsed.line.key,),
                Severity.WARNING,
                "It asks two things, one after the other: “%(first)s” and “%(second)s”.",
                {"first": parsed.words[parsed.head].text, "second": word.text},
                Span(word.start, word.end),
                _split(parsed.line, left, right),
            )
    return None


def _pair(parsed: _Parsed) -> Finding | None:
    """ "States the diagnosis and the treatment", "a dose for adults and for children"."""
    words = parsed.words
    first = parsed.head + 1
    while first < len(words) and words[first].text in _ADVERBS:
        first += 1
    for index in range(first + 1, len(words) - 1):
        if words[index].text != "and" or has(words[first:], _ONE_OF):
            continue
        between = {word.text for word in words[parsed.head : index]}
        apart = words[first].text in _DETERMINERS and words[index + 1].text in _DETERMINERS
        both = words[first - 1].text == "both"
        twice = words[index + 1].text in _TWICE & between
        if not (apart or both or twice) or between & (_RELATIONS | _SUBORDINATE):
            continue
        text = parsed.line.text
        subject = text[: words[parsed.head].end]
        right = f"{subject} {text[words[index].end :].lstrip()}"
        return Finding(
            "compound",
            (parsed.line.key,),
            Severity.INFO,
            "It asks for two things, and a response may hold one of them.",
            {},
            Span(words[first].start, words[-1].end),
            _split(parsed.line, text[: words[index].start].rstrip(" ,"), right) if apart else None,
        )
    return None


def _qualities(line: Line) -> Finding | None:
    """ "Is polite, brief and free of errors": three of them or more."""
    found = _QUALITIES.search(line.text)
    if found is None:
        return None
    start = found.start("first")
    return _listed(line, found[0][start - found.start() :], start)


def _list(parsed: _Parsed) -> Finding | None:
    """ "Lists A, B and C": a response may hold two of the three."""
    rest = parsed.bare[parsed.words[parsed.head].end :]
    found = _LIST.search(rest)
    if found is None or has(parsed.words[parsed.head :], _ONE_OF):
        return None
    before = {word.text for word in words_of(rest[: found.end()].split(" and ")[0])}
    if before & (_RELATIONS | _SUBORDINATE):
        return None
    return _listed(parsed.line, found[0], parsed.words[parsed.head].end + found.start())


def _listed(line: Line, passage: str, start: int) -> Finding:
    count = passage.count(", ") + (1 if ", and " in passage else 2)
    return Finding(
        "compound",
        (line.key,),
        Severity.INFO,
        "It lists %(n)d things, and a response may hold some of them: say how many are enough, "
        "or make them criteria of a group.",
        {"n": count},
        Span(start, start + len(passage)),
    )


COMPOUND = Rule(
    name="compound",
    title="Asks two things at once",
    mark="two asks",
    why="Where a response does one and not the other, raters disagree and judges let it pass.",
    bad="Names the interaction with warfarin and recommends a lower dose.",
    good="Names the interaction between warfarin and ibuprofen.",
    check=_check,
    english=True,
)
