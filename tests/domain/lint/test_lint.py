"""What holds for every rule, and worked examples of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.domain.lint import READ, RULES, Agreement, Finding, Known, Severity, lint
from rubricstudio.domain.lint.stance import Stance, stance_of
from rubricstudio.domain.lint.verbs import third_person
from rubricstudio.domain.lint.words import is_english, words_of
from rubricstudio.domain.rubric import Criterion, MetMeans, Rubric
from tests.domain.lint.labelled import SPLITS, findings_of, labelled

CASES = [case for split in SPLITS for case in labelled(split)]


def _of(text: str, **given: object) -> Criterion:
    return Criterion(**{"key": "c1", "text": text, **given})  # type: ignore[arg-type]


def _lint(*criteria: Criterion, aggregator: str = "min_max") -> list[Finding]:
    return lint(Rubric(criteria, aggregator))


def _named(findings: Sequence[Finding], rule: str) -> Finding:
    return next(finding for finding in findings if finding.rule == rule)


# -- every rule


@pytest.mark.parametrize("name", RULES)
def test_a_rule_explains_itself(name: str) -> None:
    rule = RULES[name]

    assert rule.name == name
    for text in (rule.title, rule.mark, rule.why, rule.bad, rule.good):
        assert text.strip() == text
        assert text


# Words that rules know, marks, other scripts, and a letter whose small form is two.
SOME = (
    "Names names Avoids avoids does not mention the a drug and or dose , . ; ( ) “ ” appropriate "
    "at least 5 200 words 3 points above reference answer long Prüft 剂量 الجرعة \u0130"
)
WORDS = st.sampled_from(SOME.split())
TEXTS = st.one_of(
    st.text(min_size=1, max_size=80).filter(str.strip),
    st.lists(WORDS, min_size=1, max_size=14).map(" ".join),
)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(list(MetMeans)))
def test_any_text_is_linted_and_passages_lie_inside_it(
    texts: list[str], met_means: MetMeans
) -> None:
    criteria = tuple(
        Criterion(key=f"k{n}", text=text, weight=n - 1, met_means=met_means)
        for n, text in enumerate(texts)
    )
    rubric = Rubric(criteria)

    for finding in lint(rubric):
        assert set(finding.keys) <= set(rubric.by_key)
        assert finding.reason
        if finding.span:
            text = rubric.by_key[finding.keys[0]].text
            assert 0 <= finding.span.start < finding.span.end <= len(text)
        if finding.fix:
            assert finding.fix.key in finding.keys
            assert all(part.strip() for part in finding.fix.parts)


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_the_same_rubric_gives_the_same_remarks(texts: list[str]) -> None:
    rubric = Rubric(tuple(Criterion(key=f"k{n}", text=text) for n, text in enumerate(texts)))

    assert lint(rubric) == lint(rubric)
    assert len({(x.ident, x.keys) for x in lint(rubric)}) == len(lint(rubric))


@pytest.mark.parametrize(
    "text",
    [
        "说明费用并给出适当的建议，然后解释原因。",
        "يذكر حجم العينة المناسب ويشرح الطريقة كما ورد أعلاه.",
        "Называет подходящую дозу и объясняет механизм.",
        "Nennt eine angemessene Dosis und erklärt die Wirkung.",
        "Cite la jurisprudence pertinente et explique le raisonnement.",
        "Nombra una dosis adecuada y explica el mecanismo.",
    ],
)
def test_rules_for_english_are_silent_on_other_languages(text: str) -> None:
    english = {name for name, rule in RULES.items() if rule.english}

    assert not is_english(text)
    assert not {finding.rule for finding in _lint(_of(text))} & english


def test_remarks_come_gravest_first_then_in_order() -> None:
    found = _lint(
        _of("Gives an appropriate dose.", key="a"),
        _of("Is well-written.", key="b"),
        _of("Avoids jargon.", key="c", weight=-1, met_means=MetMeans.BAD),
    )

    assert [(x.severity, x.keys[0]) for x in found] == [
        (Severity.ERROR, "c"),
        (Severity.WARNING, "a"),
        (Severity.WARNING, "b"),
    ]


def test_a_fix_of_fields_mends_what_it_was_offered_for() -> None:
    tried = 0
    for case in CASES:
        for finding in findings_of(case):
            if finding.fix is None or not finding.fix.changes:
                continue
            tried += 1
            mended = tuple(
                replace(c, **finding.fix.changes) if c.key == finding.fix.key else c
                for c in case.rubric.criteria
            )
            left = lint(replace(case.rubric, criteria=mended))
            assert not [x for x in left if (x.rule, x.keys) == (finding.rule, finding.keys)]
    assert tried > 20


def test_a_split_keeps_every_word_of_both_parts() -> None:
    tried = 0
    for case in CASES:
        for finding in findings_of(case):
            if finding.fix is None or not finding.fix.parts:
                continue
            tried += 1
            text = case.rubric.by_key[finding.keys[0]].text
            said = {third_person(x.text) for part in finding.fix.parts for x in words_of(part)}
            assert len(finding.fix.parts) == 2
            left = {third_person(word.text) for word in words_of(text)} - said
            assert left <= {"and", "then", "but", "for", "as", "well", "while", "plus", "also"}
    assert tried > 20


# -- work done


def test_texts_are_compared_once_and_rules_share_the_answer() -> None:
    calls = []

    def counting(texts: Sequence[str], cutoff: float) -> list[tuple[int, int, float]]:
        calls.append(len(texts))
        return []

    criteria = tuple(Criterion(key=f"k{n}", text=f"Names the drug {n}.") for n in range(500))
    lint(Rubric(criteria), similarity=counting)

    assert calls == [500]


def test_a_rubric_that_repeats_itself_gets_a_remark_a_row_not_one_a_pair() -> None:
    criteria = tuple(Criterion(key=f"k{n}", text="Names the drug taken.") for n in range(100))

    found = [x for x in lint(Rubric(criteria)) if x.rule == "near-duplicate"]

    assert len(found) == 99


# -- worked examples


def test_a_compound_says_how_to_split_it() -> None:
    finding = _named(
        _lint(_of("The response names the drug and explains its mechanism.")), "compound"
    )

    assert finding.reason == "It asks two things: “names” and “explains”."
    assert finding.fix
    assert finding.fix.parts == (
        "The response names the drug.",
        "The response explains its mechanism.",
    )


def test_a_pair_keeps_its_verb_when_split() -> None:
    finding = _named(_lint(_of("States the diagnosis and the treatment.")), "compound")

    assert finding.fix
    assert finding.fix.parts == ("States the diagnosis.", "States the treatment.")


def test_a_negated_pitfall_becomes_a_positive_worth_as_much() -> None:
    pitfall = _of("The response does not specify the dose.", weight=-4, met_means=MetMeans.BAD)

    fix = _named(_lint(pitfall), "negated-pitfall").fix

    assert fix
    assert dict(fix.changes) == {
        "text": "The response specifies the dose.",
        "met_means": MetMeans.GOOD,
        "weight": 4,
    }


def test_the_share_of_presence_is_weighed() -> None:
    # 9 of 10 points reward presence: 90 %.
    present = [_of(f"Mentions {x}.", key=x, weight=3) for x in ("fever", "rash", "cough")]
    rest = [
        _of("Names the drug.", key="drug", weight=0.0001),
        _of("Invents a dose.", key="dose", weight=-1, met_means=MetMeans.BAD),
    ]
    heavier = replace(rest[1], weight=-9.0)

    with_little = _lint(*present, rest[0], replace(rest[1], met_means=MetMeans.GOOD, weight=1.0))
    with_much = _lint(*present, rest[0], heavier)

    assert _named(with_little, "presence-only").reason.startswith("100 % of the weight")
    assert "presence-only" not in {x.rule for x in with_much}


def test_the_best_that_can_be_had_is_told() -> None:
    found = _lint(
        _of("Has at most 100 words.", key="short", weight=5),
        _of("Gives the background in at least 300 words.", key="long", weight=3),
        _of("Names the drug.", key="drug", weight=2),
    )

    # 10 points, and one of 5 and 3 is out of reach: 7.
    assert _named(found, "unreachable-maximum").reason.startswith("At most 7 of 10 points")


def test_meaning_alone_makes_a_duplicate_where_numbers_agree() -> None:
    value = Rubric(
        (
            _of("Advises to stop smoking for 5 weeks.", key="a"),
            _of("Recommends giving up cigarettes for 5 weeks.", key="b"),
            _of("Recommends giving up cigarettes for 9 weeks.", key="c"),
        )
    )
    near = np.array([1.0, 0.0])

    found = lint(value, vectors=dict.fromkeys("abc", near))

    assert [x.keys for x in found if x.rule == "near-duplicate"] == [("b", "a")]


@pytest.mark.parametrize(("n", "met", "said"), [(9, 9, 0), (10, 10, 1), (10, 9.5, 0), (10, 0, 1)])
def test_judged_responses_speak_from_the_floor_on(n: int, met: float, said: int) -> None:
    found = lint(Rubric((_of("Names the drug."),)), known={"c1": Known(n, met)}, floor=10)

    assert len([x for x in found if x.rule == "non-discriminating"]) == said


def test_each_group_of_raters_is_told_apart() -> None:
    groups = {"people": Agreement(20, 2), "judges": Agreement(20, 19)}

    found = lint(Rubric((_of("Names the drug."),)), known={"c1": Known(20, 9, groups)}, floor=10)

    assert [x.reason for x in found if x.rule == "never-agrees"] == [
        "The people agree on 2 of 20 responses that two or more of them judged."
    ]


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Mentions the dose.", Stance.SAYS),
        ("Avoids jargon.", Stance.AVOIDS),
        ("The response refrains from giving a diagnosis.", Stance.AVOIDS),
        ("Contains no errors.", Stance.AVOIDS),
        ("Does not mention the dose.", Stance.OMITS),
        ("Does not contain any errors.", Stance.AVOIDS),
        ("Fails to warn of the interaction.", Stance.OMITS),
        ("Invents a source.", Stance.FAULTS),
        ("Recommends that the patient avoids alcohol.", Stance.SAYS),
    ],
)
def test_the_stance_of_a_sentence(text: str, stance: Stance) -> None:
    assert stance_of(text) is stance


def test_a_text_of_a_megabyte_is_read_in_part_and_never_mended() -> None:
    beginning = "Names the drug and advises a lower dose."
    short = Rubric((Criterion(key="a", text=beginning, weight=1.0),))
    long = Rubric((Criterion(key="a", text=beginning + " It gives a sum." * 70_000, weight=1.0),))

    assert any(finding.fix for finding in lint(short))
    found = lint(long)
    assert found
    assert all(finding.fix is None for finding in found)
    assert all(finding.span is None or finding.span.end <= READ for finding in found)
