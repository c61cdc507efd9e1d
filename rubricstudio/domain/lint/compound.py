"""Criteria that ask two things at once.

Not every "and" joins two asks: what stands in quotes or brackets, behind "such as" or "at
least one of", or inside one fact ("the interaction of A and B", "that A rises and B falls")
is left alone. The largest class of wrong rewards in "Reward Hacking in Rubric-Based RL" is
part of a compound criterion taken for the whole (36 %).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rubricstudio.domain.lint.context import Context, Line
from rubricstudio.domain.lint.rule import Rule
from rubricstudio.domain.lint.values import Finding, Fix, Severity, Span
from rubricstudio.domain.lint.words import Word, has, phrases, terms, words_of

# Verbs that only a response is the subject of, as a rule.
_SAYS = terms(
    "acknowledges addresses advises analyses analyzes asks cites clarifies compares computes "
    "calculates concludes contrasts corrects defines derives describes discusses distinguishes "
    "emphasises emphasizes encourages estimates evaluates explains gives highlights identifies "
    "illustrates instructs justifies lists mentions names offers outlines points proposes provides "
    "quantifies quotes reassures recommends refers rejects specifies states suggests summarises "
    "summarizes tells urges warns writes avoids refrains declines refuses apologises apologizes"
)
# Verbs that may as well belong to what a response speaks of.
_DOES = terms(
    "applies checks closes contains demonstrates directs documents ends follows formats handles "
    "implements includes keeps links logs makes notes opens presents proves raises reports returns "
    "sets shows starts takes tests uses validates"
)
_VERBS = _SAYS | _DOES
_PLAIN = {re.sub(r"(?<=[sx])es$|(?<=sh)es$|(?<=ch)es$|s$", "", verb): verb for verb in _VERBS} | {
    verb[:-3] + "y": verb for verb in _VERBS if verb.endswith("ies")
}
_SUBORDINATE = terms("that which who how whether if when because where why what")
_ADVERBS = terms(
    "also then clearly correctly explicitly briefly either both accurately further finally"
)
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
        return self.words[self.head].text not in _VERBS | {"does"}


def _check(context: Context) -> Iterator[Finding]:
    for line in context.lines:
        parsed = _parse(line)
        if parsed is None:
            continue
        found = _joined_verbs(parsed) or _sentences(parsed) or _pair(parsed) or _list(parsed)
        if found:
            yield found


def _parse(line: Line) -> _Parsed | None:
    bare = _ASIDE.sub(lambda found: "_" * len(found[0]), line.text)
    words = words_of(bare)
    for index, word in enumerate(words[:8]):
        denied = word.text == "does" and [w.text for w in words[index + 1 : index + 2]] == ["not"]
        plain = word.text in _PLAIN and _may_be_plain(words, index)
        if word.text in _VERBS or denied or plain:
            return _Parsed(line, bare, words, index)
    return None


def _may_be_plain(words: Sequence[Word], index: int) -> bool:
    return index == 0 or words[index - 1].text in ("should", "must", "to", "not", "correctly")


def _is_verb(parsed: _Parsed, index: int) -> bool:
    word = parsed.words[index].text
    if word == "does":
        return index + 1 < len(parsed.words) and parsed.words[index + 1].text == "not"
    return word in _PLAIN if parsed.plain else word in _VERBS


def _joined_verbs(parsed: _Parsed) -> Finding | None:
    """ "Names the drug and advises a lower dose"."""
    for index, word in enumerate(parsed.words):
        if index <= parsed.head or word.text not in ("and", "but"):
            continue
        verb = index + 1
        while verb < len(parsed.words) and parsed.words[verb].text in _ADVERBS:
            verb += 1
        if verb < len(parsed.words) and _is_verb(parsed, verb) and not _inside(parsed, index, verb):
            return _finding(parsed, index, verb)
    return None


def _inside(parsed: _Parsed, index: int, verb: int) -> bool:
    """Whether both verbs may belong to a clause, not to the response."""
    between = [word.text for word in parsed.words[parsed.head + 1 : index]]
    starts = [at for at, word in enumerate(between) if word in _SUBORDINATE]
    if not starts:
        return False
    word = parsed.words[verb].text
    third = _PLAIN.get(word, word)
    spoken = any(other in _SAYS for other in between[starts[0] :])
    return spoken or (third not in _SAYS and third != "does")


def _finding(parsed: _Parsed, index: int, verb: int) -> Finding:
    words, text = parsed.words, parsed.line.text
    subject = text[: words[parsed.head].start]
    left = text[: words[index].start].rstrip(" ,;")
    right = subject + text[words[verb].start :]
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
    stop = "." if line.text.rstrip().endswith(".") and not left.endswith(".") else ""
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
    """ "States the diagnosis and the treatment": a determiner before each of two things."""
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
        if not (apart or both) or between & (_RELATIONS | _SUBORDINATE):
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


def _list(parsed: _Parsed) -> Finding | None:
    """ "Lists A, B and C": a response may hold two of the three."""
    rest = parsed.bare[parsed.words[parsed.head].end :]
    found = _LIST.search(rest)
    if found is None or has(parsed.words[parsed.head :], _ONE_OF):
        return None
    before = {word.text for word in words_of(rest[: found.end()].split(" and ")[0])}
    if before & (_RELATIONS | _SUBORDINATE):
        return None
    offset = parsed.words[parsed.head].end
    count = found[0].count(", ") + (1 if ", and " in found[0] else 2)
    return Finding(
        "compound",
        (parsed.line.key,),
        Severity.INFO,
        "It lists %(n)d things, and a response may hold some of them: say how many are enough, "
        "or make them criteria of a group.",
        {"n": count},
        Span(offset + found.start(), offset + found.end()),
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
