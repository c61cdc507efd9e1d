"""Public data sets through the mappings that the documentation shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import pytest

from rubricstudio.domain.formats.records import (
    PreferenceRecord,
    Preferred,
    Problem,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.verdict import VerdictStatus

Mapped = Callable[[str], list[Record | Problem]]
R = TypeVar("R", bound=Record)
OK, PARSE_ERROR = VerdictStatus.OK, VerdictStatus.PARSE_ERROR


def _of(kind: type[R], records: list[Record | Problem]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


@pytest.mark.parametrize("name", ["ttcw", "pandalm", "infobench"])
def test_every_row_is_understood(mapped: Mapped, name: str) -> None:
    assert [str(r) for r in mapped(name) if isinstance(r, Problem)] == []


def test_ttcw_has_four_answers_to_each_of_twelve_plots(mapped: Mapped) -> None:
    records = mapped("ttcw")
    responses = _of(ResponseRecord, records)
    without_text = [r for r in responses if r.text is None]

    assert len(_of(TaskRecord, records)) == 12
    assert len(responses) == 48
    assert set(Counter(r.task for r in responses).values()) == {4}
    # The stories of the magazine are links: known, but not to be read here.
    assert {r.source for r in without_text} == {"NewYorker"}
    assert len(without_text) == 12
    assert all(str(r.metadata["url"]).startswith("https://") for r in without_text)
    assert not any("url" in r.metadata for r in responses if r.text is not None)


def test_ttcw_has_one_published_rubric_of_fourteen_criteria(mapped: Mapped) -> None:
    [rubric] = _of(RubricRecord, mapped("ttcw"))

    assert rubric.published
    assert [c.key for c in rubric.rubric.criteria] == [f"test{n}" for n in range(1, 15)]
    assert rubric.rubric.criteria[0].text.startswith("Does the end of the story feel natural")


def test_ttcw_has_three_verdicts_of_experts_on_each_cell(mapped: Mapped) -> None:
    verdicts = _of(VerdictRecord, mapped("ttcw"))
    experts = [v for v in verdicts if v.rater_kind is RaterKind.PERSON]

    assert Counter(v.value for v in experts) == {0.0: 1254, 1.0: 762}
    assert {v.round for v in experts} == {"experts"}
    assert set(Counter((v.response, v.criterion) for v in experts).values()) == {3}
    assert len({v.rater for v in experts}) == 11


def test_ttcw_replies_that_cannot_be_read_are_unscored_and_kept(mapped: Mapped) -> None:
    verdicts = _of(VerdictRecord, mapped("ttcw"))
    judged = [v for v in verdicts if v.rater_kind is RaterKind.JUDGE]
    by_judge = Counter((v.rater, v.status) for v in judged)
    unread = [v for v in judged if v.status is PARSE_ERROR]

    assert by_judge == {
        **{(name, OK): 672 for name in ("cgpt", "claude3-opus", "claudev13", "claudev21", "gpt4")},
        **{("claudev2", OK): 671, ("claudev2", PARSE_ERROR): 1},
        **{("gemini-pro", OK): 608, ("gemini-pro", PARSE_ERROR): 50},
    }
    assert {v.rater for v in judged} == {v.round for v in judged}
    assert all(v.value is None and v.raw_reply for v in unread)
    assert {v.raw_reply for v in unread if v.rater == "gemini-pro"} == {"Content Blocked"}


def test_verdicts_of_ttcw_name_responses_and_criteria_that_are_there(mapped: Mapped) -> None:
    records = mapped("ttcw")
    responses = {r.id for r in _of(ResponseRecord, records)}
    [rubric] = _of(RubricRecord, records)

    for verdict in _of(VerdictRecord, records):
        assert verdict.response in responses
        assert verdict.criterion in rubric.rubric.by_key


def test_pandalm_has_three_people_and_two_judges_on_each_pair(mapped: Mapped) -> None:
    records = mapped("pandalm")
    preferences = _of(PreferenceRecord, records)

    assert len(_of(TaskRecord, records)) == 999
    assert set(Counter(r.task for r in _of(ResponseRecord, records)).values()) == {2}
    assert Counter((p.round, p.rater) for p in preferences) == {
        **{("annotators", f"annotator{n}"): 999 for n in (1, 2, 3)},
        **{("gpt-3.5-turbo", "gpt-3.5-turbo"): 999, ("pandalm-7b", "pandalm-7b"): 999},
    }
    assert {p.response_a == f"{p.task}-1" for p in preferences} == {True}


def test_pandalm_garbage_is_no_tie(mapped: Mapped) -> None:
    preferences = _of(PreferenceRecord, mapped("pandalm"))
    judged = Counter((p.status, p.preferred) for p in preferences if p.rater == "gpt-3.5-turbo")

    assert judged == {
        (OK, Preferred.B): 476,
        (OK, Preferred.A): 460,
        (OK, Preferred.TIE): 38,
        (PARSE_ERROR, None): 25,
    }


def test_infobench_gives_each_task_a_rubric_of_its_own(mapped: Mapped) -> None:
    records = mapped("infobench")
    rubrics = {r.task: r.rubric for r in _of(RubricRecord, records)}
    verdicts = _of(VerdictRecord, records)

    assert rubrics.keys() == {r.id for r in _of(TaskRecord, records)}
    assert (len(rubrics), sum(len(rubric.leaves) for rubric in rubrics.values())) == (500, 2250)
    # The published mean yes rate of this judge is 1971 / 2250.
    assert Counter(v.value for v in verdicts) == {1.0: 1971, 0.0: 279}
    assert all(v.criterion in rubrics[v.rubric].by_key for v in verdicts)
